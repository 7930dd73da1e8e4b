"""SQLite, the stand-in for machines without MariaDB, behind the same reader."""

from pathlib import Path

import pytest

from pipelines import settings
from pipelines.extract import job, preflight
from tests.integration.extract_erp import SALE, at, change, empty, everything, held, insert, on, sell

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True, scope="module")
def sqlite(configured: pytest.MonkeyPatch, warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The ERP is a file."""
    path: Path = tmp_path_factory.mktemp("erp") / "erp.sqlite"
    configured.setenv("ERP_URL", f"sqlite:///{path}")
    settings.load.cache_clear()


@pytest.fixture(autouse=True)
def clean(sqlite: None) -> None:
    """No row anywhere."""
    empty()


def test_rows_arrive_with_the_contracts_types() -> None:
    sell(1, 2)
    insert("suppliers", [{"supplier_id": "S", "name": "ü", "country": None, "active": True, "updated_at": at(1)}])
    insert("promotions", [{"item_id": "A", "location_id": None, "starts_on": on(1), "ends_on": on(3), "price": None}])
    found = job.run(on(2))
    assert {name: new for name, new in found.items() if new} == {"sales": 2, "suppliers": 1, "promotions": 1}
    assert held("sales") == [(f"S00{day}", "A", "W", on(day), 1.0, 9.99, at(day), at(day)) for day in (1, 2)]
    assert held("suppliers", "name", "country", "active") == [("ü", None, True)]
    assert held("promotions", "starts_on", "price") == [(on(1), None)]
    assert preflight.check(on(2))["newest_sale"] == on(2).isoformat()


def test_windows_end_at_midnight_however_an_instant_is_written() -> None:
    written = [
        "2026-01-02 00:00:00",
        "2026-01-02T00:00:00",
        "2026-01-02 00:00:00.000000",
        "2026-01-01 23:59:59.999999",
        "2026-01-01T23:59:59",
    ]
    insert("sales", [{**SALE, "sale_id": str(n), "sold_on": on(0), "updated_at": at(0)} for n in range(5)])
    for number, text in enumerate(written):
        change(f"update sales set updated_at = '{text}' where sale_id = '{number}'")
    job.extract_table("sales", on(0))
    assert [row[0] for row in held("sales", "sale_id")] == ["3", "4"]
    job.extract_table("sales", on(1))
    assert [row[0] for row in held("sales", "sale_id")] == ["0", "1", "2", "3", "4"]


def test_incremental_and_repeatable(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("STOCKPROOF_ERP__SLICE_ROWS", "1000")
    settings.load.cache_clear()
    insert(
        "sales", [{**SALE, "sale_id": f"{n}", "sold_on": on(n % 10), "updated_at": at(n % 10)} for n in range(5_000)]
    )
    assert job.extract_table("sales", on(5)) == 3_000
    assert job.extract_table("sales", on(9)) == 2_000
    before = everything()
    assert job.extract_table("sales", on(9)) == 0
    assert everything() == before
    configured.delenv("STOCKPROOF_ERP__SLICE_ROWS")
    settings.load.cache_clear()


def test_the_overlap_begins_at_midnight_however_an_instant_is_written() -> None:
    sell(*range(8))
    change("update sales set updated_at = '2026-01-05T09:00:00' where sale_id = 'S004'")  # three days before the newest
    assert job.extract_table("sales", on(7)) == 8
    assert job.extract_table("sales", on(7)) == 0
    assert job.extract_table("sales", on(8)) == 0
