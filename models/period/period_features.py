"""Features of (SKU, origin, coming period) rows for the forecaster of review periods. Everything is known at the origin."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from models.demand_units import FINENESS, unit_of
from models.period import following
from models.period.moving import decayed, filled, known_from, longest_gap, rolling, windows
from models.period.relative import Relative
from models.period.unusual_periods import OVERDISPERSION, steadied
from models.period.variance import own_ratio

Array = np.ndarray[Any, Any]

HALF_LIVES: Final = (1.5, 3.0, 6.0, 12.0, 26.0, 52.0)
"""Of the decayed means, in periods: unrecorded stockouts start and end, so the fast ones matter as much as the slow ones."""

BASE: Final = (4.0, 13.0)
"""Half-lives of the two seasonally adjusted means whose average is the base forecast."""

LAGS: Final = 13
LEAST: Final = 0.02
"""Units a period below which no base forecast goes: a booster multiplies it, and 0 times anything stays 0. The trees may go below."""

NEAR: Final = 2.5
"""A season's factor averages the periods this close to it in the year, in periods."""

SHRINK: Final = 200.0
"""Counts a period that a group sells before its own season weighs as much as the catalogue's."""

SEASONED: Final = 1.5
"""Years of history below which nothing is said about the time of the year."""

OLDEST: Final = 150
"""Age in periods, above which a SKU is simply old."""

OLDEST_UNSEASONED: Final = 8
"""The same where :func:`seasoned` says no: most SKUs are as old as the history, so a higher age would tell the week."""


@dataclass(frozen=True)
class Histories:
    """Demand of n SKUs over T periods of equal length; the newest ends on the as-of date.

    Attributes:
        demand: [n, T] demand per period, NaN where unknown; in units, or in counts of ``unit``.
        as_of: last day of the newest period.
        days: length of a period.
        group: [n] codes of the groups that share a season, e.g. the item's category.
        place: [n] codes of the locations.
        unit: [n] units that a count stands for; None: one each.
        share: [n] share of its first period with demand that a SKU had lived, in (0, 1]; None: all whole.
    """

    demand: Array
    as_of: date
    days: int
    group: Array
    place: Array
    unit: Array | None = None
    share: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, T)."""
        return int(self.demand.shape[0]), int(self.demand.shape[1])

    def counted(self, unit: Array | None = None) -> "Histories":
        """The same in counts: floors, variances and deviances of the forecaster are made for pieces.

        12 kg a week in kilograms would lie next to those floors, and in grams far above them, though the demand is the same.

        Args:
            unit: [n] units that a count stands for; default: :func:`models.demand_units.unit_of` this demand.
        """
        unit = unit_of(self.demand) if unit is None else unit
        # Rounded: trees grown on counts that differ in their last bits would differ, too.
        return replace(self, demand=np.round(self.demand / unit[:, None], 6), unit=unit)

    def units(self, values: Array) -> Array:
        """[n, ...] counts as units: only units of different SKUs can be added up."""
        return values if self.unit is None else values * self.unit.reshape(-1, *(1,) * (values.ndim - 1))

    def middles(self, horizon: int) -> list[date]:
        """The middle day of each known period and of ``horizon`` coming ones."""
        count = self.shape[1]
        last = self.as_of - timedelta(days=self.days // 2)
        return [last + timedelta(days=self.days * (n - count + 1)) for n in range(count + horizon)]


def season(histories: Histories, values: Array, horizon: int) -> Array:
    """Seasonal factors: the group's total against its centred mean of a year, averaged near the same day of other years.

    Args:
        histories: calendar and groups.
        values: [n, T] demand without gaps, as the histories hold it.
        horizon: periods ahead.

    Returns:
        [n, T + horizon] factors of mean 1 over a year; ones where less than a year and a half is known.
    """
    n, length = values.shape
    if not seasoned(histories):
        return np.ones((n, length + horizon))
    day = np.array([middle.timetuple().tm_yday for middle in histories.middles(horizon)], dtype=float)
    apart = np.abs(day[:, None] - day[None, :length])
    near = np.minimum(apart, 365.25 - apart) <= NEAR * histories.days
    weights = near / np.maximum(near.sum(axis=1, keepdims=True), 1)
    return indexed(histories, values, weights)


def indexed(histories: Histories, values: Array, weights: Array) -> Array:
    """Factors of each SKU: its group's index, drawn to the catalogue's as far as the group sells little.

    Args:
        histories: groups and calendar.
        values: [n, T] demand without gaps, in counts.
        weights: [T + h, T] of each known period for each period; where they sum to less than 1, the rest is 1.

    Returns:
        [n, T + h] factors, mean 1 over the newest year.
    """
    year, counts = year_of(histories), values.mean(axis=1)
    relative, rest = Relative(values, year), 1.0 - weights.sum(axis=1)
    whole = _index(relative.of(np.arange(values.shape[0])), weights, rest, year)
    out = np.empty((values.shape[0], weights.shape[0]))
    for code in np.unique(histories.group):
        in_group = np.flatnonzero(histories.group == code)
        count = counts[in_group].sum()
        own = _index(relative.of(in_group), weights, rest, year)
        out[in_group] = whole + count / (count + SHRINK) * (own - whole)
    return np.maximum(out, 0.05)


def _index(ratio: Array, weights: Array, rest: Array, year: int) -> Array:
    factor = weights @ ratio + rest
    return np.asarray(factor / max(factor[-year:].mean(), 1e-9))


def year_of(histories: Histories) -> int:
    """Periods a year."""
    return max(round(365.25 / histories.days), 1)


def seasoned(histories: Histories) -> bool:
    """Whether the histories say anything about the time of the year."""
    return histories.shape[1] >= SEASONED * year_of(histories)


class Builder:
    """Feature rows of a catalogue.

    Args:
        histories: histories.
        horizon: periods ahead that rows may ask for.
        trained: the histories when the trees that read the rows were trained; default: the same. Its seasons are taken, since
            everything else about a row comes from the periods up to its origin.
    """

    def __init__(self, histories: Histories, horizon: int, trained: Histories | None = None) -> None:
        from models.period.own_season import own_season  # which reads histories of this module, as the next does
        from models.period.sharp_season import sharp_season

        booked, then = np.nan_to_num(filled(histories.demand)), histories if trained is None else trained
        self.trained = then
        self.first = first = known_from(histories.demand)
        self.year, self.share = year_of(histories), _lived(histories.share, booked, first)
        early, length = then.shape[1], booked.shape[1]
        self.booked, self.season = booked, season(then, booked[:, :early], horizon + length - early)
        self.own = own_season(then, horizon + length - early)
        self.season[self.own[0]] = self.own[1]
        sharp = sharp_season(then, booked[:, :early], length - early)
        sharp[self.own[0]] = self.own[1][:, :length]
        sets = [histories.place, histories.group, np.zeros_like(histories.group)]
        steady = steadied(booked, self.season[:, :length], first, sets, sharp)
        # Demand in terms of the common level, which rows put back as of their origin: a shift of all is no SKU's trend.
        self.values = values = steady.values / steady.level
        self.level, self.unusual, sold = steady.level, steady.unusual, steady.sold
        position = np.arange(length)[None, :]
        self.days = histories.days
        self.least = None if histories.unit is None else np.where(histories.unit == 1.0, 1.0, FINENESS)
        self.base, self.slope = self.adjusted(self.season)
        expected = self.base * np.exp(self.slope)
        foreseen = np.pad(expected, ((0, 0), (1, 0)))[:, :length] * self.season[:, :length] * self.level
        self.noise = own_ratio(steady.values, foreseen, first)
        self.levels = np.stack([decayed(values, half_life, first, self.share) for half_life in HALF_LIVES])
        self.busy = np.stack([rolling(sold.astype(float), width) for width in (4, 8, 13, 26, 52)])
        self.since = position - np.maximum.accumulate(np.where(sold, position, -1), axis=1)
        self.gap = longest_gap(sold, first)
        shares = [decayed(sold.astype(float), half_life, first) for half_life in (6.0, 26.0)]
        self.sizes = np.stack([self.levels[k] / np.maximum(s, 1e-3) for k, s in zip((2, 4), shares, strict=True)])
        self.spread = np.sqrt(decayed(values**2, 13.0, first)) / (self.levels[3] + 0.1)
        self.windows = windows(values)
        self.trends = np.stack([_trend(values, first, codes) for codes in _groups(histories)])
        self.codes = np.stack([histories.group, histories.place]).astype(float)
        self.calendar = _calendar(histories, horizon)
        self.oldest = OLDEST
        if not seasoned(then):  # no week came twice: what tells the week, trees would take for whatever happened in it
            self.oldest = OLDEST_UNSEASONED
            self.trends, none = np.zeros_like(self.trends), np.zeros_like(self.calendar[0])
            self.calendar = none, none, none

    def adjusted(self, season: Array) -> tuple[Array, Array]:
        """[n, T] level and trend, adjusted by seasonal factors [n, ≥ T]: usually the mean of two decayed means of demand."""
        values = self.values / season[:, : self.values.shape[1]]
        usual = np.mean([decayed(values, half_life, self.first, self.share) for half_life in BASE], axis=0)
        return following.followed(self.values, season, usual, self.first, self.days, self.least)

    def rows(self, sku: Array, origin: Array, step: Array) -> tuple[Array, Array]:
        """Features and base forecast.

        Args:
            sku: [r] positions.
            origin: [r] position of the last known period.
            step: [r] periods ahead, ≥ 1.

        Returns:
            [r, f] float32, and [r] units of the base forecast.
        """
        i, t, ahead = sku, origin, origin + step
        moved = following.ahead(self.slope[i, t], step, self.days)
        base = np.maximum(self.base[i, t] * moved * self.level[i, t] * self.season[i, ahead], LEAST)
        out = [np.log(base), step, self.since[i, t].clip(max=60), self.gap[i, t].clip(max=60), self.spread[i, t]]
        out += [
            self.since[i, t].clip(max=60) / (self.gap[i, t] + 1),
            np.log(self.season[i, ahead] / self.season[i, t]),
            (t - self.first[i]).clip(max=self.oldest),
        ]
        out += [busy[i, t] for busy in self.busy] + [trend[i, t] for trend in self.trends]
        out += [code[i] for code in self.codes] + [known[ahead] for known in self.calendar]
        out += [known[t] for known in self.calendar[1:]]
        units = [level[i, t] for level in self.levels] + [size[i, t] for size in self.sizes]
        units += [window[i, t] for window in self.windows]
        units += [self.values[i, np.maximum(t - lag, 0)] for lag in range(LAGS)]
        units = [one * self.level[i, t] for one in units]
        out += [np.log((one + 0.1) / (base + 0.1)) for one in units] + self._last_year(i, ahead, step, base)
        return np.stack([np.asarray(one, dtype=np.float32) for one in out], axis=1), base

    def lived(self, sku: Array, origin: Array) -> Array:
        """[r] periods that the SKUs have lived, the first as far as they had."""
        return np.asarray(np.maximum(origin - self.first[sku], 0) + self.share[sku])

    def _last_year(self, sku: Array, ahead: Array, step: Array, base: Array) -> list[Array]:
        """Demand around the same period of last year, and the level a year before the origin."""
        # As many years back as it takes for the period after the one asked for to lie before the origin.
        back = ahead - self.year * np.ceil((step + 1) / self.year).astype(np.int64)
        before, at, after = (np.clip(back + shift, 0, self.values.shape[1] - 1) for shift in (-1, 0, 1))
        around = (self.booked[sku, before] + self.booked[sku, at] + self.booked[sku, after]) / 3
        then = np.maximum(at - step, 0)
        level = self.levels[2][sku, then] * self.level[sku, then]
        return [np.where(back >= 1, np.log((one + 0.1) / (base + 0.1)), np.nan) for one in (around, level)]


def _lived(share: Array | None, booked: Array, first: Array) -> Array:
    """[n] share of its first period that each SKU's first demand stands for.

    A history that begins with a sale does not show the wait before it: of q units, one in q counts for the days before.
    """
    if share is None or not booked.size:
        return np.ones(first.size)
    units = booked[np.arange(first.size), np.minimum(first, booked.shape[1] - 1)]
    return np.asarray(share + (1.0 - share) / np.maximum(units, 1.0))


def _groups(histories: Histories) -> tuple[Array, Array, Array]:
    both = histories.group * (histories.place.max(initial=0) + 1) + histories.place
    return histories.group, histories.place, both


def _trend(values: Array, first: Array, codes: Array) -> Array:
    """[n, T] the group's fast mean against its slow one, like for like: a SKU counts in both from its first sale on.

    Each SKU weighs as a negative binomial of its slow mean does, so that no SKU speaks for a group by its units.
    """
    fast, slow = decayed(values, 2.0, first), decayed(values, 26.0, first)
    weight = 1.0 / (1.0 + OVERDISPERSION * slow)
    out = np.empty(values.shape)
    for code in np.unique(codes):
        members = codes == code
        above, below = (weight[members] * fast[members]).sum(axis=0), (weight[members] * slow[members]).sum(axis=0)
        out[members] = np.where(below > 1e-9, above / np.maximum(below, 1e-9), 0.0)
    return out


def _calendar(histories: Histories, horizon: int) -> tuple[Array, Array, Array]:
    """Day of the year, and the share of each period's days in the first ten and fifteen of the month (paydays)."""
    middles, first = histories.middles(horizon), histories.days // 2 - histories.days + 1
    days = [[middle + timedelta(days=n + first) for n in range(histories.days)] for middle in middles]
    early = [np.array([np.mean([day.day <= limit for day in period]) for period in days]) for limit in (10, 15)]
    return np.array([middle.timetuple().tm_yday // 7 for middle in middles], dtype=float), early[0], early[1]
