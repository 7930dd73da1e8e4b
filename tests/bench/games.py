"""Weekly lost-sales games on real histories: eight weeks played with a policy's own orders, beside the VN2 challenge's official rule.

A game starts with stock 2 × and both weeks in transit 1 × the rounded mean of the 13 weeks before. An order at the close of
week X arrives at the start of week X + 3. Holding costs 0.2 a unit and week, a lost unit 1.0. The engine keeps the stock; a
policy sees what a planner would.

    python -m tests.bench.games [--set m5] [--game 0 …] [--seed 42 …] [--refit WEEKS] [--unseen] [--weeks N] [--look-ahead N] [--json]
    python -m tests.bench.games --through-product [--bucket week|day] [--spread 1|7] [--unseen] [--registered]

Game 0 is the last 8 weeks, game 1 the 8 before, and so on. ``--unseen``: books hold what was sold, not what was asked for.
``--through-product`` plays by CSV files, ERP, daily run and order export; with ``--registered`` each week trains and registers a bundle,
and the champion forecasts.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import numpy as np

from pipelines.core.inventory import Floats
from pipelines.engine import engine
from pipelines.ordering import look_ahead
from tests.bench.games_data import WEEKS, Series, m5, panels_of

HOLDING, SHORTAGE = 0.2, 1.0


Policy = Callable[[Series, Floats, Floats], Floats]
"""Known weeks, stock at close (N,), units arriving in the next weeks (N, L) → units to order (N,)."""


def play(series: Series, first: int, policy: Policy, weeks: int | None = None, *, unseen: bool = False) -> Floats:
    """Cost of a game.

    Args:
        series: the whole history; the policy sees only what lies before its week.
        first: position of the first week played.
        policy: orders.
        weeks: weeks played; default: those of a game.
        unseen: lost sales are not in the books: the policy sees what was sold, and which weeks ended with an empty shelf.

    Returns:
        Money by series, shape (N,).
    """
    skus, weeks, lead = series.demand.shape[0], weeks or series.weeks, series.lead
    usual = np.round(series.demand[:, first - 13 : first].mean(axis=1))
    coming = np.zeros((skus, weeks + lead + 1))
    coming[:, :lead] = usual[:, None]
    stock, recorded = 2.0 * usual, series
    if unseen:
        recorded = replace(series, demand=series.demand.copy(), closed=np.zeros(series.demand.shape, dtype=bool))
    for week in range(weeks):
        # What is ordered now arrives ``lead`` weeks after the coming one; later arrivals than the last week played change nothing.
        coming[:, week + lead] = policy(recorded.until(first + week), stock, coming[:, week : week + lead])
        there = stock + coming[:, week]
        result = _replayed(series, first, coming, 2.0 * usual, week + 1)
        stock = result.trace[0, :, -1]
        if recorded.closed is not None:
            recorded.demand[:, first + week] = np.minimum(there, series.demand[:, first + week])
            recorded.closed[:, first + week] = stock <= 0
    return HOLDING * result.on_hand_days + SHORTAGE * result.short


def _replayed(series: Series, first: int, coming: Floats, on_hand: Floats, weeks: int) -> engine.ReplayOutcome:
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
    """VN2's benchmark: 13-week seasonally adjusted moving average, order up to four weeks of forecast: lead time + 2 weeks."""
    numbers = np.array([start.isocalendar().week for start in known.starts])
    mean = known.demand.mean(axis=0)
    season = {week: mean[numbers == week].mean() for week in np.unique(numbers)}
    level = float(np.mean(list(season.values())))
    factor = np.array([season[week] for week in numbers]) / level
    adjusted = np.divide(known.demand, factor, out=np.zeros_like(known.demand), where=factor > 0)
    base = adjusted[:, -13:].mean(axis=1)
    future = [(known.starts[-1] + timedelta(days=7 * n)).isocalendar().week for n in range(1, known.lead + 3)]
    cover = base * sum(season.get(week, level) / level for week in future)
    return np.asarray(np.maximum(np.round(cover - stock - arriving.sum(axis=1)), 0.0))


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


def expected_cost(
    seed: int = 42, refit: int | None = None, *, as_sold: bool = False, steps: int = look_ahead.STEPS
) -> Policy:
    """The product's own: forecast of each coming review period, order of least expected cost for the period it serves.

    Args:
        seed: of forecaster and sample.
        refit: weeks between trainings, 1 as the daily run does; None: once, at the first order.
        as_sold: take what was sold for what was asked for, for comparison.
        steps: weeks after the one served in which leftover is charged.

    Returns:
        The policy.
    """
    from models.period import unconstrained
    from models.period.period_features import Histories
    from models.period.period_model import PeriodForecaster
    from pipelines.ordering import expected_cost as rule

    trained: list[PeriodForecaster] = []
    week = count()

    def order(known: Series, stock: Floats, arriving: Floats) -> Floats:
        skus = stock.size
        rows = np.lexsort(
            (np.arange(skus), known.place)
        )  # the product's order of SKUs, so that the same draws fall on the same
        codes = [np.unique(values[rows].astype(str), return_inverse=True)[1] for values in (known.group, known.place)]
        histories = Histories(known.demand[rows], known.starts[-1] + timedelta(days=6), 7, *codes)
        if known.closed is not None and not as_sold:
            closed = known.closed[rows].astype(float)
            histories = replace(histories, demand=unconstrained.demand(histories, closed, closed * histories.demand))
        now = next(week)
        if now == 0 or (refit and now % refit == 0):
            trained[:] = [PeriodForecaster(known.lead + 1, seed=seed).fit(histories)]
        forecast = replace(trained[0], horizon=known.lead + 2).predict(histories)
        open_lines = np.array(
            [(sku, 7 * week, units) for week in range(known.lead) for sku, units in enumerate(arriving[rows, week])]
        )
        ones = np.ones(skus)
        problem = rule.Problem(
            mean=forecast.mean, variance=forecast.variance, unit=ones, on_hand=stock[rows],
            lead_time=np.full(skus, 7 * known.lead), lead_time_std=0.0 * ones, arriving=open_lines, holding_cost=HOLDING * ones,
            shortage_cost=SHORTAGE * ones, ordering_cost=0.0 * ones, pack=ones, minimum=ones, review=7,
        )  # fmt: skip
        out = np.empty(skus)
        out[rows] = rule.orders(problem, seed, steps=steps).quantity
        return out

    return order


def main() -> int:
    """Play, print beside the official rule and perfect information."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=["m5", "online_retail", "man"], default="m5")
    parser.add_argument(
        "--game", type=int, action="append", help="may be repeated; default: 0 to 4, of other sets than m5 0"
    )
    parser.add_argument("--seed", type=int, action="append", help="may be repeated; default: 42")
    parser.add_argument(
        "--refit", type=int, help="weeks between trainings, 1 as the daily run does; default: once a game"
    )
    parser.add_argument("--every", type=int, default=50, help="every n-th row of M5")
    parser.add_argument("--through-product", action="store_true")
    parser.add_argument("--bucket", choices=["week", "day"], default="week")
    parser.add_argument("--spread", type=int, default=1, help="days of the week that its sales are booked on")
    parser.add_argument(
        "--registered", action="store_true", help="through the product: by bundles of a weekly training"
    )
    parser.add_argument("--unseen", action="store_true", help="lost sales are not in the books")
    parser.add_argument(
        "--as-sold", action="store_true", help="with --unseen: take what was sold for what was asked for"
    )
    parser.add_argument(
        "--look-ahead",
        type=int,
        default=look_ahead.STEPS,
        help="weeks after the one served in which leftover is charged",
    )
    parser.add_argument("--weeks", type=int, help="weeks played; default: 8")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sets = [m5(options.every)] if options.set == "m5" else panels_of(options.set)
    figures = []
    for game in options.game or (range(5) if options.set == "m5" else (0,)):
        for seed in options.seed or [42]:
            figures.append(_figures(sets, game, seed, options))
            if not options.json:
                print(
                    "  ".join(f"{name} {value:,.3f}".removesuffix(".000") for name, value in figures[-1].items()),
                    flush=True,
                )
    if options.json:
        print(json.dumps(figures))
    return 0


def _figures(sets: list[Series], game: int, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """One game of a data set, its lead times one after another."""
    started = time.perf_counter()
    costs: list[list[Floats]] = []
    for series in sets:
        weeks = options.weeks or series.weeks
        first = series.demand.shape[1] - WEEKS * game - weeks
        if options.through_product:
            from tests.bench.games_product import play_through

            ours = play_through(
                series,
                first,
                weeks,
                bucket=options.bucket,
                spread=options.spread,
                unseen=options.unseen,
                registered=options.registered,
            )
        else:
            policy = expected_cost(seed, options.refit, as_sold=options.as_sold, steps=options.look_ahead)
            ours = play(series, first, policy, weeks, unseen=options.unseen)
        rule = play(series, first, official_rule, weeks, unseen=options.unseen)
        costs.append([rule, play(series, first, perfect(series), weeks), ours])
    rule, best, ours = (np.concatenate(parts) for parts in zip(*costs, strict=True))
    low, high = paired_interval(rule - ours)
    return {
        "game": game,
        "seed": seed,
        "rule": rule.sum(),
        "perfect": best.sum(),
        "cost": ours.sum(),
        "change": ours.sum() / rule.sum() - 1,
        "saving_low": low,
        "saving_high": high,
        "seconds": time.perf_counter() - started,
    }


def paired_interval(saving: Floats, level: float = 0.95, draws: int = 2_000) -> tuple[float, float]:
    """Bootstrap interval over series of the total saving.

    Args:
        saving: money by series, shape (N,).
        level: of the interval.
        draws: resamples.

    Returns:
        Low and high, money.
    """
    picks = np.random.default_rng(0).integers(0, saving.size, (draws, saving.size))
    totals = saving[picks].sum(axis=1)
    return float(np.quantile(totals, (1 - level) / 2)), float(np.quantile(totals, (1 + level) / 2))


if __name__ == "__main__":
    sys.exit(main())
