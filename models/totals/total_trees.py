"""Forecasts of group totals by boosted trees: what the ridge's fixed shapes miss, most of all the days around events.

One Poisson LightGBM for all totals and horizons, on the logarithm of a recent level times a recent weekday index.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.totals.ridge import Calendar
from pipelines.core.panel import Array
from pipelines.core.seeds import generator

HALF_LIVES: Final = (3.0, 7.0, 14.0, 28.0, 56.0, 112.0, 224.0)
LEVEL: Final = (0.0, 0.0, 0.2, 0.35, 0.3, 0.15, 0.0)
"""Weights of the decayed means in the level that the trees start from."""

SHORTEST: Final = 728
REACH: Final = 15
"""Days around an event that the trees can see."""

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "poisson", "learning_rate": 0.03, "num_leaves": 15, "min_data_in_leaf": 300, "feature_fraction": 0.4,
    "bagging_fraction": 0.5, "bagging_freq": 1, "lambda_l2": 1.0, "cat_smooth": 50.0, "max_cat_threshold": 8, "max_bin": 63,
    "poisson_max_delta_step": 0.1, "min_sum_hessian_in_leaf": 1e-3, "boost_from_average": False, "deterministic": True,
    "force_row_wise": True, "verbosity": -1,
}  # fmt: skip

CATEGORIES: Final = ("group", "size", "event", "event_next", "event_last")


@dataclass(frozen=True)
class TreePlan:
    """How the trees learn.

    Attributes:
        rounds: trees; 0 for none at all.
        days_back: origins reach this far back.
        share: share of the rows that are drawn.
        threads: CPU threads.
        seed: of the draw.
        seeds: models whose logarithms are averaged.
    """

    rounds: int = 0
    days_back: int = 1100
    share: float = 0.7
    threads: int = 1
    seed: int = 42
    seeds: int = 1


def forecast(totals: Array, flags: Array, sizes: Array, calendar: Calendar, plan: TreePlan) -> Array | None:
    """Expected totals of the days after the history.

    Args:
        totals: [g, T] units, ≥ 0, the whole first.
        flags: [g, T + h] share of the group's SKUs under a promotion (or any other cause of the kind).
        sizes: [g] how many of the finest groups each holds.
        calendar: of the T + h days.
        plan: how to learn.

    Returns:
        [g, h] units; None where buckets are not days, the history is shorter than :data:`SHORTEST`, or no trees are wanted.
    """
    length = totals.shape[1]
    if plan.rounds == 0 or calendar.period != 7 or length < SHORTEST:
        return None
    import lightgbm as lgb

    state = _State(totals, flags, sizes, calendar)
    horizon = flags.shape[1] - length
    oldest = max(length - plan.days_back, 400)
    parts = [state.rows(t, min(horizon, length - t)) for t in range(length - 7, oldest, -7)]
    matrix, offset, level = (np.concatenate([p[k] for p in parts]) for k in range(3))
    target = np.concatenate(
        [totals[:, t : t + min(horizon, length - t)].ravel() for t in range(length - 7, oldest, -7)]
    )
    ahead, start, _ = state.rows(length, horizon)
    logs = np.zeros(ahead.shape[0])
    for k in range(plan.seeds):
        draw = (
            generator(plan.seed + k, "total_trees", calendar.starts[length - 1].isoformat()).random(target.size)
            < plan.share
        )
        data = lgb.Dataset(
            matrix[draw], target[draw], weight=1.0 / level[draw], init_score=offset[draw], feature_name=state.names,
            categorical_feature=list(CATEGORIES),
        )  # fmt: skip
        model = lgb.train({**PARAMETERS, "num_threads": plan.threads, "seed": plan.seed + k}, data, plan.rounds)
        logs += np.asarray(model.predict(ahead, raw_score=True, num_threads=plan.threads)) / plan.seeds
    return np.asarray(np.exp(logs + start).reshape(-1, horizon))


class _State:
    """Decayed means of every total at every origin, and the rows that are made of them."""

    def __init__(self, totals: Array, flags: Array, sizes: Array, calendar: Calendar) -> None:
        self.flags, self.sizes = flags, np.unique(sizes, return_inverse=True)[1]
        self.weekday = np.array([d.weekday() for d in calendar.starts])
        self.month_day = np.array([d.day for d in calendar.starts])
        self.events = _around(calendar.events)
        length = totals.shape[1]
        ones = np.ones_like(totals)
        self.ewm = [_decayed(totals, life) / np.maximum(_decayed(ones, life), 1e-9) for life in HALF_LIVES]
        mask = np.equal.outer(np.arange(7), self.weekday[:length])[:, None, :]
        self.fast = [_decayed(totals * m, 56.0) / np.maximum(_decayed(ones * m, 56.0), 1e-9) for m in mask]
        self.slow = [_decayed(totals * m, 182.0) / np.maximum(_decayed(ones * m, 182.0), 1e-9) for m in mask]
        share = flags[:, :length]
        self.on = _decayed(totals * share, 112.0) / np.maximum(_decayed(share, 112.0), 1e-3)
        self.off = _decayed(totals * (1 - share), 112.0) / np.maximum(_decayed(1 - share, 112.0), 1e-3)
        self.sums = np.concatenate([np.zeros((totals.shape[0], 1)), totals.cumsum(axis=1)], axis=1)
        self.squares = np.concatenate([np.zeros((totals.shape[0], 1)), (totals**2).cumsum(axis=1)], axis=1)
        self.names = self._names()

    def rows(self, t: int, horizon: int) -> tuple[Array, Array, Array]:
        """([g·h, f] float32 features, [g·h] log offset, [g·h] level) at the origin that knows t days."""
        groups = self.sums.shape[0]
        level = np.maximum(sum(w * e[:, t] for w, e in zip(LEVEL, self.ewm, strict=True)), 1e-3)
        day = np.arange(t, t + horizon)
        week = self.weekday[day]
        fast, slow = np.stack([f[:, t] for f in self.fast], axis=1), np.stack([s[:, t] for s in self.slow], axis=1)
        index = np.maximum(fast / np.maximum(fast.mean(axis=1, keepdims=True), 1e-9), 0.05)[:, week]
        scaled = [*(e[:, t] for e in self.ewm), self.on[:, t], self.off[:, t], *self._means(t)]
        own = [np.repeat(values / level, horizon) for values in scaled]
        flag = self.flags[:, day]
        mixed = flag * self.on[:, t, None] + (1 - flag) * self.off[:, t, None]
        after = self.flags[:, np.minimum(day + 1, self.flags.shape[1] - 1)]
        year = self._year_before(t, day)
        grid = [
            slow[:, week] / level[:, None],
            index,
            mixed / level[:, None],
            flag,
            self.flags[:, day - 1],
            after,
            year,
        ]
        shared = [np.arange(1, horizon + 1), week, self.month_day[day], *self.events[:, day], year[0]]
        columns = [
            *own,
            *(g.ravel() for g in grid),
            *(np.tile(s, groups) for s in shared),
            np.repeat(np.arange(groups), horizon),
            np.repeat(self.sizes, horizon),
        ]
        spread = np.repeat(level, horizon)
        return np.stack(columns, axis=1).astype(np.float32), np.log(spread * index.ravel()), spread

    def _names(self) -> list[str]:
        return [
            *(f"ewm_{life:g}" for life in HALF_LIVES), "on", "off", "mean_7", "mean_28", "std_28", "mean_364", "month_a_year_before",
            "weekday_slow", "weekday_fast", "as_flagged", "flag", "flag_before", "flag_after", "year_before", "step", "weekday",
            "day_of_month", "event", "to_event", "event_next", "since_event", "event_last", "year_before_of_all", "group", "size",
        ]  # fmt: skip

    def _means(self, t: int) -> list[Array]:
        def mean(first: int, last: int) -> Array:
            return np.asarray((self.sums[:, last] - self.sums[:, max(first, 0)]) / (last - max(first, 0)))

        month = mean(t - 28, t)
        square = (self.squares[:, t] - self.squares[:, t - 28]) / 28
        before = mean(t - 392, t - 364) if t >= 392 else np.full(month.size, np.nan)
        return [mean(t - 7, t), month, np.sqrt(np.maximum(square - month**2, 0)), mean(t - 364, t), before]

    def _year_before(self, t: int, day: Array) -> Array:
        """[g, h] the week around the day a year before, on the four weeks before the origin's day a year before."""
        if t < 392:
            return np.full((self.sums.shape[0], day.size), np.nan)
        first = day - 367
        last = np.minimum(first + 7, t)
        week = (self.sums[:, last] - self.sums[:, first]) / (last - first)
        return np.asarray(week / np.maximum((self.sums[:, t - 364] - self.sums[:, t - 392]) / 28, 1e-3)[:, None])


def _decayed(values: Array, half_life: float) -> Array:
    """[g, T + 1] Σ of the values before each day, decayed."""
    from scipy.signal import lfilter

    keep = 0.5 ** (1.0 / half_life)
    return np.concatenate([np.zeros((values.shape[0], 1)), lfilter([1.0], [1.0, -keep], values, axis=1)], axis=1)


def _around(events: Array) -> Array:
    """[5, T] event, days to the next within reach and which, days since the last and which."""
    out = np.zeros((5, events.size))
    out[0] = events
    for line, order in ((1, range(events.size - 1, -1, -1)), (3, range(events.size))):
        far, code = REACH, 0.0
        for d in order:
            out[line, d], out[line + 1, d] = far, code if far < REACH else 0.0
            far = min(far + 1, REACH)
            if events[d]:
                far, code = 1, float(events[d])
    return out
