"""The quantile grid every predictive distribution is written on."""

from typing import Final

LEVELS: Final[tuple[float, ...]] = (
    0.005, 0.025, 0.05, 0.1, 0.165, 0.25, 0.5, 0.75, 0.8, 0.835, 0.9, 0.95, 0.975, 0.99, 0.995,
)  # fmt: skip
"""Probability levels, ascending. Holds the nine of the M5 uncertainty track and the service levels planners use."""


def column(level: float) -> str:
    """Name of the table column that holds a level: per mille, three digits.

    Args:
        level: probability in (0, 1), a multiple of 0.001.

    Returns:
        The column name.

    >>> column(0.95), column(0.005)
    ('q950', 'q005')
    """
    return f"q{round(level * 1000):03d}"


COLUMNS: Final[tuple[str, ...]] = tuple(column(level) for level in LEVELS)
"""Column names of :data:`LEVELS`, in order."""
