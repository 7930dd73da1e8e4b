"""The marts of a small ERP against a slow reference in Python, on a real PostgreSQL."""

from collections import defaultdict
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.core.calendar import Bucket, bucket_starts
from pipelines.io import warehouse
from pipelines.transform import job
from tests.dbt import reference
from tests.dbt.conftest import AS_OF, days_back, every_mart, mart

pytestmark = pytest.mark.servers
HISTORY = 730


@pytest.fixture(scope="module")
def counts(small_erp) -> dict[str, int]:
    return job.run(AS_OF)


def _skus(frame: pl.DataFrame) -> dict:
    return {(row["location_id"], row["item_id"]): row for row in frame.iter_rows(named=True)}


def test_build_reports_what_it_did(counts) -> None:
    assert counts["models"] >= 40 and counts["tests"] >= 50
    assert counts["warnings"] == 0 and counts["resumed"] == 0
    assert counts["skus"] == mart("dim_sku").height == 60


def test_every_mart_holds_the_date(counts) -> None:
    marts = every_mart()
    assert {
        "dim_sku",
        "dim_calendar",
        "fct_demand",
        "fct_stock",
        "fct_daily_demand",
        "fct_vendor",
        "fct_price_breaks",
    } <= set(marts)
    for name, frame in marts.items():
        assert frame.height > 0, name
        assert frame["as_of"].unique().to_list() == [AS_OF], name


def test_daily_demand_is_sales_net_of_returns(counts, small_erp) -> None:
    wanted = {
        (*sku, day): q
        for sku, days in reference.daily_demand(small_erp["sales"]).items()
        for day, q in days.items()
        if q > 0
    }
    found = {
        (r["location_id"], r["item_id"], r["day"]): r["quantity"]
        for r in mart("fct_daily_demand").iter_rows(named=True)
        if r["quantity"] > 0
    }
    assert found == wanted


def test_stockout_days_are_marked(counts, small_erp) -> None:
    wanted = {(*sku, day) for sku, days in reference.stockout_days(small_erp, AS_OF).items() for day in days}
    found = mart("fct_daily_demand").filter(pl.col("is_stockout")).select("location_id", "item_id", "day")
    assert set(found.rows()) == wanted
    assert wanted - {(r["location_id"], r["item_id"], r["counted_on"]) for r in small_erp["stock_levels"]}, (
        "no carried day was tested"
    )


def test_review_periods_hold_all_history_and_end_on_the_date(counts, small_erp) -> None:
    wanted: dict = defaultdict(lambda: [0.0, 0])
    for sku, days in reference.daily_demand(small_erp["sales"]).items():
        for day, quantity in days.items():
            wanted[(*sku, (AS_OF - day).days // 7)][0] += quantity
    for sku, closed in reference.stockout_days(small_erp, AS_OF).items():
        for day in closed:
            wanted[(*sku, (AS_OF - day).days // 7)][1] += 1
    found = mart("fct_period_demand")
    table = {
        (r["location_id"], r["item_id"], r["periods_back"]): [r["quantity"], r["stockout_days"]]
        for r in found.iter_rows(named=True)
    }
    assert table == {key: values for key, values in wanted.items() if sum(values) > 0}
    newest = found.filter(pl.col("periods_back") == 0)["period_on"].unique().to_list()
    assert newest == [AS_OF - timedelta(days=6)]


def test_periods_that_ran_out_tell_how_far_the_shelf_was_empty(counts, small_erp) -> None:
    wanted = reference.closed_periods(small_erp, AS_OF, 7)
    found = {
        (r["location_id"], r["item_id"], r["periods_back"]): (r["closed_share"], r["closed_quantity"])
        for r in mart("fct_period_demand").iter_rows(named=True)
    }
    assert found.keys() >= wanted.keys()
    assert {key: values for key, values in found.items() if values != (0.0, 0.0)} == {
        key: pytest.approx(values) for key, values in wanted.items() if values != (0.0, 0.0)
    }
    shares = [share for share, _ in wanted.values()]
    assert any(0 < share < 1 for share in shares) and 1.0 in shares


def test_costs_of_an_item_s_own_are_distinguished_from_rates(counts, small_erp) -> None:
    own = {row["item_id"] for row in small_erp["items"] if row.get("holding_cost_per_day") and row.get("shortage_cost")}
    assert {row["item_id"] for row in _skus(mart("dim_sku")).values() if row["has_own_costs"]} == own


def test_the_space_of_a_unit_is_the_items(counts, small_erp) -> None:
    volumes = {row["item_id"]: row["unit_volume"] for row in small_erp["items"]}
    skus = mart("dim_sku")
    assert {row["item_id"]: row["unit_volume"] for row in skus.to_dicts()} == {
        item: volumes[item] for item in skus["item_id"]
    }


def test_classes_agree_with_reference(counts, small_erp) -> None:
    _classes_agree(small_erp, "day")


def test_abc_by_annual_value(counts, small_erp) -> None:
    values: dict = defaultdict(float)
    for sale in small_erp["sales"]:
        if sale["sold_on"] > AS_OF - timedelta(days=365):
            values[sale["location_id"], sale["item_id"]] += sale["quantity"] * sale["unit_price"]
    skus = _skus(mart("dim_sku"))
    values = {sku: max(values.get(sku, 0.0), 0.0) for sku in skus}
    assert {sku: row["abc_class"] for sku, row in skus.items()} == reference.abc(values)
    assert {row["abc_class"] for row in skus.values()} == {"A", "B", "C"}


def test_lead_times_are_shrunk_towards_the_supplier(counts, small_erp) -> None:
    head = {row["po_id"]: row for row in small_erp["purchase_orders"]}
    took: dict = defaultdict(list)
    for line in small_erp["purchase_order_lines"]:
        if line["received_on"] and line["received_on"] > date(AS_OF.year - 2, AS_OF.month, AS_OF.day):
            order = head[line["po_id"]]
            between = (line["received_on"] - order["ordered_on"]).days - 1
            took[order["supplier_id"], line["item_id"]].append(max(between, 0))
    of_supplier = {
        s: [d for (supplier, _), days in took.items() if supplier == s for d in days] for s in ("S0", "S1", "S2", "S3")
    }
    checked = 0
    for row in mart("fct_lead_time").iter_rows(named=True):
        mean, std = reference.lead_time(took[row["supplier_id"], row["item_id"]], of_supplier[row["supplier_id"]])
        assert (row["shrunk_mean"], row["shrunk_std"]) == (pytest.approx(mean), pytest.approx(std))
        checked += 1
    assert checked == len(took) > 20
    for row in mart("dim_sku").filter(pl.col("has_supplier")).iter_rows(named=True):
        mean, std = reference.lead_time(
            took.get((row["supplier_id"], row["item_id"]), []), of_supplier[row["supplier_id"]]
        )
        assert (row["lead_time_mean"], row["lead_time_std"]) == (pytest.approx(mean), pytest.approx(std))


def test_supplier_is_primary_else_cheapest_active(counts) -> None:
    skus = mart("dim_sku")
    for row in skus.iter_rows(named=True):
        n = int(row["item_id"][1:])
        if n % 10 == 9:
            assert row["has_supplier"] is False
            assert all(
                row[name] is None
                for name in ("supplier_id", "lead_time_days", "min_order_qty", "pack_size", "purchase_price")
            )
        else:
            # S3 is inactive: its items go to their second offer
            assert row["supplier_id"] == (f"S{n % 4}" if n % 4 != 3 else "S0")
            assert row["pack_size"] == 1.0
    assert skus["lead_time_mean"].null_count() == skus["ordering_cost"].null_count() == 0


def moved(tables, sku, since: date) -> float:
    """Units accepted less units sold after a day."""
    place = {row["po_id"]: row["location_id"] for row in tables["purchase_orders"]}
    came = sum(
        line["quantity_received"] - line["quantity_rejected"]
        for line in tables["purchase_order_lines"]
        if (place[line["po_id"]], line["item_id"]) == sku and line["received_on"] and line["received_on"] > since
    )
    sold = sum(
        sale["quantity"]
        for sale in tables["sales"]
        if (sale["location_id"], sale["item_id"]) == sku and sale["sold_on"] > since
    )
    return came - sold


def test_position_is_last_count_with_what_moved_since_and_open_lines(counts, small_erp) -> None:
    newest: dict = {}
    for row in small_erp["stock_levels"]:
        sku = row["location_id"], row["item_id"]
        if sku not in newest or row["counted_on"] > newest[sku][0]:
            newest[sku] = row["counted_on"], row["on_hand"]
    is_open = {row["po_id"] for row in small_erp["purchase_orders"] if row["status"] == "open"}
    ordered: dict = defaultdict(float)
    for line in small_erp["purchase_order_lines"]:
        ordered["W", line["item_id"]] += line["quantity_ordered"] * (line["po_id"] in is_open)
    assert sum(ordered.values()) > 0
    for sku, row in _skus(mart("fct_inventory_position")).items():
        counted_on, counted = newest.get(sku, (None, 0.0))
        on_hand = max(counted + (moved(small_erp, sku, counted_on) if counted_on else 0.0), 0.0)
        assert (row["counted_on"], row["on_hand"], row["on_order"]) == (counted_on, on_hand, ordered.get(sku, 0.0))
        assert row["inventory_position"] == on_hand + ordered.get(sku, 0.0)


def test_building_twice_changes_nothing(counts) -> None:
    first = every_mart()
    job.run(AS_OF)
    second = every_mart()
    assert first.keys() == second.keys()
    for name, frame in first.items():
        assert frame.equals(second[name]), name


def test_contracts_hold_in_the_database(counts) -> None:
    kinds = warehouse.read(
        "select column_name, data_type, is_nullable from information_schema.columns where table_schema = 'marts' and table_name = 'dim_sku'"
    )
    by_name = {row["column_name"]: (row["data_type"], row["is_nullable"]) for row in kinds.iter_rows(named=True)}
    assert by_name["history_days"] == ("integer", "NO")
    assert by_name["adi"] == ("double precision", "YES")
    assert by_name["inventory_position"] == ("double precision", "NO")


def test_weekly_buckets_end_on_as_of(counts, small_erp, configure) -> None:
    """Last in this file: it leaves the marts of weekly buckets behind."""
    configure("STOCKPROOF_PLANNING__BUCKET", "week")
    job.run(AS_OF)
    _classes_agree(small_erp, "week")
    starts = bucket_starts(AS_OF, "week", HISTORY // 7) + bucket_starts(AS_OF, "week", 366 // 7, future=True)
    calendar = mart("dim_calendar")
    assert calendar["bucket_on"].to_list()[: len(starts)] == starts
    assert calendar.filter(pl.col("event_count") > 0).select("bucket_on", "events").rows() == [(days_back(6), "Fair")]
    assert set(mart("fct_demand")["bucket_on"]) <= set(starts)
    assert mart("fct_demand")["stockout_days"].max() > 1


def _classes_agree(small_erp, bucket: Bucket) -> None:
    demand, out = reference.daily_demand(small_erp["sales"]), reference.stockout_days(small_erp, AS_OF)
    ends = {row["item_id"]: row["discontinued_on"] or AS_OF for row in small_erp["items"]}
    classes = defaultdict(int)
    for sku, row in _skus(mart("dim_sku")).items():
        adi, cv2 = reference.demand_stats(demand.get(sku, {}), out.get(sku, set()), AS_OF, ends[sku[1]], bucket)
        assert row["adi"] == (None if adi is None else pytest.approx(adi)), sku
        assert row["cv2"] == (None if cv2 is None else pytest.approx(cv2, abs=1e-9)), sku
        assert row["demand_class"] == reference.demand_class(adi, cv2), sku
        classes[row["demand_class"]] += 1
    assert len(classes) >= 4, classes
