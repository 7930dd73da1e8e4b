"""The tables of a planner's adjustments: read for a run, written by a person, scored once the demand is known."""

from datetime import date
from typing import Any

import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.forecast.adjustments import SCHEMA
from pipelines.io import warehouse

_KNOWN = """
select a.adjustment_id, a.known_on, a.item_id, a.category, a.location_id, a.from_on, a.to_on, a.factor, a.units, a.reason, a.author
from plan.forecast_adjustments a
where a.known_on <= :as_of and a.withdraws is null
    and not exists (select 1 from plan.forecast_adjustments w where w.withdraws = a.adjustment_id and w.known_on <= :as_of)
order by a.adjustment_id
"""

_SKUS = "select item_id, location_id, category from marts.dim_sku where as_of = :as_of"

# Of each SKU the intervals that have passed whole, as the marts know their demand.
_SCORES = """
select f.as_of, f.item_id, f.location_id, f.protection_days, f.base_mean, f.mean, coalesce(d.quantity, 0) as demand, f.note,
    abs(coalesce(d.quantity, 0) - f.base_mean) - abs(coalesce(d.quantity, 0) - f.mean) as value_added
from plan.adjusted_forecasts f
cross join (select max(as_of) as known from marts.dim_sku) m
left join lateral (
    select cast(sum(q.quantity) as double precision) as quantity from marts.fct_daily_demand q
    where q.item_id = f.item_id and q.location_id = f.location_id and q.day > f.as_of and q.day <= f.as_of + f.protection_days) d on true
where f.as_of + f.protection_days <= m.known
order by f.as_of, f.location_id collate "C", f.item_id collate "C"
"""


def known(as_of: date) -> pl.DataFrame:
    """Adjustments that a run of a date knows and that were not withdrawn, oldest first: columns of SCHEMA, ``adjustment_id, known_on``."""
    found = warehouse.read(_KNOWN, as_of=as_of)
    return found.cast({name: kind for name, kind in SCHEMA.items() if name in found.columns})


def skus(as_of: date) -> pl.DataFrame:
    """``item_id, location_id, category`` of the marts' SKUs; none where they hold another date."""
    return warehouse.read(_SKUS, as_of=as_of)


def scores() -> list[dict[str, Any]]:
    """Value added by adjustments: how much nearer than the forecast before they came to the demand, units; negative is farther."""
    return warehouse.read(_SCORES).to_dicts()


def add(rows: list[dict[str, Any]]) -> list[int]:
    """Append rows of plan.forecast_adjustments in one transaction.

    Returns:
        Their numbers.
    """
    import sqlalchemy as sa

    statement = sa.text(
        "insert into plan.forecast_adjustments (known_on, item_id, category, location_id, from_on, to_on, factor, units, reason, author, "
        "withdraws) values (:known_on, :item_id, :category, :location_id, :from_on, :to_on, :factor, :units, :reason, :author, :withdraws) "
        "returning adjustment_id"
    )
    blank = dict.fromkeys((*SCHEMA, "known_on", "withdraws"))
    with warehouse.transaction() as connection:
        return [int(connection.execute(statement, blank | row).scalar_one()) for row in rows]


def newest_day() -> date:
    """The date of the marts.

    Raises:
        StockproofError: there are none yet.
    """
    there = warehouse.exists("marts.dim_sku")
    found = warehouse.read("select max(as_of) as day from marts.dim_sku")["day"][0] if there else None
    if not isinstance(found, date):
        raise StockproofError("there are no marts yet", "`stockproof run daily` builds them")
    return found
