"""Books of a small company, item by item, and the files that ``stockproof erp load`` takes.

The world of the small cases: as of 2026-06-28, sales from 2026-03-01 on, lead time 14 days, packs of 1, each item with a supplier of
its own, files without ``updated_at``.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

AS_OF = date(2026, 6, 28)
FIRST = date(2026, 3, 1)
DAYS = (AS_OF - FIRST).days + 1
"""Days of sales: 120."""

Row = dict[str, Any]


def day(month_and_day: str | date) -> date:
    """``"06-15"`` is that day of 2026.

    >>> day("06-15"), day("2025-06-15")
    (datetime.date(2026, 6, 15), datetime.date(2025, 6, 15))
    """
    if isinstance(month_and_day, date):
        return month_and_day
    return date.fromisoformat(month_and_day if len(month_and_day) > len("06-15") else f"2026-{month_and_day}")


@dataclass(frozen=True)
class Line:
    """A line of a purchase order; ``received`` is its quantity and day. Other columns of the contract go into ``more``."""

    ordered: float
    promised: str | None = None
    received: tuple[float, str] | None = None
    rejected: float | None = None
    item: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """A purchase order of an item, by default one open line.

    Attributes:
        ordered_on: its date.
        lines: its lines, a number is a line of that many units without a promise.
        status: open, received or cancelled.
        po_id: its number; None: one is made of the item.
        supplier: None: the item's own.
        more: other columns of the head.
    """

    ordered_on: str
    lines: Sequence[Line | float]
    status: str = "open"
    po_id: str | None = None
    supplier: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """An item and all that the books say of it; quantities in units, days as ``"06-15"``.

    Attributes:
        item_id: its id; the supplier ``S-<item_id>`` is its own.
        sales: units sold on each day from 2026-03-01 on.
        sold: single sales, beside those of each day.
        instead: units sold on some days in place of ``sales``.
        policy: the ERP's minimum and maximum.
        count: units on hand at the close of the as-of date; None: never counted.
        counts: counts of other days.
        lead: agreed lead time, days.
        pack: pack size; None: the column is empty.
        minimum: least order; None: the column is empty.
        cost: what a unit costs.
        price: what the supplier asks for one.
        breaks: lower prices by least quantity.
        orders: purchase orders.
        location: where it is sold, counted and ordered to.
        offers: other suppliers' offers; each row names ``supplier_id`` and what differs from the item's own offer.
        item: other columns of ``items``.
        offer: other columns of its own row of ``item_suppliers``.
        supplier: other columns of its supplier; ``supplier_id`` another one than ``S-<item_id>``, None: no offer.
        rows: rows of other tables, by table.
    """

    item_id: str
    sales: float = 0.0
    sold: Sequence[tuple[str, float]] = ()
    instead: Mapping[str, float] = field(default_factory=dict)
    policy: tuple[float, float] | None = None
    count: float | None = None
    counts: Mapping[str, float] = field(default_factory=dict)
    lead: float = 14
    pack: float | None = 1
    minimum: float | None = None
    cost: float = 1.0
    price: float = 1.0
    breaks: Mapping[float, float] = field(default_factory=dict)
    orders: Sequence[Order] = ()
    location: str = "W"
    offers: Sequence[Row] = ()
    item: Mapping[str, Any] = field(default_factory=dict)
    offer: Mapping[str, Any] = field(default_factory=dict)
    supplier: Mapping[str, Any] | None = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def supplier_id(self) -> str:
        """Whom it is bought from."""
        return str((self.supplier or {}).get("supplier_id", f"S-{self.item_id}"))


def tables(items: Sequence[Item]) -> dict[str, list[Row]]:
    """The contract's tables of a company that trades these items at the warehouse W.

    Args:
        items: each with an id of its own.

    Returns:
        Rows by table.
    """
    found: dict[str, list[Row]] = {"locations": [_location("W", "warehouse")]}
    for item in items:
        for name, rows in _of(item).items():
            held = found.setdefault(name, [])
            held += [row for row in rows if name not in {"suppliers", "locations"} or row not in held]
    return found


def write(folder: Path, items: Sequence[Item]) -> Path:
    """Write the files; a column that no row names is absent.

    Args:
        folder: an empty one, made if absent.
        items: the company; a table without rows has no file.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables(items).items():
        if not rows:
            continue
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def _of(item: Item) -> dict[str, list[Row]]:
    own = {"item_id": item.item_id}
    at = own | {"location_id": item.location}
    counted = dict(item.counts) | ({} if item.count is None else {AS_OF.isoformat(): item.count})
    made: dict[str, list[Row]] = {
        "items": [own | {"name": item.item_id, "category": "", "unit_cost": item.cost, "unit_price": 2 * item.cost} | dict(item.item)],
        "locations": [] if item.location == "W" else [_location(item.location, "store")],
        "suppliers": [], "item_suppliers": [],
        "price_breaks": [_of_offer(item) | {"min_qty": least, "unit_price": price} for least, price in item.breaks.items()],
        "sales": [at | {"sale_id": f"{item.item_id}-{item.location}-{n}", "sold_on": on, "quantity": units, "unit_price": 2 * item.cost}
                  for n, (on, units) in enumerate(_sold(item))],
        "stock_levels": [at | {"counted_on": day(on), "on_hand": units} for on, units in counted.items()],
        "item_policies": [] if item.policy is None else [at | {"reorder_point": item.policy[0], "order_up_to": item.policy[1]}],
        "purchase_orders": [], "purchase_order_lines": [],
    }  # fmt: skip
    if item.supplier is not None:
        _offered(item, made)
    for number, order in enumerate(item.orders, start=1):
        _ordered(item, order, order.po_id or f"PO-{item.item_id}-{number}", made)
    for name, rows in item.rows.items():
        made.setdefault(name, []).extend(dict(row) for row in rows)
    return made


def _sold(item: Item) -> list[tuple[date, float]]:
    daily = {FIRST + timedelta(days=n): item.sales for n in range(DAYS)} if item.sales else {}
    daily |= {day(on): units for on, units in item.instead.items()}
    return [*daily.items(), *((day(on), units) for on, units in item.sold)]


def _location(name: str, kind: str) -> Row:
    return {"location_id": name, "name": name, "kind": kind}


def _supplier(supplier_id: str) -> Row:
    return {"supplier_id": supplier_id, "name": supplier_id, "active": "true"}


def _of_offer(item: Item) -> Row:
    return {"item_id": item.item_id, "supplier_id": item.supplier_id}


def _offered(item: Item, made: dict[str, list[Row]]) -> None:
    terms: Row = {
        "is_primary": "true",
        "lead_time_days": item.lead,
        "min_order_qty": _filled(item.minimum),
        "pack_size": _filled(item.pack),
        "unit_price": item.price,
    }
    made["suppliers"].append(_supplier(item.supplier_id) | dict(item.supplier or {}))
    made["item_suppliers"].append(_of_offer(item) | terms | dict(item.offer))
    for other in item.offers:
        made["suppliers"].append(_supplier(str(other["supplier_id"])))
        made["item_suppliers"].append({"item_id": item.item_id} | terms | {"is_primary": "false"} | other)


def _filled(value: float | None) -> Any:
    return "" if value is None else value


def _ordered(item: Item, order: Order, po_id: str, made: dict[str, list[Row]]) -> None:
    made["purchase_orders"].append(
        {
            "po_id": po_id,
            "supplier_id": order.supplier or item.supplier_id,
            "location_id": item.location,
            "ordered_on": day(order.ordered_on),
            "status": order.status,
            **order.more,
        }
    )
    for number, one in enumerate(order.lines, start=1):
        line = one if isinstance(one, Line) else Line(one)
        units, on = line.received or ("", None)
        made["purchase_order_lines"].append({
            "po_id": po_id, "line_no": number, "item_id": line.item or item.item_id, "quantity_ordered": line.ordered,
            "unit_price": item.price, "promised_on": day(line.promised) if line.promised else "", "received_on": day(on) if on else "",
            "quantity_received": units, "quantity_rejected": _filled(line.rejected), **line.more,
        })  # fmt: skip
