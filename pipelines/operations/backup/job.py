"""Make a base backup of the embedded servers, verify what is kept, and drill: what the backup DAGs call."""

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files
from pipelines.operations.backup import drill as drills
from pipelines.operations.backup import manifest as manifests
from pipelines.operations.backup import queries, store, tables, wal
from pipelines.operations.backup.manifest import Manifest
from pipelines.stack import archive, base_backup, servers
from pipelines.stack.postgres import Postgres

Say = Callable[[str], None]
CONFIGURATION = "configuration"
"""Folder of a backup with the configuration file, the passwords of the stack and the ERP's source profile."""


def run(kind: str = "auto") -> dict[str, Any]:
    """Make a base backup; remove those that are no longer kept; copy the folder away.

    Args:
        kind: ``full``, ``incremental``, or ``auto``: full where the last full one is older than ``backup.full_days``.

    Returns:
        ``backup_id``, ``kind``, ``bytes``, ``seconds``, ``removed`` and ``copied``.

    Raises:
        StockproofError: the warehouse is not the embedded one, or a program of PostgreSQL failed.
    """
    refuse_elsewhere()
    config, folder, began = settings.load().backup, base_backup.folder(), time.monotonic()
    with only_one(folder):
        every = store.backups(folder)
        (folder / archive.MARKER).touch()
        made = _make(folder, servers.postgres(), _parent(folder, every, kind))
        removed = store.expire(folder, [*every, made], config.keep_full)
        copied = bool(config.copy_command) and archive.copy_away(folder, config.copy_command or "")
    seconds = time.monotonic() - began
    facts = {"backup_id": made.backup_id, "kind": made.kind, "bytes": made.size, "seconds": seconds, "copied": copied}
    tables.record(facts | {"parent": made.parent, "started_at": made.started_at, "finished_at": made.finished_at})
    if config.copy_command and not copied:
        raise StockproofError(
            f"{made.backup_id} was made, but not copied: {queries.copy_failure(folder)}", "fix backup.copy_command"
        )
    return facts | {"removed": removed}


def verify() -> list[str]:
    """Read every file of every backup and of the log after the oldest; returns what is wrong, by name."""
    folder = base_backup.folder()
    every = store.backups(folder)
    if not every:
        raise StockproofError("there is no base backup", "make one: `stockproof backup`")
    found = [word for one in every for word in manifests.faults(folder / one.backup_id, one)]
    for one in every:
        store.chain(one, every)
    return found + store.log_faults(folder, every[0], None)


def drill() -> dict[str, Any]:
    """Restore the newest backup into a scratch server and compare it with the running one.

    Returns:
        ``backup_id``, ``seconds``, ``tables_compared`` and ``files_compared``.

    Raises:
        StockproofError: the restored server differs, or could not be restored.
    """
    refuse_elsewhere()
    folder = base_backup.folder()
    at = queries.now()
    with only_one(folder):
        found = drills.run(folder, servers.postgres(), files.state_dir("backup-drill"), f"drill {at.isoformat()}")
    tables.record_drill({"drilled_at": at, **found})
    if found["differences"]:
        raise StockproofError(
            "the restored server differs from the running one: " + "; ".join(found["differences"][:10]),
            "make a full backup (`stockproof backup --full`) and drill again; keep the older ones until it is sound",
        )
    return {key: value for key, value in found.items() if key != "differences"}


def refuse_elsewhere() -> None:
    """Raise where the warehouse is a server of one's own: its administrator backs it up, with its own programs."""
    address = settings.load().stack.warehouse_url
    if address:
        raise StockproofError(
            "the warehouse is a PostgreSQL of your own (stack.warehouse_url), which this command does not back up",
            "archive its log and take base backups there (pgBackRest, Barman, or your provider's snapshots): docs/backup.md",
        )


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """One backup, drill or restore at a time: the second is refused.

    Raises:
        StockproofError: another one is at work.
    """
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StockproofError(
                f"another backup, drill or restore works on {folder}", "wait for it to end, then repeat the command"
            ) from None
        yield


def _parent(folder: Path, every: list[Manifest], kind: str) -> Manifest | None:
    """The backup to continue; None where a full one is due."""
    full = [one for one in every if one.kind == store.FULL]
    if kind == store.FULL or not full:
        return None
    newest, due = every[-1], queries.now() - timedelta(days=settings.load().backup.full_days)
    now = base_backup.timeline(servers.postgres())
    old = full[-1].started_at < due or newest.timeline != now  # after a recovery the log took another way
    if kind == "auto" and old:
        return None
    store.chain(newest, every)
    return newest


def _make(folder: Path, postgres: Postgres, parent: Manifest | None) -> Manifest:
    """Copy cluster, registry and configuration into a folder that gets its name when all of it is there."""
    at = queries.now()
    kind = store.INCREMENTAL if parent else store.FULL
    target, fresh = folder / f"{at:%Y%m%dT%H%M%SZ}-{kind}", folder / ".incomplete"
    if target.exists():
        raise StockproofError(f"{target} exists", "wait a second and repeat the command")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    before = folder / parent.backup_id / manifests.CLUSTER / "backup_manifest" if parent else None
    base_backup.take(postgres, fresh / manifests.CLUSTER, before)
    _configuration(fresh / CONFIGURATION)
    base_backup.archive_now(postgres)  # the log up to its end, and the registry's files
    if source := base_backup.artifacts():
        archive.mirror(source, folder / manifests.ARTIFACTS)
    made = _described(folder, fresh, target.name, at, parent)
    files.write_atomic(fresh / manifests.FILE, manifests.sealed(made), mode=0o600)
    fresh.rename(target)
    return made


def _described(folder: Path, fresh: Path, name: str, at: datetime, parent: Manifest | None) -> Manifest:
    inside = manifests.cluster(fresh)
    ranges = inside["WAL-Ranges"][-1]
    own, size = manifests.checksums(fresh)
    source = base_backup.artifacts()
    shared = (
        {str(path.relative_to(source)): manifests.digest(path) for path in source.rglob("*") if path.is_file()}
        if source
        else {}
    )
    return Manifest(
        backup_id=name,
        kind=store.INCREMENTAL if parent else store.FULL,
        parent=parent.backup_id if parent else "",
        started_at=at,
        finished_at=queries.now(),
        timeline=ranges["Timeline"],
        start=wal.position(ranges["Start-LSN"]),
        system=str(inside["System-Identifier"]),
        version=version("stockproof"),
        files=own,
        artifacts=shared,
        size=size,
    )


def _configuration(target: Path) -> None:
    config = settings.load()
    target.mkdir(mode=0o700)
    shutil.copy2(settings.config_file(), target / "stockproof.yaml")
    passwords = target / "secrets.json"
    files.write_atomic(passwords, json.dumps(files.read_secrets(), indent=2), mode=0o600)
    profile = Path(config.erp.profile)
    if profile.is_dir():
        shutil.copytree(profile, target / "profile")
