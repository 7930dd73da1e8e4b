"""Demand is cleaned: a credit cancels its sale."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case


def sold(day: Any, item: str) -> float:
    found = day.read("select sum(quantity) as units from marts.fct_daily_demand where item_id = :item", item=item)
    return float(found["units"][0])


@case(Item("CRED", sales=20, sold=[("06-15", 200), ("06-17", -200)], policy=(300, 600), count=500))
def test_a_credit_cancels_the_sale_of_two_days_before(day: Any) -> None:
    assert sold(day, "CRED") == 2400
