"""Time that this process spent on queries of the warehouse, by query: what advice on tuning reads."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SLOW: Final = 0.2
"""Seconds from which a query is kept."""

_spent: dict[str, tuple[float, int]] = {}


@contextmanager
def timed(query: str) -> Iterator[None]:
    """Measure the block as one call of a query.

    Args:
        query: SQL.
    """
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        if seconds >= SLOW:
            name = re.sub(r"\s+", " ", query).strip()[:500]
            before, calls = _spent.get(name, (0.0, 0))
            _spent[name] = (before + seconds, calls + 1)


def taken() -> list[tuple[str, float, int]]:
    """Query, seconds and calls since the last time this was asked, slowest first."""
    found = sorted(((query, *spent) for query, spent in _spent.items()), key=lambda one: -one[1])
    _spent.clear()
    return found
