"""Backup and recovery on a real PostgreSQL: any moment comes back, and what is torn, missing or not its own is refused by name."""

import gzip
import json
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from pipelines import cli, settings
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.operations.backup import job, queries, restore, store, tables, wal
from pipelines.operations.preflight import queries as preflight
from pipelines.stack import archive, base_backup, servers
from pipelines.stack.process import free_port

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def stack(configured: pytest.MonkeyPatch) -> Iterator[Path]:
    """The embedded PostgreSQL, archiving, on a state folder of its own. Returns the backup folder."""
    configured.setenv("STOCKPROOF_STACK__POSTGRES_PORT", str(free_port()))
    configured.setenv("STOCKPROOF_BACKUP__ARCHIVE_TIMEOUT_SECONDS", "10")
    configured.setenv("ERP_URL", "mysql://none:none@127.0.0.1:9/erp")
    settings.load.cache_clear()
    servers.up(lambda _: None, airflow=False)
    with psycopg.connect(servers.postgres().url("mlflow")) as connection:
        connection.execute("create table model_versions as select 1 as version")
    artifacts = base_backup.artifacts()
    assert artifacts
    artifacts.mkdir(parents=True)
    (artifacts / "model.json").write_text("a model")
    warehouse.execute("create table plan.noted (n int primary key, at timestamptz not null default clock_timestamp())")
    yield base_backup.folder()
    servers.down(lambda _: None)


def _note(*numbers: int) -> None:
    for number in numbers:
        warehouse.execute("insert into plan.noted (n) values (:n)", n=number)


def _noted() -> list[int]:
    return warehouse.read("select n from plan.noted order by n")["n"].to_list()


def _restore(to: datetime | None) -> restore.Restored:
    warehouse._engine(warehouse.url()).dispose()
    return restore.run(to, lambda _: None)


def test_no_log_is_kept_before_the_first_base_backup(stack: Path) -> None:
    base_backup.archive_now(servers.postgres())
    assert list((stack / "wal").iterdir()) == []
    assert queries.complaint(queries.now()) == "there is no base backup: `stockproof backup` makes one"


def test_a_full_backup_and_an_increment_are_whole(stack: Path) -> None:
    _note(1)
    full = job.run()
    _note(2)
    increment = job.run()
    assert (full["kind"], increment["kind"]) == ("full", "incremental")
    assert increment["bytes"] < full["bytes"] / 2
    assert job.verify() == []
    assert queries.complaint(queries.now()) is None
    assert "hours old" in str(queries.complaint(queries.now() + timedelta(hours=30)))
    kept = queries.kept()[-1]
    assert kept.artifacts == {"model.json": kept.artifacts["model.json"]}
    assert (stack / kept.backup_id / "configuration" / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_backup_that_is_too_old_is_an_alert_of_the_next_run(stack: Path) -> None:
    assert preflight.check()[-1].grade == "ok"
    warehouse.execute("update ops.backups set finished_at = finished_at - interval '30 hours'")
    found = preflight.check()[-1]
    warehouse.execute("update ops.backups set finished_at = finished_at + interval '30 hours'")
    assert (found.part, found.grade) == ("backup", "degraded")
    assert "the newest base backup is 30 hours old; allowed are 26" in found.what
    assert found.remedy == "stockproof backup --verify"


def test_every_commit_is_archived_within_the_timeout(stack: Path) -> None:
    """The disk is lost at any moment: the archive holds what was committed up to ``archive_timeout_seconds`` before."""
    before = {path.name for path in (stack / "wal").iterdir()}
    began = time.monotonic()
    _note(3)
    while {path.name for path in (stack / "wal").iterdir()} == before:
        assert time.monotonic() - began < 30
        time.sleep(0.2)
    assert time.monotonic() - began < 10 + 5, "the timeout of this test's stack is 10 seconds, that of the product 240"
    assert settings.Settings.model_fields["backup"].default.archive_timeout_seconds <= 300


def test_a_drill_finds_a_planted_difference(stack: Path) -> None:
    found = job.drill()
    assert found["tables_compared"] > 30
    assert found["files_compared"] == 1
    warehouse.execute("create unlogged table plan.fast as select 7 as n")  # a table that no log brings back
    with pytest.raises(StockproofError, match=r"warehouse plan\.fast has 0 rows, not 1"):
        job.drill()
    assert "the drill of" in str(queries.complaint(queries.now()))
    warehouse.execute("drop table plan.fast")
    job.drill()
    assert queries.complaint(queries.now()) is None


def test_the_state_of_a_moment_comes_back_and_what_followed_does_not(stack: Path) -> None:
    _note(4)
    time.sleep(1.1)
    moment = datetime.now(UTC)
    time.sleep(1.1)
    _note(5)
    warehouse.execute("delete from plan.noted where n = 1")
    done = _restore(moment)
    assert done.reached
    assert _noted() == [1, 2, 3, 4]
    assert done.aside and (done.aside / "PG_VERSION").exists()
    shutil.rmtree(done.aside)


def test_after_a_restore_the_next_backup_is_full_and_the_latest_state_comes_back(stack: Path) -> None:
    assert job.run()["kind"] == "full"
    _note(6)
    increment = job.run()
    assert increment["kind"] == "incremental"
    _note(7)
    assert _restore(None).reached
    assert _noted() == [1, 2, 3, 4, 6, 7]
    assert job.verify() == []


def test_a_lost_machine_comes_back_from_the_backup_folder_alone(stack: Path, tmp_path: Path) -> None:
    """Another state folder, no data, no passwords: the last archived commit is there, with the registry's files."""
    job.run("full")
    _note(8)
    base_backup.archive_now(servers.postgres())
    servers.down(lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "state"))
        patch.setenv("STOCKPROOF_BACKUP__FOLDER", str(shutil.copytree(stack, tmp_path / "fetched")))
        patch.setenv("STOCKPROOF_STACK__POSTGRES_PORT", str(free_port()))
        settings.load.cache_clear()
        ran = CliRunner().invoke(cli.app, ["restore", "--to", "latest", "--yes"])
        assert ran.exit_code == 0, ran.output + str(ran.exception)
        assert _noted()[-1] == 8
        registry = base_backup.artifacts()
        assert registry and (registry / "model.json").read_text() == "a model"
        servers.down(lambda _: None)
    settings.load.cache_clear()
    servers.up(lambda _: None, airflow=False)
    assert _noted()[-1] == 8


def test_a_torn_file_of_the_log_is_refused_by_name(stack: Path) -> None:
    job.run("full")
    _note(9)
    name = base_backup.archive_now(servers.postgres())
    base_backup.archive_now(servers.postgres())
    path = stack / "wal" / f"{name}.gz"
    sound = path.read_bytes()
    path.write_bytes(sound[: len(sound) // 2])
    with pytest.raises(StockproofError, match=f"{name}.gz is torn"):
        _restore(None)
    path.write_bytes(gzip.compress(bytes(100)))
    with pytest.raises(StockproofError, match=rf"{name}.gz is torn: 100 bytes of 16777216"):
        _restore(None)
    path.unlink()
    newer = sorted((stack / "wal").glob("*.gz"))
    assert newer[-1].name > path.name, "a gap, not the end of the log"
    with pytest.raises(StockproofError, match=f"{name}.gz is missing"):
        _restore(None)
    assert _noted()[-1] == 9, "the servers were not touched"
    path.write_bytes(sound)
    assert job.verify() == []


def test_postgresql_gives_up_on_a_torn_file(stack: Path) -> None:
    """At any exit code below 128 it takes the log to end there, and would lose what follows."""
    name = base_backup.archive_now(servers.postgres())
    command = base_backup.fetch_command(_torn(stack, name), None).replace("%%", "%")
    words = shlex.split(command.replace("%f", name).replace("%p", str(stack / "got")))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == archive.ABORT > 128
    assert name in done.stderr


def _torn(stack: Path, name: str) -> Path:
    other = stack.parent / "torn"
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(stack / "wal", other / "wal")
    path = other / "wal" / f"{name}.gz"
    path.write_bytes(path.read_bytes()[:50])
    return other


def test_a_missing_increment_is_refused_by_name(stack: Path) -> None:
    first, second = job.run("incremental"), None
    time.sleep(1)
    second = job.run("incremental")
    gone = stack / first["backup_id"]
    gone.rename(stack / "elsewhere")
    with pytest.raises(
        StockproofError, match=f"backup {first['backup_id']} is missing: {second['backup_id']} holds only"
    ):
        _restore(None)
    (stack / "elsewhere").rename(gone)
    assert job.verify() == []


def test_a_wrong_manifest_and_a_changed_file_are_refused_by_name(stack: Path) -> None:
    newest = stack / queries.kept()[-1].backup_id
    path = newest / "manifest.json"
    sound = path.read_text()
    path.write_text(json.dumps(json.loads(sound) | {"start": 1}))
    with pytest.raises(StockproofError, match=r"manifest\.json is not the manifest that was written"):
        _restore(None)
    path.write_text(sound)
    inner = newest / "postgres" / "backup_manifest"
    kept = inner.read_bytes()
    inner.write_bytes(kept.replace(b'"Size": 3', b'"Size": 4', 1))
    with pytest.raises(StockproofError, match=r"postgres/backup_manifest"):
        _restore(None)
    inner.write_bytes(kept)
    changed = newest / "postgres" / "PG_VERSION"
    changed.write_text("17\n")
    with pytest.raises(StockproofError, match=r"PG_VERSION is not the file that was written: its SHA-256 differs"):
        _restore(None)
    changed.write_text("18\n")
    assert job.verify() == []


def test_moments_that_cannot_be_restored_are_named(stack: Path) -> None:
    with pytest.raises(StockproofError, match="the oldest base backup was finished at"):
        _restore(datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(StockproofError, match="lies in the future"):
        _restore(datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(StockproofError, match="there is no backup 2020"):
        restore.run(None, lambda _: None, "2020")


def test_what_is_no_longer_kept_goes_with_its_log(stack: Path) -> None:
    every = queries.kept()
    oldest = [one for one in every if one.kind == store.FULL][-2]
    job.run("incremental")
    kept = queries.kept()
    assert kept[0].backup_id == oldest.backup_id, "two full backups are kept, and what continues them"
    logs = sorted(path.name for path in (stack / "wal").iterdir() if len(path.name) == 27)
    assert min(wal.segment_of(name) for name in logs) == oldest.start // wal.SEGMENT
    assert job.verify() == []
    assert {one["backup_id"] for one in tables.finished()} >= {one.backup_id for one in kept[-1:]}


def test_the_copy_to_another_machine_fails_aloud(stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_BACKUP__COPY_COMMAND", f"cp -r {{folder}} {tmp_path / 'there'}")
    settings.load.cache_clear()
    time.sleep(1)
    assert job.run()["copied"]
    assert (tmp_path / "there" / queries.kept()[-1].backup_id / "manifest.json").exists()
    monkeypatch.setenv("STOCKPROOF_BACKUP__COPY_COMMAND", "cp -r {folder} /nowhere/at/all")
    settings.load.cache_clear()
    time.sleep(1)
    with pytest.raises(StockproofError, match=r"was made, but not copied: cp: .*/nowhere/at/all"):
        job.run()
    assert "was not copied" in str(queries.complaint(queries.now()))
    settings.load.cache_clear()


def test_a_warehouse_of_ones_own_is_left_to_its_administrator(stack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", "postgresql://u:p@db.example/warehouse")
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match="which this command does not back up"):
        job.run()
    settings.load.cache_clear()
