"""Own kernels against statsforecast: the same numbers to 1e-6, and how much faster, in the same run.

python -m tests.bench.kernels
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np

from models.members import kernels

DAYS = 365
TOLERANCE = 1e-6


def random_series(count: int, seed: int = 42) -> list[np.ndarray]:
    """Series of many lengths and kinds: intermittent, smooth, all-zero, single-demand, length 1, huge."""
    random = np.random.default_rng(seed)
    out = []
    for k in range(count):
        length = int(random.integers(1, 200)) if k % 10 else 1
        y: np.ndarray = random.poisson(np.exp(random.normal(-1, 1.5)), length) * np.exp(random.normal(0, 1, length))
        if k % 7 == 0:
            y = np.zeros(length)
        if k % 7 == 1:
            y = np.zeros(length)
            y[random.integers(0, length)] = 4.0
        if k % 97 == 0:
            y = y * 1e9
        out.append(y)
    return out


def differences(series: list[np.ndarray]) -> dict[str, float]:
    """Greatest relative difference of each method from statsforecast's."""
    from statsforecast.models import TSB, CrostonClassic, CrostonSBA

    longest = max(y.size for y in series)
    padded = np.full(
        (len(series), longest), np.nan
    )  # unknown buckets are skipped, so that one matrix holds all lengths
    for row, y in zip(padded, series, strict=True):
        row[longest - y.size :] = y
    pairs = {
        "croston": (kernels.croston(padded, 0.1, 1.0), CrostonClassic()),
        "sba": (kernels.croston(padded, 0.1, 0.95), CrostonSBA()),
        "tsb": (kernels.tsb(padded, 0.1, 0.05), TSB(0.1, 0.05)),
    }
    out = {}
    for name, (ours, peer) in pairs.items():
        theirs = np.array([float(peer.forecast(y=y, h=1)["mean"][0]) for y in series])
        out[name] = float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)).max())
    return out


def speed(skus: int, peer_skus: int) -> dict[str, dict[str, float]]:
    """SKUs per second of kernels and of statsforecast's compiled functions, one thread each for the peer."""
    from statsforecast.models import TSB, CrostonSBA, HistoricAverage

    random = np.random.default_rng(1)
    block = random.poisson(0.3, (min(skus, 20_000), DAYS)).astype(float)
    demand = np.tile(block, (skus // block.shape[0], 1))
    rows = list(block[:peer_skus])
    ours: dict[str, Callable[[], object]] = {
        "sba": lambda: kernels.croston(demand, 0.1, 0.95),
        "tsb": lambda: kernels.tsb(demand, 0.1, 0.05),
        "mean_nonzero": lambda: kernels.mean_nonzero(demand),
    }
    peers = {"sba": CrostonSBA(), "tsb": TSB(0.1, 0.05), "mean_nonzero": HistoricAverage()}
    out = {}
    for name, run in ours.items():
        compiled = demand.shape[0] / _best(run)
        peer = peers[name]
        theirs = len(rows) / _best(lambda model=peer: [model.forecast(y=y, h=1) for y in rows])  # type: ignore[misc]
        out[name] = {"skus_per_second": compiled, "statsforecast_per_second": theirs, "ratio": compiled / theirs}
    return out


def _best(run: Callable[[], object], times: int = 3) -> float:
    """Least seconds of several runs, the first (compilation) left out."""
    run()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print one JSON document; end with code 1 where a difference or a budget is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--series", type=int, default=10_000)
    arguments.add_argument("--skus", type=int, default=200_000)
    arguments.add_argument("--peer-skus", type=int, default=5_000)
    options = arguments.parse_args()
    apart, fast = differences(random_series(options.series)), speed(options.skus, options.peer_skus)
    fine = max(apart.values()) <= TOLERANCE and all(
        v["skus_per_second"] >= 1e6 and v["ratio"] >= 20 for v in fast.values()
    )
    print(
        json.dumps(
            {"series": options.series, "greatest_relative_difference": apart, "speed": fast, "passed": fine}, indent=1
        )
    )
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    main()
