"""A unit has a smallest step: what arithmetic leaves behind is no demand and no stock."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case

SHORT = 1999.999999131832
"""2000 as a sum of single-precision numbers."""


@case(
    Item("DUST", sales=20, pack=500, policy=(2000, 4000), count=SHORT),
    Item("DUST-1", sales=20, policy=(2000, 4000), count=SHORT),
)
def test_a_count_short_by_arithmetic_asks_for_no_further_pack(day: Any) -> None:
    assert day.line("DUST").quantity == 2000
    assert day.line("DUST-1").quantity == 2000


@case(
    Item("PCS", sales=10, instead={"06-15": 12.000048}, pack=None, count=40),
    Item("PCS-12", sales=10, instead={"06-15": 12}, pack=None, count=40),
)
def test_one_sale_with_a_rest_of_arithmetic_leaves_an_item_of_pieces(day: Any) -> None:
    quantity = day.line("PCS").quantity
    assert quantity == int(quantity) > 0
    assert abs(quantity - day.line("PCS-12").quantity) <= 1


KILOS = [(f"06-{on:02d}", 2.5 + on / 10) for on in range(1, 29)]


@case(
    Item("KILO", sold=KILOS, pack=None, policy=(20, 40.1), count=12.34999999),
    Item("KILO-AUTO", sold=KILOS, pack=None, count=1.25),
)
def test_what_is_weighed_is_ordered_in_steps_of_its_scale(day: Any) -> None:
    assert day.line("KILO").quantity == 27.8
    quantity = day.line("KILO-AUTO").quantity
    assert quantity > 0
    assert abs(quantity * 10 - round(quantity * 10)) < 1e-9
