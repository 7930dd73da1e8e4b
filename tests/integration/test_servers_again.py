"""Data folders survive what a start may meet: a pid file that is lost, another port, an initialisation that was killed."""

import os
import subprocess
from pathlib import Path

import psycopg
import pymysql
import pytest

from pipelines.stack import mariadb
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port

pytestmark = pytest.mark.servers


def test_a_second_postgres_never_works_on_the_data_of_a_first(tmp_path: Path) -> None:
    """The remedy of a busy port is another one; a first server that no pid file names would go on writing the same files."""
    first = Postgres(tmp_path, free_port(), "test-password")
    first.start()
    leader = first.server.process()
    assert leader is not None
    with psycopg.connect(first.url("postgres"), autocommit=True) as connection:
        connection.execute("create table signed (order_id text)")
        connection.execute("insert into signed values ('A')")
    first.server._pid_file.unlink()
    second = Postgres(tmp_path, free_port(), "test-password")
    second.start()
    try:
        assert not first.answers()
        with psycopg.connect(second.url("postgres")) as connection:
            assert connection.execute("select order_id from signed").fetchall() == [("A",)]
    finally:
        assert second.stop()
    second.start()
    second.server._pid_file.unlink()
    assert second.stop(), "found by its own pid file"
    assert not second.answers()


def test_a_running_postgres_moves_to_another_port(tmp_path: Path) -> None:
    first = Postgres(tmp_path, free_port(), "test-password")
    first.start()
    second = Postgres(tmp_path, free_port(), "test-password")
    second.start()
    assert second.answers()
    assert not first.answers()
    assert second.stop()


def test_a_killed_machine_and_a_number_that_is_somebody_elses(tmp_path: Path) -> None:
    server = Postgres(tmp_path, free_port(), "test-password")
    server.start()
    leader = server.server.process()
    assert leader is not None
    leader.kill()
    leader.wait(10)
    own = tmp_path / "data" / "postmaster.pid"
    own.write_text("\n".join([str(os.getpid()), *own.read_text().splitlines()[1:], ""]))
    server.start()
    assert server.answers()
    assert server.stop()


def test_an_initialisation_that_was_killed_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Postgres(tmp_path, free_port(), "test-password")
    real = subprocess.run

    def killed(command: list[str], **options: object) -> object:
        if "-D" not in command:
            return real(command, **options)  # type: ignore[call-overload]
        Path(command[command.index("-D") + 1], "PG_VERSION").write_text("18\n")  # the first file that initdb writes
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            server.start()
    assert not (tmp_path / "initial-password").exists()
    server.start()
    assert server.answers()
    assert server.stop()


def test_a_mariadb_without_pid_file_is_ended_before_another_starts(tmp_path: Path) -> None:
    assert mariadb.install()
    first = MariaDB(tmp_path, free_port(), "test-password")
    first.start()
    first.create_database("kept")
    first.server._pid_file.unlink()
    second = MariaDB(tmp_path, free_port(), "test-password")
    second.start()
    assert not first.answers()
    with pymysql.connect(host="127.0.0.1", port=second.port, user="stockproof", password="test-password") as connection:
        cursor = connection.cursor()
        cursor.execute("show databases like 'kept'")
        assert cursor.fetchall() == (("kept",),)
    assert second.stop()
