"""Stock as it is: below zero where unmet demand waits, and an old count less what was sold since."""

from typing import Any

from tests.cases.company import Item, Line, Order
from tests.cases.registry import case

DUE = [Order("06-22", [Line(100, promised="07-02")])]


@case(Item("NEG", sales=2, policy=(95, 150), count=-8, orders=DUE), PLANNING__UNMET_DEMAND="backorder")
def test_stock_below_zero_is_a_backorder_where_unmet_demand_waits(day: Any) -> None:
    line = day.line("NEG")
    assert (line.on_hand, line.inventory_position, line.quantity) == (-8, 92, 58)


@case(Item("NEG", sales=2, policy=(95, 150), count=-8, orders=DUE))
def test_stock_below_zero_is_an_empty_shelf_where_unmet_demand_is_lost(day: Any) -> None:
    line = day.line("NEG")
    assert (line.on_hand, line.inventory_position, line.quantity) == (0, 100, 0)


@case(Item("OLDC", sales=10, policy=(150, 400), counts={"05-31": 400}))
def test_an_old_count_less_the_sales_since_is_on_hand(day: Any) -> None:
    line = day.line("OLDC")
    assert (line.on_hand, line.quantity) == (120, 280)


@case(
    Item(
        "OLDC-IN",
        sales=10,
        policy=(150, 400),
        counts={"05-31": 400},
        orders=[Order("05-31", [Line(200, received=(200, "06-15"), rejected=20)], status="received")],
    ),
)
def test_an_old_count_takes_what_was_received_and_accepted_since(day: Any) -> None:
    assert day.line("OLDC-IN").on_hand == 300


@case(Item("OLDC-OUT", sales=10, policy=(150, 400), counts={"05-31": 100}))
def test_an_old_count_is_carried_forward_to_no_less_than_an_empty_shelf(day: Any) -> None:
    line = day.line("OLDC-OUT")
    assert (line.on_hand, line.quantity) == (0, 400)


@case(Item("OLDC-RET", sales=10, sold=[("06-15", -30)], policy=(150, 400), counts={"05-31": 400}))
def test_an_old_count_takes_what_customers_brought_back_since(day: Any) -> None:
    assert day.line("OLDC-RET").on_hand == 150
