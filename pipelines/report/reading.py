"""What the report reads from the warehouse, as frames. The only part of the stage that knows tables."""

import json
from datetime import date, timedelta

from pipelines.briefing import tables as failed_steps
from pipelines.briefing.queries import day_notices, ordered_lines
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS
from pipelines.io import quarantine, warehouse
from pipelines.report.tables import ForecastTables, Tables

HISTORY_DAYS = 120
"""History drawn before a forecast example, days."""


_SKUS = """
    select k.item_id, k.location_id, k.item_name, k.category, k.supplier_id, coalesce(s.supplier_name, k.supplier_id) as supplier_name,
        k.demand_class, k.abc_class, k.is_active, cast(k.unit_cost as double precision) as unit_cost, k.counted_on,
        cast(k.mean_demand as double precision) as mean_demand, cast(k.reorder_point as double precision) as reorder_point,
        k.last_demand_on, k.has_supplier
    from marts.dim_sku k left join marts.dim_supplier s on s.supplier_id = k.supplier_id
    order by k.location_id, k.item_id"""
_DECISIONS = "select * from plan.decisions where as_of = :as_of order by location_id, item_id"
_REPLAYS = "select * from plan.replays where as_of = :as_of order by location_id, item_id, policy"
_REPLAY_DAYS = """
    select policy, day, cast(sum(skus) as bigint) as skus, sum(stock_value) as stock_value, sum(sold_units) as sold_units,
        sum(lost_units) as lost_units, cast(sum(stockout_skus) as bigint) as stockout_skus
    from plan.replay_days where as_of = :as_of group by policy, day order by policy, day"""
_OPEN_ORDERS = """
    select po_id, cast(line_no as bigint) as line_no, item_id, location_id, expected_on,
        cast(quantity_open as double precision) as quantity_open, cast(days_late as bigint) as days_late
    from marts.fct_open_orders order by location_id, item_id, expected_on, po_id, line_no"""
_QUARANTINED = """
    select table_name, rule, count(*) as rows, min(row_key) as example, min(remedy) as remedy
    from quarantine.rows where as_of = :as_of group by table_name, rule order by table_name, rule"""
# Of each rule the rows that stand out most; those without a measure in their own order.
_REVIEW = """
    select table_name, rule, row_key, details, remedy, rows from (
        select table_name, rule, row_key, cast(details as text) as details, remedy, count(*) over (partition by table_name, rule) as rows,
            row_number() over (partition by table_name, rule
                order by cast(details ->> 'sigma' as double precision) desc nulls last, row_key, row_id) as place
        from quarantine.review where as_of = :as_of) r
    where place <= 15 order by table_name, rule, place"""
_GATES = """
    select boundary, table_name, rule, severity, bad_rows, passed, message from ops.gates
    where as_of = :as_of order by passed, boundary, table_name, rule"""
_METHODS = """
    select method, model_version, count(*) as skus from plan.lead_time_forecasts
    where as_of = :as_of group by method, model_version order by 3 desc, 1, 2"""
_PROOF = {
    "choices": """
        select c.item_id, c.location_id, c.choice, c.basis, c.saving_low, c.guard_days,
            cast(k.lead_time_days as double precision) as lead_time_days
        from plan.choices c left join marts.dim_sku k using (item_id, location_id) where c.as_of = :as_of""",
    "bounds": "select * from plan.replay_bounds where as_of = :as_of order by location_id, item_id, policy",
    # Sales that a data rule set aside moved the stock all the same.
    "calibration": """
        select c.*, q.aside from plan.calibration c left join (
            select item_id, location_id, sum(quantity) as aside from (
                select distinct on (row_id) details ->> 'item_id' as item_id, details ->> 'location_id' as location_id,
                    cast(details ->> 'quantity' as double precision) as quantity
                from quarantine.rows where as_of = :as_of and table_name = 'sales' order by row_id) s
            group by item_id, location_id) q using (item_id, location_id)
        where c.as_of = :as_of order by c.location_id, c.item_id""",
    "audit": "select item_id, location_id, target, windows, covered, covered_seen, expected from plan.service_audit where as_of = :as_of",
}
_POLICIES = """
    select policy, level, count(*) as skus from plan.policies where as_of = :as_of group by policy, level order by 3 desc, 1, 2"""


def read(as_of: date) -> Tables:
    """Read the tables of one run.

    Args:
        as_of: the run's as-of date.

    Returns:
        The frames.

    Raises:
        StockproofError: the run has no decisions, or the marts hold another date.
    """
    _refuse_other_date(as_of)
    found = quarantine.counts(as_of)
    return Tables(
        as_of=as_of,
        skus=warehouse.read(_SKUS),
        decisions=warehouse.read(_DECISIONS, as_of=as_of),
        ordered=ordered_lines.read(as_of),
        replays=warehouse.read(_REPLAYS, as_of=as_of),
        replay_days=warehouse.read(_REPLAY_DAYS, as_of=as_of),
        open_orders=warehouse.read(_OPEN_ORDERS),
        quarantined=warehouse.read(_QUARANTINED, as_of=as_of),
        review=warehouse.read(_REVIEW, as_of=as_of),
        gates=warehouse.read(_GATES, as_of=as_of),
        methods=warehouse.read(_METHODS, as_of=as_of),
        policies=warehouse.read(_POLICIES, as_of=as_of),
        set_aside=found["quarantined"],
        to_review=found["review"],
        receipts=int(warehouse.read("select count(*) as n from marts.fct_receipts")["n"][0]),
        degraded=failed_steps.degraded(as_of),
        notices=tuple(day_notices.of_day(as_of)),
        suppliers=warehouse.read("select supplier_id, supplier_name from marts.dim_supplier order by supplier_id"),
        **{name: warehouse.read(query, as_of=as_of) for name, query in _PROOF.items()},
    )


def read_forecasts(as_of: date, skus: list[tuple[str, str]]) -> ForecastTables:
    """Read history and forecast of a few SKUs.

    Args:
        as_of: the run's as-of date.
        skus: (item_id, location_id) of each.

    Returns:
        The frames, ordered by SKU and date.
    """
    keys = json.dumps([{"item_id": item, "location_id": location} for item, location in skus])
    wanted = "join jsonb_to_recordset(cast(:keys as jsonb)) as k(item_id text, location_id text) using (item_id, location_id)"
    quantiles = ", ".join(COLUMNS)
    return ForecastTables(
        demand=warehouse.read(
            f"""select item_id, location_id, bucket_on, cast(quantity as double precision) as quantity, is_stockout
            from marts.fct_demand {wanted} where bucket_on > :since order by location_id, item_id, bucket_on""",
            keys=keys,
            since=as_of - timedelta(days=HISTORY_DAYS),
        ),
        forecasts=warehouse.read(
            f"""select item_id, location_id, bucket_on, mean, {quantiles} from plan.forecasts {wanted}
            where as_of = :as_of order by location_id, item_id, horizon""",
            keys=keys,
            as_of=as_of,
        ),
    )


def newest() -> date:
    """As-of date of the newest run that decided anything.

    Raises:
        StockproofError: there is none.
    """
    remedy = "run `stockproof run daily --as-of D` first"
    if not warehouse.exists("plan.decisions"):
        raise StockproofError("there is no run to report on: the table plan.decisions does not exist", remedy)
    found: date | None = warehouse.read("select max(as_of) as as_of from plan.decisions")["as_of"][0]
    if found is None:
        raise StockproofError("there is no run to report on: plan.decisions is empty", remedy)
    return found


def _refuse_other_date(as_of: date) -> None:
    remedy = f"run `stockproof run daily --as-of {as_of}` first"
    if (
        not warehouse.exists("plan.decisions")
        or not warehouse.read("select 1 as one from plan.decisions where as_of = :as_of limit 1", as_of=as_of).height
    ):
        raise StockproofError(
            f"there is nothing to report on {as_of}: plan.decisions holds no row of that date", remedy
        )
    if not warehouse.exists("marts.dim_sku"):
        raise StockproofError("marts.dim_sku does not exist: dbt has not built the marts", remedy)
    held = warehouse.read("select as_of from marts.dim_sku limit 1")
    if not held.height or held["as_of"][0] != as_of:
        there = f"the state of {held['as_of'][0]}" if held.height else "no row"
        earlier = warehouse.read("select path from plan.reports where as_of = :as_of", as_of=as_of)
        written = f"; the report written then is {earlier['path'][0]}" if earlier.height else ""
        raise StockproofError(
            f"the marts hold {there}, not of {as_of}", f"run `stockproof run daily --as-of {as_of}` again{written}"
        )
