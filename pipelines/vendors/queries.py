"""Answers about vendors; never writes, but where no vendor was ever scored: see :func:`reading.day`."""

from pipelines.vendors.reading import compare, day, detail, scores
from pipelines.vendors.report import encode

__all__ = ["compare", "day", "detail", "encode", "scores"]
