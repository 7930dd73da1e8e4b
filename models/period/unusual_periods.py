"""Periods in which a whole catalogue, a place or a group leaves its level at once: a closure, a strike, a promotion, a late booking.

What all SKUs share in one period says nothing of the SKU, and one period does not tell a passing event from a shift. So the common
movement counts only as far as periods usually move, until the next period confirms it: a median filter of length three on like-for-like
levels (Tukey 1977, Exploratory Data Analysis, ch. 7). Nothing later than a period is used for it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

HALF_LIFE: Final = 4.0
"""Of the SKUs' levels that a period is compared with, in periods."""

OVERDISPERSION: Final = 0.3
"""Variance of a SKU's period beyond a Poisson's, as a share of its squared mean: large SKUs weigh by their number, not by their size."""

REACH: Final = 3.0
"""Standard deviations of the common movement within which a period is usual."""

LEAST_SIGMA: Final = 0.05
"""Standard deviation of the logarithm of the common movement that is taken at least."""

FIRST_SIGMA: Final = 0.15
"""The same while fewer than :data:`KNOWN` periods have been seen."""

KNOWN: Final = 8


@dataclass(frozen=True)
class Steadied:
    """Demand without passing common movements.

    Attributes:
        values: [n, T] units.
        unusual: [n, T] the SKU's common movement was cut in this period.
        sold: [n, T] a sale, or a period whose usual sale a common dip hid.
    """

    values: Array
    unusual: Array
    sold: Array


def steadied(values: Array, season: Array, first: Array, levels: list[Array]) -> Steadied:
    """Cut the common movement of each period to what is usual, or to what the period before confirms.

    Args:
        values: [n, T] demand in counts, without gaps.
        season: [n, T] seasonal factors, > 0.
        first: [n] position of the first sale.
        levels: codes [n] of the sets of SKUs that may move together, the widest first.

    Returns:
        The steadied demand.
    """
    n, length = values.shape
    out, unusual = values.astype(float).copy(), np.zeros((n, length), dtype=bool)
    keep = 0.5 ** (1.0 / HALF_LIFE)
    total, weight = np.zeros((2, n))
    movements = [_Movement(codes) for codes in levels]
    for t in range(length):
        level = total / np.maximum(weight, 1e-9)
        expected = np.where(weight > 0, level, 0.0) * season[:, t]
        for movement in movements:
            now, cut = movement.cut(out[:, t], expected)
            out[:, t], unusual[:, t] = now, unusual[:, t] | cut
        alive = t >= first
        total = np.where(alive, total * keep + out[:, t] / season[:, t], 0.0)
        weight = np.where(alive, weight * keep + 1.0, 0.0)
    return Steadied(out, unusual, (values > 0) | (unusual & (out >= 0.5)))


class _Movement:
    """The common movements of one partition of the catalogue, period after period."""

    def __init__(self, codes: Array) -> None:
        self.codes = codes
        self.sets = int(codes.max(initial=0)) + 1
        self.seen: list[Array] = []

    def cut(self, now: Array, expected: Array) -> tuple[Array, Array]:
        """([n] the period's demand with its common movement cut, [n] where it was)."""
        weight = np.where(expected > 0, 1.0 / (1.0 + OVERDISPERSION * expected), 0.0)
        foreseen = np.maximum(self._sum(weight * expected), 1e-12)
        variance = self._sum(weight**2 * (expected + OVERDISPERSION * expected**2))
        known = foreseen > 1e-9
        factor = np.where(known, self._sum(weight * now) / foreseen, 1.0)
        moved = np.log(np.maximum(factor, 1e-3))
        reach = REACH * np.sqrt(self._usual() ** 2 + variance / foreseen**2)
        before = self.seen[-1] if self.seen else np.zeros(self.sets)
        confirmed = np.median([moved, before, np.zeros(self.sets)], axis=0)
        allowed = np.clip(moved, np.minimum(-reach, confirmed), np.maximum(reach, confirmed))
        self.seen.append(moved)
        changed = (np.abs(allowed - moved) > 1e-12)[self.codes]
        scale, lift = np.exp(allowed - moved)[self.codes], (np.exp(allowed) - factor)[self.codes]
        # A dip is filled up by what is usual: multiplied, the few units sold would stand for all that were not.
        kept = np.where(lift > 0, now + lift * expected, now * scale)
        return np.where(changed, kept, now), changed & (expected > 0)

    def _usual(self) -> Array:
        """[sets] standard deviation of the common movement so far: 1.4826 × the median of its size."""
        if len(self.seen) < KNOWN:
            return np.full(self.sets, FIRST_SIGMA)
        return np.asarray(np.maximum(1.4826 * np.median(np.abs(self.seen[-104:]), axis=0), LEAST_SIGMA))

    def _sum(self, values: Array) -> Array:
        return np.bincount(self.codes, weights=values, minlength=self.sets)
