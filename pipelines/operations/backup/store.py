"""The backup folder: its base backups, the chain that leads to one, the log that follows, and what is no longer kept."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pipelines.core.errors import StockproofError
from pipelines.operations.backup import manifest as manifests
from pipelines.operations.backup import wal
from pipelines.operations.backup.manifest import Manifest

FULL, INCREMENTAL = "full", "incremental"


def backups(folder: Path) -> list[Manifest]:
    """The base backups of a folder, oldest first.

    Raises:
        StockproofError: a manifest is not the one that was written.
    """
    found = [
        manifests.load(path) for path in sorted(folder.glob(f"*Z-{FULL}")) + sorted(folder.glob(f"*Z-{INCREMENTAL}"))
    ]
    return sorted(found, key=lambda one: one.started_at)


def chain(chosen: Manifest, every: Sequence[Manifest]) -> list[Manifest]:
    """A backup after all those whose changes it continues, the full one first.

    Raises:
        StockproofError: an increment or the full backup is missing.
    """
    known = {one.backup_id: one for one in every}
    links = [chosen]
    while links[0].kind != FULL:
        parent = known.get(links[0].parent)
        if parent is None:
            raise StockproofError(
                f"backup {links[0].parent} is missing: {chosen.backup_id} holds only what changed since",
                "fetch it from where it was copied to, or restore from another backup (`stockproof backup list`)",
            )
        links.insert(0, parent)
    return links


def newest_before(every: Sequence[Manifest], moment: datetime | None) -> Manifest:
    """The newest backup by which one can restore to a moment; None means now.

    Raises:
        StockproofError: there is none.
    """
    able = [one for one in every if moment is None or one.finished_at <= moment]
    if able:
        return able[-1]
    if not every:
        raise StockproofError("there is no base backup", "make one: `stockproof backup`")
    raise StockproofError(
        f"the oldest base backup was finished at {every[0].finished_at.isoformat(timespec='seconds')}, after {moment}",
        "name a later time; `stockproof backup list` shows from when on one can restore",
    )


def faults(folder: Path, links: Sequence[Manifest], until: datetime | None = None) -> list[str]:
    """What a recovery by a chain of backups would stumble over, by name: their files, and the log after the last one.

    Args:
        folder: the backup folder.
        links: see :func:`chain`.
        until: the log beyond this moment is not needed; None: all of it is.
    """
    found = [word for one in links for word in manifests.faults(folder / one.backup_id, one)]
    return found + log_faults(folder, links[-1], until)


def log_faults(folder: Path, backup: Manifest, until: datetime | None) -> list[str]:
    """What is torn or missing of the log that follows a backup."""
    logs = folder / "wal"
    try:
        lines = wal.lineage(logs, wal.newest_timeline(logs))
    except ValueError as fault:
        return [str(fault)]
    found: list[str] = []
    for name in wal.needed(backup.start, lines, wal.archived(logs)):
        path = logs / f"{name}.gz"
        if not path.exists():
            found.append(f"{path} is missing")
            continue
        word = wal.fault(path, backup.system)
        found += [word] if word else []
        if until is not None and word is None and wal.archived_at(path) > until:
            break
    return found


def expire(folder: Path, every: Sequence[Manifest], keep_full: int) -> list[str]:
    """Remove the backups before the oldest full one that is kept, the log before it, and the registry's files that no backup names.

    Args:
        folder: the backup folder.
        every: its backups, oldest first.
        keep_full: full backups kept.

    Returns:
        Ids of the backups removed.
    """
    full = [one for one in every if one.kind == FULL]
    if len(full) <= keep_full:
        return []
    oldest = full[-keep_full]
    removed = [one for one in every if one.started_at < oldest.started_at]
    for one in removed:
        shutil.rmtree(folder / one.backup_id)
    first = oldest.start // wal.SEGMENT
    for name in wal.archived(folder / "wal"):
        if wal.segment_of(name) < first:
            (folder / "wal" / f"{name}.gz").unlink()
    kept = {name for one in every if one not in removed for name in one.artifacts}
    for name in {name for one in removed for name in one.artifacts} - kept:
        (folder / manifests.ARTIFACTS / name).unlink(missing_ok=True)
    return [one.backup_id for one in removed]
