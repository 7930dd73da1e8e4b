"""Every member by name: what `forecast.members` may list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from models.interface import Member
from models.members import classical
from models.members.aligned import Aligned
from models.members.boosted import Booster
from models.members.bootstrap import WindowBootstrap
from models.members.classical import Decayed, SeasonalNaive
from models.members.ensemble import Ensemble
from models.members.hurdle import Hurdle
from models.members.quantiles import QuantileBooster


@dataclass(frozen=True)
class Options:
    """What the configuration says to all members.

    Attributes:
        seasonality: smoothers take their group's seasonal shape.
        horizon: buckets of the daily forecast.
        threads: CPU threads of those that train.
        seed: root of their randomness.
        objective: of the boosters, see :mod:`models.members.objectives`.
        ratio: cost of a unit short over a unit left over, for the objectives that know one.
    """

    seasonality: bool = True
    horizon: int = 28
    threads: int = 1
    seed: int = 42
    objective: str = "tweedie"
    ratio: float = 3.0


def _boosted(library: str) -> Callable[[Options], Member]:
    def made(o: Options) -> Member:
        plain = {"threads": o.threads, "seed": o.seed, "horizon": o.horizon, "objective": o.objective, "ratio": o.ratio}
        return Booster(library, **plain)  # type: ignore[arg-type]

    return made


MAKERS: Final[Mapping[str, Callable[[Options], Member]]] = {
    **{
        maker.__name__: (lambda o, maker=maker: maker(o.seasonality))  # type: ignore[misc]
        for maker in (
            classical.naive,
            classical.moving_average,
            classical.ses,
            classical.croston,
            classical.sba,
            classical.tsb,
            classical.adida,
            classical.imapa,
            classical.mean_nonzero,
        )
    },
    "seasonal_naive": lambda o: SeasonalNaive(),
    "decayed_means": lambda o: Decayed(),
    "window_bootstrap": lambda o: WindowBootstrap(),
    "hurdle": lambda o: Hurdle(),
    "ensemble": lambda o: Ensemble(threads=o.threads, seed=o.seed, horizon=o.horizon),
    "lightgbm": _boosted("lightgbm"),
    "xgboost": _boosted("xgboost"),
    "lightgbm_aligned": lambda o: Aligned(_boosted("lightgbm")(o)),
    "lightgbm_quantile": lambda o: QuantileBooster(threads=o.threads, seed=o.seed),
}

TRAINED: Final = frozenset({"ensemble", "lightgbm", "xgboost", "lightgbm_aligned", "lightgbm_quantile"})
"""Members that train a model over all SKUs; ``forecast.ensemble: false`` leaves them out."""
