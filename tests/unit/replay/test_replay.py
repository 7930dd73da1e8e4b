"""The three policies on one window: same demand, same start, honest counts."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.replay import measures, passport
from pipelines.replay.choose import Phases
from pipelines.replay.replay import play as play_on
from pipelines.replay.replay import timetable
from pipelines.replay.tables import Recorded

AS_OF = date(2026, 6, 28)
DAYS, HISTORY = 56, 120


def config(**replay):
    loaded = settings.load()
    return loaded.model_copy(
        update={
            "replay": loaded.replay.model_copy(update={"days": DAYS, **replay}),
            "planning": loaded.planning.model_copy(update={"history_days": HISTORY}),
        }
    )


def play(rows, as_of, config, *, guards=False):
    """Ours unguarded, unless asked for."""
    return play_on(rows, as_of, config, replace(timetable(config), guards=guards))


def day(back):
    return AS_OF - timedelta(days=back)


@pytest.fixture
def rows():
    """a: ordinary; b: no rule in the ERP, discontinued 20 days ago; c: never counted; d: without supplier."""
    keys = {"item_id": ["a", "b", "c", "d"], "location_id": ["w"] * 4}
    skus = pl.DataFrame({
        **keys, "created_on": [None] * 4, "discontinued_on": [None, day(20), None, None], "books_from": [None] * 4,
        "unit_cost": [2.0] * 4, "holding_cost_per_day": [0.01] * 4, "shortage_cost": [3.0] * 4, "ordering_cost": [5.0] * 4,
        "lead_time_days": [3.0, 3.0, 3.0, None], "min_order_qty": [None, 1.0, 1.0, 1.0], "pack_size": [6.0, None, 1.0, 1.0],
        "reorder_point": [12.0, None, 8.0, 8.0], "order_up_to": [30.0, None, 20.0, 20.0],
    }, schema_overrides=dict.fromkeys(("created_on", "discontinued_on", "books_from"), pl.Date))  # fmt: skip
    rng = np.random.default_rng(3)
    demand = pl.DataFrame([
        {"item_id": item, "location_id": "w", "day": day(back), "quantity": float(rng.poisson(2)), "returned": 0.0,
         "is_stockout": item == "a" and back == 10}
        for item in "abcd" for back in range(HISTORY) if not (item == "b" and back <= 20)
    ])  # fmt: skip
    stock = pl.DataFrame(
        [
            {"item_id": item, "location_id": "w", "counted_on": day(back), "on_hand": 0.0 if back == 10 else 15.0}
            for item in "abd"
            for back in range(HISTORY)
        ]
    )
    lines = {"item_id": ["a", "a"], "location_id": ["w"] * 2, "ordered_on": [day(40), day(DAYS + 1)],
             "received_on": [day(36), day(DAYS - 3)],
             "quantity_ordered": [10.0, 4.0], "quantity_received": [10.0, 4.0], "quantity_rejected": [0.0, 0.0]}  # fmt: skip
    open_orders = pl.DataFrame(
        {
            "item_id": ["a"],
            "location_id": ["w"],
            "ordered_on": [day(2)],
            "expected_on": [day(-2)],
            "quantity_ordered": [9.0],
        }
    )
    return Recorded(skus, demand, stock, pl.DataFrame(lines), open_orders)


def test_who_can_be_replayed(rows):
    present = play(rows, AS_OF, config()).present
    assert present["recorded"].tolist() == [True, True, False, True]
    assert present["incumbent"].tolist() == [True, False, True, False]
    assert present["candidate"].tolist() == [True, True, True, False]


def test_recorded_is_what_the_books_say(rows):
    played = play(rows, AS_OF, config())
    books = played.outcomes["recorded"]
    sold = rows.demand.filter((pl.col("item_id") == "a") & (pl.col("day") > day(DAYS)))["quantity"].sum()
    assert books.sold[0] == books.demand[0] == sold
    assert books.on_hand_days[0] == 15.0 * (DAYS - 1)
    assert books.stockout_days[:2].tolist() == [1.0, 0.0]  # b's empty day lies after its end
    assert books.orders[0] == 2.0  # one received, one open; the earlier one was placed before the window


def test_an_order_delivered_in_parts_is_one_order(rows):
    """The books hold a line a delivery: counted and charged one by one, the past would look dearer than it was."""
    first = rows.receipts.head(1)
    later = first.with_columns(received_on=pl.lit(day(30)), quantity_ordered=pl.lit(6.0), quantity_received=pl.lit(6.0))
    open_part = rows.open_orders.with_columns(ordered_on=pl.lit(day(40)), quantity_ordered=pl.lit(2.0))
    parts = replace(
        rows, receipts=pl.concat([rows.receipts, later]), open_orders=pl.concat([rows.open_orders, open_part])
    )
    books = play(parts, AS_OF, config()).outcomes["recorded"]
    assert (books.orders[0], books.ordered[0]) == (2.0, 10.0 + 6.0 + 2.0 + 9.0)


def test_both_simulations_meet_the_same_demand_from_the_same_stock(rows):
    played = play(rows, AS_OF, config())
    incumbent, candidate = played.outcomes["incumbent"], played.outcomes["candidate"]
    assert incumbent.demand[0] == candidate.demand[0] == played.window.asked[0].sum()
    assert incumbent.trace[0, 0, 0] == candidate.trace[0, 0, 0] == 15.0 - played.window.asked[0, 0]
    assert (incumbent.trace[3, 0] % 6 == 0).all()
    assert candidate.ordered[1] > 0
    assert candidate.trace[3, 1, DAYS - 21 :].sum() == 0  # nothing is ordered once discontinued
    reviews = np.flatnonzero(candidate.trace[3].sum(axis=0))
    assert ((reviews - (DAYS - 1)) % 7 == 0).all()


def test_without_proof_the_erps_rule_stays_where_there_is_one(rows):
    played = play(rows, AS_OF, config(), guards=True)
    ours, theirs = played.outcomes["candidate"], played.outcomes["incumbent"]
    assert played.choice.basis.tolist() == ["not_proven", "no_incumbent", "not_proven", "not_replayed"]
    assert np.array_equal(ours.trace[:, [0, 2]], theirs.trace[:, [0, 2]])
    assert ours.orders[0] == theirs.orders[0]
    assert ours.orders[1] > 0 == theirs.orders[1]  # b has no rule to keep


def test_the_earlier_windows_choose_and_the_later_one_reports(rows):
    loaded = config(judged_days=21)
    days = timetable(loaded)
    assert (days.phases.guard, days.phases.judged, days.phases.total) == (0, DAYS - 21, DAYS)
    played = play(rows, AS_OF, loaded)
    assert played.outcomes["candidate"].demand[0] == played.window.asked[0, -21:].sum()
    whole = loaded.model_copy(update={"planning": loaded.planning.model_copy(update={"history_days": 730})})
    assert timetable(whole).phases == Phases(730 - 120 - DAYS, 730 - 120 - 21, 730 - 120)


def test_imputed_demand_bounds_what_was_lost(rows):
    empty = pl.col("is_stockout")
    sold_out = rows.demand.with_columns(pl.when(empty).then(0.0).otherwise("quantity").alias("quantity"))
    played = play(replace(rows, demand=sold_out), AS_OF, config())
    seen, full = played.outcomes["candidate"], played.bounds["candidate"]
    assert full.demand[0] > seen.demand[0]  # a's shelf was empty on one day
    assert full.demand[1] == seen.demand[1]
    assert full.short[0] >= seen.short[0]


def test_an_empty_shelf_after_the_end_of_an_item_hides_no_demand(rows):
    """Who counts a discontinued item daily counts nothing, day after day: nobody was turned away for that."""
    gone = pl.DataFrame([
        {"item_id": "b", "location_id": "w", "day": day(back), "quantity": 0.0, "returned": 0.0, "is_stockout": True} for back in range(21)
    ])  # fmt: skip
    loaded = config()
    books = replace(rows, demand=pl.concat([rows.demand, gone]))
    played, before = (play(each, AS_OF, loaded) for each in (books, rows))
    assert played.bounds["candidate"].demand[1] == before.bounds["candidate"].demand[1]
    assert played.bounds["candidate"].short[1] == before.bounds["candidate"].short[1]
    censored = passport.replays(books, played, AS_OF, "candidate")["censored_days"].to_list()
    assert censored == [1, 0, 0]  # a's day; none of b's


def test_days_after_the_end_of_an_item_are_no_service(rows):
    """b is discontinued 20 days ago: of the judged days those from then on are neither in stock nor out of it."""
    played = play(rows, AS_OF, config())
    for policy in ("candidate", "recorded"):
        table = passport.replays(rows, played, AS_OF, policy)
        assert (table["days"][0] - table["days"][1], table["item_id"][1]) == (21, "b")
        traced = played.outcomes[policy].trace[0, :2, -table["days"][0] :]
        assert table["mean_on_hand"][:2].to_list() == pytest.approx(
            traced.mean(axis=1)
        )  # what is left is charged to the end
    days = replace(played.days, warmup=0)
    sums = measures.by_day(
        "candidate", played.outcomes["candidate"], played.rates.unit_cost, days, played.window.first, np.arange(4) == 1
    )
    assert sums["skus"].to_list()[-22:] == [1, *[0] * 21]
    gone = replace(rows, skus=rows.skus.with_columns(discontinued_on=pl.lit(day(300))))
    never = play(gone, AS_OF, config())
    table = passport.passports(
        gone, never, AS_OF, config(), pl.DataFrame(schema={"item_id": pl.String, "location_id": pl.String})
    )
    assert table["days"].to_list() == [0] * table.height
    assert table["in_stock_rate"].to_list() == [1.0] * table.height


def test_without_counts_every_policy_starts_at_the_erps_maximum_or_ours_where_there_is_none(rows):
    played = play(rows, AS_OF, config())
    opened = {name: outcome.trace[0, 2, 0] for name, outcome in played.outcomes.items() if name != "recorded"}
    assert opened == dict.fromkeys(("incumbent", "candidate"), 20.0 - played.window.asked[2, 0])
    alone = rows.skus.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("reorder_point", "order_up_to"))
    bare = play(replace(rows, skus=alone), AS_OF, config()).outcomes["candidate"]
    assert bare.trace[0, 2, 0] + played.window.asked[2, 0] > 20.0


def test_an_order_open_from_before_the_start_to_the_last_day_is_on_order_all_along(rows):
    """120 units placed before c's replay and due after the as-of date: nobody orders as if they were not coming."""
    promised = pl.DataFrame(
        {
            "item_id": ["c"],
            "location_id": ["w"],
            "ordered_on": [day(DAYS + 5)],
            "expected_on": [day(-30)],
            "quantity_ordered": [120.0],
        }
    )
    played = play(replace(rows, open_orders=pl.concat([rows.open_orders, promised])), AS_OF, config())
    for policy in ("incumbent", "candidate"):
        outcome = played.outcomes[policy]
        assert (outcome.orders[2], outcome.end_on_order[2]) == (0.0, 120.0), policy
    assert play(rows, AS_OF, config()).outcomes["incumbent"].orders[2] > 0


def test_costs_are_units_times_rates(rows):
    played = play(rows, AS_OF, config(warmup_days=7))
    keys = rows.skus.select("item_id", "location_id")
    frame = measures.by_sku(
        keys, "candidate", played.outcomes["candidate"], played.rates, played.days, np.zeros(4, int)
    )
    stock, _, short, ordered = played.outcomes["candidate"].trace[:, 0, 7:]
    row = frame.row(0, named=True)
    assert row["days"] == DAYS - 7
    assert row["holding_cost"] == pytest.approx(stock.sum() * 0.01)
    assert row["shortage_cost"] == pytest.approx(short.sum() * 3.0)
    assert row["ordering_cost"] == pytest.approx((ordered > 0).sum() * 5.0)
    assert row["total_cost"] == pytest.approx(row["holding_cost"] + row["shortage_cost"] + row["ordering_cost"])
    assert row["mean_stock_value"] == pytest.approx(stock.mean() * 2.0)


def test_daily_sums_do_not_depend_on_the_order_of_skus(rows):
    played = play(rows, AS_OF, config())
    everyone = np.array([True, True, True, False])
    whole = measures.by_day(
        "candidate", played.outcomes["candidate"], played.rates.unit_cost, played.days, played.window.first, everyone
    )
    parts = [
        measures.by_day(
            "candidate",
            played.outcomes["candidate"],
            played.rates.unit_cost,
            played.days,
            played.window.first,
            np.arange(4) == n,
        )
        for n in (2, 0, 1)
    ]
    summed = parts[0]["stock_value"] + parts[1]["stock_value"] + parts[2]["stock_value"]
    assert np.allclose(whole["stock_value"].to_numpy(), summed.to_numpy(), rtol=0, atol=1e-9)
    assert whole["skus"].to_list() == [3] * (DAYS - 21) + [2] * 21  # b is discontinued
    assert whole["sold_units"].sum() == pytest.approx(played.outcomes["candidate"].sold[:3].sum())


def test_the_empty_shelf_of_a_sku_nobody_asks_for_is_no_stockout(rows):
    of_item = pl.col("item_id") == "a"
    demand = rows.demand.with_columns(
        quantity=pl.when(of_item).then(0.0).otherwise("quantity"), is_stockout=of_item | pl.col("is_stockout")
    )
    stock = rows.stock.with_columns(on_hand=pl.when(of_item).then(0.0).otherwise("on_hand"))
    skus = rows.skus.with_columns(
        pl.when(of_item).then(0.0).otherwise(name).alias(name) for name in ("reorder_point", "order_up_to")
    )
    quiet = replace(
        rows,
        skus=skus,
        demand=demand,
        stock=stock,
        receipts=rows.receipts.clear(),
        open_orders=rows.open_orders.clear(),
    )
    played = play(quiet, AS_OF, config())
    assert [outcome.stockout_days[0] for outcome in played.outcomes.values()] == [0.0, 0.0, 0.0]
    found = passport.replays(quiet, played, AS_OF, "recorded").filter(of_item)
    assert found["censored_days"].to_list() == [0]
