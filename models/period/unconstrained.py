"""Demand that an empty shelf hid, estimated from what was sold before it emptied.

Sales of a period that ran out only bound its demand from below. Taking them for the demand orders less, which empties the shelf more
often, and so on down (Cooper, Homem-de-Mello & Kleywegt 2006, Operations Research 54). Leaving such periods out drops just the
strong ones. What stands instead is the expected demand given that it reached what was sold: the expectation step of the EM estimate
of censored demand (Talluri & van Ryzin 2004, The Theory and Practice of Revenue Management, ch. 9.4), around the decayed level of the time.
"""

import numpy as np

from models.distribution import negbin
from models.period.period_features import BASE, Array, Histories, season
from models.period.variance import reference_variance


def demand(histories: Histories, closed: Array, sold: Array) -> Array:
    """Demand of each period as far as the books tell it.

    The closed part of a period is a negative binomial, its mean the level's in proportion, known to have reached what it sold. Levels
    are the mean of two decayed, seasonally adjusted means of the demand so estimated, period after period: nothing later counts.

    Args:
        histories: histories whose ``demand`` is what was sold, [n, T].
        closed: [n, T] share of the period during which the shelf may have been empty.
        sold: [n, T] sold in that share, in units or counts as ``histories`` tells it.

    Returns:
        [n, T] demand, likewise; NaN where a period was closed for half of its time or more, sold nothing in it and less than usual
            elsewhere.
    """
    quantity = histories.demand
    factor = season(histories, quantity, 0)
    keep = 0.5 ** (1.0 / np.array(BASE))[:, None]
    total, weight = np.zeros((2, len(BASE), quantity.shape[0]))
    out = quantity.astype(float).copy()
    for t in range(quantity.shape[1]):
        usual = (total / np.maximum(weight, 1e-9)).mean(axis=0) * factor[:, t]
        now, rows = out[:, t].copy(), np.flatnonzero((closed[:, t] > 0) & ((usual > 0) | (quantity[:, t] > 0)))
        share, least = closed[rows, t], sold[rows, t]
        now[rows] += reached(share * usual[rows], least) - least
        nothing = (share >= 0.5) & (least <= 0) & (quantity[rows, t] < usual[rows])
        out[:, t] = now
        out[rows[nothing], t] = np.nan
        now[rows[nothing]] = usual[rows[nothing]]
        alive = (weight > 0) | (now > 0)
        total = np.where(alive, total * keep + now / factor[:, t], 0.0)
        weight = np.where(alive, weight * keep + 1.0, 0.0)
    return out


def reached(mean: Array, least: Array) -> Array:
    """Expected demand given that it reached what was sold. A variance greater than the reference lets levels drift upwards within a year.

    Args:
        mean: [n] units expected before anything was known; at least a twentieth of a unit is taken.
        least: [n] units sold, ≥ 0.

    Returns:
        [n] units, ≥ ``least``.

    >>> reached(np.array([4.0, 4.0, 4.0]), np.array([0.0, 4.0, 12.0])).round(1).tolist()
    [4.0, 6.3, 13.7]
    """
    floored = np.maximum(mean, 0.05)
    return negbin.mean_from(floored, reference_variance(floored), least)
