"""Whether one forecaster's losses are lower than another's on the same SKUs and weeks: a paired test with a stated error rate. Pure.

Losses of one week share what moved all SKUs in it, those of one SKU its own surprises: the variance of the mean difference is clustered
both ways (Cameron, Gelbach & Miller 2011, Journal of Business & Economic Statistics 29), and the mean is set against Student's t with one
degree of freedom fewer than there are weeks.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from pipelines.core.panel import Array

FEWEST_WEEKS: Final = 3
FEWEST_SKUS: Final = 2


@dataclass(frozen=True)
class Comparison:
    """Outcome of a comparison.

    Attributes:
        mean_new: mean loss of the new forecaster over the cells that both were scored on.
        mean_old: of the old one.
        difference: new - old; negative is better.
        low: lower end of its interval.
        high: upper end; the new one is better where it is below 0.
        error_rate: probability that an equal one is called better; the interval holds the difference with twice that left out.
        skus: SKUs compared.
        weeks: weeks compared.
    """

    mean_new: float
    mean_old: float
    difference: float
    low: float
    high: float
    error_rate: float
    skus: int
    weeks: int

    @property
    def better(self) -> bool:
        """The new one is better, beyond what an equal one would show at the error rate. A tie is not better."""
        return bool(self.high < 0)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"better": self.better}


def compare(new: Array, old: Array, error_rate: float) -> Comparison | None:
    """Compare losses of two forecasters.

    Args:
        new: [n, w] loss of each SKU and week; NaN where not scored.
        old: [n, w] the same of the other.
        error_rate: probability of calling an equal one better, in (0, 0.5).

    Returns:
        The comparison; None where fewer than :data:`FEWEST_WEEKS` weeks or :data:`FEWEST_SKUS` SKUs were scored.

    >>> better = compare(np.full((9, 4), 0.9) + 0.01 * np.arange(4), np.ones((9, 4)), 0.05)
    >>> better.better, compare(np.ones((9, 4)), np.ones((9, 4)), 0.05).better
    (True, False)
    """
    from scipy import stats

    known = np.isfinite(new) & np.isfinite(old)
    rows, weeks = known.any(axis=1), known.any(axis=0)
    if rows.sum() < FEWEST_SKUS or weeks.sum() < FEWEST_WEEKS:
        return None
    known, new, old = (values[np.ix_(rows, weeks)] for values in (known, new, old))
    count = known.sum()
    mean_new, mean_old = (float(np.where(known, values, 0.0).sum() / count) for values in (new, old))
    difference = float(np.where(known, new - old, 0.0).sum() / count)
    rest = np.where(known, new - old - difference, 0.0)
    by_sku, by_week = (_corrected(rest.sum(axis=axis)) for axis in (1, 0))
    variance = max(by_sku + by_week - float((rest**2).sum()), by_sku, by_week) / count**2
    width = float(stats.t.ppf(1 - error_rate, weeks.sum() - 1)) * variance**0.5
    low, high = float(difference - width), float(difference + width)
    return Comparison(mean_new, mean_old, difference, low, high, error_rate, int(rows.sum()), int(weeks.sum()))


def _corrected(sums: Array) -> float:
    """Sum of squares of clusters, as many as there are against one fewer."""
    return float((sums**2).sum()) * sums.size / (sums.size - 1)
