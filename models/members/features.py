"""Features of (SKU, origin, target bucket) rows for the global boosters. Everything on the left of the origin, or known ahead."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numba as nb
import numpy as np

from models.decay import half_lives
from models.seasonal import Season, week_of_year
from pipelines.core.chunks import blocks
from pipelines.core.compiled import njit
from pipelines.core.panel import Panel, known_sums

Array = np.ndarray[Any, Any]

STATES: Final[tuple[str, ...]] = (
    "base", "ewm_3w", "ewm_6w", "ewm_12w", "ewm_26w", "mean_1w", "mean_4w", "mean_13w", "zero_run", "share_nonzero",
    "size", "size_cv", "age", "max_13w", "last", "std_4w",
)  # fmt: skip
"""What is known of a SKU at an origin, in the order of the last axis of :func:`origin_states`; then one ratio per weekday."""

OWN: Final[tuple[str, ...]] = (
    "log_base", *(f"{name}_ratio" for name in STATES[1:8]), "zero_run", "share_nonzero", "log_size", "size_cv", "age",
    "max_13w_ratio", "last_ratio", "std_4w_ratio", "own_weekday", "last_year_ratio", "horizon", "weekday", "day_of_month", "week", "season",
)  # fmt: skip
"""Names of the columns that every row has; the panel's statics, calendar and local columns follow."""


PRIOR_SALES: Final = 0.15
"""Sales that a group's median counts as for a SKU of which nothing is known."""

LONGEST_PRIOR_WEEKS: Final = 8.0


@dataclass(frozen=True)
class Rows:
    """Rows for a booster.

    Attributes:
        features: [r, f] float32, NaN where unknown.
        offset: [r] log of the base forecast.
    """

    features: Array
    offset: Array


def names(panel: Panel) -> list[str]:
    """Names of all feature columns of a panel."""
    return [*OWN, *panel.statics, *panel.calendar, *(f"{name}_next" for name in panel.calendar), *panel.local]


def priors(panel: Panel) -> Array:
    """Rate a SKU starts from before anything is known of it, and how much that counts: the median SKU of its group, or of all.

    SKUs of a group differ by orders of magnitude, so the median says as little as :data:`PRIOR_SALES` sales do: the posterior mean of a
    gamma prior of that shape. In buckets this is little time where the group sells much, and long where it sells rarely.

    Args:
        panel: histories.

    Returns:
        [n, 2] units per bucket, > 0, and the buckets that they count as.
    """
    if panel.prior is not None:
        return panel.prior
    total, seen = known_sums(panel.demand)
    size = np.concatenate([_least_sale(panel.demand[rows]) for rows in blocks(panel.skus)])
    mean = total / np.maximum(seen, 1)
    active = mean > 0
    rate = np.full(panel.skus, float(np.median(mean[active])) if active.any() else 1e-3)
    usual = np.full(panel.skus, float(np.median(size[active])) if active.any() else 1.0)
    for g in np.unique(panel.group[active]):
        members = panel.group == g
        rate[members], usual[members] = np.median(mean[active & members]), np.median(size[active & members])
    counts = PRIOR_SALES * np.where(active, size, usual) / rate
    return np.stack([rate, np.minimum(counts, LONGEST_PRIOR_WEEKS * panel.period)], axis=1)


def _least_sale(demand: Array) -> Array:
    """[n] least demand of a bucket that had any, 0 where none had: what one sale asks for, not what a bucket does."""
    least = np.where(demand > 0, demand, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)


class Builder:
    """Feature rows of one panel.

    Args:
        panel: histories and covariates.
        season: fitted seasonal index.
        origins: [o] ascending numbers of history buckets known at each origin, each ≤ T.
        horizon: longest horizon of any target.
        honest: seasons of the targets are what the other years say, as they are at serving: trees trained on an index that has seen their
            targets would trust it too much.
    """

    def __init__(self, panel: Panel, season: Season, origins: Array, horizon: int, *, honest: bool = False) -> None:
        self.panel = panel
        self.horizon = horizon
        self.dates = panel.starts(horizon)
        self.index, self.rows_of = season.on(panel, horizon)
        self.ahead = season.on(panel, horizon, honest=True)[0] if honest else self.index
        self.origins = np.asarray(origins, dtype=np.int64)
        self.states = origin_states(
            panel.demand,
            self.index,
            self.rows_of,
            priors(panel),
            half_lives(panel.period),
            self.origins,
            panel.period,
            _weekdays(self.dates),
        )

    def rows(self, sku: Array, origin: Array, step: Array) -> Rows:
        """Features of rows.

        Args:
            sku: [r] position of the SKU.
            origin: [r] position in ``origins``.
            step: [r] buckets ahead, 1 … horizon.

        Returns:
            The rows.
        """
        panel = self.panel
        target = self.origins[origin] + step - 1
        extra = [panel.statics[name][sku] for name in panel.statics]
        for shift in (0, 1):
            extra += [values[np.minimum(target + shift, values.shape[0] - 1)] for values in panel.calendar.values()]
        extra += [values[sku, np.minimum(target, values.shape[1] - 1)] for values in panel.local.values()]
        features = np.empty((sku.shape[0], len(OWN) + len(extra)), dtype=np.float32)
        dates = np.stack([_weekdays(self.dates), [d.day for d in self.dates], week_of_year(self.dates)]).astype(
            np.int64
        )
        keys = np.stack([sku, origin, target, step]).astype(np.int64)
        offset = _fill_own(features, self.states, panel.demand, self.ahead, self.rows_of, keys, dates, panel.period)
        for at, values in enumerate(extra):
            features[:, len(OWN) + at] = values
        return Rows(features, offset)


def _weekdays(dates: list[date]) -> Array:
    return np.array([d.weekday() for d in dates], dtype=np.int64)


@njit(parallel=True)
def origin_states(
    demand: Array, season: Array, group: Array, prior: Array, lives: Array, origins: Array, period: int, weekday: Array
) -> Array:  # pragma: no cover - compiled
    """State of every SKU at every origin, in one pass over its history.

    Args:
        demand: [n, T] units, NaN where unknown.
        season: [g, ≥ T] seasonal index.
        group: [n] row of ``season``.
        prior: [n, 2] units per bucket, and the buckets that they count as.
        lives: [4] half-lives in buckets.
        origins: [o] ascending numbers of known buckets.
        period: buckets a week.
        weekday: [≥ T] 0 … 6.

    Returns:
        [n, o, len(STATES) + 7] float32.
    """
    n, length = demand.shape
    keep = 0.5 ** (1.0 / lives)
    keep_day = 0.5 ** (1.0 / 12.0)  # a weekday's own ratio: half-life 12 of its occurrences
    out = np.zeros((n, origins.shape[0], 23), dtype=np.float32)
    for i in nb.prange(n):
        top, weight = np.full(4, prior[i, 1] * prior[i, 0]), np.full(4, prior[i, 1])
        day_top, day_weight = np.full(7, 0.0), np.full(7, 0.0)
        share_top, share_weight, size, square, zero_run, age, last = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        hits = 0
        g, at = group[i], 0
        for t in range(length + 1):
            while at < origins.shape[0] and origins[at] == t:
                row = out[i, at]
                base = 0.0
                for j in range(4):
                    row[1 + j] = top[j] / weight[j]
                    base += 0.25 * top[j] / weight[j]
                row[0] = base
                _lookback(row, demand[i], t, period)
                row[8], row[9], row[10] = zero_run, share_top / share_weight, size
                row[11] = np.sqrt(max(square - size * size, 0.0)) / size if size > 0 else 0.0
                row[12], row[14] = age, last
                for d in range(7):
                    row[16 + d] = (day_top[d] + 4.0 * base) / (day_weight[d] + 4.0) / max(base, 1e-9)
                at += 1
            if t == length or at == origins.shape[0]:
                break
            y = demand[i, t]
            if np.isnan(y):
                continue
            s = season[g, t]
            for j in range(4):
                top[j], weight[j] = keep[j] * top[j] + y, keep[j] * weight[j] + s
            d = weekday[t]
            day_top[d], day_weight[d] = keep_day * day_top[d] + y, keep_day * day_weight[d] + s
            age, last = age + 1.0, y
            share_top, share_weight = keep[1] * share_top + (1.0 if y > 0 else 0.0), keep[1] * share_weight + 1.0
            if y > 0:
                hits += 1
                a = max(1.0 / hits, 0.1)
                size, square = size + a * (y - size), square + a * (y * y - square)
                zero_run = 0.0
            else:
                zero_run += 1.0
    return out


@njit()
def _lookback(row: Array, demand: Array, t: int, period: int) -> None:  # pragma: no cover - compiled
    """Means over 1, 4 and 13 weeks, maximum over 13, standard deviation over 4: into ``row`` at 5, 6, 7, 13, 15."""
    total, square, seen, most = 0.0, 0.0, 0, 0.0
    week, month = -1.0, -1.0
    for back in range(1, 13 * period + 1):
        if back <= t:
            y = demand[t - back]
            if not np.isnan(y):
                total, square, seen, most = total + y, square + y * y, seen + 1, max(most, y)
        if back == period:
            week = total / seen if seen > 0 else np.nan
        if back == 4 * period:
            month = total / seen if seen > 0 else np.nan
            row[15] = np.sqrt(max(square / seen - (total / seen) ** 2, 0.0)) if seen > 1 else np.nan
    row[5], row[6], row[7], row[13] = week, month, total / seen if seen > 0 else np.nan, most


@njit(parallel=True)
def _fill_own(
    features: Array, states: Array, demand: Array, season: Array, group: Array, keys: Array, dates: Array, period: int
) -> Array:  # pragma: no cover - compiled
    sku, origin, target, step = keys
    weekday, day_of_month, week = dates
    rows = sku.shape[0]
    offset = np.empty(rows)
    for r in nb.prange(rows):
        i, t = sku[r], target[r]
        s, known = states[i, origin[r]], t - step[r] + 1
        base = max(s[0], 1e-6)
        f = features[r]
        f[0] = np.log(base)
        for j in range(7):
            f[1 + j] = s[1 + j] / base
        f[8], f[9], f[10], f[11], f[12] = s[8], s[9], np.log(s[10] + 1e-3), s[11], s[12]
        f[13], f[14], f[15] = s[13] / base, s[14] / base, s[15] / base
        f[16] = s[16 + weekday[t]]
        total, seen = 0.0, 0
        reach = period // 2
        for back in range(52 * period - reach, 52 * period + reach + 1):
            at = t - back
            if 0 <= at < known:
                y = demand[i, at]
                if not np.isnan(y):
                    total, seen = total + y, seen + 1
        f[17] = total / seen / base if seen > 0 else np.nan
        index = season[group[i], t]
        f[18], f[19], f[20], f[21], f[22] = step[r], weekday[t], day_of_month[t], week[t], index
        offset[r] = np.log(base * index)
    return offset
