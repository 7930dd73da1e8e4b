"""The ERP's tables as its own people see and change them: plain rows, no code of the product's stages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.io import erp, erp_tables

Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of an order that is open, and its head's terms; units."""

    po_id: str
    line_no: int
    supplier_id: str
    item_id: str
    location_id: str
    ordered_on: date
    ordered: float
    received: float

    @property
    def due(self) -> float:
        """Units still to come."""
        return self.ordered - self.received


@dataclass
class Ledger:
    """A mirror of the ERP's rows that writes each change through; new rows wait for :meth:`flush`."""

    heads: dict[str, Row] = field(default_factory=dict)
    lines: dict[tuple[str, int], Row] = field(default_factory=dict)
    waiting: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def begin(self) -> None:
        """An empty ERP."""
        with erp_tables.transaction() as connection:
            erp_tables.create_tables(connection, replace=True)

    def add(self, table: str, row: Row) -> None:
        """A new row."""
        self.waiting[table].append(row)

    def flush(self) -> None:
        """Write what waits."""
        with erp_tables.transaction() as connection:
            for table, rows in self.waiting.items():
                if not rows:
                    continue
                names = ", ".join(rows[0])
                values = ", ".join(f":{name}" for name in rows[0])
                connection.execute(sa.text(f"insert into {table} ({names}) values ({values})"), rows)
        self.waiting.clear()

    def read(self) -> None:
        """Look at the purchase orders again: the product writes there, too."""
        with erp.transaction() as connection:
            heads = [dict(row) for row in connection.execute(sa.text("select * from purchase_orders")).mappings()]
            lines = [dict(row) for row in connection.execute(sa.text("select * from purchase_order_lines")).mappings()]
        self.heads = {head["po_id"]: head for head in heads}
        self.lines = {(line["po_id"], line["line_no"]): line for line in lines}

    def put(self, table: str, key: Row, values: Row) -> None:
        """Change a row; one that waits to be written is changed where it waits."""
        waits = [row for row in self.waiting[table] if all(row[name] == value for name, value in key.items())]
        for row in waits:
            row.update(values)
        if table == "purchase_orders":
            self.heads[key["po_id"]].update(values)
        if table == "purchase_order_lines":
            self.lines[key["po_id"], key["line_no"]].update(values)
        if waits:
            return
        sets = ", ".join(f"{name} = :{name}" for name in values)
        where = " and ".join(f"{name} = :{name}" for name in key)
        with erp_tables.transaction() as connection:
            connection.execute(sa.text(f"update {table} set {sets} where {where}"), values | key)

    def put_line(self, line: Line, **values: Any) -> None:
        """Change a line of an order."""
        self.put("purchase_order_lines", {"po_id": line.po_id, "line_no": line.line_no}, values)

    def remove(self, table: str, *, po_id: str) -> None:
        """Delete an order's rows, as if they had never been."""
        self.flush()
        with erp_tables.transaction() as connection:
            connection.execute(sa.text(f"delete from {table} where po_id = :po_id"), {"po_id": po_id})
        self.heads.pop(po_id, None)
        self.lines = {key: row for key, row in self.lines.items() if key[0] != po_id}

    def order(
        self,
        po_id: str,
        supplier: str,
        place: str,
        day: date,
        wanted: Sequence[tuple[str, float]],
        ref: str | None = None,
    ) -> None:
        """A new order, with its lines in the order given."""
        moment = datetime.combine(day, time(20))
        head = {
            "po_id": po_id,
            "supplier_id": supplier,
            "location_id": place,
            "ordered_on": day,
            "status": "open",
            "external_ref": ref,
            "updated_at": moment,
        }
        self.heads[po_id] = head
        self.add("purchase_orders", head)
        for number, (item, units) in enumerate(wanted, 1):
            self._line(po_id, number, item, units, day + timedelta(days=8), moment)

    def split(self, line: Line, units: float, moment: datetime) -> tuple[str, int]:
        """The rest of a line that came in part, as a line of its own."""
        number = 1 + max(no for po, no in self.lines if po == line.po_id)
        self._line(line.po_id, number, line.item_id, units, moment.date() + timedelta(days=3), moment)
        return line.po_id, number

    def settle(self, po_id: str, moment: datetime) -> None:
        """Close an order of which nothing more is to come."""
        if not any(line.po_id == po_id for line in self.open_lines()):
            self.put("purchase_orders", {"po_id": po_id}, {"status": "received", "updated_at": moment})

    def open_lines(self) -> list[Line]:
        """Lines of which something is to come, in the order of their numbers."""
        found = []
        for (po, number), row in sorted(self.lines.items()):
            head = self.heads[po]
            if (
                head["status"] == "open"
                and row["received_on"] is None
                and row["quantity_ordered"] > row["quantity_received"]
            ):
                found.append(
                    Line(
                        po,
                        number,
                        head["supplier_id"],
                        row["item_id"],
                        head["location_id"],
                        head["ordered_on"],
                        row["quantity_ordered"],
                        row["quantity_received"],
                    )
                )
        return found

    def _line(self, po_id: str, number: int, item: str, units: float, promised: date, moment: datetime) -> None:
        row = {
            "po_id": po_id,
            "line_no": number,
            "item_id": item,
            "quantity_ordered": units,
            "unit_price": None,
            "promised_on": promised,
            "received_on": None,
            "quantity_received": 0.0,
            "quantity_rejected": 0.0,
            "updated_at": moment,
        }
        self.lines[po_id, number] = row
        self.add("purchase_order_lines", row)
