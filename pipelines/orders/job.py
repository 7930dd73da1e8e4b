"""The orders stage: make a date's orders, bring the approved ones into the ERP, follow them until the goods are here."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pipelines.briefing import tables as failed_steps
from pipelines.briefing.queries import day_notices, order_notices
from pipelines.core.purchase_order import Step, silent
from pipelines.io import notify
from pipelines.orders import ledger, messages, propose, receipts, release, store

Facts = dict[str, int | float]


def daily(as_of: date, items: Sequence[str] = ()) -> dict[str, Any]:
    """What a daily run does with orders: close received ones, make the date's, score old overrides, tell people. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.
        items: the run decided these items alone; empty: all.

    Returns:
        Counts by step, and ``waiting``: notices on stale books and on earlier orders that wait
        for a hand, empty where there is nothing.
    """
    received = receipts.receive(as_of)
    proposed = propose.propose(as_of, partial=bool(items))
    scored = ledger.score(as_of)
    waiting = " ".join(filter(None, (day_notices.stale(as_of), order_notices.waiting(as_of))))
    if proposed["orders"]:
        message = messages.proposals_ready(as_of, proposed, failed_steps.degraded(as_of), waiting)
        notify.send("proposals_ready", *message, proposed | {"as_of": str(as_of)})
    return {"received": {**received}, "proposed": proposed, "scored": scored, "waiting": waiting}


def verdict(as_of: date, failed: Sequence[str]) -> str:
    """What to say of a run of which steps failed; the alert on the failed run carries it to people.

    Args:
        as_of: the run's date.
        failed: the steps, by name.

    Returns:
        One line; empty where nothing failed.
    """
    if not failed:
        return ""
    subject, text = messages.degraded(as_of, failed, store.counts(as_of))
    return f"{subject}. {text}"


def release_approved(as_of: date, *, recorded_at: datetime | None = None, step: Step = silent) -> Facts:
    """Bring the approved orders of a day and earlier into the ERP, each exactly once. Safe to repeat, kill and run twice at once.

    Args:
        as_of: the day the orders are placed.
        recorded_at: moment to record in the ERP's tables; None: the ERP's clock.
        step: called at each step.

    Returns:
        Orders, lines and value released by this call, approved orders of a later date, and ``held`` ones that want another look.

    Raises:
        StockproofError: the ERP is away or refused an order; what went out stays out, the rest is for the next release.
    """
    facts = release.release(as_of, release.destination(recorded_at), step)
    if facts["orders"]:
        notify.send("orders_released", *messages.released(as_of, facts), facts | {"as_of": str(as_of)})
    return facts
