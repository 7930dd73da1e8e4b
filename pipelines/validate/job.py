"""A gate: asks the rules of a boundary, writes down what it found, and stops the run where a fatal rule is broken."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.io import quarantine, warehouse
from pipelines.validate import as_of as sql
from pipelines.validate import docs, records, rules, session

if TYPE_CHECKING:
    from pipelines.validate.suites import Answer

_UNPLANNED: Final = "leave it out: an item has features from its first sale or count known on the date on, unless a data rule set it aside"


@dataclass(frozen=True)
class GateVerdict:
    """What becomes of a rule's answer.

    Attributes:
        answer: what the rule found.
        stops: the run stops because of it.
        message: one line for ops.gates and the error; empty where the rule is kept.
    """

    answer: "Answer"
    stops: bool
    message: str

    def row(self) -> dict[str, Any]:
        """The row of ops.gates."""
        rule = self.answer.rule
        return {
            "rule": rule.name,
            "table_name": rule.table,
            "severity": "fatal" if self.stops else rule.severity,
            "bad_rows": self.answer.bad_rows,
            "passed": self.answer.passed,
            "message": self.message,
        }


def run(boundary: str, as_of: date, *, items: Sequence[str] = ()) -> dict[str, int]:
    """Check a boundary and act on what is found. Safe to repeat: the date's verdicts and rows are replaced.

    Args:
        boundary: ``sources``, ``features``, ``forecasts`` or ``orders``.
        as_of: the run's date; nothing recorded after its end is looked at.
        items: item_ids the run plans; only their SKUs must have forecasts and decisions. Empty: all.

    Returns:
        ``rules``, ``broken`` (rules), ``quarantined`` and ``review`` (rows, each once however many rules it breaks).

    Raises:
        StockproofError: a fatal rule is broken (table, rule, count and sample rows), a table is missing, a rule cannot be asked, or the
            features have no SKU of an item asked for.
    """
    from pipelines.validate import suites

    gate = rules.load(boundary)
    values = _placeholders(as_of, items)
    queries = {rule: sql.bad_rows(rule, gate.sources[rule.table], values) for rule in gate.rules if rule.bad_rows}
    project = suites.context()
    with session.opened(sql.statements(gate, as_of, values), boundary) as connection:
        verdicts = [
            _judge(connection, answer, queries) for answer in suites.ask(project, gate, queries, connection, as_of)
        ]
        _write(connection, gate, as_of, verdicts, queries)
    shown = [verdict.row() | _asked(verdict.answer.rule, queries) for verdict in verdicts]
    docs.publish(boundary, as_of, shown, lambda folder: suites.write_docs(project, folder))
    _stop(boundary, as_of, verdicts)
    if boundary == "features" and items:
        planned = warehouse.read("select distinct item_id from marts.dim_sku")["item_id"]
        refuse_unknown(items, planned.to_list(), f"marts.dim_sku of {as_of}", _UNPLANNED)
    broken = sum(not v.answer.passed for v in verdicts)
    return {"rules": len(verdicts), "broken": broken, **quarantine.counts(as_of, list(gate.sources))}


def docs_index() -> Path:
    """First page of the data docs."""
    return docs.index()


def _asked(rule: rules.DataRule, queries: dict[rules.DataRule, str]) -> dict[str, str]:
    asked = queries.get(rule) or f"{rule.expectation} {json.dumps(dict(rule.kwargs))}"
    return {"description": rule.description, "remedy": rule.remedy, "asked": asked}


def _placeholders(as_of: date, items: Sequence[str]) -> dict[str, str]:
    config = settings.load()
    return sql.placeholders(
        as_of,
        spike_sigmas=config.quality.spike_sigmas,
        spike_quarantine_sigmas=config.quality.spike_quarantine_sigmas,
        spike_min_days=config.quality.spike_min_days,
        max_quantity=config.purchase.max_quantity,
        bucket_days=DAYS_IN[config.planning.grain],
        least_stock=-1e12 if config.planning.unmet_demand == "backorder" else 0.0,
        items=items,
    )


def _judge(connection: sa.Connection, answer: "Answer", queries: dict[rules.DataRule, str]) -> GateVerdict:
    rule = answer.rule
    if answer.passed:
        return GateVerdict(answer, False, "")
    found = answer.observed or f"{answer.bad_rows} rows"
    stops = rule.severity == "fatal"
    if rule.stop_above is not None and answer.bad_rows >= rules.STOP_ROWS:
        total = records.count(connection, rule.table)
        stops = rule.stops(answer.bad_rows, total)
        found += f" of {total}" + (f", more than the {rule.stop_above:.0%} a run can go on without" if stops else "")
    message = f"{rule.table}: {rule.name}: {found}"
    if stops and rule in queries:
        examples = [json.dumps(row, ensure_ascii=False) for row in records.sample(connection, queries[rule])]
        message += ", for example\n" + "\n".join(f"    {row}" for row in examples)
    return GateVerdict(answer, stops, message)


def _write(
    connection: sa.Connection,
    gate: rules.Gate,
    as_of: date,
    verdicts: Sequence[GateVerdict],
    queries: dict[rules.DataRule, str],
) -> None:
    records.clear(connection, gate, as_of)
    for verdict in verdicts:
        rule = verdict.answer.rule
        if verdict.answer.passed or verdict.stops:
            continue
        records.keep_rows(connection, rule, gate.sources[rule.table], queries[rule], as_of)
    records.keep_verdicts(connection, gate, as_of, [verdict.row() for verdict in verdicts])


def _stop(boundary: str, as_of: date, verdicts: Sequence[GateVerdict]) -> None:
    fatal = [verdict for verdict in verdicts if verdict.stops]
    if not fatal:
        return
    plural = "rule is" if len(fatal) == 1 else "rules are"
    lines = [f"gate {boundary} stopped the run of {as_of}: {len(fatal)} {plural} broken"]
    remedies = dict.fromkeys(verdict.answer.rule.remedy for verdict in fatal)
    lines += [f"  {verdict.message}" for verdict in fatal]
    raise StockproofError("\n".join(lines), "; ".join(remedies))
