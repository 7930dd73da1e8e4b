"""What is asked of backups: which there are, how old the newest is, whether the last drill was sound."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.operations.backup import store, tables, wal
from pipelines.operations.backup.manifest import Manifest
from pipelines.stack import archive, base_backup


def kept() -> list[Manifest]:
    """The base backups of the backup folder, oldest first."""
    return store.backups(base_backup.folder())


def restorable() -> tuple[datetime, datetime] | None:
    """From when until when one can restore; None where there is no base backup."""
    folder, found = base_backup.folder(), kept()
    if not found:
        return None
    return found[0].finished_at, max(found[-1].finished_at, wal.newest_at(folder / "wal") or found[-1].finished_at)


def age_hours(at: datetime) -> float | None:
    """Hours since the newest base backup was finished, by the warehouse's record: any machine may ask.

    Args:
        at: the present moment.

    Returns:
        The age; None where no backup was ever made.
    """
    newest = tables.newest_finish()
    return None if newest is None else (at - newest).total_seconds() / 3600


def complaint(at: datetime) -> str | None:
    """Why backups need a person's attention: none, too old, not copied, or a drill that failed; None where all is well.

    Args:
        at: the present moment.
    """
    limit, age = settings.load().backup.max_age_hours, age_hours(at)
    if age is None:
        return "there is no base backup: `stockproof backup` makes one"
    if age > limit:
        return f"the newest base backup is {age:.0f} hours old; allowed are {limit:.0f} (backup.max_age_hours)"
    if words := copy_failure(base_backup.folder()):
        return f"the backup folder was not copied (backup.copy_command): {words}"
    drill = tables.newest_drill()
    if drill and drill["differences"]:
        return f"the drill of {drill['drilled_at']:%Y-%m-%d} found {len(drill['differences'])} differences: {drill['differences'][0]}"
    return None


def copy_failure(folder: Path) -> str | None:
    """Why the newest copy to another machine failed; None where it did not."""
    note = folder / archive.COPY_FAILED
    return note.read_text().strip() if note.exists() else None


def drill() -> Mapping[str, Any] | None:
    """The newest drill; None where there was none."""
    return tables.newest_drill()


def now() -> datetime:
    """The present moment: backups belong to the clock, not to an as-of date."""
    return datetime.now(UTC)
