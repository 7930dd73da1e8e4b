"""A small company whose days are known, written into the marts as they stand on each date, and its outcomes computed slowly."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import polars as pl

from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from tests.integration.orders_rows import execute

FIRST, DAYS = date(2026, 3, 2), 247
"""Day 0 of the world, and how many days it has."""

MARTS = (
    "create schema if not exists marts",
    "create schema if not exists staging",
    """create table marts.dim_sku (as_of date, item_id text, location_id text, abc_class text, supplier_id text, unit_cost float8,
        holding_cost_per_day float8, shortage_cost float8, ordering_cost float8, mean_demand float8)""",
    """create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8, booked float8,
        is_stockout boolean)""",
    "create table marts.fct_stock (item_id text, location_id text, counted_on date, on_hand float8)",
    """create table marts.fct_receipts (po_id text, line_no int, supplier_id text, item_id text, location_id text, ordered_on date,
        promised_on date, received_on date, quantity_ordered float8, quantity_received float8, quantity_accepted float8,
        unit_price float8, is_late boolean, is_in_full boolean)""",
    """create table marts.fct_open_orders (po_id text, line_no int, supplier_id text, item_id text, location_id text, ordered_on date,
        quantity_open float8, days_late int)""",
    "create table marts.dim_supplier (supplier_id text, supplier_name text)",
    "create table staging.stg_erp__purchase_orders (po_id text, external_ref text)",
)

CHANGES = ("kept", "raised", "lowered", "removed", "rejected", "waiting")
_STATES = {"rejected": "rejected", "waiting": "proposed"}


@dataclass
class Order:
    """A purchase order of one line, in days from :data:`FIRST`."""

    item: str
    ordered: int
    proposed: float
    quantity: float
    change: str
    expected: int
    received: int
    accepted: float

    @property
    def key(self) -> UUID:
        return uuid5(UUID(int=0), f"{self.item}-{self.ordered}")


@dataclass
class World:
    """What truly happened; ``known[item][day]`` is the day on which a day's sales were booked."""

    items: tuple[str, ...] = ("A", "B", "C", "D")
    sold: dict[str, list[float]] = field(default_factory=dict)
    known: dict[str, list[int]] = field(default_factory=dict)
    stock: dict[str, list[float]] = field(default_factory=dict)
    counted: dict[str, set[int]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    mean: dict[str, float] = field(default_factory=dict)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def play(seed: int = 3) -> World:
    """The closed loop: demand meets stock, what is missing to a level is ordered, changed in one of the ways of :data:`CHANGES`."""
    world, rng = World(), np.random.default_rng(seed)
    for place, item in enumerate(world.items):
        rate, shelf = 2.0 + place, 20.0
        world.mean[item] = rate
        world.sold[item], world.known[item], world.stock[item] = [], [], []
        world.counted[item] = set(range(DAYS)) if place < 2 else set(range(0, DAYS, 9))
        orders = []
        for now in range(DAYS):
            shelf += sum(order.accepted for order in orders if order.received == now)
            sold = min(float(rng.poisson(rate)), shelf)
            shelf -= sold
            world.sold[item].append(sold)
            world.known[item].append(now + (3 if rng.random() < 0.1 else 0))
            world.stock[item].append(shelf)
            position = shelf + sum(order.accepted for order in orders if order.received > now)
            if position <= 7 * rate and now % 2 == place % 2:
                change = CHANGES[int(rng.integers(len(CHANGES)))]
                wanted = max(float(round(12 * rate - position)), 4.0)
                final = {"raised": wanted + 5, "lowered": wanted - 3, "removed": 0.0}.get(change, wanted)
                came = final if change in ("kept", "raised", "lowered") else 0.0
                late = int(rng.integers(-1, 4))
                orders.append(
                    Order(item, now, wanted, final, change, now + 6, now + 6 + late if came else 10_000, came)
                )
        world.orders += orders
    return world


def show(world: World, now: int) -> None:
    """Write the marts, the plan and the orders as they stand at the close of a day."""
    as_of = day(now)
    skus = {
        "as_of": as_of,
        "location_id": "W",
        "supplier_id": "S",
        "unit_cost": 3.0,
        "holding_cost_per_day": 0.01,
        "shortage_cost": 2.5,
        "ordering_cost": 7.0,
    }
    frames = {
        "marts.dim_sku": [skus | {"item_id": i, "abc_class": "ABCC"[n], "mean_demand": world.mean[i]} for n, i in enumerate(world.items)],
        "marts.fct_daily_demand": list(_demand(world, now)),
        "marts.fct_stock": [
            {"item_id": i, "location_id": "W", "counted_on": day(d), "on_hand": world.stock[i][d]}
            for i in world.items for d in sorted(world.counted[i]) if d <= now
        ],
        "marts.fct_receipts": [_receipt(o) for o in world.orders if o.received <= now],
        "marts.fct_open_orders": [
            {"po_id": f"PO-{o.key}", "line_no": 1, "supplier_id": "S", "item_id": o.item, "location_id": "W", "ordered_on": day(o.ordered),
             "quantity_open": o.quantity, "days_late": max(now - o.expected, 0)}
            for o in world.orders if o.accepted and o.ordered <= now < o.received
        ],
        "staging.stg_erp__purchase_orders": [
            {"po_id": f"PO-{o.key}", "external_ref": str(o.key)} for o in world.orders if o.accepted and o.ordered <= now
        ],
    }  # fmt: skip
    for table, rows in frames.items():
        if rows:
            warehouse.replace(table, pl.DataFrame(rows), {})
        else:
            warehouse.execute(f"delete from {table}")


def _demand(world: World, now: int) -> Iterator[dict[str, Any]]:
    for item in world.items:
        for d in range(now + 1):
            sold = world.sold[item][d] if world.known[item][d] <= now else 0.0
            out = world.stock[item][d] <= 0 and d in world.counted[item]
            if sold or out:
                yield {
                    "item_id": item,
                    "location_id": "W",
                    "day": day(d),
                    "quantity": sold,
                    "booked": sold,
                    "is_stockout": out,
                }


def _receipt(o: Order) -> dict[str, Any]:
    return {
        "po_id": f"PO-{o.key}", "line_no": 1, "supplier_id": "S", "item_id": o.item, "location_id": "W", "ordered_on": day(o.ordered),
        "promised_on": day(o.expected), "received_on": day(o.received), "quantity_ordered": o.quantity, "quantity_received": o.accepted,
        "quantity_accepted": o.accepted, "unit_price": 3.0, "is_late": o.received > o.expected, "is_in_full": True,
    }  # fmt: skip


def decide(world: World, now: int) -> None:
    """The day's decisions, forecasts and orders, as the stages leave them."""
    wanted = {o.item: o for o in world.orders if o.ordered == now}
    for item in world.items:
        order = wanted.get(item)
        execute(
            f"""insert into plan.decisions (as_of, item_id, location_id, supplier_id, reason_code, reason, priority, risk, on_hand,
                on_order, inventory_position, reorder_point, order_up_to, quantity, order_value, projected_stock, level, policy)
            values ('{day(now)}', '{item}', 'W', 'S', 'X', 'x', 'low', 0, 0, 0, 0, 0, 0, {order.proposed if order else 0}, 0, 0,
                'policy', 'p')""",
            f"""insert into plan.lead_time_forecasts select '{day(now)}', '{item}', 'W', 8, 'm', 'v', '',
                {8 * world.mean[item] + 1}, 1, {", ".join("0" for _ in COLUMNS)}""",
        )
        if order:
            value = f"'{order.key}', '{day(now)}', 'S', 'W', '{_STATES.get(order.change, 'approved')}', 1, '{day(now)}'"
            execute(
                f"""insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, state, order_value, ordered_on,
                    part) values ('O-{order.key}', {value}, {1 + world.items.index(item)})""",
                f"""insert into orders.lines (order_id, line_no, item_id, proposed_quantity, quantity, expected_on, reason_code)
                    values ('O-{order.key}', 1, '{item}', {order.proposed}, {order.quantity}, '{day(order.expected)}', 'X')""",
            )


def slowly(world: World, now: int, since: int) -> dict[tuple[str, date], dict[str, Any]]:
    """Outcomes of each SKU and day, one at a time, from what truly happened; decisions from day ``since`` on."""
    found = {}
    for item in world.items:
        for d in range(now + 1):
            sold = world.sold[item][d] if world.known[item][d] <= now else 0.0
            out = world.stock[item][d] <= 0 and d in world.counted[item]
            demand = max(sold, world.mean[item]) if out else sold
            count = max(c for c in world.counted[item] if c <= d)
            shelf = world.stock[item][count]
            for later in range(count + 1, d + 1):
                shelf += sum(o.accepted for o in world.orders if o.item == item and o.received == later)
                shelf -= world.sold[item][later] if world.known[item][later] <= now else 0.0
            placed = [o for o in world.orders if o.item == item and o.ordered == d and o.accepted]
            row = {
                "demand": demand,
                "lost": demand - sold,
                "on_hand": max(shelf, 0.0),
                "change": "",
                "final": None,
                "late": None,
            }
            row["cost"] = row["on_hand"] * 0.01 + row["lost"] * 2.5 + len(placed) * 7.0
            for o in (o for o in world.orders if o.item == item and o.ordered == d and since <= d < now):
                row |= {
                    "change": o.change,
                    "final": o.quantity,
                    "late": o.received - o.expected if o.received <= now else None,
                }
            found[item, day(d)] = row
    for (item, on), row in found.items():
        span = [on + timedelta(days=n) for n in range(1, 9)]
        decided = since <= (on - FIRST).days < now
        row["judged"] = sum(found[item, s]["demand"] for s in span) if decided and span[-1] <= day(now) else None
    return found
