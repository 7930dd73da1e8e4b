"""Own kernels against statsforecast on ten thousand series of all kinds, the same parameters on both sides."""

import numpy as np
import pytest
from statsforecast.models import ADIDA, IMAPA, TSB, CrostonClassic, CrostonSBA, SimpleExponentialSmoothing

from models.members import aggregation, kernels

COUNT = 10_000


def _series(count: int) -> list[np.ndarray]:
    """A tenth each of length 1, all-zero, of a single demand; the rest from very intermittent to smooth, some huge."""
    random = np.random.default_rng(42)
    out = []
    for k in range(count):
        length = 1 if k % 10 == 0 else int(random.integers(2, 120))
        y = random.poisson(np.exp(random.normal(-1, 1.5)), length) * np.exp(random.normal(0, 1, length))
        if k % 10 == 1:
            y = np.zeros(length)
        if k % 10 == 2:
            y = np.zeros(length)
            y[random.integers(0, length)] = 4.0
        out.append(y * 1e9 if k % 97 == 0 else y)
    return out


@pytest.fixture(scope="module")
def series() -> list[np.ndarray]:
    return _series(COUNT)


def _padded(series: list[np.ndarray]) -> np.ndarray:
    """Unknown buckets are skipped, so one matrix holds all lengths."""
    longest = max(y.size for y in series)
    out = np.full((len(series), longest), np.nan)
    for row, y in zip(out, series, strict=True):
        row[longest - y.size :] = y
    return out


def _apart(ours: np.ndarray, peer: object, series: list[np.ndarray]) -> np.ndarray:
    theirs = np.array([float(peer.forecast(y=y, h=1)["mean"][0]) for y in series])  # type: ignore[attr-defined]
    return np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)


def test_the_series_are_of_all_kinds(series: list[np.ndarray]) -> None:
    sizes, hits = np.array([y.size for y in series]), np.array([(y > 0).sum() for y in series])
    assert len(series) == COUNT and (sizes == 1).sum() >= 1000
    assert ((hits == 0) & (sizes > 1)).sum() >= 1000 and ((hits == 1) & (sizes > 1)).sum() >= 900


@pytest.mark.parametrize(
    ("kernel", "peer"),
    [
        (lambda d: kernels.croston(d, 0.1, 1.0), CrostonClassic()),
        (lambda d: kernels.croston(d, 0.1, 0.95), CrostonSBA()),
        (lambda d: kernels.tsb(d, 0.1, 0.05), TSB(0.1, 0.05)),
        (lambda d: kernels.ses(d, np.array([0.2]))[0], SimpleExponentialSmoothing(0.2)),
    ],
    ids=["croston", "sba", "tsb", "ses"],
)
def test_smoothers_equal_statsforecast_to_a_millionth(kernel, peer, series: list[np.ndarray]) -> None:
    assert _apart(kernel(_padded(series)), peer, series).max() < 1e-6


@pytest.mark.parametrize(("all_levels", "peer"), [(False, ADIDA()), (True, IMAPA())], ids=["adida", "imapa"])
def test_aggregated_smoothing_equals_statsforecast(all_levels: bool, peer, series: list[np.ndarray]) -> None:
    """Both search the weight numerically: where the error hardly depends on it, the last digits differ."""
    some = series[:300]
    apart = _apart(aggregation.aggregated(_padded(some), all_levels), peer, some)
    assert (apart < 1e-6).mean() > 0.99 and apart.max() < 1e-4
