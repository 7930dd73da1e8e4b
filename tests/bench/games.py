"""Weekly lost-sales games on real histories: eight weeks played with a policy's own orders, beside the VN2 challenge's official rule.

A game starts with stock 2 × and both weeks in transit 1 × the rounded mean of the 13 weeks before. An order at the close of
week X arrives at the start of week X + 3. Holding costs 0.2 a unit and week, a lost unit 1.0. The engine keeps the stock; a
policy sees what a planner would.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.simulate import engine

HOLDING, SHORTAGE, LEAD_WEEKS, WEEKS = 0.2, 1.0, 2, 8
DATA = Path(os.environ.get("STOCKPROOF_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))


@dataclass(frozen=True)
class Series:
    """Weekly demand.

    Attributes:
        demand: units, shape (N, W).
        starts: Monday-to-Sunday or not, the first day of each week.
        group: what shares a season, e.g. the department, shape (N,).
        place: where it is sold, shape (N,).
    """

    demand: Floats
    starts: list[date]
    group: np.ndarray
    place: np.ndarray

    def until(self, weeks: int) -> "Series":
        """What is known at the close of week ``weeks``."""
        return Series(self.demand[:, :weeks], self.starts[:weeks], self.group, self.place)


Policy = Callable[[Series, Floats, Floats], Floats]
"""Known weeks, stock at close (N,), units arriving in the next weeks (N, L) → units to order (N,)."""


def m5(every: int = 50) -> Series:
    """Every 50th row of M5 in file order, sums of 7-day blocks that end on d_1941.

    Raises:
        StockproofError: the data are not there.
    """
    path = DATA / "m5" / "sales_d1_d1941.parquet"
    if not path.is_file():
        raise StockproofError(f"{path} is missing", "point STOCKPROOF_DATA at the folder that holds m5/")
    rows = pl.read_parquet(path)[::every]
    days = rows.select([f"d_{n}" for n in range(1, 1942)]).to_numpy().astype(float)
    weeks = days.shape[1] // 7
    demand = days[:, days.shape[1] - 7 * weeks :].reshape(rows.height, weeks, 7).sum(axis=2)
    last = date(2016, 5, 22)
    starts = [last - timedelta(days=7 * (weeks - n) - 1) for n in range(weeks)]
    return Series(demand, starts, rows["dept_id"].to_numpy(), rows["store_id"].to_numpy())


def play(series: Series, first: int, policy: Policy, weeks: int = WEEKS) -> Floats:
    """Cost of a game.

    Args:
        series: the whole history; the policy sees only what lies before its week.
        first: position of the first week played.
        policy: orders.
        weeks: weeks played.

    Returns:
        Money by series, shape (N,).
    """
    skus = series.demand.shape[0]
    usual = np.round(series.demand[:, first - 13 : first].mean(axis=1))
    coming = np.zeros((skus, weeks + LEAD_WEEKS + 1))
    coming[:, :LEAD_WEEKS] = usual[:, None]
    for week in range(weeks):
        stock = 2.0 * usual if week == 0 else _replayed(series, first, coming, 2.0 * usual, week).trace[0, :, -1]
        # What is ordered now arrives LEAD_WEEKS weeks after the coming one; later arrivals than the last week played change nothing.
        coming[:, week + LEAD_WEEKS] = policy(series.until(first + week), stock, coming[:, week : week + LEAD_WEEKS])
    result = _replayed(series, first, coming, 2.0 * usual, weeks)
    return HOLDING * result.on_hand_days + SHORTAGE * result.short


def _replayed(series: Series, first: int, coming: Floats, on_hand: Floats, weeks: int) -> engine.Outcome:
    sku, week = np.nonzero(coming[:, :weeks])
    units = coming[sku, week]
    never = engine.constant_levels(
        np.full(on_hand.size, np.nan), np.full(on_hand.size, np.nan), np.zeros(weeks, dtype=bool)
    )
    demand = series.demand[:, first : first + weeks]
    return engine.simulate(
        engine.problem(demand, on_hand, never, 0, arrivals=engine.Arrivals(sku, week, units, units)), trace=True
    )


def official_rule(known: Series, stock: Floats, arriving: Floats) -> Floats:
    """VN2's benchmark: 13-week seasonally adjusted moving average, order up to four weeks of forecast."""
    numbers = np.array([start.isocalendar().week for start in known.starts])
    mean = known.demand.mean(axis=0)
    season = {week: mean[numbers == week].mean() for week in np.unique(numbers)}
    level = float(np.mean(list(season.values())))
    factor = np.array([season[week] for week in numbers]) / level
    base = (known.demand / factor)[:, -13:].mean(axis=1)
    future = [(known.starts[-1] + timedelta(days=7 * n)).isocalendar().week for n in range(1, 5)]
    four_weeks = base * sum(season.get(week, level) / level for week in future)
    return np.maximum(np.round(four_weeks - stock - arriving.sum(axis=1)), 0.0)


def perfect(series: Series) -> Policy:
    """Perfect information: exactly what the week it serves will lack."""

    def order(known: Series, stock: Floats, arriving: Floats) -> Floats:
        now = known.demand.shape[1]
        for week in range(arriving.shape[1]):
            if now + week >= series.demand.shape[1]:
                return np.zeros_like(stock)
            stock = np.maximum(stock + arriving[:, week] - series.demand[:, now + week], 0.0)
        serves = now + arriving.shape[1]
        return (
            np.maximum(series.demand[:, serves] - stock, 0.0)
            if serves < series.demand.shape[1]
            else np.zeros_like(stock)
        )

    return order
