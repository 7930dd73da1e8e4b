"""A date's decisions, step by step: levels, supplier, quantity, price break, rules, consolidation, space, budget, reasons. Pure."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.core.supplier_days import NO_CALENDARS, Calendars
from pipelines.purchase import (
    alerts,
    budget,
    doubts,
    fallback,
    flips,
    life,
    lines,
    prices,
    quantity,
    ranking,
    risk,
    rules,
    storage,
    suppliers,
    vendor_orders,
)
from pipelines.purchase import codes as c
from pipelines.purchase.lines import Draft, Flags, Lines
from pipelines.purchase.lots import Prices
from pipelines.purchase.reasons import reasons
from pipelines.purchase.tables import COMING, OFFERS, Inputs
from pipelines.purchase.vendor_orders import Past, Trial
from pipelines.settings import Settings

DECISIONS = (
    "as_of", "item_id", "location_id", "supplier_id", "reason_code", "reason", "priority", "risk", "on_hand", "on_order",
    "inventory_position", "reorder_point", "order_up_to", "quantity", "unit_price", "order_value", "expected_on", "projected_stock",
    "level", "policy", "due", "proposed", "projected_without", "ordering_cost", "pack_size", "min_order_qty", "needs_review", "rules",
    "alert_code", "alert", "flip_input", "flip_change", "flip", "landed_cost", "supplier_reason", "expected_saving", "passport",
    "level_reason", "agreed_on", "expected_from",
)  # fmt: skip
"""Columns of plan.decisions, in order."""

UNITS = ("as_of", "rank", "item_id", "location_id", "supplier_id", "quantity", "unit_price", "expected_saving", "saving_per_money",
         "cumulative_value", "taken")  # fmt: skip
"""Columns of plan.decision_units, in order."""

TRIALS = ("as_of", "location_id", "supplier_id", "skus", "cost", "saving", "saving_low", "saving_high", "joins")
"""Columns of plan.joint_trials, in order."""

_OPTIONAL = {
    "category": pl.String, "demand_class": pl.String, "item_priority": pl.String, "passport": pl.String, "adi": pl.Float64,
    "cv2": pl.Float64, "forecast_fault": pl.String, "forecast_note": pl.String, "measured_days": pl.Float64,
    "risk_before": pl.Float64, "waits_for": pl.Date,
    "unit_volume": pl.Float64, "kit_parts": pl.String, "stock_ceiling": pl.Float64,
    "expiring": pl.Float64, "adjustment": pl.String,
    "unit_cost": pl.Float64, "holding_cost_per_day": pl.Float64, "shortage_cost": pl.Float64, "ordering_cost": pl.Float64,
    "step": pl.Float64, "left_out_units": pl.Float64, "left_out_on": pl.Date, "untouched_units": pl.Float64,
    "without_offer": pl.String, "primary_aside": pl.String,
    "erp_reorder_point": pl.Float64, "erp_order_up_to": pl.Float64, "whole": pl.Boolean, **dict.fromkeys(COMING, pl.Float64),
}  # fmt: skip


@dataclass(frozen=True)
class Decisions:
    """What was decided.

    Attributes:
        table: rows of plan.decisions, in the order of the SKUs.
        units: rows of plan.decision_units; none without a budget.
        trials: rows of plan.joint_trials; none without a past.
    """

    table: pl.DataFrame
    units: pl.DataFrame
    trials: pl.DataFrame


def decide(
    rows: pl.DataFrame,
    breaks: pl.DataFrame,
    as_of: date,
    config: Settings,
    offers: pl.DataFrame | None = None,
    past: Past | None = None,
    measured_on: date | None = None,
    calendars: Calendars = NO_CALENDARS,
) -> Decisions:
    """Decide every SKU.

    Args:
        rows: SKUs with levels, stock, units to come, the primary supplier's terms, costs and forecast.
        breaks: price breaks of all offers.
        as_of: the run's date.
        config: the configuration.
        offers: all active offers, for the choice of the supplier.
        past: demand, in the order of the rows, for the trial of joining; None: none is made.
        measured_on: date on which the lead times were measured; None: the run's own.
        calendars: working weeks and closing days of the suppliers.

    Returns:
        The decisions.
    """
    applied = rules.Applied(rows.height)
    rows = fallback.apply(_complete(rows), config)
    rows = suppliers.choose(rows, pl.DataFrame(schema=OFFERS) if offers is None else offers, breaks, config, applied)
    rows = life.until_the_end(rows, as_of, config, calendars)
    sku = lines.build(rows, as_of, config)
    steps = prices.steps(rows, breaks)
    risks = _risk(sku, rows)
    draft = quantity.decide(sku)
    quantity.stay_below(draft, sku, prices.dearer(steps)[0])
    quantity.take_breaks(draft, sku, steps)
    ranked, trial = _as_a_company(draft, sku, rows, steps, risks, config, applied, past)
    doubtful = doubts.doubts(rows, sku, draft, steps, as_of)
    for doubt in doubtful:
        applied.review |= doubt.where & doubt.review
    table = _table(rows, sku, draft, risks, (as_of, measured_on or as_of, calendars), config, applied, doubtful)
    return Decisions(table, _units(ranked, rows, as_of), _trials(trial, sku, rows, as_of))


def decide_inputs(found: Inputs, rows: pl.DataFrame, as_of: date, config: Settings) -> Decisions:
    """Decide on what a date's marts hold, for its SKUs or for a variant of them.

    Args:
        found: inputs of the date.
        rows: its SKUs, perhaps with other levels.
        as_of: the run's date.
        config: the configuration.

    Returns:
        The decisions.
    """
    return decide(rows, found.breaks, as_of, config, found.offers, found.past, found.measured_on, found.calendars)


def _as_a_company(
    draft: Draft,
    sku: Lines,
    rows: pl.DataFrame,
    steps: Prices,
    risks: Floats,
    config: Settings,
    applied: rules.Applied,
    past: Past | None,
) -> tuple[pl.DataFrame | None, Trial | None]:
    """What no SKU decides alone: rules, the supplier's order, space, the budget. In place; gives a budget's ranked units and the trial."""
    own = config.purchase
    if own.rules or np.isfinite(sku.ceiling).any():
        rules.limit(draft, sku, own.rules, rules.with_line(rows, draft, sku, risks), applied, steps)
    trial = None
    if own.consolidate:
        trial = vendor_orders.join(draft, sku, own.line_cost_share, config.planning.review_period_days, past, steps)
    quantity.reprice(draft, steps)
    vendor_orders.meet_terms(draft, sku, rows["supplier_id"].to_list(), own.vendor_terms, steps)
    if own.vendor_terms:
        quantity.reprice(draft, steps)
    if own.storage:
        storage.cut(draft, sku, rows["location_id"].to_list(), own.storage, steps)
        quantity.reprice(draft, steps)
    ranked = None
    if own.budget is not None:
        ranked = budget.cut(draft, sku, steps, own.budget)
    if any(rule.then.review for rule in own.rules):
        rules.send_to_review(own.rules, rules.with_line(rows, draft, sku, risks), draft.ordered, applied)
    return ranked, trial


def _table(
    rows: pl.DataFrame,
    sku: Lines,
    draft: Draft,
    risks: Floats,
    dates: tuple[date, date, Calendars],
    config: Settings,
    applied: rules.Applied,
    doubtful: list[doubts.Doubt],
) -> pl.DataFrame:
    as_of, measured_on, calendars = dates
    mean = rows["forecast_mean"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    expected = np.where(np.isnan(mean), sku.demand_per_day * sku.days, mean)
    lines_ordered = np.flatnonzero(draft.ordered)
    saving = np.zeros(draft.quantity.size)
    saving[lines_ordered] = ranking.expected_saving(
        sku, sku.position[lines_ordered], draft.quantity[lines_ordered], lines_ordered
    )
    flip_input, flip_change = flips.flips(draft, sku, config.purchase.budget)
    notes = {name: pl.Series(name, getattr(draft.changes, name)) for name in _NOTES}
    decided = rows.with_columns(
        pl.lit(as_of).alias("as_of"), c.named(draft.code), pl.Series("quantity", draft.quantity),
        pl.Series("unit_price", draft.price).fill_nan(None), pl.Series("inventory_position", sku.position),
        pl.Series("position", sku.position), pl.Series("coming", sku.position - sku.on_hand), pl.Series("risk", risks),
        pl.Series("order_value", draft.quantity * np.nan_to_num(draft.price)),
        risk.priorities(risks, rows["abc_class"]),
        pl.Series("projected_without", sku.position - expected), pl.Series("projected_stock", sku.position + draft.quantity - expected),
        *_dates(rows, draft.ordered, (as_of, measured_on, calendars), config),
        pl.Series("ordering_cost", sku.ordering_cost), pl.Series("expected_saving", saving), flips.named(flip_input),
        pl.Series("flip_change", flip_change).fill_nan(None), applied.joined(),
        flips.sentences(flip_input, flip_change, draft.ordered, rows["whole"].to_numpy()), pl.Series("needs_review", applied.review),
    )  # fmt: skip
    in_packs = np.where(rows["pack_size"].fill_null(0.0) > 0, sku.pack, 1.0)
    words = decided.with_columns(
        *notes.values(), pl.col("protection_days").alias("days"), pl.Series("pack", in_packs),
        pl.Series("gap", np.maximum(sku.order_up_to - sku.position, 0.0)), pl.Series("minimum", sku.minimum),
        pl.Series("maximum", sku.maximum), pl.Series("least", draft.least), pl.Series("threshold", draft.threshold),
        pl.Series("list_price", sku.list_price), pl.Series("on_hand", sku.on_hand),
    )  # fmt: skip
    notices = doubts.added(alerts.alerts(rows, draft.ordered, sku.demand_per_day, as_of), doubtful)
    return decided.with_columns(reasons(words), *notices.get_columns()).select(DECISIONS)


def _dates(
    rows: pl.DataFrame, ordered: Flags, dates: tuple[date, date, Calendars], config: Settings
) -> list[pl.Series | pl.Expr]:
    """When a line is due by the agreed lead time, when it is expected by what the vendor really takes, and by what."""
    as_of, measured_on, calendars = dates
    agreed = pl.col("lead_time_days").fill_null(config.planning.default_lead_time_days)
    measures = [(pl.coalesce("measured_days", agreed), pl.col("measured_days").is_not_null(), "expected_on")]
    measures += [(agreed, pl.lit(value=False), "agreed_on")]
    measured = "measured median" if measured_on == as_of else f"measured median of {measured_on}"
    by = (
        pl.when(pl.col("measured_days").is_not_null())
        .then(pl.lit(measured))
        .when(pl.col("lead_time_days").is_not_null())
        .then(pl.lit("agreed lead time"))
        .otherwise(pl.lit("default lead time"))
    )
    plain = rows.select(days=pl.coalesce("measured_days", agreed).cast(pl.Float64))["days"]
    there = [
        (calendars.taken(rows.select("item_id", "supplier_id", days=days, measured=measured), as_of), name)
        for days, measured, name in measures
    ]
    # An order of the close of day t with a lead time of L days is there for the sales of day t + L + 1.
    return [
        *(
            pl.when(pl.Series(ordered))
            .then(pl.lit(as_of) + pl.duration(days=pl.lit(days.ceil().cast(pl.Int64) + 1)))
            .alias(name)
            for days, name in there
        ),
        pl.concat_str(
            by, pl.when(pl.lit(there[0][0] != plain)).then(pl.lit(", supplier's calendar")).otherwise(pl.lit(""))
        ).alias("expected_from"),
    ]


_NOTES = ("own_quantity", "filled", "before_rule", "before_storage", "before_cut", "vendor_minimum", "vendor_missing")


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    """Columns that a source may leave out, as unknown."""
    absent = [name for name in _OPTIONAL if name not in rows.columns]
    rows = rows.with_columns(pl.lit(None, _OPTIONAL[name]).alias(name) for name in absent)
    return rows.with_columns(
        pl.col("passport").fill_null(""),
        pl.col("whole").fill_null(value=True),
        *(pl.col(name).fill_null(0.0) for name in COMING),
        pl.col("on_hand").fill_null(0.0),
        pl.col("on_order").fill_null(0.0),
    )


def _risk(sku: Lines, rows: pl.DataFrame) -> Floats:
    """From the forecast's quantiles, at the end of the interval or before a line arrives, whichever is worse.

    Without a forecast 1 at an empty position that should hold something, else 0.
    """
    bare = (sku.position <= 0) & (sku.order_up_to > 0)
    found = risk.exceedance(sku.grid, sku.position)
    at_its_end = np.where(np.isnan(found), bare.astype(np.float64), found)
    worst: Floats = np.maximum(at_its_end, rows["risk_before"].fill_null(0.0).to_numpy())
    return worst


def _units(ranked: pl.DataFrame | None, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    if ranked is None:
        return pl.DataFrame(schema=dict.fromkeys(UNITS, pl.String))
    keys = (
        rows.select("item_id", "location_id", "supplier_id")
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
    )
    listed = ranked.with_columns(pl.col("row").cast(pl.Int64)).join(keys, on="row", how="left", maintain_order="left")
    return listed.with_columns(
        pl.lit(as_of).alias("as_of"), pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("rank")
    ).select(UNITS)


def _trials(trial: Trial | None, sku: Lines, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    if trial is None:
        return pl.DataFrame(schema=dict.fromkeys(TRIALS, pl.String))
    first = np.unique(sku.vendor, return_index=True)
    row = first[1][np.searchsorted(first[0], trial.vendor)]
    verdict = trial.verdict
    return rows[row].select(
        pl.lit(as_of).alias("as_of"), "location_id", "supplier_id", pl.Series("skus", trial.skus), pl.Series("cost", verdict.cost),
        pl.Series("saving", verdict.saved), pl.Series("saving_low", verdict.low), pl.Series("saving_high", verdict.high),
        pl.Series("joins", verdict.joins),
    )  # fmt: skip
