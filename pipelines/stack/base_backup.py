"""Base backups of the embedded PostgreSQL by its own programs: take one, combine a chain, recover from it to a point in time."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files
from pipelines.stack.postgres import USER, Archive, Postgres, binary, fetch_command
from pipelines.stack.process import unprivileged

BEFORE_TARGET = "recovery ended before configured recovery target was reached"
"""PostgreSQL's words where the log ends before the time that was asked for."""
RECOVERY_SECONDS = 4 * 3600


def take(postgres: Postgres, target: Path, parent: Path | None) -> None:
    """Copy the running cluster into a folder.

    Args:
        postgres: the server; it goes on working.
        target: folder to make.
        parent: ``backup_manifest`` of the backup whose changes alone are copied; None: everything.

    Raises:
        StockproofError: pg_basebackup failed.
    """
    command = [
        str(binary("pg_basebackup")), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", USER, "-D", str(target), "-Fp", "-X", "stream",
        "--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password",
    ]  # fmt: skip
    command += [f"--incremental={parent}"] if parent else []
    _run(command, {"PGPASSWORD": postgres.password}, "the base backup")


def combine(chain: Sequence[Path], target: Path) -> None:
    """Make a data folder of a full backup and its increments, oldest first.

    Raises:
        StockproofError: pg_combinebackup refused one of them.
    """
    _run([str(binary("pg_combinebackup")), *map(str, chain), "-o", str(target)], {}, "the chain of backups")
    _hand_over(target)


def recover(postgres: Postgres, folder: Path, target: Mapping[str, str], beside: Path | None = None) -> bool:
    """Start a server on a combined data folder, replay the log, and leave the server running on a timeline of its own.

    Args:
        postgres: whose data folder was combined; its archive receives the log from the end of the recovery on.
        folder: the backup folder the log is read from.
        target: ``recovery_target_time`` or ``recovery_target_name``; empty: the end of the log.
        beside: ``pg_wal`` of the cluster that is being replaced.

    Returns:
        Whether the target was reached; False where the log ends before it: the server is at the end of the log then.

    Raises:
        StockproofError: the server did not get there; with the end of its log.
    """
    signal = postgres.folder / "data" / "recovery.signal"
    # No readers before the end: a hot standby would insist on the other server's limits.
    command = {"restore_command": fetch_command(folder, beside), "hot_standby": "off"}
    log = postgres.server.log
    read = log.stat().st_size if log.exists() else 0
    promote = {"recovery_target_action": "promote"}
    for options in [command | dict(target) | promote, command] if target else [command]:
        signal.touch()
        own(signal)
        try:
            postgres.start_with(options, RECOVERY_SECONDS)
        except StockproofError:
            if BEFORE_TARGET not in log.read_bytes()[read:].decode(errors="replace") or options == command:
                raise
            read = log.stat().st_size
            continue
        break
    postgres.stop()  # the options of the recovery go with it
    postgres.start()
    return not target or options != command


def archive_now(postgres: Postgres, seconds: float = 60) -> str:
    """Close the segment of the log that is written to, and wait until it is archived. Returns its name.

    Raises:
        StockproofError: it was not archived in time; with the archiver's last failure.
    """
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        # A record of our own first: a switch does nothing where none was written since the last.
        wrote = "select pg_walfile_name(pg_logical_emit_message(false, 'stockproof', 'archive') - 1)"
        row = connection.execute(wrote).fetchone()
        connection.execute("select pg_switch_wal()")
        name = str(row[0]) if row else ""
        for _ in range(int(seconds * 10)):
            state = connection.execute("select last_archived_wal, last_failed_wal from pg_stat_archiver").fetchone()
            if state and state[0] and str(state[0])[8:24] >= name[8:24]:
                return name
            connection.execute("select pg_sleep(0.1)")
    raise StockproofError(
        f"segment {name} of the log was not archived within {seconds:.0f} s; last failure: {state[1] if state else '-'}",
        f"the end of {postgres.server.log} has the reason",
    )


def timeline(postgres: Postgres) -> int:
    """The timeline of the log that a running server writes."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        row = connection.execute("select timeline_id from pg_control_checkpoint()").fetchone()
    return int(row[0]) if row else 1


def system(data: Path) -> str:
    """System identifier of a data folder: the first eight bytes of its control file."""
    return str(int.from_bytes((data / "global" / "pg_control").read_bytes()[:8], sys.byteorder))


def scratch(postgres: Postgres, folder: Path, port: int) -> Postgres:
    """A server like another on a folder and port of its own, whose log is not archived."""
    return replace(postgres, folder=folder, port=port, archive=None)


def _run(command: Sequence[str], environment: dict[str, str], what: str) -> None:
    done = subprocess.run(list(command), env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StockproofError(
            f"{what} failed: {done.stderr.strip()[-2000:]}", "fix what it names and repeat the command"
        )


def _hand_over(folder: Path) -> None:
    """Give a data folder to the account that the server runs as."""
    folder.chmod(0o700)
    own(folder, *folder.rglob("*"))


def folder() -> Path:
    """The backup folder, made where missing: ``backup.folder``, or ``backup`` in the state folder."""
    named = settings.load().backup.folder
    root = settings.config_file().resolve().parent / named if named else files.state_dir("backup")
    for path in (root, root / "wal", root / "artifacts"):
        if not path.is_dir():
            path.mkdir(parents=True, mode=0o700)
            own(path)
    return root


def archive() -> Archive:
    """How the embedded PostgreSQL archives its log, as configured."""
    backup = settings.load().backup
    return Archive(folder(), backup.archive_timeout_seconds, artifacts(), backup.copy_command)


def artifacts() -> Path | None:
    """The model registry's files, where the registry is the embedded one."""
    return None if settings.load().stack.mlflow_url else files.state_dir("mlflow") / "artifacts"


def own(*paths: Path) -> None:
    """Give files to the account that the server runs as, where that is another."""
    _, account = unprivileged()
    if account is None:
        return
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)
