"""Trees of totals and the years before: what neither may see, and what each must find."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from models import seasonal
from models.members.aligned import Aligned
from models.members.classical import Decayed
from models.store import folder as store
from models.totals import ridge, total_trees
from models.totals.ridge import Calendar
from models.totals.total_trees import TreePlan
from tests.unit.models.panels import catalogue

START = date(2022, 1, 3)
SPAN = 784
PLAN = TreePlan(rounds=40, days_back=370, share=0.8)


def _calendar(span: int, events: np.ndarray | None = None) -> Calendar:
    codes = np.zeros(span, dtype=np.int64) if events is None else events
    return Calendar([START + timedelta(days=k) for k in range(span)], codes, 7)


def _groups(span: int, seed: int = 0) -> np.ndarray:
    day = np.arange(span)
    shape = (1 + 0.3 * (day % 7 >= 5)) * (1 + 0.15 * np.sin(2 * np.pi * day / 365.25))
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.03, (3, span)))
    parts = np.array([[300.0], [700.0], [200.0]]) * shape * noise
    return np.concatenate([parts.sum(axis=0)[None, :], parts])


def _forecast(y: np.ndarray, plan: TreePlan = PLAN, events: np.ndarray | None = None) -> np.ndarray | None:
    known = y.shape[1]
    flags = np.zeros((y.shape[0], known + 28))
    return total_trees.forecast(y, flags, np.array([3, 1, 1, 1]), _calendar(known + 28, events), plan)


def test_weekdays_are_foretold() -> None:
    y = _groups(SPAN)
    forecast = _forecast(y[:, :-28])
    assert forecast is not None
    assert np.abs(forecast / y[:, -28:] - 1).mean() < 0.06


def test_rows_of_an_origin_know_nothing_after_it() -> None:
    y = _groups(SPAN)
    late = y.copy()
    late[:, 600:] *= 9
    flags, sizes = np.zeros((4, SPAN)), np.array([3, 1, 1, 1])
    first, second = (total_trees._State(v, flags, sizes, _calendar(SPAN)).rows(600, 28) for v in (y, late))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_every_column_has_its_name() -> None:
    state = total_trees._State(_groups(SPAN), np.zeros((4, SPAN)), np.array([3, 1, 1, 1]), _calendar(SPAN))
    matrix, offset, level = state.rows(500, 7)
    assert matrix.shape == (28, len(state.names))
    assert offset.shape == level.shape == (28,)
    step = matrix[:, state.names.index("step")].reshape(4, 7)
    np.testing.assert_array_equal(step, np.tile(np.arange(1, 8), (4, 1)))


def test_distance_to_events_counts_both_ways() -> None:
    events = np.zeros(40, dtype=np.int64)
    events[10], events[20] = 3, 5
    around = total_trees._around(events)
    assert around[0, 10] == 3
    assert (around[1, 7], around[2, 7]) == (3, 3)
    assert (around[3, 14], around[4, 14]) == (4, 3)
    assert (around[1, 39], around[2, 39]) == (total_trees.REACH, 0)


def test_no_trees_without_rounds_days_or_two_years() -> None:
    y = _groups(SPAN)
    assert _forecast(y, TreePlan()) is None
    assert _forecast(y[:, :700]) is None
    weeks = Calendar(_calendar(SPAN + 28).starts, np.zeros(SPAN + 28, dtype=np.int64), 1)
    assert total_trees.forecast(y, np.zeros((4, SPAN + 28)), np.array([3, 1, 1, 1]), weeks, PLAN) is None


def test_the_level_goes_on_as_in_the_years_before() -> None:
    day = np.arange(1200)
    # A jump after the same day of each year, too sharp for a smooth year.
    level = 5.0 + 0.3 * ((day % 364) >= 340)
    known = 364 * 2 + 335
    forecast = ridge._as_years_before(level[:known], 28, 7)
    assert forecast is not None
    np.testing.assert_allclose(forecast[[0, 20]], [5.0, 5.3], atol=0.02)
    assert ridge._as_years_before(level[:300], 28, 7) is None


def test_a_stored_member_keeps_its_trees(tmp_path: Path) -> None:
    member = Aligned(Decayed(seasonal.fit(catalogue(20, 120, seed=1)[0])), TreePlan(rounds=7, seeds=2))
    again = store._member_from_json(store._member_to_json(member, tmp_path), tmp_path)
    assert isinstance(again, Aligned)
    assert again.trees == member.trees
