"""The replay's job, its verification and studies on a real PostgreSQL, over marts of the agreed columns."""

import json
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from pipelines.commands.study import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.replay import job, tables
from pipelines.studies import study
from pipelines.studies import tables as study_tables
from tests.unit.replay.worlds import AS_OF, kept_books, wrong_count

pytestmark = pytest.mark.servers

SKUS = 12

MARTS = """
create schema marts;
create table marts.dim_sku (as_of date, item_id text, location_id text, supplier_id text, category text, demand_class text, abc_class text,
    is_active boolean, has_own_costs boolean, mean_demand float8, adi float8, lead_time_mean float8,
    annual_sales_value float8, created_on date, discontinued_on date, books_from date,
    unit_cost float8, holding_cost_per_day float8, shortage_cost float8,
    ordering_cost float8, lead_time_days float8, min_order_qty float8, pack_size float8, reorder_point float8, order_up_to float8);
create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8, returned float8, booked float8,
    is_stockout boolean);
create table marts.fct_stock (item_id text, location_id text, counted_on date, on_hand float8);
create table marts.fct_receipts (item_id text, location_id text, ordered_on date, received_on date, quantity_ordered float8,
    quantity_received float8, quantity_rejected float8);
create table marts.fct_open_orders (item_id text, location_id text, ordered_on date, expected_on date, quantity_open float8);
"""


def _fill(table, frame):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="marts")


@pytest.fixture(scope="module", autouse=True)
def marts(warehouse_url):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, MARTS.split(";")):
            cursor.execute(statement)
    rows = wrong_count(kept_books(8, SKUS, spoil=6.0), "i0004", AS_OF - timedelta(days=90), 5.0)
    number = pl.int_range(pl.len())
    skus = rows.skus.with_columns(
        as_of=pl.lit(AS_OF), supplier_id=pl.format("S{}", number % 3), category=pl.format("C{}", number % 2),
        demand_class=pl.when(number % 4 < 2).then(pl.lit("intermittent")).otherwise(pl.lit("smooth")), abc_class=pl.lit("A"),
        annual_sales_value=(number * 10.0), is_active=True, has_own_costs=True, mean_demand=2.0, adi=1.0,
        lead_time_mean=pl.col("lead_time_days"),
        ordering_cost=pl.when(number < 10).then("ordering_cost").otherwise(0.0),  # the last two may order at every review
    )  # fmt: skip
    _fill("dim_sku", skus)
    _fill("fct_daily_demand", rows.demand.with_columns(booked="quantity"))
    _fill("fct_stock", rows.stock)
    _fill("fct_receipts", rows.receipts)
    _fill("fct_open_orders", rows.open_orders.rename({"quantity_ordered": "quantity_open"}))


def _run(size=None, items=()):
    for chunk in job.prepare(AS_OF, items=items, chunk_size=size):
        job.run_chunk(AS_OF, json.loads(json.dumps(chunk)))  # as XCom hands it on


def _stored():
    order = {"replays": "policy", "replay_bounds": "policy", "candidates": "candidate"}
    frames = {name: tables.stored(name, AS_OF) for name in tables.TABLES if name != "replay_days"}
    days = "select policy, day, sum(skus)::int as skus, sum(stock_value) as value from plan.replay_days group by 1, 2 order by 1, 2"
    found = {
        name: frame.sort("location_id", "item_id", *([order[name]] if name in order else []))
        for name, frame in frames.items()
    }
    return {**found, "days": warehouse.read(days)}


def _call(*arguments, code=0):
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def test_tables_do_not_depend_on_the_chunks_and_leave_nothing_stale():
    _run(100)
    whole = _stored()
    for size in (1, 7):
        _run(size)
        for name, frame in _stored().items():
            if name == "days":
                assert (frame["value"] - whole[name]["value"]).abs().max() < 1e-6
                assert frame.drop("value").equals(whole[name].drop("value"))
            else:
                assert_frame_equal(frame, whole[name], check_exact=True)
    assert whole["calibration"]["item_id"].to_list() == ["i0004"]
    assert whole["days"]["skus"].unique().to_list() == [SKUS - 1]  # books that fail are in no curve
    assert (whole["days"]["day"].min(), whole["days"]["day"].max()) == (AS_OF - timedelta(days=364), AS_OF)
    assert whole["replays"]["days"].unique().to_list() == [112]
    basis = whole["choices"]["basis"].to_list()
    assert (
        basis.count("books") == 1 and basis.count("proven") >= SKUS - 2
    )  # 253 days of a picked candidate may prove too little
    every_review = whole["choices"].filter(pl.col("policy") == "expected_cost")
    assert every_review["item_id"].to_list() == ["i0010", "i0011"]


def test_a_chunk_run_twice_changes_nothing():
    _run(100)
    before = _stored()
    chunks = job.prepare(AS_OF, chunk_size=5)
    assert [c["label"] for c in chunks] == ["SKUs 1–4 of 12", "SKUs 5–8 of 12", "SKUs 9–12 of 12"]
    for chunk in (chunks[0], chunks[2], chunks[0], chunks[1], chunks[2]):
        job.run_chunk(AS_OF, chunk)
    for name, frame in _stored().items():
        if name != "days":
            assert_frame_equal(frame, before[name], check_exact=True)


def test_only_the_items_asked_for_and_the_rest_stays():
    _run(100)
    before = _stored()
    warehouse.execute("delete from plan.passports where item_id in ('i0002', 'i0005')")
    _run(1, items=["i0002", "i0005"])
    for name, frame in _stored().items():
        assert frame.equals(before[name]), name


def test_another_date_is_refused():
    with pytest.raises(StockproofError, match="holds 2026-06-28, not 2026-06-27"):
        job.prepare(date(2026, 6, 27))


def test_passports_are_verified_to_the_bit_and_a_changed_row_is_named():
    _run(100)
    assert json.loads(_call("verify", "--json"))["equal"] == SKUS
    assert "12 of 12 passports computed again to the bit" in _call("verify")
    hit = "item_id = 'i0003' and counted_on = date '2026-06-01'"
    warehouse.execute(f"update marts.fct_stock set on_hand = on_hand + 1 where {hit}")
    said = _call("verify", "--as-of", "2026-06-28", code=1)
    assert "11 of 12" in said and "i0003 at w: changed since: stock" in said.replace("\n", " ")
    assert json.loads(_call("verify", "--item", "i0001,i0002", "--json")) | {"tables": {}} == {
        "as_of": "2026-06-28", "checked": 2, "equal": 2, "tables": {}, "differences": [],
    }  # fmt: skip
    warehouse.execute(f"update marts.fct_stock set on_hand = on_hand - 1 where {hit}")
    with pytest.raises(StockproofError, match=r"plan.passports holds none of 2026-06-01"):
        _call("verify", "--as-of", "2026-06-01")
    with pytest.raises(
        StockproofError, match=r"plan.passports of 2026-06-28 holds no i0099\n  remedy: did you mean i0009"
    ):
        _call("verify", "--item", "i0001,i0099")


def test_a_named_item_that_the_marts_no_longer_hold_is_said_so():
    _run(100)
    warehouse.execute("update marts.dim_sku set item_id = 'gone' where item_id = 'i0001'")
    found = json.loads(_call("verify", "--item", "i0001", "--json", code=1))
    assert (found["checked"], found["equal"]) == (1, 0)
    assert [row["columns"] for row in found["differences"]] == [["missing"]]
    warehouse.execute("update marts.dim_sku set item_id = 'i0001' where item_id = 'gone'")
    warehouse.execute("update marts.dim_sku set as_of = date '2026-06-29'")
    with pytest.raises(StockproofError, match="holds 2026-06-29, not 2026-06-28"):
        _call("verify", "--as-of", "2026-06-28", "--item", "i0001")
    warehouse.execute(f"update marts.dim_sku set as_of = date '{AS_OF}'")


def test_a_study_of_an_item_that_is_none_says_so_and_runs_nothing():
    with pytest.raises(
        StockproofError, match=r"marts.dim_sku of 2026-06-28 holds no i00O7\n  remedy: did you mean i0007"
    ):
        _call("run", "--item", "i0001,i00O7", "--days", "90")
    assert "completed" not in _call("list")


def test_a_study_is_run_kept_shown_compared_and_pruned():
    first = json.loads(_call("run", "--items", "8", "--days", "90", "--json"))
    assert (first["status"], first["total_items"], first["total_days"]) == ("completed", 8, 90)
    assert (first["start_date"], first["end_date"]) == ("2026-03-31", "2026-06-28")
    assert first["daily_comparison"] is None
    metrics = first["global_metrics"]
    assert metrics["real"]["item_days"] == metrics["simulated"]["item_days"] == 8 * 90
    assert metrics["simulated"]["stockout_rate"] + metrics["simulated"]["service_level"] == pytest.approx(1.0)
    assert metrics["simulated"]["inventory_value"] < metrics["incumbent"]["inventory_value"]
    estimate = first["catalogue_estimate"]["saving_against_incumbent"]
    assert estimate["low"] <= estimate["estimate"] <= estimate["high"]
    assert sum(p["simulated"]["items"] for p in first["category_breakdown"]) == 8
    assert len(first["supplier_breakdown"]) == 3
    best = [row["benefit"] for row in first["item_level_summary"]]
    assert best == sorted(best, reverse=True)
    assert json.loads(_call("show", first["simulation_id"][:8], "--json")) == first
    monthly = json.loads(_call("show", "last", "--daily", "month", "--page", "2", "--per-page", "3", "--json"))
    assert {row["policy"] for row in monthly["daily_comparison"]} == {"recorded", "incumbent", "candidate"}
    assert len(monthly["item_level_summary"]) == 3 and monthly["page"] == {"page": 2, "per_page": 3, "items": 8}
    top = json.loads(_call("run", "--top", "4", "--from", "2026-01-01", "--until", "2026-05-31", "--json"))
    assert top["sample"]["biased"] and top["catalogue_estimate"] is None
    assert {row["item_id"] for row in top["item_level_summary"]} == {"i0008", "i0009", "i0010", "i0011"}
    figures = json.loads(_call("compare", first["simulation_id"], top["simulation_id"], "--json"))["figures"]
    orders = next(f for f in figures if (f["side"], f["figure"]) == ("simulated", "orders"))
    assert orders["difference"] == top["global_metrics"]["simulated"]["orders"] - metrics["simulated"]["orders"]
    for words in ("our policy", "the books", "Against the ERP's rule"):
        assert words in _call("show", "last")
    assert "4 of 12 SKUs, top" in _call("list")
    assert _call("prune", "--keep", "1") == "1 study deleted\n"
    assert [row["simulation_id"] for row in json.loads(_call("list", "--json"))] == [top["simulation_id"]]


def test_a_study_of_all_skus_says_the_same_as_its_parts(monkeypatch):
    whole = study.run(study.Plan(days=120))
    monkeypatch.setattr(study, "BATCH", 5)
    told = []
    parts = study.run(study.Plan(days=120), lambda *progress: told.append(progress))
    assert told == [(5, 12, 600), (10, 12, 1200), (12, 12, 1440)]
    assert {**parts, "simulation_id": ""} == {**whole, "simulation_id": ""}
    monkeypatch.setattr(study, "READ", 7)
    assert {**study.run(study.Plan(days=120)), "simulation_id": ""} == {**whole, "simulation_id": ""}
    assert (whole["sample"]["books_fail"], whole["global_metrics"]["simulated"]["items"]) == (1, SKUS - 1)


def test_a_study_retrains_trees_on_its_way_and_earlier_days_know_nothing_of_later_ones():
    since, until = AS_OF - timedelta(days=89), AS_OF - timedelta(days=21)
    plan = study.Plan(since=since, until=until, retrain_days=91)
    told = []
    before = study.run(plan, train=lambda *progress: told.append(progress))
    assert told[-1][0] == told[-1][1] and len(told) > 1
    assert study_tables.listed().row(0, named=True)["parameters"].count('"retrain_days": 91') == 1
    assert before["global_metrics"] != study.run(replace(plan, retrain_days=None))["global_metrics"]
    later = "update marts.fct_daily_demand set quantity = quantity {} 1000 where day > date '2026-06-07'"
    warehouse.execute(later.format("+"))
    assert {**study.run(plan), "simulation_id": ""} == {**before, "simulation_id": ""}
    warehouse.execute(later.format("-"))


def test_a_cancelled_study_stops_and_keeps_nothing(monkeypatch):
    monkeypatch.setattr(study, "BATCH", 4)

    def cancel(done, of, days):
        if done == 4:
            assert "is cancelled" in _call("cancel", "last")

    result = study.run(study.Plan(days=60), cancel)
    assert result["status"] == "cancelled"
    found = study_tables.found(result["simulation_id"])
    assert (found["status"], found["result"]) == ("cancelled", None)
    assert 0 < found["progress"] < 1
    assert not study_tables.items(result["simulation_id"]).height
    with pytest.raises(StockproofError, match="does not run, it is cancelled"):
        _call("cancel", "last")


def test_days_outside_the_history_are_refused():
    with pytest.raises(StockproofError, match="does not fit into the recorded history"):
        _call("run", "--days", "720")
    with pytest.raises(StockproofError, match="does not fit"):
        _call("run", "--until", "2026-07-05")
    with pytest.raises(StockproofError, match="no study found for 'nothing'"):
        _call("show", "nothing")


def test_an_erp_that_holds_todays_stock_alone_still_has_curves():
    """Too few days of counts are no history: the curves are then of the two simulated policies, as the totals are."""
    old = warehouse.read("select * from marts.fct_stock where counted_on < date '2026-06-28'")
    warehouse.execute("delete from marts.fct_stock where counted_on < date '2026-06-28'")
    _run(100)
    days = warehouse.read("select distinct policy, skus from plan.replay_days order by 1")
    assert days.rows() == [("candidate", SKUS), ("incumbent", SKUS)]
    assert set(tables.stored("replays", AS_OF)["policy"]) == {"candidate", "incumbent"}
    _fill("fct_stock", old)
