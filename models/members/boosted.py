"""Global boosters over all SKUs: LightGBM and XGBoost on the decayed base as log offset."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from models import seasonal
from models.interface import fitted
from models.members import features, objectives
from models.members.features import Builder
from models.seasonal import Season
from pipelines.core.panel import Array, Panel, known_sums
from pipelines.core.seeds import generator

BLOCK: Final = 250_000
"""Rows predicted at once; bounds memory."""


@dataclass
class Booster:
    """One direct model for all SKUs and horizons; expected demand = base × exp(trees).

    Args:
        library: ``"lightgbm"`` or ``"xgboost"``.
        threads: CPU threads; results do not depend on it.
        seed: of the row sample.
        horizon: longest horizon trained on; longer ones are predicted as the last.
        rounds: trees.
        max_rows: training rows at most, sampled.
        depth_weeks: how far back origins reach.
        tweedie: variance power of the Tweedie deviance, between 1 (Poisson) and 2 (gamma).
        learning_rate: shrinkage.
        leaves: leaves per tree.
        objective: ``"tweedie"``, ``"poisson"`` (means), ``"quantile"`` or ``"asymmetric"`` (see :mod:`models.members.objectives`).
        ratio: cost of a unit short over a unit left over, for the last two.
    """

    library: Literal["lightgbm", "xgboost"]
    threads: int = 1
    seed: int = 42
    horizon: int = 28
    rounds: int = 120
    max_rows: int = 200_000
    depth_weeks: int = 60
    tweedie: float = 1.1
    learning_rate: float = 0.08
    leaves: int = 31
    objective: str = "tweedie"
    ratio: float = 3.0
    joint: bool = False
    season: Season | None = field(default=None, repr=False)
    model: Any = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Name of the member: the library's."""
        return self.library

    def fit(self, panel: Panel) -> "Booster":
        """Train on origins of the past; the targets of all rows lie in the panel's history.

        Args:
            panel: histories. With less than 8 weeks of history, or without demand, there is nothing to learn: the base alone is used.

        Returns:
            Itself.
        """
        self.season, self.model = seasonal.fit(panel), None
        span = min(self.horizon, max(panel.length // 4, 1))
        origins = self._origins(panel, span)
        if origins.size == 0:
            return self
        builder = Builder(panel, self.season, origins, 0, honest=True)
        sku, origin, step = self._sample(panel, origins, span)
        if sku.size < 200:
            return self
        rows = builder.rows(sku, origin, step)
        target = panel.demand[sku, origins[origin] + step - 1]
        if not target.any():  # LightGBM refuses to look for a mean where all is zero
            return self
        age = (panel.length - origins[origin]) / panel.period
        weight = 0.5 ** (age / 104.0) * self._scale_weight(panel)[sku]
        self.model = self._train(rows, target, weight / weight.mean(), features.names(panel))
        return self

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] expected demand; see :class:`models.interface.Member`."""
        builder = Builder(panel, fitted(self.season), np.array([panel.length]), horizon)
        out = np.empty((panel.skus, horizon))
        per = max(BLOCK // horizon, 1)
        for first in range(0, panel.skus, per):
            sku = np.repeat(np.arange(first, min(first + per, panel.skus)), horizon)
            step = np.tile(np.arange(1, horizon + 1), sku.size // horizon)
            rows = builder.rows(sku, np.zeros_like(sku), step)
            # A tree has seen horizons up to its own only; beyond, the last known one speaks.
            rows.features[:, features.OWN.index("horizon")] = np.minimum(step, self.horizon)
            out[first : first + per] = np.exp(np.clip(rows.offset + self._raw(rows.features), -20, 25)).reshape(
                -1, horizon
            )
        return out

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the five features that move the forecast of the middle horizon most, as factors on the base."""
        if self.model is None:
            return [{} for _ in range(panel.skus)]
        middle = max(self.horizon // 2, 1)
        builder = Builder(panel, fitted(self.season), np.array([panel.length]), middle)
        sku = np.arange(panel.skus)
        rows = builder.rows(sku, np.zeros_like(sku), np.full(panel.skus, middle))
        share = self._contributions(rows.features)[:, :-1]
        labels = features.names(panel)
        top = np.argsort(-np.abs(share), axis=1, kind="stable")[:, :5]
        return [{labels[j]: round(float(np.exp(share[i, j])), 4) for j in top[i]} for i in range(panel.skus)]

    def _origins(self, panel: Panel, span: int) -> Array:
        gap = max(panel.period, span // 4)
        first = max(panel.length - self.depth_weeks * panel.period, min(8 * panel.period, panel.length // 3), 1)
        return (
            np.arange(panel.length - span, first - 1, -gap)[::-1].copy()
            if panel.length - span >= first
            else np.array([], int)
        )

    def _sample(self, panel: Panel, origins: Array, span: int) -> tuple[Array, Array, Array]:
        """Rows drawn evenly over SKUs, origins and horizons, of those whose target is known and that had lived before."""
        born = np.argmax(np.isfinite(panel.demand), axis=1)
        random = generator(self.seed, "booster", panel.as_of.isoformat())
        draws = min(self.max_rows * 2, panel.skus * origins.size * span)
        sku = random.integers(0, panel.skus, draws)
        origin = random.integers(0, origins.size, draws)
        step = random.integers(1, span + 1, draws)
        fine = np.isfinite(panel.demand[sku, origins[origin] + step - 1]) & (born[sku] < origins[origin])
        keep = np.flatnonzero(fine)[: self.max_rows]
        return sku[keep], origin[keep], step[keep]

    def _scale_weight(self, panel: Panel) -> Array:
        if panel.weight is not None:
            return panel.weight
        total, known = known_sums(panel.demand)
        mean = total / np.maximum(known, 1)
        typical = np.median(mean[mean > 0]) if (mean > 0).any() else 1.0
        return np.asarray((typical / np.maximum(mean, 0.05 * typical)) ** 0.5)

    def _train(self, rows: features.Rows, target: Array, weight: Array, labels: list[str]) -> Any:
        target = objectives.label(self.objective, target, rows.offset)
        if self.library == "lightgbm":
            import lightgbm as lgb

            data = lgb.Dataset(
                rows.features, target, weight=weight, init_score=rows.offset, feature_name=labels, free_raw_data=True
            )
            return lgb.train(self._lightgbm(), data, self.rounds)
        import xgboost as xgb

        matrix = xgb.QuantileDMatrix(
            rows.features,
            target,
            weight=weight,
            base_margin=rows.offset,
            feature_names=labels,
            nthread=self.threads,
            max_bin=128,
        )
        goal, custom = objectives.xgboost(self.objective, self.tweedie, self.ratio)
        return xgb.train({**self._xgboost(), **goal}, matrix, self.rounds, obj=custom)

    def _lightgbm(self) -> dict[str, Any]:
        return {
            **objectives.lightgbm(self.objective, self.tweedie, self.ratio), "learning_rate": self.learning_rate, "num_leaves": self.leaves,
            "min_data_in_leaf": 100, "feature_fraction": 0.7, "lambda_l2": 5.0, "max_bin": 127, "num_threads": self.threads,
            "deterministic": True, "force_row_wise": True, "seed": self.seed, "verbosity": -1,
        }  # fmt: skip

    def _xgboost(self) -> dict[str, Any]:
        return {
            "eta": self.learning_rate, "max_leaves": self.leaves,
            "max_depth": 0, "grow_policy": "lossguide", "min_child_weight": 20.0, "colsample_bytree": 0.7, "lambda": 5.0, "max_bin": 128,
            "tree_method": "hist", "nthread": self.threads, "seed": self.seed, "verbosity": 0,
        }  # fmt: skip

    def _raw(self, matrix: Array) -> Array:
        if self.model is None:
            return np.zeros(matrix.shape[0])
        if self.library == "lightgbm":
            return np.asarray(self.model.predict(matrix, raw_score=True, num_threads=self.threads))
        import xgboost as xgb

        data = xgb.DMatrix(matrix, feature_names=self.model.feature_names, nthread=self.threads)
        return np.asarray(self.model.predict(data, output_margin=True), dtype=float)

    def _contributions(self, matrix: Array) -> Array:
        if self.library == "lightgbm":
            return np.asarray(self.model.predict(matrix, pred_contrib=True, num_threads=self.threads))
        import xgboost as xgb

        data = xgb.DMatrix(matrix, feature_names=self.model.feature_names, nthread=self.threads)
        return np.asarray(self.model.predict(data, pred_contribs=True))
