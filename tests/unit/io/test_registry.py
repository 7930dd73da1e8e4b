"""Which registered version serves a date, and which one a new version has to beat."""

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
    found = registry.serving(NEW, bucket)
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


@pytest.mark.parametrize(
    ("champion", "expected"),
    [
        (_version(9, NEW, "day"), 9),
        (_version(9, LATER, "week"), 3),  # trained on weeks in between
        (None, 3),  # the alias names another ERP's version, or one whose training was killed
    ],
)
def test_a_new_version_has_to_beat_the_last_that_won_on_its_buckets(
    monkeypatch: pytest.MonkeyPatch, champion: Version | None, expected: int
) -> None:
    others = [_version(2, OLD, "day"), _version(3, NEW, "day"), _version(4, NEW, "day", role="challenger")]
    monkeypatch.setattr(registry, "champion", lambda: champion)
    monkeypatch.setattr(registry, "versions", lambda: [one for one in (champion, *others) if one is not None])
    found = registry.incumbent("day")
    assert found is not None and found.number == expected
    monkeypatch.setattr(registry, "versions", list)
    assert expected == 9 or registry.incumbent("day") is None
