"""Messages about orders. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from pipelines.core.text import count, verb


def proposals_ready(as_of: date, facts: Mapping[str, float], degraded: str = "", waiting: str = "") -> tuple[str, str]:
    """Subject and text once proposals wait for a signature; first of all, what they were decided without, and what waits from before.

    >>> proposals_ready(date(2026, 6, 28), {"orders": 2, "lines": 5, "order_value": 1234.5})[0]
    'Stockproof 2026-06-28: 2 purchase orders to sign, 1,234.50'
    """
    orders, lines = int(facts["orders"]), int(facts["lines"])
    subject = f"Stockproof {as_of}: {count(orders, 'purchase order')} to sign, {facts['order_value']:,.2f}"
    text = "".join(f"{sentence}\n\n" for sentence in (degraded, waiting) if sentence)
    text += (
        f"{count(orders, 'order')} with {count(lines, 'line')}, {facts['order_value']:,.2f} in all, "
        f"{verb(orders, 'waits', 'wait')} for a signature.\n\n"
        f"  look      stockproof orders list --as-of {as_of}\n"
        f"  approve   stockproof orders approve --all --as-of {as_of}\n"
        "  send      stockproof run release\n"
    )
    return subject, text


def released(ordered_on: date, facts: Mapping[str, float]) -> tuple[str, str]:
    """Subject and text once orders are in the ERP.

    >>> released(date(2026, 6, 28), {"orders": 1, "lines": 5, "order_value": 10.0, "waiting": 0})[0]
    'Stockproof 2026-06-28: 1 purchase order released, 10.00'
    """
    orders, lines, later = int(facts["orders"]), int(facts["lines"]), int(facts["waiting"])
    subject = f"Stockproof {ordered_on}: {count(orders, 'purchase order')} released, {facts['order_value']:,.2f}"
    text = f"{count(orders, 'order')} with {count(lines, 'line')} "
    text += f"{verb(orders, 'is', 'are')} in the ERP and {verb(orders, 'was', 'were')} read back.\n"
    if later:
        text += (
            f"{count(later, 'approved order')} of a later date {verb(later, 'waits for its', 'wait for their')} day.\n"
        )
    held = int(facts.get("held", 0))
    if held:
        text += (
            f"{count(held, 'signed order')} {verb(held, 'is', 'are')} held back for review: stockproof orders list.\n"
        )
    return subject, text


def degraded(as_of: date, failed: Sequence[str], counts: Mapping[str, int]) -> tuple[str, str]:
    """Subject and text once a run has done without some of its steps.

    >>> degraded(date(2026, 6, 28), ["forecast", "validate_forecasts"], {"skus": 9, "by_next_level": 9, "orders": 2})[0]
    'Stockproof 2026-06-28: degraded, failed: forecast, validate_forecasts'
    """
    subject = f"Stockproof {as_of}: degraded, failed: {', '.join(failed)}"
    if {"purchase", "validate_orders", "orders"} & set(failed) or not counts["skus"]:
        return (
            subject,
            "There are no new orders; those of earlier dates remain valid. Fix the fault and clear the failed step.",
        )
    text = (
        f"The day's orders are complete: {count(counts['skus'], 'SKU')} decided, {count(counts['orders'], 'order')}. "
        f"{count(counts['by_next_level'], 'SKU')} {verb(counts['by_next_level'], 'was', 'were')} decided by the next level, "
        "and each line says why. "
        "Fix the fault and clear the failed step to decide them again."
    )
    return subject, text
