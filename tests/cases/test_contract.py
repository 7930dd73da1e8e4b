"""What an ERP may know beyond the least: suppliers' calendars, successors, kits, units and currencies of offers."""

from datetime import date
from typing import Any

import pytest

from tests.cases.company import Item
from tests.cases.registry import case


def closed(supplier: str, first: str, last: str) -> dict[str, list[dict[str, Any]]]:
    """A supplier's closing days."""
    return {"supplier_closures": [{"supplier_id": supplier, "closed_from": first, "closed_to": last}]}


def protection(day: Any, item: str) -> int:
    """Protection interval of an item's policy, days."""
    query = "select protection_days from plan.policies where as_of = :as_of and item_id = :item"
    return int(day.read(query, as_of=day.as_of, item=item)["protection_days"][0])


@case(
    Item("CLOSED", sales=10, lead=3, policy=(60, 110), count=10, supplier={"lead_time_in_working_days": "true"},
         rows=closed("S-CLOSED", "2026-06-29", "2026-07-04")),
    Item("WEEKDAYS", sales=10, lead=3, policy=(60, 110), count=10,
         supplier={"lead_time_in_working_days": "true", "working_days": "12345"}, rows=closed("S-WEEKDAYS", "2026-06-29", "2026-07-04")),
)  # fmt: skip
def test_an_order_is_expected_when_its_supplier_is_back(day: Any) -> None:
    assert day.line("CLOSED").quantity > 0
    assert day.line("CLOSED").expected_on == date(2026, 7, 8)
    assert "supplier's calendar" in day.line("CLOSED").expected_from
    assert day.line("WEEKDAYS").expected_on == date(2026, 7, 9)


@case(
    Item("NEXT", sales=10, lead=3, policy=(60, 110), count=200, rows=closed("S-NEXT", "2026-07-06", "2026-07-11")),
    Item("NEVER", sales=10, lead=3, policy=(60, 110), count=200),
)  # fmt: skip
def test_an_order_lasts_until_the_one_of_the_next_review_can_come(day: Any) -> None:
    assert protection(day, "NEVER") == 3 + 7
    assert protection(day, "NEXT") == 3 + 7 + 6


@case(
    Item("SUCCESSOR", policy=(60, 200), count=30, rows={"item_predecessors": [
        {"item_id": "SUCCESSOR", "predecessor_id": "REPLACED", "factor": 2, "replaced_on": "2026-06-28"}]}),
    Item("REPLACED", sales=5, policy=(50, 100), count=20),
)  # fmt: skip
def test_a_successor_takes_over_the_history(day: Any) -> None:
    assert day.sku("SUCCESSOR").mean_demand == pytest.approx(10)
    assert day.line("SUCCESSOR").quantity > 0
    assert day.sku("REPLACED").mean_demand == pytest.approx(5)
    assert (day.line("REPLACED").quantity, day.line("REPLACED").reason_code) == (0, "NO_ORDER_DISCONTINUED")


@case(
    Item("BOX", sales=3, supplier=None, rows={"kit_components": [
        {"kit_id": "BOX", "item_id": "CUP", "quantity": 2}, {"kit_id": "BOX", "item_id": "PLATE", "quantity": 1}]}),
    Item("CUP", sales=1, policy=(100, 200), count=10),
    Item("PLATE", policy=(40, 80), count=5),
)  # fmt: skip
def test_sales_of_a_kit_are_demand_of_its_parts(day: Any) -> None:
    assert day.sku("CUP").mean_demand == pytest.approx(2 * 3 + 1)
    assert day.sku("PLATE").mean_demand == pytest.approx(3)
    assert day.line("CUP").quantity > 0 and day.line("PLATE").quantity > 0
    assert (day.line("BOX").quantity, day.line("BOX").reason_code) == (0, "NO_ORDER_KIT")
    assert "CUP, PLATE" in day.line("BOX").reason


@case(
    Item("HUNDREDS", sales=20, policy=(600, 1200), count=0, price=100.0, offer={"price_per": 100}),
    Item("CARTONS", sales=5, policy=(100, 200), count=7, price=24.0, pack=None, offer={"purchase_unit_factor": 12}),
    Item("DOLLARS", sales=5, policy=(100, 200), count=0, price=2.0, breaks={150: 1.5}, offer={"currency": "usd"}, rows={"currency_rates": [
        {"currency": "USD", "rate": 0.5, "valid_from": "2026-01-01"}, {"currency": "USD", "rate": 9, "valid_from": "2026-07-01"}]}),
    Item("DEAREST", sales=5, policy=(100, 200), count=0, price=2.0, offer={"valid_to": "2026-06-27"},
         offers=[{"supplier_id": "S-DEAR", "unit_price": 3.0, "valid_from": "2026-06-01"}]),
)  # fmt: skip
def test_prices_are_of_one_unit_in_our_own_money_and_of_the_day(day: Any) -> None:
    assert day.line("HUNDREDS").quantity > 0 and day.line("HUNDREDS").unit_price == pytest.approx(1.0)
    assert day.line("CARTONS").quantity % 12 == 0 and day.line("CARTONS").quantity > 0
    assert day.line("CARTONS").unit_price == pytest.approx(2.0)
    assert day.line("DOLLARS").unit_price == pytest.approx(0.75 if day.line("DOLLARS").quantity >= 150 else 1.0)
    assert (day.line("DEAREST").supplier_id, day.line("DEAREST").unit_price) == ("S-DEAR", 3.0)
