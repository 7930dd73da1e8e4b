"""Random numbers by counter: what a draw is depends on its name alone, not on how many were drawn before it.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) is written out here, and the normal quantile is
Wichura's AS 241, so a trajectory is the same for every version of numpy, every chunk and every number of threads.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.seeds import seed_sequence
from pipelines.engine.kernel import Floats

Words = npt.NDArray[np.uint64]

DEMAND, LEAD_TIME, RELIABILITY, YIELD = 0, 1, 2, 3
"""What a draw is for: the last word of the counter."""

_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)

# AS 241 (PPND16): numerators and denominators of the centre, the shoulders and the tails, highest power first.
_CENTRE = np.array([
    [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
    [5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0],
])  # fmt: skip
_SHOULDER = np.array([
    [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734],
    [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0],
])  # fmt: skip
_TAIL = np.array([
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772],
    [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0],
])  # fmt: skip


def key_of(seed: int, sku: str) -> Words:
    """Key of a SKU's draws in a run, two 32-bit words.

    Args:
        seed: the run's root seed.
        sku: id of the SKU.

    Returns:
        Words, shape (2,).
    """
    return seed_sequence(seed, "network", sku).generate_state(2, np.uint32).astype(np.uint64)


@compiled
def philox(counter: Words, key: Words, out: Words) -> None:
    """One block of Philox4x32-10.

    Args:
        counter: four 32-bit words, shape (4,).
        key: two 32-bit words, shape (2,).
        out: written, four 32-bit words, shape (4,).
    """
    a, b, c, d = counter[0], counter[1], counter[2], counter[3]
    k0, k1 = key[0], key[1]
    for _ in range(10):
        left, right = _M0 * a, _M1 * c
        a, b, c, d = (right >> _HALF) ^ b ^ k0, right & _LOW, (left >> _HALF) ^ d ^ k1, left & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    out[0], out[1], out[2], out[3] = a, b, c, d


@compiled
def _ratio(table: Floats, x: float) -> float:
    above, below = 0.0, 0.0
    for i in range(table.shape[1]):
        above = above * x + table[0, i]
        below = below * x + table[1, i]
    return above / below


@compiled
def normal_quantile(share: float) -> float:
    """Quantile of the standard normal distribution, exact to about 1e-16 (AS 241).

    Args:
        share: probability, 0 < share < 1.

    Returns:
        z with P(Z ≤ z) = share.
    """
    q = share - 0.5
    if abs(q) <= 0.425:
        return float(q * _ratio(_CENTRE, 0.180625 - q * q))
    r = np.sqrt(-np.log(share if q < 0.0 else 1.0 - share))
    z = _ratio(_SHOULDER, r - 1.6) if r <= 5.0 else _ratio(_TAIL, r - 5.0)
    return float(-z if q < 0.0 else z)


@compiled
def _fill(key: Words, site: int, purpose: int, first: int, out: Floats) -> None:
    counter, words = np.zeros(4, dtype=np.uint64), np.zeros(4, dtype=np.uint64)
    counter[1], counter[3] = np.uint64(site), np.uint64(purpose)
    for r in range(out.shape[0]):
        counter[2] = np.uint64(first + r)
        for t in range(0, out.shape[1], 2):
            counter[0] = np.uint64(t // 2)
            philox(counter, key, words)
            for half in range(min(2, out.shape[1] - t)):
                bits = ((words[2 * half] & _LOW) << np.uint64(21)) ^ (words[2 * half + 1] >> np.uint64(11))
                # Half a step keeps the share inside (0, 1).
                out[r, t + half] = (np.float64(bits) + 0.5) / 9007199254740992.0


@compiled
def _to_normal(out: Floats) -> None:
    for r in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[r, t] = normal_quantile(out[r, t])


def uniforms(key: Words, site: int, purpose: int, first: int, shape: tuple[int, int]) -> Floats:
    """Uniform numbers in (0, 1) by replication and day.

    Args:
        key: see :func:`key_of`.
        site: 32-bit code of the site.
        purpose: what for: :data:`DEMAND`, :data:`LEAD_TIME`, :data:`RELIABILITY` or :data:`YIELD`.
        first: number of the first replication.
        shape: replications and days.

    Returns:
        Numbers, shape (R, T); number (r, t) depends on ``first + r`` and t, not on the shape.
    """
    out = np.empty(shape)
    _fill(key, site, purpose, first, out)
    return out


def normals(key: Words, site: int, purpose: int, first: int, shape: tuple[int, int]) -> Floats:
    """Standard normal numbers by replication and day; see :func:`uniforms`."""
    out = uniforms(key, site, purpose, first, shape)
    _to_normal(out)
    return out
