"""The whole product on a company: the ERP's tables written, then the steps of the daily DAG in its order, called as its tasks call them."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.core.quantiles import COLUMNS
from tests.worlds import books
from tests.worlds.arrays import configured
from tests.worlds.company import Array, Company
from tests.worlds.truth import Truth


@dataclass(frozen=True)
class Outcome:
    """What the product says of a company, in units; NaN where it says nothing.

    Attributes:
        mean: [n] expected demand of the protection interval.
        quantiles: [n, len(LEVELS)] of it.
        period_mean: [n, h] expected demand of each review period.
        ordered: [n] units ordered.
        model: which model served, and why.
        policy: [n] the ordering rule.
    """

    mean: Array
    quantiles: Array
    period_mean: Array
    ordered: Array
    model: str
    policy: Array


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Any, Any]]:
    """A PostgreSQL and a MariaDB of our own."""
    from pipelines.stack.mariadb import MariaDB
    from pipelines.stack.postgres import Postgres
    from pipelines.stack.process import free_port

    postgres = Postgres(folder / "postgres", free_port(), "worlds-password")
    mariadb = MariaDB(folder / "mariadb", free_port(), "worlds-password")
    postgres.start()
    try:
        mariadb.start()
        yield postgres, mariadb
    finally:
        mariadb.stop()
        postgres.stop()


@contextmanager
def warehouse_of(company: Company, number: int, folder: Path, both: tuple[Any, Any]) -> Iterator[None]:
    """Databases and a registry of a company's own, named to the product by the environment."""
    from pipelines import settings
    from pipelines.io import warehouse

    postgres, mariadb = both
    name = f"world_{number}"
    postgres.create_database(name)
    mariadb.create_database(name)
    os.environ |= {
        "STOCKPROOF_STACK__WAREHOUSE_URL": postgres.url(name),
        "ERP_URL": mariadb.url(name),
        "STOCKPROOF_STACK__MLFLOW_URL": f"sqlite:///{folder / name}.db",
        "STOCKPROOF_STATE_DIR": str(folder / f"state-{name}"),
    }
    with configured(company):
        settings.load.cache_clear()
        warehouse.migrate()
        yield


def run(truth: Truth) -> Outcome:
    """Load the company and run its day."""
    company, started = truth.company, time.perf_counter()
    books.write(truth)
    loaded = time.perf_counter() - started
    served = daily(company)
    print(
        f"  {len(truth.skus)} SKUs, load {loaded:.0f} s, day {time.perf_counter() - started - loaded:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return _read(truth, served)


def daily(company: Company) -> str:
    """The steps of the DAGs weekly_training, where the company trains, and daily_replenishment."""
    from pipelines.extract import job as extract
    from pipelines.extract import preflight
    from pipelines.forecast import job as forecast
    from pipelines.forecast import training
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as replay
    from pipelines.transform import job as transform
    from pipelines.validate import job as validate
    from pipelines.vendors import job as vendors
    from pipelines.vendors import stock_job

    as_of = company.as_of
    preflight.check(as_of)
    extract.run(as_of)
    validate.run("sources", as_of)
    transform.run(as_of)
    validate.run("features", as_of)
    if company.trained:
        training.train(as_of)
    vendors.run(as_of)
    stock_job.run(as_of)
    served = forecast.run(as_of)
    validate.run("forecasts", as_of)
    for chunk in replay.prepare(as_of):
        replay.run_chunk(as_of, chunk)
    policy.run(as_of)
    purchase.run(as_of)
    validate.run("orders", as_of)
    return f"{served['model']}: {served['why']}"


def _read(truth: Truth, served: str) -> Outcome:
    from pipelines.io import warehouse

    as_of = truth.company.as_of
    keys = pl.DataFrame({"location_id": [s.place for s in truth.skus], "item_id": [s.item for s in truth.skus]})

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        return keys.join(frame, on=["location_id", "item_id"], how="left", maintain_order="left")

    windows = of(warehouse.read("select * from plan.lead_time_forecasts where as_of = :as_of", as_of=as_of))
    decisions = of(
        warehouse.read(
            "select d.item_id, d.location_id, d.quantity, p.policy from plan.decisions d left join plan.policies p "
            "on p.as_of = d.as_of and p.item_id = d.item_id and p.location_id = d.location_id where d.as_of = :as_of",
            as_of=as_of,
        )
    )
    periods = warehouse.read("select * from plan.period_forecasts where as_of = :as_of", as_of=as_of)
    ahead = int(periods["period"].max() or 1) if periods.height else 1  # type: ignore[arg-type]
    columns = [
        of(periods.filter(pl.col("period") == n + 1))["mean"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for n in range(ahead)
    ]
    quantiles = np.stack([windows[column].cast(pl.Float64).fill_null(np.nan).to_numpy() for column in COLUMNS], axis=1)
    return Outcome(
        windows["mean"].cast(pl.Float64).fill_null(np.nan).to_numpy(), quantiles, np.stack(columns, axis=1),
        decisions["quantity"].cast(pl.Float64).fill_null(0.0).to_numpy(), served, decisions["policy"].fill_null("").to_numpy(),
    )  # fmt: skip
