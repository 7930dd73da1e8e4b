"""The Monte-Carlo order against brute force over all quantities, and the bucket it is meant for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.ordering.montecarlo import best_orders, needs


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 2.0), st.floats(0.1, 5.0))
def test_no_other_quantity_is_cheaper_on_the_same_paths(seed, holding, shortage):
    lacking = np.random.default_rng(seed).integers(-9, 30, (2, 25)).astype(float)
    got = best_orders(lacking, np.full(2, holding), np.full(2, shortage))

    def cost(quantity, n):
        left = quantity - lacking[n]
        return holding * np.maximum(left, 0).sum() + shortage * np.maximum(-left, 0).sum()

    for n in range(2):
        assert cost(got[n], n) <= min(cost(q, n) for q in range(60)) + 1e-9


def test_the_order_is_for_the_bucket_it_serves():
    # 10 on hand, 4 arrive in bucket 0 and 1 in bucket 1; demand 6, 20, 7: bucket 1 sells out, so all of bucket 2's demand is lacking
    demand = np.array([[[6.0, 20.0, 7.0, 0.0]]])
    assert needs(demand, np.array([10.0]), np.array([[4.0, 1.0]])).tolist() == [[7.0]]
    calm = np.array([[[6.0, 5.0, 7.0, 0.0]]])
    assert needs(calm, np.array([10.0]), np.array([[4.0, 1.0]])).tolist() == [[3.0]]  # 10+4-6=8, +1-5=4 left


def test_it_is_the_newsvendor_s():
    rng = np.random.default_rng(1)
    demand = rng.poisson(12, (1, 40_000, 1)).astype(float)
    lacking = needs(demand, np.array([0.0]), np.zeros((1, 0)))
    assert best_orders(lacking, np.array([0.2]), np.array([1.0]))[0] == stats.poisson(12).ppf(1.0 / 1.2)


def test_fractional_units_are_not_rounded():
    assert best_orders(np.array([[0.25, 0.75]]), np.array([1.0]), np.array([3.0]), whole=False)[0] == pytest.approx(
        0.75
    )
