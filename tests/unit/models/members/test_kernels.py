"""The kernels against slow, obvious references and statsforecast."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsforecast.models import TSB, CrostonClassic, CrostonSBA

from models.members import kernels

SERIES = arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5, 7.0, 1e9]))


def _peer(model, y: np.ndarray) -> float:
    return float(model.forecast(y=y, h=1)["mean"][0])


@settings(max_examples=150, deadline=None)
@given(SERIES)
def test_croston_sba_and_tsb_equal_statsforecast(y: np.ndarray) -> None:
    row = y[None, :]
    assert kernels.croston(row, 0.1, 1.0)[0] == pytest.approx(_peer(CrostonClassic(), y), rel=1e-6, abs=1e-9)
    assert kernels.croston(row, 0.1, 0.95)[0] == pytest.approx(_peer(CrostonSBA(), y), rel=1e-6, abs=1e-9)
    assert kernels.tsb(row, 0.2, 0.05)[0] == pytest.approx(_peer(TSB(0.2, 0.05), y), rel=1e-6, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(SERIES, st.integers(0, 5))
def test_unknown_buckets_are_skipped_not_read_as_zero(y: np.ndarray, where: int) -> None:
    holed = np.insert(y, min(where, y.size), [np.nan, np.nan])[None, :]
    assert kernels.croston(holed, 0.1, 0.95)[0] == kernels.croston(y[None, :], 0.1, 0.95)[0]
    assert kernels.tsb(holed, 0.1, 0.05)[0] == kernels.tsb(y[None, :], 0.1, 0.05)[0]
    assert kernels.mean_nonzero(holed)[1][0] == kernels.mean_nonzero(y[None, :])[1][0]


@settings(max_examples=50, deadline=None)
@given(SERIES)
def test_mean_nonzero_times_share_is_the_mean(y: np.ndarray) -> None:
    size, share = kernels.mean_nonzero(y[None, :])
    assert size[0] * share[0] == pytest.approx(y.mean(), rel=1e-9)
    assert size[0] == pytest.approx(y[y > 0].mean() if (y > 0).any() else 0.0)


def test_ses_takes_the_weight_with_least_error() -> None:
    steady = np.tile([4.0, 6.0], 30)[None, :]  # noise around 5: the smallest weight is best
    jump = np.r_[np.zeros(20), np.full(20, 9.0)][None, :]  # a step: the greatest
    alphas = np.array([0.05, 0.3, 0.9])
    assert kernels.ses(steady, alphas)[1][0] == 0.05
    level, weight = kernels.ses(jump, alphas)
    assert (weight[0], round(level[0], 3)) == (0.9, 9.0)


def test_trailing_mean_counts_known_buckets_only() -> None:
    assert kernels.trailing_mean(np.array([[1.0, 5.0, np.nan, 3.0], [np.nan] * 4]), 2).tolist() == [4.0, 0.0]
