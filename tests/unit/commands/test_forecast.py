"""``stockproof forecast evaluate``: what the tables say."""

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.commands import forecast


def test_judged_windows_are_not_called_skus_and_nothing_to_judge_is_no_miss(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast.console, "_width", 200)
    overall = pl.DataFrame(
        {
            "demand_class": ["all"],
            "method": ["sba"],
            "skus": [402],
            "mape": [float("nan")],
            "abc_class": ["all"],
            "horizon": ["lead time"],
        }
    )
    missing = {"measure": ["mape"], "of": ["smooth items"], "value": [None], "target": [0.3], "met": [None]}
    targets = pl.DataFrame(missing, schema_overrides={"value": pl.Float64, "met": pl.Boolean})
    forecast._evaluation(
        SimpleNamespace(
            as_of=date(2026, 6, 28),
            window=41,
            origins=[date(2026, 5, 18)],
            overall=overall,
            by_member=pl.DataFrame(),
            targets=targets,
            reasons={},
            left_out=0,
        )
    )
    printed = capsys.readouterr().out
    assert "windows" in printed and "skus" not in printed
    assert not {"nan", "None", "False"} & set(printed.replace("│", " ").split())
