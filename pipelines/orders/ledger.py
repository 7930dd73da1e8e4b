"""The override ledger: each override scored once enough days have passed, and ranked by author and by reason."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.inventory import Floats
from pipelines.io import warehouse
from pipelines.orders import scoring, states

_ORDERED = " ".join((states.APPROVED, states.SUBMITTED, states.ACKNOWLEDGED, states.RECEIVED))
"""States of orders that somebody signed and that stand."""

# An order whose lines were all set to 0 cannot be signed: that nothing was bought is what its planner chose.
_STANDS = """(o.state = any(string_to_array(:ordered, ' '))
    or not exists (select 1 from orders.lines left_on where left_on.order_id = o.order_id and left_on.quantity > 0))"""

# Our own receipts come under the ERP's number: of a file that was keyed in, only our key leads to it.
_OPEN = f"""
with shown as (
    select external_ref, min(po_id) as po_id from staging.stg_erp__purchase_orders where external_ref is not null group by external_ref
)
select v.event_id, v.order_id, v.as_of, v.item_id, v.location_id, v.proposed_quantity, v.quantity, d.on_hand,
    coalesce(e.po_id, o.po_id, v.order_id) as po_id, coalesce(l.expected_on - v.as_of - 1, 0) as lead_time,
    cast(s.holding_cost_per_day as double precision) as holding_cost_per_day,
    cast(s.shortage_cost as double precision) as shortage_cost, cast(s.ordering_cost as double precision) as ordering_cost
from orders.overrides v
join plan.decisions d on d.as_of = v.as_of and d.item_id = v.item_id and d.location_id = v.location_id
join marts.dim_sku s on s.item_id = v.item_id and s.location_id = v.location_id and s.as_of = :as_of
join orders.orders o on o.order_id = v.order_id
left join shown e on e.external_ref = cast(o.idempotency_key as text)
join orders.lines l on l.order_id = v.order_id and l.item_id = v.item_id
where {_STANDS}
    and not exists (select 1 from orders.override_scores c where c.event_id = v.event_id)
    and not exists (select 1 from orders.overrides later where later.order_id = v.order_id and later.item_id = v.item_id
        and later.event_id > v.event_id)
order by v.event_id
"""

_DEMAND = """
select item_id, location_id, day, cast(quantity as double precision) as quantity, is_stockout
from marts.fct_daily_demand where day > :first and day <= :last
"""

_RECEIPTS = """
select po_id, item_id, location_id, received_on as day, cast(quantity_accepted as double precision) as quantity
from marts.fct_receipts where received_on > :first and received_on <= :last
"""

_LEDGER = """
select v.{by} as name, count(*) as overrides, count(*) filter (where not d.ordered) as not_ordered, count(c.event_id) as scored,
    coalesce(sum((c.saving > 0)::int), 0) as better, coalesce(sum(c.saving), 0) as saving,
    coalesce(sum(c.lost_units_proposed - c.lost_units), 0) as lost_units_avoided
from orders.overrides v
join (select o.order_id, {stands} as ordered from orders.orders o) d on d.order_id = v.order_id
left join orders.override_scores c on c.event_id = v.event_id and d.ordered
group by v.{by} order by saving desc, v.{by}
"""


def score(as_of: date) -> dict[str, int | float]:
    """Score the overrides whose days have passed.

    One that was overridden again is not scored: its quantity was never meant to stand. Nor is one of an order that was not signed, or was
    rejected or cancelled: neither quantity was ever bought, and what a later run bought instead would count beside both.

    Args:
        as_of: the date the marts hold.

    Returns:
        Overrides scored by this call, and what they saved, money.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    rows = warehouse.read(_OPEN, as_of=as_of, ordered=_ORDERED)
    review = settings.load().planning.review_period_days
    days = [scoring.window_days(max(lead, 0), review) for lead in rows["lead_time"].to_list()]
    rows = rows.with_columns(pl.Series("days", days, dtype=pl.Int64))
    rows = rows.filter(pl.col("as_of") + pl.duration(days="days") <= as_of)
    if not rows.height:
        return {"scored": 0, "saving": 0.0}
    scored = _scored(rows, as_of)
    warehouse.replace("orders.override_scores", scored, {"event_id": scored["event_id"].to_list()})
    return {"scored": scored.height, "saving": round(float(scored["saving"].sum()), 2)}


def ranking() -> dict[str, list[dict[str, Any]]]:
    """Overrides by author and by reason, most money saved first.

    Returns:
        Rows ``name, overrides, not_ordered`` (of orders that are not signed, rejected or cancelled), ``scored, better, saving,
        lost_units_avoided``.
    """
    return {
        by: warehouse.read(_LEDGER.format(by=by, stands=_STANDS), ordered=_ORDERED).to_dicts()
        for by in ("author", "reason")
    }


def _scored(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    of = _overrides(rows)
    proposed, chosen = scoring.play(of, of.proposed), scoring.play(of, of.quantity)
    counts = np.arange(of.demand.shape[1]) < of.days[:, None]
    return rows.select("event_id", "days").with_columns(
        pl.lit(as_of).alias("scored_on"),
        pl.Series("demand_units", (of.demand * counts).sum(axis=1)),
        pl.Series("lost_units_proposed", proposed.lost),
        pl.Series("lost_units", chosen.lost),
        pl.Series("mean_on_hand_proposed", proposed.mean_on_hand),
        pl.Series("mean_on_hand", chosen.mean_on_hand),
        pl.Series("cost_proposed", proposed.cost),
        pl.Series("cost", chosen.cost),
        pl.Series("saving", proposed.cost - chosen.cost),
    )


def _overrides(rows: pl.DataFrame) -> scoring.Overrides:
    total = int(rows["days"].to_numpy().max())
    span = {"first": rows["as_of"].min(), "last": rows["as_of"].max() + timedelta(days=total)}  # type: ignore[operator]
    demand = warehouse.read(_DEMAND, **span)
    receipts = warehouse.read(_RECEIPTS, **span).with_columns(is_stockout=pl.lit(value=False))
    own = rows.select("event_id", "item_id", "location_id", "po_id")
    others = receipts.join(own, on=["item_id", "location_id"], suffix="_own").filter(
        pl.col("po_id") != pl.col("po_id_own")
    )
    sold = demand.join(own, on=["item_id", "location_id"])

    def numbers(name: str) -> Floats:
        return rows[name].cast(pl.Float64).fill_null(0.0).to_numpy()

    days = rows["days"].to_numpy()
    empty = _by_day(rows, sold.with_columns(quantity=pl.col("is_stockout").cast(pl.Float64)), total) > 0
    return scoring.Overrides(
        on_hand=numbers("on_hand"),
        lead_time=np.maximum(rows["lead_time"].cast(pl.Int64).to_numpy(), 0),
        days=days,
        demand=scoring.uncensored(_by_day(rows, sold, total), empty, days),
        other=_by_day(rows, others, total),
        proposed=numbers("proposed_quantity"),
        quantity=numbers("quantity"),
        holding_cost_per_day=numbers("holding_cost_per_day"),
        shortage_cost=numbers("shortage_cost"),
        ordering_cost=numbers("ordering_cost"),
    )


def _by_day(rows: pl.DataFrame, moved: pl.DataFrame, total: int) -> Floats:
    """Quantities on the days after each override's order day, shape (N, total)."""
    table = np.zeros((rows.height, total))
    at = rows.select("event_id", "as_of").with_row_index("row")
    placed = moved.join(at, on="event_id").with_columns(day=(pl.col("day") - pl.col("as_of")).dt.total_days() - 1)
    placed = placed.filter((pl.col("day") >= 0) & (pl.col("day") < total))
    np.add.at(table, (placed["row"].to_numpy(), placed["day"].to_numpy()), placed["quantity"].to_numpy())
    return table
