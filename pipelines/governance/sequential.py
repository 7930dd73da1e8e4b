"""Sequential tests that may be looked at after every run. Pure.

Both sum up evidence as a Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo 2023, "E-detectors"): ``M_t = (M_{t-1} + 1) e_t``, where
each ``e_t`` has an expectation of at most 1 given the past while nothing is wrong. Then ``M_t - t`` is a supermartingale: the mean time to
a false alarm at threshold c is at least c, and within T observations a false alarm has a probability of at most T / c.

- Drift: ``e_t`` is a bet on the rank of today's value among the values before (conformal test; Vovk 2021). It needs no distribution.
- Worse than a rival: ``e_t`` is a mixture of normal likelihood ratios of the standardised difference of losses.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

REFERENCE: Final = 28
"""Observations before anything is said."""

LAG: Final = 7
"""Newest observations that are no reference for the next: those of a drift that has just begun."""

LONGEST: Final = 365
"""Observations of the reference at most."""

POWER: Final = 0.3
"""Exponent of the bet ``POWER * p ** (POWER - 1)`` on a rank p; its mean over uniform ranks is 1."""

BETS: Final = (0.5, 1.0, 2.0)
"""Means of the alternatives, in standard deviations."""

CLIP: Final = 4.0
"""Standard deviations beyond which a difference counts as this many: one odd day is no proof."""


@dataclass(frozen=True)
class Detection:
    """Course of a detector.

    Attributes:
        statistic: [t] evidence after each observation.
        alarms: positions at which it crossed the threshold; the detector begins again after each.
    """

    statistic: Array
    alarms: tuple[int, ...]


def rank_bets(values: Array) -> Array:
    """[t] e-values of a rise: today's rank among earlier values; 1 while there are fewer than :data:`REFERENCE` of them.

    >>> bool(rank_bets(np.append(np.arange(60) % 7, 99.0))[-1] > 4)
    True
    """
    out = np.ones(values.size)
    for t in range(REFERENCE, values.size):
        before = values[max(t - LONGEST, 0) : t - LAG]
        if before.size < REFERENCE - LAG:
            continue
        rank = (1 + (before >= values[t]).sum()) / (1 + before.size)  # ties count against the alarm
        out[t] = POWER * rank ** (POWER - 1)
    return out


def difference_bets(values: Array) -> Array:
    """[t] e-values of a mean above 0: differences of losses over their scale so far; 1 in the first :data:`REFERENCE`.

    >>> bets = difference_bets(np.append(np.tile([-0.1, 0.1], 20), np.full(5, 0.5)))
    >>> bool(bets[10] == 1.0), bool(bets[-1] > 50)
    (True, True)
    """
    out = np.ones(values.size)
    for t in range(REFERENCE, values.size):
        before = values[max(t - LONGEST, 0) : t - LAG]
        # Wider than it was seen: a scale too small by a tenth would make bets unfair in the tails.
        scale = before.std(ddof=1) * (1.15 + 5 / before.size)
        z = np.clip(values[t] / max(scale, 1e-9), -CLIP, CLIP)
        out[t] = np.mean([np.exp(bet * z - bet**2 / 2) for bet in BETS])
    return out


def detect(bets: Array, threshold: float, start: int = 0) -> Detection:
    """Sum up e-values.

    Args:
        bets: [t] e-values.
        threshold: mean number of observations to a false alarm, at least.
        start: position of the first that counts.
    """
    statistic, alarms, evidence = np.zeros(bets.size), [], 0.0
    for t in range(start, bets.size):
        evidence = (evidence + 1.0) * bets[t]
        statistic[t] = evidence
        if evidence >= threshold:
            alarms.append(t)
            evidence = 0.0
    return Detection(statistic, tuple(alarms))


def normal_mixture(values: Array, error_rate: float) -> tuple[float, float, float]:
    """(mean, low, high) of differences by an asymptotic confidence sequence, valid whenever one looks.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, "Time-uniform central limit theory", two-sided, ρ² for a look at about 100.

    Args:
        values: [t] differences, t ≥ 2.
        error_rate: probability that the mean is ever left out.
    """
    t, rho2 = values.size, 0.08
    spread = float(values.std(ddof=1)) if t > 1 else float("inf")
    width = spread * np.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * np.log(np.sqrt(t * rho2 + 1) / error_rate))
    mean = float(values.mean())
    return mean, mean - float(width), mean + float(width)
