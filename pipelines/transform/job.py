"""The transform stage: one ``dbt build`` of staging, intermediate and marts with their tests, for one as-of date."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import files, warehouse
from pipelines.transform import attempts, dbt_cli

FAILED: Final = ("error", "fail", "runtime error", "partial success")
SHOWN_ROWS: Final = 3
"""Rows of a failed test shown in the error."""


def run(as_of: date, *, select: str | None = None) -> dict[str, int]:
    """Build the marts of a date and test them. Safe to repeat: everything is rebuilt from raw.

    After a failed attempt at the same date with the same inputs only what failed and what was skipped runs, and what was changed since.

    Args:
        as_of: the run's date; raw rows recorded after its end are not read.
        select: dbt selection, e.g. ``"dim_sku+"``; always run whole. None: everything.

    Returns:
        Counts: models, tests, warnings, resumed (1 where an earlier attempt was gone on from), skus.

    Raises:
        StockproofError: a model or test failed: each by name, with the database's words or the offending rows.
    """
    variables = variables_of(as_of)
    with _alone():
        state = attempts.resumable(as_of, variables) if select is None else None
        if state is None:
            attempts.forget()
        chosen = _resumption(state) if state else (["--select", *select.split()] if select else [])
        results = build(variables, ["--exclude-resource-type", "unit_test", *chosen])
        failed = [result for result in results if result.status in FAILED]
        if failed:
            if select is None:
                attempts.remember(as_of, variables)
            raise _failure(as_of, failed, results)
        if select is None:
            attempts.forget()
    return _counts(results) | {"resumed": int(state is not None), "skus": _skus()}


def build(variables: Mapping[str, Any], arguments: Sequence[str] = ()) -> list[Any]:
    """One ``dbt build``.

    Args:
        variables: dbt variables, see :func:`variables_of`.
        arguments: further options.

    Returns:
        dbt's results, one a node, failed ones included.

    Raises:
        StockproofError: dbt could not run at all.
    """
    manifest = dbt_cli.parse()
    answer = dbt_cli.invoke(
        ["build", "--vars", dbt_cli.yaml_of(variables), *arguments], "dbt build could not start", manifest
    )
    return list(answer.result.results)


def docs() -> Path:
    """Build dbt's documentation of the warehouse as one self-contained page.

    Returns:
        The page, ``dbt/docs/index.html`` below the state folder.

    Raises:
        StockproofError: dbt could not run.
    """
    dbt_cli.invoke(
        ["--quiet", "docs", "generate", "--static", "--no-compile"], "dbt docs could not be built", dbt_cli.parse()
    )
    page = dbt_cli.folder("target") / "static_index.html"
    return files.write_atomic(dbt_cli.folder("docs") / "index.html", page.read_bytes())


def variables_of(as_of: date) -> dict[str, Any]:
    """Variables of dbt for a date, from the configuration.

    Args:
        as_of: the run's date.

    Returns:
        Name → value, as ``dbt_project.yml`` documents them.
    """
    config = settings.load()
    return {
        "as_of": as_of.isoformat(),
        "bucket": config.planning.grain,
        "sales_by_month": config.planning.bucket == "month",
        "history_days": config.planning.history_days,
        "review_period_days": config.planning.review_period_days,
        "default_lead_time_days": config.planning.default_lead_time_days,
        "holding_cost_rate": config.costs.holding_cost_rate,
        "ordering_cost": config.costs.ordering_cost,
        "service_target": config.costs.service_target,
        "unmet_demand": config.planning.unmet_demand,
    }


@contextmanager
def _alone() -> Iterator[None]:
    """Marts hold one date: two builds at once would mix theirs. The lock ends with the connection, also where the process is killed."""
    with warehouse.transaction() as connection:
        if not connection.execute(sa.text("select pg_try_advisory_xact_lock(hashtext('marts'))")).scalar():
            raise StockproofError(
                "another build of the marts is running on this warehouse",
                "wait for it to end, or stop it, and run this one again",
            )
        yield


def _resumption(state: Path) -> list[str]:
    return ["--select", *attempts.SELECTION, "--state", str(state)]


def _counts(results: Sequence[Any]) -> dict[str, int]:
    kinds = Counter(str(result.node.resource_type) for result in results)
    return {
        "models": kinds["model"],
        "tests": kinds["test"],
        "warnings": sum(str(result.status) == "warn" for result in results),
    }


def _skus() -> int:
    return int(warehouse.read("select count(*) as n from marts.dim_sku")["n"][0])


def _failure(as_of: date, failed: Sequence[Any], results: Sequence[Any]) -> StockproofError:
    lines = [f"dbt: {len(failed)} of {len(results)} models and tests failed for {as_of}"]
    lines += [line for result in failed for line in _explained(result)]
    skipped = sum(str(result.status) == "skipped" for result in results)
    if skipped:
        lines.append(f"  {skipped} more depend on them and were skipped")
    return StockproofError(
        "\n".join(lines),
        "fix the rows or the model and run the same date again: only what failed or was skipped runs, if the data are unchanged; "
        f"dbt's log: {dbt_cli.folder('logs') / 'dbt.log'}",
    )


def _explained(result: Any) -> list[str]:
    node = result.node
    lines = [f"  {node.resource_type} {node.name} ({node.original_file_path})"]
    lines += [f"    {line}" for line in str(result.message or result.status).strip().splitlines()]
    if str(node.resource_type) == "test" and str(result.status) == "fail":
        lines += [f"    {row}" for row in _offending(node)]
    return lines


def _offending(node: Any) -> list[str]:
    """First rows a failed test returned."""
    try:
        rows = warehouse.read(f"select * from ({node.compiled_code}) as offending limit {SHOWN_ROWS}").rows(named=True)
    except Exception as fault:  # the test's own failure is what the user must read, not that its rows cannot be shown
        return [f"its rows cannot be shown: {str(fault).splitlines()[0]}"]
    return [", ".join(f"{name} = {value}" for name, value in row.items()) for row in rows]
