"""One odd week of a whole place is hidden from the level; a second one is the new level."""

import numpy as np
import pytest

from pipelines.core import unusual

PLACE = np.array(["shop"] * 30)


def _sold(skus: int = 30, rate: float = 3.0) -> np.ndarray:
    return np.random.default_rng(0).poisson(rate, (skus, 200)).astype(float)


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 3.0])
def test_one_week_out_of_line_is_unusual(factor: float) -> None:
    demand = _sold()
    demand[:, -7:] *= factor
    assert unusual.newest_week(demand, PLACE, 7).all()


def test_a_second_such_week_is_a_new_level() -> None:
    demand = _sold()
    demand[:, -14:] *= 3
    assert not unusual.newest_week(demand, PLACE, 7).any()


def test_usual_weeks_and_single_skus_are_not() -> None:
    demand = _sold()
    assert not unusual.newest_week(demand, PLACE, 7).any()
    demand[0, -7:] *= 1000
    assert not unusual.newest_week(demand, PLACE, 7).any(), "one SKU does not speak for its place, whatever its unit"


def test_another_place_and_young_skus_keep_their_week() -> None:
    demand, place = _sold(60), np.repeat(["shut", "open"], 30)
    demand[:30, -7:] = 0.0
    demand[0, :-10] = np.nan
    hidden = unusual.newest_week(demand, place, 7)
    assert hidden[1:30].all() and not hidden[30:].any() and not hidden[0]
