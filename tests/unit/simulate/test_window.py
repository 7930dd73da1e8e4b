"""Recorded rows become arrays without moving a day."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.simulate.window import pipeline_at_start, window

AS_OF = date(2026, 6, 28)
FIRST = AS_OF - timedelta(days=9)


def day(offset):
    return FIRST + timedelta(days=offset)


SKUS = pl.DataFrame(
    {
        "item_id": ["a", "b"], "location_id": ["w", "w"], "lead_time_days": [4.0, 2.5], "created_on": [None, day(3)],
        "books_from": [None, None],
    },
    schema_overrides={"books_from": pl.Date},
)  # fmt: skip


def recorded(receipts=(), stock=((-3, "a", 7.0), (4, "a", 5.0), (5, "b", 1.0)), skus=SKUS):
    demand = pl.DataFrame({
        "item_id": ["a", "a", "b", "x"], "location_id": ["w"] * 4, "day": [day(-5), day(0), day(9), day(1)],
        "quantity": [1.0, 2.0, 3.0, 99.0], "is_stockout": [False, True, False, True],
    })  # fmt: skip
    counts = pl.DataFrame({
        "item_id": [s[1] for s in stock], "location_id": ["w"] * len(stock), "counted_on": [day(s[0]) for s in stock],
        "on_hand": [s[2] for s in stock],
    })  # fmt: skip
    columns = {"item_id": pl.String, "ordered_on": pl.Date, "received_on": pl.Date, "quantity_ordered": pl.Float64,
               "quantity_received": pl.Float64, "quantity_rejected": pl.Float64}  # fmt: skip
    lines = pl.DataFrame([(r[0], day(r[1]), day(r[2]), *r[3:]) for r in receipts], columns, orient="row")
    return window(skus, demand, counts, lines.with_columns(location_id=pl.lit("w")), AS_OF, days=10, run_up=5)


def test_demand_stockouts_and_foreign_rows():
    w = recorded()
    assert w.demand.shape == (2, 15)
    assert w.demand[0].nonzero()[0].tolist() == [0, 5]
    assert w.asked[1].tolist() == [0] * 9 + [3]
    assert w.stockout.sum() == 1
    assert w.stockout[0, 5]


def test_stock_is_held_between_counts_and_unknown_before_the_first():
    w = recorded()
    assert w.stock[0].tolist() == [7.0] * 5 + [5.0] * 6  # from the day before the replay
    assert np.isnan(w.stock[1, :6]).all()
    assert w.stock[1, 6:].tolist() == [1.0] * 5


def test_a_sku_is_known_from_its_first_trace():
    assert recorded().known_from.tolist() == [0, 8]  # first sale; created on day 3, counted and sold later


def test_an_old_item_is_unknown_before_its_locations_books_begin():
    old = SKUS.with_columns(created_on=pl.lit(date(2015, 1, 1)))
    assert recorded(skus=old).known_from.tolist() == [0, 0]
    begun = old.with_columns(books_from=pl.Series([day(-1), day(2)]))
    assert recorded(skus=begun).known_from.tolist() == [4, 7]


def test_orders_take_the_lead_time_and_share_of_the_latest_recorded_order():
    w = recorded([("a", 2, 5, 10.0, 10.0, 0.0), ("a", 6, 7, 10.0, 6.0, 1.0)])
    # ordered at the close of day 2, sold on day 5: L = 2
    assert w.lead_time[0].tolist() == [2] * 6 + [0] * 4
    assert w.usable[0].tolist() == [1.0] * 6 + [0.5] * 4
    assert w.lead_time[1].tolist() == [3] * 10  # as agreed, in whole days


def test_open_orders_at_the_start_arrive_as_recorded():
    w = recorded(
        [
            ("a", -2, 1, 10.0, 9.0, 2.0),
            ("a", 0, 3, 5.0, 5.0, 0.0),
            ("b", 1, 4, 8.0, 8.0, 0.0),
            ("a", -4, -1, 6.0, 6.0, 0.0),
        ]
    )
    arrivals = pipeline_at_start(w, np.array([0, 3]))
    got = zip(
        arrivals.sku.tolist(), arrivals.day.tolist(), arrivals.units.tolist(), arrivals.ordered.tolist(), strict=True
    )
    assert sorted(got) == [(0, 1, 7.0, 10.0), (1, 4, 8.0, 8.0)]
