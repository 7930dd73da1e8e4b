"""The life of an item: what ends before an order could come is not bought, what is new gets its minimum and maximum."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case


@case(Item("EOL", sales=2, lead=20, policy=(50, 100), count=20, item={"discontinued_on": "2026-07-08"}))
def test_an_item_that_ends_before_an_order_could_arrive_is_not_bought(day: Any) -> None:
    line = day.line("EOL")
    assert line.quantity == 0
    assert "2026-07-08" in line.reason


@case(Item("EOL-LATE", sales=2, lead=20, policy=(50, 100), count=20, item={"discontinued_on": "2026-07-29"}))
def test_an_item_that_ends_soon_is_bought_for_what_it_still_sells(day: Any) -> None:
    line = day.line("EOL-LATE")
    # 31 days from 06-29 to 07-29 sell 62 of which 20 are on hand; the order arrives for the sales of 07-19.
    assert 0 < line.quantity <= 42
    assert "2026-07-29" in line.reason


@case(
    Item("NEW", policy=(20, 50)),
    Item("NEW-CREATED", policy=(20, 50), item={"created_on": "2026-06-20"}),
    Item("NEW-COUNTED", policy=(20, 50), count=0),
)
def test_a_new_item_gets_the_maximum_that_the_erp_names(day: Any) -> None:
    assert [day.line(item).quantity for item in ("NEW", "NEW-CREATED", "NEW-COUNTED")] == [50, 50, 50]
