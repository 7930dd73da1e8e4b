"""What a planner must know stands where planners look: the line's alert, the run's notices and ``erp check``."""

from typing import Any

from tests.cases.company import Item
from tests.cases.registry import case


@case(Item("PACK", sales=2, pack=300, policy=(40, 80), count=10), PURCHASE__MAX_QUANTITY="200")
def test_a_limit_below_one_pack_is_in_the_notices(day: Any) -> None:
    assert day.line("PACK").quantity == 0
    assert any("PACK" in sentence for sentence in day.notices)


@case(Item("CAP", sales=10, pack=12, policy=(100, 311), count=10), PURCHASE__MAX_QUANTITY="200")
def test_a_need_cut_by_the_limit_of_a_line_is_in_its_alert(day: Any) -> None:
    line = day.line("CAP")
    assert line.quantity == 192
    assert "301" in line.alert


@case(Item("KIT", sales=2, supplier=None), Item("KIT-PART", sales=2, count=100))
def test_what_sells_and_has_no_supplier_is_named(day: Any) -> None:
    assert "supplier" in day.line("KIT").alert
    assert any("KIT" in sentence for sentence in day.notices)
    assert any("KIT" in sentence and "kit" in sentence for sentence in day.findings)


@case(Item("00123", sales=2, count=50), Item("123", sales=2, count=50))
def test_ids_that_differ_by_leading_zeros_alone_are_named(day: Any) -> None:
    assert any("00123" in sentence and "zeros" in sentence for sentence in day.findings)


@case(
    Item("NEXTDOOR", sales=5, policy=(100, 200), count=10),
    Item("NEXTDOOR", location="STORE", count=500, supplier={"supplier_id": "S-NEXTDOOR"}),
)
def test_stock_at_another_location_is_in_the_alert(day: Any) -> None:
    line = day.line("NEXTDOOR")
    assert line.quantity == 190
    assert "500" in line.alert
    assert "STORE" in line.alert


@case(
    Item("DROP", sales=5, policy=(100, 200), counts={f"06-{n:02d}": 40 for n in range(1, 28)}, count=40),
)
def test_sales_that_never_touch_the_shelf_are_named(day: Any) -> None:
    assert any("DROP" in sentence and "shelf" in sentence for sentence in day.findings)
    assert "shelf" in day.line("DROP").alert
