"""The door to Great Expectations: a suite a table, asked on the warehouse, and its data docs. Import it late: it costs seconds."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, ClassVar

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.core.run_identifier import RunIdentifier

from pipelines.core.errors import StockproofError
from pipelines.validate.rules import GUIDE, DataRule, Gate
from pipelines.validate.session import driver_connection

# This one module sets its own level when it is imported, and says where it does not write data docs.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

_SEVERITIES = {"fatal": "critical", "quarantine": "warning", "review": "info"}  # ours → Great Expectations'
_SITE = "stockproof"


class BadRows(gxe.UnexpectedRowsExpectation):  # type: ignore[misc]
    """The SELECT of a rule yields no rows. Only counts: the rows themselves go to quarantine by the same SELECT.

    Unlike its parent it does not ask for ``{batch}``, which would put a subquery without an alias in the table's place.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    @pydantic.validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:
        return query.replace("{", "{{").replace("}", "}}")  # the metric formats it once more

    def _validate(self, metrics: Mapping[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}


@dataclass(frozen=True)
class Answer:
    """What a rule found.

    Attributes:
        rule: the rule.
        passed: nothing is wrong.
        bad_rows: number of offending rows; 0 or 1 where the expectation counts none.
        observed: what an expectation saw, in words; empty for ``bad_rows`` rules.
    """

    rule: DataRule
    passed: bool
    bad_rows: int
    observed: str = ""


def context() -> Any:
    """An in-memory Great Expectations project: rules come from our files, verdicts go to our tables."""
    project = gx.get_context(mode="ephemeral")
    project.variables.progress_bars = {"globally": False}
    project.delete_data_docs_site("local_site")  # the default one writes to a temporary folder nobody reads
    return project


def ask(
    project: Any, gate: Gate, queries: Mapping[DataRule, str], connection: sa.Connection, as_of: date
) -> list[Answer]:
    """Answers to all rules of a gate.

    Args:
        project: see :func:`context`.
        gate: the rules.
        queries: rule → its SELECT (:func:`pipelines.validate.as_of.bad_rows`).
        connection: a session that sees the gate's tables (:mod:`pipelines.validate.session`).
        as_of: the run's date, which names the run in the data docs.

    Returns:
        One answer a rule, in the gate's order.

    Raises:
        StockproofError: a rule cannot be asked: wrong class, arguments or SQL.
    """
    driver = driver_connection(connection)
    warehouse = project.data_sources.add_postgres(
        "warehouse",
        # Never connected to: the creator hands over the session that has the views.
        connection_string="postgresql+psycopg://stockproof@127.0.0.1/warehouse",
        create_temp_table=False,
        kwargs={"poolclass": sa.pool.StaticPool, "creator": lambda: driver},
    )
    run = RunIdentifier(run_name=f"{gate.boundary} {as_of}", run_time=datetime.combine(as_of, time.max, UTC))
    answers: dict[DataRule, Answer] = {}
    for table in gate.checked:
        rules = gate.rules_of(table)
        suite = project.suites.add(
            gx.ExpectationSuite(
                f"{gate.boundary}.{table}", expectations=[_expectation(rule, queries) for rule in rules]
            )
        )
        batch = warehouse.add_table_asset(table, table_name=table).add_batch_definition_whole_table("as_of")
        definition = project.validation_definitions.add(
            gx.ValidationDefinition(name=f"{gate.boundary}.{table}", data=batch, suite=suite)
        )
        results = {
            result.expectation_config.meta["rule"]: result
            for result in definition.run(result_format="SUMMARY", run_id=run).results
        }
        answers |= {rule: _answer(rule, results[rule.name]) for rule in rules}
    return [answers[rule] for rule in gate.rules]


def write_docs(project: Any, folder: Path) -> None:
    """Build the static site of all that was asked in a project.

    Args:
        project: see :func:`context`; :func:`ask` has run in it.
        folder: an existing, empty folder; gets ``index.html``.
    """
    project.add_data_docs_site(
        site_name=_SITE,
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    project.build_data_docs(site_names=[_SITE])


def _expectation(rule: DataRule, queries: Mapping[DataRule, str]) -> Any:
    common = {
        "severity": _SEVERITIES[rule.severity],
        "description": f"{rule.name}: {rule.description}",
        "meta": {"rule": rule.name, "severity": rule.severity, "notes": f"{rule.severity}. Remedy: {rule.remedy}"},
    }
    if rule.expectation is None:
        return BadRows(unexpected_rows_query=queries[rule], **common)
    kind = getattr(gxe, rule.expectation, None)
    if kind is None:
        raise StockproofError(
            f"rule {rule.name} on {rule.table}: expectation {rule.expectation!r} is no class of great_expectations.expectations",
            GUIDE,
        )
    try:
        return kind(**rule.kwargs, **common)
    except (TypeError, ValueError) as fault:
        words = " ".join(str(fault).split())
        raise StockproofError(f"rule {rule.name} on {rule.table}: kwargs refused: {words}", GUIDE) from None


def _answer(rule: DataRule, result: Any) -> Answer:
    fault = _exceptions(result.exception_info)
    if fault:
        raise StockproofError(
            f"rule {rule.name} on {rule.table} cannot be asked: {fault}", "do the columns it names exist? " + GUIDE
        )
    found = result.result
    if rule.expectation is None:
        return Answer(rule, bool(result.success), int(found["observed_value"]))
    if result.success:
        return Answer(rule, True, 0)
    if "unexpected_count" in found:
        total = found.get("element_count")
        return Answer(rule, False, int(found["unexpected_count"]), f"{found['unexpected_count']} of {total} rows")
    return Answer(rule, False, 1, f"observed {found.get('observed_value')}")


def _exceptions(info: Mapping[str, Any]) -> str:
    """First line of what an expectation raised, however it is nested; empty where nothing was raised."""
    entries: Iterable[Any] = [info] if "raised_exception" in info else info.values()
    for entry in entries:
        if entry.get("raised_exception"):
            return next(
                (line for line in str(entry["exception_message"]).splitlines() if line.strip()), "unknown fault"
            )
    return ""
