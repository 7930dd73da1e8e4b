"""``stockproof erp check`` recommends ``planning.bucket`` from the days on which sales are recorded."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.onboarding import check
from pipelines.onboarding import load as loading
from pipelines.onboarding.check_bucket import recommended
from tests.unit.onboarding.test_check import folder  # noqa: F401  (a fixture)
from tests.unit.onboarding.test_load import tell

HEADER = "sale_id,item_id,location_id,sold_on,quantity,unit_price\n"


def write(folder: Path, days: list[date]) -> None:  # noqa: F811
    lines = [f"{number},A,W,{day},5," for number, day in enumerate(days)]
    (folder / "sales.csv").write_text(HEADER + "\n".join(lines) + "\n")
    loading.load(folder, tell)


def sentences() -> dict[str, str]:
    return {finding.part: finding.sentence for finding in check.check().findings}


def test_totals_of_months_want_months(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    write(folder, [date(2025, month, 28) for month in range(1, 13)])
    assert "set planning.bucket to month (it is day)" in sentences()["bucket"]
    monkeypatch.setenv("STOCKPROOF_PLANNING__BUCKET", "month")
    settings.load.cache_clear()
    assert "bucket" not in sentences()


def test_daily_books_are_not_spread_over_months(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    write(folder, [date(2025, 1, 1) + timedelta(days=number) for number in range(200)])
    assert "bucket" not in sentences()
    monkeypatch.setenv("STOCKPROOF_PLANNING__BUCKET", "week")
    settings.load.cache_clear()
    assert "bucket" not in sentences(), "daily books may be planned in weeks"
    monkeypatch.setenv("STOCKPROOF_PLANNING__BUCKET", "month")
    settings.load.cache_clear()
    assert "set planning.bucket to day" in sentences()["bucket"]


def test_few_months_recommend_nothing() -> None:
    assert recommended([]) == recommended([date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]) == ""
