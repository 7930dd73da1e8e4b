"""What is due: plans that are no facts, documents in parts, reversals and free goods, and what a supplier really takes."""

from datetime import date
from typing import Any

from tests.cases.company import Item, Line, Order
from tests.cases.registry import case

# Eight days: ordered at the close of the 2nd, there for the sales of the 11th.
EIGHT_DAYS = [
    Order(f"{month:02d}-{on:02d}", [Line(60, received=(60, f"{month:02d}-{on + 9:02d}"))], status="received")
    for month in (3, 4, 5)
    for on in (2, 16)
]


@case(
    Item("PROM", sales=1, lead=45, policy=(60, 110), count=10, orders=[Order("06-08", [Line(100, promised="06-08")])]),
    Item("PROM2", sales=1, lead=45, policy=(60, 110), count=10, orders=[Order("06-08", [Line(100, promised="06-05")])]),
)
def test_a_promise_of_the_day_of_typing_is_none(day: Any) -> None:
    for item in ("PROM", "PROM2"):
        line = day.line(item)
        assert (line.quantity, line.due) == (0, 100)
        expected = day.read("select expected_on from marts.fct_open_orders where item_id = :i", i=item)["expected_on"][
            0
        ]
        assert expected == date(2026, 7, 24)


@case(
    Item("FUT", sales=5, policy=(60, 110), count=10,
         orders=[Order("07-06", [Line(100, promised="07-15", more={"updated_at": "2026-06-20 10:00:00"})], po_id="PO-AHEAD",
                       more={"updated_at": "2026-06-20 10:00:00"})]),
    PLANNING__REVIEW_PERIOD_DAYS="7",
)  # fmt: skip
def test_an_order_dated_ahead_is_due_and_named(day: Any) -> None:
    line = day.line("FUT")
    assert (line.quantity, line.due) == (0, 100)
    assert any("PO-AHEAD of 2026-07-06 with 100 units" in notice for notice in day.notices)


@case(Item("PART", sales=0.5, policy=(6, 10), count=5, orders=[Order("06-06", [Line(10, received=(5, "06-20"))])]))
def test_the_rest_of_a_delivery_in_parts_is_still_due(day: Any) -> None:
    line = day.line("PART")
    assert (line.quantity, line.due) == (0, 5)


@case(
    Item(
        "SPLIT", sales=0.5, policy=(6, 10), count=5, orders=[Order("06-06", [Line(10, received=(5, "06-20")), Line(5)])]
    )
)
def test_a_rest_on_a_line_of_its_own_is_due_once(day: Any) -> None:
    assert day.line("SPLIT").due == 5


@case(
    Item(
        "SHORT",
        sales=0.5,
        policy=(6, 10),
        count=5,
        orders=[Order("06-06", [Line(10, received=(5, "06-20"))], status="received")],
    )
)
def test_the_rest_of_an_order_that_is_settled_is_not_due(day: Any) -> None:
    line = day.line("SHORT")
    assert (line.due, line.quantity) == (0, 5)


@case(
    Item("REV", sales=5, policy=(50, 300), count=0,
         orders=[Order("06-15", [Line(300, received=(303, "06-22")), Line(-303, received=(-303, "06-23"))])]),
    Item("REV0", sales=5, policy=(50, 300), count=0,
         orders=[Order("06-15", [Line(300, received=(303, "06-22")), Line(0, received=(-303, "06-23"))])]),
)  # fmt: skip
def test_what_was_booked_back_is_still_due(day: Any) -> None:
    for item in ("REV", "REV0"):
        line = day.line(item)
        assert (line.quantity, line.due) == (0, 300)
        assert day.quarantine(item) == []


@case(
    Item("FREE", sales=2, policy=(20, 100), count=64, cost=3, price=3,
         orders=[Order("06-01", [Line(100, received=(100, "06-20")), Line(0, received=(24, "06-20"))], status="received")]),
)  # fmt: skip
def test_free_goods_are_received_and_cost_nothing(day: Any) -> None:
    assert day.quarantine("FREE") == []
    found = day.read(
        "select sum(quantity_accepted) as units, sum(quantity_accepted * unit_price) as spend from marts.fct_receipts "
        "where item_id = 'FREE'"
    ).row(0)
    assert found == (124.0, 300.0)


@case(
    Item(
        "AGREED",
        sales=24,
        lead=20,
        policy=(300, 500),
        count=150,
        orders=[*EIGHT_DAYS, Order("06-27", [Line(350, promised="07-18")])],
    ),
)
def test_an_order_promised_by_the_agreed_lead_time_is_dated_by_what_the_supplier_really_takes(day: Any) -> None:
    line = day.line("AGREED")
    assert (line.quantity, line.due) == (0, 350)
    expected = day.read("select expected_on, due_on from marts.fct_open_orders where item_id = 'AGREED'").row(0)
    assert expected == (date(2026, 7, 6), date(2026, 7, 18))


@case(
    Item("LATE", sales=5, lead=5, policy=(60, 120), count=20,
         orders=[Order(f"{month:02d}-01", [Line(60, received=(60, f"{month + 1:02d}-10"))], status="received") for month in (2, 3, 4)]
         + [Order("05-31", [Line(100, promised="06-06")])]),
)  # fmt: skip
def test_a_promise_that_has_passed_within_what_the_supplier_takes_is_not_given_up(day: Any) -> None:
    line = day.line("LATE")
    assert (line.quantity, line.due) == (0, 100)
    assert line.alert_code == "EXPEDITE_LATE_LINE"


@case(
    Item(
        "TWOSUP",
        sales=5,
        lead=14,
        policy=(100, 200),
        count=20,
        orders=[Order("06-27", [Line(180)], supplier="S-SLOW")],
        offers=[{"supplier_id": "S-SLOW", "lead_time_days": 60}],
    ),
)
def test_an_order_of_a_slow_supplier_is_not_ordered_again_from_a_fast_one(day: Any) -> None:
    line = day.line("TWOSUP")
    assert (line.quantity, line.due) == (0, 180)
