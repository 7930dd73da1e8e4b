"""What is right, computed from the ERP's tables and the orders' tables alone, in plain Python."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import ceil
from typing import Any

import sqlalchemy as sa

from pipelines.io import erp
from tests.life.ledger import Row
from tests.life.planner import orders

Key = tuple[str, str]
"""Item and place."""

SETTLED = ("rejected", "superseded", "cancelled")
SENT = ("approved", "submitted", "acknowledged", "received")
EPS = 1e-6


@dataclass
class Truth:
    """The company on the evening of a day; units by item and place.

    Attributes:
        day: the day.
        on_hand: newest count.
        due: open lines of the ERP's orders.
        pending: lines that were signed or changed by a planner, which the ERP does not show and never did.
        proposed: lines that wait for a signature, with their order's supplier.
        orders: all orders of ours.
        shown: number in the ERP of each of them that is there.
        settled: orders of the ERP of which nothing is to come, and what came of them.
    """

    day: date
    on_hand: dict[Key, float]
    levels: dict[Key, tuple[float, float]]
    terms: dict[tuple[str, str], tuple[float, float]]
    active: set[str]
    ends: dict[str, date]
    due: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    pending: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    proposed: dict[Key, list[tuple[str, Row]]] = field(default_factory=lambda: defaultdict(list))
    orders: list[Row] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    settled: dict[str, float] = field(default_factory=dict)

    def position(self, key: Key) -> float:
        """On hand, due and pending."""
        return self.on_hand.get(key, 0.0) + self.due[key] + self.pending[key]

    def vendors(self, item: str) -> list[str]:
        """Active suppliers that offer an item."""
        return [supplier for (offered, supplier) in self.terms if offered == item and supplier in self.active]

    def most(self, key: Key, supplier: str) -> float:
        """The most that may be bought: what is missing to the maximum, in whole packs, or the supplier's minimum."""
        pack, least = self.terms[key[0], supplier]
        missing = max(self.levels[key][1] - self.position(key), 0.0)
        return max(_packs(missing, pack), _packs(max(least, 1.0), pack))


def look(day: date, seen: set[str]) -> Truth:
    """Read both sides.

    Args:
        day: the day; nothing recorded later counts.
        seen: orders of ours that the ERP has shown before; those that it shows now are added.

    Returns:
        The truth.
    """
    tables = _erp(datetime.combine(day, time.max))
    truth = Truth(
        day,
        _newest(tables["stock_levels"]),
        {
            (row["item_id"], row["location_id"]): (row["reorder_point"], row["order_up_to"])
            for row in tables["item_policies"]
        },
        {
            (row["item_id"], row["supplier_id"]): (row["pack_size"], row["min_order_qty"])
            for row in tables["item_suppliers"]
        },
        {row["supplier_id"] for row in tables["suppliers"] if row["active"]},
        {row["item_id"]: row["discontinued_on"] for row in tables["items"] if row["discontinued_on"]},
    )
    _bought(truth, tables)
    truth.orders = orders()
    _ours(truth, tables["purchase_orders"], seen)
    return truth


def _bought(truth: Truth, tables: dict[str, list[Row]]) -> None:
    """Open lines: of an open order, without a day of receipt, the part that has not come."""
    heads = {head["po_id"]: head for head in tables["purchase_orders"]}
    came: dict[str, float] = dict.fromkeys(heads, 0.0)
    still: set[str] = set()
    for line in tables["purchase_order_lines"]:
        head = heads[line["po_id"]]
        came[line["po_id"]] += line["quantity_received"]
        rest = line["quantity_ordered"] - line["quantity_received"]
        if head["status"] == "open" and line["received_on"] is None and rest > 0:
            truth.due[line["item_id"], head["location_id"]] += rest
            still.add(line["po_id"])
    truth.settled = {po: units for po, units in came.items() if po not in still}


def _ours(truth: Truth, heads: list[Row], seen: set[str]) -> None:
    numbers, refs = {head["po_id"] for head in heads}, {head["external_ref"]: head["po_id"] for head in heads}
    for order in truth.orders:
        name = order["order_id"]
        if order["key"] in refs or order["po_id"] in numbers:
            truth.shown[name] = refs.get(order["key"], order["po_id"])
            seen.add(name)
        for line in order["lines"]:
            key = (line["item_id"], order["location_id"])
            if order["state"] == "proposed":
                truth.proposed[key].append((order["supplier_id"], line))
            elif order["state"] in (*SENT, "overridden") and name not in seen:
                truth.pending[key] += line["quantity"]


def _newest(counts: list[Row]) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for row in sorted(counts, key=lambda row: row["counted_on"]):
        found[row["item_id"], row["location_id"]] = row["on_hand"]
    return found


def _packs(units: float, pack: float) -> float:
    return ceil(units / pack - EPS) * pack if pack > 0 else units


def _erp(until: datetime) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    with erp.transaction() as connection:
        for table in (
            "stock_levels",
            "item_policies",
            "item_suppliers",
            "suppliers",
            "items",
            "purchase_orders",
            "purchase_order_lines",
        ):
            query = sa.text(f"select * from {table} where updated_at <= :until")
            values: dict[str, Any] = {"until": until}
            found[table] = [dict(row) for row in connection.execute(query, values).mappings()]
    return found
