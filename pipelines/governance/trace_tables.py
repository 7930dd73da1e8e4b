"""All SQL of the trace."""

import json
from datetime import date
from typing import Any, Final

from pipelines.io import warehouse

_KEY: Final = "as_of = :as_of and item_id = :item_id and location_id = :location_id"

STEPS: Final = {
    "decision": "select reason_code, reason, level, policy, quantity, supplier_id, on_hand, inventory_position, reorder_point, "
    f"order_up_to, model_version, data_hash, code_version from plan.decisions where {_KEY}",
    "log": f"select logged_at, decision, order_qty, level, reasoning, model_version from plan.decision_log where {_KEY} "
    "order by log_id desc limit 1",
    "policy": "select policy, level, reorder_point, order_up_to, safety_stock, reason, model_version, data_hash, code_version "
    f"from plan.policies where {_KEY}",
    "passport": "select choice, policy, days, saving, saving_low, saving_high, demand_hash, stock_hash, receipts_hash, master_hash, "
    f"config_hash, code_version from plan.passports where {_KEY}",
    "forecast": "select method, reason, protection_days, mean, std, model_version, data_hash, code_version "
    f"from plan.lead_time_forecasts where {_KEY}",
    "marts": f"select demand_class, cast(on_hand as double precision) as on_hand, first_demand_on from marts.dim_sku where {_KEY}",
}
"""Step → query of its row."""

READS: Final = (
    "orders.orders",
    "orders.lines",
    "orders.events",
    "plan.decisions",
    "plan.decision_log",
    "plan.policies",
    "plan.passports",
    "plan.lead_time_forecasts",
    "marts.dim_sku",
    "marts.fct_daily_demand",
    "raw.sales",
)

_LINE = """
select o.as_of, o.order_id, l.line_no, l.item_id, o.location_id, o.supplier_id, o.state, l.proposed_quantity, l.quantity, l.unit_price
from orders.orders o join orders.lines l using (order_id) where o.order_id = :order_id and l.line_no = :line_no
"""

# The newest version of each sale that the run knew, those aside that a gate took out; the units of the newest day with any.
_ROWS = """
with known as (
    select distinct on (s.sale_id) s.sale_id, s.sold_on, s.quantity, s._recorded_at from raw.sales s
    where s.item_id = :item_id and s.location_id = :location_id and s.sold_on <= :as_of and s._recorded_at < cast(:as_of as date) + 1
    order by s.sale_id, s._recorded_at desc)
select count(*) as sales, max(sold_on) as newest, max(_recorded_at) as recorded,
    cast(sum(quantity) filter (where sold_on = (select max(sold_on) from known where quantity > 0)) as double precision) as units
from known where quantity > 0
"""

_DEMAND = """
select cast(quantity as double precision) as quantity from marts.fct_daily_demand
where item_id = :item_id and location_id = :location_id and day = :day
"""


def line(order_id: str, line_no: int) -> dict[str, Any] | None:
    """A line of an order; None where there is none."""
    found = warehouse.read(_LINE, order_id=order_id, line_no=line_no).to_dicts()
    return found[0] if found else None


def events(order_id: str) -> list[dict[str, Any]]:
    """What happened to an order, oldest first."""
    query = (
        "select at, event, author, reason, cast(details as text) as details from orders.events "
        "where order_id = :order_id order by event_id"
    )
    return [
        row | {"details": json.loads(row["details"])} for row in warehouse.read(query, order_id=order_id).to_dicts()
    ]


def row(step: str, as_of: date, *, item_id: str, location_id: str) -> dict[str, Any] | None:
    """A SKU's row of a step; None where none of the date is kept."""
    found = warehouse.read(STEPS[step], as_of=as_of, item_id=item_id, location_id=location_id).to_dicts()
    return found[0] if found else None


def rows(as_of: date, *, item_id: str, location_id: str) -> dict[str, Any]:
    """How many sales of the ERP stand behind a SKU, and the newest of them."""
    return warehouse.read(_ROWS, as_of=as_of, item_id=item_id, location_id=location_id).to_dicts()[0]


def demand(day: date | None, *, item_id: str, location_id: str) -> float | None:
    """What the mart holds of a SKU's demand on a day; None where it holds nothing."""
    found = warehouse.read(_DEMAND, day=day, item_id=item_id, location_id=location_id) if day else None
    return float(found["quantity"][0]) if found is not None and found.height else None
