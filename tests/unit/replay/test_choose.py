"""The whole choice on planted worlds: it leaves what is optimal and replaces what is clearly worse."""

import numpy as np
import pytest

from pipelines import settings
from pipelines.replay.candidates import CANDIDATES
from pipelines.replay.choose import BOOKS, NO_INCUMBENT, NOT_PROVEN, PROVEN, daily_cost
from pipelines.replay.guard import saving_interval
from pipelines.replay.replay import play, timetable
from tests.unit.replay.worlds import AS_OF, books

SKUS = 500


@pytest.fixture(scope="module")
def config():
    return settings.Settings()


def chosen(rows, config, sound=None):
    return play(rows, AS_OF, config, timetable(config), sound)


def test_an_optimal_incumbent_is_left_alone(config):
    played = chosen(books(1, SKUS), config)
    assert (played.choice.basis == PROVEN).mean() <= 0.05
    assert (played.choice.basis == NOT_PROVEN).mean() >= 0.95
    saving = daily_cost(played.outcomes["incumbent"], played.rates) - daily_cost(
        played.outcomes["candidate"], played.rates
    )
    assert saving.sum() >= -0.001 * daily_cost(played.outcomes["incumbent"], played.rates).sum()


@pytest.mark.parametrize(
    "worse", [{"spoil": 6.0}, {"one_by_one": True}], ids=["six lead times too much", "unit by unit"]
)
def test_a_clearly_worse_incumbent_is_replaced(config, worse):
    played = chosen(books(2, SKUS, **worse), config)
    assert (played.choice.basis == PROVEN).mean() >= 0.9
    ours, theirs = (
        daily_cost(played.outcomes[name], played.rates)[:, -112:].sum() for name in ("candidate", "incumbent")
    )
    assert ours < 0.8 * theirs


def test_books_that_do_not_add_up_prove_nothing_and_no_rule_leaves_nothing_to_keep(config):
    rows = books(2, 8, one_by_one=True)
    none = rows.skus.with_columns(reorder_point=None, order_up_to=None)
    sound = np.arange(8) > 0
    assert chosen(rows, config, sound).choice.basis.tolist() == [BOOKS] + [PROVEN] * 7
    without = chosen(type(rows)(none, rows.demand, rows.stock, rows.receipts, rows.open_orders), config)
    assert set(without.choice.basis) == {NO_INCUMBENT}
    assert not without.choice.kept.any()


def test_what_selects_does_not_see_what_guards_and_what_guards_does_not_see_what_reports(config):
    rows = books(3, 24, spoil=2.0)
    before = chosen(rows, config)
    phases = before.timetable.phases
    later = before.window.demand.copy()
    cut = AS_OF.toordinal() - (phases.total - phases.judged)
    changed = rows.demand.filter(rows.demand["day"].dt.epoch("d") + 719163 <= cut)
    after = chosen(type(rows)(rows.skus, changed, rows.stock, rows.receipts, rows.open_orders), config)
    assert later[:, -1].any()
    assert np.array_equal(before.selected.number, after.selected.number)
    assert np.array_equal(before.choice.low, after.choice.low)
    assert np.array_equal(before.selected.costs[:, :2], after.selected.costs[:, :2])
    assert not np.array_equal(before.selected.costs[:, 2], after.selected.costs[:, 2])


def test_a_default_that_nothing_selected_is_guarded_on_all_days_before_the_report(config):
    played = chosen(books(4, 40), config)
    phases, default = played.timetable.phases, played.selected.number == 0
    assert default.any()
    assert (played.choice.days[default] == phases.judged).all()
    assert (played.choice.days[~default] == phases.judged - phases.guard).all()


def test_the_interval_counts_the_days_of_each_sku_alone():
    rng = np.random.default_rng(0)
    saving = rng.normal(1.0, 1.0, (3, 400))
    first = np.array([0, 190, 390])
    mean, low, high = saving_interval(saving, 0.95, 1, first=first)
    alone = [saving_interval(saving[n : n + 1, first[n] :], 0.95, 1) for n in range(2)]
    assert mean[1] == pytest.approx(saving[1, 190:].mean())
    for n in range(2):
        assert (low[n], high[n]) == (alone[n][1][0], alone[n][2][0])
    assert (low[2], high[2]) == (-np.inf, np.inf)


def test_every_candidate_has_its_own_name():
    assert len({c.name for c in CANDIDATES}) == len(CANDIDATES)
