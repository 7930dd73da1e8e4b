"""The space of a location: where what is wanted does not fit, the steps that save most per unit of volume are bought. Pure."""

from collections.abc import Mapping

import numpy as np

from pipelines.core.inventory import LONGEST_COVER_DAYS, Floats
from pipelines.purchase import codes as c
from pipelines.purchase import lots, ranking
from pipelines.purchase.lines import Draft, Lines

TOLERANCE = 1e-9
"""Share of the space that arithmetic may take beyond it."""


def cut(draft: Draft, lines: Lines, locations: list[str], space: Mapping[str, float], prices: lots.Prices) -> None:
    """Cut the lines of each location to the space it has left. In place.

    What is there, on its way and ordered counts; a SKU whose volume is unknown takes no space and is never cut.

    Args:
        draft: the lines.
        lines: the SKUs, with the volume of a unit.
        locations: location of each SKU.
        space: volume that a location holds, ``"*"`` for those not named; a location without an entry has no limit.
        prices: a line that is cut short may lose its price break, and may not cost more than a rule allows all the same.
    """
    place, names = np.asarray(locations), sorted(set(locations))
    known, before = lines.volume > 0, draft.quantity.copy()
    volume = np.where(known, lines.volume, 0.0)
    left, entered, slack, roomy = (np.full(before.size, value) for value in (0.0, np.nan, 0.0, np.inf))
    for name in names:
        capacity = space.get(name, space.get("*"))
        if capacity is None:
            continue
        here = (place == name) & known
        left[here] = free = capacity - float((np.maximum(lines.position, 0.0) * volume)[here].sum())
        slack[here] = TOLERANCE * capacity
        roomy[here] = room = free - float((draft.quantity * volume)[here].sum())
        if room >= -TOLERANCE * capacity:
            continue
        found = ranking.steps(draft, lines, np.flatnonzero(here & draft.ordered), prices)
        used = found.rises(found.upto) * volume[found.row]
        ranked = ranking.rank(lines, found, used, free + TOLERANCE * capacity)
        _put(draft, here, ranked.kept)
        entered = np.where(here, ranked.entered, entered)
    changes = draft.changes
    changes.before_storage, changes.space_left = before, left
    changes.space_entered, changes.space_tolerance = entered, slack
    changes.unhindered = roomy >= _most(draft, lines, volume)


def _put(draft: Draft, here: np.ndarray, kept: Floats) -> None:
    lost = here & draft.ordered & (kept <= 0)
    shorter = here & draft.ordered & ~lost & (kept < draft.quantity - 1e-9)
    draft.quantity = np.where(here & draft.ordered, kept, draft.quantity)
    draft.code[lost], draft.code[shorter] = c.STORAGE_FULL, c.CUT_BY_STORAGE


def _most(draft: Draft, lines: Lines, volume: Floats) -> Floats:
    """Space that the whole order of a SKU's supplier could ask for at most: with so much to spare, space decides about none of it."""
    units = np.maximum(lines.order_up_to, LONGEST_COVER_DAYS * lines.demand_per_day) + lines.pack + draft.least
    own: Floats = np.maximum(units, 0.0) * volume
    grouped = lines.vendor >= 0
    sums = np.bincount(lines.vendor[grouped], own[grouped], minlength=1)
    whole: Floats = np.where(grouped, sums[np.maximum(lines.vendor, 0)], own)
    return whole
