"""Hurdle model: whether a bucket has demand at all, and how much where it has; both decay, so fading items fade.

A window is then a sum of independent buckets, each nothing with probability 1 - p and a size otherwise; its first two moments
follow exactly, and a negative binomial with these moments is its distribution.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np

from models import seasonal
from models.distribution import negbin
from models.interface import fitted
from models.members.features import priors
from models.season_state import season_from_json, season_to_json
from models.seasonal import Season
from pipelines.core.compiled import njit
from pipelines.core.panel import Array, Panel

SHARE_WEEKS: Final = 20.0
"""Half-life of the share of buckets with demand."""

SIZE_HITS: Final = 16.0
"""Half-life of sizes, in buckets with demand."""

PRIOR_HITS: Final = 2.0
PRIOR_BUCKETS: Final = 4.0


@dataclass
class Hurdle:
    """Bernoulli occurrence × size, each decayed; a new item starts from its group's rate at the catalogue's share.

    The catalogue is the one fitted on: that of the SKUs asked for would be another one whenever others are asked for beside them.
    """

    name: str = "hurdle"
    joint: bool = False
    season: Season | None = field(default=None, repr=False)
    usual: float | None = None

    def fit(self, panel: Panel) -> "Hurdle":
        """A copy that knows the seasonal index of the panel, and its share of buckets with demand."""
        return replace(self, season=seasonal.fit(panel), usual=_usual(panel))

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] probability of demand × mean size."""
        share, (size, _) = self._parts(panel, horizon)
        return np.asarray(share * size[:, None])

    def window_quantiles(self, panel: Panel, width: Array, levels: tuple[float, ...]) -> Array:
        """Quantiles of demand over the next ``width`` buckets; see :class:`models.interface.Shaped`."""
        longest = int(np.ceil(width.max(initial=1.0)))
        share, (size, square) = self._parts(panel, longest)
        part = np.clip(width[:, None] - np.arange(longest)[None, :], 0.0, 1.0)
        mean = (share * part).sum(axis=1) * size
        variance = (share * part).sum(axis=1) * square - (share**2 * part).sum(axis=1) * size**2
        table = np.array([levels])
        return negbin.quantiles(mean, variance, table, np.zeros(mean.size, np.int64), negbin.units_of(panel.demand))

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, the probability of demand in a bucket of average season, and the mean size."""
        _, (size, _) = self._parts(panel, 1)
        share = self._parts(panel, panel.period)[0].mean(axis=1)
        return [
            {"probability": round(float(p), 6), "size": round(float(m), 6)} for p, m in zip(share, size, strict=True)
        ]

    def _parts(self, panel: Panel, horizon: int) -> tuple[Array, tuple[Array, Array]]:
        """([n, h] probability of demand, ([n] mean size, [n] mean squared size))."""
        season = fitted(self.season)
        index, rows = season.on(panel, horizon)
        usual = _usual(panel) if self.usual is None else self.usual
        keep = 0.5 ** (1.0 / (SHARE_WEEKS * panel.period))
        decayed = _decayed(panel.demand, index, rows, priors(panel), usual, keep, 0.5 ** (1.0 / SIZE_HITS))
        return np.minimum(decayed[:, :1] * index[rows, panel.length :], 1.0), (decayed[:, 1], decayed[:, 2])

    def state(self, folder: Path) -> dict[str, Any]:
        """See :class:`models.interface.Storable`."""
        del folder
        return {"season": season_to_json(self.season), "usual": self.usual}

    @classmethod
    def restore(cls, state: dict[str, Any], folder: Path) -> "Hurdle":
        """See :class:`models.interface.Storable`."""
        del folder
        return cls(season=season_from_json(state["season"]), usual=state.get("usual"))


def _usual(panel: Panel) -> float:
    """Share of the known buckets of all SKUs that had demand."""
    known = np.isfinite(panel.demand).sum()
    return float(np.clip((panel.demand > 0).sum() / max(known, 1), 1e-4, 1.0))  # NaN is not above 0


@njit(parallel=True)
def _decayed(
    demand: Array, season: Array, group: Array, prior: Array, usual: float, keep: float, keep_size: float
) -> Array:  # pragma: no cover - compiled
    """[n, 3] share of buckets with demand at season 1, mean size, mean squared size."""
    n, length = demand.shape
    out = np.zeros((n, 3))
    for i in nb.prange(n):
        start = prior[i, 0] / usual
        top, weight = PRIOR_BUCKETS * usual, PRIOR_BUCKETS
        size, square, hits = PRIOR_HITS * start, PRIOR_HITS * start * start, PRIOR_HITS
        g, seen = group[i], False
        for t in range(length):
            y = demand[i, t]
            if np.isnan(y):
                continue
            top, weight = keep * top + (1.0 if y > 0 else 0.0), keep * weight + season[g, t]
            if y > 0:
                if not seen:  # a SKU's own first size says more than the catalogue's: the prior takes its scale
                    size, square, seen = PRIOR_HITS * y, PRIOR_HITS * y * y, True
                size, square, hits = keep_size * size + y, keep_size * square + y * y, keep_size * hits + 1.0
        out[i, 0], out[i, 1], out[i, 2] = top / weight, size / hits, square / hits
    return out
