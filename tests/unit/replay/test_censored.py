"""What may have been asked for on an empty shelf."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.replay.censored import SPAN_DAYS, imputed


@given(st.integers(0, 10**6))
def test_equals_the_definition_and_never_falls_below_what_was_sold(seed):
    rng = np.random.default_rng(seed)
    demand, stockout = rng.poisson(3, (3, 100)).astype(float), rng.random((3, 100)) < 0.3
    known = np.arange(100) >= np.array([[0], [20], [60]])
    got = imputed(demand, stockout, known)
    assert (got >= demand).all()
    for n, t in zip(*np.nonzero(stockout & known), strict=True):
        near = [
            d for d in range(max(0, t - SPAN_DAYS), min(100, t + SPAN_DAYS + 1)) if known[n, d] and not stockout[n, d]
        ]
        assert np.isclose(got[n, t], max(demand[n, t], demand[n, near].mean() if near else 0.0))
    assert np.array_equal(got[~(stockout & known)], demand[~(stockout & known)])
