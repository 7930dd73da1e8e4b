"""All SQL of the alerts."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines.io import warehouse
from pipelines.operations.alerts.rules import AlertRule

READS: Final = ("ops.alerts", "ops.alert_events", "plan.decisions", "orders.orders")
WRITES: Final = ("ops.alerts", "ops.alert_events")

_OPEN = """
insert into ops.alerts (rule, subject, level, title, what, meaning, runbook, facts, opened_at, notified_at)
values (:rule, :subject, :level, :title, :what, :meaning, :runbook, cast(:facts as jsonb),
    coalesce(cast(:opened_at as timestamptz), clock_timestamp()), :notified_at)
on conflict (rule, subject) where recovered_at is null
    do update set times = alerts.times + 1, seen_at = clock_timestamp()
returning alert_id
"""

_UNSENT = """
select * from ops.alerts
where recovered_at is null and done_at is null and (notified_at is null
    or (snoozed_until < clock_timestamp() and notified_at < snoozed_until))
order by rule, alert_id for update skip locked
"""

_RECOVERED = """
select * from ops.alerts
where recovered_at is not null and recovery_notified_at is null and notified_at is not null and done_at is null
order by rule, alert_id for update skip locked
"""

_DAY = """
select (select count(*) from plan.decisions where as_of = :as_of) as skus,
    (select count(*) from plan.decisions where as_of = :as_of and level_reason <> '') as by_next_level,
    (select count(*) from orders.orders where as_of = :as_of) as orders,
    (select max(as_of) from orders.orders where as_of < :as_of) as before
"""


def open_alerts(rule: AlertRule, cases: Iterable[dict[str, Any]], connection: sa.Connection) -> None:
    """Open an alert for each case, or note that it still holds.

    Args:
        rule: of all cases.
        cases: ``subject``, ``what``, and as far as they differ from the rule's: ``meaning``, ``facts``, ``opened_at``, ``notified_at``.
        connection: of a transaction.
    """
    for case in cases:
        connection.execute(
            sa.text(_OPEN),
            {
                "rule": rule.name,
                "level": rule.level,
                "title": rule.title,
                "runbook": rule.runbook,
                "meaning": rule.meaning,
                "opened_at": None,
                "notified_at": None,
                **case,
                "facts": json.dumps(case.get("facts") or {}, default=str),
            },
        )


def is_open(rules: Sequence[str], subject: str, connection: sa.Connection) -> bool:
    """Whether one of the rules has an open alert on the subject; if so, that it was seen again is noted."""
    query = """update ops.alerts set times = times + 1, seen_at = clock_timestamp()
        where rule = any(:rules) and subject = :subject and recovered_at is null"""
    return connection.execute(sa.text(query), {"rules": list(rules), "subject": subject}).rowcount > 0


def recover(rule: str, still: Iterable[str], connection: sa.Connection) -> None:
    """Close a rule's alerts on all subjects but those where the condition still holds."""
    query = """update ops.alerts set recovered_at = clock_timestamp()
        where rule = :rule and recovered_at is null and not (subject = any(:still))"""
    connection.execute(sa.text(query), {"rule": rule, "still": list(still)})


def recover_like(rules: Sequence[str], prefix: str, connection: sa.Connection) -> None:
    """Close the rules' alerts whose subject begins with a text."""
    query = """update ops.alerts set recovered_at = clock_timestamp()
        where rule = any(:rules) and recovered_at is null and starts_with(subject, :prefix)"""
    connection.execute(sa.text(query), {"rules": list(rules), "prefix": prefix})


def close_sent(rule: str, connection: sa.Connection) -> None:
    """Mark a rule's alerts that were sent as done: information wants nothing of a person."""
    query = """update ops.alerts set done_at = clock_timestamp(), done_by = 'stockproof'
        where rule = :rule and notified_at is not null and done_at is null"""
    connection.execute(sa.text(query), {"rule": rule})


def unsent(connection: sa.Connection) -> list[dict[str, Any]]:
    """Open alerts that no message has gone out for, locked until the transaction ends, so that two processes never send one twice."""
    return [dict(row) for row in connection.execute(sa.text(_UNSENT)).mappings()]


def recovered(connection: sa.Connection) -> list[dict[str, Any]]:
    """Closed alerts whose end was not sent yet, locked as in :func:`unsent`."""
    return [dict(row) for row in connection.execute(sa.text(_RECOVERED)).mappings()]


def sent_keys(connection: sa.Connection) -> list[tuple[str, str]]:
    """Rule and subject of every open alert that a message has gone out for."""
    query = "select rule, subject from ops.alerts where recovered_at is null and notified_at is not null"
    return [(row.rule, row.subject) for row in connection.execute(sa.text(query))]


def mark(column: str, ids: Sequence[int], connection: sa.Connection) -> None:
    """Note that a message went out: ``notified_at`` or ``recovery_notified_at``."""
    query = f"update ops.alerts set {column} = clock_timestamp() where alert_id = any(:ids)"
    connection.execute(sa.text(query), {"ids": list(ids)})


def day(as_of: date, connection: sa.Connection) -> dict[str, Any]:
    """What the tables hold of a day: ``skus`` decided, ``by_next_level`` of them, ``orders``, and the date of the orders ``before``."""
    return dict(connection.execute(sa.text(_DAY), {"as_of": as_of}).mappings().one())


def listed(*, closed: bool, limit: int) -> list[dict[str, Any]]:
    """Alerts, newest first.

    Args:
        closed: those that recovered or were marked done too, else only what is open and not snoozed.
        limit: most rows.
    """
    condition = (
        "true"
        if closed
        else "recovered_at is null and done_at is null and (snoozed_until is null or snoozed_until < clock_timestamp())"
    )
    query = f"select * from ops.alerts where {condition} order by alert_id desc limit :limit"
    with warehouse.transaction() as connection:
        return [dict(row) for row in connection.execute(sa.text(query), {"limit": limit}).mappings()]


def change(alert_id: int, values: dict[str, Any], event: str, author: str, reason: str) -> bool:
    """Set columns of an open alert and note who did it; False if there is no such open alert."""
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    query = f"update ops.alerts set {assigned} where alert_id = :alert_id and recovered_at is null and done_at is null"
    with warehouse.transaction() as connection:
        if not connection.execute(sa.text(query), {**values, "alert_id": alert_id}).rowcount:
            return False
        connection.execute(
            sa.text(
                "insert into ops.alert_events (alert_id, event, author, reason) values (:id, :event, :author, :reason)"
            ),
            {"id": alert_id, "event": event, "author": author, "reason": reason},
        )
    return True


def now() -> datetime:
    """The warehouse's clock."""
    with warehouse.transaction() as connection:
        moment: datetime = connection.execute(sa.text("select clock_timestamp()")).scalar_one()
    return moment
