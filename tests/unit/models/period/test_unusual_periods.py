"""What a whole catalogue does in one period: cut until a second period confirms it."""

import numpy as np
import pytest

from models.period.unusual_periods import Steadied, steadied

LENGTH, SKUS = 60, 200


def flat(seed: int = 4) -> np.ndarray:
    rate = np.random.default_rng(seed).uniform(1.0, 30.0, (SKUS, 1))
    return np.random.default_rng(seed + 1).poisson(rate, (SKUS, LENGTH)).astype(float)


def cut(values: np.ndarray, places: int = 1) -> Steadied:
    codes = [np.arange(SKUS) % places, np.zeros(SKUS, int)]
    return steadied(values, np.ones(values.shape), np.zeros(SKUS, int), codes)


def test_usual_periods_stay_as_they_are():
    values = flat()
    steady = cut(values, places=4)
    assert np.array_equal(steady.values, values) and not steady.unusual.any() and (steady.level == 1.0).all()


@pytest.mark.parametrize("factor", [0.0, 0.02, 0.5, 1.5, 3.0])
def test_one_period_of_all_counts_as_far_as_periods_usually_move(factor: float):
    values = flat()
    usual = values[:, -1].sum()
    values[:, -1] = np.round(values[:, -1] * factor)
    steady = cut(values)
    assert steady.values[:, -1].sum() == pytest.approx(usual, rel=0.25)
    assert steady.unusual[:, -1].mean() > 0.9 and not steady.unusual[:, :-1].any()
    assert (steady.level == 1.0).all()


def test_a_closed_place_leaves_the_others_alone():
    values = flat()
    values[::4, -1] = 0.0
    steady = cut(values, places=4)
    here = np.arange(SKUS) % 4 == 0
    assert steady.values[here, -1].sum() == pytest.approx(values[here, -2].sum(), rel=0.25)
    assert steady.values[~here, -1].sum() == pytest.approx(values[~here, -1].sum(), rel=0.1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_shift_counts_whole_from_its_second_period_on(factor: float):
    values = flat()
    values[:, -2:] = np.round(values[:, -2:] * factor)
    steady = cut(values)
    assert steady.level[0, -2:] == pytest.approx([1.0, factor], rel=0.1)
    assert steady.values[:, -1].sum() == pytest.approx(values[:, -1].sum(), rel=0.1)


def test_the_return_from_a_short_shift_needs_no_second_period():
    values = flat()
    values[:, 50:53] *= 3.0
    assert cut(values).level[0, 53:] == pytest.approx(1.0, rel=0.1)


def test_nothing_later_is_used():
    values, later = flat(), flat()
    later[:, 40:] = 500.0
    first, second = cut(values, 4), cut(later, 4)
    assert np.array_equal(first.values[:, :40], second.values[:, :40])
    assert np.array_equal(first.level[:, :40], second.level[:, :40])


def test_one_sku_of_many_units_speaks_for_none():
    values = flat()
    values[0] = 20_000.0
    values[0, -1] = 80_000.0
    assert np.array_equal(cut(values).values[1:], values[1:])


def test_a_dip_hides_the_sales_of_those_that_would_have_sold_alone():
    values = np.concatenate([np.full((100, LENGTH), 8.0), np.zeros((100, LENGTH))])
    values[100:, ::20] = 1.0
    values[:, -1] = 0.0
    sold = cut(values).sold
    assert sold[:100, -1].all() and not sold[100:, -1].any()


def test_half_of_the_catalogue_that_stops_at_once_moves_nothing_of_the_others():
    values, stopped = flat(), flat()
    stopped[::2, 50:] = 0.0
    assert np.array_equal(cut(stopped).values[1::2], values[1::2])
    assert (cut(stopped).level == 1.0).all()


def test_a_company_closed_for_weeks_does_not_multiply_what_sold_all_the_same():
    values = flat()
    values[1:, 40:44] = 0.0
    steady = cut(values)
    assert steady.level.min() > 0.3
    assert (steady.values[0] / steady.level[0]).max() < 4 * values[0].max()
    assert steady.level[0, -1] == pytest.approx(1.0, rel=0.3)
