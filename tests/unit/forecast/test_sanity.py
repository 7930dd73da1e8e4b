"""The gate that every forecast passes."""

import numpy as np

from pipelines.forecast import sanity
from tests.unit.models.panels import make


def test_quantiles_come_out_finite_not_negative_and_ascending() -> None:
    mean, quantiles = sanity.tidy(np.array([np.nan, -1.0]), np.array([[1.0, 0.5, np.inf], [-3.0, np.nan, 2.0]]))
    assert mean.tolist() == [0.0, 0.0]
    assert quantiles.tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]]


def test_a_forecast_far_beyond_the_past_is_flagged() -> None:
    panel = make(np.array([[1.0] * 20, [1.0] * 20, [0.0] * 20]))
    length = np.full(3, 4.0)
    assert sanity.beyond_history(panel, np.array([11.9, 12.1, 5.0]), length).tolist() == [False, True, False]
