"""Answers about forecasts; never writes."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pipelines.core.errors import NotFound
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse

_DETAIL: Final = """
select d.as_of, d.item_id, d.location_id, d.method, d.model_version, d.reason, d.demand_class, d.protection_days, d.mean,
    d.confidence_level, d.low, d.high, d.on_hand, d.due, d.inventory_position, d.stockout_probability, d.drivers
from plan.forecast_detail d
where d.as_of = :as_of and d.item_id = any(:items) and (:location = '' or d.location_id = :location)
order by d.item_id, d.location_id
"""

_BUCKETS: Final = f"""
select f.item_id, f.location_id, f.horizon, f.bucket_on, f.mean, {", ".join(f"f.{name}" for name in COLUMNS)}
from plan.forecasts f
where f.as_of = :as_of and f.item_id = any(:items) and (:location = '' or f.location_id = :location) and f.horizon <= :periods
order by f.item_id, f.location_id, f.horizon
"""

_NEWEST: Final = (
    "select max(as_of) as day from plan.forecast_detail where cast(:as_of as date) is null or as_of = :as_of"
)

_METHODS: Final = """
select method, model_version, demand_class,
    cast(count(*) as int) as skus, sum(mean) as mean, avg(stockout_probability) as stockout_probability
from plan.forecast_detail where as_of = :as_of group by method, model_version, demand_class order by skus desc
"""

_DUE: Final = """
select coalesce(s.category, 'none') as category,
    cast(count(*) as int) as forecasts, avg(abs(f.mean - d.quantity)) as mean_absolute_error,
    sum(f.mean - d.quantity) / nullif(sum(d.quantity), 0) as bias,
    sum(abs(f.mean - d.quantity)) / nullif(sum(d.quantity), 0) as weighted_error,
    avg(abs(f.mean - d.quantity) / d.quantity) filter (where d.quantity > 0) as mean_absolute_percentage_error
from plan.forecasts f
join marts.dim_sku s on s.item_id = f.item_id and s.location_id = f.location_id
join (select item_id, location_id, day, cast(quantity as double precision) as quantity from marts.fct_daily_demand) d
    on d.item_id = f.item_id and d.location_id = f.location_id and d.day = f.bucket_on
where f.as_of between :since and :as_of group by 1 order by 1
"""


def newest(as_of: date | None = None) -> date:
    """The date of the forecasts asked for, or the newest.

    Raises:
        NotFound: there are none of it.
    """
    found: date | None = warehouse.row(_NEWEST, as_of=as_of)["day"]
    if found is None:
        raise NotFound(f"there are no forecasts{f' of {as_of}' if as_of else ' yet'}", "stockproof run daily")
    return found


def of_items(items: Sequence[str], as_of: date, *, location_id: str = "", periods: int = 12) -> list[dict[str, Any]]:
    """Forecasts of items, one document a location.

    Args:
        items: their ids; one that is not forecast is left out.
        as_of: the run's date.
        location_id: at this location alone; empty: at all.
        periods: most buckets.

    Returns:
        Documents with the forecast over lead time and review period, and ``buckets``: mean and quantiles of each.
    """
    values = {"as_of": as_of, "items": list(items), "location": location_id}
    documents = warehouse.rows(_DETAIL, **values)
    buckets: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in warehouse.rows(_BUCKETS, periods=periods, **values):
        buckets.setdefault((row.pop("item_id"), row.pop("location_id")), []).append(row)
    return [one | {"buckets": buckets.get((one["item_id"], one["location_id"]), [])} for one in documents]


def of_item(item_id: str, as_of: date, *, location_id: str = "", periods: int = 12) -> list[dict[str, Any]]:
    """Forecasts of one item, one document a location.

    Raises:
        NotFound: the run has forecast no such item or location.
    """
    found = of_items([item_id], as_of, location_id=location_id, periods=periods)
    if not found:
        where = f" at {location_id}" if location_id else ""
        raise NotFound(f"the run of {as_of} has no forecast of item {item_id}{where}", "see the item's id in the ERP")
    return found


def performance(as_of: date, since: date) -> dict[str, Any]:
    """Which methods forecast how many SKUs, and how forecasts of earlier runs that came due compare with demand, by category.

    Args:
        as_of: newest run counted.
        since: oldest run counted.
    """
    return {
        "as_of": as_of,
        "since": since,
        "methods": warehouse.rows(_METHODS, as_of=as_of),
        "due": warehouse.rows(_DUE, as_of=as_of, since=since),
    }
