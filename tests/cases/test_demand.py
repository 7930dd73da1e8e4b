"""Demand is cleaned: a credit cancels its sale, and one order of one customer is no demand of every week."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case

RARE = [(f"{month:02d}-{day:02d}", 5.0) for month in (3, 4, 5, 6) for day in (3, 12, 21)]
"""Twelve sales of 5."""


def sold(day: Any, item: str) -> float:
    found = day.read("select sum(quantity) as units from marts.fct_daily_demand where item_id = :item", item=item)
    return float(found["units"][0])


@case(Item("CRED", sales=20, sold=[("06-15", 200), ("06-17", -200)], policy=(300, 600), count=500))
def test_a_credit_cancels_the_sale_of_two_days_before(day: Any) -> None:
    assert sold(day, "CRED") == 2400


@case(Item("ONCE", sold=[*RARE, ("05-07", 600)], count=20), Item("ONCE-NOT", sold=RARE, count=20))
def test_a_single_order_of_a_customer_is_named_and_not_planned_for(day: Any) -> None:
    line = day.line("ONCE")
    # Some tens: 10 in 20 days, what the doubt about them adds, and a lot of the ordering cost.
    assert line.quantity == day.line("ONCE-NOT").quantity <= 150
    assert "600" in line.alert
