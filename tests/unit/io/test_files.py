"""Files are whole or absent, and a folder that cannot be written is named."""

import errno
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import psycopg.errors
import pymysql
import pytest
import sqlalchemy as sa

from pipelines import cli, settings
from pipelines.core.errors import StockproofError
from pipelines.io import files


def test_write_atomic_leaves_the_old_file_where_the_new_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = files.write_atomic(tmp_path / "a.txt", "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.write_atomic(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


def test_a_state_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "file" / "state"))
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match=r"state folder .* cannot be made"):
        files.state_dir("reports")
    settings.load.cache_clear()


def test_secrets_are_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for the moment between the file's appearance and a chmod."""
    from pipelines.stack import servers

    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    appeared: list[int] = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (appeared.append(self.stat().st_mode & 0o777), replace(self, to))[1]
    )
    try:
        servers._make_secrets()
    finally:
        settings.load.cache_clear()
    assert appeared == [0o600]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSPC, "No space left on device", "/exports/orders.csv"),
        sa.exc.OperationalError("create index", {}, sqlite3.OperationalError("database or disk is full")),
        sa.exc.OperationalError("insert", {}, pymysql.err.OperationalError(1114, "The table 'sales' is full")),
        sa.exc.OperationalError("insert", {}, psycopg.errors.DiskFull("could not extend: No space left on device")),
    ],
)
def test_a_full_disk_is_reported_with_a_remedy(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise fault

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit):
        cli.main()
    expected = capsys.readouterr().err
    assert "cannot be written" in expected
    assert "make room" in expected
    assert "Traceback" not in expected
    assert files.full(ValueError("another fault")) is None


@pytest.mark.parametrize(("free", "expected"), [(3_000_000, "has room for 3 MB: make room first"), (10**9, "")])
def test_a_server_ended_by_a_full_disk_is_reported_with_the_disk(
    free: int, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL ends where its log finds no room; what a command then sees is a database that does not answer."""

    def refused() -> None:
        raise StockproofError("Airflow refused GET /dags: 500", "`stockproof status` tells what is down")

    monkeypatch.setattr(cli, "app", refused)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(SystemExit):
        cli.main()
    err = capsys.readouterr().err
    assert "`stockproof status` tells what is down" in err
    assert (expected in err) if expected else ("make room" not in err)


def test_passwords_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    assert files.read_secrets() == {}
    (tmp_path / "secrets.json").write_text('{"postgres_pass')
    with pytest.raises(StockproofError, match=r"secrets.json, cannot be read"):
        files.read_secrets()
    settings.load.cache_clear()


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "make room"), (errno.EACCES, "a folder that exists and is writable")]
)
def test_a_file_that_a_user_named_is_whole_or_as_it_was(
    number: int, remedy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A full disk had the remedy of a wrong folder; twin --output lost the file that was there."""
    target = files.write_named(tmp_path / "network.yaml", "old")

    def broken(*_: object) -> None:
        raise OSError(number, "broken")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(StockproofError, match=r"network.yaml cannot be written: broken") as caught:
        files.write_named(target, "new")
    assert remedy in caught.value.remedy
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
