"""Demand of each coming review period: mean and variance by boosting on a seasonally adjusted base.

Two global models: expected demand = base × exp(trees) under a Tweedie deviance, the mean of two that see the season smooth and sharp, and,
on the residuals of their cross-fit (each half of the SKUs predicted by trees of the other half), the variance relative to a reference
that grows with the mean. Trained on the spot:
a catalogue's rows are capped, so it takes seconds, and the same histories and seed give the same numbers.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from models.interface import fitted
from models.period.period_features import Array, Builder, Histories, seasoned
from models.period.sharp_season import sharpened
from models.period.variance import CEILING, least_variance, ratio_bounds, reference_variance, squared_ratio
from pipelines.core.seeds import generator

LATE: Final = 8
"""Newest periods that are no targets where all SKUs moved at once."""

STEP: Final = 0.7
"""Logarithm by which one tree (before the learning rate) may move a variance: a Newton step under a gamma deviance is without bound where
residuals are far below what is predicted."""

FEWEST: Final = 1_000
"""Rows below which trees are not grown, as where a half of the SKUs sold nothing: the base stands, with each SKU's own variance."""

SHORT: Final[dict[str, Any]] = {"tweedie": 1.5, "leaves": 15, "least_rows": 300, "young": 2, "trust": 0.5}
"""What holds instead where less than a year and a half is known: few weeks, so simpler trees, and half of what they say."""


@dataclass(frozen=True)
class PeriodDemand:
    """Predictive moments.

    Attributes:
        mean: [n, h] units.
        variance: [n, h] units², at least the mean's (Poisson) and never 0 where the mean is positive.
    """

    mean: Array
    variance: Array


@dataclass
class PeriodForecaster:
    """The forecaster.

    Args:
        horizon: periods ahead, h.
        threads: CPU threads; results do not depend on it.
        seed: of row sample, bags and halves.
        bags: boosters averaged.
        rounds: trees of each.
        spread_rounds: trees of the variance model.
        learning_rate: shrinkage.
        leaves: leaves a tree.
        least_rows: rows a leaf.
        tweedie: variance power of the deviance.
        depth: periods back that origins reach.
        half_life: periods in which a row's weight halves.
        max_rows: training rows at most, sampled.
        run_up: periods before the first origin.
        young: periods a SKU has lived before its rows count.
        trust: share of the trees in the mean; the rest is the base.
    """

    horizon: int
    threads: int = 1
    seed: int = 42
    bags: int = 1
    rounds: int = 140
    spread_rounds: int = 120
    learning_rate: float = 0.045
    leaves: int = 47
    least_rows: int = 100
    tweedie: float = 1.1
    depth: int = 104
    half_life: float = 104.0
    max_rows: int = 200_000
    run_up: int = 26
    young: int = 8
    trust: float = 1.0
    boosters: list[Any] | None = field(default=None, repr=False)
    sharp: list[Any] = field(default_factory=list, repr=False)
    spread: Any = field(default=None, repr=False)
    bounds: tuple[float, float] = (0.0, CEILING)

    def fit(self, histories: Histories, *, means_alone: bool = False) -> "PeriodForecaster":
        """A copy, trained.

        Args:
            histories: histories; rows come from all SKUs and origins whose target is known.
            means_alone: leave out the trees of the variance, two thirds of the work; the variance is not fitted then: do not use it.

        Returns:
            The trained forecaster.
        """
        return (self if seasoned(histories) else replace(self, **SHORT))._trained(histories, means_alone)

    def _trained(self, histories: Histories, means_alone: bool) -> "PeriodForecaster":
        builder = Builder(histories, self.horizon)
        sku, origin, step = self._index(histories, builder)
        # At the origin's common level: a shift of all that came later is nothing a tree could have foreseen.
        target = histories.demand[sku, origin + step] * builder.level[sku, origin] / builder.level[sku, origin + step]
        rows = builder.rows(sku, origin, step)
        weight = 0.5 ** ((histories.shape[1] - origin) / self.half_life)
        half = generator(self.seed, "halves").permutation(histories.shape[0])[sku] % 2 == 1
        if sku.size < FEWEST or not (target[half].any() and target[~half].any()):
            return replace(self, boosters=[], sharp=[], spread=None)
        boosters = [self._mean(*rows, target, weight, bag) for bag in range(self.bags)]
        if means_alone:
            return replace(self, boosters=boosters, sharp=[], spread=None)
        sharp = []
        if seasoned(builder.trained):
            sharp = [
                self._mean(*sharpened(builder).rows(sku, origin, step), target, weight, bag) for bag in range(self.bags)
            ]
        honest = np.empty(sku.size)
        for left in (half, ~half):
            trees = self._mean(*_at(rows, ~left), target[~left], weight[~left], 0)
            honest[left] = self._expected([trees], *_at(rows, left))
        ratio, own = squared_ratio(target, honest), builder.noise[sku, origin]
        spread = self._spread(_with_noise(rows[0], honest, own), ratio, own, weight)
        return replace(self, boosters=boosters, sharp=sharp, spread=spread, bounds=ratio_bounds(ratio, sku))

    def predict(self, histories: Histories, builder: Builder | None = None, origin: int | None = None) -> PeriodDemand:
        """Moments of the ``horizon`` periods after the newest, or after an earlier one.

        Args:
            histories: histories, as fitted or longer.
            builder: of these histories, where one is at hand.
            origin: position of the last period that counts as known; default: the newest.

        Returns:
            [n, h] moments in units; 0 for SKUs that had never sold by then.
        """
        builder = builder or Builder(histories, self.horizon)
        n, h = histories.shape[0], self.horizon
        last = histories.shape[1] - 1 if origin is None else origin
        sku, step = np.repeat(np.arange(n), h), np.tile(np.arange(1, h + 1), n)
        at = sku, np.full(n * h, last), step
        features, base = builder.rows(*at)
        mean, ratio = self._expected(fitted(self.boosters), features, base), builder.noise[sku, last]
        if self.sharp:
            other, plain = sharpened(builder).rows(*at)
            mean, base = (mean + self._expected(self.sharp, other, plain)) / 2, (base + plain) / 2
        # Younger than any row of the training: the base, as far as the periods before the first sale cannot have been silent ones.
        age = np.minimum(builder.lived(sku, at[1]) / self.young, 1.0)
        known = age + (1.0 - age) * np.exp(-base)
        mean = base + known * (mean - base)
        if self.spread is not None:
            seen = _with_noise(features, mean, ratio)
            factor = np.exp(self.spread.predict(seen, raw_score=True, num_threads=self.threads))
            ratio = np.clip(ratio * factor, *self.bounds)
        # Nor have trees seen how little such a SKU tells of its rate: by a gamma's posterior, its square over the units sold.
        doubt = (1.0 - age) * mean**2 / (1.0 + builder.booked[:, : last + 1].sum(axis=1)[sku])
        variance = np.maximum(ratio * reference_variance(mean), least_variance(mean) + doubt)
        never = (builder.first > last)[sku]
        mean, variance = np.where(never, 0.0, mean), np.where(never, 0.0, variance)
        mean, variance = mean.reshape(n, h), variance.reshape(n, h)
        return PeriodDemand(histories.units(mean), histories.units(histories.units(variance)))

    def _index(self, histories: Histories, builder: Builder) -> tuple[Array, Array, Array]:
        """Rows whose target is known, of SKUs that had lived ``young`` periods; drawn evenly where there are too many."""
        n, length = histories.shape
        origins = np.arange(max(min(self.run_up, length // 2), length - self.depth), length - 1)
        fine = np.zeros((n, origins.size, self.horizon), dtype=bool)
        for step in range(1, self.horizon + 1):
            inside = origins[origins + step < length]
            # An unusual period of late may be passing; one of other years may be a season, which trees are to see.
            passing = builder.unusual[:, inside + step] & (inside + step >= length - LATE)
            usual = np.isfinite(histories.demand[:, inside + step]) & ~passing
            fine[:, : inside.size, step - 1] = usual
        fine &= (origins >= builder.first[:, None] + self.young)[:, :, None]
        known = np.flatnonzero(fine)
        if known.size > self.max_rows:
            known = np.sort(generator(self.seed, "rows").choice(known, self.max_rows, replace=False))
        sku, origin, step_at = np.unravel_index(known, fine.shape)
        return sku, origins[origin], step_at + 1

    def _expected(self, boosters: list[Any], features: Array, base: Array) -> Array:
        """[r] units: base × trees, and the base alone as far as the trees are not trusted."""
        if not boosters:
            return base
        raw = [trees.predict(features, raw_score=True, num_threads=self.threads) for trees in boosters]
        factor = np.mean([np.exp(one) for one in raw], axis=0)
        return np.asarray(base * (1.0 + self.trust * (factor - 1.0)))

    def _mean(self, features: Array, base: Array, target: Array, weight: Array, bag: int) -> Any:
        import lightgbm as lgb

        chosen = {
            "objective": "tweedie",
            "tweedie_variance_power": self.tweedie,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "learning_rate": self.learning_rate,
        }
        data = lgb.Dataset(features, target, weight=weight, init_score=np.log(base))
        return lgb.train(self._common(bag) | chosen, data, self.rounds)

    def _spread(self, features: Array, ratio: Array, own: Array, weight: Array) -> Any:
        """Trees under a gamma deviance: squared residuals against the reference variance, from each SKU's own ratio on."""
        import lightgbm as lgb

        chosen = {
            "objective": "gamma",
            "num_leaves": 15,
            "min_data_in_leaf": 400,
            "learning_rate": 0.05,
            "max_delta_step": STEP,
        }
        data = lgb.Dataset(features, ratio, weight=weight, init_score=np.log(own))
        return lgb.train(self._common(0) | chosen, data, self.spread_rounds)

    def _common(self, bag: int) -> dict[str, Any]:
        return {
            "feature_fraction": 0.7,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "max_bin": 127,
            "verbosity": -1,
            "num_threads": self.threads,
            "seed": (self.seed * 1_000 + bag) % 2**31,
            "deterministic": True,
            "force_row_wise": True,
        }


def _at(rows: tuple[Array, Array], which: Array) -> tuple[Array, Array]:
    return rows[0][which], rows[1][which]


def _with_noise(features: Array, mean: Array, ratio: Array) -> Array:
    """What the trees of the variance see beside the features: the mean, and the SKU's own ratio."""
    return np.column_stack([features, np.log(mean + 0.01), np.log(ratio)]).astype(np.float32)
