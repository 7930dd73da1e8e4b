"""``stockproof erp check``: data that are whole and yet mislead are pointed out, with what to do about it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines import settings
from pipelines.core.contract import TABLES
from pipelines.onboarding import check, check_hidden
from pipelines.onboarding import load as loading
from pipelines.onboarding.findings import Finding
from tests.unit.onboarding.test_load import FILES, tell

STOCK = "item_id,location_id,counted_on,on_hand\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STOCKPROOF_FORECAST__MIN_TRAINING_DATA", "2")
    settings.load.cache_clear()
    (tmp_path / "erp").mkdir()
    for name, content in FILES.items():
        (tmp_path / "erp" / f"{name}.csv").write_text(content)
    yield tmp_path / "erp"
    settings.load.cache_clear()


def found(folder: Path) -> dict[str, Finding]:
    loading.load(folder, tell)
    return {finding.part: finding for finding in check.check().findings}


def stamped(folder: Path, day: str) -> None:
    """Give all master data a time of recording, as an export does."""
    for name in ("items", "suppliers", "item_suppliers"):
        lines = (folder / f"{name}.csv").read_text().splitlines()
        rows = [f"{lines[0]},updated_at", *(f"{line},{day} 09:00:00" for line in lines[1:])]
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


def test_master_data_recorded_long_after_the_sales_can_plan_no_day(folder: Path) -> None:
    stamped(folder, "2026-03-01")
    finding = found(folder)["recording"]
    assert finding.verdict == "not usable"
    assert (
        "every row of items, suppliers, item_suppliers was recorded (updated_at) on 2026-03-01 or later"
        in finding.sentence
    )
    assert "leave the column out of the files" in finding.sentence


def test_master_data_recorded_today_plan_today(folder: Path) -> None:
    stamped(folder, "2026-01-06")  # the newest sale is of the day before
    assert found(folder)["recording"].verdict == "usable without"


def test_master_data_recorded_in_time_are_not_mentioned(folder: Path) -> None:
    stamped(folder, "2026-01-01")
    assert "recording" not in found(folder)


def test_one_count_of_each_sku_proves_nothing_of_the_books(folder: Path) -> None:
    (folder / "stock_levels.csv").write_text(f"{STOCK}A,W,2026-01-05,8\nB,W,2026-01-05,300\n")
    for name, columns in (
        ("purchase_orders", "po_id,supplier_id,location_id,ordered_on,status"),
        (
            "purchase_order_lines",
            "po_id,line_no,item_id,quantity_ordered,unit_price,received_on,quantity_received,quantity_rejected",
        ),
    ):
        (folder / f"{name}.csv").write_text(f"{columns}\n")
    findings = found(folder)
    assert findings["books"] == Finding(
        "books",
        "usable without",
        "no SKU was counted twice: whether receipts and sales explain the stock cannot be checked",
    )
    assert findings["stock"].verdict == "usable"


def test_stock_counted_before_the_last_sale_is_pointed_out(folder: Path) -> None:
    (folder / "stock_levels.csv").write_text(f"{STOCK}A,W,2026-01-03,8\nB,W,2026-01-04,300\n")
    finding = found(folder)["stock"]
    assert finding.verdict == "usable without"
    assert "1 of them sold after their newest count (the oldest of 2026-01-03)" in finding.sentence


def test_any_active_supplier_that_offers_an_item_supplies_it_primary_or_not(folder: Path) -> None:
    (folder / "suppliers.csv").write_text("supplier_id,name,active\nS1,Oak,true\nS2,Elm,false\n")
    header = FILES["item_suppliers"].splitlines()[0]
    (folder / "item_suppliers.csv").write_text(f"{header}\nA,S1,no,7,10,5,5\nB,S2,yes,7,,,0.1\n")
    finding = found(folder)["suppliers"]
    assert finding.sentence.startswith(
        "1 active supplier: of 2 items with sales 1 (50 %) are offered by one, 1 (50 %) with"
    )
    assert "nothing is ordered of what no active supplier offers (B): a kit," in finding.sentence
    assert finding.verdict == "usable without"


def test_a_sale_that_stands_alone_years_later_is_pointed_out_when_loaded_and_checked(folder: Path) -> None:
    with (folder / "sales.csv").open("a") as file:
        file.write("3,A,W,2062-01-05,1,5\n")
    assert "the newest sale is of 2062-01-05" in "\n".join(loading.check_files(folder, tell)[2])
    finding = found(folder)["dates"]
    assert "after the one before it (2026-01-05)" in finding.sentence


def test_a_newest_count_below_zero_is_pointed_out(folder: Path) -> None:
    (folder / "stock_levels.csv").write_text(f"{STOCK}A,W,2026-01-04,-8\nA,W,2026-01-05,1\nB,W,2026-01-05,-3\n")
    assert "the newest count of 1 SKU is below zero (B at W)" in found(folder)["counts"].sentence


def test_an_item_never_counted_nor_ordered_may_be_a_service(folder: Path) -> None:
    with (folder / "sales.csv").open("a") as file:
        file.write("3,C,W,2026-01-05,1,5\n4,POST,W,2026-01-05,1,5\n")
    with (folder / "items.csv").open("a") as file:
        file.write("C,Clamp,Tools,5,9.5\nPOST,Postage,,5,9.5\n")
    assert "services" not in found(folder)  # nothing was ever counted: it says nothing
    (folder / "stock_levels.csv").write_text(f"{STOCK}A,W,2026-01-05,8\nB,W,2026-01-05,3\nC,W,2026-01-05,3\n")
    with (folder / "item_suppliers.csv").open("a") as file:
        file.write("POST,S1,1,7,,,5\n")
    loading.load(folder, tell, replace=True)
    finding = next(one for one in check.check().findings if one.part == "services")
    assert finding.sentence.startswith("1 of 4 items with sales were never counted and never ordered (POST): services")
    assert "orders are proposed for those that have a supplier (1)" in finding.sentence


def test_a_receipt_without_a_quantity_is_none(folder: Path) -> None:
    (folder / "purchase_orders.csv").write_text(
        "po_id,supplier_id,location_id,ordered_on,status\nP1,S1,W,2026-01-02,received\n"
    )
    (folder / "purchase_order_lines.csv").write_text(
        "po_id,line_no,item_id,quantity_ordered,unit_price,received_on,quantity_received,quantity_rejected\n"
        "P1,1,A,5,5,2026-01-05,5,0\nP1,2,B,5,5,2026-01-05,,\n"
    )
    finding = found(folder)["receipts"]
    assert finding.verdict == "usable without"
    assert finding.sentence.startswith(
        "1 of 2 items with sales (50 %) have receipts to learn lead times from; lines of 1 item have"
    )


def test_without_orders_there_is_nothing_to_compare_with(folder: Path) -> None:
    assert "nor is there any order: no saving can be shown" in found(folder)["policies"].sentence


def test_lots_that_the_configured_ordering_cost_makes_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A sells 2 × 5, B 100 × 0.1 in two days: 1,825 of cost a year each; 52 √(2·50 / (0.2·1825)) = 27 weeks.
    finding = found(folder)["lots"]
    assert "2 items name no ordering_cost, so costs.ordering_cost (50)" in finding.sentence
    assert "lasts 27 weeks" in finding.sentence
    monkeypatch.setenv("STOCKPROOF_COSTS__ORDERING_COST", "5")
    settings.load.cache_clear()
    assert "lots" not in {finding.part for finding in check.check().findings}


def test_what_a_line_costs_where_lines_share_an_order(folder: Path) -> None:
    # 4 lines in 2 orders: half of them pay the fixed nine tenths of 50, all of them the tenth.
    (folder / "purchase_orders.csv").write_text(
        "po_id,supplier_id,location_id,ordered_on,status\nP1,S1,W,2026-01-01,open\nP2,S1,W,2026-01-02,open\n"
    )
    (folder / "purchase_order_lines.csv").write_text(
        "po_id,line_no,item_id,quantity_ordered,unit_price,quantity_received,quantity_rejected\n"
        "P1,1,A,5,5,0,0\nP1,2,B,5,0.1,0,0\nP1,3,A,5,5,0,0\nP2,1,A,5,5,0,0\n"
    )
    assert found(folder)["lots"].sentence.endswith(
        "set it to what a line costs: orders here have 2.0 lines, and a further one costs 10% of an order, so about 28 each"
    )


@pytest.fixture
def profile(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile of one's own over the loaded ERP, whose files a test may rewrite."""
    loading.load(folder, tell)
    made = tmp_path / "profile"
    made.mkdir()
    for table in TABLES:
        (made / f"{table.name}.sql").write_text(f"select * from {table.name}")
    monkeypatch.setenv("STOCKPROOF_ERP__PROFILE", str(made))
    settings.load.cache_clear()
    return made


def test_a_profile_with_a_window_is_read_from_the_beginning(profile: Path) -> None:
    (profile / "sales.sql").write_text("select * from sales where updated_at >= :since")
    done = check.check()
    assert next(one.rows for one in done.tables if one.table == "sales") == 2
    assert next(one.sentence for one in done.findings if one.part == "items") == "all 2 items with sales are known"


def test_ids_that_are_numbers_are_compared_as_text(profile: Path) -> None:
    number = "case item_id when 'A' then 1 else 2 end as item_id"
    (profile / "items.sql").write_text(f"select {number}, name, category, unit_cost, unit_price, updated_at from items")
    (profile / "sales.sql").write_text(
        f"select sale_id, cast({number.removesuffix(' as item_id')} as text) as item_id, location_id, sold_on, quantity, "
        "unit_price, updated_at from sales"
    )
    assert (
        next(one.sentence for one in check.check().findings if one.part == "items")
        == "all 2 items with sales are known"
    )


def test_an_item_without_an_id_does_not_end_the_check(profile: Path) -> None:
    nothing = ", ".join(["null"] * 6)
    (profile / "items.sql").write_text(
        f"select * from items union all select null, name, category, unit_cost, unit_price, {nothing}, updated_at from items"
    )
    assert (
        next(one.sentence for one in check.check().findings if one.part == "items")
        == "all 2 items with sales are known"
    )


def test_sales_without_dates_are_reported(profile: Path) -> None:
    (profile / "sales.sql").write_text(
        "select sale_id, item_id, location_id, null as sold_on, quantity, unit_price, updated_at from sales"
    )
    done = check.check()
    assert (done.verdict, done.findings[-1].sentence) == (
        "not usable",
        "no sale has a date: planning starts from sales",
    )


def verdicts(part: str) -> list[tuple[str, str]]:
    """Verdict and sentence of each finding on a part."""
    return [(one.verdict, one.sentence) for one in check.check().findings if one.part == part]


def test_rows_that_a_rule_would_leave_out_are_counted(profile: Path) -> None:
    assert verdicts("rules") == []
    (profile / "sales.sql").write_text(
        "select sale_id, item_id, 'X' as location_id, sold_on, quantity, unit_price, updated_at from sales"
    )
    assert verdicts("rules") == [
        (
            "usable without",
            "2 rows of sales (100 %) have a location_id that locations does not hold (X); they go to quarantine",
        )
    ]
    (profile / "purchase_orders.sql").write_text(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40) select i as po_id, 'S1' as supplier_id, "
        "'W' as location_id, '2026-01-02' as ordered_on, case when i < 15 then ' Open' else 'Closed' end as status, "
        "'2026-01-02 00:00:00' as updated_at from n"
    )
    _, (verdict, sentence) = verdicts("rules")
    assert verdict == "not usable"
    assert sentence.startswith(
        "26 rows of purchase_orders (65 %) have a status other than open, received, cancelled (closed): more than a run goes on without"
    )


def test_no_location_at_all_stops_a_run(profile: Path) -> None:
    (profile / "locations.sql").write_text("select * from locations where 1 = 0")
    assert ("not usable", "locations has no row: a run stops there") in verdicts("rules")


def test_items_without_a_cost_are_reported(profile: Path) -> None:
    items = "select item_id, name, category, {} as unit_cost, unit_price, updated_at from items"
    (profile / "items.sql").write_text(items.format("case item_id when 'A' then 0 else unit_cost end"))
    assert verdicts("costs") == [
        ("usable without", "1 item of 2 have no unit_cost above zero (A); nothing is planned of them")
    ]
    (profile / "items.sql").write_text(items.format("null"))
    assert [verdict for verdict, _ in verdicts("costs")] == ["not usable"]


def test_prices_in_force_are_those_of_the_newest_sale(profile: Path) -> None:
    (profile / "items.sql").write_text(
        "select item_id, name, category, unit_cost, case when :as_of <= '2026-12-31' then unit_cost + 1 end as unit_price, "
        "case when '2099-12-31' <= :as_of then '2099-12-31' else updated_at end as updated_at from items"
    )
    findings = {one.part: one for one in check.check().findings}
    assert findings["prices"].sentence.startswith("2 of 2 items with sales (100 %)")
    assert "recording" not in findings


def test_counts_of_one_day_in_five_or_fewer_hide_what_was_asked_for() -> None:
    key = {"item_id": ["A", "B", "C"], "location_id": ["W"] * 3}
    sold = pl.DataFrame({**key, "first": ["2026-01-01"] * 3, "last": ["2026-04-10"] * 3})  # a hundred days
    counted = pl.DataFrame({"item_id": ["A", "B"], "location_id": ["W"] * 2, "rows": [19, 20]})
    (finding,) = check_hidden.hidden(sold, counted)
    assert finding.verdict == "usable without"
    assert "1 of 2 counted SKUs with sales were counted on fewer than one day in five" in finding.sentence
    assert not check_hidden.hidden(sold, counted.filter(pl.col("item_id") == "B"))
