"""Quantiles of lead-time demand learnt directly: LightGBM's built-in pinball loss on windows of each SKU's own width, all SKUs at once.

What is learnt is the logarithm of window demand over the window demand that the decayed base expects, both with half a unit added;
quantiles commute with it, so what comes out is a quantile of units.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import seasonal
from models.distribution import negbin
from models.interface import fitted
from models.members import features, window_features
from models.members.classical import Decayed
from models.members.features import Builder
from models.season_state import season_from_json, season_to_json
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel
from pipelines.core.seeds import generator

LEARNT: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
"""Levels with trees of their own; others lie between, linear in the normal deviate."""

WIDEST_WEEKS: Final = 26
"""Longer windows take the quantiles of this width in proportion."""

FEWEST: Final = 500
"""Windows known by half below which nothing is learnt."""

_MORE: Final = ("log_expected", "log_unit", "log_width", *window_features.NAMES)


@dataclass
class QuantileBooster:
    """One LightGBM a level.

    Args:
        threads: CPU threads.
        seed: of the row sample.
        rounds: trees a level.
        max_rows: training windows at most.
        depth_weeks: how far back windows begin.
    """

    threads: int = 1
    seed: int = 42
    rounds: int = 60
    max_rows: int = 60_000
    depth_weeks: int = 78
    name: str = "lightgbm_quantile"
    joint: bool = False
    season: Season | None = field(default=None, repr=False)
    models: list[Any] = field(default_factory=list, repr=False)

    def fit(self, panel: Panel) -> "QuantileBooster":
        """Train on windows of the past; with too few of them the member keeps silent. Returns itself."""
        self.season, self.models = seasonal.fit(panel), []
        first = max(panel.length - self.depth_weeks * panel.period, min(8 * panel.period, panel.length // 3), 1)
        origins = np.arange(first, panel.length, max(panel.period, 1))
        sku, origin, width = self._sample(panel, origins)
        if sku.size < FEWEST:
            return self
        matrix, expected = self._matrix(panel, self.season, origins, sku, origin, width, 0, honest=True)
        demand, exposure = _windows(panel, *self._index(panel, 0), sku, origins[origin], width)
        fine = exposure > 0
        if fine.sum() < FEWEST:
            return self
        unit = 0.5 * negbin.units_of(panel.demand)[sku]
        target = np.log((demand[fine] / exposure[fine] + unit[fine]) / (expected[fine] + unit[fine]))
        self.models = self._train(matrix[fine], target, [*features.names(panel), *_MORE])
        return self

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] the decayed base: quantiles are what this member is for."""
        return Decayed(season=fitted(self.season)).path(panel, horizon)

    def window_quantiles(self, panel: Panel, width: Array, levels: tuple[float, ...]) -> Array:
        """Quantiles of demand over the next ``width`` buckets; see :class:`models.interface.Shaped`."""
        from scipy.special import ndtri

        if not self.models:
            return np.full((panel.skus, len(levels)), np.nan)
        whole = _whole(width, panel.period)
        sku, longest = np.arange(panel.skus), int(whole.max(initial=1))
        at = np.array([panel.length])
        matrix, expected = self._matrix(
            panel, fitted(self.season), at, sku, np.zeros(panel.skus, np.int64), whole, longest
        )
        learnt = np.stack([model.predict(matrix, num_threads=self.threads) for model in self.models], axis=1)
        learnt = np.maximum.accumulate(learnt, axis=1)
        known, wanted = ndtri(np.array(LEARNT)), ndtri(np.array(levels))
        left = np.clip(np.searchsorted(known, wanted) - 1, 0, known.size - 2)
        share = (wanted - known[left]) / (known[left + 1] - known[left])
        raw = learnt[:, left] + share[None, :] * (learnt[:, left + 1] - learnt[:, left])
        unit = 0.5 * negbin.units_of(panel.demand)
        units = np.exp(np.clip(raw, -20, 20)) * (expected + unit)[:, None] - unit[:, None]
        return np.asarray(np.maximum(units * (width / whole)[:, None], 0.0))

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the base rate per bucket from which the quantiles are moved."""
        return Decayed(season=fitted(self.season)).explain(panel)

    def _index(self, panel: Panel, future: int) -> tuple[Array, Array]:
        """([g, T + future] seasonal index of groups, [n] its row for each SKU)."""
        return fitted(self.season).on(panel, future)

    def _sample(self, panel: Panel, origins: Array) -> tuple[Array, Array, Array]:
        """Windows drawn evenly over SKUs and origins, all inside the history; without protection intervals of every width."""
        random = generator(self.seed, "quantiles", panel.as_of.isoformat())
        born = np.argmax(np.isfinite(panel.demand), axis=1)
        draws = min(3 * self.max_rows, panel.skus * origins.size)
        sku, origin = random.integers(0, panel.skus, draws), random.integers(0, origins.size, draws)
        if panel.protection is None:
            widest = max(min(WIDEST_WEEKS * panel.period, panel.length // 5), 1)
            width = np.round(np.exp(random.uniform(0, np.log(widest + 0.49), draws))).astype(np.int64)
        else:
            width = _whole(panel.protection, panel.period)[sku]
        fine = (origins[origin] + width <= panel.length) & (born[sku] + width < origins[origin])
        keep = np.flatnonzero(fine)[: self.max_rows]
        return sku[keep], origin[keep], width[keep]

    def _matrix(
        self, panel: Panel, season: Season, origins: Array, sku: Array, origin: Array, width: Array, future: int, *, honest: bool = False
    ) -> tuple[Array, Array]:  # fmt: skip
        """([r, f] features, [r] units the base expects over the window)."""
        builder = Builder(panel, season, origins, future, honest=honest)
        rows = builder.rows(sku, origin, width)
        season_of, group = self._index(panel, future)
        index = _summed(builder.ahead)
        base = np.maximum(builder.states[sku, origin, 0], 1e-6)
        expected = base * (index[group[sku], origins[origin] + width] - index[group[sku], origins[origin]])
        unit = 0.5 * negbin.units_of(panel.demand)[sku]
        more = np.stack([np.log(expected + unit), np.log(unit), np.log(width)], axis=1).astype(np.float32)
        past = window_features.own_windows(panel, season_of, group, sku, origins[origin], width, base)
        return np.concatenate([rows.features, more, past], axis=1), expected

    def _train(self, matrix: Array, target: Array, labels: list[str]) -> list[Any]:
        import lightgbm as lgb

        shape = {
            "max_bin": 63,
            "num_threads": self.threads,
            "verbosity": -1,
            "deterministic": True,
            "force_row_wise": True,
        }
        data = lgb.Dataset(matrix, target, feature_name=labels, params=shape, free_raw_data=False)
        common = {
            **shape,
            "objective": "quantile",
            "learning_rate": 0.1,
            "num_leaves": 15,
            "min_data_in_leaf": 200,
            "feature_fraction": 0.6,
            "lambda_l2": 5.0,
            "seed": self.seed,
        }
        return [lgb.train({**common, "alpha": level}, data, self.rounds) for level in LEARNT]

    def state(self, folder: Path) -> dict[str, Any]:
        """See :class:`models.interface.Storable`."""
        for k, model in enumerate(self.models):
            model.save_model(str(folder / f"quantile_{k}.txt"))
        return {
            "season": season_to_json(self.season),
            "levels": len(self.models),
            "threads": self.threads,
            "seed": self.seed,
            "rounds": self.rounds,
            "max_rows": self.max_rows,
            "depth_weeks": self.depth_weeks,
        }

    @classmethod
    def restore(cls, state: dict[str, Any], folder: Path) -> "QuantileBooster":
        """See :class:`models.interface.Storable`."""
        import lightgbm as lgb

        plain = {name: state[name] for name in ("threads", "seed", "rounds", "max_rows", "depth_weeks")}
        models = [lgb.Booster(model_file=str(folder / f"quantile_{k}.txt")) for k in range(state["levels"])]
        return cls(**plain, season=season_from_json(state["season"]), models=models)


def _whole(width: Array, period: int) -> Array:
    return np.asarray(np.clip(np.round(width), 1, WIDEST_WEEKS * period).astype(np.int64))


def _windows(panel: Panel, index: Array, group: Array, sku: Array, first: Array, width: Array) -> tuple[Array, Array]:
    """([r] units demanded over the known part of windows, [r] the part known, by season; 0 where under half the buckets are)."""
    demand, seen = np.zeros((2, sku.size))
    for rows in blocks(panel.skus):
        part_rows = np.flatnonzero((sku >= rows.start) & (sku < rows.stop))
        i, start, end = sku[part_rows] - rows.start, first[part_rows], first[part_rows] + width[part_rows]
        history = panel.demand[rows]
        units = _summed(np.nan_to_num(history))
        demand[part_rows] = units[i, end] - units[i, start]
        exposure = _summed(np.isfinite(history) * index[group[rows]])
        seen[part_rows] = exposure[i, end] - exposure[i, start]
    whole, last = _summed(index), first + width
    part = seen / np.maximum(whole[group[sku], last] - whole[group[sku], first], 1e-9)
    return demand, np.where(part >= 0.5, part, 0.0)


def _summed(values: Array) -> Array:
    """[n, T + 1] sums of the first columns, none of them first."""
    return np.concatenate([np.zeros((values.shape[0], 1)), values.cumsum(axis=1)], axis=1)
