"""Members that smooth each series on its own. Their flat rate takes the group's seasonal shape where seasonality is on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from models import decay, life, seasonal
from models.interface import fitted
from models.members import aggregation, kernels, tuning
from models.members.features import priors
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel, class_codes

ALPHA: Final = 0.1
"""Smoothing weight of Croston and SBA where nothing can be tuned (Syntetos & Boylan 2005 recommend 0.05 to 0.2)."""

ALPHA_DAILY: Final = 0.03
"""The same for days: the memory of a SKU that sells every day must not be shorter than one that sells every week, or one week moves it."""

ALPHAS: Final = (0.02, ALPHA_DAILY, 0.05, 0.1, 0.15, 0.2, 0.3)
"""Weights of sizes and intervals among which a class's own is tuned."""

TSB_PROBABILITY_DAYS: Final = 0.03
"""TSB's weight of the probability, per day, where nothing can be tuned: a half-life of about 23 days."""

PROBABILITIES_DAYS: Final = (0.003, 0.006, 0.012, 0.02, TSB_PROBABILITY_DAYS, 0.05)
"""Weights of the probability among which a class's own is tuned; weekly buckets take the same in weeks."""

SES_ALPHAS: Final = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8])
MOVING_WEEKS: Final = 13
"""Weeks of the moving average, as in the VN2 challenge's benchmark rule."""

LEAST_SEASON: Final = 0.1
"""Buckets of a lower index count as unknown: they say nothing of the level, and one sale in them would count as ten."""

Rate = Callable[[Array, Array, int], Array]
"""(demand [m, T], parameters [p], buckets a week) → [m] units per bucket."""


@dataclass
class Smoother:
    """A flat-rate member, its parameters tuned per demand class on earlier windows.

    Args:
        name: name of the member.
        rate: what it computes.
        grid: [k, p] candidates of its p parameters, the default first; one row: nothing to tune.
        labels: [p] names of the parameters.
        more: panel → name → [n], further smoothing state that explains the rate.
        daily: first parameter of the default where buckets are days; None: as for weeks.
        seasonality: deseasonalise, smooth, and spread the rate by the seasonal index.
    """

    name: str
    rate: Rate
    grid: Array = field(default_factory=lambda: np.zeros((1, 0)))
    labels: tuple[str, ...] = ()
    more: Callable[[Panel], dict[str, Array]] = field(default=lambda _: {}, repr=False)
    seasonality: bool = True
    joint: bool = False
    daily: float | None = None
    season: Season | None = field(default=None, repr=False)
    chosen: Array | None = field(default=None, repr=False)

    def fit(self, panel: Panel) -> "Smoother":
        """A copy that knows the seasonal index of the panel and its classes' parameters [5, p]."""
        season = seasonal.fit(panel) if self.seasonality else None
        level = panel if season is None else deseasonalised(panel, *season.on(panel))
        return replace(self, season=season, chosen=tuning.tune(self.rate, self._grid(panel.period), level))

    def flat(self, panel: Panel) -> Array:
        """[n] units per bucket of average season, each SKU with its class's parameters, by the probability that it lives."""
        return self._rates(self._level(panel)) * life.alive(panel.demand, *on_season(self.season, panel), panel.period)

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] rate of the deseasonalised demand × season."""
        rate = self.flat(panel)
        if self.season is None:
            return np.repeat(rate[:, None], horizon, axis=1)
        index, rows = self.season.on(panel, horizon)
        return np.asarray(rate[:, None] * index[rows, panel.length :])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the smoothing state."""
        settings, panel = self._parameters(panel), self._level(panel)
        levels = {"rate": self._rates(panel), **{name: settings[:, p] for p, name in enumerate(self.labels)}}
        states = {name: np.round(values, 6) for name, values in {**levels, **self.more(panel)}.items()}
        return [{name: float(values[i]) for name, values in states.items()} for i in range(panel.skus)]

    def _level(self, panel: Panel) -> Panel:
        return panel if self.season is None else deseasonalised(panel, *self.season.on(panel))

    def _rates(self, level: Panel) -> Array:
        settings, out = self._parameters(level), np.zeros(level.skus)
        for parameters in np.unique(settings, axis=0):
            rows = np.flatnonzero((settings == parameters).all(axis=1))
            out[rows] = self.rate(level.demand[rows], parameters, level.period)
        return out

    def _grid(self, period: int) -> Array:
        """The candidates, the default first."""
        if self.daily is None or period == 1:
            return self.grid
        return self.grid[np.argsort(self.grid[:, 0] != self.daily, kind="stable")]

    def _parameters(self, panel: Panel) -> Array:
        """[n, p]."""
        if self.chosen is None:
            return np.repeat(self._grid(panel.period)[:1], panel.skus, axis=0)
        return np.asarray(self.chosen[class_codes(panel.demand_class)])


def on_season(season: Season | None, panel: Panel) -> tuple[Array, Array]:
    """([r, T] seasonal index of a panel's history, [n] row of each SKU); ones where there is none."""
    if season is None:
        return np.ones((1, panel.length)), np.zeros(panel.skus, dtype=np.int64)
    return season.on(panel)


def deseasonalised(panel: Panel, index: Array, rows: Array) -> Panel:
    """The panel with demand divided by its seasonal index: what smoothers remember is of all seasons, so it is compared in none.

    Args:
        panel: histories.
        index: [r, ≥ T] seasonal index.
        rows: [n] row of each SKU.

    Returns:
        The panel; itself where no season is known.
    """
    past = index[:, : panel.length]
    if (past == 1.0).all():
        return panel
    demand = np.empty(panel.demand.shape)
    for part in blocks(panel.skus):
        season = past[rows[part]]
        demand[part] = np.where(season < LEAST_SEASON, np.nan, panel.demand[part] / np.maximum(season, LEAST_SEASON))
    return replace(panel, demand=demand)


@dataclass
class SeasonalNaive:
    """The last season again: last week's days, or the same week of last year where buckets are weeks.

    A bucket that is unknown there takes the mean of the newest four weeks.
    """

    name: str = "seasonal_naive"
    joint: bool = False

    def fit(self, panel: Panel) -> "SeasonalNaive":
        """Itself: there is nothing to learn."""
        del panel
        return self

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] demand one season earlier."""
        season = panel.period if panel.period > 1 else seasonal.WEEKS
        mean = kernels.trailing_mean(panel.demand, 4 * panel.period)
        if panel.length < season:
            return np.repeat(mean[:, None], horizon, axis=1)
        last = panel.demand[:, panel.length - season :][:, np.arange(horizon) % season]
        return np.where(np.isfinite(last), last, mean[:, None])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the mean of what is repeated."""
        rate = np.round(self.path(panel, panel.period).mean(axis=1), 6)
        return [{"rate": float(value)} for value in rate]


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
        index, rows = season.on(panel, horizon)
        return np.asarray(self._rate(panel, index, rows)[:, None] * index[rows, panel.length :])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the base rate per bucket."""
        season = fitted(self.season)
        rate = self._rate(panel, *season.on(panel))
        return [{"rate": float(value)} for value in np.round(rate, 6)]

    def _rate(self, panel: Panel, index: Array, rows: Array) -> Array:
        base = decay.base_rates(panel.demand, index, rows, priors(panel), decay.half_lives(panel.period))
        return base * life.alive(panel.demand, index, rows, panel.period)


def croston(seasonality: bool = True) -> Smoother:
    """Croston's method."""

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        del period
        return np.asarray(kernels.croston(demand, parameters[0], 1.0))

    return Smoother("croston", rate, _column(ALPHA, ALPHAS), ("alpha",), seasonality=seasonality)


def sba(seasonality: bool = True) -> Smoother:
    """Syntetos-Boylan approximation with the running interval counted in: Croston without its bias, and without its blindness to silence.

    The textbook's factor 1 - α / 2 would take 5 % from demand of every day, which has no bias; see :func:`models.life.rate`.
    """

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        del period
        state = life.croston_state(
            demand, np.ones((1, demand.shape[1])), np.zeros(demand.shape[0], np.int64), parameters[0]
        )
        return life.rate(state, parameters[0])

    return Smoother("sba", rate, _column(ALPHA, ALPHAS), ("alpha",), seasonality=seasonality, daily=ALPHA_DAILY)


def tsb(seasonality: bool = True) -> Smoother:
    """Teunter-Syntetos-Babai: fading items decay."""

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        per_bucket = 1 - (1 - parameters[1]) ** (7 // period)
        return np.asarray(kernels.tsb(demand, parameters[0], per_bucket))

    pairs = [(a, p) for a in (ALPHA, 0.03, 0.2) for p in PROBABILITIES_DAYS]
    pairs.sort(key=lambda pair: pair != (ALPHA, TSB_PROBABILITY_DAYS))
    return Smoother("tsb", rate, np.array(pairs), ("alpha", "alpha_probability_per_day"), seasonality=seasonality)


def mean_nonzero(seasonality: bool = True) -> Smoother:
    """Mean of non-zero demand × share of buckets that had any: steady for very intermittent SKUs."""

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        del parameters, period
        size, share = kernels.mean_nonzero(demand)
        return np.asarray(size * share)

    def state(panel: Panel) -> dict[str, Array]:
        size, share = kernels.mean_nonzero(panel.demand)
        return {"size": size, "share_nonzero": share}

    return Smoother("mean_nonzero", rate, more=state, seasonality=seasonality)


def naive(seasonality: bool = True) -> Smoother:
    """The last known bucket again, flat: a season on top of one bucket would be noise."""
    del seasonality
    return Smoother("naive", lambda demand, p, period: np.asarray(kernels.trailing_mean(demand, 1)), seasonality=False)


def moving_average(seasonality: bool = True) -> Smoother:
    """Mean of the newest 13 weeks."""

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        del parameters
        return np.asarray(kernels.trailing_mean(demand, MOVING_WEEKS * period))

    return Smoother("moving_average", rate, seasonality=seasonality)


def ses(seasonality: bool = True) -> Smoother:
    """Simple exponential smoothing (EWMA), its weight tuned for each SKU by one-step squared error."""

    def rate(demand: Array, parameters: Array, period: int) -> Array:
        del parameters, period
        return np.asarray(kernels.ses(demand, SES_ALPHAS)[0])

    return Smoother(
        "ses", rate, more=lambda panel: {"alpha": kernels.ses(panel.demand, SES_ALPHAS)[1]}, seasonality=seasonality
    )


def adida(seasonality: bool = True) -> Smoother:
    """ADIDA: smoothed over blocks of the mean interval between demands."""
    return Smoother("adida", lambda d, p, period: np.asarray(aggregation.aggregated(d, False)), seasonality=seasonality)


def imapa(seasonality: bool = True) -> Smoother:
    """IMAPA: the mean of ADIDA over all lengths of block up to the mean interval."""
    return Smoother("imapa", lambda d, p, period: np.asarray(aggregation.aggregated(d, True)), seasonality=seasonality)


def _column(first: float, values: tuple[float, ...]) -> Array:
    """[k, 1] candidates, the default first."""
    return np.array([first, *(value for value in values if value != first)])[:, None]
