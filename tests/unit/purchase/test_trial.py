"""Joining is used where the past proves that it saves, and nowhere else."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.purchase import trial, vendor_orders
from pipelines.purchase.decide import decide
from tests.unit.purchase.catalogue import AS_OF, config, make


def _setting(periods=364, skus=24, seed=1, **changes):
    rng = np.random.default_rng(seed)
    each = {
        "pack": 1.0,
        "minimum": 1.0,
        "reorder_point": 12.0,
        "order_up_to": 40.0,
        "start": 26.0,
        "ordering_cost": 60.0,
        "holding": 0.01,
        "shortage": 4.0,
    }
    columns = {name: np.full(skus, value) for name, value in (each | changes).items()}
    return trial.Setting(
        demand=rng.poisson(1.0, (skus, periods)).astype(float),
        vendor=np.arange(skus) // 6,
        review=1,
        lead=np.full(skus, 6),
        line_cost_share=0.1,
        **columns,
    )


def test_dear_orders_are_shared_and_cheap_ones_are_not():
    dear = trial.judge(_setting(), np.full(24, 15.0))
    assert dear.joins.all()
    assert (dear.low > 0).all()
    cheap = trial.judge(_setting(ordering_cost=0.5, holding=2.0), np.full(24, 15.0))
    assert not cheap.joins.any()
    assert (cheap.saved < 0).all()


def test_a_short_past_proves_nothing():
    assert not trial.judge(_setting(periods=12), np.full(24, 15.0)).joins.any()
    assert not trial.judge(_setting(periods=0), np.full(24, 15.0)).joins.any()


def test_the_replay_conserves_units_and_charges_what_it_should():
    setting = _setting(skus=1, reorder_point=0.0, order_up_to=10.0, start=10.0, periods=26)
    setting = replace(setting, demand=np.ones((1, 26)), lead=np.zeros(1, dtype=np.int64))
    out = trial.replay(setting, np.zeros(1)).sum(axis=1)[0]
    # A unit a day from ten: empty at the close of days 9 and 19, refilled for the next day's sales, never short.
    assert out[trial.ORDERS] == out[trial.LINES] == 2
    assert out[trial.ORDERING] == pytest.approx(2 * 60.0)
    assert out[trial.SHORTAGE] == 0
    assert out[trial.HOLDING] == pytest.approx(0.01 * (45 + 45 + sum(range(4, 10))))


def test_who_joins_stays_at_or_below_the_order_up_to_level():
    setting = _setting(pack=7.0, minimum=21.0)
    assert (trial.replay(setting, np.full(24, 28.0)).sum(axis=(0, 1)) >= 0).all()
    # The smallest line of 21 fits below 40 only up to a position of 19: further up nobody can join, whatever the level says.
    assert np.array_equal(trial.replay(setting, np.full(24, 7.0)), trial.replay(setting, np.full(24, 28.0)))


@pytest.mark.parametrize(("steady", "joined"), [(True, True), (False, False)])
def test_decisions_follow_the_trial(steady, joined):
    rows, breaks = make(200, seed=2)
    settings, days = config(), 364
    rng = np.random.default_rng(0)
    daily = rng.poisson(rows["mean_demand"].to_numpy()[:, None] if steady else 1e-9, (rows.height, days)).astype(float)
    row, day = np.nonzero(daily)
    past = vendor_orders.Past(row, day, daily[row, day], days)
    made = decide(rows, breaks, AS_OF, settings, past=past)
    assert (made.trials["joins"].sum() > 0) is joined
    lines = made.table.filter(pl.col("reason_code") == "ORDER_JOINS_VENDOR_ORDER")
    assert (lines.height > 0) is joined
    allowed = set(made.trials.filter("joins")["supplier_id"])
    assert set(lines["supplier_id"]) <= allowed
