"""The gate of sources on a real warehouse: every rule finds the row that breaks it, and nothing else is touched."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest

from pipelines.core import contract
from pipelines.io import warehouse
from pipelines.validate import job, rules
from tests.integration.validate_rows import AS_OF, RECORDED, VALID, Case, Erp, clean_erp

pytestmark = pytest.mark.servers

GATE = rules.load("sources")
ROW_RULES = [(rule.table, rule.name) for rule in GATE.rules if rule.severity != "fatal"]

CASES: dict[str, Case] = {
    "unknown_item": Case({"item_id": "unknown"}, {}),
    "unknown_location": Case({"location_id": "nowhere"}, {}),
    "unknown_event_location": Case({"location_id": "nowhere"}, {"location_id": "W1"}),
    "unknown_supplier": Case({"supplier_id": "nobody"}, {}),
    "ordered_from_unknown_supplier": Case({"supplier_id": "nobody"}, {}),
    "unknown_purchase_order": Case({"po_id": "none"}, {}),
    "unit_cost_not_positive": Case({"unit_cost": 0.0}, {"unit_cost": 0.01}),
    "unit_price_negative": Case({"unit_price": -0.01}, {"unit_price": None}),
    "cost_rate_negative": Case({"shortage_cost": -1.0}, {"shortage_cost": 0.0, "holding_cost_per_day": 0.0}),
    "unit_volume_not_positive": Case({"unit_volume": 0.0}, {"unit_volume": None}),
    "lead_time_absurd": Case({"lead_time_days": -1.0}, {"lead_time_days": 0.5}),
    "lead_time_missing": Case({"lead_time_days": 0.0}, {"lead_time_days": 0.5}),
    "min_order_or_pack_negative": Case({"pack_size": -1.0}, {"pack_size": 0.0, "min_order_qty": None}),
    "purchase_price_not_positive": Case({"unit_price": 0.0}, {"unit_price": 0.01}),
    "break_quantity_negative": Case({"min_qty": -1.0}, {"min_qty": 0.0}),
    "reorder_levels_contradict": Case({"reorder_point": 31.0}, {"reorder_point": 30.0}),
    "sale_quantity_missing": Case({"quantity": None}, {"quantity": -5.0}),
    "sale_dated_wrongly": Case({"sold_on": AS_OF + timedelta(days=1)}, {"sold_on": AS_OF}),
    "stock_negative": Case({"on_hand": -1.0}, {"on_hand": 0.0}),
    "stock_dated_wrongly": Case({"counted_on": AS_OF + timedelta(days=1)}, {"counted_on": AS_OF}),
    "status_unknown": Case({"status": "Draft"}, {"status": "Cancelled "}),
    "active_missing": Case({"active": None}, {"active": False}),
    "kind_unknown": Case({"kind": "depot"}, {"kind": "Store"}),
    "order_date_missing": Case({"ordered_on": None}, {}),
    "quantity_ordered_not_positive": Case(
        {"quantity_ordered": 0.0, "quantity_received": 0.0, "received_on": None}, {"quantity_ordered": 0.0}
    ),
    "received_quantities_contradict": Case(
        {"quantity_received": 5.0, "quantity_rejected": 6.0}, {"quantity_received": 5.0, "quantity_rejected": 5.0}
    ),
    "unordered_receipt_not_positive": Case({"quantity": -1.0}, {"quantity": 0.0}),
    "received_before_ordered": Case({"received_on": date(2026, 3, 31)}, {"received_on": date(2026, 4, 1)}),
    "closure_ends_before_start": Case({"closed_to": date(2026, 6, 30)}, {"closed_to": date(2026, 7, 1)}),
    "working_days_unknown": Case({"working_days": "Mon-Fri"}, {"working_days": "12345"}),
    "kit_quantity_not_positive": Case({"quantity": 0.0}, {"quantity": 0.5}),
    "rate_not_positive": Case({"rate": 0.0}, {"rate": 0.001}),
    "currency_without_rate": Case({"currency": "XTS"}, {"currency": ""}),
    "promotion_ends_before_start": Case({"ends_on": date(2026, 4, 30)}, {"ends_on": date(2026, 5, 1)}),
    "order_dated_later": Case({"ordered_on": AS_OF + timedelta(days=1)}, {"ordered_on": AS_OF}),
    "receipt_dated_later": Case({"received_on": AS_OF + timedelta(days=1)}, {"received_on": AS_OF}),
    "discontinued_before_created": Case(
        {"created_on": date(2026, 2, 1), "discontinued_on": date(2026, 1, 31)},
        {"created_on": date(2026, 2, 1), "discontinued_on": date(2026, 2, 1)},
    ),
}
"""Rules that one changed column breaks. Those of keys, spikes and primary suppliers are planted by functions of their own."""

KEY_LOST: dict[str, tuple[str, tuple[str, ...]]] = {
    "item_suppliers": ("item_id", ("unknown_item",)),
    "price_breaks": ("supplier_id", ("unknown_supplier",)),
    "stock_levels": ("counted_on", ()),
    "purchase_order_lines": ("line_no", ()),
    "item_policies": ("location_id", ("unknown_location",)),
    "calendar_events": ("event_on", ()),
    "promotions": ("starts_on", ()),
    "supplier_closures": ("closed_from", ()),
}
"""Table → key column that goes missing, where it is not the first, and the other rules that this breaks."""


@dataclass
class Planted:
    """Which rows break and which keep each rule: (table, rule) → ``_row_id``; ``expected`` is all that may be listed."""

    erp: Erp
    bad: dict[tuple[str, str], int]
    good: dict[tuple[str, str], int]
    expected: set[tuple[str, str, int]]

    def put(self, table: str, rule: str, bad: int, good: int, also: tuple[str, ...] = ()) -> None:
        self.bad[table, rule], self.good[table, rule] = bad, good
        self.expected |= {(table, name, bad) for name in (rule, *also)}


def plant_simple(erp: Erp, planted: Planted, table: str, rule: str) -> None:
    case = CASES[rule]
    rows = [
        erp.add(table, erp.valid(table, f"{table} {rule} {mark}") | dict(changes))
        for mark, changes in (("bad", case.bad), ("good", case.good))
    ]
    planted.put(table, rule, rows[0], rows[1], case.also)


def plant_key_missing(erp: Erp, planted: Planted, table: str, rule: str) -> None:
    column, also = KEY_LOST.get(table, (contract.BY_NAME[table].key[0], ()))
    bad = erp.add(table, erp.valid(table, f"{table} {rule} bad") | {column: None})
    planted.put(table, rule, bad, erp.add(table, erp.valid(table, f"{table} {rule} good")), also)


def plant_key_duplicated(erp: Erp, planted: Planted, table: str, rule: str) -> None:
    """A row twice: the first stays. A row with an older version: the newer stays and neither is a duplicate."""
    row = erp.valid(table, f"{table} {rule} twice")
    good = erp.add(table, row)
    planted.put(table, rule, erp.add(table, row), good)
    if contract.BY_NAME[table].is_versioned:
        changed = erp.valid(table, f"{table} {rule} changed")
        erp.add(table, changed)
        erp.add(table, changed, RECORDED + timedelta(days=1))


def plant_spike(erp: Erp, planted: Planted, table: str, rule: str) -> None:
    """Twenty ordinary days, 5.5 ± 3.4; then 40, or 15, which is within three deviations. 90 is absurd, 60 no more than a spike."""
    absurd = rule == "sale_absurd"
    for mark, quantity in (("bad", 90.0), ("good", 60.0)) if absurd else (("bad", 40.0), ("good", 15.0)):
        sale = erp.valid(table, f"{table} {rule} {mark}")
        for day in range(28 if absurd else 20):
            ordinary = {
                "sale_id": f"{rule} {mark} {day}",
                "sold_on": date(2026, 1, 1) + timedelta(days=day),
                "quantity": 1.0 + 3 * (day % 4),
            }
            erp.add(table, sale | ordinary)
        # The return of the same day lessens the day's sales, and the day's largest sale is the one listed.
        erp.add(table, sale | {"sale_id": f"{rule} {mark} return", "sold_on": date(2026, 2, 1), "quantity": -1.0})
        row_id = erp.add(table, sale | {"sold_on": date(2026, 2, 1), "quantity": quantity + 1})
        (planted.bad if mark == "bad" else planted.good)[table, rule] = row_id
    planted.expected.add((table, rule, planted.bad[table, rule]))
    if absurd:  # also far enough out for the list of spikes
        planted.expected |= {(table, "demand_spike", row[table, rule]) for row in (planted.bad, planted.good)}
        plant_crowds(erp, planted)


def plant_crowds(erp: Erp, planted: Planted) -> None:
    """Thirty ordinary sales of one day are a spike without an error; of two typed wrongly on one day both are one."""
    for mark, quantities in (("crowd", [3.0] * 30), ("twice", [90.0, 95.0])):
        sale = erp.valid("sales", f"sales {mark}")
        for day in range(28):
            ordinary = {"sold_on": date(2026, 1, 1) + timedelta(days=day), "quantity": 1.0 + 3 * (day % 4)}
            erp.add("sales", sale | {"sale_id": f"{mark} {day}"} | ordinary)
        many = [
            erp.add("sales", sale | {"sale_id": f"{mark} spike {n}", "sold_on": date(2026, 2, 1), "quantity": quantity})
            for n, quantity in enumerate(quantities)
        ]
        planted.expected.add(("sales", "demand_spike", many[0] if mark == "crowd" else many[1]))
        if mark == "twice":
            planted.expected |= {("sales", "sale_absurd", row_id) for row_id in many}


def plant_two_primaries(erp: Erp, planted: Planted, table: str, rule: str) -> None:
    erp.add("suppliers", VALID["suppliers"] | {"supplier_id": "S2"})
    for mark, is_primary in (("bad", True), ("good", False)):
        row = erp.valid(table, f"{table} {rule} {mark}")
        ids = [erp.add(table, row), erp.add(table, row | {"supplier_id": "S2", "is_primary": is_primary})]
        (planted.bad if mark == "bad" else planted.good)[table, rule] = ids[0]
        if mark == "bad":
            planted.expected |= {(table, rule, row_id) for row_id in ids}


PLANTERS = {
    "key_missing": plant_key_missing,
    "key_duplicated": plant_key_duplicated,
    "demand_spike": plant_spike,
    "sale_absurd": plant_spike,
    "primary_suppliers_contradict": plant_two_primaries,
}


@pytest.fixture(scope="module")
def planted(warehouse_url: str) -> Planted:
    """One ERP with every planted row, through the gate once. A rule without a case fails here, by name."""
    erp = clean_erp()
    rows = Planted(erp, {}, {}, set())
    for table, rule in ROW_RULES:
        assert rule in CASES or rule in PLANTERS, f"rule {rule} has no test case: add one to CASES"
        PLANTERS.get(rule, plant_simple)(erp, rows, table, rule)
    erp.write()
    job.run("sources", AS_OF)
    return rows


def listed() -> set[tuple[str, str, int]]:
    frame = warehouse.read(
        "select table_name, rule, row_id from quarantine.rows where as_of = date '2026-06-28' "
        "union all select table_name, rule, row_id from quarantine.review where as_of = date '2026-06-28'"
    )
    return set(frame.iter_rows())


@pytest.mark.parametrize(("table", "rule"), ROW_RULES)
def test_a_rule_finds_the_row_that_breaks_it_and_not_the_one_beside_it(planted: Planted, table: str, rule: str) -> None:
    found = listed()
    assert (table, rule, planted.bad[table, rule]) in found
    assert (table, rule, planted.good[table, rule]) not in found


def test_nothing_else_is_listed(planted: Planted) -> None:
    assert listed() - planted.expected == set()


def test_severity_decides_between_quarantine_and_review(planted: Planted) -> None:
    severities = {(rule.table, rule.name): rule.severity for rule in GATE.rules}
    for target, severity in (("rows", "quarantine"), ("review", "review")):
        found = warehouse.read(f"select distinct table_name, rule from quarantine.{target}")
        assert {severities[key] for key in found.iter_rows()} == {severity}


def test_verdicts_name_every_rule_and_count_its_rows(planted: Planted) -> None:
    verdicts = warehouse.read(
        "select table_name, rule, severity, bad_rows, passed from ops.gates where boundary = 'sources'"
    )
    assert {row[:2] for row in verdicts.iter_rows()} == {(rule.table, rule.name) for rule in GATE.rules}
    for table, rule, severity, bad_rows, passed in verdicts.iter_rows():
        expected = sum(key[:2] == (table, rule) for key in planted.expected)
        assert (bad_rows, passed) == (expected, expected == 0), (table, rule, severity)


def test_a_listed_row_carries_its_key_its_values_and_the_remedy(planted: Planted) -> None:
    row = warehouse.read(
        "select row_key, details::text, remedy from quarantine.rows where rule = 'stock_negative'"
    ).row(0)
    assert row[0] == "item of stock_levels stock_negative bad/W1/2026-05-04"
    assert '"on_hand": -1' in row[1]
    assert "_extracted_at" not in row[1]
    assert row[2] == "count the item and book the difference in the ERP"


def test_a_spike_says_how_far_out_it_is(planted: Planted) -> None:
    details = warehouse.read(
        "select details ->> 'sigma' as sigma, details ->> 'day_quantity' as day from quarantine.review "
        "where rule = 'demand_spike' and row_key like '%demand_spike%'"
    )
    ordinary = np.array([1.0 + 3 * (day % 4) for day in range(20)])
    assert float(details["sigma"][0]) == pytest.approx((40 - ordinary.mean()) / ordinary.std(ddof=1), abs=0.05)
    assert float(details["day"][0]) == 40


def test_running_again_changes_nothing(planted: Planted) -> None:
    before = listed()
    counts = job.run("sources", AS_OF)
    assert listed() == before
    assert counts["rules"] == len(GATE.rules)


def test_data_docs_have_a_summary_and_a_page_a_table(planted: Planted) -> None:
    index = job.docs_index()
    assert f"{AS_OF}/sources/summary.html" in index.read_text()
    site = index.parent / str(AS_OF) / "sources"
    assert {page.name for page in (site / "validations" / "sources").iterdir()} == set(GATE.checked)
    assert any("stock_negative" in page.read_text() for page in site.glob("validations/**/*.html"))
    summary = (site / "summary.html").read_text()
    assert summary.count("<tr>") == len(GATE.rules) + 1
    assert all(f">{table}</a>" in summary for table in GATE.checked)


def test_rows_recorded_later_change_nothing(planted: Planted) -> None:
    before = listed()
    later = RECORDED + timedelta(days=28)
    sale = VALID["sales"] | {"item_id": "I1"}
    planted.erp.add(
        "sales", sale | {"sale_id": "I1-3", "quantity": None}, later
    )  # a new version of a row of the clean ERP
    planted.erp.add("sales", sale | {"sale_id": "later", "item_id": "unknown", "quantity": 1e9}, later)
    planted.erp.write()
    job.run("sources", AS_OF)
    assert listed() == before
    job.run("sources", later.date())
    found = warehouse.read(
        "select rule, row_key from quarantine.rows where as_of = date '2026-06-29' and table_name = 'sales'"
    )
    assert {("sale_quantity_missing", "I1-3"), ("unknown_item", "later")} <= set(found.iter_rows())
