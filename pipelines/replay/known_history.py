"""What a planner could have known on each past review date: decayed moments of demand, and lead times seen so far."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats

HALF_LIFE_DAYS = 60.0
"""Weight of a day's demand halves in so many days: slow enough for intermittent demand, fast enough for a season."""

PRIOR_WINDOWS = 8.0
"""A SKU's own misses weigh against so many that were as wide as claimed."""

WORST_MISS = 25.0
"""A single miss counts as five claimed deviations at most: one spike must not fill the shelf for a year."""

PRIOR_RECEIPTS = 3.0
"""The agreed lead time counts like so many receipts."""


@dataclass(frozen=True)
class Moments:
    """Daily demand as known at the close of each review day, shape (N, E); NaN before the first observation.

    Attributes:
        mean: units per day.
        variance: of one future day, units²: spread of the days plus the uncertainty of the mean.
    """

    mean: Floats
    variance: Floats


def decayed_moments(
    demand: Floats,
    seen: npt.NDArray[np.bool_],
    reviews: Sequence[int],
    half_life: float = HALF_LIFE_DAYS,
    then: npt.NDArray[np.bool_] | None = None,
) -> Moments:
    """Exponentially decayed mean and variance of daily demand at each review date, from days up to that date only.

    Args:
        demand: units by day, shape (N, D).
        seen: the day's demand was seen: the SKU existed and its shelf did not run out, shape (N, D).
        reviews: ascending positions of the review days among the D days.
        half_life: days after which a day's weight has halved.
        then: the day's demand was taken for seen until a later count corrected it: the next day on which both agree; default: ``seen``.

    Returns:
        Moments at the close of each review day. A weighted sample of effective size n carries its own uncertainty, v (1 + 1 / n).
    """
    keep = 0.5 ** (1.0 / half_life)
    skus = demand.shape[0]
    # Weight, squared weight, first and second moment; beside them those that a planner held on the day.
    decay, sums = np.array([[keep], [keep**2], [keep], [keep]]), np.zeros((4, skus))
    held = sums
    mean, variance = np.full((skus, len(reviews)), np.nan), np.full((skus, len(reviews)), np.nan)
    position = {day: e for e, day in enumerate(reviews)}
    for day in range(reviews[-1] + 1 if len(reviews) else 0):
        sums, before = sums * decay + _of_day(demand[:, day], seen[:, day]), held
        held = sums
        if then is not None and (late := then[:, day] & ~seen[:, day]).any():
            held = np.where(late, before * decay + _of_day(demand[:, day], late), sums)
        if day in position:
            mean[:, position[day]], variance[:, position[day]] = _moments(*held)
    return Moments(mean, variance)


def _of_day(demand: Floats, counts: npt.NDArray[np.bool_]) -> Floats:
    """What a day adds to the four sums, shape (4, N)."""
    asked = np.where(counts, demand, 0.0)
    return np.stack([counts, counts, asked, asked**2])


def _moments(weight: Floats, squared_weight: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Weighted mean, and unbiased weighted variance (reliability weights) of a future day."""
    some = weight > 0
    safe = np.where(some, weight, 1.0)
    mean = np.where(some, first / safe, np.nan)
    effective = np.where(some, safe**2 / np.where(some, squared_weight, 1.0), 1.0)
    spread = np.maximum(second / safe - mean**2, 0.0)
    # One lone day says nothing of the spread: Poisson's variance stands in until there are two.
    unbiased = np.where(effective > 1.5, spread / (1.0 - 1.0 / np.maximum(effective, 1.5)), mean)
    return mean, unbiased * (1.0 + 1.0 / effective)


def lead_times_known(
    agreed: Floats,
    sku: npt.NDArray[np.int64],
    received_day: npt.NDArray[np.int64],
    days: Floats,
    reviews: Sequence[int],
) -> tuple[Floats, Floats]:
    """Mean and variance of the lead time from receipts up to each review date, drawn towards the agreed one.

    Args:
        agreed: lead time of the contract, days, shape (N,).
        sku: SKU of each receipt, shape (V,).
        received_day: its day, in the numbering of ``reviews``, shape (V,).
        days: its lead time, shape (V,).
        reviews: ascending review days.

    Returns:
        Mean and variance of the lead time, days and days², shape (N, E).
    """
    epoch = np.searchsorted(np.asarray(reviews), received_day)
    shape = (agreed.size, len(reviews) + 1)
    sums = [np.zeros(shape) for _ in range(3)]
    for power, target in enumerate(sums):
        np.add.at(target, (sku, epoch), days**power)
    count, first, second = (np.cumsum(target, axis=1)[:, :-1] for target in sums)
    total = count + PRIOR_RECEIPTS
    mean = (first + PRIOR_RECEIPTS * agreed[:, None]) / total
    variance = np.maximum((second + PRIOR_RECEIPTS * agreed[:, None] ** 2) / total - mean**2, 0.0)
    return mean, variance


def spread_known(
    demand: Floats,
    seen: npt.NDArray[np.bool_],
    reviews: npt.NDArray[np.int64],
    moments: Moments,
    lead: tuple[Floats, Floats],
    review: float,
    then: npt.NDArray[np.bool_] | None = None,
) -> Floats:
    """How much wider demand over lead time and review turned out than days drawn independently would make it.

    Seasons, promotions and drift bind neighbouring days together. Each past forecast whose interval has closed shows its squared miss
    over the variance it claimed; their mean, drawn towards 1, scales the variance of the next one.

    Args:
        demand: units by day, shape (N, D).
        seen: the day's demand was seen, shape (N, D).
        reviews: ascending positions of the review days, shape (E,).
        moments: known at them.
        lead: mean and variance of the lead time known at them, shape (N, E) each.
        review: days between reviews.
        then: as in :func:`decayed_moments`: an interval that ends in such days counts until they turn out unseen.

    Returns:
        Factor ≥ 1 on the variance at each review date, from intervals closed by then, shape (N, E).
    """
    days = demand.shape[1]
    length = np.maximum(np.rint(lead[0] + review), 1.0)
    ends = reviews + length.astype(np.int64)
    usable, miss = _closed(demand, seen, reviews, ends, moments)
    known_at = np.searchsorted(reviews, ends)
    intervals = [(known_at, usable, 1.0, miss)]
    if then is not None and (then & ~seen).any():
        agree = np.where(seen == then, np.arange(days), days)
        agree = np.minimum.accumulate(agree[:, ::-1], axis=1)[:, ::-1]
        corrected_at = np.searchsorted(reviews, np.take_along_axis(agree, np.minimum(ends, days - 1), axis=1))
        believed, missed = _closed(demand, then, reviews, ends, moments)
        believed &= ~usable & (corrected_at > known_at)
        intervals += [(known_at, believed, 1.0, missed), (corrected_at, believed, -1.0, missed)]
    row, sums = np.arange(demand.shape[0])[:, None], np.zeros((2, demand.shape[0], reviews.size + 1))
    for at, counts, sign, values in intervals:
        np.add.at(sums[0], (row, at), sign * np.where(counts, values, 0.0))
        np.add.at(sums[1], (row, at), sign * counts)
    seen_misses, seen_windows = np.cumsum(sums, axis=2)[:, :, :-1]
    factor: Floats = np.maximum((PRIOR_WINDOWS + seen_misses) / (PRIOR_WINDOWS + seen_windows), 1.0)
    return factor


def _closed(
    demand: Floats,
    seen: npt.NDArray[np.bool_],
    reviews: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    moments: Moments,
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Whether each interval closed with all its days seen, and its squared miss over the variance claimed, shape (N, E) each."""
    skus, days = demand.shape
    total = np.concatenate([np.zeros((skus, 1)), np.cumsum(np.where(seen, demand, 0.0), axis=1)], axis=1)
    counts = np.concatenate([np.zeros((skus, 1)), np.cumsum(seen, axis=1)], axis=1)
    closed, length = np.minimum(ends, days - 1) + 1, (ends - reviews).astype(np.float64)
    asked = np.take_along_axis(total, closed, axis=1) - total[:, reviews + 1]
    whole = np.take_along_axis(counts, closed, axis=1) - counts[:, reviews + 1] == length
    variance = moments.variance * length
    usable = whole & (ends < days) & (variance > 0)  # NaN is not
    miss = np.where(usable, (asked - moments.mean * length) ** 2 / np.where(usable, variance, 1.0), 0.0)
    return usable, np.minimum(np.nan_to_num(miss), WORST_MISS)
