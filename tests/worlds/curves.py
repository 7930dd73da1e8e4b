"""Factors of demand by day: growth, level shifts, seasons, closings, life and death."""

import numpy as np

from tests.worlds.company import Array, Calendar, Curve


def product(*curves: Curve) -> Curve:
    """All of them at once."""
    return lambda calendar: np.prod([curve(calendar) for curve in curves], axis=0)


def growing(per_year: float) -> Curve:
    """1 today, the demand of a year ago times ``per_year``; it goes on."""
    return lambda calendar: per_year ** (calendar.day / 365.0)


def shifted(days_ago: int, before: float) -> Curve:
    """1 from ``days_ago`` on, ``before`` earlier."""
    return lambda calendar: np.where(calendar.day > -days_ago, 1.0, before)


def alive(since: float = np.inf, until: float = -np.inf) -> Curve:
    """1 from ``since`` days ago until ``until`` days ago, else 0; negative days ago lie ahead."""
    return lambda calendar: ((calendar.day > -since) & (calendar.day <= -until)).astype(float)


def dead(days_ago: int) -> Curve:
    """Nothing after ``days_ago``."""
    return lambda calendar: (calendar.day <= -days_ago).astype(float)


def fading(days_ago: int, half_life: float) -> Curve:
    """1 until ``days_ago``, then halved every ``half_life`` days."""
    return lambda calendar: 0.5 ** (np.maximum(calendar.day + days_ago, 0) / half_life)


def closed(first: int, last: int) -> Curve:
    """Nothing from ``first`` to ``last`` days ago, both included."""
    return lambda calendar: 1.0 - ((calendar.day >= -first) & (calendar.day <= -last))


def newest_week(factor: float) -> Curve:
    """The seven days up to the as-of date times a factor."""
    return lambda calendar: np.where((calendar.day > -7) & (calendar.day <= 0), factor, 1.0)


def week_ago(weeks: int, factor: float) -> Curve:
    """One week of the past times a factor: ``weeks`` = 0 is the newest."""
    return lambda calendar: np.where((calendar.day > -7 * (weeks + 1)) & (calendar.day <= -7 * weeks), factor, 1.0)


def wave(amplitude: float, peak: int = 182) -> Curve:
    """A sine over the year, mean 1, highest on a day of the year."""
    return lambda calendar: 1.0 + amplitude * np.cos(2 * np.pi * (calendar.of_year - peak) / 365.25)


def peak(first: int, last: int, factor: float) -> Curve:
    """Times a factor on days ``first`` … ``last`` of the year."""
    return lambda calendar: np.where((calendar.of_year >= first) & (calendar.of_year <= last), factor, 1.0)


def month(number: int, factor: float) -> Curve:
    """Times a factor in a month of 30.4 days."""
    return peak(round(30.44 * (number - 1)) + 1, round(30.44 * number), factor)


def weekly(*factors: float) -> Curve:
    """Factors of Monday … Sunday, scaled to mean 1."""
    week: Array = np.array(factors) / np.mean(factors)

    def factor(calendar: Calendar) -> Array:
        return np.asarray(week[calendar.weekday])

    return factor
