"""Partitions, retention, the plans of the queries that people and programs wait for, and how many connections they take."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.briefing.queries import explain, worklist
from pipelines.core.quantiles import COLUMNS
from pipelines.forecast import queries as forecasts
from pipelines.io import partitions, warehouse
from pipelines.operations.outcomes import queries as outcomes
from pipelines.operations.retention import job as retention
from pipelines.operations.retention import tables
from tests.integration.test_replay_to_orders import AS_OF, marts  # noqa: F401  (its fixture fills this module's warehouse)

pytestmark = pytest.mark.servers

MONTHS = 6
SKUS = 3000
ITEM = "I00042"
LARGE = tuple(f"{table.removeprefix('plan.')}_2" for table in partitions.PARTITIONED)


@pytest.fixture(scope="module")
def history(marts: Any) -> None:  # noqa: F811
    """Six months of runs, one a month, of three thousand SKUs."""
    quantiles = ", ".join(COLUMNS)
    ones = ", ".join("1" for _ in COLUMNS)
    for back in range(MONTHS):
        day = AS_OF - timedelta(days=30 * back)
        for table in partitions.PARTITIONED:
            partitions.ensure(table, {"as_of": day, "day": day}, warehouse.transaction, warehouse.url)
        of_skus = f"select '{day}'::date as as_of, 'I' || lpad(n::text, 5, '0') as item_id, 'WH' as location_id"
        numbers = f"generate_series(1, {SKUS}) n"
        with warehouse.transaction() as connection:
            for statement in (
                f"insert into plan.forecasts (as_of, item_id, location_id, horizon, bucket_on, mean, {quantiles})"
                f" {of_skus}, h, '{day}'::date + h, 1, {ones} from {numbers}, generate_series(1, 4) h",
                "insert into plan.candidates (as_of, item_id, location_id, candidate, forecaster, cost_select, cost_guard, cost_judged)"
                f" {of_skus}, 'c' || c, 'f', 1, 1, 1 from {numbers}, generate_series(1, 4) c",
                "insert into plan.outcomes (day, item_id, location_id, abc_class, demand, sold, lost, is_stockout, on_hand, stock_value,"
                " ordered_units, ordered_lines, holding_cost, shortage_cost, ordering_cost, total_cost)"
                f" {of_skus}, 'A', 1, 1, 0, false, 1, 1, 0, 0, 0, 0, 0, 0 from {numbers}",
            ):
                connection.execute(sa.text(statement))
    with warehouse._engine(warehouse.url()).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("analyze"))


@pytest.fixture
def plans(history: None, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The server's plan of each query that the product asks."""
    found: list[dict[str, Any]] = []
    rows, read_many = warehouse.rows, warehouse.read_many

    def explained(query: str, parameters: Mapping[str, Any]) -> None:
        bound = {key: value for key, value in parameters.items() if f":{key}" in query}
        with warehouse.transaction() as connection:
            (plan,) = connection.execute(sa.text(f"explain (format json) {query}"), bound).scalar_one()
        found.append(plan["Plan"])

    def seen_rows(query: str, **parameters: Any) -> list[dict[str, Any]]:
        explained(query, parameters)
        return rows(query, **parameters)

    def seen_many(queries: Mapping[str, str], **parameters: Any) -> dict[str, pl.DataFrame]:
        for query in queries.values():
            explained(query, parameters)
        return read_many(queries, **parameters)

    monkeypatch.setattr(warehouse, "rows", seen_rows)
    monkeypatch.setattr(warehouse, "read_many", seen_many)
    return found


def _scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from _scans(below)


def _whole(plans: list[dict[str, Any]]) -> list[str]:
    """Large tables that were read from end to end."""
    return [name for plan in plans for kind, name in _scans(plan) if kind == "Seq Scan" and name.startswith(LARGE)]


def test_a_sku_is_read_by_its_key_from_the_partition_of_its_date(plans: list[dict[str, Any]]) -> None:
    forecasts.of_items([ITEM], AS_OF)
    of_plan = {name: explain._QUERIES[name] for name in ("buckets", "candidates", "choices", "passports")}
    warehouse.read_many(of_plan, as_of=AS_OF, item=ITEM, location="")
    assert _whole(plans) == []
    partition = f"{AS_OF:%Y_%m}"
    read = {name for plan in plans for _, name in _scans(plan) if name.startswith(("forecasts_2", "candidates_2"))}
    assert read == {f"forecasts_{partition}", f"candidates_{partition}"}


def test_the_outcomes_of_an_item_are_read_by_their_key(plans: list[dict[str, Any]]) -> None:
    outcomes.of_item(ITEM, AS_OF, "WH")
    assert _whole(plans) == []


def test_a_date_s_worklist_reads_no_forecast(plans: list[dict[str, Any]]) -> None:
    """The day a line is needed by stands on the line."""
    worklist.lines(AS_OF)
    assert plans
    assert [name for plan in plans for _, name in _scans(plan) if name.startswith("forecasts_2")] == []


def test_small_reads_share_connections(history: None) -> None:
    """Sessions of this database since it was made: a hundred reads of each kind open no more than the pool holds."""
    forecasts.of_items([ITEM], AS_OF)
    warehouse.read("select 1 as one")
    before = _sessions()
    for _ in range(100):
        forecasts.of_items([ITEM], AS_OF)
        warehouse.read("select 1 as one")
    assert _sessions() - before <= 2


def _sessions() -> int:
    warehouse.execute("select pg_stat_force_next_flush()")
    return int(warehouse.row("select sessions from pg_stat_database where datname = current_database()")["sessions"])


def test_what_is_older_than_the_months_kept_is_dropped_and_comes_back_for_a_run_of_that_date(
    history: None, configured: pytest.MonkeyPatch
) -> None:
    before = {table: tables.names(table) for table in partitions.PARTITIONED}
    assert retention.prune(AS_OF) == [], "by default all is kept"
    configured.setenv("STOCKPROOF_RETENTION__PLAN_MONTHS", "3")
    settings.load.cache_clear()
    decided = warehouse.row("select count(*) as n from plan.decisions")
    gone = retention.prune(AS_OF)
    configured.delenv("STOCKPROOF_RETENTION__PLAN_MONTHS")
    settings.load.cache_clear()
    assert set(gone) == {name for kept in before.values() for name in kept if name[-7:] < "2026_03"}
    assert len(gone) >= 3
    assert warehouse.row("select min(as_of) as day from plan.forecasts")["day"] >= date(2026, 3, 1)
    assert warehouse.row("select count(*) as n from plan.decisions") == decided
    old = AS_OF - timedelta(days=150)
    rows = warehouse.read("select * from plan.forecasts limit 3").with_columns(as_of=pl.lit(old))
    warehouse.replace("plan.forecasts", rows, {"as_of": old})
    assert warehouse.row("select count(*) as n from plan.forecasts where as_of = :d", d=old)["n"] == 3
