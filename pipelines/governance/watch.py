"""Drift of a champion by segment, and whether it is worse than a rival: from the stream of scores. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.governance.came_true import DIMENSIONS, SERVING, SHADOW, SIMPLE
from pipelines.governance.sequential import LAG, Detection, detect, difference_bets, rank_bets

FEWEST: Final = 5
"""Windows a day below which a segment says nothing."""

YEAR: Final = 365
"""Observations within which a champion that is no worse is taken back with the stated probability at most."""

NAMED: Final = 0.001
"""Share of the threshold from which a segment may be named by an alarm that another raised."""

NEWEST: Final = 3
"""Runs whose mean is the rise of a segment."""

WHOLE: Final = ("all", "all")


@dataclass(frozen=True)
class Alarm:
    """A drift.

    Attributes:
        kind: ``score`` (the champion got worse against the simple method) or ``input`` (demand left its level).
        dimension: ``demand_class``, ``category``, ``abc_class`` or ``all``.
        segment: its value.
        statistic: evidence.
        threshold: what it crossed.
    """

    kind: str
    dimension: str
    segment: str
    statistic: float
    threshold: float


@dataclass(frozen=True)
class Worse:
    """A champion proven worse than a rival.

    Attributes:
        rival: label of the version, or ``the simple method``.
        dimension: of the segment.
        segment: its value.
        share: mean loss against the rival's since the evidence began to grow, - 1.
        since: run at which it began.
        runs: runs since then.
        evidence: the detector's.
        threshold: what it crossed.
    """

    rival: str
    dimension: str
    segment: str
    share: float
    since: date
    runs: int
    evidence: float
    threshold: float


def segments(stream: pl.DataFrame) -> list[tuple[str, str]]:
    """(dimension, value) of every segment, the whole first."""
    found = [(name, value) for name in DIMENSIONS for value in sorted(set(stream[name].to_list()))]
    return [WHOLE, *found]


def series(stream: pl.DataFrame, dimension: str, segment: str, role: str, version: str | None = None) -> pl.DataFrame:
    """``scored_on, loss, windows, mean, demand`` of a segment by run: loss is the mean over its windows."""
    rows = stream.filter(pl.col("role") == role)
    if version is not None:
        rows = rows.filter(pl.col("model_version") == version)
    if dimension != "all":
        rows = rows.filter(pl.col(dimension) == segment)
    summed = rows.group_by("scored_on").agg(pl.col("windows", "pinball", "mean", "demand").sum()).sort("scored_on")
    return summed.filter(pl.col("windows") >= FEWEST).with_columns(loss=pl.col("pinball") / pl.col("windows"))


def against(own: pl.DataFrame, rival: pl.DataFrame) -> tuple[list[date], Any]:
    """(runs, [t] logarithm of the loss over the rival's) where both were scored."""
    both = own.join(rival.select("scored_on", other="loss"), on="scored_on").sort("scored_on")
    ratio = np.log((both["loss"].to_numpy() + 1e-6) / (both["other"].to_numpy() + 1e-6))
    return both["scored_on"].to_list(), ratio


def drift(stream: pl.DataFrame, as_of: date, quiet: date | None, false_alarm_days: int) -> list[Alarm]:
    """Alarms of the newest run: one of each kind at most.

    A drift of one segment shows in all that share SKUs with it. The alarm names the one that rose most, of those with evidence.

    Args:
        stream: outcomes of the forecasts of the run before, by cell.
        as_of: the newest run.
        quiet: newest change of champion before it: the detectors began again after it.
        false_alarm_days: runs to a false alarm on average, over all segments and both kinds together.
    """
    every = segments(stream)
    threshold = 2.0 * len(every) * false_alarm_days
    found: dict[str, list[tuple[float, bool, Alarm]]] = {"score": [], "input": []}
    for dimension, segment in every:
        own, simple = (series(stream, dimension, segment, role) for role in (SERVING, SIMPLE))
        days, ratio = against(own, simple)
        level = np.abs(np.log((simple["demand"].to_numpy() + 1) / (simple["mean"].to_numpy() + 1)))
        for kind, at, values in (("score", days, ratio), ("input", simple["scored_on"].to_list(), level)):
            now = _now(at, values, as_of, quiet, threshold)
            if now is not None and now[0] >= threshold * NAMED:
                found[kind].append((now[1], now[2], Alarm(kind, dimension, segment, now[0], threshold)))
    return [max(each, key=lambda one: one[0])[2] for each in found.values() if any(crossed for _, crossed, _ in each)]


def _now(
    days: list[date], values: Any, as_of: date, quiet: date | None, threshold: float
) -> tuple[float, float, bool] | None:
    """(evidence of the newest run, rise of its values over the reference, whether it crosses the threshold); None without a value."""
    if len(days) <= 2 * LAG or days[-1] != as_of:
        return None
    start = sum(day <= quiet for day in days) if quiet else 0
    course: Detection = detect(rank_bets(values), threshold, start)
    rise = float(np.mean(values[-NEWEST:]) - np.mean(values[:-LAG]))
    return float(course.statistic[-1]), rise, bool(course.alarms) and course.alarms[-1] == len(days) - 1


def worse(
    stream: pl.DataFrame, as_of: date, champion: str, since: date, suspects: list[tuple[str, str]], error_rate: float
) -> Worse | None:
    """The proof that the champion is worse than a version beside it or than the simple method; None where there is none.

    Args:
        stream: outcomes of the forecasts of the run before, by cell.
        as_of: the newest run.
        champion: its label.
        since: date from which it serves.
        suspects: segments with an alarm of drift since; the whole is always looked at.
        error_rate: probability within a year of runs that a champion which is no worse is taken back.
    """
    rivals = sorted(set(stream.filter(pl.col("role") == SHADOW)["model_version"].to_list()))
    threshold = YEAR * (1 + len(suspects)) * (1 + len(rivals)) / error_rate
    for dimension, segment in (*suspects, WHOLE):
        own = series(stream, dimension, segment, SERVING)
        for rival in (None, *rivals):
            role = SIMPLE if rival is None else SHADOW
            days, ratio = against(own, series(stream, dimension, segment, role, rival))
            start = sum(day <= since for day in days)
            course = detect(difference_bets(ratio), threshold, start)
            if course.alarms:
                end = course.alarms[0]
                quiet = [t for t in range(start, end) if course.statistic[t] <= 1.0]
                began = quiet[-1] + 1 if quiet else start
                share = float(np.expm1(ratio[began : end + 1].mean()))
                evidence = float(course.statistic[end])
                return Worse(
                    rival or "the simple method",
                    dimension,
                    segment,
                    share,
                    days[began],
                    end + 1 - began,
                    evidence,
                    threshold,
                )
    return None
