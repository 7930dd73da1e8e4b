"""One file of ``stockproof erp load``: what is no date, number or key of its kind is a fault, not a guess."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipelines.core.contract import BY_NAME
from pipelines.onboarding.load_parse import Parsed, parse

SALE = {
    "sale_id": "1",
    "item_id": "A",
    "location_id": "W",
    "sold_on": date(2026, 1, 5),
    "quantity": 2.0,
    "unit_price": 9.5,
}


def parquet(tmp_path: Path, **fields: object) -> Parsed:
    pl.DataFrame([SALE | fields]).write_parquet(tmp_path / "sales.parquet")
    return parse(BY_NAME["sales"], tmp_path / "sales.parquet")


@pytest.mark.parametrize("day", [20260105, 46027, 46027.0, date(1, 1, 1), time(1)])
def test_a_parquet_day_that_is_none_is_a_fault_not_a_guess(tmp_path: Path, day: object) -> None:
    (fault,) = parquet(tmp_path, sold_on=day).faults
    assert "sales.parquet, row 1, column sold_on: " in fault
    assert "is not a date" in fault


@pytest.mark.parametrize("quantity", [float("inf"), date(2026, 1, 5)])
def test_a_parquet_number_that_is_none_is_a_fault(tmp_path: Path, quantity: object) -> None:
    assert "is not a number" in parquet(tmp_path, quantity=quantity).faults[0]


def test_nan_of_a_parquet_is_no_value(tmp_path: Path) -> None:
    assert "column quantity: no value" in parquet(tmp_path, quantity=float("nan")).faults[0]
    assert parquet(tmp_path, unit_price=float("nan")).frame["unit_price"].to_list() == [None]


def test_a_day_with_a_time_zone_stays_the_day(tmp_path: Path) -> None:
    berlin = datetime(2026, 1, 5, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # still the 4th in UTC
    row = parquet(tmp_path, sold_on=berlin, updated_at=berlin).frame.row(0, named=True)
    assert (row["sold_on"], row["updated_at"]) == (date(2026, 1, 5), datetime.fromisoformat("2026-01-05 00:30:00"))


def test_external_reference_is_unique(tmp_path: Path) -> None:
    path = tmp_path / "purchase_orders.csv"
    path.write_text(
        "po_id,supplier_id,location_id,ordered_on,status,external_ref\n"
        "1,S,W,2026-01-01,open,r\n2,S,W,2026-01-01,open,r\n3,S,W,2026-01-01,open,\n4,S,W,2026-01-01,open,\n"
    )
    assert parse(BY_NAME["purchase_orders"], path).fault_count == 2
