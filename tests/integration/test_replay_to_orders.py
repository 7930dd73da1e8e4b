"""Policy, purchase and export on a real PostgreSQL, over marts of the agreed columns."""

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands.orders import app
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from pipelines.ordering.rules import DEFAULT
from pipelines.policy import job as policy
from pipelines.purchase import job as purchase

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)
ITEMS = [f"ITEM-{n:02d}" for n in range(9)]

MARTS = """
create schema marts;
create table marts.dim_sku (as_of date, item_id text, location_id text, supplier_id text, created_on date, discontinued_on date,
    books_from date, first_demand_on date, is_active boolean, abc_class text, category text, demand_class text, priority text,
    unit_cost float8, unit_price float8, unit_volume float8, holding_cost_per_day float8, shortage_cost float8,
    ordering_cost float8, lead_time_days float8, min_order_qty float8, pack_size float8, purchase_price float8, has_supplier boolean,
    mean_demand float8, adi float8, cv2 float8, reorder_point float8, order_up_to float8, on_hand float8, on_order float8,
    has_own_costs boolean, lead_time_mean float8, lead_time_std float8, last_demand_on date, counted_on date,
    kit_parts text, stock_ceiling float8);
create table marts.dim_location (location_id text, location_name text);
create table marts.dim_item (item_id text, item_name text, as_of date, created_on date, discontinued_on date);
create table marts.dim_supplier (supplier_id text, supplier_name text);
create table marts.fct_demand (item_id text, location_id text, quantity float8);
create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8, is_stockout boolean);
create table marts.fct_stock (item_id text, location_id text, counted_on date, on_hand float8);
create table marts.fct_receipts (item_id text, location_id text, ordered_on date, received_on date, quantity_ordered float8,
    quantity_received float8, quantity_rejected float8);
create table marts.fct_open_orders (item_id text, location_id text, ordered_on date, expected_on date, quantity_open float8);
create table marts.fct_price_breaks (item_id text, supplier_id text, min_qty float8, unit_price float8);
"""


def _fill(table, frame):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="marts")


def _skus():
    count = len(ITEMS)
    return pl.DataFrame({
        "as_of": [AS_OF] * count, "item_id": ITEMS, "location_id": ["W1", "W0", "W1"] * 3, "supplier_id": [*["S1"] * 8, None],
        "created_on": [None] * count, "discontinued_on": [date(2026, 5, 1), *[None] * 8], "is_active": [False, *[True] * 8],
        "abc_class": ["A"] * count, "unit_cost": [2.0] * count, "unit_price": [5.0] * count, "holding_cost_per_day": [0.001] * count,
        "shortage_cost": [3.0] * count, "ordering_cost": [5.0] * count, "lead_time_days": [4.0] * 8 + [None],
        "min_order_qty": [None] * count, "pack_size": [6.0] * count, "purchase_price": [2.0] * count, "has_supplier": [True] * 8 + [False],
        "mean_demand": [2.0] * count, "adi": [1.2] * count, "cv2": [0.3] * count, "reorder_point": [10.0] * 7 + [None] * 2,
        "order_up_to": [30.0] * 7 + [None] * 2, "on_hand": [3.0] * count, "on_order": [0.0] * count,
        "has_own_costs": [False] * count, "lead_time_mean": [4.0] * count, "lead_time_std": [1.0] * count,
        "last_demand_on": [AS_OF] * count,
    }, schema_overrides={"created_on": pl.Date, "min_order_qty": pl.Float64})  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def marts(warehouse_url):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, MARTS.split(";")):
            cursor.execute(statement)
    skus, rng = _skus(), np.random.default_rng(11)
    days = [AS_OF - timedelta(days=back) for back in range(730)]
    keys = skus.select("item_id", "location_id")
    grid = keys.join(pl.DataFrame({"day": days}), how="cross")
    demand = grid.with_columns(
        quantity=pl.Series(rng.poisson(2.0, grid.height)).cast(pl.Float64), is_stockout=rng.random(grid.height) < 0.02
    )
    _fill("dim_sku", skus)
    _fill("dim_supplier", pl.DataFrame({"supplier_id": ["S1"], "supplier_name": ["First"]}))
    _fill("fct_daily_demand", demand.filter((pl.col("quantity") > 0) | pl.col("is_stockout")))
    _fill("fct_demand", demand.filter(pl.col("quantity") > 0).select("item_id", "location_id", "quantity"))
    stock = grid.rename({"day": "counted_on"}).with_columns(
        on_hand=pl.Series(rng.integers(0, 40, grid.height)).cast(pl.Float64)
    )
    _fill("fct_stock", stock)
    receipts = keys.join(pl.DataFrame({"ordered_on": days[10::30]}), how="cross").with_columns(
        received_on=pl.col("ordered_on") + pl.duration(days=pl.Series(rng.integers(1, 9, 24 * 9))),
        quantity_ordered=pl.lit(30.0),
        quantity_received=pl.lit(30.0),
        quantity_rejected=pl.Series(rng.integers(0, 3, 24 * 9)).cast(pl.Float64),
    )
    _fill("fct_receipts", receipts)
    soon, late = AS_OF + timedelta(days=2), AS_OF + timedelta(days=90)
    _fill("fct_open_orders", pl.DataFrame({
        "item_id": ["ITEM-03", "ITEM-03"], "location_id": ["W1"] * 2, "ordered_on": [days[2]] * 2,
        "expected_on": [soon, late], "quantity_open": [140.0, 7.0],
    }))  # fmt: skip
    _fill(
        "fct_price_breaks",
        pl.DataFrame({"item_id": ["ITEM-01"], "supplier_id": ["S1"], "min_qty": [6.0], "unit_price": [1.5]}),
    )
    forecast = keys.head(8).with_columns(
        as_of=pl.lit(AS_OF), protection_days=pl.lit(11, pl.Int32), method=pl.lit("tsb"), model_version=pl.lit("1"), reason=pl.lit("test"),
        mean=pl.lit(22.0), std=pl.lit(6.0), **{c: pl.lit(10.0 + 2 * n) for n, c in enumerate(COLUMNS)},
    )  # fmt: skip
    warehouse.replace("plan.lead_time_forecasts", forecast, {"as_of": AS_OF})


def _choose(item, choice, rule):
    key = {"as_of": AS_OF, "item_id": item, "location_id": _skus().filter(pl.col("item_id") == item)["location_id"][0]}
    words = {"choice": choice, "basis": "proven", "reason": "by test", "candidate": f"{rule}/decayed", "policy": rule}
    rest = {"forecaster": "decayed", "guard_days": 253, "confidence": 0.95}
    row = pl.DataFrame([{**key, **words, **rest}], schema_overrides={"guard_days": pl.Int32})
    warehouse.replace("plan.choices", row, key)


def test_another_date_is_refused():
    with pytest.raises(StockproofError, match="holds 2026-06-28"):
        policy.run(date(2026, 6, 27))


def test_policies_decisions_and_export():
    runner = CliRunner()
    with pytest.raises(StockproofError, match="no daily run has decided orders yet"):
        runner.invoke(app, ["export"], catch_exceptions=False)
    assert policy.run(AS_OF) == {"skus": 9, "policy": 8, "reorder_point": 0, "safety_stock": 1}
    _choose("ITEM-04", "ours", "reorder_batches")
    _choose("ITEM-05", "incumbent", "eoq")
    policy.run(AS_OF)
    chosen = dict(warehouse.read("select item_id, policy from plan.policies").iter_rows())
    # One rule is played on the past and followed today; where the guard kept the ERP's, that one is.
    assert (chosen["ITEM-01"], chosen["ITEM-04"], chosen["ITEM-05"]) == (DEFAULT, "reorder_batches", "min_max")
    warehouse.execute("delete from plan.choices")
    policy.run(AS_OF)
    first = purchase.run(AS_OF)
    assert purchase.run(AS_OF) == first
    rows = {r["item_id"]: r for r in warehouse.read("select * from plan.decisions").iter_rows(named=True)}
    assert len(rows) == 9
    assert rows["ITEM-00"]["reason_code"] == "NO_ORDER_DISCONTINUED"
    assert rows["ITEM-08"]["reason_code"] == "NO_ORDER_NO_SUPPLIER"
    assert rows["ITEM-03"]["reason_code"] == "NO_ORDER_POSITION_SUFFICIENT"
    assert rows["ITEM-03"]["inventory_position"] == 143.0  # the line due in 90 days covers nothing of the interval
    assert rows["ITEM-01"]["unit_price"] == 1.5
    assert rows["ITEM-01"]["quantity"] % 6 == 0
    assert rows["ITEM-01"]["expected_on"] == date(2026, 7, 3)
    assert first["lines"] == sum(r["quantity"] > 0 for r in rows.values()) == 6
    csv = runner.invoke(app, ["export", "--format", "csv"], catch_exceptions=False).stdout
    assert csv == runner.invoke(app, ["export", "--as-of", "2026-06-28"], catch_exceptions=False).stdout
    assert csv.splitlines()[1].startswith("2026-06-28,ITEM-01,W0,S1,")
    assert len(csv.splitlines()) == 7
    listed = json.loads(runner.invoke(app, ["list", "--json"], catch_exceptions=False).stdout)
    assert (listed["as_of"], listed["suppliers"][0]["lines"]) == ("2026-06-28", 6)
    assert "S1 First" in runner.invoke(app, ["list"], catch_exceptions=False).stdout
    with pytest.raises(StockproofError, match=r"for 2026-06-01 \(runs exist for 2026-06-28\)"):
        runner.invoke(app, ["list", "--as-of", "2026-06-01"], catch_exceptions=False)


def test_export_into_a_missing_folder_is_answered_clearly(tmp_path):
    arguments = ["export", "--as-of", "2026-06-28", "--output"]
    CliRunner().invoke(app, [*arguments, str(tmp_path / "a.csv")], catch_exceptions=False)
    assert (tmp_path / "a.csv").read_text().count("\n") == 7
    with pytest.raises(StockproofError, match="cannot be written"):
        CliRunner().invoke(app, [*arguments, str(tmp_path / "no" / "a.csv")], catch_exceptions=False)


def test_the_space_of_a_location_is_kept(configured):
    """Volumes from the marts, the limit from the configuration; the other location orders as ever."""
    warehouse.execute("update marts.dim_sku set unit_volume = 0.5")
    purchase.run(AS_OF)
    free = warehouse.read("select location_id, quantity from plan.decisions")
    taken = (
        0.5
        * warehouse.read("select sum(inventory_position) as units from plan.decisions where location_id = 'W1'")[
            "units"
        ][0]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_PURCHASE__STORAGE", json.dumps({"W1": taken + 30.0}))
        settings.load.cache_clear()
        purchase.run(AS_OF)
    settings.load.cache_clear()
    held = warehouse.read("select location_id, quantity, reason_code, flip_input from plan.decisions")
    at = {
        place: [t.filter(pl.col("location_id") == place)["quantity"].sum() for t in (free, held)]
        for place in ("W0", "W1")
    }
    assert at["W0"][0] == at["W0"][1]
    assert at["W1"][0] > at["W1"][1] > 0
    assert 0.5 * at["W1"][1] <= 30.0
    cut = held.filter(pl.col("reason_code").is_in(["NO_ORDER_STORAGE_FULL", "ORDER_CUT_BY_STORAGE"]))
    assert set(cut["flip_input"]) == {"storage"}
