"""A game of :mod:`tests.bench.games` through the whole product: CSV files, `erp load`, the daily run's steps, `orders export`.

Week by week the ERP's files are written as a company's would be: sales, closing stock, open and received orders. Warehouse and ERP are
private servers in a temporary folder, given up at the end.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from tests.bench.games import HOLDING, SHORTAGE, play
from tests.bench.games_data import LEAD_WEEKS, Series

SUPPLIER = "S1"


@contextmanager
def servers(bucket: str, folder: Path, *, registered: bool = False) -> Iterator[None]:
    """A warehouse and an ERP of our own, named to the product by the environment; with a model registry where a game trains bundles."""
    from pipelines import settings
    from pipelines.io import warehouse
    from pipelines.stack.mariadb import MariaDB
    from pipelines.stack.mlflow import MLflow
    from pipelines.stack.postgres import Postgres
    from pipelines.stack.process import free_port

    postgres = Postgres(folder / "postgres", free_port(), "bench-password")
    mariadb = MariaDB(folder / "mariadb", free_port(), "bench-password")
    mlflow = MLflow(folder / "mlflow", free_port(), f"sqlite:///{folder / 'mlflow.db'}")
    postgres.start()
    try:
        mariadb.start()
        if registered:
            mlflow.launch()
            mlflow.wait()
        postgres.create_database("bench")
        mariadb.create_database("bench")
        os.environ |= {
            "STOCKPROOF_STACK__WAREHOUSE_URL": postgres.url("bench"),
            "ERP_URL": mariadb.url("bench"),
            "STOCKPROOF_STACK__MLFLOW_URL": mlflow.url if registered else mlflow.store,
            "STOCKPROOF_PLANNING__BUCKET": bucket,
            "STOCKPROOF_STATE_DIR": str(folder / "state"),
        }
        settings.load.cache_clear()
        warehouse.migrate()
        yield
    finally:
        if registered:
            mlflow.stop()
        mariadb.stop()
        postgres.stop()


@dataclass
class Company:
    """The planner's company: what its ERP holds, and how it lets the product order.

    Args:
        series: the whole history; only what is known is written.
        folder: where the files go.
        spread: days of the week that a week's sales are booked on; 1: on its last.
        registered: each week a bundle is trained and registered, and the champion forecasts; else the daily run trains.
    """

    series: Series
    folder: Path
    spread: int = 1
    registered: bool = False
    closings: list[tuple[date, Floats]] = field(default_factory=list)
    arrived: list[tuple[date, Floats]] = field(default_factory=list)

    def order(self, known: Series, stock: Floats, arriving: Floats) -> Floats:
        """Units to order at the close of the newest known week; a policy of :func:`tests.bench.games.play`."""
        started = time.perf_counter()
        as_of = known.starts[-1] + timedelta(days=6)
        self.closings.append((as_of, stock.copy()))
        self._write(known, as_of, arriving)
        self.arrived.append((as_of, arriving[:, 0].copy()))
        ordered = self._run(as_of)
        print(
            f"{as_of}: {ordered.sum():,.0f} units, {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True
        )
        return ordered

    def _write(self, known: Series, as_of: date, arriving: Floats) -> None:
        skus, self.folder = known.demand.shape[0], self.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        item, place = [f"I{n:05d}" for n in range(skus)], known.place.astype(str)
        started = date(2000, 1, 1)
        items = pl.DataFrame(
            {
                "item_id": item,
                "name": item,
                "category": known.group.astype(str),
                "unit_cost": 1.0,
                "unit_price": 2.0,
                "holding_cost_per_day": HOLDING / 7,
                "shortage_cost": SHORTAGE,
            }
        )
        offers = pl.DataFrame({
            "item_id": item, "supplier_id": SUPPLIER, "is_primary": True, "lead_time_days": 7 * LEAD_WEEKS, "min_order_qty": 1,
            "pack_size": 1, "unit_price": 1.0, "ordering_cost": 0.0,
        })  # fmt: skip
        suppliers = pl.DataFrame({"supplier_id": [SUPPLIER], "name": ["Supplier"], "active": [True]})
        places = pl.DataFrame({"location_id": sorted(set(place.tolist()))}).with_columns(
            name=pl.col("location_id"), kind=pl.lit("store")
        )
        stamp = pl.lit(started).cast(pl.Datetime)
        for name, frame in (("items", items), ("item_suppliers", offers), ("suppliers", suppliers)):
            frame.with_columns(updated_at=stamp).write_csv(self.folder / f"{name}.csv")
        places.write_csv(self.folder / "locations.csv")
        keys = pl.DataFrame({"item_id": item, "location_id": place})
        self._sales(known).write_csv(self.folder / "sales.csv")
        counts = [keys.with_columns(counted_on=pl.lit(day), on_hand=pl.Series(units)) for day, units in self.closings]
        pl.concat(counts).write_csv(self.folder / "stock_levels.csv")
        self._orders(keys, as_of, arriving)

    def _sales(self, known: Series) -> pl.DataFrame:
        sku, week = np.nonzero(known.demand)
        rows = pl.DataFrame(
            {
                "item_id": [f"I{n:05d}" for n in sku],
                "location_id": known.place.astype(str)[sku],
                "start": pl.Series([known.starts[n] for n in week], dtype=pl.Date),
                "units": known.demand[sku, week].astype(int),
            }
        )
        days = [
            rows.with_columns(
                sold_on=pl.col("start") + pl.duration(days=7 - self.spread + n),
                quantity=pl.col("units") // self.spread + (n < pl.col("units") % self.spread).cast(pl.Int64),
            )
            for n in range(self.spread)
        ]
        booked = pl.concat(days).filter(pl.col("quantity") > 0)
        number = pl.concat_str("item_id", pl.col("sold_on").cast(pl.String), separator="-")
        return booked.select(
            number.alias("sale_id"), "item_id", "location_id", "sold_on", "quantity", pl.lit(2.0).alias("unit_price")
        )

    def _orders(self, keys: pl.DataFrame, as_of: date, arriving: Floats) -> None:
        lead = timedelta(days=7 * LEAD_WEEKS)
        lines = []
        for day, units in self.arrived:  # arrived at the start of the week after that day
            lines.append(self._lines(keys, units, day - lead, day + timedelta(days=1)))
        for week in range(arriving.shape[1]):
            lines.append(self._lines(keys, arriving[:, week], as_of + timedelta(days=7 * week) - lead, None))
        table = pl.concat(lines)
        orders = table.group_by("po_id", maintain_order=True).agg(
            pl.col("location_id").first(), pl.col("ordered_on").first(), pl.col("received_on").first()
        )
        status = pl.when(pl.col("received_on").is_null()).then(pl.lit("open")).otherwise(pl.lit("received"))
        orders.select(
            "po_id", pl.lit(SUPPLIER).alias("supplier_id"), "location_id", "ordered_on", status.alias("status")
        ).write_csv(self.folder / "purchase_orders.csv")
        table.select(
            "po_id",
            "line_no",
            "item_id",
            "quantity_ordered",
            pl.lit(1.0).alias("unit_price"),
            "promised_on",
            "received_on",
            "quantity_received",
            pl.lit(0).alias("quantity_rejected"),
        ).write_csv(self.folder / "purchase_order_lines.csv")

    def _lines(self, keys: pl.DataFrame, units: Floats, ordered_on: date, received_on: date | None) -> pl.DataFrame:
        due = ordered_on + timedelta(days=7 * LEAD_WEEKS + 1)
        rows = keys.with_columns(quantity_ordered=pl.Series(units), line_no=pl.int_range(1, keys.height + 1)).filter(
            pl.col("quantity_ordered") > 0
        )
        return rows.with_columns(
            po_id=pl.format("PO-{}-{}", pl.lit(str(ordered_on)), "location_id"),
            ordered_on=pl.lit(ordered_on),
            promised_on=pl.lit(due),
            received_on=pl.lit(received_on, pl.Date),
            quantity_received=pl.lit(None, pl.Float64) if received_on is None else pl.col("quantity_ordered"),
        )

    def _run(self, as_of: date) -> Floats:
        from typer.testing import CliRunner

        from pipelines.cli import app

        runner = CliRunner()
        for command in (["erp", "load", str(self.folder), "--replace", "--json"],):
            answer = runner.invoke(app, command)
            assert answer.exit_code == 0, (answer.output, answer.exception)
        _daily(as_of, registered=self.registered)
        answer = runner.invoke(app, ["orders", "export", "--format", "csv", "--as-of", str(as_of)])
        assert answer.exit_code == 0, (answer.output, answer.exception)
        lines = pl.read_csv(io.StringIO(answer.stdout))
        ordered = np.zeros(self.series.demand.shape[0])
        for item, units in lines.select("item_id", "quantity").iter_rows():
            ordered[int(item[1:])] += units
        return ordered


def _daily(as_of: date, *, registered: bool) -> None:
    """The steps of the DAG daily_replenishment that lead to an order, in its order; before its forecast those of weekly_training."""
    from pipelines.extract import job as extract
    from pipelines.extract import preflight
    from pipelines.forecast import job as forecast
    from pipelines.forecast import training
    from pipelines.governance import job as governance
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as simulate
    from pipelines.transform import job as transform
    from pipelines.validate import job as validate

    preflight.check(as_of)
    extract.run(as_of)
    validate.run("sources", as_of)
    transform.run(as_of)
    validate.run("features", as_of)
    if registered:
        print(training.train(as_of)["reason"], file=sys.stderr, flush=True)
        governance.daily(as_of)
    used = forecast.run(as_of)
    if registered and used["period_why"]:
        raise RuntimeError(f"{as_of}: the bundle does not serve: {used['period_why']}")
    validate.run("forecasts", as_of)
    for chunk in simulate.prepare(as_of):
        simulate.run_chunk(as_of, chunk)
    policy.run(as_of)
    purchase.run(as_of)
    validate.run("orders", as_of)


def play_through(
    series: Series,
    first: int,
    weeks: int,
    *,
    bucket: str = "week",
    spread: int = 1,
    unseen: bool = False,
    registered: bool = False,
) -> Floats:
    """Cost of a game whose orders the product proposes.

    Args:
        series: the whole history.
        first: position of the first week played.
        weeks: weeks played.
        bucket: planning bucket.
        spread: days of the week that its sales are booked on.
        unseen: lost sales are not in the books.
        registered: as in :class:`Company`.

    Returns:
        Money by series, shape (N,).
    """
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        with servers(bucket, Path(scratch), registered=registered):
            company = Company(series, Path(scratch) / "erp", spread, registered)
            return play(series, first, company.order, weeks, unseen=unseen)
