"""Extraction between a real MariaDB and a real PostgreSQL: what arrives, once, and what a repeated or later run adds."""

from datetime import date, datetime, time, timedelta

import pytest

from pipelines import settings
from pipelines.core.contract import BY_NAME, TABLES
from pipelines.extract import job, profiles, raw, reader
from pipelines.extract.windows import ExtractWindow
from pipelines.io import warehouse
from tests.integration.extract_erp import SALE, at, change, empty, everything, held, insert, on, sell

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def servers(erp_url: str, warehouse_url: str) -> None:
    """An ERP without rows, a raw without rows."""
    empty()


def test_every_kind_of_column_arrives_as_it_was() -> None:
    insert("items", [
        {"item_id": "Ä 'x'", "name": "ü,\";\n", "category": None, "unit_cost": 1.2345, "unit_price": None, "holding_cost_per_day": 0.01,
         "shortage_cost": None, "unit_volume": 0.25, "priority": "A", "created_on": date(2020, 2, 29), "discontinued_on": None,
         "updated_at": datetime.fromisoformat("2026-01-01 12:00:00.123456")},
    ])  # fmt: skip
    insert("suppliers", [{"supplier_id": "S", "name": "s", "country": None, "active": False, "updated_at": at(0)}])
    insert("purchase_order_lines", [
        {"po_id": "P", "line_no": 4_000_000_007, "item_id": "A", "quantity_ordered": 0.5, "unit_price": 2.0, "promised_on": None,
         "received_on": on(0), "quantity_received": None, "quantity_rejected": None, "updated_at": at(0)},
    ])  # fmt: skip
    assert job.run(on(0), ["items", "suppliers", "purchase_order_lines"]) == {
        "items": 1,
        "suppliers": 1,
        "purchase_order_lines": 1,
    }
    recorded = datetime.fromisoformat("2026-01-01 12:00:00.123456")
    assert held("items") == [
        ("Ä 'x'", 'ü,";\n', None, 1.2345, None, 0.01, None, 0.25, "A", date(2020, 2, 29), None, recorded, recorded),
    ]
    assert held("suppliers", "active") == [(False,)]
    assert held("purchase_order_lines", "line_no", "quantity_ordered", "received_on", "quantity_received") == [
        (4_000_000_007, 0.5, on(0), None)
    ]


def test_a_full_run_makes_every_raw_table_and_notes_each() -> None:
    sell(1, 2)
    change("drop table promotions")
    found = job.run(on(2))
    assert found == {table.name: 2 if table.name == "sales" else 0 for table in TABLES}
    noted = warehouse.read(
        "select table_name, rows_read, rows_new from ops.extractions where as_of = :d order by 1", d=on(2)
    )
    assert set(noted["table_name"]) == {table.name for table in TABLES} - {
        "promotions"
    }  # an absent optional table: nothing was extracted
    assert held("promotions") == []
    columns = warehouse.read(
        "select column_name, data_type from information_schema.columns where table_name = 'sales' and table_schema = 'raw'"
    )
    assert dict(columns.rows()) == {
        "_row_id": "bigint",
        "_recorded_at": "timestamp without time zone",
        "_extracted_at": "timestamp with time zone",
        "sale_id": "text",
        "item_id": "text",
        "location_id": "text",
        "sold_on": "date",
        "quantity": "double precision",
        "unit_price": "double precision",
        "updated_at": "timestamp without time zone",
        "_gone": "boolean",
    }


def test_a_later_run_goes_on_from_the_watermark() -> None:
    sell(*range(10))
    assert job.extract_table("sales", on(4)) == 5
    assert raw.watermark(BY_NAME["sales"]) == datetime.combine(on(4), time.max)
    assert job.extract_table("sales", on(9)) == 5
    assert [row[0] for row in held("sales", "sale_id")] == [f"S{day:03d}" for day in range(10)]


def test_a_run_again_changes_nothing() -> None:
    sell(*range(10))
    insert("promotions", [{"item_id": "A", "location_id": None, "starts_on": on(1), "ends_on": on(3), "price": 5.0}])
    job.run(on(9))
    before = everything()
    assert set(job.run(on(9)).values()) == {0}
    assert everything() == before
    # and an earlier date neither adds nor takes anything, nor moves the watermark back
    assert set(job.run(on(6), ["sales"]).values()) == {0}
    assert everything() == before


def test_nothing_recorded_after_the_as_of_date_is_read() -> None:
    sell(1)
    sell(2, sale_id="last instant", updated_at=datetime.combine(on(2), time.max))
    sell(2, sale_id="next midnight", updated_at=datetime.combine(on(3), time.min))
    sell(2, sale_id="backdated", updated_at=at(9))
    job.extract_table("sales", on(2))
    assert [row[0] for row in held("sales", "sale_id")] == ["S001", "last instant"]
    before = everything()
    sell(2, sale_id="appended later", updated_at=at(8))
    job.extract_table("sales", on(2))
    assert everything() == before
    job.extract_table("sales", on(9))
    assert len(held("sales")) == 5


def test_rows_recorded_late_within_the_overlap_are_picked_up() -> None:
    sell(*range(10))
    job.extract_table("sales", on(9))
    sell(7, sale_id="late")  # a transaction that was open while the day was read
    sell(3, sale_id="too late")
    assert job.extract_table("sales", on(10)) == 1
    assert "late" in [row[0] for row in held("sales", "sale_id")]
    assert job.run(on(10), ["sales"], full=True) == {"sales": 1}
    assert "too late" in [row[0] for row in held("sales", "sale_id")]


def test_an_erp_that_shows_its_last_days_later_loses_none_of_them() -> None:
    """A replica that lags, within erp.max_staleness_days; or a run of a day to come: both move the watermark past what was there."""
    sell(*range(3))
    assert job.run(on(8), ["sales"]) == {"sales": 3}
    sell(*range(3, 10))
    assert job.run(on(7), ["sales"]) == {"sales": 5}
    assert job.run(on(9), ["sales"]) == {"sales": 2}
    assert job.run(on(9), ["sales"]) == {"sales": 0}
    assert [row[0] for row in held("sales", "sale_id")] == [f"S{day:03d}" for day in range(10)]


def test_a_table_that_was_empty_is_read_from_the_beginning_once_it_has_rows() -> None:
    assert job.extract_table("sales", on(8)) == 0
    sell(1, 9)
    assert job.extract_table("sales", on(9)) == 2


def test_versions_of_a_row_are_all_kept() -> None:
    sell(1)
    job.extract_table("sales", on(1))
    change(f"update sales set quantity = 7, updated_at = '{at(3)}'")
    job.extract_table("sales", on(3))
    assert held("sales", "sale_id", "quantity", "_recorded_at") == [("S001", 1.0, at(1)), ("S001", 7.0, at(3))]


def test_exact_duplicates_of_the_erp_stay_as_many_as_they_are() -> None:
    sell(1)
    sell(1)
    job.extract_table("sales", on(1))
    job.extract_table("sales", on(2))
    assert len(held("sales")) == 2
    sell(1)
    assert job.extract_table("sales", on(2)) == 1
    assert job.extract_table("sales", on(2)) == 0
    assert len(held("sales")) == 3


def test_a_row_changed_without_a_new_updated_at_takes_the_place_of_the_old() -> None:
    sell(1, 2)
    job.extract_table("sales", on(2))
    change("update sales set quantity = 5 where sale_id = 'S002'")
    assert job.extract_table("sales", on(2)) == 1
    change("update sales set quantity = 6 where sale_id = 'S002'")
    assert job.extract_table("sales", on(3)) == 1
    assert job.extract_table("sales", on(3)) == 0
    tick = timedelta(microseconds=1)
    assert held("sales", "quantity", "_recorded_at")[1:] == [(1.0, at(2)), (5.0, at(2) + tick), (6.0, at(2) + 2 * tick)]


def test_a_change_in_place_that_is_taken_back_counts() -> None:
    sell(1, 2)
    insert("sales", [{**SALE, "sale_id": "S002", "sold_on": on(2), "quantity": 3.0, "updated_at": at(2)}])  # a double
    job.extract_table("sales", on(2))
    for quantity in (50, 1):
        change(f"update sales set quantity = {quantity} where sale_id = 'S002' and quantity <> 3")
        assert job.extract_table("sales", on(2)) == 2  # with its double: they are one version
        assert job.extract_table("sales", on(2)) == 0
    newest = max(row[1] for row in held("sales", "sale_id", "_recorded_at") if row[0] == "S002")
    assert [row[0] for row in held("sales", "quantity", "_recorded_at") if row[1] == newest] == [1.0, 3.0]


def test_a_change_by_an_earlier_clock_takes_the_place_of_what_it_changed() -> None:
    """The hour that autumn gives back: sold at 12, changed at 11 of the second time round."""
    sell(1, 2, updated_at=at(2, 12))
    job.extract_table("sales", on(2))
    change(f"update sales set quantity = 7, updated_at = '{at(2, 11)}' where sale_id = 'S001'")
    assert job.extract_table("sales", on(2)) == 2  # as it was at 11, and as what came after 12
    assert held("sales", "sale_id", "quantity", "_recorded_at") == [
        ("S001", 1.0, at(2, 12)),
        ("S001", 7.0, at(2, 11)),
        ("S001", 7.0, at(2, 12) + timedelta(microseconds=1)),
        ("S002", 1.0, at(2, 12)),
    ]
    before = everything()
    assert job.extract_table("sales", on(2)) == 0
    assert everything() == before


def test_a_late_double_of_a_row_that_is_still_there_is_no_change() -> None:
    sell(1, updated_at=at(2, 12))
    job.extract_table("sales", on(2))
    sell(1, quantity=7.0, updated_at=at(2, 11))
    assert job.extract_table("sales", on(2)) == 1
    assert max(held("sales", "_recorded_at", "quantity")) == (at(2, 12), 1.0)


def test_a_run_for_today_loses_nothing_recorded_later_today(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("STOCKPROOF_ERP__OVERLAP_DAYS", "0")
    settings.load.cache_clear()
    sell(5)
    job.extract_table("sales", on(5))
    sell(5, sale_id="evening", updated_at=at(5, 22))
    job.extract_table("sales", on(6))
    configured.delenv("STOCKPROOF_ERP__OVERLAP_DAYS")
    settings.load.cache_clear()
    assert [row[0] for row in held("sales", "sale_id")] == ["S005", "evening"]


def test_slices_cover_crowded_days_by_hour_and_minute() -> None:
    minutes = [
        {**SALE, "sale_id": f"m{n}", "sold_on": on(1), "updated_at": at(1, 9) + timedelta(seconds=7 * n)}
        for n in range(200)
    ]
    insert("sales", [*minutes, {**SALE, "sale_id": "night", "sold_on": on(1), "updated_at": at(1, 23)}])
    sell(0, 2)
    source = profiles.load(on(9)).sources["sales"]
    assert source is not None
    window = ExtractWindow(at(0, 0), at(3, 0))
    units = reader.counts(source, window, 20)
    assert sum(rows for _, rows in units) == reader.total(source, window) == 203
    assert units[0] == (at(0, 0), 1)
    assert units[-2:] == [(at(1, 23), 1), (at(2, 0), 1)]
    assert [start for start, _ in units[1:3]] == [at(1, 9), at(1, 9) + timedelta(minutes=1)]
    assert max(rows for _, rows in units) <= 20


def test_many_slices_bring_the_same_rows_as_one(configured: pytest.MonkeyPatch) -> None:
    rows = [{**SALE, "sale_id": f"s{n}", "sold_on": on(n % 10), "updated_at": at(n % 10, n % 24)} for n in range(5_000)]
    insert("sales", rows)
    job.extract_table("sales", on(9))
    whole = held("sales")
    raw.reset()
    configured.setenv("STOCKPROOF_ERP__SLICE_ROWS", "1000")
    settings.load.cache_clear()
    job.extract_table("sales", on(9))
    configured.delenv("STOCKPROOF_ERP__SLICE_ROWS")
    settings.load.cache_clear()
    assert held("sales") == whole
    assert len(whole) == 5_000


def test_two_runs_at_once_add_each_row_once() -> None:
    import threading

    sell(*range(300))
    raw.ensure(TABLES)
    runs = [threading.Thread(target=job.extract_table, args=("sales", on(299))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(held("sales")) == 300


def test_a_column_the_contract_gained_is_added_to_an_older_raw_table() -> None:
    sell(1)
    job.extract_table("sales", on(1))
    warehouse.execute("alter table raw.sales drop column unit_price")
    sell(2)
    job.extract_table("sales", on(2))
    assert held("sales", "sale_id", "unit_price")[0] == (
        "S001",
        9.99,
    )  # read again within the overlap, as a newer version
    assert [row for row in held("sales", "sale_id", "unit_price") if row[0] == "S002"] == [("S002", 9.99)]
