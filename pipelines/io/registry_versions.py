"""Registered versions, and which of them serves a date. Pure: :mod:`pipelines.io.registry` asks MLflow."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

MODEL: Final = "stockproof-forecaster"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
PREVIOUS: Final = "previous"
ROLLED_BACK: Final = "rolled back"

SERVICE: Final = "service"
"""Tag: JSON list of [from, until] as-of dates that a version serves, the last day excluded; until null: to this day."""


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes:
        number: version number.
        trained_as_of: as-of date of its training.
        role: ``"champion"`` (it won a place, now or earlier), ``"challenger"`` or ``"rolled back"``.
        tags: all tags.
    """

    number: int
    trained_as_of: date
    role: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """Name for tables and people."""
        return f"{MODEL}/{self.number}"

    def forecasts(self, bucket: str) -> bool:
        """Whether it was trained on such buckets; a version that does not say was not."""
        return self.tags.get("bucket") == bucket

    def service(self) -> list[tuple[date, date | None]]:
        """Intervals of as-of dates that it serves, as far as no version with a later start does."""
        if SERVICE in self.tags:
            return [
                (date.fromisoformat(first), None if last is None else date.fromisoformat(last))
                for first, last in json.loads(self.tags[SERVICE])
            ]
        return [(self.trained_as_of, None)] if self.role == CHAMPION else []

    def since(self, as_of: date) -> date | None:
        """First day of the interval that holds a date; None where none does."""
        inside = [first for first, last in self.service() if first <= as_of and (last is None or as_of < last)]
        return max(inside, default=None)


def service_tag(intervals: Iterable[tuple[date, date | None]]) -> str:
    """The tag of some intervals."""
    return json.dumps([[first.isoformat(), None if last is None else last.isoformat()] for first, last in intervals])


def started(version: Version, from_on: date) -> str:
    """The tag of a version that serves from a date on, beside the intervals it served before."""
    kept = [(first, last) for first, last in version.service() if last is not None or first < from_on]
    return service_tag([*kept, (from_on, None)])


def ended(version: Version, on: date) -> str:
    """The tag of a version that serves no longer from a date on."""
    return service_tag((first, min(last or on, on)) for first, last in version.service() if first < on)


def serving(versions: Iterable[Version], as_of: date, bucket: str) -> Version | None:
    """The version that serves a date: of those whose service holds it, the one that began last.

    Args:
        versions: all versions of this warehouse's ERP.
        as_of: as-of date of the run.
        bucket: ``day`` or ``week``; what a model learnt of days says nothing of weeks.

    Returns:
        A version trained on nothing after ``as_of``, that had won its place by then; None where there is none.
    """
    found = [(since, v.number, v) for v in versions if v.forecasts(bucket) and (since := v.since(as_of)) is not None]
    return max(found, key=lambda each: each[:2])[2] if found else None


def incumbent(versions: Iterable[Version], bucket: str) -> Version | None:
    """The version that serves the newest date."""
    return serving(versions, date.max, bucket)


def challenger(versions: Iterable[Version], as_of: date, bucket: str) -> Version | None:
    """The newest version of the date that did not win its place, where it is newer than the one that serves."""
    known = list(versions)
    current = serving(known, as_of, bucket)
    after = current.number if current else 0
    fine = [
        v
        for v in known
        if v.role == CHALLENGER and v.forecasts(bucket) and v.trained_as_of <= as_of and v.number > after
    ]
    return max(fine, key=lambda v: (v.trained_as_of, v.number), default=None)


def previous(versions: Iterable[Version], as_of: date, bucket: str) -> Version | None:
    """The version that would serve a date if the one that serves it did not."""
    known = list(versions)
    current = serving(known, as_of, bucket)
    return serving([v for v in known if v != current], as_of, bucket) if current else None
