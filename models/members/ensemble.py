"""The classic ensemble: random forest, gradient boosting and a linear model on seasonal decomposition and trend, all SKUs at once.

Each learns demand relative to its decayed base and season, so that one model serves large and small SKUs; squared errors are weighted by
the base, as the variance of demand grows with it. The forecast is the mean of the three.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import seasonal
from models.interface import fitted
from models.members import features, forest
from models.members.features import Builder
from models.members.forest import Trees
from models.season_state import season_from_json, season_to_json
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel
from pipelines.core.seeds import generator

PARTS: Final = ("random_forest", "gradient_boosting", "linear")
MOST: Final = 20.0
"""Demand over its base is read as at most this: one odd order must not bend a tree."""

TREND: Final = (("trend_short", 1, 3), ("trend_long", 2, 4))
"""Name, faster and slower decayed mean whose log ratio is a trend."""


@dataclass(frozen=True)
class Parts:
    """What was fitted.

    Attributes:
        centre: [f] what stands for an unknown feature.
        scale: [f] standard deviation of each, for the linear part.
        forest: random forest.
        boosting: gradient boosting.
        linear: [f + 1] ridge coefficients on standardised features, the intercept last.
    """

    centre: Array
    scale: Array
    forest: Trees
    boosting: Trees
    linear: Array

    def ratios(self, matrix: Array) -> Array:
        """[3, r] each part's forecast over base × season, ≥ 0."""
        filled = np.where(np.isfinite(matrix), matrix, self.centre).astype(np.float32)
        straight = _standardised(filled, self.centre, self.scale) @ self.linear[:-1] + self.linear[-1]
        parts = np.stack([self.forest.predict(filled), self.boosting.predict(filled), straight])
        return np.asarray(np.clip(parts, 0.0, MOST))


@dataclass
class Ensemble:
    """Random forest + gradient boosting + linear.

    Args:
        threads: CPU threads.
        seed: of the row sample and of the trees.
        horizon: longest horizon trained on.
        max_rows: training rows at most.
        depth_weeks: how far back origins reach.
    """

    threads: int = 1
    seed: int = 42
    horizon: int = 28
    max_rows: int = 24_000
    depth_weeks: int = 60
    name: str = "ensemble"
    joint: bool = False
    season: Season | None = field(default=None, repr=False)
    parts: Parts | None = field(default=None, repr=False)

    def fit(self, panel: Panel) -> "Ensemble":
        """Train on origins of the past; with too few rows the base alone speaks. Returns itself."""
        self.season, self.parts = seasonal.fit(panel), None
        span = min(self.horizon, max(panel.length // 4, 1))
        first = max(panel.length - self.depth_weeks * panel.period, min(8 * panel.period, panel.length // 3), 1)
        origins = np.arange(panel.length - span, first - 1, -max(panel.period, span // 4))[::-1].copy()
        if origins.size == 0:
            return self
        random = generator(self.seed, "ensemble", panel.as_of.isoformat())
        draws = min(2 * self.max_rows, panel.skus * origins.size * span)
        sku, origin = random.integers(0, panel.skus, draws), random.integers(0, origins.size, draws)
        step = random.integers(1, span + 1, draws)
        born = np.argmax(np.isfinite(panel.demand), axis=1)
        target = panel.demand[sku, origins[origin] + step - 1]
        keep = np.flatnonzero(np.isfinite(target) & (born[sku] < origins[origin]))[: self.max_rows]
        if keep.size < 200:
            return self
        matrix, base = self._matrix(
            Builder(panel, self.season, origins, 0, honest=True), sku[keep], origin[keep], step[keep]
        )
        ratio = np.minimum(target[keep] / base, MOST)
        self.parts = self._train(matrix, ratio, np.sqrt(base / base.mean()))
        return self

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] base × season × mean of the three parts' ratios."""
        builder = Builder(panel, fitted(self.season), np.array([panel.length]), horizon)
        out = np.empty((panel.skus, horizon))
        for rows in blocks(panel.skus):
            chunk = np.arange(rows.start, rows.stop)
            sku, step = np.repeat(chunk, horizon), np.tile(np.arange(1, horizon + 1), chunk.size)
            matrix, base = self._matrix(builder, sku, np.zeros_like(sku), step)
            matrix[:, features.OWN.index("horizon")] = np.minimum(step, self.horizon)
            ratio = np.ones(sku.size) if self.parts is None else self.parts.ratios(matrix).mean(axis=0)
            out[rows] = (base * ratio).reshape(chunk.size, horizon)
        return out

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the base and the factor that each part puts on it at the middle of the horizon."""
        middle = max(self.horizon // 2, 1)
        builder = Builder(panel, fitted(self.season), np.array([panel.length]), middle)
        sku = np.arange(panel.skus)
        matrix, base = self._matrix(builder, sku, np.zeros_like(sku), np.full(panel.skus, middle))
        if self.parts is None:
            return [{"base": round(float(value), 6)} for value in base]
        ratios = np.round(self.parts.ratios(matrix), 4)
        return [
            {"base": round(float(base[i]), 6), **{part: float(ratios[k, i]) for k, part in enumerate(PARTS)}}
            for i in range(panel.skus)
        ]

    def _matrix(self, builder: Builder, sku: Array, origin: Array, step: Array) -> tuple[Array, Array]:
        """([r, f] features with trend, [r] base × season)."""
        rows = builder.rows(sku, origin, step)
        states = builder.states[sku, origin]
        trend = [np.log((states[:, a] + 1e-6) / (states[:, b] + 1e-6)) for _, a, b in TREND]
        return np.concatenate([rows.features, np.stack(trend, axis=1).astype(np.float32)], axis=1), np.exp(rows.offset)

    def _train(self, matrix: Array, ratio: Array, weight: Array) -> Parts:
        from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

        centre = _medians(matrix)
        filled = np.where(np.isfinite(matrix), matrix, centre).astype(np.float32)
        trees = RandomForestRegressor(
            40, min_samples_leaf=60, max_features=0.3, max_samples=0.5, n_jobs=self.threads, random_state=self.seed
        ).fit(filled, ratio, weight)
        boosted = GradientBoostingRegressor(
            n_estimators=60,
            learning_rate=0.08,
            max_depth=4,
            subsample=0.4,
            max_features=0.3,
            min_samples_leaf=60,
            random_state=self.seed,
            init="zero",
        ).fit(filled, ratio - 1.0, weight)
        scale = np.maximum(filled.astype(float).std(axis=0), 1e-6)
        return Parts(
            centre,
            scale,
            forest.from_sklearn(list(trees.estimators_), 0.0, 1.0 / 40),
            forest.from_sklearn(list(boosted.estimators_[:, 0]), 1.0, 0.08),
            _ridge(_standardised(filled, centre, scale), ratio, weight),
        )

    def state(self, folder: Path) -> dict[str, Any]:
        """See :class:`models.interface.Storable`."""
        content: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN} | {
            "season": season_to_json(self.season)
        }
        if self.parts is not None:
            self.parts.forest.save(folder / "ensemble_forest.npz")
            self.parts.boosting.save(folder / "ensemble_boosting.npz")
            content |= {name: getattr(self.parts, name).tolist() for name in ("centre", "scale", "linear")}
        return content

    @classmethod
    def restore(cls, state: dict[str, Any], folder: Path) -> "Ensemble":
        """See :class:`models.interface.Storable`."""
        member = cls(**{name: state[name] for name in _PLAIN}, season=season_from_json(state["season"]))
        if "centre" in state:
            centre, scale, linear = (np.array(state[name]) for name in ("centre", "scale", "linear"))
            grown, boosted = (Trees.load(folder / f"ensemble_{name}.npz") for name in ("forest", "boosting"))
            member.parts = Parts(centre, scale, grown, boosted, linear)
        return member


_PLAIN: Final = ("threads", "seed", "horizon", "max_rows", "depth_weeks")


def _medians(matrix: Array) -> Array:
    """[f] median of the known values of each feature, 0 where none is known."""
    out = np.zeros(matrix.shape[1])
    for j, column in enumerate(matrix.T):
        known = column[np.isfinite(column)]
        out[j] = np.median(known) if known.size else 0.0
    return out


def _standardised(filled: Array, centre: Array, scale: Array) -> Array:
    """Within five standard deviations of the centre: a straight line must not run away."""
    return np.asarray(np.clip((filled - centre) / scale, -5.0, 5.0))


def _ridge(matrix: Array, target: Array, weight: Array) -> Array:
    """[f + 1] coefficients of weighted ridge regression, the intercept last and free."""
    design = np.concatenate([matrix, np.ones((matrix.shape[0], 1))], axis=1)
    penalty = np.full(design.shape[1], 1e-2 * weight.sum())
    penalty[-1] = 1e-9
    gram = design.T @ (weight[:, None] * design) + np.diag(penalty)
    return np.asarray(np.linalg.solve(gram, design.T @ (weight * target)))
