"""Forecasts by review period and orders of least expected cost on a real PostgreSQL, over marts of the agreed columns."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.quantiles import COLUMNS
from pipelines.forecast import period_forecasts
from pipelines.io import warehouse
from pipelines.policy import job as policy

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)
ITEMS = [f"ITEM-{n:02d}" for n in range(12)]
DEAR, ENDED = "ITEM-10", "ITEM-11"

MARTS = """
create schema if not exists marts;
create table marts.dim_sku (as_of date, item_id text, location_id text, supplier_id text, category text, is_active boolean,
    unit_cost float8,
    has_own_costs boolean, holding_cost_per_day float8, shortage_cost float8, ordering_cost float8, lead_time_days float8,
    lead_time_mean float8, lead_time_std float8, min_order_qty float8, pack_size float8, mean_demand float8, adi float8, cv2 float8,
    reorder_point float8, order_up_to float8, on_hand float8,
    first_demand_on date, last_demand_on date, counted_on date, created_on date);
create table marts.fct_demand (item_id text, location_id text, quantity float8);
create table marts.fct_period_demand (as_of date, item_id text, location_id text, periods_back int, quantity float8,
    closed_share float8, closed_quantity float8);
create table marts.fct_open_orders (item_id text, location_id text, expected_on date, quantity_open float8);
"""


def _fill(table, frame):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="marts")


@pytest.fixture(scope="module", autouse=True)
def marts(warehouse_url):
    for statement in filter(str.strip, MARTS.split(";")):
        warehouse.execute(statement)
    count, rng = len(ITEMS), np.random.default_rng(5)
    keys = pl.DataFrame({"item_id": ITEMS, "location_id": ["W1"] * count})
    _fill("dim_sku", keys.with_columns(
        as_of=pl.lit(AS_OF), category=pl.lit("C"), is_active=pl.col("item_id") != ENDED, unit_cost=pl.lit(1.0), has_own_costs=pl.lit(True),
        holding_cost_per_day=pl.lit(0.2 / 7), shortage_cost=pl.lit(1.0),
        ordering_cost=pl.when(pl.col("item_id") == DEAR).then(500.0).otherwise(0.0), lead_time_days=pl.lit(14.0),
        lead_time_mean=pl.lit(14.0), lead_time_std=pl.lit(0.0), min_order_qty=pl.lit(1.0), pack_size=pl.lit(1.0), mean_demand=pl.lit(1.0),
        adi=pl.lit(1.0),
        cv2=pl.lit(0.2), reorder_point=pl.lit(None, pl.Float64), order_up_to=pl.lit(None, pl.Float64), on_hand=pl.lit(10.0),
    ))  # fmt: skip
    grid = keys.join(pl.DataFrame({"periods_back": np.arange(40, dtype=np.int32)}), how="cross")
    _fill(
        "fct_period_demand",
        grid.with_columns(
            as_of=pl.lit(AS_OF),
            quantity=pl.Series(rng.poisson(7.0, grid.height)).cast(pl.Float64),
            closed_share=pl.lit(0.0),
            closed_quantity=pl.lit(0.0),
        ),
    )
    _fill(
        "fct_open_orders",
        pl.DataFrame(
            {
                "item_id": ITEMS[:2],
                "location_id": ["W1"] * 2,
                "expected_on": [AS_OF + timedelta(days=8), AS_OF + timedelta(days=90)],
                "quantity_open": [6.0, 6.0],
            }
        ),
    )
    forecast = keys.filter(pl.col("item_id") != ENDED).with_columns(
        as_of=pl.lit(AS_OF), protection_days=pl.lit(21, pl.Int32), method=pl.lit("tsb"), model_version=pl.lit("1"), reason=pl.lit("test"),
        mean=pl.lit(21.0), std=pl.lit(5.0), **{c: pl.lit(12.0 + 2 * n) for n, c in enumerate(COLUMNS)},
    )  # fmt: skip
    warehouse.replace("plan.lead_time_forecasts", forecast, {"as_of": AS_OF})


def _forecast(items=()):
    found, _ = period_forecasts.rows(AS_OF, items=items)
    only = {"item_id": list(items)} if items else {}
    warehouse.replace_all({"plan.period_forecasts": found}, {"as_of": AS_OF, **only})
    return found.height


def _policies():
    policy.run(AS_OF)
    return {
        r["item_id"]: r for r in warehouse.read("select * from plan.policies order by item_id").iter_rows(named=True)
    }


def test_forecasts_of_active_skus_reach_to_the_period_after_the_days_an_order_serves():
    assert _forecast() == 11 * 4
    forecasts = warehouse.read("select * from plan.period_forecasts order by item_id, period")
    assert ENDED not in forecasts["item_id"].to_list()
    assert forecasts["starts_on"].unique().sort().to_list() == [AS_OF + timedelta(days=n) for n in (1, 8, 15, 22)]
    assert forecasts["mean"].is_between(4.0, 10.0).all()
    assert (forecasts["std"] ** 2 > forecasts["mean"]).all()
    _forecast()
    assert warehouse.read("select * from plan.period_forecasts order by item_id, period").equals(forecasts)


def test_items_alone_leave_the_others_and_say_the_same():
    before = warehouse.read("select * from plan.period_forecasts order by item_id, period")
    assert _forecast([ITEMS[3]]) == 4
    assert warehouse.read("select * from plan.period_forecasts order by item_id, period").equals(before)


def test_weeks_that_ran_out_are_taken_for_what_they_would_have_sold():
    held = warehouse.read("select item_id, period, mean from plan.period_forecasts order by item_id, period")
    shut = f"item_id = '{ITEMS[4]}' and periods_back < 8"
    warehouse.execute(f"update marts.fct_period_demand set closed_share = 1, closed_quantity = quantity where {shut}")
    _forecast()
    forecasts = warehouse.read("select item_id, period, mean from plan.period_forecasts order by item_id, period")
    rise = (forecasts["mean"] / held["mean"]).filter(forecasts["item_id"] == ITEMS[4])
    assert rise.is_between(1.15, 1.8).all(), rise
    warehouse.execute(f"update marts.fct_period_demand set closed_share = 0, closed_quantity = 0 where {shut}")
    _forecast()


def test_purchase_gets_levels_from_the_position_and_open_lines_count_at_their_dates():
    _forecast()
    policies = _policies()
    assert {item for item, row in policies.items() if row["policy"] == "expected_cost"} == set(ITEMS[:10])
    # A line that comes after the protection interval is not part of the position that purchase starts from.
    rows = pl.DataFrame(
        {"item_id": ITEMS[:3], "location_id": ["W1"] * 3, "protection_days": [14] * 3, "forecast_mean": [1.0] * 3}
    )
    assert policy._coming(rows, AS_OF, settings.load()).position(rows).tolist() == [16.0, 10.0, 10.0]
    assert policies[ITEMS[0]]["order_up_to"] > 17.0
    assert all(row["reorder_point"] == row["order_up_to"] - 1.0 for row in (policies[item] for item in ITEMS[:10]))
    assert 4.0 <= policies[ITEMS[2]]["order_up_to"] - 10.0 <= 14.0
    assert policies[ITEMS[2]]["service_target"] == pytest.approx(1 / 1.2)


def test_a_shelf_with_more_than_enough_is_ordered_for_where_its_level_says():
    """The level is the policy's word on stock that it was not asked about: asked, it says the same."""
    _forecast()
    sku = f"where item_id = '{ITEMS[3]}'"
    warehouse.execute(f"update marts.dim_sku set on_hand = 500 {sku}")
    level = _policies()[ITEMS[3]]["reorder_point"]
    assert 5.0 < level < 60.0
    for stock, orders in ((level, True), (level + 1.0, False)):
        warehouse.execute(f"update marts.dim_sku set on_hand = {stock} {sku}")
        assert ("ordering nothing costs least" not in _policies()[ITEMS[3]]["reason"]) is orders
    warehouse.execute(f"update marts.dim_sku set on_hand = 10 {sku}")


def test_where_no_lot_is_within_a_review_nothing_is_forecast_and_levels_stay():
    warehouse.execute("update marts.dim_sku set ordering_cost = 500")
    assert _forecast() == 0
    assert warehouse.read("select count(*) as n from plan.period_forecasts")["n"][0] == 0
    assert "expected_cost" not in {row["policy"] for row in _policies().values()}
    warehouse.execute("update marts.dim_sku set ordering_cost = 0")
