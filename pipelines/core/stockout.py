"""When a shelf runs out: demand against stock along the days on which open orders arrive. Pure."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS, exceedance

KEY = ["item_id", "location_id"]


@dataclass(frozen=True)
class Waits:
    """The worst wait of each SKU, shape (N,).

    Attributes:
        risk: probability that the shelf runs out before some line arrives; 0 where none is to come.
        day: days until that line arrives, 1 is tomorrow; 0 where none is to come.
    """

    risk: Floats
    day: Floats


def before_arrivals(
    quantiles: Floats, mean: Floats, days: Floats, on_hand: Floats, arrivals: tuple[Floats, Floats, Floats]
) -> Waits:
    """Probability that demand up to the day before a line arrives exceeds what is there by then, the worst over the lines.

    Demand of t of the interval's T days has the mean r·m and the quantiles r·m + √r·(q − m), r = t / T, at least 0: days are independent
    and alike (Silver, Pyke and Thomas 2017, §6.7, lead-time demand). Receipts come before the sales of their day. The greatest of the
    probabilities is a lower bound of running out at all.

    Args:
        quantiles: of the demand over the protection interval, units, shape (N, len(LEVELS)); NaN: no forecast.
        mean: of the same demand, units, shape (N,).
        days: length of the interval, shape (N,).
        on_hand: units, shape (N,).
        arrivals: SKU as a position, day (1: tomorrow) and units of each line, shape (A,) each.

    Returns:
        The waits; risk 0 where there is no forecast.

    >>> grid, one = np.linspace(7.0, 21.0, 15)[None, :], np.ones(1)
    >>> waits = before_arrivals(grid, 14 * one, 14 * one, 0 * one, (0 * one, 8 * one, 412 * one))
    >>> waits.risk.round(3).tolist(), waits.day.tolist()
    ([0.995], [8.0])
    """
    sku, day, units = arrivals
    order = np.lexsort((day, sku))
    at, day, units = sku[order].astype(np.int64), np.maximum(day[order], 1.0), units[order]
    risk, worst = np.zeros(on_hand.size), np.zeros(on_hand.size)
    if not at.size:
        return Waits(risk, worst)
    before = np.cumsum(units) - units
    first = np.r_[0, np.flatnonzero(np.diff(at)) + 1]
    before -= np.repeat(before[first], np.diff(np.r_[first, at.size]))  # of the same SKU, earlier in order
    share = np.clip((day - 1.0) / np.maximum(days[at], 1.0), 0.0, 1.0)[:, None]
    scaled = np.maximum(share * mean[at][:, None] + np.sqrt(share) * (quantiles[at] - mean[at][:, None]), 0.0)
    # Of what comes tomorrow nothing is asked before.
    known = (share[:, 0] > 0) & ~np.isnan(scaled).any(axis=1)
    found = np.where(known, exceedance(scaled, on_hand[at] + before), 0.0)
    np.maximum.at(risk, at, found)
    hit = found >= risk[at] - 1e-12
    worst[at[hit][::-1]] = day[hit][::-1]  # the first of equals
    return Waits(risk, worst)


def waits(rows: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> Waits:
    """The waits of SKUs for their open lines.

    Args:
        rows: ``item_id, location_id, forecast_mean, protection_days, on_hand`` and the quantiles.
        lines: open lines that count: ``item_id, location_id, quantity, expected_on``; undated and overdue ones come tomorrow.
        as_of: the run's date.

    Returns:
        The waits, in the order of the rows.
    """

    def numbers(name: str) -> Floats:
        values: Floats = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values

    placed = lines.join(rows.select(KEY).with_row_index("row"), on=KEY, maintain_order="left")
    ahead = (placed["expected_on"].cast(pl.Date) - pl.Series([as_of], dtype=pl.Date)).dt.total_days()
    arrivals = (
        placed["row"].cast(pl.Float64).to_numpy(),
        ahead.fill_null(1).cast(pl.Float64).to_numpy(),
        placed["quantity"].cast(pl.Float64).to_numpy(),
    )
    grid = rows.select(pl.col(COLUMNS).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    stock = np.nan_to_num(numbers("on_hand"))
    return before_arrivals(grid, numbers("forecast_mean"), numbers("protection_days"), stock, arrivals)
