"""Raise alerts, send each once, tell of the recovery. A fault in here is logged and never stops the run it is about."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.briefing.degraded import STEPS
from pipelines.core.errors import StockproofError
from pipelines.io import notify, warehouse
from pipelines.operations.alerts import messages, rules, spool, tables
from pipelines.operations.alerts.rules import AlertRule, Sample

log = logging.getLogger(__name__)

AWAY: Final = (StockproofError, sa.exc.SQLAlchemyError)
"""What the warehouse raises if it is away or not migrated."""

DAILY: Final = "daily_replenishment"

RUN_RULES: Final = ("dag_failed", "run_degraded")


@dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        dag_id: of the DAG.
        run_id: of the run.
        step: task that failed; empty if not known.
        as_of: the run's date; None if not known.
        error: the exception's words; empty if not known.
        doc: the DAG's page, Markdown.
        since: when the step began; None: now.
        closed: the run is over, so that no later step of it will send anything.
    """

    dag_id: str
    run_id: str
    step: str = ""
    as_of: date | None = None
    error: str = ""
    doc: str = ""
    since: datetime | None = None
    closed: bool = False

    @property
    def subject(self) -> str:
        """Key of its alert: one a run."""
        return f"{self.dag_id} {self.run_id}"


def run_failed(failure: Failure) -> None:
    """Tell people of a failed run, once a run, whichever and however many of its steps fail.

    A step that the day can do without is left to the step ``verdict``, which knows what the orders were decided without.

    Args:
        failure: what is known of it.
    """
    if failure.dag_id == DAILY and failure.step in STEPS and not failure.closed:
        return
    headline, marker, rest = failure.error.partition(": degraded, failed: ")
    if failure.dag_id == DAILY and failure.step == "verdict" and marker:
        failed, _, meaning = rest.partition(". ")
        facts: dict[str, Any] = {
            "as_of": failure.as_of,
            "failed": failed.split(", "),
            "headline": f"{headline}{marker}{failed}",
        }
        raise_alert("run_degraded", failure.subject, f"Steps that failed: {failed}.", meaning=meaning, facts=facts)
        return
    of = f"{failure.dag_id}{f' of {failure.as_of}' if failure.as_of else ''}"
    step = f", step {failure.step}" if failure.step else ""
    facts = {
        "dag": failure.dag_id,
        "run": failure.run_id,
        "step": failure.step,
        "as_of": failure.as_of,
        "headline": f"Stockproof critical: {of} failed{step}",
    }
    what = f"{of}{step}: {failure.error or 'the run failed; see its log in Airflow'}"
    raise_alert("dag_failed", failure.subject, what, meaning=_meaning(failure), facts=facts, opened_at=failure.since)


def run_succeeded(dag_id: str) -> None:
    """A run of a DAG succeeded: its failures are over."""
    try:
        with warehouse.transaction() as connection:
            _absorb(connection)
            tables.recover_like(RUN_RULES, f"{dag_id} ", connection)
    except AWAY as fault:
        log.warning("alerts of %s cannot be closed: %s", dag_id, fault)
        return
    send()


def raise_alert(
    rule: str,
    subject: str,
    what: str,
    *,
    meaning: str = "",
    facts: dict[str, Any] | None = None,
    opened_at: datetime | None = None,
) -> None:
    """Open an alert, or note that it still holds, and send what has not been sent.

    Args:
        rule: name of a rule.
        subject: what it is of; one open alert a rule and subject.
        what: one sentence, the case.
        meaning: what follows for the day's orders; empty: the rule's.
        facts: figures for programs.
        opened_at: since when; None: now.
    """
    known = rules.load()
    if rule not in known:
        log.info("no rule %s in alerts.rules_file: %s", rule, what)
        return
    case = {"subject": subject, "what": what, "facts": facts or {}, "opened_at": opened_at}
    if meaning:
        case["meaning"] = meaning
    try:
        with warehouse.transaction() as connection:
            _absorb(connection)
            if rule not in RUN_RULES or not tables.is_open(RUN_RULES, subject, connection):
                tables.open_alerts(known[rule], [case], connection)
    except AWAY as fault:
        _without_table(known[rule], case, fault)
        return
    send()


def judge(samples: Sequence[Sample]) -> None:
    """Apply the rules to measured values: open what fires, close what has passed, send both.

    Args:
        samples: as measured.
    """
    known = rules.load()
    found = rules.firing(list(known.values()), samples)
    try:
        with warehouse.transaction() as connection:
            _absorb(connection)
            for name, cases in found.items():
                tables.open_alerts(known[name], _cases(cases), connection)
                tables.recover(name, cases, connection)
    except AWAY as fault:
        for name, cases in found.items():
            for case in _cases(cases):
                _without_table(known[name], case, fault)
        return
    send()


def hold(rule: str, cases: dict[str, str]) -> None:
    """Say on which subjects a rule holds now: those are open, all others of the rule are over.

    Args:
        rule: name of a rule that the program raises itself.
        cases: subject → one sentence.
    """
    known = rules.load()
    if rule not in known:
        return
    listed = [{"subject": subject, "what": what} for subject, what in sorted(cases.items())]
    try:
        with warehouse.transaction() as connection:
            _absorb(connection)
            tables.open_alerts(known[rule], listed, connection)
            tables.recover(rule, cases, connection)
    except AWAY as fault:
        for case in listed:
            _without_table(known[rule], case, fault)
        return
    send()


def daily_summary(as_of: date, samples: Sequence[Sample]) -> None:
    """Send the figures of a day as information, once a date; a summary is over as soon as it is sent.

    Args:
        as_of: the run's date.
        samples: as measured after the run.
    """
    text = messages.summary(samples)
    raise_alert(
        "daily_summary", str(as_of), text, facts={"headline": f"Stockproof {as_of}: summary of the day", "as_of": as_of}
    )
    try:
        with warehouse.transaction() as connection:
            tables.close_sent("daily_summary", connection)
    except AWAY as fault:
        log.warning("the summary cannot be closed: %s", fault)


def send() -> None:
    """Send every alert that has not been sent, one message a rule, and every recovery."""
    config = settings.load().alerts
    try:
        with warehouse.transaction() as connection:
            for group in _by_rule(tables.unsent(connection)):
                subject, text = messages.raised(group, config.runbook)
                if _delivered(group, group[0]["rule"], subject, text):
                    tables.mark("notified_at", [one["alert_id"] for one in group], connection)
            for group in _by_rule(tables.recovered(connection)):
                subject, text = messages.recovered(group)
                if _delivered(group, f"{group[0]['rule']}_recovered", subject, text):
                    tables.mark("recovery_notified_at", [one["alert_id"] for one in group], connection)
            spool.remember(spool.key(rule, subject) for rule, subject in tables.sent_keys(connection))
    except AWAY as fault:
        log.warning("alerts cannot be read: %s", fault)


def _cases(found: dict[str, Sample]) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "what": messages.case(sample),
            "facts": {"metric": sample.name, "value": sample.value, **sample.labels},
        }
        for subject, sample in sorted(found.items())
    ]


def _delivered(group: Sequence[messages.Alert], event: str, subject: str, text: str) -> bool:
    """Send one message; False if every way that is configured failed, so that the next attempt tries again."""
    first = group[0]
    ways = getattr(settings.load().alerts, first["level"])
    facts = {key: value for key, value in first["facts"].items() if key != "headline"}
    facts |= {
        "level": first["level"],
        "alerts": len(group),
        "since": min(one["opened_at"] for one in group).isoformat(),
    }
    facts = {key: value if isinstance(value, int | float | list) else str(value) for key, value in facts.items()}
    return not notify.deliver(event, subject, text, facts, ways).lost


def _by_rule(alerts: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in alerts:
        groups.setdefault(one["rule"], []).append(one)
    return list(groups.values())


def _meaning(failure: Failure) -> str:
    """What the failure means for the day's orders."""
    after = messages.after_failure(failure.doc)
    if failure.dag_id != DAILY or failure.as_of is None:
        return after
    try:
        with warehouse.transaction() as connection:
            held = tables.day(failure.as_of, connection)
    except AWAY:
        return f"There are no new orders for {failure.as_of}, and the warehouse does not answer. {after}".strip()
    return messages.orders_stand(failure.as_of, held["skus"], held["orders"], held["before"])


def _without_table(rule: AlertRule, case: dict[str, Any], fault: Exception) -> None:
    """Send an alert though the warehouse is away, once; the table gets it when the warehouse is back."""
    log.warning("alert %s is kept in a file, as the warehouse is away: %s", rule.name, fault)
    with spool.entries() as held:
        held_or_sent = spool.remembered() | set(held)
        same_run = [spool.key(name, case["subject"]) for name in RUN_RULES] if rule.name in RUN_RULES else []
        if any(key in held_or_sent for key in [*same_run, spool.key(rule.name, case["subject"])]):
            return
        at = case.get("opened_at") or datetime.now(UTC)
        alert = {
            "rule": rule.name, "level": rule.level, "title": rule.title, "runbook": rule.runbook, "meaning": rule.meaning,
            **case, "facts": case.get("facts") or {}, "opened_at": at,
        }  # fmt: skip
        subject, text = messages.raised([alert], settings.load().alerts.runbook)
        if _delivered([alert], rule.name, subject, text):
            facts = {key: str(value) for key, value in alert["facts"].items()}
            held[spool.key(rule.name, case["subject"])] = {
                **{key: alert[key] for key in ("rule", "subject", "what", "meaning")},
                "facts": facts,
                "opened_at": at.isoformat(),
                "notified_at": datetime.now(UTC).isoformat(),
            }


def _absorb(connection: sa.Connection) -> None:
    """Hand the table what was raised while it was away. The file is emptied first: sent twice is worse than listed not at all."""
    known = rules.load()
    with spool.entries() as held:
        kept = list(held.values())
        held.clear()
    for entry in kept:
        rule = known.get(entry.pop("rule"))
        if rule is not None:
            tables.open_alerts(rule, [entry], connection)
