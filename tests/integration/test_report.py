"""The report job on a real PostgreSQL, from tables as dbt and the stages leave them."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer import Typer
from typer.testing import CliRunner

from pipelines.briefing.queries import last_run
from pipelines.commands.report import report
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from pipelines.report import job, reading
from tests.unit.report import synthetic

pytestmark = pytest.mark.servers
AS_OF = synthetic.AS_OF
OTHER = AS_OF - timedelta(days=7)


@pytest.fixture(scope="module", autouse=True)
def filled(warehouse_url: str) -> None:
    tables, forecasts = synthetic.run(24)
    _marts(tables, forecasts)
    _plan(tables, forecasts)
    warehouse.execute(
        "insert into quarantine.rows select cast(:d as date), 'sales', n, 'item_known', 'sale_id=' || n, '{}', 'add the item' "
        "from generate_series(1, 3) n",
        d=AS_OF,
    )
    # A row that breaks a second rule; and rows of a table that raw does not number: each rule numbers those it finds again.
    broken = [("sales", 1, "other_rule", "sale_id=1"), ("forecasts", 1, "one", "A/W"), ("forecasts", 1, "two", "B/W")]
    for table, row_id, rule, key in [*broken, ("forecasts", 2, "two", "A/W")]:
        values = {"table": table, "row": row_id, "rule": rule, "key": key}
        warehouse.execute(
            "insert into quarantine.rows values (:d, :table, :row, :rule, :key, '{}', '')", d=AS_OF, **values
        )
    warehouse.execute(
        "insert into quarantine.review values (:d, 'sales', 9, 'spike', 'sale_id=9', cast(:x as jsonb), '')",
        d=AS_OF,
        x='{"quantity": 800}',
    )
    warehouse.execute("insert into ops.gates values (:d, 'sources', 'fresh', 'sales', 'warning', 0, true, '')", d=AS_OF)


def _create(name: str, frame: pl.DataFrame) -> None:
    kinds = {
        pl.String: "text",
        pl.Float64: "double precision",
        pl.Int64: "bigint",
        pl.Int32: "bigint",
        pl.Date: "date",
        pl.Boolean: "boolean",
    }
    columns = ", ".join(f"{column} {kinds[kind.base_type()]}" for column, kind in frame.schema.items())
    warehouse.execute("create schema if not exists marts")
    warehouse.execute(f"create table {name} ({columns})")
    warehouse.replace(name, frame, {})


def _marts(tables: reading.Tables, forecasts: reading.ForecastTables) -> None:
    stamp = pl.lit(AS_OF).alias("as_of")
    never = pl.lit(None, pl.Date)
    skus = tables.skus.drop("supplier_name").with_columns(
        stamp, lead_time_days=pl.lit(7.0), first_demand_on=never, books_from=never
    )
    _create("marts.dim_sku", skus)
    items = skus.select("as_of", "item_id", created_on=pl.lit(None, pl.Date), discontinued_on=pl.lit(None, pl.Date))
    _create("marts.dim_item", items.unique("item_id"))
    _create("marts.dim_supplier", tables.skus.select("supplier_id", "supplier_name").unique().with_columns(stamp))
    _create("marts.fct_open_orders", tables.open_orders.with_columns(stamp))
    _create("marts.fct_receipts", tables.open_orders.select("po_id", "item_id", "location_id").with_columns(stamp))
    _create("marts.fct_stock", skus.select("item_id", "location_id", "counted_on").with_columns(stamp))
    _create("marts.fct_demand", forecasts.demand.with_columns(stamp))


def _put(table: str, frame: pl.DataFrame) -> None:
    """Write a frame into a table of migration 0001, whose integers are int4 unless they count many rows."""
    small = pl.col("^(days|.*_days|orders|chunk|skus|stockout_skus|horizon)$")
    warehouse.replace(table, frame.with_columns(small.cast(pl.Int32)), {"as_of": frame["as_of"][0]})


def _plan(tables: reading.Tables, forecasts: reading.ForecastTables) -> None:
    keys = pl.lit(AS_OF).alias("as_of")
    _put("plan.decisions", tables.decisions)
    _put("plan.replays", tables.replays)
    # Two chunks, so that the sum over chunks is tested too.
    half = tables.replay_days.with_columns(
        pl.col("skus", "stockout_skus") // 2, pl.col("stock_value", "sold_units", "lost_units") / 2
    )
    chunks = pl.concat([half.with_columns(keys, chunk=pl.lit(c)) for c in (0, 1)])
    _put("plan.replay_days", chunks)
    _put(
        "plan.forecasts", forecasts.forecasts.with_columns(keys, horizon=(pl.col("bucket_on") - AS_OF).dt.total_days())
    )
    policy = tables.decisions.select(
        "as_of", "item_id", "location_id", "policy", "level", "reorder_point", "order_up_to", safety_stock=pl.lit(1.0),
        service_target=pl.lit(0.95), protection_days=pl.lit(12), reason=pl.lit(""),
    )  # fmt: skip
    _put("plan.policies", policy)
    lead = policy.select(
        "as_of",
        "item_id",
        "location_id",
        "protection_days",
        "reason",
        method=pl.lit("lightgbm"),
        model_version=pl.lit("3"),
    )
    lead = lead.with_columns(mean=pl.lit(5.0), std=pl.lit(2.0), **{c: pl.lit(5.0) for c in COLUMNS})
    _put("plan.lead_time_forecasts", lead)


def test_the_job_writes_the_same_file_twice_and_its_row() -> None:
    result = job.run(AS_OF)
    path = Path(str(result["path"]))
    first = path.read_bytes()
    assert path.name == "stockproof-2026-06-28.html" and b"lightgbm (3): 24 SKUs" in first
    assert job.run(AS_OF) == result and path.read_bytes() == first
    stored = warehouse.read("select path, cast(summary as text) as summary from plan.reports where as_of = :d", d=AS_OF)
    assert stored["path"].to_list() == [str(path)]
    summary = json.loads(stored["summary"][0])
    ordered = warehouse.read(
        "select count(*) as n, sum(order_value) as v from plan.proposals join plan.decisions using (as_of, item_id, location_id)"
    )
    assert (summary["lines"], summary["order_value"]) == (ordered["n"][0], pytest.approx(ordered["v"][0], abs=0.01))
    assert (summary["quarantined_rows"], summary["review_rows"], summary["failed_gates"], summary["skus_compared"]) == (
        5,
        1,
        0,
        24,
    )


def test_chunks_are_summed_by_day() -> None:
    days = reading.read(AS_OF).replay_days
    whole = synthetic.run(24)[0].replay_days
    assert days.height == whole.height
    assert days["stock_value"].sum() == pytest.approx(whole["stock_value"].sum())


def test_forecast_examples_are_read_for_the_chosen_skus_only() -> None:
    found = reading.read_forecasts(AS_OF, [("I0003", "W1")])
    assert found.forecasts["item_id"].unique().to_list() == ["I0003"] and found.forecasts.height == 28
    assert found.demand["bucket_on"].min() > AS_OF - timedelta(days=reading.HISTORY_DAYS)


def test_a_date_without_decisions_is_refused() -> None:
    with pytest.raises(StockproofError, match=r"nothing to report on 2020-01-01.*\n.*run daily --as-of 2020-01-01"):
        job.run(date(2020, 1, 1))


def test_marts_of_another_date_are_refused_naming_the_report_there_is() -> None:
    decision = synthetic.run(1)[0].decisions.with_columns(as_of=pl.lit(OTHER))
    warehouse.replace("plan.decisions", decision, {"as_of": OTHER})
    warehouse.execute("insert into plan.reports values (:d, '/somewhere/old.html', '{}')", d=OTHER)
    with pytest.raises(StockproofError, match=r"the state of 2026-06-28, not of 2026-06-21[\s\S]*/somewhere/old.html"):
        job.run(OTHER)
    assert reading.newest() == AS_OF


def test_the_command_prints_path_and_json() -> None:
    app = Typer()
    app.command()(report)
    plain = CliRunner().invoke(app, ["--as-of", "2026-06-28"])
    assert plain.exit_code == 0 and plain.output.strip().endswith("stockproof-2026-06-28.html")
    parsed = json.loads(CliRunner().invoke(app, ["--json"]).output)
    assert parsed["as_of"] == "2026-06-28" and parsed["lines"] > 0


def test_marts_of_an_older_date_than_the_newest_run_are_named() -> None:
    """A run of an old date rebuilds the marts: what is read of them afterwards speaks of that date."""
    assert last_run.age_of_marts() == f"Read from the marts of {AS_OF}."
    later = AS_OF + timedelta(days=7)
    warehouse.execute("update plan.decisions set as_of = :later where as_of = :d", later=later, d=AS_OF)
    try:
        sentence = last_run.age_of_marts()
    finally:
        warehouse.execute("update plan.decisions set as_of = :d where as_of = :later", later=later, d=AS_OF)
    assert sentence.startswith(
        f"Read from the marts of {AS_OF}, as the last run left them; orders were decided up to {later}."
    )
    assert f"`stockproof run daily --as-of {later}`" in sentence
