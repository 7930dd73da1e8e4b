"""Which registered version serves a date."""

from datetime import date

import pytest

from pipelines.io import registry
from pipelines.io.registry import Version

OLD, NEW, LATER = date(2026, 5, 3), date(2026, 6, 28), date(2026, 7, 5)


def _version(number: int, trained: date, bucket: str | None, role: str = registry.CHAMPION) -> Version:
    return Version(number, trained, role, {} if bucket is None else {"bucket": bucket})


def _serving(monkeypatch: pytest.MonkeyPatch, champion: Version | None, *others: Version, bucket: str) -> int | None:
    known = [one for one in (champion, *others) if one is not None]
    monkeypatch.setattr(registry, "champion", lambda: champion)
    monkeypatch.setattr(registry, "versions", lambda: known)
    found = registry._serving(NEW, bucket)
    return found.number if found else None


def test_the_champion_serves_its_own_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _serving(monkeypatch, _version(1, NEW, "day"), _version(2, OLD, "day"), bucket="day") == 1


def test_other_buckets_are_served_by_the_newest_version_that_won_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    weekly = [_version(2, OLD, "week"), _version(3, NEW, "week"), _version(4, NEW, "week", role="challenger")]
    assert _serving(monkeypatch, _version(5, NEW, "day"), *weekly, bucket="week") == 3


def test_without_a_version_of_such_buckets_none_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _serving(monkeypatch, _version(1, NEW, "day"), bucket="week") is None


def test_a_version_that_does_not_say_its_buckets_serves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _serving(monkeypatch, _version(1, NEW, None), bucket="day") is None


def test_a_champion_of_later_data_leaves_the_date_to_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _serving(monkeypatch, _version(3, LATER, "day"), _version(2, OLD, "day"), bucket="day") == 2
