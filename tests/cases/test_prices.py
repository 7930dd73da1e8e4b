"""Price against cost: a price of another unit, and a break that costs more."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case


@case(Item("PER100", sales=5, policy=(100, 600), count=0, cost=1.0, price=100.0))
def test_an_offer_per_hundred_is_flagged_before_it_is_bought(day: Any) -> None:
    line = day.line("PER100")
    assert line.order_value == 600 or (line.needs_review and "unit_cost" in line.alert)
    assert any("PER100" in sentence and "100" in sentence for sentence in day.findings if sentence.startswith("prices"))


@case(Item("DEARER", sales=5, policy=(50, 100), count=0, cost=39.99, price=39.99, breaks={100: 440.0}))
def test_a_break_that_costs_more_is_bought_below(day: Any) -> None:
    line = day.line("DEARER")
    assert (line.quantity, round(line.order_value, 2)) == (99, 3959.01)
