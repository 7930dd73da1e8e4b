"""No-regret guard: the incumbent stays unless the paired bootstrap interval of the saving excludes zero."""

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator

BLOCK_DAYS = 42
"""Days of a block: costs of neighbouring days hang together over lead time and review, so blocks are drawn, not days."""

DRAWS = 2000


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


def saving_interval(
    saving: Floats, confidence: float, seed: int, block_days: int = BLOCK_DAYS
) -> tuple[Floats, Floats, Floats]:
    """Mean saving a day and its paired bootstrap interval over blocks of days (Künsch 1989, non-overlapping blocks, studentised).

    Args:
        saving: cost of the incumbent minus cost of the candidate by day, on the same demand, money, shape (N, T).
        confidence: of the two-sided interval.
        seed: the run's seed.
        block_days: days of a block; the first days that fill no block are left out of the interval.

    Returns:
        Mean, low and high, money a day, shape (N,) each. With fewer than four blocks the interval is all numbers.
    """
    blocks = saving.shape[1] // block_days
    mean = saving.mean(axis=1)
    if blocks < 4:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    sums = saving[:, saving.shape[1] - blocks * block_days :].reshape(saving.shape[0], blocks, block_days).mean(axis=2)
    center, error = sums.mean(axis=1), sums.std(axis=1, ddof=1) / np.sqrt(blocks)
    drawn = weights(blocks, seed)
    means = sums @ drawn.T / blocks
    spread = np.sqrt(np.maximum((sums**2) @ drawn.T / blocks - means**2, 0.0) / (blocks - 1))
    scale = np.where(spread > 0, spread, np.inf)
    t = (means - center[:, None]) / scale
    tail = (1.0 - confidence) / 2.0
    low_t, high_t = np.quantile(t, [tail, 1.0 - tail], axis=1)
    return mean, center - high_t * error, center - low_t * error


def switches(low: Floats) -> npt.NDArray[np.bool_]:
    """Whether the candidate replaces the incumbent: its saving is above zero with the whole interval."""
    return low > 0.0
