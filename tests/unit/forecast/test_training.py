"""When a new model takes the champion's place without a comparison."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.forecast import training
from pipelines.io.registry import Version

DAY = date(2026, 6, 28)
UNREAD = cast(Any, None)


def _judged(monkeypatch: pytest.MonkeyPatch, champion: Version | None, bucket: str) -> tuple[bool, str]:
    monkeypatch.setattr(training.registry, "champion", lambda: champion)
    promote, reason, _ = training._judge(UNREAD, cast(Any, SimpleNamespace(bucket=bucket)), DAY)
    return promote, reason


def test_the_first_version_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _judged(monkeypatch, None, "day") == (True, "first version")


def test_the_first_on_other_buckets_is_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    of_days = Version(1, DAY, "champion", {"bucket": "day"})
    assert _judged(monkeypatch, of_days, "week") == (True, "the first on buckets of a week")


def test_a_champion_of_newer_data_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = Version(1, date(2026, 7, 5), "champion", {"bucket": "day"})
    promote, reason = _judged(monkeypatch, newer, "day")
    assert not promote and "newer data (2026-07-05)" in reason
