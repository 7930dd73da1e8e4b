"""Figures of a study and their differences, with intervals. Pure.

Every figure is a smooth function of totals over SKUs. In a stratified sample a total is Σ_h N_h x̄_h; the variance of the function follows
by linearisation: z_i = Σ_k ∂f/∂T_k · x_ik, Var = Σ_h N_h² (1 − n_h/N_h) s²_h(z) / n_h (Cochran 1977, §5.6 and §6.3; Särndal, Swensson
and Wretman 1992, §5.5). Of all SKUs the factor 1 − n_h/N_h is left out: the interval is then that of other SKUs of the same kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats

KEY: Final = ["location_id", "item_id"]
TOTALS: Final = (
    "days", "stockout_days", "demand_units", "sold_units", "stock_value_days", "orders", "holding_cost", "ordering_cost",
    "shortage_cost", "total_cost", "lost_units",
)  # fmt: skip
"""Columns of plan.study_items that figures are made of."""

LEAST_DEGREES: Final = 2.0


@dataclass(frozen=True)
class Metric:
    """A figure of some SKUs.

    Attributes:
        name: as in the answer.
        part: column of the numerator.
        over: column of the denominator; "": none; "calendar": days of the study.
        complement: 1 − the ratio.
        points: compared as a difference in points, better where higher; else as a relative reduction.
    """

    name: str
    part: str
    over: str = ""
    complement: bool = False
    points: bool = False


METRICS: Final = (
    Metric("stockout_rate", "stockout_days", "days"),
    Metric("service_level", "stockout_days", "days", complement=True, points=True),
    Metric("fill_rate", "sold_units", "demand_units", points=True),
    Metric("inventory_value", "stock_value_days", "calendar"),
    Metric("total_orders", "orders"),
    Metric("stockout_days", "stockout_days"),
    Metric("holding_cost", "holding_cost"),
    Metric("ordering_cost", "ordering_cost"),
    Metric("shortage_cost", "shortage_cost"),
    Metric("total_cost", "total_cost"),
    Metric("lost_units", "lost_units"),
)
UNSEEN_IN_BOOKS: Final = {"fill_rate", "shortage_cost", "total_cost", "lost_units"}
"""Sales lost to empty shelves in the real past were not recorded."""


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its interval; None where it does not exist."""

    value: float | None
    low: float | None
    high: float | None


NONE: Final = Estimate(None, None, None)


@dataclass(frozen=True)
class Design:
    """How the SKUs were drawn.

    Attributes:
        stratum: code of each SKU's stratum, shape (n,).
        weight: SKUs of the catalogue that each stands for, shape (n,).
        whole: all SKUs were taken.
        calendar: days of the study.
        confidence: of the intervals.
    """

    stratum: npt.NDArray[np.int64]
    weight: Floats
    whole: bool
    calendar: int
    confidence: float


def design(rows: pl.DataFrame, *, whole: bool, calendar: int, confidence: float) -> Design:
    """The design of one side's rows, whose SKUs differ; SKUs that were left out give their weight to the others of their stratum."""
    codes = np.unique(rows["stratum"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    return Design(codes, rows["weight"].to_numpy().astype(np.float64), whole, calendar, confidence)


def estimate(values: Floats, of: Callable[[Floats], float], at: Design) -> Estimate:
    """A function of weighted totals with its interval.

    Args:
        values: of each SKU, shape (n, k).
        of: the function of the k totals; NaN where it does not exist.
        at: the design.

    Returns:
        The estimate.
    """
    totals = at.weight @ values
    value = of(totals)
    if not np.isfinite(value):
        return NONE
    gradient = np.array([_slope(of, totals, k) for k in range(totals.size)])
    z = values @ gradient
    if not np.all(np.isfinite(z)) or z.size < 2:
        return Estimate(value, None, None)
    spread, degrees = _deviation(z, at)
    from scipy.stats import t

    half = float(t.ppf(0.5 + at.confidence / 2.0, max(degrees, LEAST_DEGREES))) * spread if spread else 0.0
    return Estimate(value, value - half, value + half)


def _slope(of: Callable[[Floats], float], totals: Floats, k: int) -> float:
    step = max(abs(float(totals[k])), 1.0) * 1e-6
    up, down = totals.copy(), totals.copy()
    up[k] += step
    down[k] -= step
    slope: float = (of(up) - of(down)) / (2.0 * step)
    return slope


def _deviation(z: Floats, at: Design) -> tuple[float, float]:
    """Standard deviation of the weighted total of z, and its degrees of freedom (Satterthwaite 1946)."""
    strata = int(at.stratum.max()) + 1
    n = np.bincount(at.stratum, minlength=strata).astype(np.float64)
    size = np.bincount(at.stratum, at.weight, strata)
    mean = np.bincount(at.stratum, z, strata) / np.maximum(n, 1.0)
    squares = np.bincount(at.stratum, (z - mean[at.stratum]) ** 2, strata)
    variance = squares / np.maximum(n - 1.0, 1.0)
    missing = np.ones(strata) if at.whole else np.maximum(1.0 - n / np.maximum(size, n), 0.0)
    parts = size**2 * missing * variance / np.maximum(n, 1.0)
    total = float(parts.sum())
    degrees = total**2 / max(float((parts**2 / np.maximum(n - 1.0, 1.0)).sum()), 1e-300)
    return float(np.sqrt(total)), degrees


def value(metric: Metric, totals: Floats, calendar: int) -> float:
    """A metric of the totals of one side, in the order of :data:`TOTALS`; NaN where there is nothing to divide by."""
    part = float(totals[TOTALS.index(metric.part)])
    if not metric.over:
        return part
    over = float(calendar) if metric.over == "calendar" else float(totals[TOTALS.index(metric.over)])
    ratio = part / over if over else np.nan
    return 1.0 - ratio if metric.complement else ratio


def side(rows: pl.DataFrame, metric: Metric, at: Design) -> Estimate:
    """A metric of one side."""
    return estimate(_values(rows), lambda totals: value(metric, totals, at.calendar), at)


def change(ours: pl.DataFrame, other: pl.DataFrame, metric: Metric, at: Design) -> Estimate:
    """Ours against another side on the same SKUs: relative reduction, or improvement in points.

    Args:
        ours: rows of plan.study_items.
        other: rows of the same SKUs in the same order.
        metric: what is compared.
        at: the design of those SKUs.

    Returns:
        The change, better where higher but for counts that are no cost.
    """
    k = len(TOTALS)

    def of(totals: Floats) -> float:
        return changed(metric, totals[:k], totals[k:], at.calendar)

    return estimate(np.hstack([_values(ours), _values(other)]), of, at)


def changed(metric: Metric, ours: Floats, other: Floats, calendar: int) -> float:
    """Our totals against another side's: relative reduction, or improvement in points; NaN where there is nothing to divide by."""
    own, theirs = value(metric, ours, calendar), value(metric, other, calendar)
    if metric.points:
        return (own - theirs) * 100.0
    return (theirs - own) / theirs if theirs else np.nan


def difference(ours: pl.DataFrame, other: pl.DataFrame, metric: Metric, at: Design) -> Estimate:
    """A metric of ours less that of another side on the same SKUs, in the metric's own unit."""
    k = len(TOTALS)

    def of(totals: Floats) -> float:
        return value(metric, totals[:k], at.calendar) - value(metric, totals[k:], at.calendar)

    return estimate(np.hstack([_values(ours), _values(other)]), of, at)


def saved(ours: pl.DataFrame, other: pl.DataFrame, column: str, at: Design) -> Estimate:
    """Money that ours saves against another side on the same SKUs."""
    both = np.stack([ours[column].to_numpy(), other[column].to_numpy()], axis=1).astype(np.float64)
    return estimate(both, lambda totals: float(totals[1] - totals[0]), at)


def _values(rows: pl.DataFrame) -> Floats:
    return rows.select(pl.col(name).cast(pl.Float64) for name in TOTALS).to_numpy()


def redistributed(rows: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
    """Weights of the SKUs that are left in each stratum, so that they stand for those left out too.

    Args:
        rows: rows of plan.study_items of one side.
        drawn: ``stratum, weight`` of every SKU drawn.

    Returns:
        The rows with new ``weight``; a stratum without any SKU left stands for nothing and is named by the answer.
    """
    sizes = drawn.group_by("stratum").agg(pl.col("weight").sum().alias("size"))
    left = pl.len().over("stratum")
    return (
        rows.join(sizes, on="stratum", how="left", maintain_order="left")
        .with_columns((pl.col("size") / left).alias("weight"))
        .drop("size")
    )
