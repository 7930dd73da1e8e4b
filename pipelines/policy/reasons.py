"""Why a SKU's levels are what they are, one sentence with the numbers."""

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.policy.levels import POLICY, REORDER_POINT, Levels

_HELD = {
    "normal_lot": "with a normal safety stock of {} for {} %",
    "fill_rate": "with a safety stock of {} for a fill rate of {} %",
    "eoq": "without a safety stock",
}
"""How a rule holds more than the expected demand, where it is not by a quantile; filled by safety stock and service target."""

_LARGE_LOT = "a fill rate of {} % allows {} less, as its lot is large"

_QUANTILE = "covered at {} % with a safety stock of {}"

_BELOW_MEAN = "covered at {} %, which is {} less than expected"


def reasons(rows: pl.DataFrame, chosen: Levels, protection: Floats, service_target: float) -> pl.Series:
    """One sentence a SKU.

    Args:
        rows: SKUs with the forecast's ``method`` (null: no forecast).
        chosen: their levels.
        protection: days of the protection interval, shape (N,).
        service_target: probability.

    Returns:
        The column ``reason``.
    """
    numbers = pl.DataFrame({
        "level": chosen.level, "s": chosen.reorder_point.round(2), "up_to": chosen.order_up_to.round(2), "mean": chosen.mean.round(2),
        "safety": chosen.safety_stock.round(2), "days": protection.round(0).astype(int), "method": rows["method"].fill_null(""),
        "rule": chosen.rule, "share": (chosen.service * 100).round(1), "target": np.full(chosen.mean.size, round(service_target * 100, 1)),
    })  # fmt: skip
    forecast = pl.format(
        "{} {} expected ({}) over the next {} {}, {}: order up to {}",
        *_texts("mean"), _one("mean", "unit is", "units are"), *_texts("method", "days"), _one("days", "day", "days"), _held(),
        *_texts("up_to"),
    )  # fmt: skip
    rule = pl.format("No forecast: the ERP's own minimum {} and maximum {} stand", *_texts("s", "up_to"))
    past = pl.format(
        "Neither a forecast nor a minimum in the ERP: {} % of {} days' demand at its past mean, {} units, is covered: order up to {}",
        *_texts("target", "days", "mean", "up_to"),
    )
    nothing = pl.format(
        "No demand is expected over the next {} {}: nothing is stocked", *_texts("days"), _one("days", "day", "days")
    )
    reason = (
        pl.when((pl.col("up_to") <= 0) & (pl.col("level") != REORDER_POINT))
        .then(nothing)
        .when(pl.col("level") == POLICY)
        .then(forecast)
        .when(pl.col("level") == REORDER_POINT)
        .then(rule)
        .otherwise(past)
    )
    return numbers.select(reason.alias("reason"))["reason"]


def _held() -> pl.Expr:
    """The words on the safety stock, by rule."""
    less = (-pl.col("safety")).cast(pl.String).str.replace(r"\.0$", "")
    below = pl.format(_BELOW_MEAN, *_texts("share"), less)
    sentence = pl.when(pl.col("safety") < 0).then(below).otherwise(pl.format(_QUANTILE, *_texts("share", "safety")))
    allowed = pl.format(_LARGE_LOT, *_texts("target"), less)
    for name, words in _HELD.items():
        filled = pl.format(words, *_texts("safety", "target")[: words.count("{}")])
        sentence = pl.when(pl.col("rule") == name).then(filled).otherwise(sentence)
    return pl.when((pl.col("rule") == "fill_rate") & (pl.col("safety") < 0)).then(allowed).otherwise(sentence)


def _one(name: str, one: str, many: str) -> pl.Expr:
    return pl.when(pl.col(name) == 1).then(pl.lit(one)).otherwise(pl.lit(many))


def _texts(*names: str) -> list[pl.Expr]:
    """Numbers as a person writes them: 12, not 12.0."""
    return [pl.col(name).cast(pl.String).str.replace(r"\.0$", "") for name in names]
