"""Recorded rows become arrays without moving a day."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.replay.window import pipeline_at_start, window

AS_OF = date(2026, 6, 28)
FIRST = AS_OF - timedelta(days=9)


def day(offset):
    return FIRST + timedelta(days=offset)


SKUS = pl.DataFrame(
    {
        "item_id": ["a", "b"],
        "location_id": ["w", "w"],
        "lead_time_days": [4.0, 2.5],
        "created_on": [None, day(3)],
        "books_from": [None, None],
    },
    schema_overrides={"books_from": pl.Date},
)


def recorded(receipts=(), stock=((-3, "a", 7.0), (4, "a", 5.0), (5, "b", 1.0)), skus=SKUS, open_orders=(), empty=()):
    demand = pl.DataFrame(
        {
            "item_id": ["a", "a", "b", "x"],
            "location_id": ["w"] * 4,
            "day": [day(-5), day(0), day(9), day(1)],
            "quantity": [1.0, 2.0, 3.0, 99.0],
            "is_stockout": [False, True, False, True],
        }
    )
    more = [(item, "w", day(offset), 0.0, True) for item, offset in empty]
    demand = pl.concat([demand.filter(pl.lit(not empty)), pl.DataFrame(more, demand.schema, orient="row")])
    counts = pl.DataFrame(
        {
            "item_id": [s[1] for s in stock],
            "location_id": ["w"] * len(stock),
            "counted_on": [day(s[0]) for s in stock],
            "on_hand": [s[2] for s in stock],
        }
    )
    columns = {
        "item_id": pl.String,
        "ordered_on": pl.Date,
        "received_on": pl.Date,
        "quantity_ordered": pl.Float64,
        "quantity_received": pl.Float64,
        "quantity_rejected": pl.Float64,
    }
    lines = pl.DataFrame([(r[0], day(r[1]), day(r[2]), *r[3:]) for r in receipts], columns, orient="row")
    still = pl.DataFrame(
        [(o[0], day(o[1]), day(o[2]), o[3]) for o in open_orders],
        {"item_id": pl.String, "ordered_on": pl.Date, "expected_on": pl.Date, "quantity_ordered": pl.Float64},
        orient="row",
    )
    lines, still = (rows.with_columns(location_id=pl.lit("w")) for rows in (lines, still))
    return window(skus, demand, counts, lines, still, AS_OF, days=10, run_up=5)


def test_demand_stockouts_and_foreign_rows():
    w = recorded()
    assert w.demand.shape == (2, 15)
    assert w.demand[0].nonzero()[0].tolist() == [0, 5]
    assert w.asked[1].tolist() == [0] * 9 + [3]
    assert w.stockout.sum() == 1
    assert w.stockout[0, 5]


def test_a_day_that_only_a_later_count_shows_empty_differs_from_one_after_an_empty_count():
    counts = ((-3, "a", 7.0), (1, "a", 0.0), (5, "b", 0.0))
    w = recorded(stock=counts, empty=[("a", -1), ("a", 0), ("a", 1), ("a", 2), ("b", 4), ("b", 5)])
    found = [(n, t - w.run_up) for n, t in zip(*w.found_later.nonzero(), strict=True)]
    assert found == [(0, -1), (0, 0)]  # b had no count before: nothing says that it had stock


def test_stock_moves_by_receipts_and_sales_between_counts_and_is_unknown_before_the_first():
    w = recorded([("a", -9, -2, 5.0, 4.0, 1.0), ("a", -1, 2, 6.0, 6.0, 0.0)])
    # Counted 7 on day -3; 3 usable came on day -2, 2 were sold on day 0, 6 came on day 2; counted 5 on day 4.
    assert w.stock[0].tolist() == [10.0, 8.0, 8.0, 14.0, 14.0] + [5.0] * 6  # from the day before the replay
    assert np.isnan(w.stock[1, :6]).all()
    assert w.stock[1, 6:].tolist() == [1.0] * 4 + [0.0]  # more sold than there was


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
    assert at_start(w) == [(0, 1, 7.0, 10.0, -2), (1, 4, 8.0, 8.0, 1)]


def test_open_orders_that_never_came_stay_on_order_until_nobody_counts_on_them():
    # a: due after the last day; overdue by more than three days on day 6; placed on the first day; long given up. b starts on day 3.
    lines = [("a", -2, 12, 10.0), ("a", -9, 2, 4.0), ("a", 0, 12, 5.0), ("a", -30, -20, 7.0), ("b", 1, 9, 8.0)]
    assert at_start(recorded(open_orders=lines)) == [
        (0, 6, 0.0, 4.0, -9),
        (0, 16, 0.0, 10.0, -2),
        (1, 13, 0.0, 8.0, 1),
    ]


def at_start(w):
    """SKU, day, units, units ordered and day of the order."""
    due, placed = pipeline_at_start(w, np.array([0, 3]), 3)
    return sorted(zip(*(v.tolist() for v in (due.sku, due.day, due.units, due.ordered, placed)), strict=True))
