"""Daily runs in a row on an ERP that grows by a day before each: do open files, connections, temporary data or time grow?

    python -m tests.bench.soak --state FOLDER [--days 24] [--items 60] [--now N] [--json]

A stack of its own on free ports, driven by the command line as a user drives it. ``--now`` plays that many days and ends; the same command
goes on from there. What is measured stands in ``FOLDER/soak.jsonl``, a line a run. One run before the first measured one reads the whole
ERP. Ends with code 1 where a quantity grew, or a run took 20 % more or less than the median.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import sqlalchemy as sa

from pipelines.stack.process import free_port

LAST: Final = date(2026, 6, 28)
GROWING: Final = ("purchase_order_lines", "purchase_orders", "sales", "stock_levels")
"""Tables whose rows of later days are held back; a line leaves before its order."""
TOLERANCE: Final = 0.2
COUNTED: Final = {"open_files": 3.0, "warehouse_connections": 2.0, "erp_connections": 2.0, "temporary_bytes": 1e6}
"""What must not grow, with the growth that is noise: units, or 2 % of the median where that is more."""

Row = dict[str, Any]


class Company:
    """A stack in a folder, its ERP holding the days up to the newest run."""

    def __init__(self, state: Path) -> None:
        self.state = state
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("STOCKPROOF_", "ERP_URL", "AIRFLOW"))}
        ports = state / "ports.json"
        if not ports.exists():
            state.mkdir(parents=True, exist_ok=True)
            named = ("POSTGRES", "MARIADB", "MLFLOW", "AIRFLOW", "DESK")
            ports.write_text(json.dumps({f"STOCKPROOF_STACK__{one}_PORT": str(free_port()) for one in named}))
        (state / "tmp").mkdir(exist_ok=True)
        own = {"STOCKPROOF_STATE_DIR": str(state / "state"), "TMPDIR": str(state / "tmp"), "STOCKPROOF_FORECAST__THREADS": "1",
               "STOCKPROOF_FORECAST__BACKTEST_ORIGINS": "1"}  # fmt: skip
        self.environment = clean | json.loads(ports.read_text()) | own

    def command(self, *arguments: str) -> str:
        """Standard output of a command; the bench ends where it fails."""
        program = str(Path(sys.executable).parent / "stockproof")
        done = subprocess.run([program, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(
                f"stockproof {' '.join(arguments)} ended {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout

    def address(self, part: str) -> sa.Engine:
        """The ERP or the warehouse."""
        url = str(json.loads(self.command("status", "--json"))[f"{part}_url"])
        driver = {"mysql": "mysql+pymysql", "postgresql": "postgresql+psycopg"}
        scheme, _, rest = url.partition("://")
        return sa.create_engine(f"{driver[scheme]}://{rest}", poolclass=sa.NullPool)

    def begin(self, items: int, first: date) -> None:
        """Sample ERP, the days after ``first`` held back; a model; the run that reads everything."""
        self.command("up")
        self.command("erp", "seed", "--items", str(items), "--days", "500", "--suppliers", "8", "--until", str(LAST))
        with self.address("erp").begin() as erp:
            erp.execute(sa.text("set foreign_key_checks = 0"))
            for table in GROWING:
                erp.execute(
                    sa.text(
                        f"create table if not exists held_{table} as select * from {table} where updated_at >= :on"
                    ),
                    {"on": first + timedelta(days=1)},
                )
                erp.execute(sa.text(f"delete from {table} where updated_at >= :on"), {"on": first + timedelta(days=1)})
        self.command("run", "training", "--as-of", str(first))
        self.command("run", "daily", "--as-of", str(first))

    def day(self, as_of: date) -> Row:
        """The ERP gains a day, and the daily run of it is measured."""
        with self.address("erp").begin() as erp:
            erp.execute(sa.text("set foreign_key_checks = 0"))
            span = {"low": as_of, "high": as_of + timedelta(days=1)}
            rows = 0
            for table in GROWING:
                moved = (
                    f"insert into {table} select * from held_{table} where updated_at >= :low and updated_at < :high"
                )
                rows += erp.execute(sa.text(moved), span).rowcount
        before = self.computed()
        answer = json.loads(self.command("run", "daily", "--as-of", str(as_of), "--json"))
        time.sleep(3.0)
        return {"as_of": str(as_of), "state": answer["state"], "erp_rows": rows, "seconds": answer["seconds"],
                "cpu_seconds": self.computed() - before, **self.held()}  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Every server of the stack."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                named = one.environ().get("STOCKPROOF_STATE_DIR") == self.environment["STOCKPROOF_STATE_DIR"]
                if one.pid != os.getpid() and (named or any(str(self.state) in word for word in one.cmdline())):
                    found.append(one)
        return found

    def computed(self) -> float:
        """Processor seconds of the servers and of the tasks that they ended, so far."""
        total = 0.0
        for one in self.processes():
            with suppress(psutil.Error):
                total += sum(one.cpu_times()[:4])
        return total

    def held(self) -> Row:
        """What the idle stack holds after a run."""
        files = 0
        for one in self.processes():
            with suppress(psutil.Error):
                files += one.num_fds()
        with self.address("warehouse").connect() as store:
            clients: int = store.execute(
                sa.text("select count(*) from pg_stat_activity where backend_type = 'client backend'")
            ).scalar_one()
        with self.address("erp").connect() as erp:
            readers = len(erp.execute(sa.text("show processlist")).all())
        folders = [
            self.state / "tmp",
            *self.state.glob("state/postgres/**/pgsql_tmp"),
            *self.state.glob("state/**/tmp"),
        ]
        sizes = [path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {
            "open_files": files,
            "warehouse_connections": clients,
            "erp_connections": readers,
            "temporary_bytes": sum(sizes),
        }


def verdict(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """(lines on what was measured, what is wrong)."""
    lines, wrong = [], []
    third = max(len(rows) // 3, 1)
    for name, noise in COUNTED.items():
        first, last = (statistics.median(row[name] for row in some) for some in (rows[:third], rows[-third:]))
        lines.append(f"{name}: {first:,.0f} in the first {third} runs, {last:,.0f} in the last")
        if last - first > max(noise, 0.02 * first):
            wrong.append(f"{name} grew from {first:,.0f} to {last:,.0f}")
    for name in ("seconds", "cpu_seconds"):
        middle = statistics.median(row[name] for row in rows)
        apart = [row[name] / middle - 1 for row in rows]
        lines.append(f"{name}: median {middle:.1f}, {min(apart):+.0%} to {max(apart):+.0%} of it")
        if name == "seconds" and max(map(abs, apart)) > TOLERANCE:
            wrong.append(f"a run took {max(apart, key=abs):+.0%} of the median")
    return lines, wrong + [f"{row['as_of']} ended {row['state']}" for row in rows if row["state"] != "success"]


def main() -> int:
    """Play, measure, print. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--now", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    company, kept = Company(given.state.resolve()), given.state.resolve() / "soak.jsonl"
    first = LAST - timedelta(days=given.days)
    if not kept.exists():
        company.begin(given.items, first)
        kept.touch()
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    for number in range(len(rows) + 1, min(given.days, len(rows) + given.now) + 1):
        rows.append(company.day(first + timedelta(days=number)))
        with kept.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    if len(rows) < given.days:
        print(f"{len(rows)} of {given.days} days; the same command goes on")
        return 0
    company.command("down")
    lines, wrong = verdict(rows)
    print(json.dumps({"rows": rows, "wrong": wrong}, indent=1) if given.json else "\n".join([*lines, *wrong]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
