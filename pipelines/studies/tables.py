"""Where studies are kept: ops.studies, plan.study_items, plan.study_days."""

import json
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.engine.kernel import EMPTY
from pipelines.io import warehouse
from pipelines.replay.retrained import Late, Sold
from pipelines.replay.tables import ORDER
from pipelines.replay.window import positions

RUNNING, DONE, CANCELLED, FAILED = "running", "completed", "cancelled", "failed"

_CATALOGUE = f"""
select item_id, location_id, coalesce(category, 'none') as category, coalesce(supplier_id, 'none') as supplier_id, demand_class, abc_class,
    cast(annual_sales_value as double precision) as annual_sales_value, cast(lead_time_days as double precision) as lead_time_days
from marts.dim_sku where as_of = :as_of order by {ORDER}"""

_SOLD = """
select item_id, location_id, (cast(:last as date) - day) / :days as back, sum(cast(quantity as double precision)) as quantity,
    count(*) filter (where is_stockout) as stockout_days, sum(cast(quantity as double precision)) filter (where is_stockout) as held
from marts.fct_daily_demand where day between :since and :last group by 1, 2, 3"""

# Stockout days without a count of their own, and the counts of their SKUs: which of them told of a day only afterwards?
_UNCOUNTED = """
select d.item_id, d.location_id, d.day, cast(d.quantity as double precision) as quantity from marts.fct_daily_demand d
where d.is_stockout and d.day between :since and :last and not exists (
    select 1 from marts.fct_stock s where s.item_id = d.item_id and s.location_id = d.location_id and s.counted_on = d.day)"""

_COUNTS = f"""
with uncounted as ({_UNCOUNTED})
select item_id, location_id, counted_on, cast(on_hand as double precision) as on_hand from marts.fct_stock
where (item_id, location_id) in (select item_id, location_id from uncounted)"""

_DAYS = """
select policy, {day} as day, max(skus) as skus, avg(stock_value) as stock_value, sum(sold_units) as sold_units,
    sum(lost_units) as lost_units, sum(stockout_skus) as stockout_item_days
from plan.study_days where simulation_id = cast(:id as uuid) group by policy, {day} order by {day}, policy"""


def marts_date() -> date:
    """The date whose state the marts hold.

    Raises:
        StockproofError: they hold none.
    """
    held = warehouse.read("select max(as_of) as as_of from marts.dim_sku")["as_of"]
    if not len(held) or held[0] is None:
        raise StockproofError("marts.dim_sku is empty: there is no past to replay", "run `stockproof run daily` first")
    found: date = held[0]
    return found


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
    """Stockout days that a count of a later period told of: the count before them had found stock.

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
    rows, told = uncounted.join(skus.select("sku", *keys), on=keys).sort("day"), counts.sort("counted_on")
    rows = rows.join_asof(told, left_on="day", right_on="counted_on", by=keys, check_sortedness=False)
    rows = rows.filter(pl.col("on_hand") > EMPTY)  # after an empty count a day was known for what it was
    found = told.select(*keys, told_on="counted_on")
    rows = rows.join_asof(
        found, left_on="day", right_on="told_on", by=keys, strategy="forward", check_sortedness=False
    ).drop_nulls("told_on")
    day, count = (periods - 1 - positions(rows[name], last) // -days for name in ("day", "told_on"))
    later = (count > day) & (day >= 0)
    sku = rows["sku"].to_numpy().astype(np.int64)
    return Late(sku[later], day[later], count[later], rows["quantity"].to_numpy()[later])


def start(as_of: date, first: date, last: date, parameters: dict[str, Any]) -> str:
    """Record that a study runs; returns its id."""
    number = str(uuid.uuid4())
    warehouse.execute(
        """insert into ops.studies (simulation_id, status, as_of, start_date, end_date, parameters)
        values (cast(:id as uuid), :status, :as_of, :first, :last, cast(:parameters as jsonb))""",
        id=number, status=RUNNING, as_of=as_of, first=first, last=last, parameters=json.dumps(parameters),
    )  # fmt: skip
    return number


def progress(number: str, share: float) -> bool:
    """Record how far a study is; False where it was cancelled meanwhile."""
    changed = warehouse.execute(
        "update ops.studies set progress = :share where simulation_id = cast(:id as uuid) and status = :running",
        share=share, id=number, running=RUNNING,
    )  # fmt: skip
    return changed == 1


def finish(number: str, status: str, message: str = "", result: dict[str, Any] | None = None) -> None:
    """Close a study that still runs."""
    warehouse.execute(
        """update ops.studies set status = :status, message = :message, result = cast(:result as jsonb), finished_at = now(),
        progress = case when :status = 'completed' then 1 else progress end
        where simulation_id = cast(:id as uuid) and status = 'running'""",
        status=status, message=message, result=json.dumps(result) if result else None, id=number,
    )  # fmt: skip


def write(number: str, items: pl.DataFrame, days: pl.DataFrame) -> None:
    """Keep the rows of a study."""
    for table, frame in (("plan.study_items", items), ("plan.study_days", days)):
        stamped = frame.select(pl.lit(number).alias("simulation_id"), pl.all())
        with warehouse.adbc() as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("kept", stamped.to_arrow(), mode="create", temporary=True)
            names = ", ".join(stamped.columns)
            values = names.replace("simulation_id", "cast(simulation_id as uuid)")
            cursor.execute(f"insert into {table} ({names}) select {values} from kept")


def listed() -> pl.DataFrame:
    """All studies, the newest first."""
    return warehouse.read(
        """select cast(simulation_id as text) as simulation_id, status, cast(created_at as text) as created_at, start_date, end_date,
        progress, cast(parameters as text) as parameters, message from ops.studies order by created_at desc, simulation_id"""
    )


def found(given: str) -> dict[str, Any]:
    """One study by its id or the beginning of it; ``last`` is the newest.

    Raises:
        StockproofError: there is none, or several.
    """
    query = """select cast(simulation_id as text) as simulation_id, status, as_of, start_date, end_date, progress, message,
        cast(parameters as text) as parameters, cast(result as text) as result from ops.studies """
    if given == "last":
        rows = warehouse.read(query + "order by created_at desc limit 1")
    else:
        rows = warehouse.read(
            query + "where cast(simulation_id as text) like :start || '%'", start=given.replace("%", "")
        )
    if rows.height != 1:
        many = "no study" if not rows.height else f"{rows.height} studies"
        raise StockproofError(f"{many} found for {given!r}", "`stockproof study list` names them")
    row = rows.row(0, named=True)
    return {
        **row,
        "parameters": json.loads(row["parameters"]),
        "result": json.loads(row["result"]) if row["result"] else None,
    }


def items(number: str) -> pl.DataFrame:
    """The rows of a study by SKU and policy."""
    query = f"select * from plan.study_items where simulation_id = cast(:id as uuid) order by {ORDER}, policy"
    return warehouse.read(query, id=number).drop("simulation_id")


def days(number: str, by: str) -> list[dict[str, Any]]:
    """Sums of a study by day, week or month."""
    day = "day" if by == "day" else f"cast(date_trunc('{'week' if by == 'week' else 'month'}', day) as date)"
    return warehouse.read(_DAYS.format(day=day), id=number).to_dicts()


def cancel(number: str) -> bool:
    """Mark a running study as cancelled; it stops at its next step. False where it does not run."""
    changed = warehouse.execute(
        """update ops.studies set status = 'cancelled', finished_at = now()
        where simulation_id = cast(:id as uuid) and status = 'running'""",
        id=number,
    )
    return changed == 1


def prune(keep: int, only: Sequence[str] = ()) -> int:
    """Delete all but the newest studies, or those named; running ones stay.

    Args:
        keep: how many of the newest stay.
        only: ids to delete instead.

    Returns:
        Number of studies deleted.
    """
    if only:
        return sum(
            warehouse.execute(
                "delete from ops.studies where simulation_id = cast(:id as uuid) and status <> 'running'", id=number
            )
            for number in only
        )
    return warehouse.execute(
        """delete from ops.studies where status <> 'running' and simulation_id not in
        (select simulation_id from ops.studies order by created_at desc, simulation_id limit :keep)""",
        keep=keep,
    )
