"""The product from files to orders, its jobs called as the tasks of the daily DAG call them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from pipelines import settings
from pipelines.briefing.queries import day_notices
from pipelines.io import warehouse
from tests.cases.company import AS_OF, Item, write

Options = tuple[tuple[str, str], ...]
"""Configuration keys that differ from the defaults, as environment variables without ``STOCKPROOF_``."""


def run(as_of: date = AS_OF, items: Sequence[str] = (), *, gates: bool = True) -> None:
    """A daily run without its scheduler: every task of ``dags/daily_replenishment.py`` in order; without ``gates`` nothing is checked."""
    from pipelines.extract import job as extract
    from pipelines.extract import preflight
    from pipelines.forecast import job as forecast
    from pipelines.orders import job as orders
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as replay
    from pipelines.transform import job as transform
    from pipelines.validate import job as validate
    from pipelines.vendors import job as vendors
    from pipelines.vendors import stock_job

    def gate(boundary: str) -> None:
        if gates:
            validate.run(boundary, as_of, items=items)

    if gates:
        preflight.check(as_of, items)
    extract.run(as_of)
    gate("sources")
    transform.run(as_of)
    gate("features")
    vendors.run(as_of)
    stock_job.run(as_of)
    forecast.run(as_of, items=items)
    gate("forecasts")
    for chunk in replay.prepare(as_of, items=items):
        replay.run_chunk(as_of, chunk)
    policy.run(as_of, items=items)
    purchase.run(as_of, items=items)
    gate("orders")
    orders.daily(as_of)


@dataclass
class Company:
    """An ERP and a warehouse of its own, under one configuration.

    Attributes:
        name: of its databases.
        folder: for files and state.
        environment: variables of this company.
        as_of: the date of the last run.
    """

    name: str
    folder: Path
    environment: Mapping[str, str]
    as_of: date = AS_OF
    loads: int = field(default=0)

    @contextmanager
    def configured(self) -> Iterator[None]:
        """Settings are those of this company."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            settings.load.cache_clear()
            yield
        settings.load.cache_clear()

    def load(self, items: Sequence[Item]) -> list[str]:
        """``stockproof erp load`` of the company's files; gives what it remarks."""
        from pipelines.extract import source
        from pipelines.onboarding import load as loading

        self.loads += 1
        folder = write(self.folder / f"files-{self.loads}", items)
        notes = loading.load(folder, lambda step, done, total: None, replace=True).notes
        source.refilled()
        return notes

    def run(self, as_of: date = AS_OF, items: Sequence[str] = ()) -> None:
        """One daily run."""
        vars(self).pop("findings", None)
        self.as_of = as_of
        run(as_of, items)

    def line(self, item: str, location: str = "W") -> Any:
        """The decision on a SKU: the columns of plan.decisions as attributes."""
        return self._one("plan.decisions", item, location)

    def sku(self, item: str, location: str = "W") -> Any:
        """What the marts know of a SKU: the columns of marts.dim_sku as attributes."""
        return self._one("marts.dim_sku", item, location)

    def _one(self, table: str, item: str, location: str) -> Any:
        found = warehouse.read(
            f"select * from {table} where as_of = :as_of and item_id = :item and location_id = :location",
            as_of=self.as_of,
            item=item,
            location=location,
        ).to_dicts()
        assert found, f"{table} holds no row of {item} at {location}"
        return SimpleNamespace(**found[0])

    def read(self, query: str, **parameters: Any) -> pl.DataFrame:
        """Rows of the warehouse."""
        return warehouse.read(query, **parameters)

    def quarantine(self, item: str) -> list[str]:
        """Rules that set rows of an item aside."""
        query = "select distinct rule from quarantine.rows where as_of = :as_of and details ->> 'item_id' = :item order by rule"
        return warehouse.read(query, as_of=self.as_of, item=item)["rule"].to_list()

    @property
    def notices(self) -> list[str]:
        """What the run tells a planner beside its orders."""
        return day_notices.of_day(self.as_of)

    @cached_property
    def findings(self) -> list[str]:
        """The sentences of ``stockproof erp check``."""
        from pipelines.onboarding import check

        return [f"{finding.part}: {finding.sentence}" for finding in check.check().findings]
