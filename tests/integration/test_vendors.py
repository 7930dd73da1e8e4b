"""Vendors on a real PostgreSQL: the job, its commands, safety stocks and the inventory report, from marts as dbt leaves them."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.commands import inventory as inventory_command
from pipelines.commands import vendors as vendors_command
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.report import inventory_job
from pipelines.vendors import job, reading, stock_job
from tests.unit.vendors import planted

pytestmark = pytest.mark.servers
AS_OF = planted.AS_OF
KINDS = {
    pl.String: "text",
    pl.Float64: "double precision",
    pl.Int64: "bigint",
    pl.Int32: "int",
    pl.Date: "date",
    pl.Boolean: "boolean",
}


def _create(name: str, frame: pl.DataFrame) -> None:
    stamped = frame.with_columns(as_of=pl.lit(AS_OF))
    columns = ", ".join(f"{column} {KINDS[kind.base_type()]}" for column, kind in stamped.schema.items())
    warehouse.execute("create schema if not exists marts")
    warehouse.execute(f"create table {name} ({columns})")
    warehouse.replace(name, stamped, {})


@pytest.fixture(scope="module", autouse=True)
def filled(warehouse_url: str) -> None:
    suppliers, receipts, waiting, offers = planted.market()
    line = pl.int_range(pl.len(), dtype=pl.Int64).alias("line_no")
    _create("marts.dim_supplier", suppliers)
    _create("marts.fct_receipts", receipts.drop("days_late", "has_promise").with_columns(
        line, location_id=pl.lit("W1"), promised_on=pl.col("received_on") - pl.duration(days=pl.col("is_late").cast(pl.Int32) * 5),
        lead_time_days=pl.col("lead_time_days").cast(pl.Int32), quantity_ordered=pl.lit(100.0),
    ))  # fmt: skip
    _create("marts.fct_open_orders", waiting.with_columns(
        line, location_id=pl.lit("W1"), days_late=pl.col("days_late").cast(pl.Int64),
        expected_on=pl.lit(AS_OF) - pl.duration(days=pl.col("days_late"))
    ))  # fmt: skip
    _create(
        "marts.fct_offer",
        offers.with_columns(
            is_primary=pl.col("supplier_id") == "SLOW", is_active=pl.lit(True), min_order_qty=1.0, pack_size=1.0
        ),
    )
    items = [f"I{n}" for n in range(10)]
    rng = np.random.default_rng(5)
    units = rng.poisson(2.0, (10, 400)).astype(float)
    _create("marts.fct_daily_demand", pl.DataFrame({
        "item_id": np.repeat(items, 400), "location_id": ["W1"] * 4000, "day": [AS_OF - timedelta(days=399 - n) for n in range(400)] * 10,
        "quantity": units.ravel(), "is_stockout": [False] * 4000,
    }))  # fmt: skip
    sku = pl.DataFrame({
        "item_id": items, "location_id": ["W1"] * 10, "item_name": items, "category": ["c"] * 10, "abc_class": ["A"] * 10,
        "demand_class": ["smooth"] * 10, "is_active": [True] * 10, "supplier_id": ["SLOW"] * 9 + ["NEVER"],
        "unit_cost": [0.1 + n for n in range(10)],
        "first_demand_on": [AS_OF - timedelta(days=399)] * 10, "last_demand_on": [AS_OF] * 10, "lead_time_mean": [25.0] * 10,
        "lead_time_std": [4.0] * 10, "on_time_share": [0.9] * 10, "order_up_to": [50.0] * 10, "protection_days": [32] * 10,
        "mean_demand": [2.0] * 8 + [0.02, None], "adi": [1.25] * 9 + [None],
    }).with_columns(pl.col("protection_days").cast(pl.Int32), created_on=pl.lit(None, dtype=pl.Date))  # fmt: skip
    _create("marts.dim_sku", sku)
    _create("marts.fct_demand", sku.select("item_id", "location_id", quantity=pl.lit(2.0)).with_columns(
        quantity=pl.when(pl.col("item_id").is_in(items[7:9])).then(0.5).otherwise(2.0)
    ))  # fmt: skip
    _create(
        "marts.fct_inventory_position",
        sku.select(
            "item_id", "location_id", on_hand=pl.lit(33.3), on_order=pl.lit(0.0), stock_value=33.3 * pl.col("unit_cost")
        ),
    )


def _scores() -> pl.DataFrame:
    return warehouse.read("select * from plan.vendor_scores order by supplier_id")


def test_the_job_writes_both_tables_and_again_the_same() -> None:
    counts = job.run(AS_OF)
    first, times = _scores(), warehouse.read("select * from plan.lead_times order by supplier_id, item_id")
    assert counts["vendors"] == first.height == len(planted.SUPPLIERS)
    assert counts["lead_times"] == times.height == len(planted.SUPPLIERS) * 11
    slow = times.filter((pl.col("supplier_id") == "SLOW") & (pl.col("item_id") == "*"))
    assert 22 <= slow["q500"][0] <= 28 and slow["level"][0] == "supplier" and slow["open_lines"][0] == 1
    assert times.filter(pl.col("supplier_id") == "NEVER")["level"].unique().to_list() == ["all"]
    assert job.run(AS_OF) == counts
    assert _scores().equals(first)


def test_what_was_received_for_other_dates_stays() -> None:
    other = AS_OF - timedelta(days=7)
    warehouse.execute(
        "insert into plan.vendor_scores select cast(:d as date), "
        + ", ".join(_scores().columns[1:])
        + " from plan.vendor_scores limit 1",
        d=other,
    )
    job.run(AS_OF)
    assert warehouse.read("select count(*) as n from plan.vendor_scores where as_of = :d", d=other)["n"][0] == 1
    warehouse.execute("delete from plan.vendor_scores where as_of = :d", d=other)


def test_other_marts_are_refused() -> None:
    with pytest.raises(StockproofError, match=r"marts.dim_sku holds 2026-06-28, not 2026-06-21"):
        job.run(AS_OF - timedelta(days=7))
    with pytest.raises(StockproofError, match=r"no vendor was scored of 2020-01-01[\s\S]*run daily --as-of 2020-01-01"):
        reading.day(date(2020, 1, 1))


def test_the_command_lists_shows_compares_and_reports(tmp_path: Any) -> None:
    run = CliRunner().invoke
    listed = json.loads(run(vendors_command.app, ["--json"]).output)["vendors"]
    assert [row["rank"] for row in listed] == list(range(1, len(planted.SUPPLIERS) + 1))
    weights = dict(zip(listed[0]["scores"], planted.WEIGHTS, strict=True))
    for row in listed:
        assert row["total"] == pytest.approx(
            sum(weights[name] * value for name, value in row["scores"].items()), abs=1e-3
        )
        assert row["trend"] and row["risk"] and row["recommendations"] and 0 <= row["confidence"] <= 1
    assert "SLOW" in run(vendors_command.app, []).output
    assert "shorter lead times" in run(vendors_command.app, ["show", "SLOW"]).output.replace("\n", " ")
    compared = json.loads(run(vendors_command.app, ["compare", "I1", "--json"]).output)["vendors"]
    assert (
        compared[0]["supplier_id"] == "SLOW" and compared[0]["is_primary"] and len(compared) == len(planted.SUPPLIERS)
    )
    target = tmp_path / "slow.html"
    assert run(vendors_command.app, ["report", "SLOW", "--output", str(target)]).exit_code == 0
    assert "Lead time" in target.read_text()


def test_without_scores_the_command_scores_the_marts() -> None:
    warehouse.execute("delete from plan.vendor_scores")
    assert len(json.loads(CliRunner().invoke(vendors_command.app, ["--json"]).output)["vendors"]) == len(
        planted.SUPPLIERS
    )


def test_safety_stocks_follow_the_supplier_s_lead_times() -> None:
    job.run(AS_OF)
    counts = stock_job.run(AS_OF)
    rows = warehouse.read("select * from plan.safety_stocks order by item_id")
    assert counts["skus"] == rows.height == 10
    assert counts["value"] == pytest.approx(rows["value"].sum(), abs=0.01)
    assert (rows["achieved"] >= 0.95).all() and (rows["safety_stock"] > 0).all()
    assert rows["lead_time_mean"][0] > 2 * rows["lead_time_mean"][9]  # SLOW against what the catalogue promises
    one = stock_job.item("I3", None, 0.99, "fill", None)
    assert one[0]["target_kind"] == "fill" and one[0]["achieved"] >= 0.99
    with pytest.raises(StockproofError, match="no active SKU X9"):
        stock_job.item("X9", None, 0.95, "cycle", None)


def test_the_inventory_report_reconciles_to_the_cent_or_is_refused() -> None:
    assert inventory_job.read(AS_OF).skus["piece"].to_list() == [1.0] * 8 + [0.025, 1.0]
    report, path = inventory_job.run(AS_OF)
    value = warehouse.read("select sum(cast(stock_value as numeric))::float8 as v from marts.fct_inventory_position")[
        "v"
    ][0]
    assert (
        report["stock_value"] == round(value, 2)
        and path.read_text().count("Inventory: where the money is tied up") == 1
    )
    assert report["open_value"] == 150.0
    said = CliRunner().invoke(inventory_command.app, ["inventory", "--as-of", "2026-06-28", "--json"])
    assert json.loads(said.output)["stock_value"] == report["stock_value"]
    warehouse.execute("insert into marts.fct_inventory_position values ('LOST', 'W1', 1, 0, 12.34, :d)", d=AS_OF)
    try:
        with pytest.raises(StockproofError, match=r"does not reconcile: stock value"):
            inventory_job.facts(AS_OF)
    finally:
        warehouse.execute("delete from marts.fct_inventory_position where item_id = 'LOST'")
