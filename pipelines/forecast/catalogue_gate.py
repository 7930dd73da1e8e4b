"""The gate over a whole day's forecasts: figures of the catalogue that no company shows from one day to the next.

A single SKU may do anything; a catalogue may not. Where its forecast leaves both its last quarter and the same days of last year far
behind, or many SKUs that sell are expected to sell nothing, or are given deviations of many means, the model has diverged. Then the day
is decided without the forecast, and says so, instead of ordering nothing or double. Pure.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from models.demand_units import unit_of
from pipelines.config_schema import Forecast
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel

QUARTER_DAYS: Final = 91
YEAR_DAYS: Final = 364

OVERDISPERSION: Final = 0.3
"""Variance beyond a Poisson's as a share of the squared mean: what a SKU weighs by, so that no unit of measure speaks for the others."""

FEWEST: Final = 20
"""SKUs that sold in the last quarter below which nothing is said of the catalogue."""

SELLS: Final = 1.0
"""Counts a SKU must be expected to sell by its last quarter before a forecast of nothing is remarkable."""

NOTHING: Final = 0.05
"""Share of the last quarter's rate below which a forecast is one of nothing."""


@dataclass(frozen=True)
class Limits:
    """What is let through.

    Attributes:
        ratio: the catalogue's forecast is at most this many times, at least its inverse, what the past was; like for like.
        share: greatest share of selling SKUs whose forecast is none, or whose deviation is too wide.
        deviation: greatest standard deviation of a forecast in means, beyond a Poisson's.
    """

    ratio: float
    share: float
    deviation: float

    @classmethod
    def of(cls, config: Forecast) -> Self:
        """As configured."""
        return cls(config.gate_ratio, config.gate_share, config.gate_deviation)


@dataclass(frozen=True)
class Figures:
    """Of one day's forecasts over the protection interval.

    Attributes:
        sellers: SKUs that sold in the last quarter.
        quarter: forecast against the rate of the last quarter, SKUs weighed like for like.
        year: forecast against the same days of last year; None where they are not known of the SKUs that sell.
        none: share of the selling SKUs forecast to sell next to nothing.
        wide: share of the selling SKUs whose deviation is beyond the limit.
    """

    sellers: int
    quarter: float
    year: float | None
    none: float
    wide: float


def figures(panel: Panel, mean: Array, std: Array, buckets: Array, deviation: float) -> Figures:
    """Figures of a catalogue's forecasts.

    Args:
        panel: histories.
        mean: [n] units over the protection interval.
        std: [n] its standard deviation.
        buckets: [n] length of the interval.
        deviation: as in :class:`Limits`.

    Returns:
        The figures.
    """
    per_day = panel.period / 7.0
    unit, length = unit_of(panel.demand), np.ceil(buckets).astype(np.int64)
    quarter = _rate(panel.demand[:, -int(QUARTER_DAYS * per_day) :]) * buckets / unit
    year = _last_year(panel.demand, length, int(YEAR_DAYS * per_day)) / unit
    expected, spread = mean / unit, std / unit
    sells = quarter > 0
    steady = quarter >= SELLS
    too_wide = spread**2 > expected + (deviation * expected) ** 2
    return Figures(
        int(sells.sum()),
        _ratio(expected, quarter, sells),
        _ratio(expected, year, year > 0) if (year > 0).sum() >= FEWEST else None,
        float((expected < NOTHING * quarter)[steady].mean()) if steady.any() else 0.0,
        float(too_wide[steady].mean()) if steady.any() else 0.0,
    )


def faults(seen: Figures, limits: Limits) -> list[str]:
    """What is out of its limits, each with figure and limit; none of a catalogue too small to judge."""
    if seen.sellers < FEWEST:
        return []
    found = []
    off = [value for value in (seen.quarter, seen.year) if value is not None]
    for beyond, word in ((min(off) > limits.ratio, "above"), (max(off) < 1 / limits.ratio, "below")):
        if beyond:
            known = "" if seen.year is None else f" and {seen.year:.2f} times the same days of last year"
            limit = limits.ratio if word == "above" else 1 / limits.ratio
            found.append(
                f"the forecast of the catalogue is {seen.quarter:.2f} times its last quarter{known}, {word} the limit of {limit:.2f}"
            )
    if seen.none > limits.share:
        found.append(f"{seen.none:.0%} of the SKUs that sell are forecast to sell nothing, limit {limits.share:.0%}")
    if seen.wide > limits.share:
        found.append(
            f"{seen.wide:.0%} of the SKUs that sell have a standard deviation of more than {limits.deviation:g} means, "
            f"limit {limits.share:.0%}"
        )
    return found


def check(panel: Panel, mean: Array, std: Array, buckets: Array, limits: Limits, model: str) -> Figures:
    """Stop where the catalogue's figures are out of their limits.

    Args:
        panel: histories.
        mean: [n] units over the protection interval.
        std: [n] its standard deviation.
        buckets: [n] length of the interval.
        limits: what is let through.
        model: version that forecast.

    Returns:
        The figures.

    Raises:
        StockproofError: they are; the message names figure and limit.
    """
    seen = figures(panel, mean, std, buckets, limits.deviation)
    found = faults(seen, limits)
    if found:
        raise StockproofError(
            f"the forecasts of {panel.as_of} by {model} are not used: {'; '.join(found)}",
            "look at the newest sales first (a broken interface, a double import); train again (`stockproof run training`); if the figures "
            "are right, raise forecast.gate_ratio, gate_share or gate_deviation and run the date again",
        )
    return seen


def _ratio(expected: Array, past: Array, rows: Array) -> float:
    weight = np.where(rows, 1.0 / (1.0 + OVERDISPERSION * np.maximum(past, 0.0)), 0.0)
    below = float((weight * past)[rows].sum())
    return float((weight * expected)[rows].sum()) / below if below > 0 else 1.0


def _rate(demand: Array) -> Array:
    """[n] units a bucket of the known ones, from the first sale within them on: a young SKU is compared with its own days."""
    known = np.isfinite(demand) & (np.maximum.accumulate(np.nan_to_num(demand), axis=1) > 0)
    return np.asarray(np.where(known, np.nan_to_num(demand), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _last_year(demand: Array, length: Array, year: int) -> Array:
    """[n] units in the same buckets a year ago, 0 where they are not known."""
    first = demand.shape[1] - year
    if first < 0:
        return np.zeros(demand.shape[0])
    sums = np.concatenate([np.zeros((demand.shape[0], 1)), np.nan_to_num(demand).cumsum(axis=1)], axis=1)
    last = np.minimum(first + length, demand.shape[1])
    return np.asarray(sums[np.arange(demand.shape[0]), last] - sums[:, first])
