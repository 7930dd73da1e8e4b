"""Forecasts of group totals: ridge regression on log totals over weekday, time of year, events, promotions and a slow random walk.

A catalogue's total follows the calendar closely although its SKUs look like noise. One linear model a total is fast and steady.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from pipelines.core.panel import Array

PENALTIES: Final[dict[str, float]] = {
    "level": 1e-6, "weekday": 0.5, "flag": 1.0, "weekday_flag": 10.0, "year": 2.0, "year_weekend": 10.0, "month": 20.0, "event": 0.7,
    "beside_event": 3.0, "step": 40.0,
}  # fmt: skip
"""Ridge penalty of each kind of column: the stiffer, the more evidence it takes."""

FLOOR: Final = 0.15
"""Totals are read as at least this share of their own local mean: a closed day must not pull a logarithm to minus infinity."""

OUTLYING: Final = 4.0
HALF_LIFE_DAYS: Final = 2500.0
RESIDUAL_HALF_LIFE_DAYS: Final = 7.0
STEP_DAYS: Final = 14
BESIDE: Final = (-2, -1, 1)
"""Buckets around an event that have an effect of their own."""


@dataclass(frozen=True)
class Calendar:
    """What is known of T + h buckets.

    Attributes:
        starts: first days.
        events: [T + h] code of the bucket's event, 0 for none.
        period: buckets a week.
    """

    starts: list[date]
    events: Array
    period: int


def forecast(totals: Array, flags: Array, calendar: Calendar) -> Array:
    """Expected totals of the buckets after the history.

    Args:
        totals: [g, T] units, ≥ 0.
        flags: [g, T + h] share of the group's SKUs under a promotion (or any other cause of the kind) in each bucket.
        calendar: of the T + h buckets.

    Returns:
        [g, h] units.
    """
    length = totals.shape[1]
    out = np.zeros((totals.shape[0], flags.shape[1] - length))
    common, kinds = _common_columns(calendar, length)
    patterns, which = np.unique(flags, axis=0, return_inverse=True)
    per_day = calendar.period / 7.0
    weight = 0.5 ** (np.arange(length)[::-1] / (HALF_LIFE_DAYS * per_day))
    newest = 0.5 ** (np.arange(length)[::-1] / max(RESIDUAL_HALF_LIFE_DAYS * per_day, 1.0))
    for k, flag in enumerate(patterns):
        rows = np.flatnonzero(which.reshape(-1) == k)
        own, own_kinds = _flag_columns(flag, calendar)
        design = np.concatenate([common, own], axis=1)
        penalty = np.array([PENALTIES[kind] for kind in (*kinds, *own_kinds)])
        logs = _logs(totals[rows], calendar.period)
        past = design[:length]
        gram = past.T @ (weight[:, None] * past) + np.diag(penalty)
        solve = np.linalg.solve(gram, past.T * weight)
        # A second pass without what no calendar explains: a closed day, a bulk buyer.
        logs = _winsorised(logs, (past @ (solve @ logs.T)).T)
        coefficients = solve @ logs.T
        residual = logs - (past @ coefficients).T
        drift = (residual * newest).sum(axis=1) / newest.sum()
        variance = (weight * np.minimum(residual**2, 0.25)).sum(axis=1) / weight.sum()
        # The mean of a log-normal: half the variance above its median.
        out[rows] = np.exp((design[length:] @ coefficients).T + drift[:, None] + 0.5 * variance[:, None])
    return out


def _winsorised(values: Array, fitted: Array) -> Array:
    """Values within :data:`OUTLYING` robust standard deviations of what was fitted (1.4826 × median absolute deviation)."""
    residual = values - fitted
    reach = OUTLYING * 1.4826 * np.median(np.abs(residual), axis=1, keepdims=True)
    return np.asarray(fitted + np.clip(residual, -reach, reach))


def _logs(totals: Array, period: int) -> Array:
    """[g, T] logarithms, floored at a share of the centred mean over about eight weeks."""
    half = min(4 * period, totals.shape[1] - 1)
    padded = np.pad(totals, ((0, 0), (half, half)), mode="reflect")
    sums = np.concatenate([np.zeros((totals.shape[0], 1)), padded.cumsum(axis=1)], axis=1)
    local = np.maximum((sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]) / (2 * half + 1), 1e-3)
    return np.asarray(np.log(np.maximum(totals, FLOOR * local)))


def _common_columns(calendar: Calendar, length: int) -> tuple[Array, list[str]]:
    """([T + h, p] columns that all totals share, their kinds)."""
    starts = calendar.starts
    span = np.arange(len(starts))
    year = np.array([d.timetuple().tm_yday for d in starts]) * 2 * np.pi / 365.25
    columns: list[tuple[str, Array]] = [("level", np.ones(span.size))]
    for k in range(1, 5):
        columns += [("year", np.sin(k * year)), ("year", np.cos(k * year))]
    if calendar.period == 7:
        weekday = np.array([d.weekday() for d in starts])
        weekend = (weekday >= 5).astype(float)
        month = np.array([d.day for d in starts]) * 2 * np.pi / 30.5
        columns += [("weekday", (weekday == d).astype(float)) for d in range(7)]
        for k in (1, 2):
            columns += [("year_weekend", weekend * np.sin(k * year)), ("year_weekend", weekend * np.cos(k * year))]
        for k in (1, 2, 3):
            columns += [("month", np.sin(k * month)), ("month", np.cos(k * month))]
    columns += _event_columns(calendar.events, length)
    stride = max(STEP_DAYS * calendar.period // 7, 1)
    columns += [("step", (span >= at).astype(float)) for at in range(stride, length - calendar.period, stride)]
    return np.stack([values for _, values in columns], axis=1), [kind for kind, _ in columns]


def _event_columns(events: Array, length: int) -> list[tuple[str, Array]]:
    """A column for each event that the past has seen, and for the buckets beside it."""
    out: list[tuple[str, Array]] = []
    for code in np.unique(events[:length][events[:length] > 0]):
        at = np.flatnonzero(events == code)
        for shift in (0, *BESIDE):
            values, moved = np.zeros(events.size), at + shift
            values[moved[(moved >= 0) & (moved < events.size)]] = 1.0
            out.append(("event" if shift == 0 else "beside_event", values))
    return out


def _flag_columns(flag: Array, calendar: Calendar) -> tuple[Array, list[str]]:
    columns, kinds = [flag], ["flag"]
    if calendar.period == 7:
        weekday = np.array([d.weekday() for d in calendar.starts])
        columns += [(weekday == d) * flag for d in range(7)]
        kinds += ["weekday_flag"] * 7
    return np.stack(columns, axis=1).astype(float), kinds
