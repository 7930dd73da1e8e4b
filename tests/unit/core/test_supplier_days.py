"""When orders come of suppliers that keep a calendar, beside a walk along the days."""

import math
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.core.supplier_days import AGREED, SCHEMA, Calendars

AS_OF = date(2026, 6, 28)
"""A Sunday."""


def calendars(
    weekdays: str = "1234567", closed: tuple[date, date] | None = None, agreed: float | None = None
) -> Calendars:
    """Calendar of supplier S, over ten weeks; item A is agreed in working days where ``agreed`` names some."""
    days = [AS_OF + timedelta(days=n) for n in range(70)]
    opens = [closed is None or not closed[0] <= day <= closed[1] for day in days]
    works = [is_open and str(day.isoweekday()) in weekdays for day, is_open in zip(days, opens, strict=True)]
    nexts = [
        next((later for later, work in zip(days[n + 1 :], works[n + 1 :], strict=True) if work), None)
        for n in range(70)
    ]
    frame = pl.DataFrame(
        {"supplier_id": "S", "day": days, "delivers_next_on": nexts, "open_days": opens, "working_days": works}
    )
    frame = frame.with_columns(pl.col("open_days", "working_days").cum_sum()).cast(SCHEMA)
    named = [{"item_id": "A", "supplier_id": "S", "working_lead_time_days": agreed}] if agreed is not None else []
    return Calendars(frame, pl.DataFrame(named, schema=AGREED))


def comes_on(
    found: Calendars, days: float, ordered_on: date = AS_OF, supplier: str = "S", *, measured: bool = False
) -> date:
    """Day on which an order of item A is there."""
    order = pl.DataFrame({"item_id": ["A"], "supplier_id": [supplier], "days": [days], "measured": [measured]})
    return ordered_on + timedelta(days=math.ceil(found.taken(order, ordered_on)[0]) + 1)


CLOSED = (date(2026, 6, 29), date(2026, 7, 4))


@pytest.mark.parametrize(
    ("found", "days", "expected"),
    [
        (calendars(closed=CLOSED), 3, date(2026, 7, 8)),
        (calendars(closed=CLOSED, agreed=3), 3, date(2026, 7, 8)),
        (calendars("12345", CLOSED, agreed=3), 5, date(2026, 7, 9)),
        (calendars("12345", agreed=3), 5, date(2026, 7, 2)),
        (calendars("12345"), 5, date(2026, 7, 6)),  # the 4th is a Saturday
        (calendars("12345"), 3, date(2026, 7, 2)),
        (calendars("3"), 0, date(2026, 7, 1)),
        (calendars("1234567"), 2.5, date(2026, 7, 2)),
    ],
    ids=[
        "closed",
        "closed, working days",
        "week, closed, working days",
        "week, working days",
        "no Saturday",
        "within the week",
        "no day at all",
        "half days",
    ],
)
def test_an_order_comes_on_a_working_day_after_its_lead_time_has_run(
    found: Calendars, days: float, expected: date
) -> None:
    assert comes_on(found, days) == expected


def test_what_was_measured_counts_days_of_the_calendar() -> None:
    assert comes_on(calendars("12345", agreed=5), 5, measured=True) == date(2026, 7, 6)
    assert comes_on(calendars("12345", agreed=5), 5) == date(2026, 7, 6)
    assert comes_on(calendars("12345", agreed=6), 8) == date(2026, 7, 7)


def test_an_order_of_the_next_review_meets_its_own_closing_days() -> None:
    assert comes_on(calendars(closed=CLOSED), 3, AS_OF + timedelta(days=7)) == date(2026, 7, 9)
    assert comes_on(calendars(closed=CLOSED), 3, AS_OF + timedelta(days=3)) == date(2026, 7, 8)


def test_a_supplier_without_a_calendar_is_always_at_work() -> None:
    assert comes_on(calendars(closed=CLOSED), 3, supplier="T") == date(2026, 7, 2)
    assert comes_on(calendars(closed=(AS_OF + timedelta(days=1), AS_OF + timedelta(days=69))), 3) == date(2026, 7, 2)


@pytest.mark.parametrize("lead", range(9))
@pytest.mark.parametrize("after", range(0, 9, 2))
def test_it_agrees_with_a_walk_along_the_days(lead: int, after: int) -> None:
    ordered_on = AS_OF + timedelta(days=after)
    found, ran, day = calendars("1345", CLOSED, agreed=lead), 0, ordered_on

    def works(day: date) -> bool:
        return str(day.isoweekday()) in "1345" and not CLOSED[0] <= day <= CLOSED[1]

    while ran < lead:
        day += timedelta(days=1)
        ran += works(day)
    day += timedelta(days=1)
    while not works(day):
        day += timedelta(days=1)
    assert comes_on(found, 99.0, ordered_on) == day
