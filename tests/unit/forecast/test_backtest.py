"""The backtest leaks nothing, and the router keeps the simple method unless something beats it."""

import dataclasses

import numpy as np
import pytest

from models.interface import Interval
from models.members import classical
from models.members.classical import Decayed
from pipelines.core.panel import CLASSES
from pipelines.forecast import backtest, router, scoring
from tests.unit.models.panels import catalogue, make

MEMBERS = {
    "sba": classical.sba(),
    "tsb": classical.tsb(),
    "mean_nonzero": classical.mean_nonzero(),
    "decayed_means": Decayed(),
}


def _interval(n: int) -> Interval:
    return Interval(np.full(n, 14.0), np.zeros(n))


def _evidence(panel, origins=(140, 160, 180)):
    return [backtest.collect(panel, _interval(panel.skus), MEMBERS, at, 20) for at in origins]


def test_what_came_later_changes_nothing_that_was_said() -> None:
    panel, _ = catalogue(50, 200)
    changed = panel.demand.copy()
    changed[:, 160:] = 777.0
    before, after = (backtest.collect(p, _interval(50), MEMBERS, 160, 20) for p in (panel, make(changed)))
    for name in MEMBERS:
        np.testing.assert_array_equal(before.paths[name], after.paths[name])
    for field in ("window_terms", "bucket_terms", "scale", "unit", "code"):
        np.testing.assert_array_equal(getattr(before, field), getattr(after, field))
    assert (after.demand != before.demand).any()


def test_windows_cover_the_same_known_buckets_on_both_sides() -> None:
    panel, _ = catalogue(50, 200)
    holed = panel.demand.copy()
    holed[:, 162:165] = np.nan
    gathered = backtest.collect(make(holed), _interval(50), MEMBERS, 160, 20)
    known = [0, 1, *range(5, 14)]
    np.testing.assert_allclose(gathered.means["sba"], gathered.paths["sba"][:, known].sum(axis=1))
    np.testing.assert_allclose(gathered.demand, panel.demand[:, [160 + k for k in known]].sum(axis=1))


def test_origins_lie_end_to_end_and_leave_enough_past() -> None:
    assert backtest.origins(100, 28, 5, 30) == [44, 72]
    assert backtest.origins(30, 28, 3, 30) == []


def _with(evidence, **means):
    return [dataclasses.replace(e, means={**e.means, **{k: v(e) for k, v in means.items()}}) for e in evidence]


def _choose(evidence):
    names = tuple(MEMBERS)
    return router.choose(router.pool(evidence, names, 30), names, evidence, 30)


def test_a_clearly_better_member_takes_over_and_says_why() -> None:
    panel, _ = catalogue(400, 200, seed=2)
    gathered = _with(_evidence(panel), decayed_means=lambda e: e.demand + 0.01)
    recipe = _choose(gathered)
    code = CLASSES.index("intermittent")
    assert recipe.methods[code] in ("decayed_means", "stack")
    assert "less scaled pinball loss than tsb" in recipe.reasons[code]
    assert recipe.weights[code].argmax() == list(MEMBERS).index("decayed_means")


def test_the_simple_method_stays_where_nothing_beats_it() -> None:
    panel, _ = catalogue(400, 200, seed=2)
    gathered = _evidence(panel)
    simple = {name: (lambda e: e.means["tsb"]) for name in MEMBERS if name != "tsb"}
    assert _choose(_with(gathered, **simple)).methods[CLASSES.index("intermittent")] == "tsb"


def test_few_windows_take_the_simple_method() -> None:
    panel, _ = catalogue(10, 200)
    recipe = _choose(_evidence(panel))
    assert "too few to choose on" in recipe.reasons[CLASSES.index("lumpy")]
    assert recipe.methods == tuple(router.SIMPLE[name] for name in CLASSES)


def test_the_choice_is_calibrated_on_windows_it_has_not_seen() -> None:
    panel, _ = catalogue(1500, 240, seed=7)
    gathered = _evidence(panel, (160, 180, 200, 220))
    rows = scoring.scores(gathered[-1], _choose(gathered[:-1]), panel.demand, 30)
    whole = rows[-1]
    assert whole.demand_class == "all" and whole.skus > 1000
    assert whole.coverage_95 == pytest.approx(0.95, abs=0.02)
    assert abs(whole.bias) < 0.05
    assert sum(row.skus for row in rows[:-1]) == whole.skus


def test_a_too_narrow_variance_is_widened_by_the_calibration() -> None:
    panel, _ = catalogue(800, 240, seed=7)
    narrow = [dataclasses.replace(e, window_terms=e.window_terms * 0.2) for e in _evidence(panel, (160, 180, 200, 220))]
    rows = scoring.scores(narrow[-1], _choose(narrow[:-1]), panel.demand, 30)
    assert rows[-1].coverage_95 == pytest.approx(0.95, abs=0.03)
