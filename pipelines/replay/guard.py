"""No-regret guard: the incumbent stays unless the paired bootstrap interval of the saving excludes zero."""

from functools import cache

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator
from pipelines.engine.kernel import Ints

BLOCK_DAYS = 42
"""Days of a block: costs of neighbouring days hang together over lead time and review, so blocks are drawn, not days."""

LEAST_BLOCKS = 4
"""Fewer blocks say nothing of the spread between them."""

STEP_DAYS = 7
"""Blocks begin anywhere in such steps, and the median interval counts: where they begin is chance, and from week to week it moves."""

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
def _between(values: Floats, share: float) -> float:
    """Quantile of values, linear between two of them."""
    place = share * (values.shape[0] - 1)
    low = int(np.floor(place))
    parted = np.partition(values, low)
    at = parted[low]
    above = parted[low + 1 :].min() if low + 1 < values.shape[0] else at
    return float(at + (above - at) * (place - low))


@compiled
def _interval(means: Floats, drawn: Floats, tail: float) -> tuple[float, float]:
    """Studentised interval of the mean of blocks; every sum in the order of the blocks, so that it is the same on any machine."""
    count, draws = means.shape[0], drawn.shape[1]
    center, squares = 0.0, 0.0
    for b in range(count):
        center += means[b]
    center /= count
    first, second = np.zeros(draws), np.zeros(draws)
    for b in range(count):
        far = means[b] - center
        squares += far**2
        for draw in range(draws):
            first[draw] += drawn[b, draw] * far
            second[draw] += drawn[b, draw] * (far * far)
    error = np.sqrt(squares / (count - 1) / count)
    t = np.zeros(draws)
    for draw in range(draws):
        mean = first[draw] / count
        spread = np.sqrt(max(second[draw] / count - mean * mean, 0.0) / (count - 1))
        # A sample of one block, drawn again and again, has no spread to measure by.
        if spread > 1e-6 * error:
            t[draw] = mean / spread
    return center - _between(t, 1.0 - tail) * error, center - _between(t, tail) * error


@compiled
def _intervals(
    saving: Floats, first: Ints, block: int, tail: float, drawn: Floats, starts: Ints, low: Floats, high: Floats
) -> None:
    days = saving.shape[1]
    phases = max(block // STEP_DAYS, 1)
    lows, highs = np.zeros(phases), np.zeros(phases)
    for n in range(saving.shape[0]):
        blocks = (days - first[n]) // block
        if starts[blocks + 1] == starts[blocks]:
            continue
        # The newest whole blocks of days are a ring, so that every phase has the same days and as many blocks.
        ring = saving[n, days - blocks * block :]
        for phase in range(phases):
            means = np.zeros(blocks)
            for t in range(ring.shape[0]):
                means[((t + phase * STEP_DAYS) % ring.shape[0]) // block] += ring[t]
            lows[phase], highs[phase] = _interval(
                means / block, drawn[:blocks, starts[blocks] : starts[blocks + 1]], tail
            )
        low[n], high[n] = np.median(lows), np.median(highs)


def saving_interval(
    saving: Floats, confidence: float, seed: int, block_days: int = BLOCK_DAYS, first: Ints | None = None
) -> tuple[Floats, Floats, Floats]:
    """Mean saving a day and its paired bootstrap interval over blocks of days (Künsch 1989, non-overlapping blocks, studentised).

    The blocks of a ring (Politis & Romano 1992) begin at every seventh day in turn, and the medians of the intervals' ends count: with one
    beginning, a quarter of the SKUs near the edge changed sides from week to week, on the same costs.

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
    drawn = np.concatenate([np.pad(table.T, ((0, most - table.shape[1]), (0, 0))) for table in tables], axis=1)
    sizes = [0] * LEAST_BLOCKS + [len(table) for table in tables]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    tail = (1.0 - confidence) / 2.0
    _intervals(np.ascontiguousarray(saving), since, block_days, tail, drawn, starts, low, high)
    return mean, low, high


def switches(low: Floats) -> npt.NDArray[np.bool_]:
    """Whether the candidate replaces the incumbent: its saving is above zero with the whole interval."""
    return low > 0.0
