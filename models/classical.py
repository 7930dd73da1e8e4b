"""Members that smooth each series on its own. Their flat rate takes the group's seasonal shape where seasonality is on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from models import decay, kernels, seasonal
from models.features import priors
from models.interface import fitted
from models.seasonal import Season
from pipelines.core.panel import Array, Panel

ALPHA = 0.1
"""Smoothing weight of Croston, SBA and TSB by default (Syntetos & Boylan 2005 recommend 0.05 to 0.2)."""

TSB_PROBABILITY_DAYS = 0.03
"""TSB's weight of the probability, per day: a half-life of about 23 days; weekly buckets take the same in weeks."""


@dataclass
class Smoother:
    """A flat-rate member.

    Args:
        name: name of the member.
        rate: panel → [n] units per bucket.
        state: panel → name → [n], the smoothing state that explains the rate.
        seasonality: spread the rate by the group's seasonal index.
    """

    name: str
    rate: Callable[[Panel], Array]
    state: Callable[[Panel], dict[str, Array]]
    seasonality: bool = True
    joint: bool = False
    season: Season | None = field(default=None, repr=False)

    def fit(self, panel: Panel) -> "Smoother":
        """A copy that knows the seasonal index of the panel."""
        return replace(self, season=seasonal.fit(panel) if self.seasonality else None)

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] rate × season, the season relative to the SKU's newest year so that the rate keeps its meaning."""
        rate = self.rate(panel)
        if self.season is None:
            return np.repeat(rate[:, None], horizon, axis=1)
        index = self.season.index(panel.starts(horizon), panel.period == 7)
        relative = index[:, panel.length :] / _recent_mean(index[:, : panel.length], panel.period)[:, None]
        return np.asarray(rate[:, None] * relative[self.season.rows(panel.group)])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the smoothing state."""
        states = {name: np.round(values, 6) for name, values in {"rate": self.rate(panel), **self.state(panel)}.items()}
        return [{name: float(values[i]) for name, values in states.items()} for i in range(panel.skus)]


def _recent_mean(index: Array, period: int) -> Array:
    """[g] mean index over the newest 8 weeks: the season in which the smoothed rate was measured."""
    return np.asarray(np.maximum(index[:, -8 * period :].mean(axis=1), 1e-6))


@dataclass
class Decayed:
    """The mean of four exponentially decayed means on the deseasonalised series; new items start from their group."""

    name: str = "decayed_means"
    joint: bool = False
    season: Season | None = field(default=None, repr=False)

    def fit(self, panel: Panel) -> "Decayed":
        """A copy that knows the seasonal index of the panel."""
        return replace(self, season=seasonal.fit(panel))

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] base rate × season."""
        season = fitted(self.season)
        index, rows = season.index(panel.starts(horizon), panel.period == 7), season.rows(panel.group)
        return np.asarray(self._rate(panel, index, rows)[:, None] * index[rows, panel.length :])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the base rate per bucket."""
        season = fitted(self.season)
        rate = self._rate(panel, season.index(panel.starts(), panel.period == 7), season.rows(panel.group))
        return [{"rate": float(value)} for value in np.round(rate, 6)]

    def _rate(self, panel: Panel, index: Array, rows: Array) -> Array:
        return decay.base_rates(panel.demand, index, rows, priors(panel), decay.half_lives(panel.period))


def croston(seasonality: bool = True) -> Smoother:
    """Croston's method."""
    return Smoother(
        "croston",
        lambda p: kernels.croston(p.demand, ALPHA, 1.0),
        lambda p: {"alpha": np.full(p.skus, ALPHA)},
        seasonality,
    )


def sba(seasonality: bool = True) -> Smoother:
    """Syntetos-Boylan approximation: Croston without its bias."""
    return Smoother(
        "sba",
        lambda p: np.asarray(kernels.croston(p.demand, ALPHA, 1 - ALPHA / 2)),
        lambda p: {"alpha": np.full(p.skus, ALPHA)},
        seasonality,
    )


def tsb(seasonality: bool = True) -> Smoother:
    """Teunter-Syntetos-Babai: fading items decay."""

    def rate(panel: Panel) -> Array:
        return np.asarray(kernels.tsb(panel.demand, ALPHA, _tsb_probability(panel)))

    return Smoother("tsb", rate, lambda p: {"alpha_probability": np.full(p.skus, _tsb_probability(p))}, seasonality)


def _tsb_probability(panel: Panel) -> float:
    return 1 - (1 - TSB_PROBABILITY_DAYS) ** (7 // panel.period)


def mean_nonzero(seasonality: bool = True) -> Smoother:
    """Mean of non-zero demand × share of buckets that had any: steady for very intermittent SKUs."""

    def rate(panel: Panel) -> Array:
        size, share = kernels.mean_nonzero(panel.demand)
        return np.asarray(size * share)

    def state(panel: Panel) -> dict[str, Array]:
        size, share = kernels.mean_nonzero(panel.demand)
        return {"size": size, "share_nonzero": share}

    return Smoother("mean_nonzero", rate, state, seasonality)
