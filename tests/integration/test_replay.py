"""The replay's job, its verification and studies on a real PostgreSQL, over marts of the agreed columns."""

import json
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from pipelines.commands.study import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.replay import job, tables
from tests.integration.replay_marts import fill, fill_marts
from tests.unit.replay.worlds import AS_OF

pytestmark = pytest.mark.servers

SKUS = 12


@pytest.fixture(scope="module", autouse=True)
def marts(warehouse_url):
    fill_marts()


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
        "as_of": "2026-06-28",
        "checked": 2,
        "equal": 2,
        "tables": {},
        "differences": [],
    }
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


def test_an_erp_that_holds_todays_stock_alone_still_has_curves():
    """Too few days of counts are no history: the curves are then of the two simulated policies, as the totals are."""
    old = warehouse.read("select * from marts.fct_stock where counted_on < date '2026-06-28'")
    warehouse.execute("delete from marts.fct_stock where counted_on < date '2026-06-28'")
    _run(100)
    days = warehouse.read("select distinct policy, skus from plan.replay_days order by 1")
    assert days.rows() == [("candidate", SKUS), ("incumbent", SKUS)]
    assert set(tables.stored("replays", AS_OF)["policy"]) == {"candidate", "incumbent"}
    fill("fct_stock", old)
