"""Suppliers' calendars in the replay, against a slow reference that walks day by day."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.core.supplier_days import added
from pipelines.replay.calendars import KEPT, NO_CALENDARS, Calendars, Timeline
from pipelines.replay.window import window, with_calendars

FIRST, DAYS = date(2026, 3, 2), 120
CLOSED = range(40, 52)
"""Positions of the days on which the supplier is closed; day 0 is a Monday."""


def is_open(at: int) -> bool:
    return at not in CLOSED


def is_working(at: int) -> bool:
    return is_open(at) and at % 7 < 5


def calendar() -> pl.DataFrame:
    """The supplier S, Monday to Friday, from twenty days before to 60 after."""
    at = list(range(-20, DAYS + 60))
    following = [next((later for later in range(day + 1, at[-1] + 1) if is_working(later)), None) for day in at]
    return pl.DataFrame({
        "supplier_id": "S", "day": [FIRST + timedelta(days=day) for day in at],
        "delivers_next_on": [None if day is None else FIRST + timedelta(days=day) for day in following],
        "open_days": np.cumsum([is_open(day) for day in at]).astype(np.int32),
        "working_days": np.cumsum([is_working(day) for day in at]).astype(np.int32),
    })  # fmt: skip


def calendars(working: float | None = None) -> Calendars:
    row = {"item_id": "A", "location_id": "W", "supplier_id": "S", "working_lead_time_days": working}
    return Calendars(pl.DataFrame([row], schema=KEPT), calendar())


def timeline() -> Timeline:
    return calendars().timelines(pl.DataFrame({"item_id": ["A"], "location_id": ["W"]}), FIRST)[0]


def walked(placed: int, days: int, *, working: bool) -> int:
    """Lead time of an order by walking from day to day."""
    day, ran = placed, 0
    while ran < days:
        day += 1
        ran += is_working(day) if working else is_open(day)
    day += 1
    while not is_working(day):
        day += 1
    return day - placed - 1


@pytest.mark.parametrize("working", [False, True])
@pytest.mark.parametrize("days", [0, 1, 3, 10])
def test_an_order_takes_what_walking_the_calendar_finds(days: int, working: bool) -> None:
    placed = np.arange(DAYS)
    taken = timeline().taken(placed, np.int64(days), working=working)
    assert taken.tolist() == [walked(day, days, working=working) for day in range(DAYS)]


@pytest.mark.parametrize("working", [False, True])
def test_the_replay_keeps_the_calendar_of_the_orders(working: bool) -> None:
    orders = pl.DataFrame({"supplier_id": ["S"], "days": [4.0], "working": [working]})
    for day in (5, 37, 45, 60):
        by_order = 4 + added(orders, calendar(), FIRST + timedelta(days=day))[0]
        assert timeline().taken(np.array([day]), np.float64(4), working=working)[0] == by_order


def test_days_that_ran_of_a_receipt_run_again_at_another_time() -> None:
    # Ordered on day 30, there on day 36, a Tuesday: five days ran.
    ran = timeline().ran(np.array([30]), np.array([5]))
    assert ran.tolist() == [5]
    assert timeline().taken(np.array([38]), ran)[0] == walked(38, 5, working=False) == 17


def rows(receipts: list[dict[str, object]]) -> tuple[pl.DataFrame, ...]:
    key = {"item_id": pl.String, "location_id": pl.String}
    skus = pl.DataFrame(
        [{"item_id": "A", "location_id": "W", "lead_time_days": 5.0, "created_on": FIRST, "books_from": FIRST}]
    )
    demand = pl.DataFrame(schema=key | {"day": pl.Date, "quantity": pl.Float64, "is_stockout": pl.Boolean})
    stock = pl.DataFrame(schema=key | {"counted_on": pl.Date, "on_hand": pl.Float64})
    quantities = {f"quantity_{name}": pl.Float64 for name in ("ordered", "received", "rejected")}
    received = pl.DataFrame(receipts, schema=key | {"ordered_on": pl.Date, "received_on": pl.Date} | quantities)
    due = pl.DataFrame(schema=key | {"ordered_on": pl.Date, "expected_on": pl.Date, "quantity_ordered": pl.Float64})
    return skus, demand, stock, received, due


@pytest.mark.parametrize("receipts", [0, 1])
def test_orders_of_the_replay_wait_while_the_supplier_is_closed(receipts: int) -> None:
    came = {
        "item_id": "A", "location_id": "W", "ordered_on": FIRST + timedelta(days=1), "received_on": FIRST + timedelta(days=7),
        "quantity_ordered": 9.0, "quantity_received": 9.0, "quantity_rejected": 0.0,
    }  # fmt: skip
    skus, *recorded = rows([came] * receipts)
    plain = window(skus, *recorded, FIRST + timedelta(days=DAYS - 1), days=DAYS, run_up=0)
    kept = with_calendars(plain, skus, calendars())
    assert (plain.lead_time == 5).all()
    assert kept.lead_time[0].tolist() == [walked(day, 5, working=False) for day in range(DAYS)]
    assert with_calendars(plain, skus, NO_CALENDARS) is plain


def test_a_lead_time_agreed_in_working_days_runs_on_them_alone() -> None:
    skus, *recorded = rows([])
    plain = window(skus, *recorded, FIRST + timedelta(days=DAYS - 1), days=DAYS, run_up=0)
    kept = with_calendars(plain, skus, calendars(working=3.0))
    assert kept.lead_time[0].tolist() == [walked(day, 3, working=True) for day in range(DAYS)]
