"""Six scores of 0 to 100 a vendor, their weighted mean, and how sure they are. Pure, vectorised over vendors."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.vendors.measure import Measures
from pipelines.vendors.shrink import LEAST_SPREAD, Shrunk, few, shrink, shrink_share

DIMENSIONS: Final = (
    "delivery_time",
    "on_time_delivery",
    "quality_score",
    "cost_efficiency",
    "reliability",
    "responsiveness",
)

REJECTED_HALF = 0.05
"""Rejected share that halves the quality score."""

LEAD_POWER, PRICE_POWER = 2.0, 8.0
"""Like its peers is 50; with these powers twice as fast is 80, and a tenth dearer is 32."""

INTERVAL_Z = 1.645
"""Standard deviations either side of a total: nine in ten."""

LEAST_DELIVERIES = 8
"""Deliveries from which on a trend is reported."""

TREND_Z = 2.0

UNSEEN = 0.3
"""Deviation of a delivery's log lead time that few deliveries do not show: seasons, urgency, a good week."""


@dataclass(frozen=True)
class Scores:
    """Per vendor, shape (V,).

    Attributes:
        scores: 0 … 100, [6, V], rows as :data:`DIMENSIONS`.
        total: their weighted mean.
        low: lower end of the total's interval.
        high: upper end.
        confidence: share of the doubt about a vendor that its own receipts have removed, 0 … 1.
        rank: 1 is best.
        rank_low: best rank the interval allows.
        rank_high: worst.
        trend: improving, worsening, stable or unknown.
        trend_z: standardised change a year over lead time, lateness and rejections; positive is better.
        on_time: shrunk share.
        in_full: shrunk share.
        rejected: shrunk share.
        recovery: shrunk mean of 2 ** (−days late / 7) over late lines.
        lead_ratio: shrunk lead time to peers'.
        price_ratio: shrunk price to peers'.
        variation: lead time's coefficient of variation within an item, shrunk.
    """

    scores: Floats
    total: Floats
    low: Floats
    high: Floats
    confidence: Floats
    rank: npt.NDArray[np.int64]
    rank_low: npt.NDArray[np.int64]
    rank_high: npt.NDArray[np.int64]
    trend: npt.NDArray[np.str_]
    trend_z: Floats
    on_time: Floats
    in_full: Floats
    rejected: Floats
    recovery: Floats
    lead_ratio: Floats
    price_ratio: Floats
    variation: Floats


def score(m: Measures, weights: Floats) -> Scores:
    """Score every vendor.

    Args:
        m: measures.
        weights: of the six dimensions, in the order of :data:`DIMENSIONS`, sum 1.

    Returns:
        The scores.
    """
    on_time = shrink_share(m.on_time, m.receipts, m.deliveries)
    in_full = shrink_share(m.in_full, m.receipts, m.deliveries)
    rejected = shrink_share(m.rejected, m.received, m.deliveries, REJECTED_HALF)
    variation = _variation(m)
    noise = (np.log1p(variation.mean**2) + UNSEEN**2) / np.maximum(m.deliveries, 1.0) * few(m.deliveries)
    lead = shrink(m.lead_log_ratio, np.where(m.deliveries > 0, noise, np.inf))
    price = shrink(m.price_log_ratio, 0.05**2 * few(m.deliveries) / np.maximum(m.deliveries * m.price_weight, 1e-9))
    recovery = shrink_share(m.recovered, m.late, m.late)
    if m.receipts.any() and not m.late.any():  # nobody was ever late: everybody recovers
        recovery = Shrunk(np.ones_like(m.late), np.full_like(m.late, LEAST_SPREAD), 1.0, LEAST_SPREAD)
    scores, slopes = _scores(m, on_time, in_full, rejected, variation, lead, price, recovery)
    parts = (lead, on_time, rejected, price, in_full, recovery)
    doubt = np.stack([part.std for part in parts]) * slopes
    prior = np.stack([np.full_like(part.std, part.spread) for part in parts]) * slopes
    total = weights @ scores
    deviation = np.sqrt(weights**2 @ doubt**2)
    confidence = 1.0 - deviation / np.maximum(np.sqrt(weights**2 @ prior**2), 1e-9)
    low, high = (np.clip(total + z * deviation, 0.0, 100.0) for z in (-INTERVAL_Z, INTERVAL_Z))
    ascending = np.sort(total)
    trend, z = trends(m)
    return Scores(
        scores,
        total,
        low,
        high,
        np.clip(confidence, 0.0, 1.0),
        _rank(total),
        1 + total.size - np.searchsorted(ascending, high, side="right"),
        total.size - np.searchsorted(ascending, low),  # those not surely worse, the vendor itself among them
        trend,
        z,
        on_time.mean,
        in_full.mean,
        rejected.mean,
        recovery.mean,
        np.exp(lead.mean),
        np.exp(price.mean),
        variation.mean,
    )


def _scores(
    m: Measures,
    on_time: Shrunk,
    in_full: Shrunk,
    rejected: Shrunk,
    variation: Shrunk,
    lead: Shrunk,
    price: Shrunk,
    recovery: Shrunk,
) -> tuple[Floats, Floats]:
    """([6, V] scores, [6, V] how steeply each answers to its measure)."""
    speed = 100.0 / (1.0 + np.exp(LEAD_POWER * lead.mean))
    cheap = 100.0 / (1.0 + np.exp(PRICE_POWER * price.mean))
    quality = 100.0 * 0.5 ** (rejected.mean / REJECTED_HALF)
    steady = 100.0 / (1.0 + variation.mean**2)
    kept = np.divide(m.promised, m.receipts, out=np.ones_like(m.promised), where=m.receipts > 0)
    kept = kept if m.promised.any() else np.ones_like(kept)  # an ERP that records no promises says nothing of anybody
    scores = np.stack(
        [speed, 100.0 * on_time.mean, quality, cheap, steady * in_full.mean, 100.0 * kept * recovery.mean]
    )
    flat = np.full_like(speed, 100.0)
    steep = np.stack(
        [
            LEAD_POWER * speed * (1.0 - speed / 100.0),
            flat,
            quality * np.log(2.0) / REJECTED_HALF,
            PRICE_POWER * cheap * (1.0 - cheap / 100.0),
            steady,
            100.0 * kept,
        ]
    )
    return np.clip(scores, 0.0, 100.0), steep


def _variation(m: Measures) -> Shrunk:
    """Coefficient of variation of lead times within an item, drawn to the common one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = m.lead_std / np.maximum(m.lead_time, 1.0)
        variance = np.where(
            m.deliveries > 1, np.maximum(np.nan_to_num(own), 0.05) ** 2 / (2.0 * (m.deliveries - 1.0)), np.inf
        )
    shrunk = shrink(own, variance)
    return Shrunk(np.maximum(shrunk.mean, 0.0), shrunk.std, shrunk.common, shrunk.spread)


def trends(m: Measures) -> tuple[npt.NDArray[np.str_], Floats]:
    """Which way a vendor goes: lead time, late share and rejected share regressed on time within items, Stouffer's sum of the three.

    Args:
        m: measures.

    Returns:
        The word and the standardised change; positive is better.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = -m.slopes[:3] / m.errors[:3]
    z = np.clip(np.where(np.isfinite(z), z, 0.0), -8.0, 8.0)
    moving = (m.errors[:3] > 0) & np.isfinite(m.errors[:3])
    joint = z.sum(axis=0) / np.sqrt(np.maximum(moving.sum(axis=0), 1))
    word = np.select(
        [m.deliveries < LEAST_DELIVERIES, joint > TREND_Z, joint < -TREND_Z],
        ["unknown", "improving", "worsening"],
        "stable",
    )
    return word, joint


def _rank(total: Floats) -> npt.NDArray[np.int64]:
    """1 is best; vendors come by id, so a stable sort settles ties by it."""
    order = np.argsort(-total, kind="stable")
    rank = np.empty(total.size, dtype=np.int64)
    rank[order] = np.arange(1, total.size + 1)
    return rank
