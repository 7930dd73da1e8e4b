"""A SKU's history as it is used, beside the books: which days were changed, how, and why. Pure."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np

from pipelines.core.text import count, units
from pipelines.replay.censored import imputed

Row = dict[str, Any]

_SMALL: Final = 1e-9

EMPTY: Final = "shelf empty: what was asked for was not seen"
CREDITED: Final = "sale cancelled by a later credit: no demand"


class Stretch(NamedTuple):
    """Days one after the other that were changed for one reason."""

    first: date
    last: date
    booked: float
    used: float
    why: str


def filled(recorded: Sequence[Row]) -> list[float]:
    """Demand by day with that of empty-shelf days raised to the mean of the days around them.

    Args:
        recorded: one row a day with ``quantity`` (units) and ``is_stockout``.

    Returns:
        Units by day: what the replay takes for the upper end of demand (:func:`pipelines.replay.censored.imputed`).
    """
    if not recorded:
        return []
    demand = np.array([[float(row["quantity"]) for row in recorded]])
    stockout = np.array([[bool(row["is_stockout"]) for row in recorded]])
    found: list[float] = imputed(demand, stockout, np.ones_like(stockout))[0].round(3).tolist()
    return found


def stretches(recorded: Sequence[Row]) -> list[Stretch]:
    """What was changed in the history, the newest first.

    Args:
        recorded: one row a day, by day, with ``day``, ``booked`` and ``quantity`` (units: in the books, and counted as demand),
            ``returned`` (units) and ``is_stockout``.

    Returns:
        Stretches of days with the units booked, the units used and the reason.
    """
    days = [(row, used, _why(row)) for row, used in zip(recorded, filled(recorded), strict=True)]
    found = []
    for why, run in groupby(days, key=lambda one: one[2]):
        if why:
            held = list(run)
            booked, used = sum(float(row["booked"]) for row, _, _ in held), sum(used for _, used, _ in held)
            found.append(Stretch(held[0][0]["day"], held[-1][0]["day"], booked, round(used, 2), why))
    return found[::-1]


def summary(found: Sequence[Stretch]) -> str:
    """One sentence on what was changed."""
    if not found:
        return "The last year is used as the books have it."
    empty = [one for one in found if one.why == EMPTY]
    days = sum((one.last - one.first).days + 1 for one in empty)
    added = sum(max(one.used - one.booked, 0.0) for one in empty)
    taken = sum(one.booked - one.used for one in found if one.why == CREDITED)
    parts = []
    if empty:
        parts.append(
            f"the shelf was empty on {count(days, 'day')}; forecasts do not learn from what was sold then, and the passport plays these "
            f"days twice, as sold and with {units(added)} units more"
        )
    if taken > _SMALL:
        parts.append(f"{units(taken)} booked units were cancelled later")
    if back := [one for one in found if one.why not in (EMPTY, CREDITED)]:
        parts.append(f"customers returned goods {count(len(back), 'time')}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _why(row: Row) -> str:
    if row["is_stockout"]:
        return EMPTY
    if float(row["booked"]) - float(row["quantity"]) > _SMALL:
        return CREDITED
    back = float(row["returned"])
    return f"{units(back)} returned, taken off the demand of the day" if back > _SMALL else ""
