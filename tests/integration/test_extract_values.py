"""What an ERP keeps as another type than the contract's arrives as what it stands for, or is refused by name."""

from datetime import date
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.contract import TABLES
from pipelines.core.errors import StockproofError
from pipelines.extract import job, profiles
from pipelines.onboarding import check
from tests.integration.extract_erp import at, change, empty, held, insert, on, sell

pytestmark = pytest.mark.servers

SUPPLIER = {"name": "x", "country": None, "updated_at": at(0)}


@pytest.fixture(autouse=True)
def servers(erp_url: str, warehouse_url: str) -> None:
    """An ERP without rows, a raw without rows."""
    empty()


def schema_findings() -> list[str]:
    """What ``erp check`` says of the schema."""
    return [one.sentence for one in check.check().findings if one.part == "schema"]


def test_a_flag_kept_as_a_list_of_texts_is_what_it_says() -> None:
    insert("suppliers", [{**SUPPLIER, "supplier_id": name, "active": name == "on"} for name in ("on", "off")])
    insert(
        "items",
        [{"item_id": "A", "name": "x", "category": "c", "unit_cost": 1.0, "unit_price": 2.0, "updated_at": at(0)}],
    )
    offer = {"item_id": "A", "is_primary": True, "lead_time_days": 3.0, "unit_price": 1.0, "updated_at": at(0)}
    insert("item_suppliers", [{**offer, "supplier_id": "off"}])
    sell(*range(40))
    change("alter table suppliers modify active varchar(3)")
    change("alter table suppliers modify active enum('0', '1') not null")
    job.extract_table("suppliers", on(1))
    assert held("suppliers", "supplier_id", "active") == [("off", False), ("on", True)]
    supplied = next(one for one in check.check().findings if one.part == "suppliers")
    assert supplied.sentence.startswith("1 active supplier: of 1 item with sales 0 (0 %) are offered by one")


@pytest.mark.parametrize(
    ("table", "column", "kind", "written"),
    [
        ("suppliers", "active", "enum('Y', 'N')", "Y"),
        ("sales", "quantity", "varchar(20)", "12,5"),
        ("sales", "sold_on", "varchar(20)", "28.06.2026"),
        ("sales", "sold_on", "int", "1782600000"),
    ],
)
def test_a_text_that_is_no_number_flag_or_date_is_refused_and_named(
    table: str, column: str, kind: str, written: str
) -> None:
    sell(1)
    insert("suppliers", [{**SUPPLIER, "supplier_id": "S", "active": True}])
    change(f"alter table {table} drop column {column}")
    change(f"alter table {table} add column {column} {kind} default '{written}'")
    with pytest.raises(
        StockproofError, match=f"table {table}: {column} holds a value that does not fit.*{written}"
    ) as caught:
        job.extract_table(table, on(1))
    assert "flags 0 or 1" in caught.value.remedy
    assert held(table) == []
    assert [written in sentence for sentence in schema_findings()] == [True]


def test_numbers_and_dates_kept_as_text_are_read() -> None:
    sell(1, 2)
    change("alter table sales modify quantity varchar(20), modify sold_on varchar(20), modify updated_at varchar(40)")
    change(
        "update sales set quantity = ' 12.5 ', sold_on = '2026-01-02 00:00:00', updated_at = '2026-01-02T12:00:00Z' where sale_id = 'S001'"
    )
    change("update sales set quantity = '', sold_on = '0000-00-00' where sale_id = 'S002'")
    job.extract_table("sales", on(9))
    assert held("sales", "quantity", "sold_on", "updated_at") == [(12.5, on(1), at(1)), (None, None, at(2))]


def test_a_day_that_no_calendar_has_is_no_date() -> None:
    sell(*range(40))
    change(
        "set statement sql_mode='ALLOW_INVALID_DATES' for update sales set sold_on = '2026-05-00' where sale_id = 'S000'"
    )
    change(
        "set statement sql_mode='ALLOW_INVALID_DATES' for update sales set sold_on = '2026-02-30' where sale_id = 'S039'"
    )
    job.extract_table("sales", on(50))
    assert [row[0] for row in held("sales", "sold_on")] == [on(day) for day in range(1, 39)] + [None, None]
    sales = next(one for one in check.check().findings if one.part == "sales")
    assert sales.sentence == f"40 sales rows of 1 SKU over 38 days, {on(1)} to {on(38)}"


def test_a_receipt_on_a_zero_date_is_none_to_the_check() -> None:
    sell(*range(40))
    line = {"po_id": "P", "line_no": 1, "item_id": "A", "quantity_ordered": 5.0, "updated_at": at(1)}
    insert("purchase_order_lines", [line])
    change("set statement sql_mode='' for update purchase_order_lines set received_on = '0000-00-00'")
    receipts = next(one for one in check.check().findings if one.part == "receipts")
    assert receipts.sentence.startswith("0 of 1 items with sales (0 %) have receipts")


def test_a_character_that_the_warehouse_cannot_keep_is_named() -> None:
    sell(1)
    change("update sales set item_id = concat('A', char(0))")
    with pytest.raises(StockproofError, match="table sales: item_id holds a character of code 0") as caught:
        job.extract_table("sales", on(1))
    assert "REPLACE" in caught.value.remedy


def test_rows_without_a_time_of_recording_are_reported_by_the_check() -> None:
    sell(*range(40))
    change("set statement sql_mode='' for update sales set updated_at = '0000-00-00' where sale_id = 'S003'")
    done = check.check()
    assert done.verdict == "not usable"
    advice = next(one.sentence for one in done.findings if one.part == "recording")
    assert advice.startswith("table sales: 1 rows of sales have no updated_at and would be lost: give each the time")


def test_seconds_since_1970_are_no_time_of_recording(tmp_path: Path, configured: pytest.MonkeyPatch) -> None:
    sell(1)
    for table in TABLES:
        (tmp_path / f"{table.name}.sql").write_text(f"select * from {table.name}")
    (tmp_path / "sales.sql").write_text(
        "select 1 as sale_id, s.*, 1782600000 as updated_at from (select item_id, location_id, sold_on, quantity, unit_price from sales) s"
    )
    with configured.context() as patch:
        patch.setenv("STOCKPROOF_ERP__PROFILE", str(tmp_path))
        settings.load.cache_clear()
        problems = profiles.inspect(date(2026, 6, 28)).problems
    settings.load.cache_clear()
    assert [problem.split(": ", 1)[1] for problem in problems] == [
        "updated_at is a number, no point in time; of seconds since 1970 FROM_UNIXTIME(…) makes one"
    ]
