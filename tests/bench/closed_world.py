"""A world that goes on: the sample ERP up to a day, then true demand and true deliveries day by day under any planner."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import numpy as np
import polars as pl
import sqlalchemy as sa

from pipelines.core.contract import BY_NAME
from pipelines.io import erp, erp_tables
from pipelines.sample import incumbent
from tests.bench.closed_truth import Ints, Truth, promotions_known, shaped

SECOND = 5000
"""Line numbers of the second half of split deliveries start here."""


@dataclass
class World:
    """The state of the true path, in steps, and what it writes into the ERP.

    Attributes:
        truth: what will happen.
        stock: closing stock, shape (K,).
        arrives: accepted units to come by day, shape (K, T).
        back: returns to come by day, shape (K, T).
        held, sold: by day, shape (K, T).
        orders: order lines placed by SKU, shape (K,).
        spent: money ordered for, and what it would have been at list prices.
    """

    truth: Truth
    stock: Ints
    arrives: Ints
    back: Ints
    held: Ints
    sold: Ints
    orders: Ints
    spent: list[float] = field(default_factory=lambda: [0.0, 0.0])
    receipts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, truth: Truth, held: incumbent.Books, lines: pl.DataFrame, orders: pl.DataFrame) -> "World":
        """The world at the end of its history; what is on order then is on its way."""
        shape = truth.demand.quantity.shape
        span = truth.start + 1
        world = cls(
            truth,
            held.on_hand[:, truth.start].copy(),
            arrives=np.zeros(shape, np.int64),
            back=np.zeros(shape, np.int64),
            held=np.zeros(shape, np.int64),
            sold=np.zeros(shape, np.int64),
            orders=np.zeros(shape[0], np.int64),
        )
        world.sold[:, :span], world.held[:, :span] = held.sold, held.on_hand
        world._returns_of_history(held)
        open_lines = lines.filter(pl.col("received_on").is_null()).join(
            orders.filter(pl.col("status") == "open").drop("updated_at"), on="po_id"
        )
        for row in open_lines.iter_rows(named=True):
            sku, day = world._sku(row["item_id"], row["location_id"]), truth.index(row["ordered_on"])
            whole = int(held.ordered[sku, day])
            fate = incumbent.deliver(truth.rule, truth.days, truth.supply, sku, day, whole)
            world._expect(
                row["po_id"],
                row["line_no"],
                sku,
                whole,
                fate,
                only_second=fate.cancelled_on < 0 and fate.first_on <= truth.start,
            )
        return world

    def _returns_of_history(self, held: incumbent.Books) -> None:
        for day in range(max(0, self.truth.start - 23), self.truth.start + 1):
            self._plan_returns(day, held.sold[:, day])

    def _sku(self, item_id: str, location_id: str) -> int:
        item = self.truth.items.ids.index(item_id)
        return int(
            np.flatnonzero(
                (self.truth.skus.item == item)
                & (self.truth.skus.location == self.truth.config.location_ids.index(location_id))
            )[0]
        )

    def _plan_returns(self, day: int, sold: Ints) -> None:
        chance = self.truth.days.chance[incumbent.RETURN, :, day]
        for sku in np.flatnonzero((sold > 0) & (chance < incumbent.RETURN_RATE)):
            part = float(chance[sku]) / incumbent.RETURN_RATE
            due = day + 2 + int(20 * part)
            if self.truth.start < due < self.back.shape[1]:
                self.back[sku, due] += 1 + int(part * (min(int(sold[sku]), 4) - 1))

    def _expect(
        self, po_id: str, line_no: int, sku: int, ordered: int, fate: incumbent.Delivery, *, only_second: bool = False
    ) -> None:
        """Put what becomes of an order line on the calendar."""
        total = self.arrives.shape[1]
        line = {"po_id": po_id, "line_no": line_no, "sku": sku}
        if fate.cancelled_on >= 0:
            self.receipts.setdefault(fate.cancelled_on, []).append(line | {"kind": "cancelled"})
            return
        if not only_second and fate.first_on < total:
            self.arrives[sku, fate.first_on] += fate.first - fate.rejected
            receipt = {
                "ordered": ordered - fate.second,
                "received": fate.first,
                "rejected": fate.rejected,
                "second": fate.second,
            }
            self.receipts.setdefault(fate.first_on, []).append(line | receipt | {"kind": "first"})
        if 0 <= fate.second_on < total and fate.second > 0:
            self.arrives[sku, fate.second_on] += fate.second
            number = line_no if only_second else line_no + SECOND
            receipt = {"line_no": number, "ordered": fate.second, "received": fate.second, "rejected": 0, "second": 0}
            self.receipts.setdefault(fate.second_on, []).append(line | receipt | {"kind": "first"})

    def take_orders(self, day: int) -> int:
        """Read the orders that were released into the ERP on a day, and set their true deliveries going. Returns their lines."""
        query = """select o.po_id, o.supplier_id, o.location_id, l.line_no, l.item_id, l.quantity_ordered, l.unit_price
            from purchase_orders o join purchase_order_lines l using (po_id) where o.external_ref is not null and o.ordered_on = :day"""
        with erp.transaction() as connection:
            rows = [dict(row) for row in connection.execute(sa.text(query), {"day": self.truth.day(day)}).mappings()]
        for row in rows:
            sku = self._sku(row["item_id"], row["location_id"])
            steps = round(row["quantity_ordered"] * self.truth.scale[sku])
            rule, cost = self._terms(sku, row["supplier_id"])
            self._expect(
                row["po_id"],
                row["line_no"],
                sku,
                steps,
                incumbent.deliver(rule, self.truth.days, self.truth.supply, sku, day, steps),
            )
            self.orders[sku] += 1
            self.spent[0] += row["quantity_ordered"] * float(row["unit_price"] or cost)
            self.spent[1] += row["quantity_ordered"] * cost
        return len(rows)

    def _terms(self, sku: int, supplier_id: str) -> tuple[incumbent.MinMaxRule, float]:
        """The rule with the supplier that was chosen, and the list price of the usual one."""
        rule, item = self.truth.rule, int(self.truth.skus.item[sku])
        chosen = self.truth.suppliers.ids.index(supplier_id)
        cost = float(self.truth.items.unit_cost[item])
        if chosen == rule.supplier[sku]:
            return rule, cost
        supplier, lead_time = rule.supplier.copy(), rule.lead_time.copy()
        supplier[sku], lead_time[sku] = chosen, self.truth.items.second_lead_time[item]
        return rule._replace(supplier=supplier, lead_time=lead_time), cost

    def live(self, first: int, last: int) -> None:
        """Days first to last: receipts, sales, returns, counts and the planner's revisions, all written into the ERP."""
        sales, counts, policies = [], [], []
        with erp_tables.transaction() as connection:
            for day in range(first, last + 1):
                self._deliver(connection, day)
                self.stock += self.arrives[:, day]
                sold = np.minimum(self.truth.demand.quantity[:, day], self.stock)
                self.stock += self.back[:, day] - sold
                self._plan_returns(day, sold)
                self.sold[:, day], self.held[:, day] = sold, self.stock
                sales += self._sales(day, sold)
                counts += self._counts(day)
                policies += self._revisions(day)
            for name, rows in (("sales", sales), ("stock_levels", counts)):
                erp_tables.bulk_insert(connection, name, pl.DataFrame(rows, schema=erp_tables.schema(BY_NAME[name])))
            change = """update item_policies set reorder_point = :reorder_point, order_up_to = :order_up_to, updated_at = :updated_at
                where item_id = :item_id and location_id = :location_id"""
            for row in policies:
                connection.execute(sa.text(change), row)
            erp_tables.replace_rows(
                connection, "promotions", [shaped("promotions", promotions_known(self.truth, last))]
            )

    def _keys(self, sku: int) -> dict[str, str]:
        skus = self.truth.skus
        return {
            "item_id": self.truth.items.ids[skus.item[sku]],
            "location_id": self.truth.config.location_ids[skus.location[sku]],
        }

    def _sales(self, day: int, sold: Ints) -> list[dict[str, Any]]:
        at, rows = datetime.combine(self.truth.day(day), time(19)), []
        price = self.truth.items.unit_price[self.truth.skus.item] * (1 - self.truth.discount[self.truth.skus.item, day])
        for kind, steps in (("S", sold), ("R", -self.back[:, day])):
            for sku in np.flatnonzero(steps).tolist():
                rows.append(
                    self._keys(sku)
                    | {
                        "sale_id": f"{kind}-{sku}-{day}",
                        "sold_on": self.truth.day(day),
                        "quantity": steps[sku] / self.truth.scale[sku],
                        "unit_price": round(float(price[sku]), 2),
                        "updated_at": at,
                    }
                )
        return rows

    def _counts(self, day: int) -> list[dict[str, Any]]:
        at = datetime.combine(self.truth.day(day), time(23))
        units = self.stock / self.truth.scale
        return [
            self._keys(sku) | {"counted_on": self.truth.day(day), "on_hand": float(units[sku]), "updated_at": at}
            for sku in range(len(units))
        ]

    def _revisions(self, day: int) -> list[dict[str, Any]]:
        """The planner goes on revising minimum and maximum from what was sold, as the rule says."""
        rule, rows = self.truth.rule, []
        for sku in np.flatnonzero(day % rule.reset_every == rule.reset_phase).tolist():
            minimum, maximum = incumbent._levels(rule, sku, self.sold[sku, day - 90 : day + 1].mean())
            scale = self.truth.scale[sku]
            at = datetime.combine(self.truth.day(day), time(17))
            rows.append(
                self._keys(sku) | {"reorder_point": minimum / scale, "order_up_to": maximum / scale, "updated_at": at}
            )
        return rows

    def _deliver(self, connection: sa.Connection, day: int) -> None:
        """Receipts and cancellations of a day."""
        at = datetime.combine(self.truth.day(day), time(8))
        touched = set()
        for event in self.receipts.get(day, []):
            touched.add(event["po_id"])
            key = {"po": event["po_id"], "line": event["line_no"], "at": at}
            if event["kind"] == "cancelled":
                connection.execute(
                    sa.text("update purchase_orders set status = 'cancelled', updated_at = :at where po_id = :po"),
                    {"po": key["po"], "at": at},
                )
                continue
            scale = self.truth.scale[event["sku"]]
            units = {name: event[name] / scale for name in ("ordered", "received", "rejected")}
            update = """update purchase_order_lines set quantity_ordered = :ordered, quantity_received = :received,
                quantity_rejected = :rejected, received_on = :day, updated_at = :at where po_id = :po and line_no = :line"""
            connection.execute(sa.text(update), key | units | {"day": self.truth.day(day)})
            if event["second"]:
                insert = """insert into purchase_order_lines (po_id, line_no, item_id, quantity_ordered, unit_price, promised_on,
                    quantity_received, quantity_rejected, updated_at) select po_id, line_no + :offset, item_id, :rest, unit_price,
                    promised_on, 0, 0, :at from purchase_order_lines where po_id = :po and line_no = :line"""
                connection.execute(sa.text(insert), key | {"offset": SECOND, "rest": event["second"] / scale})
        close = """update purchase_orders set status = 'received', updated_at = :at where po_id = :po and status = 'open'
            and not exists (select 1 from purchase_order_lines l where l.po_id = :po and l.received_on is null)"""
        for po_id in sorted(touched):
            connection.execute(sa.text(close), {"po": po_id, "at": at})


def seed(frames: dict[str, pl.DataFrame]) -> None:
    """Write the history into the ERP."""
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
        for name, frame in frames.items():
            erp_tables.replace_rows(connection, name, [frame])
