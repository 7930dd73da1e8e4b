"""Restore the embedded servers to a moment: the newest base backup before it, and the log up to it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.core.errors import StockproofError
from pipelines.io import files
from pipelines.operations.backup import job, queries, store
from pipelines.operations.backup import manifest as manifests
from pipelines.stack import archive, base_backup, servers
from pipelines.stack.postgres import Postgres

Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        backup_id: the base backup it began with.
        reached: whether the log went as far as the moment that was asked for; where not, the state is that of its last commit.
        aside: the data folder that was replaced; None where there was none.
    """

    backup_id: str
    reached: bool
    aside: Path | None


def run(to: datetime | None, say: Say, backup_id: str | None = None) -> Restored:
    """Stop the servers, restore PostgreSQL and the registry's files, and leave PostgreSQL running.

    Nothing is touched before every file that is needed was read and compared with its checksum. The replaced data stay aside.

    Args:
        to: the last commit that counts is the last one before; None: everything that was committed.
        say: receives one line a step.
        backup_id: the base backup to begin with; None: the newest before ``to``.

    Raises:
        StockproofError: no backup, or one that is torn or incomplete: by name; the servers' data are as they were.
    """
    job.refuse_elsewhere()
    folder = base_backup.folder()
    with job.only_one(folder):
        links = _links(folder, to, backup_id)
        chosen = links[-1]
        say(f"base backup  {chosen.backup_id}" + (f", {len(links) - 1} increments" if len(links) > 1 else ""))
        _save_newest(servers.postgres(), say)
        faults = store.faults(folder, links, to)
        if faults:
            raise StockproofError("; ".join(faults[:20]), "restore from another backup, or to an earlier time")
        say("every file of it and of the log is as it was written")
        servers.down(say)
        _secrets(folder / chosen.backup_id / job.CONFIGURATION)
        server = servers.postgres()
        fresh = server.folder / "data.restored"
        shutil.rmtree(fresh, ignore_errors=True)
        server.folder.mkdir(parents=True, exist_ok=True)
        base_backup.combine([folder / one.backup_id / manifests.CLUSTER for one in links], fresh)
        say("PostgreSQL   replays its log")
        aside, reached = _swap(server, fresh, folder, to, chosen)
        if registry := base_backup.artifacts():
            archive.mirror(folder / manifests.ARTIFACTS, registry)
    return Restored(chosen.backup_id, reached, aside)


def _links(folder: Path, to: datetime | None, backup_id: str | None) -> list[manifests.Manifest]:
    if to is not None and to > queries.now():
        raise StockproofError(f"{to} lies in the future", "leave --to out to restore everything that was committed")
    every = store.backups(folder)
    if backup_id is None:
        return store.chain(store.newest_before(every, to), every)
    named = [one for one in every if one.backup_id == backup_id]
    if not named:
        raise StockproofError(f"there is no backup {backup_id} in {folder}", "`stockproof backup list` shows them")
    return store.chain(named[0], every)


def _save_newest(server: Postgres, say: Say) -> None:
    """What was committed since the last archived segment, where the server still runs."""
    if not server.answers():
        return
    try:
        base_backup.archive_now(server)
    except StockproofError as fault:  # its data folder stays, and is read below
        say(f"the newest segment of the log was not archived: {fault.message}")


def _secrets(kept: Path) -> None:
    """The passwords that the restored cluster knows: those of the backup."""
    path, wanted = files.state_dir() / "secrets.json", json.loads((kept / "secrets.json").read_text())
    known = files.read_secrets()
    if known and known != wanted:
        files.write_atomic(path.with_suffix(".before-restore.json"), json.dumps(known, indent=2), mode=0o600)
    if known != wanted:
        files.write_atomic(path, json.dumps(wanted, indent=2), mode=0o600)


def _swap(
    server: Postgres, fresh: Path, folder: Path, to: datetime | None, chosen: manifests.Manifest
) -> tuple[Path | None, bool]:
    """Put the restored data folder in place and recover; where that fails the replaced one returns."""
    data = server.folder / "data"
    aside = server.folder / f"data.before-{queries.now():%Y%m%dT%H%M%SZ}" if data.exists() else None
    beside = None
    if aside:
        same = base_backup.system(data) == chosen.system
        data.rename(aside)
        beside = aside / "pg_wal" if same else None
    fresh.rename(data)
    target = {"recovery_target_time": to.isoformat(sep=" ")} if to else {}
    try:
        return aside, base_backup.recover(server, folder, target, beside)
    except BaseException:
        server.stop()
        failed = server.folder / "data.failed"
        shutil.rmtree(failed, ignore_errors=True)
        data.rename(failed)
        if aside:
            aside.rename(data)
        raise
