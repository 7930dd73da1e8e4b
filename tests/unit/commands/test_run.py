"""``stockproof run``: which day is run where none is named."""

from datetime import date
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.commands import run
from pipelines.local import load as loading
from tests.unit.local.test_load import FILES, tell


def test_a_sale_dated_ahead_of_its_recording_is_not_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "state"))
    settings.load.cache_clear()
    try:
        for name, content in FILES.items():
            (tmp_path / f"{name}.csv").write_text(content)
        (tmp_path / "sales.csv").write_text(
            "sale_id,item_id,location_id,sold_on,quantity,unit_price,updated_at\n"
            "1,A,W,2026-01-05,2,9.5,2026-01-05 10:00:00\n2,A,W,2062-01-05,2,9.5,2026-01-05 10:00:00\n"
        )
        loading.load(tmp_path, tell)
        assert run._newest_sale() == date(2026, 1, 5)
    finally:
        settings.load.cache_clear()
