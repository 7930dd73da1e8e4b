"""The cost linter agrees with the formulas it quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.core.costs import critical_ratio, service_conflicts, service_level_of_factor


@given(st.floats(-4, 4))
def test_factor_is_the_normal_distribution(z: float) -> None:
    assert service_level_of_factor(z) == pytest.approx(stats.norm.cdf(z), abs=1e-12)


@given(st.floats(0.51, 0.99))
def test_a_set_made_from_one_number_is_consistent(target: float) -> None:
    assert service_conflicts(target, float(stats.norm.ppf(target)), target / (1 - target)) == []


def test_critical_ratio_minimises_expected_newsvendor_cost() -> None:
    demand = stats.poisson(20)
    underage, overage = 4.0, 1.0
    grid = range(60)
    cost = [sum(demand.pmf(d) * (underage * max(d - q, 0) + overage * max(q - d, 0)) for d in range(120)) for q in grid]
    assert min(grid, key=cost.__getitem__) == demand.ppf(critical_ratio(underage, overage))


@given(st.floats(0.6, 0.98), st.floats(0.0051, 0.015))
def test_a_set_that_contradicts_itself_is_refused_with_what_would_agree(target: float, off: float) -> None:
    implied = target + off
    factor, ratio = float(stats.norm.ppf(implied)), implied / (1 - implied)
    by_factor, by_ratio = service_conflicts(target, factor, ratio)
    assert by_factor.endswith(f"service_target is {target:g}; {stats.norm.ppf(target):.3g} would agree")
    assert by_ratio.endswith(f"a ratio of {target / (1 - target):.3g} would agree")
