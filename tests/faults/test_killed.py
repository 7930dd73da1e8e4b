"""Servers and steps die in the middle of the day, on real servers: what was committed stands, and the orders come out the same."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import settings
from pipelines.briefing import tables as briefing
from pipelines.io import warehouse
from pipelines.sample.config import SampleConfig
from pipelines.sample.generate import generate
from pipelines.stack import mariadb, packages
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.faults.proxy import Proxy
from tests.integration.extract_erp import fill

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

AS_OF = date(2026, 6, 28)
STEPS = {
    "extract": "from pipelines.extract import job; job.run(D)",
    "validate": "from pipelines.validate import job; job.run('sources', D)",
    "transform": "from pipelines.transform import job; job.run(D)",
    "vendors": "from pipelines.vendors import job, stock_job; job.run(D); stock_job.run(D)",
    "forecast": "from pipelines.forecast import job; job.run(D)",
    "replay": "from pipelines.replay import job; [job.run_chunk(D, c) for c in job.prepare(D, chunk_size=20)]",
    "policy": "from pipelines.policy import job; job.run(D)",
    "purchase": "from pipelines.purchase import job; job.run(D)",
    "orders": "from pipelines.orders import job; job.daily(D)",
}
Servers = tuple[Postgres, MariaDB]


def _start(*steps: str, under: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
    """Steps in a process of their own, as a worker runs them. It says READY when the first one is about to begin."""
    code = "\n".join(
        ["from datetime import date; D = date(2026, 6, 28); print('READY', flush=True)", *(STEPS[one] for one in steps)]
    )
    return subprocess.Popen(
        [*under, sys.executable, "-c", code],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(*steps: str, under: Sequence[str] = ()) -> None:
    child = _start(*steps, under=under)
    _, words = child.communicate(timeout=600)
    assert child.returncode == 0, words


def _orders() -> pl.DataFrame:
    return warehouse.read(
        "select item_id, location_id, supplier_id, quantity, reason_code from plan.decisions where as_of = :d"
        " order by location_id, item_id",
        d=AS_OF,
    )


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _restart(store: Postgres) -> None:
    warehouse._engine(warehouse.url()).dispose()
    store.start()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL and a MariaDB that may be killed."""
    assert mariadb.install()
    folder = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        store, books = Postgres(folder / "pg", free_port(), "killed"), MariaDB(folder / "erp", free_port(), "killed")
        store.start()
        books.start()
        store.create_database("warehouse")
        books.create_database("erp")
        patch.setenv("STOCKPROOF_STATE_DIR", str(folder))
        patch.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", store.url("warehouse"))
        patch.setenv("STOCKPROOF_STACK__MLFLOW_URL", "http://127.0.0.1:9")  # no registry: the fallback forecasts
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        patch.setenv("ERP_URL", books.url("erp"))
        settings.load.cache_clear()
        warehouse.migrate()
        tables = generate(SampleConfig(items=40, days=240, suppliers=6, until=AS_OF, seed=3))
        fill(tables)
        yield store, books
        books.stop()
        store.stop()
    settings.load.cache_clear()


@pytest.fixture(scope="module")
def undisturbed(servers: Servers) -> pl.DataFrame:
    """The orders of a day without a fault."""
    _run(*STEPS)
    found = _orders()
    assert found.filter(pl.col("quantity") > 0).height >= 3
    return found


def test_a_registry_that_is_away_is_named_on_every_line_and_at_the_top(undisturbed: pl.DataFrame) -> None:
    lines = warehouse.read(
        "select reason from plan.decisions where as_of = :d and level_reason = '' and reason_code <> 'NO_ORDER_DISCONTINUED'",
        d=AS_OF,
    )["reason"]
    assert lines.len() > 20
    assert lines.str.contains("; forecast by simple statistics: .*model registry .* cannot be reached").all()
    assert briefing.degraded(AS_OF).startswith("No trained model served, so ")


@pytest.mark.parametrize("jump", ["-400d", "+400d"])
def test_a_clock_that_jumps_changes_no_order(undisturbed: pl.DataFrame, jump: str) -> None:
    """The day again by a clock before its as-of date, and by one a year after it."""
    if not packages.install(["faketime"], lambda: bool(shutil.which("faketime"))):
        pytest.skip("Debian's faketime is not here and may not be installed")
    _run(*STEPS, under=["faketime", "-f", jump])
    assert_frame_equal(_orders(), undisturbed)


def test_postgresql_killed_in_each_stage(undisturbed: pl.DataFrame, servers: Servers) -> None:
    """The stage's transaction holds its first table when the server dies: none of it is kept, all before it is."""
    store, _ = servers
    for step in STEPS:
        child = _start(step)
        assert child.stdout and child.stdout.readline() == "READY\n"
        deadline = time.monotonic() + 120
        while not _busy(store) and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process = store.server.process()
        assert process
        _kill(process.pid)
        _, words = child.communicate(timeout=300)
        _restart(store)
        if child.returncode:
            assert "Traceback" in words or "warehouse" in words, (step, words)
        _run(step)
    assert_frame_equal(_orders(), undisturbed)


def _busy(store: Postgres) -> bool:
    """Whether a program of ours has a statement under way in the warehouse."""
    import psycopg

    with psycopg.connect(store.url("warehouse"), autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where datname = 'warehouse' and pid <> pg_backend_pid()"
            " and (state = 'active' or xact_start is not null)"
        ).fetchone()
    return bool(row and row[0])


def test_power_cut(undisturbed: pl.DataFrame, servers: Servers) -> None:
    store, books = servers
    child = _start("replay", "policy", "purchase", "orders")
    assert child.stdout and child.stdout.readline() == "READY\n"
    time.sleep(2)
    for process in (store.server.process(), books.server.process()):
        assert process
        _kill(process.pid)
    child.kill()
    child.wait()
    books.start()
    _restart(store)
    _run(*STEPS)
    assert_frame_equal(_orders(), undisturbed)
    doubled = warehouse.read(
        "select item_id, location_id, count(*) as n from plan.decisions where as_of = :d group by 1, 2 having count(*) > 1",
        d=AS_OF,
    )
    assert doubled.is_empty()


def test_a_chunk_that_runs_out_of_memory_is_replayed_again(undisturbed: pl.DataFrame, servers: Servers) -> None:
    """Memory is bounded before the chunk begins, as a container's limit does; then the chunk runs with enough of it."""
    chunks = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from datetime import date; from pipelines.replay import job;"
            "print(json.dumps(job.prepare(date(2026, 6, 28), chunk_size=20)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    first, *others = json.loads(chunks.stdout.strip().splitlines()[-1])
    assert others
    body = (
        "import json, resource, sys; from datetime import date; from pipelines.replay import job;"
        "used = int(open('/proc/self/statm').read().split()[0]) * 4096;"
        "limit = int(sys.argv[2]); limit and resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit));"
        "job.run_chunk(date(2026, 6, 28), json.loads(sys.argv[1]))"
    )
    starved = subprocess.run(
        [sys.executable, "-c", body, json.dumps(first), "2000000"], capture_output=True, text=True, check=False
    )
    assert starved.returncode != 0
    for chunk in (first, *others):
        subprocess.run([sys.executable, "-c", body, json.dumps(chunk), "0"], check=True, capture_output=True)
    _run("policy", "purchase", "orders")
    assert_frame_equal(_orders(), undisturbed)


def test_network_cut_between_worker_and_warehouse(undisturbed: pl.DataFrame, servers: Servers) -> None:
    store, _ = servers
    with Proxy(store.port) as proxy:
        through = store.url("warehouse").replace(f":{store.port}/", f":{proxy.port}/")
        child = _start("replay", STOCKPROOF_STACK__WAREHOUSE_URL=through)
        assert child.stdout and child.stdout.readline() == "READY\n"
        while not proxy.links and child.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        proxy.cut()
        began = time.monotonic()
        _, words = child.communicate(timeout=300)
    assert child.returncode != 0
    assert time.monotonic() - began < 120, "a dead connection is not waited for"
    assert str(proxy.port) in words or "connection" in words.lower()
    _run("replay", "policy", "purchase", "orders")
    assert_frame_equal(_orders(), undisturbed)
