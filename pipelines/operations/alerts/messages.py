"""Subject and text of alerts. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from pipelines.core.text import count
from pipelines.operations.alerts.rules import Sample

NAMED: Final = 5
"""Cases named in a message; of more, the number is given."""

Alert = Mapping[str, Any]
"""Columns of ``ops.alerts``."""


def raised(alerts: Sequence[Alert], runbook: str) -> tuple[str, str]:
    """Subject and text of one message for all alerts of a rule.

    Args:
        alerts: at least one, all of a rule.
        runbook: link of its page; ``{name}`` stands for the page's name.

    >>> alert = {"level": "warning", "title": "The fill rate is below 90%", "subject": "", "what": "87.0% of units were sold",
    ...     "meaning": "Orders are complete.", "runbook": "fill-low", "opened_at": datetime(2026, 6, 28, 22, tzinfo=UTC), "facts": {}}
    >>> subject, text = raised([alert], "https://docs.example/{name}")
    >>> subject
    'Stockproof warning: The fill rate is below 90%'
    >>> print(text)
    What            87.0% of units were sold
    Since           2026-06-28 22:00 UTC
    Today's orders  Orders are complete.
    Runbook         https://docs.example/fill-low
    """
    first = alerts[0]
    subject = f"Stockproof {first['level']}: {first['title']}"
    if len(alerts) > 1:
        subject += f" ({len(alerts):,})"
    elif own := first["facts"].get("headline"):
        subject = own
    since = min(one["opened_at"] for one in alerts)
    meanings = list(dict.fromkeys(one["meaning"] for one in alerts))
    rows = [("What", _what(alerts)), ("Since", _moment(since)), ("Today's orders", " ".join(meanings[:NAMED]))]
    rows.append(("Runbook", runbook.format(name=first["runbook"])))
    if number := first.get("alert_id"):
        rows.append(("Acknowledge", f"stockproof alerts acknowledge {number}"))
    return subject, "\n".join(f"{name:<15} {words}" for name, words in rows if words)


def recovered(alerts: Sequence[Alert]) -> tuple[str, str]:
    """Subject and text of the notice that conditions have passed.

    >>> alert = {"level": "critical", "title": "The ERP cannot be reached", "subject": "erp", "what": "no answer", "facts": {},
    ...     "opened_at": datetime(2026, 6, 28, 22, tzinfo=UTC), "recovered_at": datetime(2026, 6, 28, 23, 30, tzinfo=UTC)}
    >>> subject, text = recovered([alert])
    >>> print(text)
    Was             no answer
    From            2026-06-28 22:00 UTC
    Until           2026-06-28 23:30 UTC
    """
    first = alerts[0]
    subject = f"Stockproof recovered: {first['title']}" + (f" ({len(alerts):,})" if len(alerts) > 1 else "")
    since, until = min(one["opened_at"] for one in alerts), max(one["recovered_at"] for one in alerts)
    rows = [("Was", _what(alerts)), ("From", _moment(since)), ("Until", _moment(until))]
    return subject, "\n".join(f"{name:<15} {words}" for name, words in rows)


def _what(alerts: Sequence[Alert]) -> str:
    words = [one["what"] for one in alerts[:NAMED]]
    if more := len(alerts) - NAMED:
        words += [f"and {more:,} more"] if more > 0 else []
    return f"\n{'':<16}".join(words)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


_SUMMARY: Final = (
    ("stockproof_orders", "orders", "{:,.0f}"),
    ("stockproof_order_value", "worth", "{:,.2f}"),
    ("stockproof_stockout_skus", "SKUs out of stock", "{:,.0f}"),
    ("stockproof_fill_ratio", "fill rate of 28 days", "{:.1%}"),
    ("stockproof_stock_value", "stock at cost", "{:,.2f}"),
    ("stockproof_cost_per_day", "cost a day", "{:,.2f}"),
    ("stockproof_forecast_error_ratio", "forecast error", "{:.1%}"),
    ("stockproof_quarantined_rows", "rows set aside", "{:,.0f}"),
)


def summary(samples: Sequence[Sample]) -> str:
    """The day's figures in one line; what was not measured is left out.

    >>> summary([Sample("stockproof_orders", 58.0, {"state": "proposed"}), Sample("stockproof_fill_ratio", 0.97)])
    'orders 58; fill rate of 28 days 97.0%'
    """
    totals: dict[str, float] = {}
    for one in samples:
        totals[one.name] = totals.get(one.name, 0.0) + one.value
    parts = [f"{words} {form.format(totals[name])}" for name, words, form in _SUMMARY if name in totals]
    return "; ".join(parts) or "nothing was measured"


def case(sample: Sample) -> str:
    """One measured value in words.

    >>> case(Sample("stockproof_sku_stockout", 1.0, {"item_id": "I7", "location_id": "W1", "priority": "high"}))
    'I7 at W1'
    >>> case(Sample("stockproof_fill_ratio", 0.87)), case(Sample("stockproof_up", 0.0, {"part": "erp"}))
    ('stockproof_fill_ratio is 0.87', 'stockproof_up of erp is 0')
    """
    if "item_id" in sample.labels:
        return f"{sample.labels['item_id']} at {sample.labels.get('location_id', '?')}"
    return f"{sample.name}{f' of {sample.subject}' if sample.labels else ''} is {sample.value:,.4g}"


def orders_stand(as_of: date, skus: int, orders: int, before: date | None) -> str:
    """What a failed daily run means for the day's orders.

    >>> orders_stand(date(2026, 6, 28), 0, 0, date(2026, 6, 27))
    'There are no new orders for 2026-06-28; those of 2026-06-27 remain valid.'
    >>> orders_stand(date(2026, 6, 28), 2016, 58, None)
    '58 orders of 2026-06-28 stand and may be signed.'
    """
    if orders:
        return f"{count(orders, 'order')} of {as_of} stand and may be signed."
    if skus:
        return f"{count(skus, 'SKU')} of {as_of} are decided, but no orders are made of them yet."
    earlier = f"those of {before} remain valid" if before else "none was made before"
    return f"There are no new orders for {as_of}; {earlier}."


def after_failure(doc: str) -> str:
    r"""What a DAG says of its own failure: the paragraph of its page that begins with *When it fails*.

    >>> after_failure("### Title\n\nText.\n\n**When it fails** nothing else\nis touched.\n")
    'When it fails nothing else is touched.'
    """
    paragraphs = (" ".join(part.split()) for part in doc.split("\n\n"))
    found = next((part for part in paragraphs if part.startswith("**When it fails**")), "")
    return found.replace("**", "").replace("`", "")
