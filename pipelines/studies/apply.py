"""A change applied to recorded rows and configuration: what the replay then takes for the past. Pure."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.engine.kernel import Ints
from pipelines.replay.tables import KEY, Recorded
from pipelines.settings import Settings
from pipelines.studies.question import LEVELS, Change, Level, Question, Variant, change_of

YEAR = 365.0


def variant(
    rows: Recorded, config: Settings, question: Question, of: Variant, first: date, last: date
) -> tuple[Recorded, Settings]:
    """Rows and configuration of one variant.

    Args:
        rows: as recorded, with ``supplier_id`` in ``skus``.
        config: the configuration.
        question: of the study.
        of: the variant.
        first: first day of the study; days before it stay as they were, less what scales the whole history.
        last: its last day.

    Returns:
        Changed copies; the same objects where nothing changes.
    """
    change = change_of(question, of)
    skus = _costs(_terms(rows.skus, change), change, config)
    if of.policy == LEVELS:
        skus = _levels(skus, question.levels)
    demand = _demand(rows, change, first, last)
    receipts, open_orders = _supply(rows, change)
    return replace(rows, skus=skus, demand=demand, receipts=receipts, open_orders=open_orders), _config(config, change)


def _config(config: Settings, change: Change) -> Settings:
    costs, planning = config.costs, config.planning
    if change.service_target is not None:
        costs = costs.model_copy(update={"service_target": change.service_target, "service_factor": None})
    if change.review_period_days is not None:
        planning = planning.model_copy(update={"review_period_days": change.review_period_days})
    return config.model_copy(update={"costs": costs, "planning": planning})


def _terms(skus: pl.DataFrame, change: Change) -> pl.DataFrame:
    lead = pl.col("lead_time_days") * change.lead_time_factor + change.supplier_delay_days
    return skus.with_columns(lead, pl.col("min_order_qty") * change.min_order_factor)


def _costs(skus: pl.DataFrame, change: Change, config: Settings) -> pl.DataFrame:
    """Costs of the change. A shortage cost that follows from the service target follows the target of the change."""
    holding = change.price_factor * change.holding_cost_factor
    shortage = change.shortage_cost_factor
    implied = 1.0
    if change.service_target is not None:
        implied = _odds(change.service_target) / _odds(config.costs.service_target)
    own = pl.col("has_own_costs").fill_null(value=False)
    return skus.with_columns(
        pl.col("unit_cost") * change.price_factor,
        pl.col("holding_cost_per_day") * holding,
        pl.when(own).then(pl.col("shortage_cost")).otherwise(pl.col("shortage_cost") * implied) * shortage,
        pl.col("ordering_cost")
        if change.ordering_cost is None
        else pl.lit(change.ordering_cost).alias("ordering_cost"),
    )


def _odds(probability: float) -> float:
    return probability / (1.0 - probability)


def _levels(skus: pl.DataFrame, levels: tuple[Level, ...]) -> pl.DataFrame:
    """The file's levels in the place of the ERP's; SKUs that it does not name are left out of the variant."""
    given = pl.DataFrame(
        [level.model_dump() for level in levels],
        schema={"item_id": pl.String, "location_id": pl.String, "reorder_point": pl.Float64, "order_up_to": pl.Float64},
    )
    return skus.drop("reorder_point", "order_up_to").join(given, on=KEY, how="left", maintain_order="left")


def _demand(rows: Recorded, change: Change, first: date, last: date) -> pl.DataFrame:
    """Demand of the change. Pieces stay pieces: each SKU's changed demand is rounded on its running total."""
    demand = rows.demand
    if change == change.model_copy(
        update={
            "demand_factor": 1.0,
            "spike_factor": 1.0,
            "spike_from": None,
            "spike_until": None,
            "seasonality": 0.0,
            "deviation_factor": 1.0,
        }
    ):
        return demand
    day = (pl.col("day") - pl.lit(first)).dt.total_days()
    within = pl.col("day") >= first
    factor = pl.lit(change.demand_factor)
    if change.spike_from is not None and change.spike_until is not None:
        spike = within & day.is_between(change.spike_from, change.spike_until)
        factor = factor * pl.when(spike).then(change.spike_factor).otherwise(1.0)
    if change.seasonality:
        factor = factor * (1.0 + change.seasonality * (2.0 * np.pi * day / YEAR).sin())
    changed = demand.sort(*KEY, "day").with_columns((pl.col("quantity") * factor).alias("changed"))
    if change.deviation_factor != 1.0:
        span = rows.demand.select((pl.lit(last) - pl.col("day").min()).dt.total_days()).item() + 1
        mean = pl.col("changed").sum().over(KEY) / float(span)
        spread = mean + (pl.col("changed") - mean) * change.deviation_factor
        changed = changed.with_columns(pl.max_horizontal(spread, pl.lit(0.0)).alias("changed"))
    whole = (pl.col("quantity") == pl.col("quantity").floor()).all().over(KEY)
    running = pl.col("changed").cum_sum().over(KEY).round()
    pieces = running - running.shift(1).over(KEY).fill_null(0.0)
    return changed.with_columns(pl.when(whole).then(pieces).otherwise(pl.col("changed")).alias("quantity")).drop(
        "changed"
    )


def _supply(rows: Recorded, change: Change) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Receipts and open orders as the change delays them."""
    receipts, open_orders = rows.receipts, rows.open_orders
    if change.lead_time_factor != 1.0 or change.supplier_delay_days:
        took = (pl.col("received_on") - pl.col("ordered_on")).dt.total_days() - 1
        days = (took * change.lead_time_factor + change.supplier_delay_days).round().clip(lower_bound=0) + 1
        later = pl.col("ordered_on") + pl.duration(days=days.cast(pl.Int64))
        receipts = receipts.with_columns(later.cast(pl.Date).alias("received_on"))
        open_orders = open_orders.with_columns(pl.col("expected_on") + timedelta(days=change.supplier_delay_days))
    return receipts, open_orders


def late(skus: pl.DataFrame, change: Change, days: int, shown: int) -> Ints | None:
    """Days that an order takes longer because its supplier is closed.

    Args:
        skus: with ``supplier_id``.
        change: with the closed suppliers and their days.
        days: T, days of the replay.
        shown: its last days, which are the study.

    Returns:
        Days by SKU and day of the order, shape (N, T); None where no supplier is closed.
    """
    if not change.closed_suppliers:
        return None
    first = days - shown + (change.closed_from or 0)
    until = days if change.closed_until is None else days - shown + change.closed_until
    day = np.arange(days)
    waits = np.where((day >= first) & (day <= until), until - day + 1, 0)
    shut = skus["supplier_id"].is_in(list(change.closed_suppliers)).fill_null(value=False).to_numpy()
    later: Ints = np.where(shut[:, None], waits[None, :], 0).astype(np.int64)
    return later
