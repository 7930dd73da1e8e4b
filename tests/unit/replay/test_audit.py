"""Achieved service is counted on windows that have passed, and meets the target where the law holds."""

import numpy as np
import pytest

from pipelines import settings
from pipelines.replay.replay import play, timetable
from tests.unit.replay.worlds import AS_OF, LEAD, books


@pytest.fixture(scope="module")
def played():
    config = settings.Settings()
    return play(books(11, 80), AS_OF, config, timetable(config))


def test_independent_demand_is_covered_as_often_as_promised(played):
    audit = played.audit
    assert audit.covered.sum() / audit.windows.sum() == pytest.approx(
        audit.expected.sum() / audit.windows.sum(), abs=0.02
    )
    assert (audit.expected >= 0.95 * audit.windows - 1e-9).all()
    assert (audit.covered == audit.covered_seen).all()  # no shelf was empty


def test_only_windows_of_the_past_year_that_have_closed_count(played):
    reviews = np.arange(364 % 7, 365, 7)
    assert played.audit.windows.tolist() == [int((reviews + LEAD + 7 < 365).sum())] * 80
