"""Bootstrap of lead-time demand: a SKU's own past windows, newer ones counting more, are its distribution.

Every quantile of a resampled window is a quantile of the weighted past windows themselves, so none need be drawn at random.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np

from models import seasonal
from models.interface import fitted
from models.season_state import season_from_json, season_to_json
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.compiled import njit
from pipelines.core.panel import Array, Panel

HALF_LIFE_WEEKS: Final = 52.0
"""Age at which a past window counts half."""

FEWEST: Final = 6
"""Windows end to end that the history must hold; below, the member keeps silent."""


@dataclass
class WindowBootstrap:
    """The empirical distribution of past windows, brought to the season of the coming one."""

    name: str = "window_bootstrap"
    joint: bool = False
    season: Season | None = field(default=None, repr=False)

    def fit(self, panel: Panel) -> "WindowBootstrap":
        """A copy that knows the seasonal index of the panel."""
        return replace(self, season=seasonal.fit(panel))

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] recency-weighted mean rate × season."""
        season = fitted(self.season)
        index, rows = season.on(panel, horizon)
        return np.asarray(self._rate(panel, index, rows)[:, None] * index[rows, panel.length :])

    def window_quantiles(self, panel: Panel, width: Array, levels: tuple[float, ...]) -> Array:
        """Quantiles of demand over the next ``width`` buckets; see :class:`models.interface.Shaped`."""
        season = fitted(self.season)
        whole = np.clip(np.round(width), 1, None).astype(np.int64)
        index, rows = season.on(panel, int(whole.max(initial=1)))
        keep = 0.5 ** (1.0 / (HALF_LIFE_WEEKS * panel.period))
        quantiles = _quantiles(panel.demand, index, rows, whole, keep, np.array(levels))
        return np.asarray(quantiles * (width / whole)[:, None])

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the mean rate per bucket."""
        season = fitted(self.season)
        rate = self._rate(panel, *season.on(panel))
        return [{"rate": float(value)} for value in np.round(rate, 6)]

    def _rate(self, panel: Panel, index: Array, rows: Array) -> Array:
        age = np.arange(panel.length)[::-1] / (HALF_LIFE_WEEKS * panel.period)
        out = np.empty(panel.skus)
        for part in blocks(panel.skus):
            known = np.isfinite(panel.demand[part]) * 0.5**age
            exposure = (known * index[rows[part], : panel.length]).sum(axis=1)
            out[part] = (np.nan_to_num(panel.demand[part]) * known).sum(axis=1) / np.maximum(exposure, 1e-9)
        return out

    def state(self, folder: Path) -> dict[str, Any]:
        """See :class:`models.interface.Storable`."""
        del folder
        return {"season": season_to_json(self.season)}

    @classmethod
    def restore(cls, state: dict[str, Any], folder: Path) -> "WindowBootstrap":
        """See :class:`models.interface.Storable`."""
        del folder
        return cls(season=season_from_json(state["season"]))


@njit(parallel=True)
def _quantiles(
    demand: Array, season: Array, group: Array, width: Array, keep: float, levels: Array
) -> Array:  # pragma: no cover - compiled
    """[n, q] weighted quantiles of past windows; windows overlap by three quarters, one less than half known is left out."""
    n, length = demand.shape
    out = np.full((n, levels.shape[0]), np.nan)
    for i in nb.prange(n):
        w, g = width[i], group[i]
        if length < FEWEST * w:
            continue
        stride, coming = max(w // 4, 1), 0.0
        for t in range(length, length + w):
            coming += season[g, t]
        most = (length - w) // stride + 1
        values, weights, count = np.empty(most), np.empty(most), 0
        for k in range(most):
            first = length - w - k * stride
            total, exposure, known = 0.0, 0.0, 0
            for t in range(first, first + w):
                if not np.isnan(demand[i, t]):
                    total, exposure, known = total + demand[i, t], exposure + season[g, t], known + 1
            if 2 * known >= w and exposure > 0:
                values[count], weights[count] = total / exposure * coming, keep ** (k * stride)
                count += 1
        if count * stride < (FEWEST - 1) * w:
            continue
        order = np.argsort(values[:count])
        whole, so_far, at = weights[:count].sum(), 0.0, 0
        for q in range(levels.shape[0]):
            while at < count - 1 and so_far + weights[order[at]] < levels[q] * whole:
                so_far += weights[order[at]]
                at += 1
            out[i, q] = values[order[at]]
    return out
