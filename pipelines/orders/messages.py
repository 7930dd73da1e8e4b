"""What people are told about orders. Pure."""

from collections.abc import Mapping
from datetime import date


def proposals_ready(as_of: date, facts: Mapping[str, float]) -> tuple[str, str]:
    """Subject and text once proposals wait for a signature.

    >>> proposals_ready(date(2026, 6, 28), {"orders": 2, "lines": 5, "order_value": 1234.5})[0]
    'Stockproof 2026-06-28: 2 purchase orders to sign, 1,234.50'
    """
    subject = f"Stockproof {as_of}: {facts['orders']:,.0f} purchase orders to sign, {facts['order_value']:,.2f}"
    text = (
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
