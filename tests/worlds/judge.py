"""Forecasts against the truth: mean, coverage and the service that their quantiles would reach."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.distribution import negbin
from pipelines.core.panel import Array
from pipelines.policy.levels import quantile_at
from tests.worlds.arrays import Forecasts
from tests.worlds.company import Company, Situation
from tests.worlds.truth import Truth

SERVICE_WITHIN: Final = 0.03
NOTHING: Final = 0.05
"""Where nothing more will be asked for, a forecast below this share of what was once asked for is right."""

SLACK: Final = 0.8
"""A situation known to be off counts as right when it is this much closer than it must be: a figure at the limit must not flicker."""

SYSTEMS: Final = ("buckets", "periods")


@dataclass(frozen=True)
class Finding:
    """A situation under one forecasting system.

    Attributes:
        situation: its name.
        system: ``buckets`` (the mix of members over the protection interval) or ``periods`` (the forecast of review periods).
        truth: mean expected demand of the protection interval, units.
        forecast: mean forecast of it, units.
        ratio: of both; where the truth is nothing, of what the rate before would have been.
        service: probability that the target's quantile covers the demand.
        best: the same of the true distribution's quantile.
        excess: distance from what is right, 1 at the limit.
    """

    situation: str
    system: str
    truth: float
    forecast: float
    ratio: float
    service: float
    best: float
    excess: float

    @property
    def key(self) -> tuple[str, str]:
        """(situation, system)."""
        return self.situation, self.system

    def __str__(self) -> str:
        return (
            f"{self.situation} ({self.system}): {self.forecast:.2f} for {self.truth:.2f} (× {self.ratio:.2f}), "
            f"service {self.service:.3f}, at best {self.best:.3f}"
        )


def findings(truth: Truth, forecasts: Forecasts) -> list[Finding]:
    """Every judged situation of a company under both systems."""
    out = []
    for situation in truth.company.situations:
        rows = truth.of(situation)
        if rows.size:
            out.append(_by_bucket(truth, forecasts, situation, rows))
            if situation.lead_time + truth.company.review <= forecasts.period_mean.shape[1] * truth.company.review:
                out.append(_by_period(truth, forecasts, situation, rows))
    return out


def _by_bucket(truth: Truth, forecasts: Forecasts, situation: Situation, rows: Array) -> Finding:
    company, days = truth.company, situation.lead_time + truth.company.review
    expected = truth.expected(1, days)[rows]
    demand = truth.paths(rows, days).sum(axis=2)
    level = np.full(rows.size, company.target)
    covered = _covered(demand, quantile_at(forecasts.quantiles[rows], level))
    best = _covered(demand, _quantile(demand, company.target))
    return _finding(truth, situation, "buckets", (expected, forecasts.mean[rows]), (covered, best), rows)


def _by_period(truth: Truth, forecasts: Forecasts, situation: Situation, rows: Array) -> Finding:
    company = truth.company
    served = -(-situation.lead_time // company.review)  # the review period that an order placed now serves, from 0
    days = (served + 1) * company.review
    expected = truth.expected(1, days)[rows]
    demand = truth.paths(rows, days)[:, :, served * company.review :].sum(axis=2)
    mean, std = forecasts.period_mean[rows, served], forecasts.period_std[rows, served]
    none, unit = np.zeros(rows.size, dtype=np.int64), np.ones(rows.size)
    level = negbin.quantiles(mean, std**2, np.array([[company.target]]), none, unit)[:, 0]
    covered, best = _covered(demand, level), _covered(demand, _quantile(demand, company.target))
    forecast = forecasts.period_mean[rows, : served + 1].sum(axis=1)
    return _finding(truth, situation, "periods", (expected, forecast), (covered, best), rows)


def _covered(demand: Array, level: Array) -> float:
    return float((demand <= level[:, None] + 1e-9).mean())


def _quantile(demand: Array, target: float) -> Array:
    """[m] least level that covers the target's share of [m, paths]."""
    return np.asarray(np.quantile(demand, target, axis=1, method="inverted_cdf"))


def _finding(
    truth: Truth,
    situation: Situation,
    system: str,
    mean: tuple[Array, Array],
    service: tuple[float, float],
    rows: Array,
) -> Finding:
    expected, forecast = (float(np.nan_to_num(values, nan=np.inf).mean()) for values in mean)
    covered, best = service
    if expected <= 0:
        once = float(np.mean([truth.mean[row].max() for row in rows])) * (situation.lead_time + truth.company.review)
        ratio, excess = forecast / once, forecast / once / NOTHING
    else:
        ratio = forecast / expected
        short = max(truth.company.target - covered, covered - max(best, truth.company.target)) / SERVICE_WITHIN
        excess = max(abs(ratio - 1.0) / situation.mean_within, short)
    return Finding(situation.name, system, expected, forecast, ratio, covered, best, excess)


def faults(company: Company, found: list[Finding], known_off: dict[tuple[str, str], str]) -> list[str]:
    """What a test must say: situations newly off, and those listed as off that are right by now."""
    out = [f"off: {one}" for one in found if one.excess > 1.0 and one.key not in known_off]
    out += [
        f"right by now, take it off the list: {one}" for one in found if one.excess < SLACK and one.key in known_off
    ]
    return [f"{company.name}: {line}" for line in out]
