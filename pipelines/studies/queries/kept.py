"""Answers about studies, and what a study reads of the marts; never writes."""

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.engine.kernel import EMPTY
from pipelines.io import warehouse
from pipelines.replay.retrained import Late, Sold
from pipelines.replay.tables import KEY, ORDER
from pipelines.replay.window import positions
from pipelines.studies import tables

_SILENT = f"""status = 'running' and exists (select 1 from ops.study_chunks as task where task.simulation_id = ops.studies.simulation_id
    and task.heartbeat_at < now() - make_interval(secs => {tables.SILENT_SECONDS}))"""

_STATUS = f"""case when {_SILENT} then 'failed' else status end as status,
    case when {_SILENT} then 'its process was killed: it gives no sign of life' else message end as message"""
"""A study whose process was killed cannot say so itself."""

_STATE = f"""select cast(simulation_id as text) as simulation_id, {_STATUS}, stage, progress, items_total, days_total, item_days_total
from ops.studies where simulation_id = cast(:id as uuid)"""


_CATALOGUE = f"""
select item_id, location_id, coalesce(category, 'none') as category, coalesce(supplier_id, 'none') as supplier_id,
    coalesce(demand_class, 'none') as demand_class, coalesce(abc_class, 'none') as abc_class,
    cast(annual_sales_value as double precision) as annual_sales_value, cast(lead_time_days as double precision) as lead_time_days,
    cast(coalesce(unit_price, 0) as double precision) as unit_price, coalesce(has_own_costs, false) as has_own_costs,
    cast(shortage_cost as double precision) as shortage_cost, cast(holding_cost_per_day as double precision) as holding_cost_per_day
from marts.dim_sku where as_of = :as_of order by {ORDER}"""

_ONE = f"""select cast(simulation_id as text) as simulation_id, {_STATUS}, as_of, start_date, end_date, progress, name, author,
    array_to_string(tags, ',') as tags, stage, items_total, days_total, item_days_total, cast(created_at as text) as created_at,
    cast(started_at as text) as started_at, cast(finished_at as text) as finished_at, cast(question as text) as question,
    cast(parameters as text) as parameters, cast(result as text) as result from ops.studies """

_SOLD = """
select item_id, location_id, (cast(:last as date) - day) / :days as back, sum(cast(quantity as double precision)) as quantity,
    count(*) filter (where is_stockout) as stockout_days, sum(cast(quantity as double precision)) filter (where is_stockout) as held
from marts.fct_daily_demand where day between :since and :last group by 1, 2, 3"""

# Stockout days without a count of their own, and the counts of their SKUs: which days were shown only by a later count?
_UNCOUNTED = """
select d.item_id, d.location_id, d.day, cast(d.quantity as double precision) as quantity from marts.fct_daily_demand d
where d.is_stockout and d.day between :since and :last and not exists (
    select 1 from marts.fct_stock s where s.item_id = d.item_id and s.location_id = d.location_id and s.counted_on = d.day)"""

_COUNTS = f"""
with uncounted as ({_UNCOUNTED})
select item_id, location_id, counted_on, cast(on_hand as double precision) as on_hand from marts.fct_stock
where (item_id, location_id) in (select item_id, location_id from uncounted)"""

_DAYS = """
select variant, policy, {day} as day, max(skus) as skus, avg(stock_value) as stock_value, sum(sold_units) as sold_units,
    sum(lost_units) as lost_units, sum(stockout_skus) as stockout_item_days
from (select variant, policy, day, sum(skus) as skus, sum(stock_value) as stock_value, sum(sold_units) as sold_units,
    sum(lost_units) as lost_units, sum(stockout_skus) as stockout_skus from plan.study_days
    where simulation_id = cast(:id as uuid) group by variant, policy, day) as whole
group by variant, policy, {day} order by {day}, variant, policy"""


def marts_date() -> date:
    """The date whose state the marts hold.

    Raises:
        StockproofError: they hold none.
    """
    held = warehouse.read("select max(as_of) as as_of from marts.dim_sku")["as_of"]
    if not len(held) or held[0] is None:
        raise StockproofError("marts.dim_sku is empty: there is no past to replay", "run `stockproof run daily` first")
    newest: date = held[0]
    return newest


def catalogue(as_of: date) -> pl.DataFrame:
    """SKUs with what a sample is drawn by, in order."""
    return warehouse.read(_CATALOGUE, as_of=as_of)


def sold(as_of: date, last: date, since: date, days: int) -> Sold:
    """Sales of the whole catalogue in periods of ``days`` that end on ``last``; SKUs in the order of :func:`catalogue`.

    Args:
        as_of: date of the marts.
        last: last day of the newest period.
        since: first day read.
        days: length of a period.

    Returns:
        The catalogue's sales.
    """
    skus = catalogue(as_of).with_row_index("sku")
    rows = warehouse.read(_SOLD, last=last, since=since, days=days).join(skus, on=["item_id", "location_id"])
    shape = skus.height, max(((last - since).days + 1) // days, 1)
    inside = rows.filter(pl.col("back") < shape[1])
    at = inside["sku"].to_numpy(), shape[1] - 1 - inside["back"].to_numpy()
    quantity, closed, held = np.zeros((3, *shape))
    quantity[at], closed[at] = inside["quantity"].to_numpy(), inside["stockout_days"].to_numpy() / days
    held[at] = inside["held"].fill_null(0.0).to_numpy()
    group, place = (np.unique(skus[name].to_numpy(), return_inverse=True)[1] for name in ("category", "location_id"))
    uncounted, counts = (warehouse.read(query, since=since, last=last) for query in (_UNCOUNTED, _COUNTS))
    return Sold(quantity, closed, held, last, days, group, place, late(skus, uncounted, counts, last, days, shape[1]))


def late(
    skus: pl.DataFrame, uncounted: pl.DataFrame, counts: pl.DataFrame, last: date, days: int, periods: int
) -> Late:
    """Stockout days that only a count of a later period showed: the count before them had found stock.

    Args:
        skus: ``sku, item_id, location_id``.
        uncounted: stockout days without a count, ``item_id, location_id, day, quantity``.
        counts: of their SKUs, ``item_id, location_id, counted_on, on_hand``.
        last: last day of the newest period.
        days: length of a period.
        periods: number of periods.

    Returns:
        The days.
    """
    keys = ["item_id", "location_id"]
    rows, counted = uncounted.join(skus.select("sku", *keys), on=keys).sort("day"), counts.sort("counted_on")
    rows = rows.join_asof(counted, left_on="day", right_on="counted_on", by=keys, check_sortedness=False)
    rows = rows.filter(pl.col("on_hand") > EMPTY)  # after an empty count a day was known for what it was
    shown = counted.select(*keys, shown_on="counted_on")
    rows = rows.join_asof(
        shown, left_on="day", right_on="shown_on", by=keys, strategy="forward", check_sortedness=False
    ).drop_nulls("shown_on")
    day, count = (periods - 1 - positions(rows[name], last) // -days for name in ("day", "shown_on"))
    later = (count > day) & (day >= 0)
    sku = rows["sku"].to_numpy().astype(np.int64)
    return Late(sku[later], day[later], count[later], rows["quantity"].to_numpy()[later])


def forecasts(number: str, skus: pl.DataFrame) -> Floats | None:
    """The forecasts kept for these SKUs, in their order; None where the study has none."""
    kept = warehouse.read("select * from plan.study_forecasts where simulation_id = cast(:id as uuid)", id=number)
    if not kept.height:
        return None
    rows = skus.select(KEY).join(kept, on=KEY, how="left", maintain_order="left")
    shape = rows["periods"][0], rows["horizon"][0]
    return np.stack([np.frombuffer(one).reshape(shape) for one in rows["means"]])


def found(given: str) -> dict[str, Any]:
    """One study by its id or the beginning of it; ``last`` is the newest.

    Raises:
        StockproofError: there is none, or several.
    """
    if given == "last":
        rows = warehouse.read(_ONE + "order by created_at desc limit 1")
    else:
        start_of = given.replace("%", "").replace("_", "")
        rows = warehouse.read(_ONE + "where cast(simulation_id as text) like :start || '%'", start=start_of)
    if rows.height != 1:
        many = "no study" if not rows.height else f"{rows.height} studies"
        raise StockproofError(f"{many} found for {given!r}", "`stockproof study list` names them")
    row = rows.row(0, named=True)
    parsed = {name: json.loads(row[name]) if row[name] else None for name in ("question", "parameters", "result")}
    return {**row, **parsed, "tags": [tag for tag in row["tags"].split(",") if tag]}


def listed(status: str = "", tag: str = "", limit: int = 1000) -> pl.DataFrame:
    """Studies, the newest first."""
    return warehouse.read(
        f"""select * from (select cast(simulation_id as text) as simulation_id, {_STATUS}, name, author, array_to_string(tags, ',') as tags,
        cast(created_at as text) as created_at, start_date, end_date, progress, stage, cast(parameters as text) as parameters
        from ops.studies where :tag = '' or :tag = any(tags)) as known where :status = '' or status = :status
        order by created_at desc, simulation_id limit :limit""",
        status=status,
        tag=tag,
        limit=limit,
    )


def items(number: str) -> pl.DataFrame:
    """The rows of a study by SKU, variant and policy."""
    query = f"select * from plan.study_items where simulation_id = cast(:id as uuid) order by {ORDER}, variant, policy"
    return warehouse.read(query, id=number).drop("simulation_id")


def failing(number: str) -> pl.DataFrame:
    """SKUs of a study whose books do not add up: key, kind, stratum, weight."""
    query = f"""select item_id, location_id, kind, stratum, weight from plan.study_failing
    where simulation_id = cast(:id as uuid) order by {ORDER}"""
    return warehouse.read(query, id=number)


def days(number: str, by: str) -> pl.DataFrame:
    """Sums of a study by day, week or month, variant and policy."""
    day = "day" if by == "day" else f"cast(date_trunc('{'week' if by == 'week' else 'month'}', day) as date)"
    return warehouse.read(_DAYS.format(day=day), id=number)


def state(number: str) -> dict[str, Any]:
    """How far a study is: status, stage, progress, items and item-days of the whole, message.

    A running study whose process was killed counts as failed.
    """
    rows = warehouse.read(_STATE, id=number)
    if not rows.height:
        raise StockproofError(f"no study {number}", "`stockproof study list` names them")
    return rows.row(0, named=True)


def busy(number: str) -> int:
    """Tasks of a study that give signs of life."""
    query = """select count(*) as tasks from ops.study_chunks
    where simulation_id = cast(:id as uuid) and heartbeat_at is not null"""
    return int(warehouse.read(query, id=number)["tasks"][0])
