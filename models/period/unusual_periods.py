"""Periods in which a whole catalogue, a place or a group leaves its level at once: a closure, a strike, a promotion, a late booking.

What all SKUs share in one period says nothing of the SKU, and one period does not tell a passing event from a shift. So the common
movement counts only as far as periods usually move, until the next period confirms it: a median filter of length three on like-for-like
levels (Tukey 1977, Exploratory Data Analysis, ch. 7). Then all SKUs take the new level at once, instead of each by itself over months.
Nothing later than a period is used for it.
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
"""Standard deviations of the common movement within which a period is usual; of one that is not, one of them counts."""

LEAST_SIGMA: Final = 0.05
"""Standard deviation of the logarithm of the common movement that is taken at least."""

FIRST_SIGMA: Final = 0.15
"""The same while fewer than :data:`KNOWN` periods have been seen."""

KNOWN: Final = 8

FEWEST: Final = 10
"""SKUs that must have sold before they can be said to move together."""

ALONE: Final = 8.0
"""Standard deviations above its own level by which one SKU may move the others' movement: its bulk order is its own."""

SELLS: Final = 3.0
"""Expected units from which a SKU that sells nothing has stopped by itself, unless :data:`ALL_STOP` of its set do."""

ALL_STOP: Final = 0.8

MOST: Final = float(np.log(3.0))
"""Logarithm that the common level moves by at most within :data:`LATELY` periods. Closed for weeks, a catalogue sells next to nothing, and
what still sells would count a thousandfold against that level."""

LATELY: Final = 26

BACK: Final = 8
"""Periods that a common level is remembered: a return to it needs no second period to confirm it."""


@dataclass(frozen=True)
class Steadied:
    """Demand without passing common movements.

    Attributes:
        values: [n, T] units.
        level: [n, T] common level that held in each period, 1 at the start: shifts that a second period confirmed.
        unusual: [n, T] the SKU's common movement was cut in this period.
        sold: [n, T] a sale, or a period whose usual sale a common dip hid.
    """

    values: Array
    level: Array
    unusual: Array
    sold: Array


def steadied(values: Array, season: Array, first: Array, levels: list[Array], sharp: Array | None = None) -> Steadied:
    """Cut the common movement of each period to what is usual, or to what the period before confirms.

    Args:
        values: [n, T] demand in counts, without gaps.
        season: [n, T] seasonal factors, > 0.
        first: [n] position of the first sale.
        levels: codes [n], not empty, of the sets of SKUs that may move together, the narrowest first: a closed store is not the company.
        sharp: [n, T] seasonal factors of single periods; what either of the two explains is usual.

    Returns:
        The steadied demand.
    """
    n, length = values.shape
    out, common, unusual = values.astype(float).copy(), np.ones((n, length)), np.zeros((n, length), dtype=bool)
    keep = 0.5 ** (1.0 / HALF_LIFE)
    total, weight = np.zeros((2, n))
    # A company of one place moves once, not as a place and as a whole.
    movements = [_Movement(codes) for codes in levels[:-1] if codes.size and np.ptp(codes) > 0] + [
        _Movement(levels[-1])
    ]
    for t in range(length):
        level = total / np.maximum(weight, 1e-9)
        expected = np.where(weight > 0, level, 0.0) * season[:, t] * common[:, max(t - 1, 0)]
        for movement in movements:
            other = expected if sharp is None else expected * sharp[:, t] / season[:, t]
            now, shift, cut = movement.cut(out[:, t], expected, other)
            out[:, t], unusual[:, t], expected = now, unusual[:, t] | cut, expected * shift
        common[:, t] = np.exp(sum(movement.level[movement.codes] for movement in movements))
        alive = t >= first
        total = np.where(alive, total * keep + out[:, t] / (season[:, t] * common[:, t]), 0.0)
        weight = np.where(alive, weight * keep + 1.0, 0.0)
    return Steadied(out, common, unusual, (values > 0) | (unusual & (out >= 0.5)))


class _Movement:
    """The common movements of one partition of the catalogue, period after period."""

    def __init__(self, codes: Array) -> None:
        self.codes = codes
        self.sets = int(codes.max(initial=0)) + 1
        self.seen: list[Array] = []
        self.level, self.before = np.zeros((2, self.sets))
        self.levels: list[Array] = []

    def cut(self, now: Array, expected: Array, other: Array) -> tuple[Array, Array, Array]:
        """([n] the period's demand with its common movement cut, [n] factor on the common level, [n] where demand was cut).

        Of two expectations, that which the set as a whole came nearer to holds.
        """
        apart = [np.abs(np.log(self._factor(now, each, each > 0)[0])) for each in (expected, other)]
        expected = np.where((apart[1] < apart[0])[self.codes], other, expected)
        stopped = self._stopped(now, expected)
        factor, sigma = self._factor(now, expected, (expected > 0) & ~stopped)
        # Those that went on sank, too: the others did not stop by themselves.
        dip = (np.log(factor) < -REACH * sigma)[self.codes]
        counted = (expected > 0) & (dip | ~stopped)
        factor, sigma = self._factor(now, expected, counted)
        moved = np.log(factor)
        far = np.abs(moved) > REACH * sigma
        shift = self._within(np.where(far, self._confirmed(moved), 0.0))
        # A second period alike is no passing one: what the common level does not take over is left to the SKUs' own.
        again = far & (moved * self.before > 0)
        cut = np.where(far, np.clip(moved, np.minimum(-sigma, shift), np.maximum(sigma, shift)), moved)
        allowed = np.where(again, moved, cut)
        self.level = self.level + shift
        self.seen.append(moved - shift)
        self.before = np.where(far, moved - shift, 0.0)
        self.levels.append(self.level)
        changed = (np.abs(allowed - moved) > 1e-12)[self.codes] & counted
        scale, lift = np.exp(allowed - moved)[self.codes], (np.exp(allowed) - factor)[self.codes]
        # A dip is filled up by what is usual: multiplied, the few units sold would stand for all that were not.
        kept = np.where(lift > 0, now + lift * expected, now * scale)
        return np.where(changed, kept, now), np.exp(shift)[self.codes], changed

    def _factor(self, now: Array, expected: Array, counted: Array) -> tuple[Array, Array]:
        """([sets] demand against what was expected, 1 where too few SKUs count, [sets] usual deviation of its logarithm)."""
        weight = np.where(counted, 1.0 / (1.0 + OVERDISPERSION * expected), 0.0)
        variance = expected + OVERDISPERSION * expected**2
        foreseen = np.maximum(self._sum(weight * expected), 1e-12)
        seen = self._sum(weight * np.minimum(now, expected + ALONE * np.sqrt(variance))) / foreseen
        factor = np.where(self._sum(weight > 0) >= FEWEST, np.maximum(seen, 1e-3), 1.0)
        return factor, np.sqrt(self._usual() ** 2 + self._sum(weight**2 * variance) / foreseen**2)

    def _stopped(self, now: Array, expected: Array) -> Array:
        """[n] SKUs that stopped by themselves: a season's end takes a part of the assortment away, a closure all of it."""
        sells = expected >= SELLS
        stops = sells & (now <= 0)
        return np.asarray(stops & (self._sum(stops) < ALL_STOP * self._sum(sells))[self.codes])

    def _within(self, shift: Array) -> Array:
        """[sets] the shift as far as the level stays within :data:`MOST` of what it was lately."""
        lately = np.array([*self.levels[-LATELY:], self.level])
        return np.clip(self.level + shift, lately.max(axis=0) - MOST, lately.min(axis=0) + MOST) - self.level

    def _confirmed(self, moved: Array) -> Array:
        """[sets] logarithm of the shift: as far as an unusual period before moved alike, or back to a level of the periods before."""
        # The level itself is among those known, so 0 lies between both ends.
        known = np.array([*self.levels[-BACK:], self.level]) - self.level
        return np.clip(moved, np.minimum(known.min(axis=0), self.before), np.maximum(known.max(axis=0), self.before))

    def _usual(self) -> Array:
        """[sets] standard deviation of the common movement so far: 1.4826 × the median of its size."""
        if len(self.seen) < KNOWN:
            return np.full(self.sets, FIRST_SIGMA)
        return np.asarray(np.maximum(1.4826 * np.median(np.abs(self.seen[-104:]), axis=0), LEAST_SIGMA))

    def _sum(self, values: Array) -> Array:
        return np.bincount(self.codes, weights=values, minlength=self.sets)
