"""Siblings of the field cases: other books with the same kinds of trouble. Each right value was written down before the first run."""

from datetime import date
from typing import Any

from tests.cases.company import Item, Line, Order
from tests.cases.registry import case


# Units ------------------------------------------------------------------------------------------------------------------------
@case(
    Item("GRAMS", sales=15_000, policy=(300_000, 600_000), count=100_000),
    Item("STEP", sales=1, pack=0.1, policy=(20, 30.3), count=9.999999),
)
def test_a_need_in_grams_is_ordered_whole_and_steps_are_kept(day: Any) -> None:
    assert day.line("GRAMS").quantity == 500_000
    assert day.line("STEP").quantity == 20.3


# Documents ----------------------------------------------------------------------------------------------------------------------
@case(
    Item(
        "TWOPART",
        sales=2,
        policy=(60, 100),
        count=10,
        orders=[Order("06-10", [Line(60, received=(20, "06-18"))]), Order("06-12", [Line(30, promised="07-01")])],
    ),
)
def test_the_rest_of_one_order_and_another_are_due_together(day: Any) -> None:
    line = day.line("TWOPART")
    assert (line.due, line.quantity) == (70, 0)


@case(Item("OVER", sales=2, policy=(30, 60), count=40, orders=[Order("06-10", [Line(20, received=(25, "06-20"))])]))
def test_more_than_was_ordered_leaves_nothing_due(day: Any) -> None:
    line = day.line("OVER")
    assert (line.due, line.quantity) == (0, 0)


@case(Item("CANCEL", sales=2, policy=(30, 60), count=10, orders=[Order("06-20", [Line(50)], status="cancelled")]))
def test_a_cancelled_order_is_not_due(day: Any) -> None:
    line = day.line("CANCEL")
    assert (line.due, line.quantity) == (0, 50)


@case(
    Item(
        "REJ",
        sales=2,
        policy=(30, 60),
        count=10,
        orders=[Order("06-10", [Line(50, received=(50, "06-20"), rejected=50)], status="received")],
    ),
)
def test_what_was_rejected_is_neither_stock_nor_due(day: Any) -> None:
    line = day.line("REJ")
    assert (line.due, line.quantity) == (0, 50)


@case(Item("ZERO", sales=2, policy=(30, 60), count=10, orders=[Order("06-24", [Line(0), Line(40, promised="07-04")])]))
def test_a_line_of_nothing_hides_no_other(day: Any) -> None:
    line = day.line("ZERO")
    assert (line.due, line.quantity) == (40, 0)


# Stock as it is ----------------------------------------------------------------------------------------------------------------
@case(Item("TWICE", sales=3, policy=(60, 120), counts={"06-20": 100, "06-27": 50}))
def test_the_newest_count_less_what_was_sold_since_is_on_hand(day: Any) -> None:
    line = day.line("TWICE")
    assert (line.on_hand, line.quantity) == (47, 73)


@case(Item("NOCOUNT", sales=2, policy=(30, 60), orders=[Order("06-25", [Line(20, promised="07-02")])]))
def test_without_a_count_what_is_due_still_counts(day: Any) -> None:
    line = day.line("NOCOUNT")
    assert (line.due, line.quantity) == (20, 40)


# The life of an item ----------------------------------------------------------------------------------------------------------
@case(
    Item("ENDED", sales=2, policy=(50, 100), count=0, item={"discontinued_on": "2026-06-20"}),
    Item("LATER", policy=(20, 50), item={"created_on": "2026-08-01"}),
)
def test_what_ended_or_has_not_begun_is_not_bought(day: Any) -> None:
    assert [day.line(item).quantity for item in ("ENDED", "LATER")] == [0, 0]
    assert "2026-06-20" in day.line("ENDED").reason or "DISCONTINUED" in day.line("ENDED").reason_code


@case(Item("ENDS-DUE", sales=2, lead=5, policy=(50, 100), count=0, item={"discontinued_on": "2026-07-20"},
           orders=[Order("06-24", [Line(44, promised="06-30")])]))  # fmt: skip
def test_what_is_due_covers_the_rest_of_a_life(day: Any) -> None:
    # 22 days from 06-29 to 07-20 sell 44, which are due.
    assert day.line("ENDS-DUE").quantity <= 2


# Demand is cleaned ------------------------------------------------------------------------------------------------------------
@case(Item("CRED-PART", sales=10, sold=[("06-10", 100), ("06-12", -60), ("06-13", -40)], policy=(150, 300), count=200))
def test_a_credit_in_two_parts_cancels_its_sale(day: Any) -> None:
    found = day.read("select sum(quantity) as units from marts.fct_daily_demand where item_id = 'CRED-PART'")
    assert float(found["units"][0]) == 1200


@case(Item("RETURNS", sales=10, sold=[(f"06-{n:02d}", -1) for n in range(2, 28, 5)], policy=(150, 300), count=200))
def test_small_returns_do_not_make_demand_negative(day: Any) -> None:
    found = day.read(
        "select sum(quantity) as units, min(quantity) as least from marts.fct_daily_demand where item_id = 'RETURNS'"
    )
    assert 1190 <= float(found["units"][0]) <= 1200
    assert float(found["least"][0]) >= 0


# Price against cost -----------------------------------------------------------------------------------------------------------
@case(Item("CHEAP100", sales=5, policy=(100, 600), count=0, cost=100.0, price=1.0))
def test_a_price_far_below_the_cost_is_flagged(day: Any) -> None:
    line = day.line("CHEAP100")
    assert line.quantity == 600 and line.needs_review and "unit_cost" in line.alert


@case(Item("FREEPRICE", sales=5, policy=(100, 600), count=0, cost=2.0, price=0.0))
def test_an_offer_without_a_price_is_not_bought_in_silence(day: Any) -> None:
    line = day.line("FREEPRICE")
    assert line.quantity == 0 and "purchase_price_not_positive" in line.alert
    assert "enter the supplier's price in the ERP" in line.reason
    assert any("FREEPRICE" in sentence for sentence in [*day.notices, *day.findings, line.alert])


# Lead time ------------------------------------------------------------------------------------------------------------------
TWELVE = [
    Order(f"{m:02d}-{on:02d}", [Line(30, received=(30, f"{m:02d}-{on + 13:02d}"))], status="received")
    for m in (3, 4, 5)
    for on in (1, 15)
]


@case(
    Item(
        "YEAR",
        sales=1,
        lead=180,
        policy=(200, 250),
        count=20,
        supplier={"supplier_id": "S-QUICK"},
        orders=[Order("06-01", [Line(200)], supplier="S-QUICK")],
    ),
    Item("QUICK", sales=2, lead=12, policy=(60, 120), count=20, supplier={"supplier_id": "S-QUICK"}, orders=TWELVE),
)
def test_a_long_agreed_lead_time_beside_quick_items_of_the_same_supplier_stays_long(day: Any) -> None:
    assert abs(day.sku("YEAR").lead_time_mean - 180) <= 5
    assert (day.line("YEAR").due, day.line("YEAR").quantity) == (200, 0)
    assert abs((day.line("QUICK").expected_on - date(2026, 7, 11)).days) <= 1


@case(
    Item("UNSEEN", sales=2, lead=14, policy=(60, 120), count=20),
    Item(
        "SLOWPOKE",
        sales=2,
        lead=3,
        policy=(60, 120),
        count=200,
        orders=[
            Order(f"{m:02d}-01", [Line(60, received=(60, f"{m + 1:02d}-20"))], status="received") for m in (2, 3, 4)
        ],
    ),
)
def test_a_supplier_that_never_delivered_is_expected_as_agreed(day: Any) -> None:
    assert day.line("UNSEEN").expected_on == date(2026, 7, 13)


# Needs of other kinds, named where one looks -----------------------------------------------------------------------------------
@case(Item("MINPACK", sales=2, pack=12, minimum=50, policy=(40, 80), count=30))
def test_a_minimum_is_met_in_whole_packs(day: Any) -> None:
    # 50 are missing: five packs of 12 are 60.
    assert day.line("MINPACK").quantity == 60


@case(Item("LATEPO", sales=2, policy=(60, 120), count=10, orders=[Order("03-01", [Line(100, promised="03-20")])]))
def test_an_order_three_months_overdue_is_named_and_no_longer_believed(day: Any) -> None:
    line = day.line("LATEPO")
    assert (line.due, line.quantity) == (0, 110)
    assert "PO-LATEPO-1" in f"{line.alert} {line.reason} {' '.join(day.notices)}"


@case(
    Item("BLOCKED", sales=2, policy=(60, 120), count=10, supplier={"active": "false"}),
    Item(
        "SECOND",
        sales=2,
        policy=(60, 120),
        count=10,
        supplier={"active": "false"},
        offers=[{"supplier_id": "S-OTHER", "unit_price": 1.2}],
    ),
)
def test_an_inactive_supplier_is_replaced_or_its_absence_is_named(day: Any) -> None:
    assert day.line("BLOCKED").quantity == 0
    assert "supplier" in f"{day.line('BLOCKED').alert}{day.line('BLOCKED').reason}"
    assert (day.line("SECOND").supplier_id, day.line("SECOND").quantity) == ("S-OTHER", 110)
