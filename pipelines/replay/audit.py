"""Was the service target reached? Demand of past lead-time windows against the quantile that was to cover it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.engine.kernel import Ints
from pipelines.replay.candidates import Known, interval
from pipelines.replay.policies import review_days
from pipelines.replay.smoothing import quantile_reached
from pipelines.replay.window import ReplayWindow


@dataclass(frozen=True)
class Service:
    """Windows of each SKU, shape (N,).

    Attributes:
        windows: review dates whose lead time and review period passed before the window's end.
        covered: of them, those whose demand the quantile of the service target covered, hidden demand imputed: a lower bound.
        covered_seen: the same of the demand that was seen alone: an upper bound.
        expected: Σ over them of the probability that the law itself gives it: whole units overshoot the target.
    """

    windows: Ints
    covered: Ints
    covered_seen: Ints
    expected: Floats


def service(
    w: ReplayWindow,
    known: Known,
    forecasters: npt.NDArray[np.str_],
    demand: Floats,
    span: tuple[Ints, Ints],
    first: int,
) -> Service:
    """Audit the quantile of the service target, as forecast at each review date, on what was asked for afterwards.

    Args:
        w: the recorded window.
        known: what was known; column e + 1 is the e-th review date.
        forecasters: whose quantile is audited, by SKU, shape (N,).
        demand: units by day, hidden ones imputed, shape (N, T).
        span: first and end day of each SKU, shape (N,) each.
        first: first review day that counts.

    Returns:
        Counts by SKU.
    """
    of_forecaster = [(forecasters == name)[:, None] for name in known.mean]
    claimed = [interval(known.by(name), rate) for name, rate in known.mean.items()]
    mean, variance = (np.select(of_forecaster, values) for values in zip(*claimed, strict=True))
    held, reached = (values[:, 1:] for values in quantile_reached(mean, variance, known.target, known.whole))
    reviews = review_days(w.days, int(known.review))
    ends = reviews + w.lead_time[:, reviews] + int(known.review)
    counts = _counts(reviews, ends, span, first, w.days) & ~np.isnan(held)
    covered = [counts & (_asked(each, reviews, ends) <= held + 1e-9) for each in (demand, w.asked)]
    return Service(
        counts.sum(axis=1), covered[0].sum(axis=1), covered[1].sum(axis=1), np.where(counts, reached, 0.0).sum(axis=1)
    )


def _asked(demand: Floats, reviews: Ints, ends: Ints) -> Floats:
    """Demand after each review until the end of its interval, units, shape (N, E)."""
    total = np.concatenate([np.zeros((demand.shape[0], 1)), np.cumsum(demand, axis=1)], axis=1)
    asked: Floats = np.take_along_axis(total, np.minimum(ends, demand.shape[1] - 1) + 1, axis=1) - total[:, reviews + 1]
    return asked


def _counts(reviews: Ints, ends: Ints, span: tuple[Ints, Ints], first: int, days: int) -> npt.NDArray[np.bool_]:
    known_then = (reviews >= first) & (reviews[None, :] >= span[0][:, None])
    passed: npt.NDArray[np.bool_] = known_then & (ends < days) & (ends < span[1][:, None])
    return passed
