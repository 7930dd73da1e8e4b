"""Orders of least expected cost on the past: against a slow replay of one SKU, without a look ahead, and through the guard."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.ordering import expected_cost
from pipelines.replay import expected_cost_replay
from pipelines.replay.candidates import DECAYED
from pipelines.replay.choose import PROVEN, Phases
from pipelines.replay.policies import PolicyTerms, known, review_days
from pipelines.replay.replay import Timetable, play
from pipelines.replay.window import pipeline_at_start
from tests.unit.replay.worlds import AS_OF, HOLDING, LEAD, SHORTAGE, books, kept_books

DAYS, RUN_UP = 400, 330
REVIEW = settings.Settings().planning.review_period_days


def shop(seed=5, skus=6, make=books, **spoiled):
    """A shop whose SKUs may order at every review; the ERP names the costs of all but the first."""
    rows = make(seed, skus, **spoiled)
    return replace(
        rows,
        skus=rows.skus.with_columns(
            ordering_cost=pl.lit(0.0),
            every_review=pl.lit(value=True),
            has_own_costs=pl.col("item_id") != "i0000",
        ),
    )


def played(rows, **kw):
    return play(rows, AS_OF, settings.Settings(), Timetable(DAYS, Phases(100, 250, DAYS), RUN_UP, **kw))


def test_the_orders_are_those_of_a_replay_that_goes_day_by_day():
    rows = shop(make=kept_books)
    done = played(rows, guards=False)
    w, config = done.window, settings.Settings()
    ones = np.ones(rows.skus.height)
    terms = PolicyTerms(0.0 * ones, HOLDING * ones, SHORTAGE * ones, LEAD * ones, config.costs.service_target, REVIEW)
    facts, reviews = known(w, terms), review_days(DAYS, REVIEW).tolist()
    due, placed = pipeline_at_start(w, done.days.start, config.purchase.late_days)
    assert due.units.sum() > 0
    for n in range(rows.skus.height):
        stock = float(w.stock[n, 0])
        coming = [(int(due.day[v]), int(placed[v]), due.units[v]) for v in np.flatnonzero(due.sku == n)]
        ordered = np.zeros(DAYS)
        for day in range(DAYS):
            stock += sum(units for arrives, _, units in coming if arrives == day)
            stock -= min(stock, w.asked[n, day])
            coming = [line for line in coming if line[0] > day]
            if day in reviews:
                ordered[day] = order_of(facts, n, reviews.index(day) + 1, stock, coming, day)
                coming += [(day + int(w.lead_time[n, day]) + 1, day, ordered[day])] * int(ordered[day] > 0)
        assert ordered.tolist() == done.outcomes["candidate"].trace[3][n].tolist()
        assert ordered.sum() > 0


def order_of(facts, n, at, stock, coming, day):
    one, config = np.ones(1), settings.Settings()
    mean, variance = facts.mean[DECAYED][n, at] * REVIEW, facts.variance[n, at] * REVIEW * facts.spread[n, at]
    lead, target = int(np.ceil(facts.lead[0][n, at] - 1e-6)), config.costs.service_target
    lines = [(0.0, float(max(placed + lead - day, 0)), units) for _, placed, units in coming]
    shortage = SHORTAGE if n else HOLDING * REVIEW * target / (1 - target)
    problem = expected_cost.Problem(
        mean * np.ones((1, 4)), variance * np.ones((1, 4)), one, stock * one, np.array([lead]), np.sqrt(facts.lead[1][n, at]) * one,
        np.array(lines).reshape(-1, 3), HOLDING * REVIEW * one, shortage * one, 0.0 * one, one, one, REVIEW,
    )  # fmt: skip
    return expected_cost.orders(problem, config.forecast.seed, expected_cost_replay.PATHS).quantity[0]


def test_no_order_knows_what_is_sold_after_it():
    rows = shop()
    before = played(rows, guards=False).outcomes["candidate"].trace[3]
    cut = 260
    day = (pl.col("day") - pl.lit(AS_OF)).dt.total_days() + DAYS - 1
    changed = replace(
        rows,
        demand=rows.demand.with_columns(
            quantity=pl.when(day > cut).then(pl.col("quantity") * 7 + 3).otherwise(pl.col("quantity"))
        ),
    )
    after = played(changed, guards=False).outcomes["candidate"].trace[3]
    assert np.array_equal(before[:, : cut + 1], after[:, : cut + 1])
    assert not np.array_equal(before[:, cut + 1 :], after[:, cut + 1 :])


def test_only_skus_that_may_order_at_every_review_do_and_no_other_candidate_replaces_it():
    rows = shop()
    rows = replace(rows, skus=rows.skus.with_columns(every_review=pl.col("item_id") < "i0003"))
    done = played(rows)
    names = [done.selected.candidates[k].name for k in done.selected.number]
    assert names[:3] == ["expected_cost/decayed"] * 3
    assert "expected_cost/decayed" not in names[3:]
    assert not done.selected.picked[:3].any()
    assert np.isnan(done.selected.costs[-1, :, 3:]).all()
    assert np.isfinite(done.selected.costs[-1, :, :3]).all()


def test_the_guard_lets_it_through_where_it_surely_saves():
    done = played(shop(skus=40, spoil=6.0))
    # Both start with the excess of six lead times and first sell it off: little to prove by in those of the 250 days.
    assert (done.choice.basis == PROVEN).mean() >= 0.9
    assert (done.choice.days == 250).all()


@pytest.mark.parametrize("chunk", [1, 3])
def test_a_sku_s_replay_does_not_depend_on_the_others(chunk):
    rows = shop(make=kept_books)
    whole = played(rows, guards=False).outcomes["candidate"].trace
    for low in range(0, 6, chunk):
        part = replace(rows, skus=rows.skus[low : low + chunk])
        assert np.array_equal(played(part, guards=False).outcomes["candidate"].trace, whole[:, low : low + chunk])
