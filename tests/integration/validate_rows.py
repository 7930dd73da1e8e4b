"""A small ERP in raw for the gate's tests: clean rows, and for every rule a row that breaks it beside one that keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.core import contract
from pipelines.core.calendar import as_of_end
from pipelines.extract import raw
from pipelines.io import warehouse

AS_OF = date(2026, 6, 28)
RECORDED = datetime.combine(date(2026, 6, 1), time.min)
SNAPSHOT = as_of_end(AS_OF)

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A row that breaks a rule and one that keeps it, each as what differs from a valid row.

    ``also`` names the other rules that the bad row breaks by its nature.
    """

    bad: Mapping[str, Any]
    good: Mapping[str, Any]
    also: tuple[str, ...] = ()


VALID: dict[str, Row] = {
    "items": {"name": "Screw", "category": "iron", "unit_cost": 2.0, "unit_price": 3.0},
    "suppliers": {"name": "Forge", "active": True},
    "item_suppliers": {
        "supplier_id": "S1",
        "is_primary": True,
        "lead_time_days": 7.0,
        "min_order_qty": 10.0,
        "pack_size": 5.0,
        "unit_price": 2.0,
    },
    "price_breaks": {"supplier_id": "S1", "min_qty": 100.0, "unit_price": 1.8},
    "locations": {"name": "Main", "kind": "warehouse"},
    "sales": {"location_id": "W1", "sold_on": date(2026, 5, 4), "quantity": 2.0, "unit_price": 3.0},
    "stock_levels": {"location_id": "W1", "counted_on": date(2026, 5, 4), "on_hand": 20.0},
    "purchase_orders": {
        "supplier_id": "S1",
        "location_id": "W1",
        "ordered_on": date(2026, 4, 1),
        "status": "received",
    },
    "purchase_order_lines": {
        "line_no": 1,
        "quantity_ordered": 20.0,
        "unit_price": 2.0,
        "promised_on": date(2026, 4, 8),
        "received_on": date(2026, 4, 9),
        "quantity_received": 20.0,
        "quantity_rejected": 0.0,
    },
    "item_policies": {"location_id": "W1", "reorder_point": 10.0, "order_up_to": 30.0},
    "calendar_events": {"event_on": date(2026, 5, 1), "location_id": None},
    "supplier_closures": {"closed_from": date(2026, 7, 1), "closed_to": date(2026, 7, 7)},
    "item_predecessors": {"predecessor_id": "I1", "factor": 2.0},
    "kit_components": {"kit_id": "I1", "quantity": 2.0},
    "stock_batches": {"location_id": "W1", "batch_id": "B1", "on_hand": 5.0},
    "unordered_receipts": {
        "supplier_id": "S1",
        "location_id": "W1",
        "received_on": date(2026, 5, 1),
        "quantity": 5.0,
        "unit_price": 2.0,
    },
    "currency_rates": {"rate": 0.9, "valid_from": date(2026, 1, 1)},
    "promotions": {"location_id": None, "starts_on": date(2026, 5, 1), "ends_on": date(2026, 5, 7), "price": 2.5},
}


class Erp:
    """Rows on their way into raw; ``_row_id`` is given here, so that a test knows which row is which."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {table.name: [] for table in contract.TABLES}
        self._next = 1

    def add(self, table: str, row: Mapping[str, Any], recorded_at: datetime | None = None) -> int:
        """Add a row as given; columns left out are NULL. Returns its ``_row_id``."""
        described = contract.BY_NAME[table]
        recorded = recorded_at or (RECORDED if described.is_versioned else SNAPSHOT)
        whole: Row = dict.fromkeys(described.names) | dict(row)
        if described.is_versioned:
            whole["updated_at"] = recorded
        self.rows[table].append(whole | {"_row_id": self._next, "_recorded_at": recorded})
        self._next += 1
        return self._next - 1

    def valid(self, table: str, mark: str, **changes: Any) -> Row:
        """A valid row of its own item, purchase order or id, named after ``mark``; what it refers to is added."""
        row = {**VALID[table]}
        names = contract.BY_NAME[table].names
        own = {
            "items": "item_id",
            "suppliers": "supplier_id",
            "locations": "location_id",
            "sales": "sale_id",
            "supplier_closures": "supplier_id",
            "currency_rates": "currency",
            "unordered_receipts": "receipt_id",
        }
        if table in own:
            row[own[table]] = mark
        if "item_id" in names and table != "items":
            row["item_id"] = f"item of {mark}"
            self.add("items", VALID["items"] | {"item_id": row["item_id"]})
        if "po_id" in names:
            row["po_id"] = mark
        if table == "purchase_order_lines":
            self.add("purchase_orders", VALID["purchase_orders"] | {"po_id": mark})
        if table == "calendar_events":
            row["name"] = mark
        return row | changes

    def write(self) -> None:
        """Empty the raw tables, made by extraction, and fill them."""
        raw.ensure(contract.TABLES)
        with warehouse.transaction() as connection:
            for table in contract.TABLES:
                connection.execute(sa.text(f"truncate raw.{table.name}"))
                _insert(connection, f"raw.{table.name}", self.rows[table.name])


def _insert(connection: sa.Connection, table: str, rows: Iterable[Row]) -> None:
    rows = list(rows)
    if rows:
        columns = list(rows[0])
        values = ", ".join(f":{column}" for column in columns)
        connection.execute(
            sa.text(f"insert into {table} ({', '.join(columns)}) overriding system value values ({values})"), rows
        )


def clean_erp() -> Erp:
    """Two items, a supplier, a location; sales with returns, partial receipts, an open order: nothing to object to."""
    erp = Erp()
    erp.add("suppliers", VALID["suppliers"] | {"supplier_id": "S1"})
    erp.add("locations", VALID["locations"] | {"location_id": "W1"})
    for item in ("I1", "I2"):
        erp.add("items", VALID["items"] | {"item_id": item})
        erp.add("item_suppliers", VALID["item_suppliers"] | {"item_id": item})
        erp.add("item_policies", VALID["item_policies"] | {"item_id": item})
        for day in range(40):
            sold_on = AS_OF - timedelta(days=day)
            sale = {"sale_id": f"{item}-{day}", "item_id": item, "sold_on": sold_on, "quantity": float(3 + day % 3)}
            erp.add("sales", VALID["sales"] | sale)
            count = {"item_id": item, "counted_on": sold_on, "on_hand": float(day % 5)}
            erp.add("stock_levels", VALID["stock_levels"] | count)
    erp.add("sales", VALID["sales"] | {"sale_id": "return", "item_id": "I1", "quantity": -4.0})
    erp.add("purchase_orders", VALID["purchase_orders"] | {"po_id": "P1", "status": "open"})
    lines: tuple[Row, ...] = (
        {"line_no": 1, "quantity_received": 12.0, "quantity_rejected": 12.0},  # partly received, all of it rejected
        {"line_no": 2, "received_on": None, "quantity_received": None, "quantity_rejected": None},
    )
    for line in lines:
        erp.add("purchase_order_lines", VALID["purchase_order_lines"] | {"po_id": "P1", "item_id": "I1"} | line)
    return erp
