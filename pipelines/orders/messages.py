"""What people are told about orders. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date


def proposals_ready(as_of: date, facts: Mapping[str, float], degraded: str = "") -> tuple[str, str]:
    """Subject and text once proposals wait for a signature; first of all, what they were decided without.

    >>> proposals_ready(date(2026, 6, 28), {"orders": 2, "lines": 5, "order_value": 1234.5})[0]
    'Stockproof 2026-06-28: 2 purchase orders to sign, 1,234.50'
    """
    subject = f"Stockproof {as_of}: {facts['orders']:,.0f} purchase orders to sign, {facts['order_value']:,.2f}"
    text = f"{degraded}\n\n" if degraded else ""
    text += (
        f"{facts['orders']:,.0f} orders with {facts['lines']:,.0f} lines, {facts['order_value']:,.2f} in all, wait for a signature.\n\n"
        f"  look      stockproof orders list --as-of {as_of}\n"
        f"  approve   stockproof orders approve --all --as-of {as_of}\n"
        "  send      stockproof run release\n"
    )
    return subject, text


def released(ordered_on: date, facts: Mapping[str, float]) -> tuple[str, str]:
    """Subject and text once orders are in the ERP.

    >>> released(date(2026, 6, 28), {"orders": 1, "lines": 5, "order_value": 10.0, "waiting": 0})[0]
    'Stockproof 2026-06-28: 1 purchase orders released, 10.00'
    """
    subject = f"Stockproof {ordered_on}: {facts['orders']:,.0f} purchase orders released, {facts['order_value']:,.2f}"
    text = f"{facts['orders']:,.0f} orders with {facts['lines']:,.0f} lines are in the ERP and were read back.\n"
    if facts["waiting"]:
        text += f"{facts['waiting']:,.0f} approved orders of a later date wait for their day.\n"
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
            "There are no new orders; those of earlier dates stand. Mend the fault and clear the failed step.",
        )
    text = (
        f"The day's orders are complete: {counts['skus']:,} SKUs decided, {counts['orders']:,} orders. "
        f"{counts['by_next_level']:,} SKUs were decided by the next level, and each line says why. "
        "Mend the fault and clear the failed step to decide them anew."
    )
    return subject, text
