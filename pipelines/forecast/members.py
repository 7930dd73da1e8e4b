"""Which members compete, as configured."""

from models import classical
from models.aligned import Aligned
from models.boosted import Booster
from models.classical import Decayed
from models.interface import Member
from pipelines import settings
from pipelines.core.calendar import DAYS_IN


def configured() -> dict[str, Member]:
    """All members by name, unfitted. ``forecast.ensemble: false`` leaves the boosters out.

    Returns:
        Name → member, in the order that recipes use.
    """
    chosen = settings.load()
    forecast, days = chosen.forecast, DAYS_IN[chosen.planning.bucket]
    season = forecast.seasonality
    members: dict[str, Member] = {
        "croston": classical.croston(season), "sba": classical.sba(season), "tsb": classical.tsb(season),
        "mean_nonzero": classical.mean_nonzero(season), "decayed_means": Decayed(),
    }  # fmt: skip
    if forecast.ensemble:
        horizon = max(chosen.planning.horizon_days // days, 1)
        members["lightgbm"] = Booster("lightgbm", threads=forecast.threads, seed=forecast.seed, horizon=horizon)
        members["xgboost"] = Booster("xgboost", threads=forecast.threads, seed=forecast.seed, horizon=horizon)
        members["lightgbm_aligned"] = Aligned(
            Booster("lightgbm", threads=forecast.threads, seed=forecast.seed, horizon=horizon)
        )
    return members
