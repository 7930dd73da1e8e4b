"""A SKU's history as it is used, beside the books."""

from datetime import date, timedelta
from typing import Any

from pipelines.replay.corrections import CREDITED, EMPTY, Stretch, filled, stretches, summary

FIRST = date(2026, 6, 1)


def _days(*rows: tuple[float, float, float, bool]) -> list[dict[str, Any]]:
    """Rows of booked, quantity, returned and empty shelf, one a day."""
    return [
        {"day": FIRST + timedelta(days=n), "booked": booked, "quantity": quantity, "returned": back, "is_stockout": empty}
        for n, (booked, quantity, back, empty) in enumerate(rows)
    ]  # fmt: skip


def test_days_with_an_empty_shelf_are_one_stretch_raised_to_the_mean_around_them() -> None:
    days = _days((4, 4, 0, False), (1, 1, 0, True), (0, 0, 0, True), (2, 2, 0, False))
    assert filled(days) == [4.0, 3.0, 3.0, 2.0]
    assert stretches(days) == [Stretch(FIRST + timedelta(days=1), FIRST + timedelta(days=2), 1.0, 6.0, EMPTY)]
    assert "empty on 2 days" in summary(stretches(days))
    assert "5 units more" in summary(stretches(days))


def test_a_sale_that_a_later_credit_cancelled_is_no_demand() -> None:
    (found,) = stretches(_days((5, 5, 0, False), (7, 2, 0, False)))
    assert (found.booked, found.used, found.why) == (7.0, 2.0, CREDITED)
    assert summary([found]) == "5 booked units were cancelled later."


def test_returned_goods_are_named_with_their_units() -> None:
    (found,) = stretches(_days((5, 5, 2, False)))
    assert found.why == "2 returned, taken off the demand of the day"
    assert summary([found]) == "Customers returned goods 1 time."


def test_a_history_without_a_change_is_said_to_be_as_booked() -> None:
    days = _days((5, 5, 0, False), (0, 0, 0, False))
    assert stretches(days) == []
    assert summary([]) == "The last year is used as the books have it."
    assert filled([]) == []
