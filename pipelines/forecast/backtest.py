"""Rolling-origin backtest: at each origin the members know the past alone, and what came after is laid beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models import seasonal
from models.distribution import negbin, spread
from models.interface import Interval, Member, Shaped
from models.members import features
from models.members.aligned import Aligned, align
from models.recipe import mean_rates
from pipelines.core.panel import Array, Panel, class_codes
from pipelines.forecast.metrics import FINE, window_scale


@dataclass(frozen=True)
class Evidence:
    """What the members said at one origin, and what came.

    Attributes:
        length: history buckets known at the origin.
        code: [n] class codes at the origin.
        known: [n] buckets of history known at the origin.
        paths: member → [n, h] expected demand per bucket.
        actual: [n, h] demand, NaN where unknown.
        means: member → [n] expected demand over the known buckets of the SKU's window.
        demand: [n] demand over the same buckets.
        usable: [n] at least half the window is known, and something was demanded before.
        scale: [n] divisor of the pinball loss; NaN where unusable.
        unit: [n] step of demand.
        window_terms: [2, n] variance of the window is ``terms[0] × mean + terms[1] × mean²``.
        bucket_terms: [2, n] the same for one bucket.
        week_terms: [2, n] the same for one week.
        rate: [n] mean demand per known bucket at the origin.
        shapes: member → [n, len(FINE)] quantiles of the window by members that speak a distribution of their own; NaN where silent.
    """

    length: int
    code: Array
    known: Array
    paths: Mapping[str, Array]
    actual: Array
    means: Mapping[str, Array]
    demand: Array
    usable: Array
    scale: Array
    unit: Array
    window_terms: Array
    bucket_terms: Array
    week_terms: Array
    rate: Array
    shapes: Mapping[str, Array] = field(default_factory=dict)


def origins(length: int, window: int, count: int, shortest: int) -> list[int]:
    """Origins whose windows lie end to end up to the last bucket, oldest first.

    Args:
        length: history buckets, T.
        window: buckets that follow an origin.
        count: origins wanted.
        shortest: buckets an origin must know at least.

    Returns:
        Numbers of known buckets; fewer than ``count`` where the history is short, none where it is too short for one.

    >>> origins(730, 28, 3, 56)
    [646, 674, 702]
    """
    return [at for k in range(count, 0, -1) if (at := length - k * window) >= shortest]


def first_demand(demand: Array) -> int:
    """Buckets before the first in which any SKU had demand.

    Args:
        demand: [n, T] units, NaN where unknown.

    Returns:
        0 … T; T where there was none.

    >>> first_demand(np.array([[np.nan, 0.0, 2.0], [np.nan, np.nan, 0.0]]))
    2
    """
    sold = (demand > 0).any(axis=0)
    return int(sold.argmax()) if sold.any() else int(demand.shape[1])


def window_length(panel: Panel, interval: Interval, horizon: int, count: int) -> int:
    """Buckets that follow each origin: the horizon, or what covers the protection interval of 95 % of the SKUs where the history allows.

    Args:
        panel: histories.
        interval: protection intervals.
        horizon: buckets of the daily forecast.
        count: origins wanted.

    Returns:
        Buckets, ≥ 1.
    """
    wanted = int(np.ceil(np.quantile(interval.mean, 0.95))) if panel.skus else horizon
    return max(min(max(horizon, wanted), panel.length // (count + 2)), 1)


def collect(panel: Panel, interval: Interval, members: Mapping[str, Member], origin: int, window: int) -> Evidence:
    """Fit the members on the history up to an origin and lay what came beside what they said.

    Args:
        panel: histories, reaching ``window`` buckets past the origin.
        interval: protection intervals; longer ones than ``window`` are cut to it.
        members: unfitted members by name.
        origin: history buckets known.
        window: buckets that follow.

    Returns:
        The evidence.
    """
    width = np.clip(np.round(interval.mean), 1, window).astype(np.int64)
    past = replace(panel.until(origin), protection=width.astype(float))
    actual = panel.demand[:, origin : origin + window]
    inside = np.arange(window)[None, :] < width[:, None]
    seen = inside & np.isfinite(actual)
    paths: dict[str, Array] = {}
    shapes: dict[str, Array] = {}
    for name, member in members.items():
        if isinstance(member, Aligned) and member.member.name in paths:  # fitted just before: not twice
            paths[name] = align(past, paths[member.member.name], member.trees)
            continue
        fitted: Member = member.fit(past)
        paths[name] = fitted.path(past, window)
        if isinstance(fitted, Shaped):
            whole, part = (np.where(rows, paths[name], 0.0).sum(axis=1) for rows in (inside, seen))
            share = np.where(whole > 0, part / np.maximum(whole, 1e-12), 1.0)
            shapes[name] = fitted.window_quantiles(past, width.astype(float), FINE) * share[:, None]
    scale = window_scale(past.demand, width)
    usable = (2 * seen.sum(axis=1) >= width) & np.isfinite(scale)
    known = np.isfinite(past.demand).sum(axis=1)
    season, prior = seasonal.fit(past), features.priors(past)
    return Evidence(
        length=origin, code=class_codes(past.demand_class), known=known, paths=paths, actual=actual,
        means={name: np.where(seen, path, 0.0).sum(axis=1) for name, path in paths.items()},
        demand=np.where(seen, np.nan_to_num(actual), 0.0).sum(axis=1), usable=usable, scale=scale, unit=negbin.units_of(past.demand),
        window_terms=_terms(past, season, prior, width.astype(float), 24), bucket_terms=_terms(past, season, prior, np.ones(past.skus), 91),
        week_terms=_terms(past, season, prior, np.full(past.skus, float(past.period)), 52), rate=mean_rates(past), shapes=shapes,
    )  # fmt: skip


def _terms(past: Panel, season: seasonal.Season, prior: Array, width: Array, count: int) -> Array:
    windows = spread.windows(past, season, prior, width, count)
    fitted = spread.fit(windows)
    own = spread.own_factor(windows, fitted)
    return np.stack([fitted.phi[windows.code] * windows.compound * own, fitted.alpha[windows.code] * own])


def variance(terms: Array, mean: Array) -> Array:
    """[n] units² from the two terms [2, n] and the mean [n]."""
    return np.asarray(terms[0] * mean + terms[1] * mean**2)
