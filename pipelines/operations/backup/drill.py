"""The drill: the newest backup and the log after it, restored into a scratch server, must equal the running one."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipelines.core.errors import StockproofError
from pipelines.operations.backup import manifest as manifests
from pipelines.operations.backup import store, tables
from pipelines.stack import base_backup
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port

DATABASES: Final = ("warehouse", "mlflow")
"""Databases that are compared. Airflow's metadata are restored with them, and never stand still."""
Digests = Mapping[str, tuple[int, int]]


def run(folder: Path, postgres: Postgres, scratch: Path, name: str) -> dict[str, Any]:
    """Restore into a scratch folder, compare, and remove it.

    The tables are read before and after a restore point is set in the log. One whose rows were the same both times had the same rows at the
    restore point, and must have them in the restored server too; one that changed meanwhile is left out.

    Args:
        folder: the backup folder.
        postgres: the running server.
        scratch: folder for the restored cluster.
        name: of the restore point.

    Returns:
        ``backup_id``, ``seconds`` of the restore, ``tables_compared``, ``files_compared`` and ``differences``.

    Raises:
        StockproofError: a backup or the log is torn or missing, or everything changed meanwhile.
    """
    before = _digests(postgres)
    tables.mark(name)
    after = _digests(postgres)
    base_backup.archive_now(postgres)
    still = {table: found for table, found in before.items() if after.get(table) == found}
    every = store.backups(folder)
    links = store.chain(store.newest_before(every, None), every)
    if faults := store.faults(folder, links):
        raise StockproofError("; ".join(faults), "make a full backup: `stockproof backup --full`")
    began = time.monotonic()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        restored, seconds = _restored(folder, links, base_backup.scratch(postgres, scratch, free_port()), name, began)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {
        "backup_id": links[-1].backup_id,
        "seconds": seconds,
        "tables_compared": len(still),
        "files_compared": len(links[-1].artifacts),
        "differences": compare(still, restored)
        if still
        else ["every table changed during the drill: none was compared"],
    }


def compare(running: Digests, restored: Digests) -> list[str]:
    """Tables that differ, by name, with their numbers of rows."""
    found = []
    for table, (rows, total) in running.items():
        if table not in restored:
            found.append(f"{table} is missing in the restored server")
        elif restored[table] != (rows, total):
            other = restored[table][0]
            found.append(f"{table} has {other} rows, not {rows}" if other != rows else f"{table} has other rows")
    return found


def _restored(
    folder: Path, links: list[manifests.Manifest], server: Postgres, name: str, began: float
) -> tuple[dict[str, tuple[int, int]], float]:
    base_backup.combine([folder / one.backup_id / manifests.CLUSTER for one in links], server.folder / "data")
    try:
        if not base_backup.recover(server, folder, {"recovery_target_name": name}):
            raise StockproofError(
                f"the archived log ends before the restore point {name!r}", "look at the archiver's log"
            )
        return _digests(server), time.monotonic() - began
    finally:
        server.stop()


def _digests(postgres: Postgres) -> dict[str, tuple[int, int]]:
    return {
        f"{database} {table}": found
        for database in DATABASES
        for table, found in tables.digests(postgres.url(database)).items()
    }
