"""A private MariaDB as the sample ERP: the server on this machine, or Debian's package where we may install it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pymysql

from pipelines.core.errors import StockproofError
from pipelines.stack import packages
from pipelines.stack.process import Server, unprivileged

USER = "stockproof"
PACKAGES = ("mariadb-server-core", "mariadb-client-core")


@dataclass(frozen=True)
class MariaDB:
    """An instance in a folder.

    Attributes:
        folder: holds ``data/``, pid file and log.
        port: TCP port on 127.0.0.1.
        password: of the user ``stockproof``.
    """

    folder: Path
    port: int
    password: str

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("mariadb", self.folder, self.port, "stack.mariadb_port")

    def url(self, database: str) -> str:
        """Address of one of its databases."""
        return f"mysql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Initialise where new, start where stopped, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        prefix, account = unprivileged()
        data = self.folder / "data"
        if not (data / "initialised").exists():
            shutil.rmtree(data, ignore_errors=True)  # half-initialised
            data.mkdir(mode=0o700)
            if account:
                os.chown(data, account.pw_uid, account.pw_gid)
            self._initialise(prefix, data)
            (data / "initialised").touch()
        self._note_unrecorded()
        # A starting server deletes the temporary tables it finds in its tmpdir: in a shared /tmp, those of every other one.
        scratch = self.folder / "tmp"
        scratch.mkdir(mode=0o700, exist_ok=True)
        if account:
            os.chown(scratch, account.pw_uid, account.pw_gid)
        self.server.start(
            [*prefix, str(find("mariadbd")), *self._options(data), f"--init-file={self._init_file(data)}"]
        )
        self.server.wait_until(self.answers, 60)

    def stop(self) -> bool:
        """Stop it cleanly."""
        self._note_unrecorded()
        return self.server.stop(seconds=60)

    def _note_unrecorded(self) -> None:
        self.server.note_unrecorded(self.folder / "data" / "mariadb.pid", "mariadbd")

    def answers(self) -> bool:
        """Whether it accepts our user."""
        try:
            self._connect().close()
        except pymysql.err.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> None:
        """Create a database where it does not exist."""
        connection = self._connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(f"create database if not exists `{name}` character set utf8mb4")

    def _connect(self) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(host="127.0.0.1", port=self.port, user=USER, password=self.password, connect_timeout=2)

    def _options(self, data: Path) -> list[str]:
        # The sample ERP can be seeded again: durability of its last second is traded for a quick load.
        return [
            "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1", f"--port={self.port}",
            f"--socket={data / 'mariadb.sock'}", f"--pid-file={data / 'mariadb.pid'}", f"--tmpdir={data.parent / 'tmp'}",
            "--skip-name-resolve", "--local-infile=1", "--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=2",
            "--innodb-log-file-size=512M", "--skip-log-bin", "--max-allowed-packet=64M",
        ]  # fmt: skip

    def _init_file(self, data: Path) -> Path:
        """SQL run at each start: our user exists with today's password."""
        path = data / "init.sql"
        path.write_text(
            f"create user if not exists '{USER}'@'127.0.0.1';\nalter user '{USER}'@'127.0.0.1' identified by '{self.password}';\n"
            f"grant all on *.* to '{USER}'@'127.0.0.1';\n"
        )
        path.chmod(0o600)
        _, account = unprivileged()
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
        return path

    def _initialise(self, prefix: list[str], data: Path) -> None:
        command = [
            str(find("mariadb-install-db")),
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=socket",
            "--skip-test-db",
        ]
        done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            words = (done.stdout + done.stderr).strip()[-2000:]
            raise StockproofError(
                f"MariaDB could not be initialised in {data}:\n{words}",
                "fix what it names and run `stockproof up` again",
            )


def find(program: str) -> Path | None:
    """A MariaDB program on this machine, or None."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/usr/local/bin")
    return Path(found) if found else None


def install() -> bool:
    """Install Debian's server where we may (root, apt). Returns whether ``mariadbd`` is there now."""
    return packages.install(PACKAGES, _installed)


def _installed() -> bool:
    return find("mariadbd") is not None and find("my_print_defaults") is not None
