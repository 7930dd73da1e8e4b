"""Who decides: the optimised policy; the ERP's own minimum and maximum; a conservative stock from the mean of the past.

Levels that are missing, not numbers, negative or far beyond what the SKU's past explains are refused, whatever made them; the next level
decides, and the line says so.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import LONGEST_COVER_DAYS, Floats, lead_time_demand
from pipelines.core.quantiles import COLUMNS
from pipelines.ordering import moments_without_forecast, rules
from pipelines.ordering.rules import EXPECTED_COST, MIN_MAX
from pipelines.settings import Settings

POLICY, REORDER_POINT, SAFETY_STOCK = "policy", "reorder_point", "safety_stock"

SMALLEST = 10.0
"""Units below which no level is called absurd: a SKU without a past may well be stocked."""

EXTREME = 5.0
"""Standard deviations above the past's mean that count as explained."""


_BY_RULE, _BY_PAST = "the ERP's own minimum and maximum decide", "a safety stock over the past's mean decides"


def apply(rows: pl.DataFrame, config: Settings) -> pl.DataFrame:
    """Levels that can be ordered by, for every SKU.

    Args:
        rows: SKUs with the policy's ``level, policy, reorder_point, order_up_to, safety_stock, protection_days`` (null: none was set),
            the ERP's ``erp_reorder_point, erp_order_up_to`` (null: none), the past's ``mean_demand, adi, cv2``, ``whole`` (demand comes
            in whole units), the forecast, and ``forecast_fault`` (why none can be used, else null).
        config: service target, cost rates, what counts as absurd.

    Returns:
        The rows, those columns complete, ``level_reason`` (empty: the policy's levels stand, and it had a forecast), and no forecast
        where it was refused.
    """
    days = np.ceil(np.maximum(_column(rows, "protection_days", config.planning.default_lead_time_days), 1.0))
    mean, variance = _past(rows, config)
    past_mean, past_variance = lead_time_demand(mean, variance, days)
    bound = config.purchase.absurd_multiple * _explained(rows, mean, past_mean, past_variance)
    fault = _fault(
        _column(rows, "reorder_point"), _column(rows, "order_up_to"), _column(rows, "forecast_mean"), rows, bound
    )
    refused = fault != ""
    if not refused.any():
        days_column = pl.Series("protection_days", days.astype(np.int64))
        return rows.with_columns(days_column, _without_forecast().alias("level_reason"))
    low, high = _column(rows, "erp_reorder_point"), _column(rows, "erp_order_up_to")
    has_rule = np.isfinite(low) & np.isfinite(high) & (high >= 0) & (low <= high)
    # The rule holds the service target, so it asks for no cost of a shortage.
    costs = _ordering_cost(rows, config), _holding(rows, config), np.zeros_like(mean)
    faced = moments_without_forecast.facing(
        (mean, variance), days, _whole(rows), costs, config.costs.service_target, config.planning.review_period_days
    )
    ours = rules.quantile_lot(faced)
    by = np.where(has_rule, _BY_RULE, _BY_PAST)
    return _put(rows, refused, {
        "reorder_point": np.where(has_rule, low, ours.reorder), "order_up_to": np.where(has_rule, high, ours.order_up_to),
        "safety_stock": np.where(has_rule, low, ours.held) - past_mean,
    }).with_columns(
        pl.Series("protection_days", days.astype(np.int64)),
        _where(refused, pl.Series(np.where(has_rule, REORDER_POINT, SAFETY_STOCK)), "level"),
        _where(refused, pl.Series(np.where(has_rule, MIN_MAX, rules.quantile_lot.__name__)), "policy"),
        pl.when(pl.Series(refused)).then(pl.Series(np.char.add(np.char.add(fault, "; "), by))).otherwise(_without_forecast())
        .alias("level_reason"),
        *(pl.when(pl.Series(refused)).then(None).otherwise(pl.col(name)).alias(name) for name in ("forecast_mean", *COLUMNS)),
    )  # fmt: skip


def _without_forecast() -> pl.Expr:
    """What is said where the policy had no forecast to go by and fell back itself; empty where it had one."""
    by = pl.when(pl.col("level") == REORDER_POINT).then(pl.lit(_BY_RULE)).otherwise(pl.lit(_BY_PAST))
    return (
        pl.when(pl.col("forecast_fault").is_null())
        .then(pl.lit(""))
        .otherwise(pl.format("{}; {}", "forecast_fault", by))
    )


def _fault(low: Floats, high: Floats, forecast: Floats, rows: pl.DataFrame, bound: Floats) -> np.ndarray:
    """What is wrong with the policy's levels, empty where nothing is."""
    missing = rows["level"].is_null().to_numpy()
    finite = np.isfinite(low) & np.isfinite(high)
    lower, upper = np.nan_to_num(low), np.nan_to_num(high)
    # A rule of the ERP is the company's own word: it may be as large as it likes, but it must be a rule.
    ours = (rows["level"] != REORDER_POINT).fill_null(value=True).to_numpy()
    holds = (
        (rows["policy"] != EXPECTED_COST).fill_null(value=True).to_numpy()
    )  # its levels follow the position, which may be negative
    wild = np.where(np.isnan(forecast), 0.0, forecast)
    return np.select(
        [missing, ~finite, holds & ((upper < 0) | (lower < -1.0)), lower > upper + 1e-6, ours & ((upper > bound) | (wild > bound))],
        ["no policy was set", "the policy's levels are no numbers", "the policy's levels are negative",
         "the policy's reorder point is above its order-up-to level", "the policy's levels are far beyond what the past explains"],
        "",
    )  # fmt: skip


def _explained(rows: pl.DataFrame, mean: Floats, past_mean: Floats, past_variance: Floats) -> Floats:
    """The greatest order-up-to level the past could call for: the extreme of its demand and half a year's lot, or what is there."""
    extreme = past_mean + EXTREME * np.sqrt(past_variance) + LONGEST_COVER_DAYS * mean
    offers = np.maximum(_column(rows, "min_order_qty", 0.0), _column(rows, "pack_size", 0.0))
    rule = np.nan_to_num(_column(rows, "erp_order_up_to"), posinf=0.0, neginf=0.0)
    stock = np.maximum(_column(rows, "on_hand", 0.0) + _column(rows, "on_order", 0.0), 0.0)
    most: Floats = np.maximum.reduce([np.nan_to_num(extreme), offers, rule, stock, np.full(mean.size, SMALLEST)])
    return most


def _past(rows: pl.DataFrame, config: Settings) -> tuple[Floats, Floats]:
    """Mean and variance of a day's demand, from how often and how much was sold (Syntetos & Boylan 2005)."""
    width = DAYS_IN[config.planning.grain]
    mean = np.maximum(_column(rows, "mean_demand", 0.0), 0.0)
    mean, variance = moments_without_forecast.moments(
        mean, _column(rows, "adi", 1.0), _column(rows, "cv2", 0.0), _whole(rows)
    )
    return mean / width, variance / width


def _whole(rows: pl.DataFrame) -> npt.NDArray[np.bool_]:
    return rows["whole"].to_numpy()


def _ordering_cost(rows: pl.DataFrame, config: Settings) -> Floats:
    return _column(rows, "ordering_cost", config.costs.ordering_cost)


def _holding(rows: pl.DataFrame, config: Settings) -> Floats:
    cost = np.maximum(_column(rows, "unit_cost", 1.0), 1e-6)
    own = _column(rows, "holding_cost_per_day")
    return np.maximum(np.where(np.isnan(own), cost * config.costs.holding_cost_rate / 365.0, own), 1e-9)


def _column(rows: pl.DataFrame, name: str, missing: float = np.nan) -> Floats:
    values: Floats = rows[name].cast(pl.Float64).fill_null(missing).to_numpy()
    filled: Floats = values if np.isnan(missing) else np.where(np.isnan(values), missing, values)
    return filled


def _put(rows: pl.DataFrame, where: np.ndarray, columns: dict[str, Floats]) -> pl.DataFrame:
    return rows.with_columns(*(_where(where, pl.Series(values), name) for name, values in columns.items()))


def _where(where: np.ndarray, values: pl.Series, name: str) -> pl.Expr:
    return pl.when(pl.Series(where)).then(values).otherwise(pl.col(name)).alias(name)
