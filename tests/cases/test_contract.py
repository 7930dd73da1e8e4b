"""What an ERP may know beyond the least: suppliers' calendars, successors, kits, units and currencies of offers."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.cases.company import AS_OF, Item, Line, Order
from tests.cases.conftest import PLAIN
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
)
def test_an_order_lasts_until_the_one_of_the_next_review_can_come(day: Any) -> None:
    assert protection(day, "NEXT") == protection(day, "NEVER") + 6


@case(
    Item(
        "SUCCESSOR",
        policy=(60, 200),
        count=30,
        rows={
            "item_predecessors": [
                {"item_id": "SUCCESSOR", "predecessor_id": "REPLACED", "factor": 2, "replaced_on": "2026-06-28"}
            ]
        },
    ),
    Item("REPLACED", sales=5, policy=(50, 100), count=20),
)
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


@case(
    Item("CEILING", sales=5, policy=(60, 110), count=10, pack=60, rows={"item_policies": []}),
    Item("CAPPED", sales=5, count=10, pack=60, rows={"item_policies": [
        {"item_id": "CAPPED", "location_id": "W", "reorder_point": 60, "order_up_to": 110, "maximum_is_ceiling": "true"}]}),
    Item("SILENT", sales=5, count=70, pack=60, rows={"item_policies": [
        {"item_id": "SILENT", "location_id": "W", "reorder_point": 80, "order_up_to": 110, "maximum_is_ceiling": "true"}]}),
)  # fmt: skip
def test_a_maximum_that_is_a_ceiling_limits_every_order(day: Any) -> None:
    assert day.line("CEILING").quantity == 120
    assert (day.line("CAPPED").quantity, day.line("CAPPED").rules) == (60, "maximum_is_ceiling")
    assert (day.line("SILENT").quantity, day.line("SILENT").reason_code) == (0, "NO_ORDER_CAPPED_BELOW_MINIMUM")
    assert "maximum_is_ceiling" in day.line("SILENT").reason


def batches(item: str, *held: tuple[float, str]) -> dict[str, list[dict[str, Any]]]:
    """Batches at the warehouse: units and last day of sale."""
    return {
        "stock_batches": [
            {"item_id": item, "location_id": "W", "batch_id": f"{item}-{n}", "on_hand": units, "expires_on": last}
            for n, (units, last) in enumerate(held)
        ]
    }


@case(
    Item("FRESH", sales=10, lead=7, policy=(100, 200), count=250, rows=batches("FRESH", (250, "2026-09-30"))),
    Item("STALE", sales=10, lead=7, policy=(100, 200), count=250, rows=batches("STALE", (200, "2026-07-01"), (50, ""))),
)
def test_what_expires_before_it_is_sold_counts_for_no_order(day: Any) -> None:
    assert day.line("FRESH").quantity == 0
    line = day.line("STALE")
    # Three days of about 10 sell about 30 of the 200; with the 50 that last, about 80 are usable.
    assert line.inventory_position == pytest.approx(80, abs=10)
    assert line.quantity > 0 and "expire before they are sold" in line.reason


def part(status: str) -> list[Order]:
    """An open order of which 5 of 10 came, its line in a state of its own."""
    return [Order("06-10", [Line(10, received=(5, "06-20"), more={"status": status})])]


@case(
    Item("LINE-OPEN", sales=1, lead=21, policy=(6, 10), count=5, orders=part("open")),
    Item("LINE-CANCELLED", sales=1, lead=21, policy=(6, 10), count=5, orders=part("cancelled")),
)
def test_a_line_has_a_state_of_its_own(day: Any) -> None:
    assert day.line("LINE-OPEN").on_order == 5
    assert day.line("LINE-CANCELLED").on_order == 0


@case(
    Item("A-PER-100", sales=2, cost=1.0, price=100.0, policy=(60, 110), count=90),
    Item("KETTLE-1", sold=[(f"04-{n:02d}", 3) for n in range(1, 29)], item={"name": "Kettle 1.7 l steel"}, count=0),
    Item(
        "KETTLE-2",
        sold=[(f"05-{n:02d}", 3) for n in range(10, 31)] + [("06-27", 3)],
        item={"name": "Kettle 1.7 l steel v2"},
        count=9,
    ),
    Item("SET", sold=[("06-01", 3), ("06-20", 2)], supplier=None),
)
def test_erp_check_names_what_the_books_hold_and_seem_to_need(day: Any) -> None:
    found = {finding.split(": ", 1)[0]: finding for finding in day.findings}
    assert all(
        words in found["beyond"]
        for words in ("closing days", "kits", "batches", "prices per several units", "ceilings")
    )
    assert "A-PER-100 at S-A-PER-100: 100 and 1, about 100" in found["units of prices"]
    assert "KETTLE-2 after KETTLE-1" in found["successors"] and "SUCCESSOR" not in found["successors"]
    assert "SET" in found["kits"] and "BOX" not in found["kits"]


def test_what_a_planner_knows_reaches_the_order(company: Any) -> None:
    from pipelines.forecast import adjusting, detail

    company.load(
        [
            Item("FAIR", sales=10, lead=7, policy=(150, 300), count=260),
            Item("USUAL", sales=10, lead=7, policy=(150, 300), count=260),
        ]
    )
    company.run()
    before, usual = company.line("FAIR"), company.line("USUAL")
    fair = {
        "item_id": "FAIR",
        "location_id": "W",
        "from_on": date(2026, 6, 29),
        "to_on": date(2026, 7, 12),
        "units": 500.0,
    }
    number = adjusting.adjust([fair | {"reason": "trade fair", "author": "Ann"}])[0]
    company.run()
    line = company.line("FAIR")
    assert before.quantity == 0 and line.quantity >= 350
    assert "500.0 units from 2026-06-29 to 2026-07-12 (trade fair, by Ann)" in line.reason
    shown = detail.show("FAIR")[0]
    assert float(str(shown["mean"])) == pytest.approx(float(str(shown["base_mean"])) + 500, abs=0.01)
    assert (company.line("USUAL").quantity, company.line("USUAL").reason) == (usual.quantity, usual.reason)
    adjusting.withdraw(number, "fair cancelled", "Ann")
    company.run()
    assert (company.line("FAIR").quantity, company.line("FAIR").reason) == (before.quantity, before.reason)


def test_an_adjustment_is_worth_how_much_nearer_to_the_demand_it_came(company: Any) -> None:
    from pipelines.forecast import adjusting, adjustment_tables

    fair = Item("FAIR", sales=10, lead=7, policy=(150, 300), count=260)
    company.load([*PLAIN, fair])
    company.run()
    known = {
        "units": 500.0,
        "reason": "trade fair",
        "author": "Ann",
        "from_on": date(2026, 6, 29),
        "to_on": date(2026, 7, 12),
    }
    adjusting.adjust([{"item_id": "FAIR", "location_id": "W"} | known])
    company.run()
    assert adjustment_tables.scores() == []
    # The fair brought 400 on top of the usual ten a day.
    after = [(f"2026-{AS_OF + timedelta(days=n):%m-%d}", 10.0) for n in range(1, 22)] + [("07-03", 400.0)]
    company.load([*PLAIN, replace(fair, sold=after)])
    company.run(AS_OF + timedelta(days=21))
    [score] = [row for row in adjustment_tables.scores() if row["as_of"] == AS_OF]
    assert score["demand"] == 10 * score["protection_days"] + 400
    assert score["mean"] == pytest.approx(score["base_mean"] + 500, abs=0.01)
    missed = abs(score["demand"] - score["base_mean"]), abs(score["demand"] - score["mean"])
    assert score["value_added"] == pytest.approx(missed[0] - missed[1])
    assert score["value_added"] == pytest.approx(300, abs=30)
