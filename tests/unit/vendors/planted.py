"""A market of planted vendors: ordinary ones, and each of a kind that a buyer must recognise."""

from datetime import date, timedelta

import numpy as np
import polars as pl

AS_OF = date(2026, 6, 28)
WEIGHTS = np.array([0.25, 0.20, 0.20, 0.15, 0.10, 0.10])
PLANTED = ("DEAR", "FEW_BAD", "FEW_GOOD", "IMPROVING", "NEVER", "REJECTS", "SHORT", "SLOW", "UNRELIABLE", "WORSENING")
ORDINARY = tuple(f"PLAIN{n}" for n in range(8))
SUPPLIERS = sorted(PLANTED + ORDINARY)


def market(seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Suppliers, receipts, open lines and offers; all vendors share ten items."""
    rng = np.random.default_rng(seed)
    rows = []
    for supplier in SUPPLIERS:
        number = {"FEW_GOOD": 2, "FEW_BAD": 2, "NEVER": 0}.get(supplier, 150)
        for n in range(number):
            ago = int(rng.integers(1, 720))
            rows.append(_line(supplier, n, ago, rng))
    receipts = pl.DataFrame(rows)
    waiting = pl.DataFrame(
        {
            "supplier_id": ["SLOW", "PLAIN0"],
            "item_id": ["I1", "I2"],
            "po_id": ["o1", "o2"],
            "ordered_on": [AS_OF - timedelta(days=60), AS_OF],
            "days_late": [30.0, 0.0],
            "quantity_open": [10.0, 5.0],
            "unit_price": [10.0, 10.0],
        }
    )
    offers = pl.DataFrame(
        [
            {"supplier_id": s, "item_id": f"I{n}", "lead_time_days": 10.0, "purchase_price": 10.0}
            for s in SUPPLIERS
            for n in range(10)
        ]
    )
    return pl.DataFrame({"supplier_id": SUPPLIERS, "supplier_name": SUPPLIERS}), receipts, waiting, offers


def _line(supplier: str, n: int, ago: int, rng: np.random.Generator) -> dict[str, object]:
    lead, price, quantity = max(rng.normal(10, 1.5), 1.0), 10.0 * (1 + 0.01 * rng.normal()), 100.0
    received, rejected, late_chance = quantity, 0.0, 0.05
    old = ago / 720  # 1: two years ago
    match supplier:
        case "SLOW":
            lead *= 2.5
        case "UNRELIABLE":
            lead, late_chance = max(rng.gamma(1.0, 12.0), 1.0), 0.45
        case "DEAR":
            price *= 1.12
        case "IMPROVING":
            lead, late_chance = lead * (0.8 + 1.2 * old), 0.02 + 0.6 * old
        case "WORSENING":
            lead, late_chance = lead * (0.8 + 1.2 * (1 - old)), 0.02 + 0.6 * (1 - old)
        case "REJECTS":
            rejected = 40.0 if rng.random() < 0.3 else 0.0
        case "SHORT":
            received = 70.0 if rng.random() < 0.4 else quantity
        case "FEW_BAD":
            lead, late_chance = 30.0, 1.0
        case "FEW_GOOD":
            lead, late_chance = 2.0, 0.0
        case _:
            pass
    late = bool(rng.random() < late_chance)
    received_on = AS_OF - timedelta(days=ago)
    return {
        "supplier_id": supplier, "item_id": f"I{n % 10}", "po_id": f"{supplier}-{n}", "received_on": received_on,
        "ordered_on": received_on - timedelta(days=round(lead) + 1), "lead_time_days": float(round(lead)), "is_late": late,
        "days_late": 5 if late else 0, "is_in_full": received - rejected >= quantity, "quantity_received": received,
        "quantity_rejected": rejected, "unit_price": price, "has_promise": True,
    }  # fmt: skip
