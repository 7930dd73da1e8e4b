"""SKUs a few thousand at a time: what is computed of each row alone needs no intermediate arrays of the whole catalogue."""

from typing import Final

ROWS: Final = 4_096
"""SKUs at once. Days of two years are 24 MB then; a multiple of what vector units take at once, so that sums round as in one piece."""


def blocks(count: int, size: int = ROWS) -> list[slice]:
    """Consecutive slices that cover ``count`` rows; one empty slice where there is none, so that shapes are found all the same.

    Args:
        count: rows.
        size: rows of a slice at most.

    >>> blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(first, min(first + size, count)) for first in range(0, max(count, 1), size)]
