"""Further books of the same kinds. Each right value was worked out by hand before the first run."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.cases.company import AS_OF, Item, Line, Order
from tests.cases.registry import case


# Units ------------------------------------------------------------------------------------------------------------------------
@case(
    Item("HALF-CARTON", sales=5, policy=(50, 60), count=45, price=24.0, pack=None, minimum=2, offer={"purchase_unit_factor": 12}),
    Item("QUARTERS", sold=[(f"06-{n:02d}", 0.75) for n in range(1, 28)], pack=0.25, policy=(10, 20), count=9.9),
    Item("CRUMB", sales=1, policy=(10, 20), count=0.0000001),
)  # fmt: skip
def test_minimums_of_cartons_quarter_packs_and_crumbs_are_kept(day: Any) -> None:
    # 15 are missing, and two cartons are the least; 10.1 are 41 quarters; a crumb is no piece.
    assert day.line("HALF-CARTON").quantity == 24
    assert day.line("QUARTERS").quantity == 10.25
    assert day.line("CRUMB").quantity == 20


# Plans and facts --------------------------------------------------------------------------------------------------------------
@case(
    Item(
        "TYPED-AHEAD",
        sales=2,
        policy=(60, 110),
        count=10,
        orders=[Order("06-20", [Line(100, received=(100, "07-10"))])],
    )
)
def test_a_receipt_dated_ahead_has_not_come(day: Any) -> None:
    line = day.line("TYPED-AHEAD")
    assert (line.on_hand, line.due, line.quantity) == (10, 100, 0)


@case(Item("SOLD-AHEAD", sales=2, sold=[("07-05", 500)], policy=(50, 100), count=60))
def test_a_sale_dated_ahead_is_no_demand_yet(day: Any) -> None:
    assert day.line("SOLD-AHEAD").quantity == 0
    assert day.sku("SOLD-AHEAD").mean_demand == pytest.approx(2)


@case(
    Item("WRONG-YEAR", sales=2, policy=(60, 110), count=10, orders=[Order("06-20", [Line(100, promised="2027-06-30")])])
)
def test_an_order_promised_a_year_ahead_is_named(day: Any) -> None:
    line = day.line("WRONG-YEAR")
    assert "PO-WRONG-YEAR-1" in f"{line.alert} {line.reason} {' '.join(day.notices)}"


# Documents --------------------------------------------------------------------------------------------------------------------
@case(
    Item("HEAD-CLOSED", sales=2, policy=(30, 60), count=10, orders=[Order("06-10", [Line(50)], status="received")]),
    Item("LINE-OFF", sales=2, policy=(30, 60), count=10,
         orders=[Order("06-20", [Line(50, more={"status": "cancelled"}), Line(40, promised="07-04")])]),
    Item("ALL-IN", sales=2, policy=(30, 60), count=40, orders=[Order("06-10", [Line(50, received=(50, "06-20"))])]),
)  # fmt: skip
def test_what_is_due_follows_heads_lines_and_receipts(day: Any) -> None:
    found = [day.line(item) for item in ("HEAD-CLOSED", "LINE-OFF", "ALL-IN")]
    assert [(line.due, line.quantity) for line in found] == [(0, 50), (40, 0), (0, 0)]


@case(
    Item("SPOT", sales=2, policy=(40, 90), counts={"06-20": 30}, rows={"unordered_receipts": [
        {"receipt_id": "R1", "supplier_id": "S-SPOT", "item_id": "SPOT", "location_id": "W", "received_on": "2026-06-24", "quantity": 25,
         "unit_price": 1.5},
        {"receipt_id": "R2", "supplier_id": "S-SPOT", "item_id": "SPOT", "location_id": "W", "received_on": "2026-06-25", "quantity": 0}]}),
)  # fmt: skip
def test_goods_without_an_order_line_are_stock_and_spend_and_no_lead_time(day: Any) -> None:
    line = day.line("SPOT")
    # 30 counted, eight days sell 16, 25 came: 39 on hand.
    assert (line.on_hand, line.due, line.quantity) == (39, 0, 51)
    assert line.expected_on == AS_OF + timedelta(days=15)
    vendor = day.read("select spend, receipts, lead_time_mean from marts.fct_vendor where supplier_id = 'S-SPOT'").row(
        0
    )
    assert vendor == (37.5, 0, None)


@case(Item("UNBOOKED", sales=2, policy=(20, 60), counts={"06-25": 30}, count=74))
def test_a_count_that_rose_without_a_receipt_is_named(day: Any) -> None:
    # 30 less three days' sales of 2 are 24; 74 were counted. The sentence names the greatest rise of the whole load.
    assert any(
        "units more than was received" in sentence and "unordered_receipts" in sentence for sentence in day.findings
    )


# Stock ------------------------------------------------------------------------------------------------------------------------
@case(
    Item("COUNT-AFTER", sales=2, policy=(30, 60), count=50, orders=[Order("06-10", [Line(20, received=(20, "06-28"))], status="received")]),
    Item("SENT-BACK", sales=2, policy=(40, 60), counts={"06-26": 50},
         orders=[Order("06-01", [Line(40, received=(40, "06-20")), Line(-10, received=(-10, "06-27"))], status="received")]),
    Item("EXPIRED", sales=2, policy=(50, 100), count=100, rows={"stock_batches": [
        {"item_id": "EXPIRED", "location_id": "W", "batch_id": "OLD", "on_hand": 60, "expires_on": "2026-06-27"},
        {"item_id": "EXPIRED", "location_id": "W", "batch_id": "NEW", "on_hand": 40, "expires_on": "2027-06-27"}]}),
)  # fmt: skip
def test_stock_is_what_a_count_and_later_movements_leave_to_sell(day: Any) -> None:
    assert (day.line("COUNT-AFTER").on_hand, day.line("COUNT-AFTER").quantity) == (50, 0)
    # 50 less two days' sales of 2 and the 10 that went back.
    assert day.line("SENT-BACK").on_hand == 36
    assert day.line("SENT-BACK").quantity == 24
    assert day.line("EXPIRED").quantity == 60


# The life of an item ----------------------------------------------------------------------------------------------------------
@case(
    Item("ENDS-TODAY", sales=2, policy=(50, 100), count=0, item={"discontinued_on": "2026-06-28"}),
    Item("YOUNG", sold=[(f"06-{n:02d}", 5) for n in range(21, 29)], count=10, item={"created_on": "2026-06-21"}),
)  # fmt: skip
def test_the_last_day_buys_nothing_and_a_young_item_is_bought_by_its_own_days(day: Any) -> None:
    assert day.line("ENDS-TODAY").quantity == 0
    # Five a day on eight days: three weeks sell 105, of which 10 are there. Over 120 days it would be a third of one a day.
    assert day.line("YOUNG").quantity >= 80


# Demand is cleaned ------------------------------------------------------------------------------------------------------------
@case(Item("SAME-DAY", sales=20, sold=[("06-15", 200), ("06-15", -200)], policy=(300, 600), count=500))
def test_a_credit_of_the_same_day_leaves_the_days_own_sales(day: Any) -> None:
    found = day.read("select sum(quantity) as units from marts.fct_daily_demand where item_id = 'SAME-DAY'")
    assert float(found["units"][0]) == 2400


# Price against cost -----------------------------------------------------------------------------------------------------------
@case(
    Item("PER100-BREAK", sales=20, policy=(600, 1200), count=600, price=100.0, breaks={500: 80.0}, offer={"price_per": 100}),
    Item("BREAK-ZERO", sales=5, policy=(50, 150), count=0, breaks={100: 0.0}),
    Item("NO-RATE", sales=5, policy=(100, 200), count=0, price=2.0, offer={"currency": "JPY"}),
)  # fmt: skip
def test_a_break_follows_its_offer_and_a_price_that_is_not_known_is_named(day: Any) -> None:
    line = day.line("PER100-BREAK")
    assert line.quantity >= 600 and line.unit_price == pytest.approx(0.8)
    assert (day.line("BREAK-ZERO").quantity, day.line("BREAK-ZERO").unit_price) == (150, 1.0)
    assert day.line("NO-RATE").quantity == 0
    assert "rate" in day.line("NO-RATE").reason and any("NO-RATE" in sentence for sentence in day.notices)


@case(
    Item("OFFER-OVER", sales=5, policy=(100, 200), count=0, offer={"valid_to": "2026-06-20"}),
    Item("OFFER-AHEAD", sales=5, policy=(100, 200), count=0, offer={"valid_from": "2026-07-20"}),
    Item("PRIMARY-OFF", sales=5, policy=(100, 200), count=0, price=0.0,
         offers=[{"supplier_id": "S-SPARE", "unit_price": 1.2}]),
    Item("ASLEEP", sales=5, policy=(100, 200), count=0, supplier={"active": "false"}),
)  # fmt: skip
def test_the_reason_names_why_there_is_no_offer(day: Any) -> None:
    assert "the offer of S-OFFER-OVER ended on 2026-06-20" in day.line("OFFER-OVER").reason
    assert "the offer of S-OFFER-AHEAD begins on 2026-07-20" in day.line("OFFER-AHEAD").reason
    assert "supplier S-ASLEEP is inactive" in day.line("ASLEEP").reason
    line = day.line("PRIMARY-OFF")
    assert (line.supplier_id, line.quantity) == ("S-SPARE", 200)
    assert "S-PRIMARY-OFF (purchase_price_not_positive): enter the supplier's price in the ERP" in line.alert


# Lead time --------------------------------------------------------------------------------------------------------------------
@case(
    Item("SATURDAYS", sales=2, lead=3, policy=(60, 120), count=20, supplier={"working_days": "6"}),
    Item("HALF-DAY", sales=2, lead=2.5, policy=(60, 120), count=20),
)  # fmt: skip
def test_a_delivery_waits_for_the_day_of_delivery(day: Any) -> None:
    # After three days Thursday, 07-02, is reached; the supplier delivers on Saturdays.
    assert day.line("SATURDAYS").expected_on == date(2026, 7, 4)
    assert day.line("HALF-DAY").expected_on == date(2026, 7, 2)


# A need is bought once --------------------------------------------------------------------------------------------------------
@case(
    Item("OLD-VENDOR", sales=2, policy=(60, 110), count=10,
         orders=[Order("06-24", [Line(100, promised="07-03")], supplier="S-GONE")], offers=[{"supplier_id": "S-GONE"}]),
    Item("ELSEWHERE", sales=2, policy=(60, 110), count=10),
    Item("ELSEWHERE", location="STORE-2", supplier={"supplier_id": "S-ELSEWHERE"},
         orders=[Order("06-24", [Line(100, promised="07-03")], po_id="PO-STORE-2")]),
)  # fmt: skip
def test_what_is_due_counts_from_any_supplier_and_at_its_own_location(day: Any) -> None:
    assert (day.line("OLD-VENDOR").due, day.line("OLD-VENDOR").quantity) == (100, 0)
    assert (day.line("ELSEWHERE").due, day.line("ELSEWHERE").quantity) == (0, 100)


@case(
    Item("CRATE", sales=1, supplier=None, rows={"kit_components": [{"kit_id": "CRATE", "item_id": "SIXPACK", "quantity": 6}]}),
    Item("SIXPACK", supplier=None, rows={"kit_components": [{"kit_id": "SIXPACK", "item_id": "SPOON", "quantity": 2}]}),
    Item("SPOON", policy=(200, 400), count=50),
)  # fmt: skip
def test_a_kit_of_kits_sells_the_parts_of_its_parts(day: Any) -> None:
    assert day.sku("SPOON").mean_demand == pytest.approx(12)
    assert day.line("SPOON").quantity == 350


# Messages where one looks -----------------------------------------------------------------------------------------------------
@case(
    Item("CROSSED", sales=2, policy=(100, 50), count=10),
    Item("TWO-FIRST", sales=2, policy=(60, 120), count=10, offers=[{"supplier_id": "S-ALSO", "is_primary": "true"}]),
)  # fmt: skip
def test_levels_that_cross_and_two_primary_suppliers_are_named(day: Any) -> None:
    assert "reorder_levels_contradict" in day.quarantine("CROSSED")
    assert day.line("CROSSED").quantity > 0
    review = "select distinct rule from quarantine.review where as_of = :d and details ->> 'item_id' = 'TWO-FIRST'"
    assert "primary_suppliers_contradict" in day.read(review, d=AS_OF)["rule"].to_list()
    assert day.line("TWO-FIRST").quantity == 110
