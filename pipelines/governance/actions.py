"""What a person, or the program, does with models: promote, take back. Each is a row in the log of decisions, with author and reason."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.governance import names, tables
from pipelines.io import model_decisions, registry, registry_versions
from pipelines.io.registry_versions import CHAMPION, ROLLED_BACK, SERVICE

PROGRAM: Final = "stockproof"
"""Author of decisions that no person took."""


def promote(
    name: str, *, reason: str, author: str, as_of: date | None = None, comparison: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Let a version serve from a date on.

    Args:
        name: number, label or alias.
        reason: why; not empty.
        author: who.
        as_of: first date that it serves; None: that of the newest run.
        comparison: figures that the decision rests on.

    Returns:
        ``version, replaces, from``.

    Raises:
        StockproofError: no such version, it serves already, it was trained later than the date, or no reason or author is given.
    """
    _signed(reason, author)
    known, bucket = registry.versions(), settings.load().planning.grain
    version, current = names.resolve(name, known, bucket), registry_versions.incumbent(known, bucket)
    day = as_of or max(tables.newest_run() or version.trained_as_of, version.trained_as_of)
    if version == current:
        raise StockproofError(f"{version.label} is the champion already", "`stockproof model list` shows the versions")
    if not version.forecasts(bucket):
        raise StockproofError(
            f"{version.label} forecasts buckets of a {version.tags.get('bucket')}, not of a {bucket}",
            "promote one that was trained on today's buckets",
        )
    if version.trained_as_of > day:
        raise StockproofError(
            f"{version.label} was trained as of {version.trained_as_of} and must not serve {day}",
            "give a later --as-of",
        )
    # One tag makes it serve; the role, for people, follows.
    registry.retag(version, {SERVICE: registry_versions.started(version, day), "role": CHAMPION})
    replaced = current.label if current else ""
    model_decisions.add(
        day,
        "promoted",
        version.label,
        bucket=bucket,
        replaces=replaced,
        author=author,
        reason=reason,
        comparison=comparison,
    )
    return {"version": version.label, "replaces": replaced, "from": day}


def roll_back(
    *, reason: str, author: str, as_of: date | None = None, comparison: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Take the champion back: from a date on the version before it serves again.

    Args:
        reason: why; not empty.
        author: who.
        as_of: first date that it no longer serves; None: that of the newest run.
        comparison: figures that the decision rests on.

    Returns:
        ``version`` taken back, the version that ``serves`` and the date ``from``.

    Raises:
        StockproofError: there is no champion, or none before it.
    """
    _signed(reason, author)
    known, bucket = registry.versions(), settings.load().planning.grain
    day = as_of or tables.newest_run() or date.max
    current = registry_versions.serving(known, day, bucket)
    before = registry_versions.previous(known, day, bucket)
    if current is None or before is None:
        raise StockproofError(
            f"{current.label} has no version before it" if current else "there is no champion",
            "`stockproof model list` shows the versions; without any, simple statistics forecast",
        )
    # The first tag makes the other serve; that the champion's service ended, and its role, follow.
    registry.retag(before, {SERVICE: registry_versions.started(before, day)})
    registry.retag(current, {SERVICE: registry_versions.ended(current, day), "role": ROLLED_BACK})
    model_decisions.add(
        day,
        "rolled back",
        current.label,
        bucket=bucket,
        replaces=before.label,
        author=author,
        reason=reason,
        comparison=comparison,
    )
    return {"version": current.label, "serves": before.label, "from": day}


def _signed(reason: str, author: str) -> None:
    if not reason.strip() or not author.strip():
        raise StockproofError("a decision on a model needs a reason and an author", "give them by --reason and --by")
