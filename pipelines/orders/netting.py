"""What a repeated run still proposes beside the orders of its date that were decided before. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipelines.orders import states

Row = dict[str, Any]
Sku = tuple[str, str]

_SMALL: Final = 1e-6

_CALLED_OFF: Final = (states.CANCELLED, states.CLOSED, states.SUPERSEDED)
"""States of orders whose goods do not come: what is still needed is proposed again."""


def undecided(proposed: Iterable[Row], decided: Iterable[Row]) -> list[Row]:
    """Proposed lines less what a planner has decided on for the same SKU.

    A need is decided once a date, from whatever supplier, in the quantity that was proposed or the one put in its place. A rejected line
    decides about its own supplier alone. What a run asks for beyond is proposed in addition, if the position with what was decided is
    still at or below the reorder point.

    Args:
        proposed: lines with ``item_id, location_id, supplier_id, quantity, inventory_position, reorder_point, pack_size, min_order_qty``.
        decided: orders of the date with ``state, supplier_id, location_id`` and ``lines`` of ``item_id, quantity, proposed_quantity``.

    Returns:
        The lines that are left, with ``addition``: whether part of the need was decided before.
    """
    covered, rejected = _covered(decided)
    left = []
    for line in proposed:
        sku = (line["item_id"], line["location_id"])
        before = covered.get(sku, 0.0) + rejected.get((line["supplier_id"], *sku), 0.0)
        quantity = _addition(line, before) if before > 0 else line["quantity"]
        if quantity > 0:
            left.append(line | {"quantity": quantity, "addition": before > 0})
    return left


def _covered(decided: Iterable[Row]) -> tuple[Mapping[Sku, float], Mapping[tuple[str, str, str], float]]:
    covered: defaultdict[Sku, float] = defaultdict(float)
    rejected: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for order in decided:
        if order["state"] in _CALLED_OFF:
            continue
        for line in order["lines"]:
            units = max(line["proposed_quantity"], line["quantity"])
            sku = (line["item_id"], order["location_id"])
            if order["state"] == states.REJECTED:
                rejected[(order["supplier_id"], *sku)] += units
            else:
                covered[sku] += units
    return covered, rejected


def _addition(line: Row, before: float) -> float:
    """Units to order in addition, whole packs and no less than the supplier's minimum; 0 where what was decided will do."""
    missing = line["quantity"] - before
    if missing <= _SMALL or line["inventory_position"] + before > (line["reorder_point"] or 0.0) + _SMALL:
        return 0.0
    pack, least = line["pack_size"] or 0.0, line["min_order_qty"] or 0.0
    wanted = max(missing, least)
    return float(math.ceil(wanted / pack - _SMALL) * pack) if pack > 0 else float(wanted)
