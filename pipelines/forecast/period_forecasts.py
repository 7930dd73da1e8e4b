"""Demand of each coming review period, for the SKUs whose orders serve one period at a time: plan.period_forecasts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from models.interface import fitted
from models.period import unconstrained
from models.period.period_features import Histories, seasoned
from models.period.period_model import PeriodDemand, PeriodForecaster
from models.store.period import PeriodModel
from models.store.period import codes as period_codes
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import Floats
from pipelines.core.panel import Panel
from pipelines.io import warehouse
from pipelines.ordering.every_review import orders_every_review, periods

Bools = npt.NDArray[np.bool_]

OLDEST: Final = 520
"""Review periods of history at most: ten years of weeks."""

_SKUS = """
select item_id, location_id, category, is_active, cast(mean_demand as double precision) as mean_demand,
    cast(ordering_cost as double precision) as ordering_cost, cast(holding_cost_per_day as double precision) as holding_cost_per_day,
    cast(coalesce(min_order_qty, 0) as double precision) as min_order_qty, cast(coalesce(pack_size, 0) as double precision) as pack_size,
    cast(lead_time_mean as double precision) as lead_time_mean, cast(adi as double precision) as adi, first_demand_on
from marts.dim_sku where as_of = :as_of order by location_id collate "C", item_id collate "C"
"""

_DEMAND = """
select item_id, location_id, periods_back, quantity, closed_share, closed_quantity from marts.fct_period_demand
where as_of = :as_of and periods_back < :oldest
"""


@dataclass(frozen=True)
class Coming:
    """What a forecast of review periods needs.

    Attributes:
        as_of: the run's date.
        skus: rows of marts.dim_sku, in the order of the arrays.
        histories: counted.
        ahead: periods to forecast.
        categories: distinct categories, in the order of the codes.
        locations: the same of the locations.
    """

    as_of: date
    skus: pl.DataFrame
    histories: Histories
    ahead: int
    categories: tuple[str, ...]
    locations: tuple[str, ...]

    def digest(self) -> str:
        """Fingerprint of the histories."""
        found = hashlib.sha256("\n".join([*self.categories, *self.locations, str(self.ahead)]).encode())
        for values in (
            self.histories.demand,
            self.histories.group,
            self.histories.place,
            self.histories.unit,
            self.histories.share,
        ):
            found.update(b"" if values is None else np.ascontiguousarray(np.nan_to_num(values, nan=-1.0)).tobytes())
        return found.hexdigest()[:16]


def coming(as_of: date) -> Coming | None:
    """Histories of review periods from the marts.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        None where unmet demand comes back, or where almost no SKU's lot is within a review.
    """
    skus = warehouse.read(_SKUS, as_of=as_of)
    ahead = horizon(skus)
    if ahead == 0:
        return None
    demand = warehouse.read(_DEMAND, as_of=as_of, oldest=OLDEST)
    past = histories(skus, demand, as_of, settings.load().planning.review_period_days)
    names = (skus["category"].fill_null(""), skus["location_id"])
    return Coming(as_of, skus, past, ahead, *(tuple(sorted(set(values.to_list()))) for values in names))


def train(found: Coming) -> PeriodModel:
    """Train the forecaster on the histories of a date."""
    # One thread: the replay's tasks keep the other cores busy, and OpenMP's threads that wait for one another stretch seconds to minutes.
    forecaster = PeriodForecaster(found.ahead, seed=settings.load().forecast.seed).fit(found.histories)
    return PeriodModel(forecaster, found.histories.days, seasoned(found.histories), found.categories, found.locations)


def rows(as_of: date, items: Sequence[str] = (), model: PeriodModel | None = None) -> tuple[pl.DataFrame, str]:
    """Forecast demand of the coming review periods.

    Args:
        as_of: the run's date; the marts hold it.
        items: these items alone; empty: all.
        model: of the bundle that serves; None: one is trained here.

    Returns:
        (rows of plan.period_forecasts, to the period after those that any order serves, none where :func:`coming` gives none; why the
        model given does not serve, empty where it does).
    """
    found = coming(as_of)
    if found is None:
        return frame(warehouse.read(_SKUS, as_of=as_of).head(0), as_of, _no_demand(), 1), ""
    refused = "no registered model of review periods" if model is None else model.refusal(found.histories, found.ahead)
    serving = train(found) if model is None or refused else model
    past = _as_trained(found, serving)
    # One period more than was trained for, the one after the days an order serves: only what is left over depends on it.
    made = frame(found.skus, as_of, replace(serving.forecaster, horizon=found.ahead + 1).predict(past), past.days)
    # Only now: a SKU's forecast must not depend on which others were asked for.
    return made.filter(pl.col("item_id").is_in(list(items))) if items else made, refused


def _as_trained(found: Coming, model: PeriodModel) -> Histories:
    """The histories with the codes of categories and locations that the trees know."""
    group = period_codes(model.categories, found.skus["category"].fill_null("").to_numpy())
    return replace(
        found.histories, group=group, place=period_codes(model.locations, found.skus["location_id"].to_numpy())
    )


def horizon(skus: pl.DataFrame) -> int:
    """Review periods to forecast: to the end of what an order placed now serves, of any SKU whose lot is within a review.

    Args:
        skus: rows of marts.dim_sku.

    Returns:
        Periods; 0 where too few SKUs need them.
    """
    planning = settings.load().planning
    review = planning.review_period_days
    chosen = orders_every_review(skus, review, DAYS_IN[planning.grain], planning.unmet_demand)
    return int(periods(skus, review)[chosen].max(initial=0))


def histories(skus: pl.DataFrame, demand: pl.DataFrame, as_of: date, days: int) -> Histories:
    """Arrays of the whole catalogue.

    Args:
        skus: rows of marts.dim_sku, in the order of the arrays.
        demand: rows of marts.fct_period_demand.
        as_of: last day of the newest period.
        days: length of a period.

    Returns:
        The histories, counted; where a shelf was empty, demand as :mod:`models.period.unconstrained` estimates it.
    """
    length = int(demand.select(pl.col("periods_back").max()).item() or 0) + 1
    # Lazy: the names, most of the frame, are not carried through the join.
    keys = skus.lazy().select("item_id", "location_id").with_row_index("row")
    placed = demand.lazy().join(keys, on=["item_id", "location_id"]).drop("item_id", "location_id").collect()
    at = placed["row"].to_numpy(), length - 1 - placed["periods_back"].to_numpy()
    quantity, closed, sold = np.zeros((3, skus.height, length))
    for values, name in ((quantity, "quantity"), (closed, "closed_share"), (sold, "closed_quantity")):
        values[at] = placed[name].to_numpy()
    groups = _codes(skus["category"].fill_null("")), _codes(skus["location_id"])
    counted = Histories(quantity, as_of, days, *groups, share=_lived(skus["first_demand_on"], as_of, days)).counted()
    return replace(counted, demand=unconstrained.demand(counted, closed, sold / fitted(counted.unit)[:, None]))


def _lived(first_demand_on: pl.Series, as_of: date, days: int) -> Floats:
    """[n] share of the period of its first sale from that day to the period's end; 1 where nothing was sold yet."""
    age = (pl.lit(as_of) - pl.col("first")).dt.total_days().fill_null(days - 1)
    return pl.DataFrame({"first": first_demand_on}).select((age % days + 1) / days).to_series().to_numpy()


def frame(skus: pl.DataFrame, as_of: date, forecast: PeriodDemand, days: int) -> pl.DataFrame:
    """Rows of plan.period_forecasts: of the active SKUs.

    Args:
        skus: in the order of the arrays.
        as_of: the run's date.
        forecast: moments.
        days: length of a period.

    Returns:
        One row a SKU and period.
    """
    n, h = forecast.mean.shape
    each = skus.select("item_id", "location_id", "is_active")
    return (
        each.select(pl.all().repeat_by(h).explode())
        .select(
            pl.lit(as_of).alias("as_of"),
            "item_id",
            "location_id",
            "is_active",
            pl.Series("period", np.tile(np.arange(1, h + 1, dtype=np.int32), n)),
            pl.Series("days", np.full(n * h, days, dtype=np.int32)),
            pl.Series("mean", np.round(forecast.mean.ravel(), 6)),
            pl.Series("std", np.round(np.sqrt(forecast.variance.ravel()), 6)),
        )
        .with_columns(starts_on=pl.col("as_of") + pl.duration(days=(pl.col("period") - 1) * days + 1))
        .filter("is_active")
        .drop("is_active")
    )


def none_of_the_gone(forecasts: pl.DataFrame, panel: Panel, gone: Bools) -> pl.DataFrame:
    """The same without demand of SKUs that ended: days tell it, periods are too long a step to see a silence by.

    Args:
        forecasts: rows of plan.period_forecasts.
        panel: histories by bucket.
        gone: [n] SKUs of the panel that are taken for no longer sold, or never were.

    Returns:
        The rows, in their order.
    """
    names = {"item_id": panel.item_ids[gone].astype(str), "location_id": panel.location_ids[gone].astype(str)}
    ended = pl.DataFrame(names, schema=dict.fromkeys(names, pl.String)).with_columns(gone=pl.lit(value=True))
    marked = forecasts.join(ended, on=["item_id", "location_id"], how="left", maintain_order="left")
    none = pl.col("gone").fill_null(value=False)
    return marked.with_columns(
        pl.when(none).then(0.0).otherwise(pl.col(name)).alias(name) for name in ("mean", "std")
    ).drop("gone")


def _no_demand() -> PeriodDemand:
    none: Floats = np.zeros((0, 1))
    return PeriodDemand(none, none)


def _codes(values: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rank of each text among the distinct ones, shape (N,): the same catalogue gives the same codes."""
    return np.unique(np.array(values.to_list(), dtype=str), return_inverse=True)[1].astype(np.int64)
