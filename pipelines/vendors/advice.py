"""What to do about a vendor: risk level and recommendations, each with the figures that cause it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.vendors.measure import HALF_RECOVERY_DAYS, Measures
from pipelines.vendors.scores import Scores

Say = Callable[[int], str]
Rule = tuple[int, npt.NDArray[np.bool_], Say]
Said = tuple[npt.NDArray[np.bool_], Say]

FEW_DELIVERIES = 8
LATE_SHARE, REJECTED_SHARE, SHORT_SHARE = 0.15, 0.02, 0.10
DEAR, CHEAP = 1.03, 0.97
UNSTEADY = 0.5
SLOW = 1.25
PRICE_RISE = 0.02
"""Thresholds beyond which a figure enters the advice."""


@dataclass(frozen=True)
class Advice:
    """Per vendor.

    Attributes:
        risk: low, medium or high.
        reasons: why it is not low; empty where it is.
        recommendations: what to do.
    """

    risk: npt.NDArray[np.str_]
    reasons: list[list[str]]
    recommendations: list[list[str]]


def advise(m: Measures, s: Scores) -> Advice:
    """Risk and recommendations of every vendor.

    Risk is high from two points on, medium from one: two each for more than a quarter of lines late (shrunk), and for a total whose whole
    interval lies below 50; one each for more than 15% late, more than 2% rejected, a worsening trend, a fifth of the open lines overdue,
    and fewer than eight deliveries.

    Args:
        m: measures.
        s: scores.

    Returns:
        The advice.
    """
    late = 1.0 - s.on_time
    with np.errstate(divide="ignore", invalid="ignore"):
        overdue = np.where(m.open_lines > 0, m.overdue / np.maximum(m.open_lines, 1.0), 0.0)
    few = m.deliveries < FEW_DELIVERIES
    causes: tuple[Rule, ...] = (
        (2, ~few & (late > 0.25), lambda v: f"{late[v]:.0%} of lines are late"),
        (1, ~few & (late > LATE_SHARE) & (late <= 0.25), lambda v: f"{late[v]:.0%} of lines are late"),
        (2, s.high < 50.0, lambda v: f"a total of at most {s.high[v]:.0f}"),
        (1, ~few & (s.rejected > REJECTED_SHARE), lambda v: f"{s.rejected[v]:.1%} of units are rejected"),
        (1, s.trend == "worsening", lambda v: "getting worse"),
        (
            1,
            (overdue > 0.2) & (m.overdue > 1),
            lambda v: f"{m.overdue[v]:.0f} of {m.open_lines[v]:.0f} open lines are overdue",
        ),
        (
            1,
            few,
            lambda v: f"only {m.deliveries[v]:.0f} {_plural(m.deliveries[v], 'delivery', 'deliveries')} to judge by",
        ),
    )
    points = sum(weight * true.astype(np.int64) for weight, true, _ in causes)
    reasons: list[list[str]] = [[] for _ in m.supplier_id]
    for _, true, say in causes:
        for v in np.flatnonzero(true).tolist():
            reasons[v].append(say(v))
    return Advice(
        np.select([points >= 2, points >= 1], ["high", "medium"], "low"), reasons, _recommendations(m, s, few)
    )


def _recommendations(m: Measures, s: Scores, few: npt.NDArray[np.bool_]) -> list[list[str]]:
    advice: list[list[str]] = [[] for _ in m.supplier_id]
    for true, say in (*_on_evidence(m, s, few), *_on_delivery(m, s, few), *_on_price_and_trend(m, s, few)):
        for v in np.flatnonzero(true).tolist():
            advice[v].append(say(v))
    for v, sentences in enumerate(advice):
        if not sentences:
            sentences.append(
                f"Nothing to do: {s.on_time[v]:.0%} on time, {s.in_full[v]:.0%} in full, {s.rejected[v]:.1%} rejected."
            )
    return advice


def _on_evidence(m: Measures, s: Scores, few: npt.NDArray[np.bool_]) -> tuple[Said, ...]:
    return (
        (
            few & (m.receipts == 0),
            lambda v: "Place a trial order before relying on it: nothing was received from it in two years.",
        ),
        (
            few & (m.receipts > 0),
            lambda v: (
                f"Do not judge it yet: {m.deliveries[v]:.0f} {_plural(m.deliveries[v], 'delivery', 'deliveries')} "
                f"leave {1 - s.confidence[v]:.0%} of the doubt; its scores are mostly those of an average vendor."
            ),
        ),
        (
            (m.overdue > 0),
            lambda v: (
                f"Chase {m.overdue[v]:.0f} overdue open {_plural(m.overdue[v], 'line', 'lines')} worth {m.overdue_value[v]:,.0f}."
            ),
        ),
        (
            ~few & (s.on_time < 1 - LATE_SHARE),
            lambda v: (
                f"Agree on later dates or a penalty: {_late(m, v):.0%} of {m.receipts[v]:,.0f} lines came after "
                f"their day; order {_days_earlier(m, v)} earlier until that changes."
            ),
        ),
    )


def _on_delivery(m: Measures, s: Scores, few: npt.NDArray[np.bool_]) -> tuple[Said, ...]:
    return (
        (
            ~few & (s.lead_ratio > SLOW),
            lambda v: (
                f"Ask for shorter lead times: {m.lead_time[v]:.0f} days on average, {s.lead_ratio[v] - 1:.0%} longer than peers; "
                "every day less saves a day's demand in stock."
            ),
        ),
        (
            ~few & (s.variation > UNSTEADY),
            lambda v: (
                f"Hold safety stock for its deliveries: lead times vary by {s.variation[v]:.0%} of their mean "
                f"({m.lead_std[v]:.0f} days around {m.lead_time[v]:.0f})."
            ),
        ),
        (
            ~few & (s.rejected > REJECTED_SHARE),
            lambda v: f"Inspect on arrival and claim: {s.rejected[v]:.1%} of {m.received[v]:,.0f} units were rejected.",
        ),
        (
            ~few & (s.in_full < 1 - SHORT_SHARE),
            lambda v: f"Ask why {1 - s.in_full[v]:.0%} of lines come short of what was ordered.",
        ),
    )


def _on_price_and_trend(m: Measures, s: Scores, few: npt.NDArray[np.bool_]) -> tuple[Said, ...]:
    change, dearer = np.expm1(np.nan_to_num(m.slopes[0])), np.expm1(np.nan_to_num(m.slopes[3]))
    moved, steadily = (np.abs(np.nan_to_num(m.slopes[row])) > 2.0 * m.errors[row] for row in (0, 3))
    return (
        (
            ~few & (s.price_ratio > DEAR) & (m.price_weight > 0.1),
            lambda v: (
                f"Negotiate or move volume: prices are {s.price_ratio[v] - 1:.1%} above what other vendors "
                f"of the same items were paid or offer; on {m.spend[v] * m.price_weight[v]:,.0f} that is "
                f"{m.spend[v] * m.price_weight[v] * (1 - 1 / s.price_ratio[v]):,.0f}."
            ),
        ),
        (
            ~few & (s.price_ratio < CHEAP) & (m.price_weight > 0.1) & (s.on_time > 0.9),
            lambda v: (
                f"Consider giving it more volume: {1 - s.price_ratio[v]:.1%} cheaper than "
                f"peers on the same items with {s.on_time[v]:.0%} of lines on time."
            ),
        ),
        (
            ~few & steadily & (dearer > PRICE_RISE),
            lambda v: f"Question the price rise: {dearer[v]:.1%} a year on the same items.",
        ),
        (~few & moved & (change > 0.1), lambda v: f"Ask what changed: lead times grow by {change[v]:.0%} a year."),
        (
            ~few & (s.trend == "worsening") & ~(moved & (change > 0.1)),
            lambda v: "Raise it at the next review: more lines late or rejected than a year ago.",
        ),
    )


def _late(m: Measures, v: int) -> float:
    return float(1.0 - m.on_time[v] / max(m.receipts[v], 1.0))


def _days_earlier(m: Measures, v: int) -> str:
    """How late a late line typically comes: the mean of 2^(−days ÷ 7), which one very late line does not move much, turned back."""
    with np.errstate(divide="ignore"):
        days = -HALF_RECOVERY_DAYS * np.log2(m.recovered[v] / max(m.late[v], 1.0))
    whole = max(round(float(np.nan_to_num(days, posinf=0.0))), 1)
    return f"{whole} {_plural(whole, 'day', 'days')}"


def _plural(number: float, one: str, many: str) -> str:
    return one if number == 1 else many
