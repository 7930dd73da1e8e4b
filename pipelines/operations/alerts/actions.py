"""What a person does with an alert. One transaction each."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines import settings
from pipelines.core.errors import NotFound, StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.io import notify
from pipelines.operations.alerts import messages, rules, tables


def acknowledge(alert_id: int, author: str, reason: str = "") -> None:
    """Note that a person has seen it.

    Raises:
        StockproofError: no open alert has this number.
    """
    _change(alert_id, {"acknowledged_at": tables.now(), "acknowledged_by": author}, "acknowledged", author, reason)


def assign(alert_id: int, to: str, author: str, reason: str = "") -> None:
    """Hand it to a person.

    Raises:
        StockproofError: no open alert has this number.
    """
    _change(alert_id, {"assigned_to": to}, "assigned", author, reason or f"to {to}")


def snooze(alert_id: int, hours: float, author: str, reason: str = "") -> None:
    """Hide it for some hours; it is sent once more if the condition still holds then.

    Raises:
        StockproofError: no open alert has this number, or the hours are not positive.
    """
    if hours <= 0:
        raise StockproofError(f"an alert cannot be snoozed for {hours:g} hours", "give a positive number of hours")
    until = datetime.now(UTC) + timedelta(hours=hours)
    _change(alert_id, {"snoozed_until": until}, "snoozed", author, reason or f"until {until:%Y-%m-%d %H:%M} UTC")


def done(alert_id: int, author: str, reason: str = "") -> None:
    """Take it off the list, whether or not the condition has passed; it is not sent again until it has passed and comes back.

    Raises:
        StockproofError: no open alert has this number.
    """
    _change(alert_id, {"done_at": tables.now(), "done_by": author}, "done", author, reason)


def send_test(level: str) -> dict[str, Any]:
    """Send a test message by every way configured for a level.

    Args:
        level: critical, warning or info.

    Returns:
        ``delivered`` and ``failed`` ways, ``warnings``.

    Raises:
        StockproofError: no such level.
    """
    refuse_unknown([level], rules.LEVELS, "the levels of alerts", "name one of them")
    config = settings.load().alerts
    case = {
        "level": level,
        "title": "Test message",
        "subject": "",
        "what": "A person asked for this message.",
        "facts": {},
        "meaning": "Nothing is wrong.",
        "runbook": "daily-summary",
        "opened_at": datetime.now(UTC),
    }
    subject, text = messages.raised([case], config.runbook)
    sent = notify.deliver("test", subject, text, {"level": level}, getattr(config, level))
    return {"delivered": sent.delivered, "failed": sent.failed, "warnings": sent.warnings}


def _change(alert_id: int, values: dict[str, Any], event: str, author: str, reason: str) -> None:
    if not tables.change(alert_id, values, event, author, reason):
        raise NotFound(f"there is no open alert {alert_id}", "`stockproof alerts list` shows those that are open")
