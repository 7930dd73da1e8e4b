"""MariaDB → warehouse: rows a second of our extraction, and of its peer in the same run.

    python -m tests.bench.extract --rows 2000000

Starts a MariaDB and a PostgreSQL of its own, fills ``sales`` on the server, and times ``extract.job.run(tables=["sales"])`` from nothing,
a run that finds nothing new, and the peer: ``pandas.read_sql`` through SQLAlchemy and PyMySQL, written with ``to_sql`` and with COPY.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil

AS_OF = date(2026, 6, 28)
DAYS = 730
BUDGET = 500_000


@contextmanager
def servers() -> Iterator[tuple[str, str, Path]]:
    """Addresses of a MariaDB and a PostgreSQL, each with an empty database, and the folder of both."""
    from pipelines.stack.mariadb import MariaDB
    from pipelines.stack.postgres import Postgres
    from pipelines.stack.process import free_port

    with tempfile.TemporaryDirectory(prefix="stockproof-bench-") as folder:
        Path(folder).chmod(0o755)
        maria, postgres = (
            MariaDB(Path(folder) / "my", free_port(), "bench"),
            Postgres(Path(folder) / "pg", free_port(), "bench"),
        )
        try:
            for server, name in ((maria, "erp"), (postgres, "warehouse")):
                server.start()
                server.create_database(name)
            yield maria.url("erp"), postgres.url("warehouse"), Path(folder)
        finally:
            maria.stop()
            postgres.stop()


def fill(rows: int) -> None:
    """Sales spread evenly over 730 days and 2,016 items, made by the server itself."""
    from pipelines.core.contract import BY_NAME
    from pipelines.io import erp, erp_tables

    first = AS_OF - timedelta(days=DAYS - 1)
    with erp.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
        connection.exec_driver_sql(
            f"insert into sales ({', '.join(BY_NAME['sales'].names)}) "
            f"select concat('S', lpad(seq, 9, '0')), concat('ITEM-', lpad(mod(seq * 7919, 2016), 5, '0')), 'WH-1', "
            f"date('{first}') + interval floor(seq * {DAYS} / {rows}) day, 1 + mod(seq, 7), 3 + mod(seq, 100) / 7, "
            f"date('{first}') + interval floor(seq * {DAYS} / {rows}) day + interval mod(seq * 31, 86400) second "
            f"from seq_0_to_{rows - 1}"
        )
        connection.exec_driver_sql("analyze table sales")


def cpu_seconds(folder: Path | None) -> dict[str, float]:
    """CPU time used so far by us and by the servers, seconds: what the wall time of a busy machine hides."""
    processes = {"ours": ours()}
    for name, root in ((name, folder) for name in ("mariadb", "postgres") if folder):
        record = next(root.rglob(f"{name}.pid.json"))
        process = psutil.Process(json.loads(record.read_text())["pid"])
        processes[name] = [process, *process.children()]
    return {name: round(sum(_cpu(process) for process in found), 2) for name, found in processes.items()}


def ours() -> list[psutil.Process]:
    """This process, and those that read the ERP for it."""
    from pipelines.io import erp_stream

    return [psutil.Process(), *(psutil.Process(reader.process.pid) for reader in erp_stream._idle)]


def peak_mb() -> float:
    """The most memory that each of our processes ever held, together."""
    peaks = [Path(f"/proc/{process.pid}/status").read_text().split("VmHWM:")[1].split()[0] for process in ours()]
    return sum(map(int, peaks)) / 1024


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def timed(work: Callable[[], Any]) -> float:
    """Wall time of a piece of work, seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peer(rows: int, erp_url: str, warehouse_url: str) -> dict[str, float]:
    """Rows a second of pandas on a part of the table: read, then written by ``to_sql`` and by COPY of a CSV."""
    import pandas as pd
    import sqlalchemy as sa

    source = sa.create_engine(erp_url.replace("mysql://", "mysql+pymysql://", 1))
    target = sa.create_engine(warehouse_url.replace("postgresql://", "postgresql+psycopg://", 1))
    frames = []
    reading = timed(lambda: frames.append(pd.read_sql(f"select * from sales limit {rows}", source)))
    frame = frames[0]
    inserting = timed(
        lambda: frame.to_sql("peer_insert", target, index=False, method="multi", chunksize=1_000, if_exists="replace")
    )
    frame.head(0).to_sql("peer_copy", target, index=False, if_exists="replace")
    return {
        "pandas read_sql + to_sql": rows / (reading + inserting),
        "pandas read_sql + COPY": rows / (reading + timed(lambda: _copy(frame, target))),
    }


def _copy(frame: Any, target: Any) -> None:
    text = io.StringIO()
    frame.to_csv(text, index=False, header=False)
    with target.begin() as connection:
        cursor = connection.connection.cursor()
        with cursor.copy("copy peer_copy from stdin (format csv)") as copy:
            copy.write(text.getvalue())


def measure(rows: int, peer_rows: int, repeat: int, urls: tuple[str, str], folder: Path | None) -> dict[str, Any]:
    """All figures of the benchmark."""
    from pipelines import settings
    from pipelines.extract import job, raw
    from pipelines.io import warehouse

    os.environ["ERP_URL"], os.environ["STOCKPROOF_STACK__WAREHOUSE_URL"] = urls
    settings.load.cache_clear()
    warehouse.migrate()
    filling = timed(lambda: fill(rows))
    loads, used = [], {}
    load_before = Path("/proc/loadavg").read_text().split()[0]
    job.run(AS_OF, ["locations"])  # imports and first connections are not what is measured
    for _ in range(repeat):
        raw.reset()
        before = cpu_seconds(folder)
        loads.append(timed(lambda: job.run(AS_OF, ["sales"])))
        if loads[-1] == min(loads):
            used = {name: round(after - before[name], 2) for name, after in cpu_seconds(folder).items()}
    held = warehouse.read("select count(*) as n, count(distinct sale_id) as d from raw.sales").row(0)
    assert held == (rows, rows), held
    again = timed(lambda: job.run(AS_OF, ["sales"]))
    best, peak = min(loads), peak_mb()
    figures = {"ours: MariaDB → raw": rows / best, **peer(peer_rows, *urls)}
    return {
        "rows": rows, "seconds": best, "all_seconds": loads, "rows_per_second": rows / best,
        "budget": BUDGET, "within_budget": rows / best >= BUDGET,
        "cpu_seconds": used, "load_before": load_before, "second_run_seconds": again,
        "fill_seconds": filling, "peer_rows": peer_rows, "figures": figures, "cores": os.cpu_count(),
        "peak_mb": peak,
    }  # fmt: skip


def main() -> int:
    """Print a table and one line of JSON. Exit code 1 where the budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--peer-rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3, help="loads from nothing; the fastest counts, all are printed")
    parser.add_argument("--erp-url", help="an existing, disposable MariaDB database instead of one of our own")
    parser.add_argument("--warehouse-url", help="an existing, disposable PostgreSQL database")
    arguments = parser.parse_args()
    rows, peer_rows, repeat = arguments.rows, arguments.peer_rows, arguments.repeat
    if arguments.erp_url and arguments.warehouse_url:
        result = measure(rows, peer_rows, repeat, (arguments.erp_url, arguments.warehouse_url), None)
    else:
        with servers() as (erp_url, warehouse_url, folder):
            result = measure(rows, peer_rows, repeat, (erp_url, warehouse_url), folder)
    print(f"{'what':<28}{'rows/s':>12}{'× peer':>9}")
    for name, rate in result["figures"].items():
        print(f"{name:<28}{rate:>12,.0f}{result['rows_per_second'] / rate:>9.1f}")
    print(f"{result['rows']:,} rows in {result['seconds']:.2f} s, a second run {result['second_run_seconds']:.2f} s")
    print(
        f"peak {result['peak_mb']:.0f} MB, CPU seconds {result['cpu_seconds']}, load average before {result['load_before']}"
    )
    print(json.dumps(result))
    return 0 if result["within_budget"] else 1


if __name__ == "__main__":
    sys.exit(main())
