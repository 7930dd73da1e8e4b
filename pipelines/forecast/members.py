"""Which members compete, as configured."""

from models.interface import Member
from models.store.catalogue import MAKERS, TRAINED, Options
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.costs import BOOSTER_RATIO
from pipelines.core.errors import StockproofError

NEEDED = ("sba", "tsb", "mean_nonzero", "decayed_means")
"""The simple method of each class, and the one that young SKUs take: they compete whatever is configured."""


def options() -> Options:
    """What the configuration says to all members."""
    chosen = settings.load()
    forecast, days = chosen.forecast, DAYS_IN[chosen.planning.grain]
    return Options(
        forecast.seasonality,
        max(chosen.planning.horizon_days // days, 1),
        forecast.threads,
        forecast.seed,
        forecast.objective,
        chosen.costs.stockout_to_overstock_ratio or BOOSTER_RATIO,
    )


def configured() -> dict[str, Member]:
    """The members of ``forecast.members`` by name, unfitted. ``forecast.ensemble: false`` leaves the trained ones out.

    Returns:
        Name → member, in the order that recipes use; :data:`NEEDED` first.

    Raises:
        StockproofError: a name that no member has.
    """
    forecast = settings.load().forecast
    unknown = [name for name in forecast.members if name not in MAKERS]
    if unknown:
        raise StockproofError(
            f"forecast.members: {', '.join(unknown)} is not a forecaster", f"choose among {', '.join(sorted(MAKERS))}"
        )
    names = dict.fromkeys([*NEEDED, *forecast.members])
    settled = options()
    return {name: MAKERS[name](settled) for name in names if forecast.ensemble or name not in TRAINED}
