"""The three sides of a study's answer, our policy, the books and the ERP's rule, and their metrics. Pure."""

import math
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.studies import figures
from pipelines.studies.figures import METRICS, NONE, UNSEEN_IN_BOOKS, Design, Estimate, Metric

SIDES: Final = {"simulated": "candidate", "real": "recorded", "incumbent": "incumbent"}
"""Side → policy in plan.study_items."""


@dataclass(frozen=True)
class Sides:
    """Rows of the three sides of one variant, each one row a SKU, in order."""

    simulated: pl.DataFrame
    real: pl.DataFrame
    incumbent: pl.DataFrame
    whole: bool
    calendar: int
    confidence: float

    def design(self, rows: pl.DataFrame) -> Design:
        """How these rows' SKUs were drawn."""
        return figures.design(rows, whole=self.whole, calendar=self.calendar, confidence=self.confidence)

    def both(self, other: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Ours and another side on the SKUs that both have."""
        return (
            self.simulated.join(other, on=figures.KEY, how="semi", maintain_order="left"),
            other.join(self.simulated, on=figures.KEY, how="semi", maintain_order="left"),
        )


def sides(
    rows: pl.DataFrame, variant: str, drawn: pl.DataFrame, *, whole: bool, calendar: int, confidence: float
) -> Sides:
    """The three sides of a variant; weights of SKUs whose books fail go to the others of their stratum."""
    ordered = rows.sort(figures.KEY)
    found = {}
    for side, policy in SIDES.items():
        label = "" if policy == "recorded" else variant
        kept = ordered.filter((pl.col("policy") == policy) & (pl.col("variant") == label))
        found[side] = figures.redistributed(kept, drawn)
    return Sides(found["simulated"], found["real"], found["incumbent"], whole, calendar, confidence)


def metrics(of: Sides, *, intervals: bool = True) -> dict[str, Any]:
    """Every metric of one variant, its change against the books and against the ERP's rule."""
    return {metric.name: _metric(of, metric, intervals) for metric in METRICS}


def _metric(of: Sides, metric: Metric, intervals: bool) -> dict[str, Any]:
    change = "improvement" if metric.points else "reduction"
    found: dict[str, Any] = {}
    for name in SIDES:
        rows = getattr(of, name)
        hidden = name == "real" and metric.name in UNSEEN_IN_BOOKS
        found[name] = None if hidden or not rows.height else plain(figures.side(rows, metric, of.design(rows)).value)
    real = NONE if metric.name in UNSEEN_IN_BOOKS else _change(of, of.real, metric)
    theirs = _change(of, of.incumbent, metric)
    if not intervals:
        return {**found, change: plain(real.value), f"{change}_against_incumbent": plain(theirs.value)}
    return {
        **found,
        change: plain(real.value),
        "low": plain(real.low),
        "high": plain(real.high),
        "against_incumbent": interval(theirs, change),
    }


def _change(of: Sides, other: pl.DataFrame, metric: Metric) -> Estimate:
    ours, theirs = of.both(other)
    return figures.change(ours, theirs, metric, of.design(ours)) if ours.height else NONE


def interval(found: Estimate, name: str) -> dict[str, float | None]:
    """An estimate as JSON, its value under ``name``."""
    return {name: plain(found.value), "low": plain(found.low), "high": plain(found.high)}


def plain(number: float | None) -> float | None:
    """A number as JSON: six decimals are below any figure shown."""
    return None if number is None else round(number, 6)


def finite(number: float) -> float | None:
    """A number as JSON; None where it does not exist.

    >>> finite(0.25), finite(float("nan"))
    (0.25, None)
    """
    return plain(number) if math.isfinite(number) else None
