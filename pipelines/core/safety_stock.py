"""Safety stock at a service level, from the demand that past intervals really brought; the textbook's normal formula beside it.

The interval an order must cover is lead time + review period, and the lead time is a distribution. Every past window of each of its
lengths is one sample of the demand to come, newer ones weigh more. So seasons, lumps and days without demand need no formula.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal

import numpy as np

from pipelines.core.inventory import Floats, demand_quantile, lead_time_demand
from pipelines.core.quantiles import LEVELS

Kind = Literal["cycle", "fill"]

HALF_LIFE_DAYS: Final = 180.0
"""A window that ended this long ago counts half. Chosen on M5 before the windows that the documentation reports."""


@dataclass(frozen=True)
class SafetyStocks:
    """Per SKU, shape (N,).

    Attributes:
        level: stock that covers the interval at the target, units.
        safety_stock: of it, what is held beyond the mean demand, units.
        mean: demand of the interval, units.
        achieved: share of the past windows (cycle), or of their demand (fill), that the level covers.
        normal_level: the same level by the normal formula.
        normal_achieved: what that one covers.
        fits: probability of the lead times of which a whole window lies in the history; the longer ones are not in the level.
    """

    level: Floats
    safety_stock: Floats
    mean: Floats
    achieved: Floats
    normal_level: Floats
    normal_achieved: Floats
    fits: Floats


def node_weights() -> Floats:
    """Probability that each quantile of the grid stands for: half the way to its neighbours.

    >>> round(float(node_weights().sum()), 12)
    1.0
    """
    edges = np.concatenate([[0.0], (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2.0, [1.0]])
    return np.asarray(np.diff(edges))


def normal_level(
    mean: Floats,
    std: Floats,
    days: Floats,
    days_std: Floats,
    target: float,
    kind: Kind = "cycle",
    review_days: float = 7.0,
) -> Floats:
    """The textbook's level m P + z √(P σ² + m² σ_P²) (Silver, Pyke & Thomas 2017, §6.7); for a fill rate z solves the loss function.

    Args:
        mean: demand a day, units.
        std: its standard deviation.
        days: mean of lead time + review period.
        days_std: standard deviation of the lead time, days.
        target: cycle service level or fill rate.
        kind: which of the two.
        review_days: demand of so many days is what a cycle sells.

    Returns:
        Units.

    >>> normal_level(np.array([10.0]), np.array([3.0]), np.array([9.0]), np.array([2.0]), 0.95).round(1).tolist()
    [126.1]
    """
    middle, variance = lead_time_demand(mean, std**2, days, days_std**2)
    spread = np.sqrt(variance)
    if kind == "cycle":
        return middle + NormalDist().inv_cdf(target) * spread
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(spread > 0, (1.0 - target) * mean * review_days / spread, 1.0)
    return middle + _inverse_loss(loss) * spread


def _inverse_loss(loss: Floats) -> Floats:
    """Solve E[(Z − z)⁺] = loss for z by bisection."""
    from scipy import special

    low, high = np.full_like(loss, -4.0), np.full_like(loss, 6.0)
    for _ in range(50):
        z = (low + high) / 2.0
        found = np.exp(-(z**2) / 2.0) / math.sqrt(2.0 * math.pi) - z * special.ndtr(-z)
        low, high = np.where(found > loss, z, low), np.where(found > loss, high, z)
    return np.asarray((low + high) / 2.0)


def of_numbers(
    mean: float,
    std: float,
    lead_time: float,
    lead_time_std: float,
    *,
    review_days: float,
    target: float,
    whole: bool = True,
) -> tuple[float, float]:
    """Level for a cycle service target from moments alone: negative binomial or gamma, and the normal formula.

    Args:
        mean: demand a day, units.
        std: its standard deviation.
        lead_time: mean, days.
        lead_time_std: its standard deviation, days.
        review_days: review period.
        target: cycle service level.
        whole: units are whole.

    Returns:
        (level, level by the normal formula), units.

    >>> of_numbers(0.2, 0.6, 10.0, 3.0, review_days=7.0, target=0.95)[0]
    8.0
    """
    days = lead_time + review_days
    middle, variance = lead_time_demand(np.array([mean]), np.array([std**2]), np.array([days]), lead_time_std**2)
    level = float(demand_quantile(middle, variance, target, whole)[0])
    normal = normal_level(np.array([mean]), np.array([std]), np.array([days]), np.array([lead_time_std]), target)
    return level, float(normal[0])


def from_windows(
    demand: Floats, first: Any, lead_times: Floats, review_days: int, target: float, kind: Kind = "cycle",
    half_life: float = HALF_LIFE_DAYS, whole: Any = True,
) -> SafetyStocks:  # fmt: skip
    """Levels from past windows.

    Args:
        demand: units a day, the newest last, shape (N, T).
        first: first day of each SKU's history, shape (N,).
        lead_times: quantiles of the lead time on the grid of core.quantiles, days, shape (N, len(LEVELS)).
        review_days: review period.
        target: cycle service level or fill rate, in (0, 1).
        kind: which of the two.
        half_life: days after which a window counts half.
        whole: demand comes in whole units, and so does the level; one for all, or shape (N,).

    Returns:
        The stocks. A SKU without a whole window has level 0 and nothing achieved (NaN).
    """
    from pipelines.core.safety_stock_kernel import solve

    weights = node_weights()
    lengths = np.maximum(np.round(lead_times) + review_days, 1.0).astype(np.int64)
    days = (lengths * weights).sum(axis=1)
    days_std = np.sqrt((weights * (lengths - days[:, None]) ** 2).sum(axis=1))
    total = demand.shape[1]
    there = np.arange(total)[None, :] >= np.asarray(first)[:, None]
    count = np.maximum(there.sum(axis=1), 1)
    mean = (demand * there).sum(axis=1) / count
    std = np.sqrt((np.where(there, demand - mean[:, None], 0.0) ** 2).sum(axis=1) / count)
    normal = np.maximum(normal_level(mean, std, days, days_std, target, kind, review_days), 0.0)
    out = np.full((demand.shape[0], 4), np.nan)
    solve(
        np.ascontiguousarray(demand, dtype=np.float64), np.asarray(first, dtype=np.int64), lengths, weights, half_life, target,
        kind == "fill", float(review_days), np.ascontiguousarray(np.broadcast_to(whole, demand.shape[:1]), dtype=np.bool_), normal, out,
    )  # fmt: skip
    level, middle = np.nan_to_num(out[:, 0]), np.where(np.isnan(out[:, 1]), mean * days, out[:, 1])
    fits = (weights * (lengths <= there.sum(axis=1)[:, None])).sum(axis=1)
    return SafetyStocks(level, level - middle, middle, out[:, 2], normal, out[:, 3], fits)
