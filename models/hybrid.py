"""The forecaster that serves: members mixed per demand class, a negative binomial around the mix, recalibrated."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from models import life, seasonal
from models.distribution import blend, negbin, spread
from models.distribution.calibration import identity
from models.distribution.spread import Spread
from models.interface import CumulativeDistribution, Distribution, Interval, Member, Shaped, fitted
from models.interval_sums import cumulative_mean
from models.members import classical, features
from models.members.aligned import Aligned
from models.recipe import Recipe, mean_rates
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.panel import CLASSES, Array, Panel, class_codes, known_sums, recoded

LONGEST_WEEKS: Final = 14
"""Paths are computed this far; longer protection intervals go on at the level of the last four weeks, by the season."""

ZERO_METHOD: Final = "no_demand"
YOUNG_METHOD: Final = "decayed_means"


@dataclass(frozen=True)
class Assignment:
    """How each SKU is forecast.

    Attributes:
        weights: [n, m] weight of each member.
        methods: [n] name of the method.
        reasons: [n] why.
        share: [n] part of the learnt quantiles in the distribution of the protection interval.
    """

    weights: Array
    methods: Array
    reasons: Array
    share: Array


@dataclass
class Hybrid:
    """Members, recipe and dispersion.

    Args:
        recipe: what the backtest decided.
        members: unfitted members by name; all of the recipe's.
        min_observations: SKUs with fewer known buckets take the decayed means, which borrow from the group.
    """

    recipe: Recipe
    members: dict[str, Member]
    min_observations: int = 30
    name: str = "hybrid"
    season: Season | None = field(default=None, repr=False)
    window_spread: Spread | None = field(default=None, repr=False)
    bucket_spread: Spread | None = field(default=None, repr=False)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    living: tuple[weakref.ref[Array], Array] | None = field(default=None, init=False, repr=False, compare=False)

    def fit(self, panel: Panel, interval: Interval) -> "Hybrid":
        """A copy with members and dispersion fitted.

        Args:
            panel: histories.
            interval: protection interval of each SKU, the width of the windows that dispersion is learnt on.

        Returns:
            The fitted forecaster.
        """
        season, prior = seasonal.fit(panel), features.priors(panel)
        used = self.recipe.used() | {YOUNG_METHOD}
        return replace(
            self,
            members=_fit_all(
                {name: self.members[name] for name in sorted(used)}, replace(panel, protection=interval.mean)
            ),
            season=season,
            window_spread=spread.fit(spread.windows(panel, season, prior, interval.mean)),
            bucket_spread=spread.fit(spread.windows(panel, season, prior, np.ones(panel.skus), 91)),
            names=panel.names,
        )

    def assign(self, panel: Panel) -> Assignment:
        """Which method forecasts which SKU, and why."""
        code = class_codes(panel.demand_class)
        weights, methods, reasons = self.recipe.rows(code, mean_rates(panel))
        total, known = known_sums(panel.demand)
        zero = total <= 0
        young = known < self.min_observations
        weights[young] = np.eye(len(self.recipe.members))[self.recipe.members.index(YOUNG_METHOD)]
        weights[zero & ~young] = 0.0
        methods[young], methods[zero & ~young] = YOUNG_METHOD, ZERO_METHOD
        for i in np.flatnonzero(young):
            reasons[i] = f"{known[i]} known buckets, fewer than {self.min_observations}: borrows from its group"
        silent = ~zero & (self._alive(panel) < life.GONE)
        weights[silent], methods[silent] = 0.0, ZERO_METHOD
        for i in np.flatnonzero(silent):
            reasons[i] = (
                "silent for far longer than ever before: taken for no longer sold, forecast is zero until it sells again"
            )
        zero |= silent
        for i in np.flatnonzero((total <= 0) & ~young):
            reasons[i] = f"no demand in {known[i]} known buckets: forecast is zero"
        shaped = [name for name, member in self.members.items() if isinstance(member, Shaped)]
        share = np.where(young | zero | np.isin(methods.astype(str), shaped), 0.0, self.recipe.blend.share[code])
        for i in np.flatnonzero(share > 0):
            reasons[i] = f"{reasons[i]}; {self.recipe.blend.reasons[code[i]]}"
        return Assignment(weights, methods, reasons, share)

    def _alive(self, panel: Panel) -> Array:
        """[n] probability that SKU and place still sell."""
        if self.living is None or self.living[0]() is not panel.demand:  # asked several times a morning
            index, rows = classical.on_season(self.season, recoded(panel, self.names))
            own = life.alive(panel.demand, index, rows, panel.period)
            places = life.open_places(panel.demand, panel.location_ids, panel.period)
            self.living = weakref.ref(panel.demand), own * places
        return self.living[1]

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] expected demand of each coming bucket."""
        weights, panel = self.assign(panel).weights, recoded(panel, self.names)
        panel = replace(
            panel, prior=features.priors(panel)
        )  # of the whole catalogue, whatever part a member is asked for
        out = np.zeros((panel.skus, horizon))
        for j, name in enumerate(self.recipe.members):
            rows, member = np.flatnonzero(weights[:, j] > 0), self.members.get(name)
            if member is not None and member.joint and rows.size:
                out[rows] += weights[rows, j, None] * member.path(panel, horizon)[rows]
            elif member is not None:
                for some in _parts(rows):
                    out[some] += weights[some, j, None] * member.path(panel.take(some), horizon)
        return np.where(np.isfinite(out), np.maximum(out, 0.0), 0.0)

    def predict(self, panel: Panel, horizon: int, levels: tuple[float, ...]) -> Distribution:
        """Distribution of demand in each of the next buckets; see :class:`models.interface.Forecaster`."""
        return self.around(panel, self.path(panel, horizon), levels)

    def around(self, panel: Panel, path: Array, levels: tuple[float, ...]) -> Distribution:
        """The per-bucket distribution around a mean path [n, h]."""
        bucket, panel = fitted(self.bucket_spread), recoded(panel, self.names)
        past = spread.windows(panel, fitted(self.season), features.priors(panel), np.ones(panel.skus), 91)
        own = spread.own_factor(past, bucket) * self.recipe.bucket.scale[past.code]
        variance = bucket.variance(path, past.compound, past.code, own)
        h = path.shape[1]
        unit = np.repeat(negbin.units_of(panel.demand), h)
        table, code = self.recipe.bucket.levels(levels), np.repeat(past.code, h)
        quantiles = negbin.quantiles(path.ravel(), variance.ravel(), table, code, unit)
        return Distribution(levels, path, quantiles.reshape(panel.skus, h, len(levels)))

    def predict_cumulative(self, panel: Panel, interval: Interval, levels: tuple[float, ...]) -> CumulativeDistribution:
        """Distribution of demand over the protection interval; see :class:`models.interface.Forecaster`."""
        longest = int(np.ceil(interval.mean.max(initial=1.0)))
        return self.cumulative_around(
            panel, self.path(panel, min(longest, LONGEST_WEEKS * panel.period)), interval, levels
        )

    def cumulative_around(
        self, panel: Panel, path: Array, interval: Interval, levels: tuple[float, ...]
    ) -> CumulativeDistribution:
        """The distribution over the protection interval around a mean path [n, h]."""
        panel = recoded(panel, self.names)
        mean = cumulative_mean(path, interval.mean, panel.period, *self._beyond(panel, path.shape[1], interval.mean))
        certain, code = self.window_variance(panel, mean, interval)
        # Mean rate² × variance of the interval's length: the compound-sum formula for an uncertain lead time.
        variance = certain + (mean / interval.mean * interval.std) ** 2
        quantiles = negbin.quantiles(
            mean, variance, self.recipe.window.levels(levels), code, negbin.units_of(panel.demand)
        )
        wider = np.sqrt(variance / np.maximum(certain, 1e-12))
        self._shape(panel, interval, levels, wider, mean, variance, quantiles)
        self._blend(panel, interval, levels, wider, mean, variance, quantiles)
        std = np.sqrt(np.where(mean > 0, np.maximum(variance, 0.0), 0.0))
        return CumulativeDistribution(levels, mean, std, quantiles)

    def _beyond(self, panel: Panel, known: int, length: Array) -> tuple[Array, Array]:
        """([r, h] seasonal index of the coming buckets as far as any interval reaches, [n] row of each SKU)."""
        longest = max(int(np.ceil(length.max(initial=1.0))), known)
        if longest == known or self.season is None:
            return np.ones((1, longest)), np.zeros(panel.skus, dtype=np.int64)
        index, rows = self.season.on(panel, longest)
        return index[:, panel.length :], rows

    def _shape(
        self, panel: Panel, interval: Interval, levels: tuple[float, ...], wider: Array, mean: Array, variance: Array, quantiles: Array
    ) -> None:  # fmt: skip
        """Write in what members with a distribution of their own say, widened for an uncertain lead time: quantiles and variance."""
        methods = self.assign(panel).methods
        panel = replace(panel, prior=features.priors(panel))
        asked = sorted({*levels, *blend.GRID})
        wanted, grid = np.searchsorted(asked, levels), np.searchsorted(asked, blend.GRID)
        for name, member in self.members.items():
            rows = np.flatnonzero(methods == name) if isinstance(member, Shaped) else np.array([], dtype=np.int64)
            if not rows.size or not isinstance(member, Shaped):
                continue
            own = _own_quantiles(member, panel, interval, tuple(asked), wider, mean, rows)
            known = np.isfinite(own).all(axis=1)
            rows, own = rows[known], own[known]
            quantiles[rows] = blend.rounded(own[:, wanted], negbin.units_of(panel.demand[rows]))
            variance[rows] = blend.variance(own[:, grid])

    def _blend(
        self, panel: Panel, interval: Interval, levels: tuple[float, ...], wider: Array, mean: Array, variance: Array, quantiles: Array
    ) -> None:  # fmt: skip
        """Write in the blend's quantiles and variance where the recipe has one."""
        rows, member = np.flatnonzero(self.assign(panel).share > 0), self.members.get(blend.MEMBER)
        if not rows.size or member is None or not isinstance(member, Shaped):
            return
        panel = replace(panel, prior=features.priors(panel))
        own = _own_quantiles(member, panel, interval, blend.GRID, wider, mean, rows)
        known = np.isfinite(own).all(axis=1)
        rows, own = rows[known], own[known]
        code, unit = class_codes(panel.demand_class)[rows], negbin.units_of(panel.demand[rows])
        base = negbin.quantiles(mean[rows], variance[rows], self.recipe.window.levels(blend.GRID), code, unit)
        quantiles[rows] = blend.rounded(blend.mixed(self.recipe.blend, base, own, code, levels), unit)
        variance[rows] = blend.variance(blend.mixed(self.recipe.blend, base, own, code, blend.GRID))

    def window_variance(self, panel: Panel, mean: Array, interval: Interval) -> tuple[Array, Array]:
        """([n] units² of demand over an interval of certain length, [n] class codes)."""
        window, panel = fitted(self.window_spread), recoded(panel, self.names)
        past = spread.windows(panel, fitted(self.season), features.priors(panel), interval.mean)
        own = spread.own_factor(past, window) * self.recipe.window.scale[past.code]
        return window.variance(mean, past.compound, past.code, own), past.code

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the weight of each member in its forecast, and the drivers of the heaviest one, named ``member.driver``."""
        assigned = self.assign(panel)
        weights = assigned.weights
        out: list[dict[str, float]] = [
            {f"{self.recipe.members[j]}.weight": round(float(row[j]), 4) for j in np.flatnonzero(row > 0)}
            for row in weights
        ]
        for i in np.flatnonzero(assigned.share > 0):
            out[i][f"{blend.MEMBER}.share"] = float(assigned.share[i])
        heaviest = np.where(weights.any(axis=1), weights.argmax(axis=1), -1)
        whole = recoded(replace(panel, prior=features.priors(panel)), self.names)
        for j, name in enumerate(self.recipe.members):
            for rows in _parts(np.flatnonzero(heaviest == j)):
                for i, drivers in zip(rows, self.members[name].explain(whole.take(rows)), strict=True):
                    out[i].update({f"{name}.{key}": value for key, value in drivers.items()})
        return out


def _own_quantiles(
    member: Shaped, panel: Panel, interval: Interval, levels: tuple[float, ...], wider: Array, mean: Array, rows: Array
) -> Array:
    """[r, q] a member's own quantiles, widened around the mean for an uncertain lead time."""
    quantiles = np.empty((rows.size, len(levels)))
    for part in blocks(rows.size):
        quantiles[part] = member.window_quantiles(panel.take(rows[part]), interval.mean[rows[part]], levels)
    return np.asarray(np.maximum(mean[rows, None] + (quantiles - mean[rows, None]) * wider[rows, None], 0.0))


def _parts(rows: Array) -> list[Array]:
    """Positions a few thousand at a time: members that look at each SKU alone need no copy of the catalogue."""
    return [rows[part] for part in blocks(rows.size)] if rows.size else []


def _fit_all(members: dict[str, Member], panel: Panel) -> dict[str, Member]:
    """Fit each; an aligned member shares the fit of the member it moves."""
    done = {name: member.fit(panel) for name, member in members.items() if not isinstance(member, Aligned)}
    for name, member in members.items():
        if isinstance(member, Aligned):
            inner = done.get(member.member.name)
            done[name] = member.fit(panel) if inner is None else member.around(inner)
    return done


def fallback(min_observations: int, because: str) -> Hybrid:
    """The statistical fallback: SBA for regular classes, TSB for intermittent ones. Unfitted.

    Args:
        min_observations: as in :class:`Hybrid`.
        because: why no champion serves; becomes each SKU's reason.

    Returns:
        A forecaster that needs nothing but the histories.
    """
    names = ("sba", "tsb", YOUNG_METHOD)
    choice = (0, 0, 1, 1, 1)
    recipe = Recipe(
        names,
        np.eye(3)[list(choice)],
        tuple(names[c] for c in choice),
        tuple(f"fallback: {because}" for _ in CLASSES),
        identity(),
        identity(),
    )
    return Hybrid(
        recipe, {"sba": classical.sba(), "tsb": classical.tsb(), YOUNG_METHOD: classical.Decayed()}, min_observations
    )
