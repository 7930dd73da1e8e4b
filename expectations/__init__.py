"""The data rules, one YAML file a boundary; docs/data-rules.md explains how to read and write them."""

from pathlib import Path
from typing import Final

BOUNDARIES: Final[tuple[str, ...]] = ("sources", "features", "forecasts", "orders")
"""Where rows are checked, in the order the data flows."""


def path(boundary: str) -> Path:
    """The file with the rules of a boundary, e.g. ``expectations/sources.yaml``."""
    return Path(__file__).resolve().parent / f"{boundary}.yaml"
