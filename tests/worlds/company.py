"""What a company of known truth is made of: lines of demand, situations that repeat, the company that holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np

Array = np.ndarray[Any, Any]

AS_OF: Final = date(2026, 6, 28)
REPLICAS: Final = 30

Curve = Callable[["Calendar"], Array]
"""Factor of a line's rate on each day."""

Noise = Literal["poisson", "steady", "overdispersed", "sparse", "weighed"]
Counting = Literal["today", "daily", "monthly", "never", "zeros"]


@dataclass(frozen=True)
class Calendar:
    """Days of a truth.

    Attributes:
        day: [T] days from the as-of date: 0 is the as-of date, 1 tomorrow.
        of_year: [T] day of the year, 1 … 366.
        weekday: [T] 0 is Monday.
    """

    day: Array
    of_year: Array
    weekday: Array


def flat(calendar: Calendar) -> Array:
    """The same on every day."""
    return np.ones(calendar.day.size)


@dataclass(frozen=True)
class Line:
    """An item at a place.

    Args:
        rate: units a day where the curve is 1.
        curve: factor by day.
        noise: ``poisson``; ``steady`` (each day exactly its mean); ``overdispersed`` (negative binomial, variance mean + mean² / 2);
            ``sparse`` (at most one order a day, of ``size`` units in the mean); ``weighed`` (gamma, coefficient of variation 0.3).
        size: mean units of an order, for ``sparse``.
        born: days ago that the item was created; None: before the books begin.
        category: shared by the lines of a replica that name the same.
        judged: compared with the truth; the others are company.
        copies: items like this one.
        dated: the item's master record names its date of creation.
    """

    rate: float = 10.0
    curve: Curve = flat
    noise: Noise = "poisson"
    size: float = 1.0
    born: int | None = None
    category: str = "a"
    judged: bool = True
    copies: int = 1
    dated: bool = True


@dataclass(frozen=True)
class Shelf:
    """Stock of the past.

    Args:
        empty: share of days with an empty shelf.
        spell: mean days that it stays empty.
        counted: ``today`` alone; ``daily``; ``monthly`` on the first; ``never`` before today; ``zeros``: each empty day, no other.
        demand_booked: sales are recorded though the shelf is empty.
    """

    empty: float = 0.0
    spell: float = 4.0
    counted: Counting = "today"
    demand_booked: bool = False


@dataclass(frozen=True)
class Situation:
    """Lines that repeat as replicas, each at a place of its own.

    Args:
        name: names the situation in tables and tests.
        lines: items of a replica.
        opened: days ago that the place's books begin; None: with the company's.
        lead_time: days.
        shelf: stock of the past.
        replicas: places.
        fault: number of the reported fault that it guards against; 0: none.
        mean_within: relative error of the mean over replicas that is right.
        unknowable: why the books cannot hold the information; empty where they do.
    """

    name: str
    lines: tuple[Line, ...] = (Line(),)
    opened: int | None = None
    lead_time: int = 14
    shelf: Shelf = Shelf()
    replicas: int = REPLICAS
    fault: int = 0
    mean_within: float = 0.10
    unknowable: str = ""


@dataclass(frozen=True)
class Company:
    """Situations whose books are read together.

    Args:
        name: names the company.
        situations: names are unique.
        books: days of books.
        as_of: the run's date.
        review: days between reviews.
        target: service target.
        unmet: ``lost`` or ``backorder``.
        bucket: ``day`` or ``week``.
        trained: a training precedes the day.
        ordering_cost: money per order; 0: an order at every review.
    """

    name: str
    situations: tuple[Situation, ...]
    books: int = 730
    as_of: date = AS_OF
    review: int = 7
    target: float = 0.95
    unmet: Literal["lost", "backorder"] = "lost"
    bucket: Literal["day", "week"] = "day"
    trained: bool = False
    ordering_cost: float = 0.0
