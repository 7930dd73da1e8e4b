"""The inventory report's facts: partition of the money, what to expedite and cancel, and sums that agree."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.report import inventory, inventory_job, inventory_page
from pipelines.report.inventory import InventoryTables

AS_OF = date(2026, 6, 28)


def sku(item: str, **changes: Any) -> dict[str, Any]:
    base = {
        "item_id": item, "location_id": "W1", "item_name": f"Thing {item}", "category": "c", "abc_class": "A", "demand_class": "smooth",
        "is_active": True, "created_on": None, "last_demand_on": AS_OF, "supplier_id": "S1", "unit_cost": 2.5, "on_hand": 40.0,
        "on_order": 0.0, "order_up_to": 60.0, "forecast_mean": 20.0, "protection_days": 10, "risk": 0.02, "quantity": 0.0,
        "order_value": 0.0, "reason": "", "piece": 1.0,
    }  # fmt: skip
    row = base | changes
    return row | {"stock_value": row["on_hand"] * row["unit_cost"]}


def line(po: str, item: str, due: int, **changes: Any) -> dict[str, Any]:
    base = {
        "po_id": po,
        "line_no": 1,
        "item_id": item,
        "location_id": "W1",
        "supplier_id": "S1",
        "expected_on": AS_OF + timedelta(days=due),
        "quantity_open": 30.0,
        "days_late": max(-due, 0),
        "unit_price": 3.0,
    }
    return base | changes


@pytest.fixture
def tables() -> InventoryTables:
    rows = [
        sku("FINE"),
        sku("OUT", on_hand=0.0, risk=1.0, quantity=60.0, order_value=180.0, on_order=30.0),
        sku("RISK", on_hand=6.0, risk=0.8, on_order=30.0),
        sku("MUCH", on_hand=1000.0),
        sku("DEAD", last_demand_on=AS_OF - timedelta(days=400), forecast_mean=0.0),
        sku("GONE", is_active=False),
        sku("NEW", last_demand_on=None, on_hand=0.0, forecast_mean=None, order_up_to=0.0, risk=None),
    ]
    skus = pl.DataFrame(rows, schema_overrides={"created_on": pl.Date})
    lines = pl.DataFrame(
        [
            line("P1", "OUT", -5),
            line("P2", "RISK", 20),
            line("P3", "RISK", 1),
            line("P4", "MUCH", 9),
            line("P5", "DEAD", 9),
            line("P6", "FINE", 40),
        ]
    )
    totals = {"stock_value": float(skus["stock_value"].sum()), "open_value": 540.0, "order_value": 180.0}
    return InventoryTables(AS_OF, skus, lines, totals)


def test_status_and_money_fall_apart_without_a_rest(tables: InventoryTables) -> None:
    skus = inventory.positions(tables)
    assert dict(skus.select("item_id", "status").iter_rows()) == {
        "FINE": "fine",
        "OUT": "out",
        "RISK": "at_risk",
        "MUCH": "excess",
        "DEAD": "dead",
        "GONE": "dead",
        "NEW": "fine",
    }
    money = {row["item_id"]: row for row in skus.iter_rows(named=True)}
    assert money["MUCH"]["excess_value"] == (1000 - 384) * 2.5  # 182 and 10 days of 2 a day are more than 60
    assert money["DEAD"]["dead_value"] == 100.0 and money["FINE"]["needed_value"] == 100.0
    split = skus["needed_value"] + skus["excess_value"] + skus["dead_value"]
    assert split.to_list() == pytest.approx(skus["stock_value"].to_list())


def test_what_is_new_and_never_sold_is_not_called_dead() -> None:
    """A launch of last week, and stock that waits for next week's: neither is to be sold off, and no open line is to be cancelled."""
    never = {"last_demand_on": None, "forecast_mean": None, "order_up_to": 0.0, "risk": None}
    rows = [
        sku("LAUNCH", created_on=AS_OF - timedelta(days=7), **never),
        sku("AHEAD", created_on=AS_OF + timedelta(days=7), is_active=False, **never),
        sku("MUCH", created_on=AS_OF - timedelta(days=7), **never | {"order_up_to": 15.0}),
        sku("FLOP", created_on=AS_OF - timedelta(days=366), **never),
        sku("ENDED", created_on=AS_OF - timedelta(days=7), is_active=False, **never),
        sku("OLD", created_on=None, **never),
    ]
    lines = pl.DataFrame([line(f"P{i}", row["item_id"], 9) for i, row in enumerate(rows)])
    known = {"created_on": pl.Date, "last_demand_on": pl.Date, "forecast_mean": pl.Float64, "risk": pl.Float64}
    tables = InventoryTables(AS_OF, pl.DataFrame(rows, schema_overrides=known), lines, {})
    skus = inventory.positions(tables)
    assert dict(skus.select("item_id", "status").iter_rows()) == {
        "LAUNCH": "fine",
        "AHEAD": "fine",
        "MUCH": "excess",
        "FLOP": "dead",
        "ENDED": "dead",
        "OLD": "dead",
    }
    assert sorted(inventory.actions(tables, skus)[1]["item_id"]) == ["ENDED", "FLOP", "MUCH", "OLD"]
    split = skus["needed_value"] + skus["excess_value"] + skus["dead_value"]
    assert split.to_list() == skus["stock_value"].to_list()


def test_lines_that_come_too_late_are_expedited_with_what_is_missed(tables: InventoryTables) -> None:
    lines = tables.open_lines.filter(pl.col("po_id") != "P3")
    expedite, _ = inventory.actions(replace(tables, open_lines=lines), inventory.positions(tables))
    assert expedite["po_id"].to_list() == ["P2", "P1"]  # 16 days short of 2 a day come before 5
    assert expedite["days_short"].to_list() == [16, 5]
    assert expedite["say"][0] == (
        "Call S1 about P2, line 1: 30 units are due on 2026-07-18, and the 6 on hand last until 2026-07-01; "
        "about 32 units worth 80 would be missed by then."  # 07-02 to 07-17: it is there before the sales of its day
    )
    assert "were due on 2026-06-23, 5 days ago, and the shelf is empty" in expedite["say"][1]


def test_what_is_due_before_a_line_serves_demand_too(tables: InventoryTables) -> None:
    """Thirty units of tomorrow last until P2 but for a day: no call for 34 units, and no unit missed twice."""
    expedite, _ = inventory.actions(tables, inventory.positions(tables))
    assert expedite["po_id"].to_list() == ["P1", "P2"]
    assert expedite["missed"].to_list() == pytest.approx([10.0, 2.0])
    assert "and the 6 on hand and the 30 due before last until 2026-07-16; about 2 units" in expedite["say"][1]


def test_a_line_of_tomorrow_is_not_late_for_an_empty_shelf(tables: InventoryTables) -> None:
    """Receipts come before sales; two lines of one day are waited for once."""
    lines = pl.DataFrame([line("P1", "OUT", 1)])
    skus = inventory.positions(tables)
    assert not inventory.actions(replace(tables, open_lines=lines), skus)[0].height
    twice = pl.DataFrame([line("P1", "OUT", 4), line("P2", "OUT", 4)])
    expedite, _ = inventory.actions(replace(tables, open_lines=twice), skus)
    assert (expedite["po_id"].to_list(), expedite["missed"].to_list()) == (["P1"], [6.0])


def test_an_overdue_line_misses_only_what_nothing_else_serves(tables: InventoryTables) -> None:
    """The 6 on hand serve three of five days more; a line of the third day ends the wait; no day is missed for two lines."""

    def expedited(*lines: dict[str, Any]) -> list[tuple[str, int, float]]:
        found = replace(tables, open_lines=pl.DataFrame(lines))
        return list(
            inventory.actions(found, inventory.positions(tables))[0].select("po_id", "days_short", "missed").iter_rows()
        )

    assert expedited(line("P1", "RISK", -5)) == [("P1", 2, 4.0)]
    assert expedited(line("P1", "OUT", -5), line("P2", "OUT", -4)) == [("P1", 5, 10.0)]
    assert expedited(line("P1", "OUT", -5), line("P2", "OUT", 3)) == [("P1", 2, 4.0)]
    assert expedited(line("P1", "OUT", -5), line("P2", "OUT", 9)) == [("P1", 5, 10.0), ("P2", 3, 6.0)]


def test_what_is_booked_in_tonnes_is_called_about_as_the_same_in_kilograms() -> None:
    """4 kg a day, none for 16 days: 64 kg are missed, or 0.064 t; no half of a tonne is asked for. Of pieces, less than half a one is."""

    def advice(factor: float, piece: float) -> list[str]:
        stock = sku("A", on_hand=0.0, risk=1.0, forecast_mean=40.0 * factor, unit_cost=2.5 / factor, piece=piece)
        skus = pl.DataFrame([stock], schema_overrides={"created_on": pl.Date})
        lines = pl.DataFrame([line("P1", "A", 17, quantity_open=30.0 * factor)])
        tables = InventoryTables(AS_OF, skus, lines, {})
        return list(inventory.actions(tables, inventory.positions(tables))[0]["say"])

    assert advice(1.0, 1.0)[0].endswith("about 64 units worth 160 would be missed by then.")
    assert advice(0.001, 0.02)[0].endswith("about 0.064 units worth 160 would be missed by then.")
    assert advice(0.001, 1.0) == []


def test_a_sku_is_at_risk_from_one_half_on_as_in_the_daily_report(tables: InventoryTables) -> None:
    even = replace(tables, skus=tables.skus.with_columns(risk=pl.lit(0.5)))
    assert dict(inventory.positions(even).select("item_id", "status").iter_rows())["FINE"] == "at_risk"


def test_lines_for_what_nobody_needs_are_cancelled(tables: InventoryTables) -> None:
    _, cancel = inventory.actions(tables, inventory.positions(tables))
    assert cancel["po_id"].to_list() == ["P4", "P5"]
    assert (
        "the 1,000 on hand last 500 days" in cancel["say"][0]
        and "there was no demand since 2025-05-24" in cancel["say"][1]
    )


def test_sentences_say_what_to_do(tables: InventoryTables) -> None:
    report = inventory_page.facts(tables)
    assert report["sentences"] == [
        "2 SKUs are out of stock (1) or more likely than not to run out: approve the proposals of 1 today; 1 waits for open orders alone.",
        "Call about 2 open lines that come too late, starting at the top of the list: demand worth 30 would be missed.",
        "Cancel 2 open lines worth 180 for SKUs that already hold too much.",
        f"Sell off or write down 200 of stock ({200 / report['stock_value']:.1%}): 2 SKUs without demand for a year, or discontinued.",
        "Order nothing more of 1 SKU until it sells down: 1,540 lie beyond its order-up-to level and 182 days of forecast demand from the "
        "end of the protection interval.",
    ]


def test_sums_agree_and_a_difference_shows(tables: InventoryTables) -> None:
    assert all(row["report"] == row["marts"] for row in inventory_page.facts(tables)["reconciled"])
    other = replace(tables, totals={**tables.totals, "stock_value": tables.totals["stock_value"] + 0.01})
    first = inventory_page.facts(other)["reconciled"][0]
    assert first["marts"] - first["report"] == pytest.approx(0.01)


def test_half_a_cent_is_rounded_once(tables: InventoryTables) -> None:
    """2.5 m at 3.21 make 8.025: the same sum by another way fell on the other cent, and the day had no report."""
    skus, value = tables.skus, tables.totals["stock_value"]
    added = pl.Series([0.005 + 1e-11] + [0.0] * (skus.height - 1))
    odd = replace(
        tables,
        skus=skus.with_columns(pl.col("stock_value") + added),
        totals={**tables.totals, "stock_value": value + 0.005 - 1e-11},
    )
    row = inventory_page.facts(odd)["reconciled"][0]
    assert row["report"] == row["marts"]


def test_matrix_holds_every_sku_and_all_the_money(tables: InventoryTables) -> None:
    report = inventory_page.facts(tables)
    assert sum(row["skus"] for row in report["matrix"]) == report["skus"] == 7
    assert sum(row["stock_value"] for row in report["matrix"]) == pytest.approx(report["stock_value"])


def test_page_and_workbook_hold_the_facts(tables: InventoryTables, tmp_path: Any) -> None:
    report = inventory_page.facts(tables)
    html = inventory_page.render(report, inventory_page.environment(inventory_job.TEMPLATES))
    assert "Call S1 about P2, line 1" in html and f"{report['stock_value']:,.2f}" in html
    (tmp_path / "book.xlsx").write_bytes(inventory_page.excel(report))
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert [row[1].value for row in book["Expedite"].iter_rows(min_row=2)] == ["P1", "P2"]
    assert book["Dead"].max_row == 3
    assert '"status"' in inventory_page.document(report)


def test_names_from_the_erp_are_no_formulas_and_break_no_workbook(tables: InventoryTables, tmp_path: Any) -> None:
    named = tables.skus.with_columns(item_id=pl.col("item_id").replace("OUT", "=1+1"), item_name=pl.lit("=SUM(A1)\x0b"))
    report = inventory_page.facts(replace(tables, skus=named, open_lines=tables.open_lines.clear()))
    (tmp_path / "book.xlsx").write_bytes(inventory_page.excel(report))
    row = openpyxl.load_workbook(tmp_path / "book.xlsx")["Running out"][2]
    assert [(cell.value, cell.data_type) for cell in (row[0], row[2])] == [("=1+1", "s"), ("=SUM(A1)", "s")]


def test_an_empty_house_has_nothing_to_do(tables: InventoryTables) -> None:
    bare = replace(
        tables,
        skus=tables.skus.head(1),
        open_lines=tables.open_lines.clear(),
        totals={"stock_value": 100.0, "open_value": 0.0, "order_value": 0.0},
    )
    assert inventory_page.facts(bare)["sentences"] == ["Nothing to do: no SKU is running out, dead or in excess."]
