"""Play the recorded, the incumbent and the candidate policy on the recorded window of some SKUs."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.settings import Settings
from pipelines.simulate.engine import Levels, Outcome, Span, problem, simulate
from pipelines.simulate.measures import Days, Rates, recorded
from pipelines.simulate.policies import Terms, candidate_levels, incumbent_levels
from pipelines.simulate.tables import Recorded
from pipelines.simulate.window import Window, numbered, pipeline_at_start, positions, window

POLICIES = ("recorded", "incumbent", "candidate")

LEAST_DAYS = 28
"""Stock counts that cover fewer days are no history: the replay then starts full instead of from the books."""


@dataclass(frozen=True)
class Played:
    """The three replays of N SKUs.

    Attributes:
        window: what was recorded.
        days: which days count.
        rates: cost rates.
        outcomes: by policy, all N SKUs each.
        present: by policy, the SKUs it could be played for, shape (N,).
    """

    window: Window
    days: Days
    rates: Rates
    outcomes: dict[str, Outcome]
    present: dict[str, npt.NDArray[np.bool_]]


def play(rows: Recorded, as_of: date, config: Settings) -> Played:
    """Replay the three policies on the same demand, from the same stock, with the same lead times.

    Args:
        rows: the marts' rows of the SKUs.
        as_of: last day.
        config: replay window, review period, service target, limits.

    Returns:
        The replays.
    """
    total = config.replay.days
    run_up = max(config.planning.history_days - total, 1)
    w = window(rows.skus, rows.demand, rows.stock, rows.receipts, as_of, days=total, run_up=run_up)
    days, counted = _days(rows.skus, w, config.replay.warmup_days)
    rates = Rates(
        *(_column(rows.skus, name) for name in ("unit_cost", "holding_cost_per_day", "shortage_cost", "ordering_cost"))
    )
    agreed = _column(rows.skus, "lead_time_days")
    minimum, maximum = _column(rows.skus, "reorder_point"), _column(rows.skus, "order_up_to")
    terms = Terms(
        rates.ordering_cost, np.maximum(rates.holding_cost_per_day, 1e-9), np.nan_to_num(agreed),
        config.costs.service_target, config.planning.review_period_days,
    )  # fmt: skip
    ours, full = candidate_levels(w, terms)
    ours = Levels(ours.review_column, _or(ours.reorder, minimum), _or(ours.order_up_to, maximum))
    replayable, has_rule = (days.total > days.first) & ~np.isnan(agreed), ~np.isnan(minimum) & ~np.isnan(maximum)
    stock = np.where(counted, np.take_along_axis(w.stock, days.start[:, None], axis=1)[:, 0], np.nan)
    starts = {
        "incumbent": np.where(counted, stock, maximum),
        "candidate": np.where(counted, stock, np.where(np.isnan(full), maximum, full)),
    }
    levels = {"incumbent": incumbent_levels(minimum, maximum, total), "candidate": ours}
    outcomes = {
        name: _simulated(rows.skus, w, days, levels[name], np.nan_to_num(starts[name]), config) for name in levels
    }
    outcomes["recorded"] = recorded(w, numbered(rows.skus, rows.open_orders), days)
    present = {
        "recorded": counted & (days.total > days.first),
        "incumbent": replayable & has_rule,
        "candidate": replayable,
    }
    return Played(w, days, rates, outcomes, present)


def _column(skus: pl.DataFrame, name: str) -> Floats:
    values: Floats = skus[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _or(levels: Floats, fallback: Floats) -> Floats:
    """Until demand was seen, the ERP's own rule stands."""
    return np.where(np.isnan(levels), fallback[:, None], levels)


def _days(skus: pl.DataFrame, w: Window, warmup: int) -> tuple[Days, npt.NDArray[np.bool_]]:
    """A SKU starts on the day after its first stock count, or on its first known day where stock was not counted."""
    known = ~np.isnan(w.stock)
    first_count = np.where(known.any(axis=1), known.argmax(axis=1), w.days + 1)
    counted = first_count <= w.days - LEAST_DAYS
    start = np.where(counted, first_count, np.clip(w.known_from - w.run_up, 0, w.days)).astype(np.int64)
    gone = skus["discontinued_on"].is_not_null().to_numpy()
    end = positions(skus["discontinued_on"].fill_null(w.first), w.first)
    return Days(start, np.where(gone, np.clip(end, 0, w.days), w.days), w.days, warmup), counted


def _simulated(skus: pl.DataFrame, w: Window, days: Days, levels: Levels, on_hand: Floats, config: Settings) -> Outcome:
    limits = (
        np.nan_to_num(_column(skus, "pack_size")),
        np.maximum(np.nan_to_num(_column(skus, "min_order_qty")), config.purchase.min_quantity),
        np.full(skus.height, config.purchase.max_quantity),
    )
    arrays = problem(
        w.asked, on_hand, levels, w.lead_time,
        limits=limits, arrivals=pipeline_at_start(w, days.start), usable=w.usable,
        span=Span(days.end, days.start, days.warmup),
    )  # fmt: skip
    return simulate(
        arrays, backorders=config.planning.unmet_demand == "backorder", threads=config.forecast.threads, trace=True
    )
