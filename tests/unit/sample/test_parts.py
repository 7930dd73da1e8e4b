"""Parts of the sample that can be worked out by hand: the day step of the incumbent, the balance, the calendar, the prices."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines.sample import incumbent, master
from pipelines.sample.assortment import CATEGORIES, day_factors, events_of
from pipelines.sample.balance import balance_errors
from pipelines.sample.catalogue import make_items
from pipelines.sample.config import SampleConfig
from pipelines.sample.incumbent import Days, MinMaxRule, Supply, order_lines, run
from pipelines.sample.suppliers import make_suppliers

NEVER = 0.999


def one_sku(
    demand: list[int], *, partial_rate: float = 0.0, reject_rate: float = 0.0, chance: float = NEVER, **changes: int
) -> tuple[MinMaxRule, Days, Supply]:
    """One SKU: minimum 10, maximum 20, lead time 3 days, orders any day; day 0 is a Monday."""
    days = len(demand)
    terms = {
        "start": 0, "end": days - 1, "supplier": 0, "lead_time": 2, "pack": 1, "min_order": 1, "cover": 8.0, "cycle": 10.0, "guess": 1.0,
        "reset_every": 10_000, "reset_phase": 9_999, "error_day": -1, "error": 0,
    } | changes  # fmt: skip
    rule = MinMaxRule(**{name: np.array([value]) for name, value in terms.items()})
    numbers = np.full((6, 1, days), chance, dtype=np.float32)
    supply = Supply(
        np.ones((1, 7), dtype=bool),
        np.ones((1, days)),
        np.zeros((1, days), dtype=bool),
        np.array([partial_rate]),
        np.array([reject_rate]),
    )
    return rule, Days(np.array([demand]), numbers, 0), supply


def test_minimum_maximum_by_hand() -> None:
    #                   Mon Tue Wed Thu Fri Sat Sun
    rule, days, supply = one_sku([0, 6, 5, 9, 2, 4, 0, 0])
    books = run(rule, days, supply)
    # Starts at the maximum of 20. Wednesday closes at 9, not above 10: 11 are ordered up to 20, there on Saturday (3 days).
    # Thursday sells all 9; the position is 11. Friday's 2 are lost. Saturday 11 arrive before the 4 are sold.
    # Saturday closes at 7: 13 ordered, due on Tuesday.
    assert books.on_hand[0].tolist() == [20, 14, 9, 0, 0, 7, 7, 7]
    assert books.sold[0].tolist() == [0, 6, 5, 9, 0, 4, 0, 0]
    assert books.ordered[0].tolist() == [0, 0, 11, 0, 0, 13, 0, 0]
    lines = order_lines(rule, days, supply, books.ordered)
    received, pending = lines.tolist()
    assert received == [0, 2, 11, 5, 11, 0, incumbent.RECEIVED, 5, 0]
    assert pending == [0, 5, 13, -1, 0, 0, incumbent.OPEN, 5, 0]


def test_nothing_arrives_on_a_sunday() -> None:
    rule, days, supply = one_sku([0, 0, 0, 12, 0, 0, 0, 0])  # ordered on Thursday: due on Sunday, comes on Monday
    assert run(rule, days, supply).on_hand[0].tolist() == [20, 20, 20, 8, 8, 8, 8, 20]


def test_partial_delivery_is_split_or_dropped() -> None:
    rule, days, supply = one_sku([0, 10] + [0] * 30, partial_rate=0.9, chance=0.5)  # 0.5 < 0.6 * 0.9: the rest follows
    books = run(rule, days, supply)
    lines = order_lines(rule, days, supply, books.ordered)
    first, rest = lines.tolist()
    assert (first[2], rest[2]) == (6, 4)  # 30 % + 60 % × 0.5 of 10
    assert first[3] == 4
    assert rest[3] > first[3]
    assert books.on_hand[0, 4] == 16
    assert books.on_hand[0, -1] == 20
    rule, days, supply = one_sku(
        [0, 10] + [0] * 5, partial_rate=0.6, chance=0.5
    )  # above 0.6 × 0.6: the rest is dropped
    books = run(rule, days, supply)
    lines = order_lines(rule, days, supply, books.ordered).tolist()
    assert lines[0][2:5] == [10, 4, 6]
    assert books.on_hand[0, 4] == 16


def test_rejected_units_never_enter_stock() -> None:
    rule, days, supply = one_sku([0, 10, 0, 0, 0], reject_rate=0.9, chance=0.5)
    books = run(rule, days, supply)
    line = order_lines(rule, days, supply, books.ordered)[0]
    assert line[4:6].tolist() == [10, 1]  # 2 % + 30 % × 0.5 of 10, rounded down
    assert books.on_hand[0, 4] == 10 + 10 - 1


def test_counting_error_jumps_and_never_below_zero() -> None:
    down = run(*one_sku([0] * 6, error_day=3, error=-5))
    assert down.on_hand[0].tolist() == [20, 20, 20, 15, 15, 15]
    turned = run(*one_sku([0] * 6, error_day=3, error=-25))
    assert (turned.error[0], turned.on_hand[0, 3]) == (25, 45)


def test_packs_and_minimum_order() -> None:
    books = run(*one_sku([0, 11, 0], pack=6, min_order=6))
    assert books.ordered[0, 1] == 12  # 11 up to the maximum of 20, in packs of 6
    assert (
        run(*one_sku([0, 11, 0], min_order=40)).ordered[0, 1] == 0
    )  # the maximum is minimum + 40: 50 − 11 is above 10


def frames(counts: list[float], moved: list[tuple[str, int, float]]) -> tuple[pl.DataFrame, ...]:
    day = [date(2026, 1, 1 + i) for i in range(len(counts))]
    stock = pl.DataFrame({"item_id": "A", "location_id": "W", "counted_on": day, "on_hand": counts})
    sales = [(day[i], q) for kind, i, q in moved if kind == "sale"]
    lines = [(day[i], q) for kind, i, q in moved if kind == "receipt"]
    orders = pl.DataFrame({"po_id": ["P"], "location_id": ["W"]})
    return (
        stock,
        pl.DataFrame(
            {"item_id": ["A"] * len(sales), "location_id": ["W"] * len(sales),
             "sold_on": [d for d, _ in sales], "quantity": [q for _, q in sales]},
            schema={"item_id": pl.String, "location_id": pl.String, "sold_on": pl.Date, "quantity": pl.Float64},
        ),
        orders,
        pl.DataFrame(
            {
                "po_id": ["P"] * len(lines), "item_id": ["A"] * len(lines), "received_on": [d for d, _ in lines],
                "quantity_received": [q + 1 for _, q in lines], "quantity_rejected": [1.0] * len(lines),
            },
            schema={"po_id": pl.String, "item_id": pl.String, "received_on": pl.Date, "quantity_received": pl.Float64,
                    "quantity_rejected": pl.Float64},
        ),
    )  # fmt: skip


def test_balance_by_hand() -> None:
    moved = [("sale", 1, 3.0), ("receipt", 2, 5.0), ("sale", 2, 1.0), ("sale", 3, -2.0)]
    assert balance_errors(*frames([10, 7, 11, 13], moved)).is_empty()
    wrong = balance_errors(*frames([10, 7, 12, 14], moved))
    assert wrong.rows() == [("A", "W", date(2026, 1, 3), 12.0, 11.0, 1.0)]


def test_balance_spans_a_missing_day() -> None:
    stock, *rest = frames([10, 7, 11, 13], [("sale", 1, 3.0), ("receipt", 2, 5.0), ("sale", 2, 1.0), ("sale", 3, -2.0)])
    assert balance_errors(stock.filter(pl.col("counted_on") != date(2026, 1, 3)), *rest).is_empty()


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 4, 1)), (2025, date(2025, 4, 21)), (2026, date(2026, 4, 6))]
)
def test_easter_monday(year: int, day: date) -> None:
    assert (day, "Easter Monday") in events_of(year)


def test_black_friday_follows_the_fourth_thursday() -> None:
    assert [day for day, name in events_of(2024) + events_of(2025) if name == "Black Friday"] == [
        date(2024, 11, 29),
        date(2025, 11, 28),
    ]


def test_seasons_average_out_and_garden_peaks_in_spring() -> None:
    config = SampleConfig(items=1, days=730)
    factors = day_factors(config)[:, -365:]
    assert np.allclose(factors.mean(axis=1), 1, atol=0.12)
    garden = next(i for i, category in enumerate(CATEGORIES) if category.name == "Garden")
    month = np.array([config.day(config.total_days - 365 + i).month for i in range(365)])
    assert factors[garden][month == 5].mean() > 2 * factors[garden][month == 11].mean()


def test_price_breaks_are_paid() -> None:
    config = SampleConfig(items=60, days=28)
    items = make_items(config, make_suppliers(config))
    quantity, price = master.breaks(items)
    broken = np.flatnonzero(quantity)
    assert 0.15 < len(broken) / 60 < 0.55
    assert (master.paid_price(items, broken, quantity[broken] - 1) == items.unit_cost[broken]).all()
    assert (master.paid_price(items, broken, quantity[broken]) == price[broken]).all()
    assert (master.paid_price(items, broken, 3 * quantity[broken]) <= price[broken]).all()
