"""Forecasts of group totals: ridge regression on log totals over weekday, time of year, events, promotions and a slow random walk.

A catalogue's total follows the calendar closely although its SKUs look like noise. One linear model a total is fast and steady. Where
more than a year is known, its smooth year is averaged with what the level did after the same day of the years before.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from pipelines.core.panel import Array

PENALTIES: Final[dict[str, float]] = {
    "level": 1e-6,
    "weekday": 0.5,
    "flag": 1.0,
    "weekday_flag": 4.0,
    "year": 8.0,
    "year_weekend": 10.0,
    "month": 20.0,
    "event": 0.3,
    "beside_event": 1.5,
    "step": 40.0,
}
"""Ridge penalty of each kind of column: the stiffer, the more evidence it takes."""

TO_PARENT: Final[dict[str, float]] = {"event": 4.0, "beside_event": 4.0, "step": 1.0}
"""Factor on the penalty where a group is drawn to its parent's coefficient instead of zero; 3 for all other kinds."""

FLOOR: Final = 0.15
"""Totals are read as at least this share of their own local mean: a closed day must not pull a logarithm to minus infinity."""

OUTLYING: Final = 4.0
HALF_LIFE_DAYS: Final = 2500.0
RESIDUAL_HALF_LIFE_DAYS: Final = 7.0
STEP_DAYS: Final = 14
YEARS_BACK: Final = 4
YEAR_FADE: Final = 0.6
"""Weight of a year against the one after it, where earlier years tell how the level goes on."""

BESIDE: Final = (-3, -2, -1, 1, 2)
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


def forecast(totals: Array, flags: Array, parents: Array, calendar: Calendar) -> Array:
    """Expected totals of the buckets after the history.

    Args:
        totals: [g, T] units, ≥ 0.
        flags: [g, T + h] share of the group's SKUs under a promotion (or any other cause of the kind) in each bucket.
        parents: [g] position of a group that holds this one, always before it; -1 for none. Coefficients are drawn to the parent's.
        calendar: of the T + h buckets.

    Returns:
        [g, h] units.
    """
    groups, length = totals.shape
    common, kinds = _common_columns(calendar, length)
    per_day = calendar.period / 7.0
    weight = 0.5 ** (np.arange(length)[::-1] / (HALF_LIFE_DAYS * per_day))
    newest = 0.5 ** (np.arange(length)[::-1] / max(RESIDUAL_HALF_LIFE_DAYS * per_day, 1.0))
    logs = _logs(totals, calendar.period)
    out, learnt = np.zeros((groups, flags.shape[1] - length)), np.zeros((groups, 0))
    designs: dict[tuple[bytes, bool], tuple[Array, Array, Array]] = {}
    labels: dict[tuple[bytes, bool], Array] = {}
    for g in range(groups):
        child = bool(parents[g] >= 0)
        key = (flags[g].tobytes(), child)
        if key not in designs:
            designs[key] = _design(common, kinds, flags[g], calendar, weight, child)
            labels[key] = np.array([*kinds, *_flag_columns(flags[g], calendar)[1]])
        design, solve, inherited = designs[key]
        if not learnt.size:
            learnt = np.zeros((groups, design.shape[1]))
        past, start = design[:length], learnt[parents[g]] * inherited
        first = past @ (start + solve @ (logs[g] - past @ start))
        # A second pass without what no calendar explains: a closed day, a bulk buyer.
        clean = _winsorised(logs[g], first)
        learnt[g] = start + solve @ (clean - past @ start)
        residual = clean - past @ learnt[g]
        drift = (residual * newest).sum() / newest.sum()
        variance = (weight * np.minimum(residual**2, 0.25)).sum() / weight.sum()
        # The mean of a log-normal: half the variance above its median.
        onward = design[length:] @ learnt[g] + drift
        slow = np.isin(labels[key], ("level", "step", "year"))
        level, rest = residual + past[:, slow] @ learnt[g, slow], design[length:, ~slow] @ learnt[g, ~slow]
        analogue = _as_years_before(level, out.shape[1], calendar.period)
        if analogue is not None:
            onward = 0.5 * (onward + rest + analogue)
        out[g] = np.exp(onward + 0.5 * variance)
    return out


def _as_years_before(level: Array, horizon: int, period: int) -> Array | None:
    """[h] the level's logarithm if it goes on as after the same bucket of earlier years; None where no whole year lies behind."""
    year, reach, length = 52 * period, 6 * period, level.size
    weight = 0.5 ** (np.arange(reach)[::-1] / period)
    weight /= weight.sum()
    half = period // 2
    smooth = np.convolve(np.pad(level, (half, half), mode="edge"), np.ones(2 * half + 1) / (2 * half + 1), "valid")
    total, share = np.zeros(horizon), 0.0
    for back in range(1, YEARS_BACK + 1):
        at = length - back * year
        if at < reach or at + horizon > length:
            break
        total += YEAR_FADE**back * (smooth[at : at + horizon] - weight @ level[at - reach : at])
        share += YEAR_FADE**back
    return weight @ level[-reach:] + total / share if share > 0 else None


def _design(
    common: Array, kinds: list[str], flag: Array, calendar: Calendar, weight: Array, child: bool
) -> tuple[Array, Array, Array]:
    """([T + h, p] columns, [p, T] the ridge solution as a matrix, [p] 1 where a parent's coefficient is taken over)."""
    own, own_kinds = _flag_columns(flag, calendar)
    design, names = np.concatenate([common, own], axis=1), [*kinds, *own_kinds]
    factor = np.array([TO_PARENT.get(name, 3.0) if child and name != "level" else 1.0 for name in names])
    past = design[: weight.size]
    gram = past.T @ (weight[:, None] * past) + np.diag(factor * np.array([PENALTIES[name] for name in names]))
    inherited = np.array([float(child and name not in ("level", "step")) for name in names])
    return design, np.linalg.solve(gram, past.T * weight), inherited


def _winsorised(values: Array, fitted: Array) -> Array:
    """Values within :data:`OUTLYING` robust standard deviations of what was fitted (1.4826 × median absolute deviation)."""
    residual = values - fitted
    reach = OUTLYING * 1.4826 * np.median(np.abs(residual))
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
