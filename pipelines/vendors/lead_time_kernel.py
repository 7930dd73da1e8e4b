"""Kaplan–Meier distributions of lead times, item within supplier within catalogue, compiled.

Lead times live on a logarithmic grid of x = (days + 1) / (agreed days + 1), half a per cent a step, so that suppliers who agreed five days
and fifty can lend strength to one another.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import njit
from pipelines.core.inventory import Floats

Ints = npt.NDArray[np.int64]

STEP = 0.005
LOWEST = -7.0
BINS = 2601
"""The grid reaches from exp(−7) to exp(6) times what was agreed."""

AGREED = 1400
"""Bin of what was agreed."""


def bins(ratio: Floats) -> Ints:
    """Bin of each ratio: the first whose upper edge is not below it.

    >>> bins(np.array([1.0, 0.0, 1e9])).tolist()
    [1400, 0, 2600]
    """
    with np.errstate(divide="ignore"):
        place = np.ceil((np.log(ratio) - LOWEST) / STEP - 1e-6)
    return np.clip(place, 0, BINS - 1).astype(np.int64)


@njit(nogil=True)
def _days(place: int, agreed: float) -> float:
    """Whole days at the upper edge of a bin."""
    return max(math.floor(math.exp(LOWEST + place * STEP) * (agreed + 1.0) - 1.0 + 1e-3), 0.0)


@njit(nogil=True)
def _kaplan_meier(  # noqa: PLR0913, PLR0917
    place: Any, event: Any, weight: Any, first: int, last: int, parent: Any, died: Any, left: Any, out: Any
) -> float:
    """Distribution of lines first … last into ``out``; what is still open beyond the last event follows the parent. Returns the weight."""
    died[:] = 0.0
    left[:] = 0.0
    total = 0.0
    highest = -1
    for n in range(first, last):
        if weight[n] <= 0.0:
            continue
        left[place[n]] += weight[n]
        total += weight[n]
        highest = max(highest, place[n])
        if event[n]:
            died[place[n]] += weight[n]
    if total <= 0.0:
        return 0.0
    surviving, at_risk = 1.0, total
    for b in range(highest + 1):
        if died[b] > 0.0:
            surviving *= max(1.0 - died[b] / at_risk, 0.0)
        at_risk = max(at_risk - left[b], 1e-300)
        out[b] = 1.0 - surviving
    if surviving < 1e-12:
        surviving = 0.0
    known = parent[highest]
    for b in range(highest + 1, out.size):
        share = (parent[b] - known) / (1.0 - known) if known < 1.0 - 1e-12 else 1.0
        out[b] = 1.0 - surviving * (1.0 - share)
    return total


@njit(nogil=True)
def _read(cdf: Any, agreed: float, levels: Any, quantiles: Any) -> tuple[float, float]:
    """Quantiles in days into ``quantiles``; returns mean and standard deviation, days."""
    below, wanted = 0.0, 0
    mean, square = 0.0, 0.0
    for b in range(cdf.size):
        mass = cdf[b] - below
        if mass > 0.0:
            below = cdf[b]
            days = _days(b, agreed)
            mean += mass * days
            square += mass * days * days
            while wanted < levels.size and below >= levels[wanted] - 1e-9:
                quantiles[wanted] = days
                wanted += 1
    for rest in range(wanted, levels.size):
        quantiles[rest] = _days(cdf.size - 1, agreed)
    return mean, math.sqrt(max(square - mean * mean, 0.0))


@njit(nogil=True)
def fit(  # noqa: PLR0913, PLR0917
    place: Any, event: Any, joint_weight: Any, own_weight: Any, common_weight: Any, pair_at: Any, supplier_at: Any, agreed: Any,
    priors: Any, levels: Any, wanted: Any, quantiles: Any, moments: Any,
) -> None:  # fmt: skip
    """Quantiles of every wanted pair: its own distribution, drawn to its supplier's, drawn to the catalogue's.

    Args:
        place: bin of each line, [N], lines sorted by pair, pairs by supplier.
        event: received, [N]; else still open at that age.
        joint_weight: weight of a line among its supplier's, [N].
        own_weight: weight among its pair's, [N].
        common_weight: weight among the catalogue's, [N].
        pair_at: first line of each pair, [P + 1].
        supplier_at: first pair of each supplier, [S + 1].
        agreed: days, [P].
        priors: weight of the supplier for an item, of the catalogue for a supplier, deliveries; share of "as agreed" in the catalogue, [3].
        levels: probabilities, [Q].
        wanted: pairs to compute, [P].
        quantiles: out, days, [P, Q].
        moments: out, mean and standard deviation, days, [P, 2].
    """
    size = BINS
    died, left = np.zeros(size), np.zeros(size)
    catalogue, supplier, own = np.zeros(size), np.zeros(size), np.zeros(size)
    nothing = np.zeros(size)
    nothing[:] = 1.0  # the catalogue's own open lines end at the last one: nobody knows more
    if _kaplan_meier(place, event, common_weight, 0, place.size, nothing, died, left, catalogue) <= 0.0:
        catalogue[:] = 0.0
        catalogue[AGREED:] = 1.0  # nothing was ever received: as agreed
    catalogue *= 1.0 - priors[2]
    catalogue[AGREED:] += priors[2]
    for s in range(supplier_at.size - 1):
        asked = False
        for p in range(supplier_at[s], supplier_at[s + 1]):
            asked = asked or wanted[p]
        if not asked:
            continue
        lines = pair_at[supplier_at[s]], pair_at[supplier_at[s + 1]]
        weight = _kaplan_meier(place, event, joint_weight, lines[0], lines[1], catalogue, died, left, supplier)
        for b in range(size):
            supplier[b] = (weight * supplier[b] + priors[1] * catalogue[b]) / (weight + priors[1])
        for p in range(supplier_at[s], supplier_at[s + 1]):
            if not wanted[p]:
                continue
            weight = _kaplan_meier(place, event, own_weight, pair_at[p], pair_at[p + 1], supplier, died, left, own)
            for b in range(size):
                own[b] = (weight * own[b] + priors[0] * supplier[b]) / (weight + priors[0])
            moments[p, 0], moments[p, 1] = _read(own, agreed[p], levels, quantiles[p])
