"""A company of tests/life with servers of its own that may be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.io import erp, erp_orders, warehouse
from pipelines.settings import ROOT
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.life.company import Company
from tests.life.ledger import Ledger
from tests.life.planner import Planner
from tests.life.play import START

DECISIONS = """
select item_id, location_id, supplier_id, quantity, order_value, expected_on, level, reason_code, reason
from plan.decisions where as_of = :day order by location_id, item_id
"""
BOOKS = """
select h.po_id, h.external_ref, h.supplier_id, h.status, l.line_no, l.item_id, l.quantity_ordered, l.quantity_received
from purchase_orders h join purchase_order_lines l on l.po_id = h.po_id order by h.po_id, l.line_no
"""


@dataclass
class World:
    """Servers, books and people.

    Attributes:
        folder: state folder.
        store: its PostgreSQL.
        books: its MariaDB, the ERP.
        company: its trade.
        planner: signs its orders.
    """

    folder: Path
    store: Postgres
    books: MariaDB
    company: Company
    planner: Planner

    @classmethod
    def found(cls, folder: Path, seed: int) -> "World":
        """A company with two months of books, and no run yet."""
        store, books = Postgres(folder / "pg", free_port(), "days"), MariaDB(folder / "erp", free_port(), "days")
        store.start()
        books.start()
        store.create_database("warehouse")
        books.create_database("erp")
        _configure(folder, store, books)
        warehouse.migrate()
        ledger = Ledger()
        ledger.begin()
        company = Company.found(ledger, seed, START)
        ledger.flush()
        return cls(folder, store, books, company, Planner(np.random.default_rng([seed, 1])))

    def enter(self) -> None:
        """What runs in this process from now on is this world's."""
        _configure(self.folder, self.store, self.books)

    def trade(self, day: date) -> None:
        """A day of the company, into the ERP."""
        self.company.ledger.read()
        self.company.trade(day)
        self.company.change(day)
        self.company.close(day)
        self.company.ledger.flush()

    def start(self, step: str, day: date, under: Sequence[str] = (), **more: str) -> "subprocess.Popen[bytes]":
        """A step in a process of its own."""
        command = [*under, sys.executable, "-m", "tests.life.product", step, day.isoformat(), "0"]
        return subprocess.Popen(
            command, cwd=ROOT, env=os.environ | more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, *servers: Postgres | MariaDB) -> None:
        """SIGKILL to servers at once, then start them again."""
        for server in servers:
            if process := server.server.process():
                os.kill(process.pid, signal.SIGKILL)
                process.wait(30)
        warehouse._engine(warehouse.url()).dispose()
        for engine in (erp._engine, erp_orders._engine):
            engine(erp.url()).dispose()
        for server in servers:
            server.start()

    def decisions(self, day: date) -> pl.DataFrame:
        """What was decided on a day."""
        return warehouse.read(DECISIONS, day=day)

    def ordered(self) -> list[tuple[Any, ...]]:
        """Purchase orders of the ERP, a line each."""
        with erp.transaction() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(BOOKS)]

    def connections(self) -> int:
        """Sessions that the warehouse's server holds."""
        return int(
            warehouse.row("select count(*) as n from pg_stat_activity where backend_type = 'client backend'")["n"]
        )

    def stop(self) -> None:
        """End its servers."""
        self.books.stop()
        self.store.stop()


def _configure(folder: Path, store: Postgres, books: MariaDB) -> None:
    os.environ |= {
        "STOCKPROOF_STATE_DIR": str(folder),
        "STOCKPROOF_STACK__WAREHOUSE_URL": store.url("warehouse"),
        "STOCKPROOF_RELEASE__ADAPTER": "erp",
        "ERP_URL": books.url("erp"),
    }
    settings.load.cache_clear()
