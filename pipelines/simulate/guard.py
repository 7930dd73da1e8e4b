"""No-regret guard: the incumbent stays unless the paired bootstrap interval of the saving excludes zero."""

from functools import cache

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator
from pipelines.simulate.kernel import Ints

BLOCK_DAYS = 42
"""Days of a block: costs of neighbouring days hang together over lead time and review, so blocks are drawn, not days."""

LEAST_BLOCKS = 4
"""Fewer blocks say nothing of the spread between them."""

DRAWS = 2000


@cache
def weights(blocks: int, seed: int, draws: int = DRAWS) -> Floats:
    """How often each block is drawn in each bootstrap sample; the same for every SKU, so that chunks change nothing.

    Args:
        blocks: number of blocks B.
        seed: the run's seed.
        draws: bootstrap samples.

    Returns:
        Counts, shape (draws, B), rows summing to B.
    """
    drawn = generator(seed, "guard", blocks).integers(0, blocks, (draws, blocks))
    counts: Floats = (drawn[:, :, None] == np.arange(blocks)).sum(axis=1).astype(np.float64)
    return counts


@compiled
def _at(ordered: Floats, share: float) -> float:
    """Quantile of ordered values, linear between them."""
    place = share * (ordered.shape[0] - 1)
    low = int(np.floor(place))
    high = min(low + 1, ordered.shape[0] - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


@compiled
def _interval(means: Floats, drawn: Floats, tail: float) -> tuple[float, float]:
    """Studentised interval of the mean of blocks; every sum in the order of the blocks, so that it is the same on any machine."""
    count = means.shape[0]
    center, squares = 0.0, 0.0
    for b in range(count):
        center += means[b]
    center /= count
    for b in range(count):
        squares += (means[b] - center) ** 2
    error = np.sqrt(squares / (count - 1) / count)
    t = np.zeros(drawn.shape[0])
    for draw in range(drawn.shape[0]):
        mean, square = 0.0, 0.0
        for b in range(count):
            mean += means[b] * drawn[draw, b]
        mean /= count
        for b in range(count):
            square += (means[b] - mean) ** 2 * drawn[draw, b]
        spread = np.sqrt(square / count / (count - 1))
        # A sample of one block, drawn again and again, has no spread to measure by.
        if spread > 1e-6 * error:
            t[draw] = (mean - center) / spread
    t.sort()
    return center - _at(t, 1.0 - tail) * error, center - _at(t, tail) * error


@compiled
def _intervals(
    saving: Floats, first: Ints, block: int, tail: float, drawn: Floats, starts: Ints, low: Floats, high: Floats
) -> None:
    days = saving.shape[1]
    for n in range(saving.shape[0]):
        blocks = (days - first[n]) // block
        if starts[blocks + 1] == starts[blocks]:
            continue
        means = np.zeros(blocks)
        for b in range(blocks):
            for t in range(days - (blocks - b) * block, days - (blocks - b - 1) * block):
                means[b] += saving[n, t]
            means[b] /= block
        low[n], high[n] = _interval(means, drawn[starts[blocks] : starts[blocks + 1], :blocks], tail)


def saving_interval(
    saving: Floats, confidence: float, seed: int, block_days: int = BLOCK_DAYS, first: Ints | None = None
) -> tuple[Floats, Floats, Floats]:
    """Mean saving a day and its paired bootstrap interval over blocks of days (Künsch 1989, non-overlapping blocks, studentised).

    Args:
        saving: cost of the incumbent minus cost of the candidate by day, on the same demand, money, shape (N, T).
        confidence: of the two-sided interval.
        seed: the run's seed.
        block_days: days of a block; the first days that fill no block are left out of the interval.
        first: first day of each SKU that counts, shape (N,); default: all days.

    Returns:
        Mean, low and high, money a day, shape (N,) each. With fewer than four blocks the interval is all numbers.
    """
    skus, days = saving.shape
    since = np.zeros(skus, dtype=np.int64) if first is None else np.clip(first, 0, days).astype(np.int64)
    counts = np.arange(days) >= since[:, None]
    mean = np.where(counts, saving, 0.0).sum(axis=1) / np.maximum(days - since, 1)
    low, high = np.full(skus, -np.inf), np.full(skus, np.inf)
    most = days // block_days
    if most < LEAST_BLOCKS or not skus:
        return mean, low, high
    tables = [weights(blocks, seed) for blocks in range(LEAST_BLOCKS, most + 1)]
    drawn = np.concatenate([np.pad(table, ((0, 0), (0, most - table.shape[1]))) for table in tables])
    sizes = [0] * LEAST_BLOCKS + [len(table) for table in tables]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    tail = (1.0 - confidence) / 2.0
    _intervals(np.ascontiguousarray(saving), since, block_days, tail, drawn, starts, low, high)
    return mean, low, high


def switches(low: Floats) -> npt.NDArray[np.bool_]:
    """Whether the candidate replaces the incumbent: its saving is above zero with the whole interval."""
    return low > 0.0
