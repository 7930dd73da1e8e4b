"""What a quantity would cost, before it is signed: replayed on the SKU's own past, window by window. Reads, never writes."""

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.briefing.queries import positions
from pipelines.core.errors import NotFound
from pipelines.core.inventory import Floats
from pipelines.io import warehouse
from pipelines.orders import scoring

YEAR: Final = 365
"""Days of the past that windows are taken from: all seasons."""

STEP: Final = 7
"""Days between the beginnings of two windows."""

_LINE: Final = """
select o.as_of, l.item_id, o.location_id, l.proposed_quantity, coalesce(d.on_hand, 0) as on_hand,
    coalesce(l.expected_on - o.as_of - 1, 0) as lead_time, l.unit_price,
    cast(s.holding_cost_per_day as double precision) as holding, cast(s.shortage_cost as double precision) as shortage,
    cast(s.ordering_cost as double precision) as ordering
from orders.lines l join orders.orders o using (order_id)
left join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
left join marts.dim_sku s on s.as_of = o.as_of and s.item_id = l.item_id and s.location_id = o.location_id
where l.order_id = :order_id and l.line_no = :line_no
"""

_DEMAND: Final = """
select day, cast(quantity as double precision) as quantity, is_stockout from marts.fct_daily_demand
where item_id = :item and location_id = :location and day > :first and day <= :as_of
"""


def line(order_id: str, line_no: int, quantity: float) -> dict[str, Any]:
    """The proposed quantity and another, each played from today's stock over every window of the SKU's last year.

    Args:
        order_id: the order.
        line_no: its line.
        quantity: units in place of the proposed ones.

    Returns:
        ``proposed`` and ``changed``: ``quantity``, mean ``cost`` in money, ``lost`` units and ``on_hand`` units a window, ``short`` the
        share of windows that lose units; ``difference`` of the costs (positive: the change costs more), ``low`` and ``high``, between
        which nine windows in ten lie; ``windows`` and ``days`` of each.

    Raises:
        NotFound: no such line.
    """
    found = warehouse.read(_LINE, order_id=order_id, line_no=line_no).to_dicts()
    if not found:
        raise NotFound(
            f"order {order_id} has no line {line_no}", f"`stockproof orders show {order_id}` lists its lines"
        )
    row, config = found[0], settings.load()
    days = scoring.window_days(max(row["lead_time"], 0), config.planning.review_period_days)
    demand, empty = _past(row, YEAR)
    starts = np.arange(0, YEAR - days + 1, STEP)
    windows = starts[:, None] + np.arange(days)
    count = np.full(starts.size, days, dtype=np.int64)
    of = _windows(row, scoring.uncensored(demand[windows], empty[windows], count), _coming(row, days), quantity)
    proposed, changed = scoring.play(of, of.proposed), scoring.play(of, of.quantity)
    apart = changed.cost - proposed.cost
    low, high = np.quantile(apart, [0.05, 0.95])
    return {
        "proposed": _side(row["proposed_quantity"], proposed), "changed": _side(quantity, changed), "difference": float(apart.mean()),
        "low": float(low), "high": float(high), "windows": int(starts.size), "days": days, "item_id": row["item_id"],
        "location_id": row["location_id"],
    }  # fmt: skip


def _side(quantity: float, played: scoring.Played) -> dict[str, float]:
    means = {"cost": played.cost, "lost": played.lost, "on_hand": played.mean_on_hand, "short": played.lost > 1e-9}
    return {"quantity": quantity} | {name: float(values.astype(np.float64).mean()) for name, values in means.items()}


def _past(row: dict[str, Any], days: int) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Demand and empty shelves of the last days, oldest first."""
    first = row["as_of"] - timedelta(days=days)
    rows = warehouse.read(_DEMAND, item=row["item_id"], location=row["location_id"], first=first, as_of=row["as_of"])
    at = _places(rows["day"], first)
    demand, empty = np.zeros(days), np.zeros(days, dtype=bool)
    np.add.at(demand, at, rows["quantity"].fill_null(0.0).to_numpy())
    empty[at] = rows["is_stockout"].fill_null(value=False).to_numpy()
    return demand, empty


def _places(days: pl.Series, first: date) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([(day - first).days - 1 for day in days.to_list()], dtype=np.int64)


def _coming(row: dict[str, Any], days: int) -> Floats:
    """Units that arrive on each of the next days from what is on its way; what is overdue or undated comes on the first."""
    config = settings.load()
    default = round(config.planning.default_lead_time_days) + config.planning.review_period_days
    lines = positions.dated(row["as_of"], config.purchase.late_days, default, item_id=row["item_id"])
    coming = np.zeros(days)
    for one in lines.filter(location_id=row["location_id"]).iter_rows(named=True):
        place = max((one["expected_on"] - row["as_of"]).days - 1, 0) if one["expected_on"] else 0
        if place < days:
            coming[place] += one["quantity"]
    return coming


def _windows(row: dict[str, Any], demand: Floats, coming: Floats, quantity: float) -> scoring.Overrides:
    number, days = demand.shape

    def all_of(value: float | None) -> Floats:
        return np.full(number, value or 0.0)

    return scoring.Overrides(
        on_hand=all_of(row["on_hand"]),
        lead_time=np.full(number, max(row["lead_time"], 0), dtype=np.int64),
        days=np.full(number, days, dtype=np.int64),
        demand=demand,
        other=np.tile(coming, (number, 1)),
        proposed=all_of(row["proposed_quantity"]),
        quantity=all_of(quantity),
        holding_cost_per_day=all_of(row["holding"]),
        shortage_cost=all_of(row["shortage"]),
        ordering_cost=all_of(row["ordering"]),
    )
