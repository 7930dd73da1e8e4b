"""Rows of plan.lead_times and plan.vendor_scores from order lines. Pure."""

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.vendors import lead_times
from pipelines.vendors.advice import advise
from pipelines.vendors.lead_times import Lines
from pipelines.vendors.measure import Measures, measure
from pipelines.vendors.scores import DIMENSIONS, LEAST_DELIVERIES, score

WHOLE = "*"
"""item_id of the row that stands for the supplier as a whole."""

ON_TIME_PRIOR = 5.0
"""Receipts of an item that weigh as much as its supplier's share on time."""

_KEY = ["supplier_id", "item_id"]


def lead_time_table(
    receipts: pl.DataFrame, open_lines: pl.DataFrame, offers: pl.DataFrame, as_of: date, default_days: float
) -> pl.DataFrame:
    """Rows of plan.lead_times: every supplier × item that was offered or ordered, and each supplier as a whole.

    Args:
        receipts: supplier_id, item_id, po_id, ordered_on, received_on, is_late.
        open_lines: supplier_id, item_id, po_id, ordered_on.
        offers: supplier_id, item_id, lead_time_days.
        as_of: the run's date.
        default_days: lead time where nothing was agreed.

    Returns:
        The rows, by supplier and item.
    """
    pairs = _pairs(receipts, open_lines, offers, default_days)
    if pairs.is_empty():
        return pairs.select(_KEY)
    fitted = lead_times.fit(_lines(receipts, open_lines, pairs), (as_of - date(1970, 1, 1)).days)
    late_tail = float(np.interp(0.95, LEVELS, fitted.stretch))
    rows = pairs.select(pl.lit(as_of).alias("as_of"), *_KEY).with_columns(
        pl.Series("mean", fitted.mean),
        pl.Series("std", fitted.std),
        pl.lit(late_tail).alias("late_tail"),
        *(pl.Series(name, fitted.quantiles[:, q].copy()) for q, name in enumerate(COLUMNS)),
    )
    return _counted(rows, receipts, open_lines)


def _pairs(receipts: pl.DataFrame, open_lines: pl.DataFrame, offers: pl.DataFrame, default_days: float) -> pl.DataFrame:
    """supplier_id, item_id, agreed and numbers: s of the supplier, pair of the row."""
    agreed = offers.group_by(_KEY).agg(pl.col("lead_time_days").cast(pl.Float64).mean().alias("agreed"))
    named = pl.concat([frame.select(_KEY) for frame in (receipts, open_lines, agreed)]).unique()
    whole = named.select("supplier_id").unique().with_columns(item_id=pl.lit(WHOLE))
    both = pl.concat([named, whole.select(_KEY)]).join(agreed, on=_KEY, how="left")
    return (
        both.with_columns(
            pl.col("agreed").fill_null(pl.col("agreed").mean().over("supplier_id")).fill_null(default_days)
        )
        .sort(_KEY)
        .with_columns(s=pl.col("supplier_id").rank("dense").cast(pl.Int64) - 1)
        .with_row_index("pair")
    )


def _lines(receipts: pl.DataFrame, open_lines: pl.DataFrame, pairs: pl.DataFrame) -> Lines:
    columns = [*_KEY, "po_id", "ordered_on", "received_on"]
    lines = pl.concat(
        [receipts.select(columns), open_lines.with_columns(received_on=pl.lit(None, pl.Date)).select(columns)]
    ).join(pairs.select(*_KEY, "pair"), on=_KEY)
    # A delivery is what came of one order on one day; what is open of an order is still one.
    delivery = lines.select(pl.struct("supplier_id", "po_id", "received_on").rank("dense"))["supplier_id"]
    return Lines(
        pair=lines["pair"].to_numpy().astype(np.int64),
        delivery=delivery.to_numpy().astype(np.int64),
        ordered=lines["ordered_on"].to_physical().to_numpy().astype(np.int64),
        received=lines["received_on"].to_physical().fill_null(-1).to_numpy().astype(np.int64),
        supplier=pairs["s"].to_numpy(),
        agreed=pairs["agreed"].to_numpy(),
    )


def _counted(rows: pl.DataFrame, receipts: pl.DataFrame, open_lines: pl.DataFrame) -> pl.DataFrame:
    """With receipts, open lines, whom the distribution leans on, trend and share on time."""
    came = receipts.group_by(_KEY).agg(receipts=pl.len(), on_time=(~pl.col("is_late")).sum())
    by_supplier = came.group_by("supplier_id").agg(pl.col("receipts").sum(), pl.col("on_time").sum())
    waiting = open_lines.group_by(_KEY).agg(open_lines=pl.len())
    both = [
        pl.concat(
            [
                frame,
                frame.group_by("supplier_id")
                .agg(pl.exclude("item_id").sum())
                .with_columns(item_id=pl.lit(WHOLE))
                .select(frame.columns),
            ]
        )
        for frame in (came, waiting)
    ]
    rows = rows.join(both[0], on=_KEY, how="left").join(both[1], on=_KEY, how="left")
    rows = rows.join(by_supplier, on="supplier_id", how="left", suffix="_s")
    number = pl.col("receipts").fill_null(0)
    level = (
        pl.when(number > 0)
        .then(pl.when(pl.col("item_id") == WHOLE).then(pl.lit("supplier")).otherwise(pl.lit("item")))
        .when(pl.col("receipts_s") > 0)
        .then(pl.lit("supplier"))
        .otherwise(pl.lit("all" if receipts.height else "agreed"))
    )
    share = (pl.col("on_time").fill_null(0) + ON_TIME_PRIOR * pl.col("on_time_s") / pl.col("receipts_s")) / (
        number + ON_TIME_PRIOR
    )
    return (
        rows.with_columns(level=level, on_time_share=share)
        .with_columns(number.cast(pl.Int32).alias("receipts"), pl.col("open_lines").fill_null(0).cast(pl.Int32))
        .drop("on_time", "on_time_s", "receipts_s")
        .sort(_KEY)
    )


def with_trend(rows: pl.DataFrame, m: Measures) -> pl.DataFrame:
    """Lead-time rows with the change of their supplier's days a year; null where too little was received to tell."""
    slope = np.where(m.deliveries >= LEAST_DELIVERIES, m.slopes[0], np.nan)
    trend = pl.DataFrame({"supplier_id": m.supplier_id, "slope": slope}, schema_overrides={"slope": pl.Float64})
    days = (pl.col("slope") * (pl.col("mean") + 1.0)).fill_nan(None).alias("trend_days_per_year")
    return rows.join(trend, on="supplier_id", how="left").with_columns(days).drop("slope").sort(_KEY)


def vendor_table(
    suppliers: pl.DataFrame,
    receipts: pl.DataFrame,
    open_lines: pl.DataFrame,
    offers: pl.DataFrame,
    as_of: date,
    weights: Floats,
) -> tuple[pl.DataFrame, Measures]:
    """Rows of plan.vendor_scores.

    Args:
        suppliers: supplier_id, supplier_name.
        receipts: see :func:`pipelines.vendors.measure.measure`.
        open_lines: likewise.
        offers: likewise.
        as_of: the run's date.
        weights: of the six dimensions.

    Returns:
        The rows, best first, and the measures behind them.
    """
    suppliers = suppliers.sort("supplier_id")
    m = measure(receipts, open_lines, offers, suppliers["supplier_id"].to_list(), as_of)
    s = score(m, weights)
    advice = advise(m, s)
    names = suppliers["supplier_name"].fill_null(suppliers["supplier_id"])
    rows = pl.DataFrame(
        {
            "supplier_id": m.supplier_id,
            "supplier_name": names,
            **{name: np.round(s.scores[d], 2) for d, name in enumerate(DIMENSIONS)},
            "total": weights @ np.round(s.scores, 2),
            "total_low": np.round(s.low, 2),
            "total_high": np.round(s.high, 2),
            "rank": s.rank.astype(np.int32),
            "rank_low": s.rank_low.astype(np.int32),
            "rank_high": s.rank_high.astype(np.int32),
            "trend": s.trend,
            "risk": advice.risk,
            "confidence": np.round(s.confidence, 4),
            "receipts": m.receipts.astype(np.int32),
            "deliveries": m.deliveries.astype(np.int32),
            "figures": _figures(m, s, advice.reasons),
            "recommendations": [json.dumps(each) for each in advice.recommendations],
        },
        schema_overrides=dict.fromkeys(("supplier_id", "figures", "recommendations", "trend", "risk"), pl.String),
    )
    return rows.with_columns(pl.lit(as_of).alias("as_of")).sort("rank"), m


def _figures(m: Measures, s: Any, reasons: list[list[str]]) -> list[str]:
    """The figures behind the scores, as JSON."""
    columns = {
        "lead_time_mean": m.lead_time,
        "lead_time_std": m.lead_std,
        "lead_time_ratio": s.lead_ratio,
        "lead_time_change_per_year": np.expm1(m.slopes[0]),
        "lead_time_variation": s.variation,
        "on_time_share": s.on_time,
        "in_full_share": s.in_full,
        "rejected_share": s.rejected,
        "recovery": s.recovery,
        "price_ratio": s.price_ratio,
        "price_change_per_year": np.expm1(m.slopes[3]),
        "spend": m.spend,
        "spend_with_peers": m.spend * m.price_weight,
        "open_lines": m.open_lines,
        "overdue_lines": m.overdue,
        "overdue_value": m.overdue_value,
        "trend_z": s.trend_z,
    }
    frame = pl.DataFrame({name: np.round(values, 4) for name, values in columns.items()}).fill_nan(None)
    figures = frame.select(pl.struct(pl.all()).struct.json_encode().alias("figures"))["figures"].to_list()
    return [
        f'{each[:-1]},"risk_reasons":{json.dumps(why) if why else "[]"}}}'
        for each, why in zip(figures, reasons, strict=True)
    ]
