"""The compiled replay against a slow one, and what must hold of any replay."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import StockproofError
from pipelines.engine import engine
from tests.unit.replay import reference

DAYS = 40


@st.composite
def worlds(draw):
    """A few SKUs with everything a replay can meet; whole units."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    skus = draw(st.integers(1, 5))
    batches = draw(st.booleans())
    reviews = rng.random(DAYS) < 0.5
    epochs = int(reviews.sum())
    column = np.where(reviews, np.cumsum(reviews) - 1, -1)
    reorder = rng.integers(-3, 25, (skus, max(epochs, 1))).astype(float)
    reorder[rng.random(reorder.shape) < 0.1] = np.nan
    size = rng.integers(1, 12, reorder.shape).astype(float)
    upper = size if batches else np.nan_to_num(reorder) + size
    events = int(rng.integers(0, 3 * skus + 1))
    units = rng.integers(0, 9, events).astype(float)
    return {
        "demand": rng.poisson(rng.gamma(1, 4, (skus, 1)), (skus, DAYS)).astype(float),
        "on_hand": rng.integers(0, 40, skus).astype(float),
        "levels": engine.Levels(column.astype(np.int64), reorder, upper, batches),
        "lead": rng.integers(0, 12, (skus, DAYS)),
        "usable": rng.choice([1.0, 0.5, 0.0], (skus, DAYS), p=[0.8, 0.15, 0.05]),
        "limits": (
            rng.integers(0, 5, skus).astype(float),
            rng.integers(0, 10, skus).astype(float),
            rng.choice([7.0, 30.0, np.inf], skus),
        ),
        "arrivals": engine.Arrivals(
            rng.integers(0, skus, events), rng.integers(0, DAYS + 9, events), units, units + rng.integers(0, 2, events)
        ),
        "span": engine.Span(
            rng.integers(0, DAYS + 1, skus), rng.integers(0, DAYS // 2, skus), int(rng.integers(0, 10))
        ),
        "backorders": draw(st.booleans()),
    }


def build(world):
    return engine.problem(
        world["demand"],
        world["on_hand"],
        world["levels"],
        world["lead"],
        limits=world["limits"],
        arrivals=world["arrivals"],
        usable=world["usable"],
        span=world["span"],
    )


def diary_of(world, n):
    levels, arrivals, span = world["levels"], world["arrivals"], world["span"]
    by_day = {
        t: (levels.reorder[n, c], levels.order_up_to[n, c])
        for t, c in enumerate(levels.review_column.tolist())
        if c >= 0
    }
    own = arrivals.sku == n
    return reference.replay(
        world["demand"][n].tolist(),
        world["on_hand"][n],
        by_day,
        world["lead"][n].tolist(),
        backorders=world["backorders"],
        usable=world["usable"][n].tolist(),
        pack=world["limits"][0][n],
        least=world["limits"][1][n],
        most=world["limits"][2][n],
        rule="batches" if levels.batches else "up_to",
        receipts=list(zip(arrivals.day[own].tolist(), arrivals.units[own], arrivals.ordered[own], strict=True)),
        first=int(span.first_day[n]),
        end=int(span.end_day[n]),
        warmup=span.warmup_days,
    )


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_equals_the_slow_reference_day_by_day(world):
    result = engine.simulate(build(world), backorders=world["backorders"], trace=True)
    for n in range(world["demand"].shape[0]):
        diary = diary_of(world, n)
        for row in diary:
            got = result.trace[:, n, row["day"]]
            assert got.tolist() == pytest.approx([row["stock"], row["sold"], row["short"], row["quantity"]])
        counted = [row for row in diary if row["counted"]]
        assert result.stockout_days[n] == sum(row["empty"] for row in counted)
        assert result.orders[n] == sum(row["quantity"] > 0 for row in counted)
        assert result.sold[n] == pytest.approx(sum(row["sold"] for row in counted))
        assert result.on_hand_days[n] == pytest.approx(sum(max(row["stock"], 0) for row in counted))
        assert result.backorder_days[n] == pytest.approx(sum(max(-row["stock"], 0) for row in counted))
        assert result.received[n] == pytest.approx(sum(row["arrived"] for row in counted))
        assert result.end_on_order[n] == pytest.approx(diary[-1]["on_order"])


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_no_unit_appears_or_vanishes(world):
    world["span"] = engine.Span(world["span"].end_day, world["span"].first_day)
    whole = np.ones_like(world["usable"])
    result = engine.simulate(build({**world, "usable": whole}), backorders=world["backorders"])
    served = result.demand if world["backorders"] else result.sold
    assert (world["on_hand"] + result.received - served == result.end_stock).all()
    given_units = np.bincount(world["arrivals"].sku, world["arrivals"].ordered, world["on_hand"].size)
    arrives = np.bincount(
        world["arrivals"].sku, world["arrivals"].ordered - world["arrivals"].units, world["on_hand"].size
    )
    beyond = world["arrivals"].day >= DAYS
    lost_on_the_way = arrives - np.bincount(
        world["arrivals"].sku[beyond],
        (world["arrivals"].ordered - world["arrivals"].units)[beyond],
        world["on_hand"].size,
    )
    assert (given_units + result.ordered == result.received + lost_on_the_way + result.end_on_order).all()
    assert (result.demand == result.sold + result.short).all()


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(1, 7))
def test_threads_and_chunks_change_no_bit(world, threads):
    arrays = build(world)
    whole = engine.simulate(arrays, backorders=world["backorders"], trace=True)
    split = engine.simulate(arrays, backorders=world["backorders"], trace=True, threads=threads)
    assert np.array_equal(whole.trace, split.trace)
    for n in range(world["demand"].shape[0]):
        alone = engine.simulate(build(_one(world, n)), backorders=world["backorders"])
        for name in (
            "stockout_days",
            "sold",
            "short",
            "on_hand_days",
            "orders",
            "ordered",
            "received",
            "end_stock",
            "end_on_order",
        ):
            assert getattr(whole, name)[n] == getattr(split, name)[n] == getattr(alone, name)[0]


def _one(world, n):
    own = world["arrivals"].sku == n
    pick = slice(n, n + 1)
    return {
        **world,
        **{name: world[name][pick] for name in ("demand", "on_hand", "lead", "usable")},
        "levels": engine.Levels(
            world["levels"].review_column,
            world["levels"].reorder[pick],
            world["levels"].order_up_to[pick],
            world["levels"].batches,
        ),
        "limits": tuple(limit[pick] for limit in world["limits"]),
        "arrivals": engine.Arrivals(
            np.zeros(own.sum(), int),
            world["arrivals"].day[own],
            world["arrivals"].units[own],
            world["arrivals"].ordered[own],
        ),
        "span": engine.Span(world["span"].end_day[pick], world["span"].first_day[pick], world["span"].warmup_days),
    }


def test_an_order_serves_the_day_after_its_lead_time():
    demand = np.array([[5.0, 0, 0, 0, 5.0, 0]])
    levels = engine.constant_levels([0.0], [5.0], [True] * 6)
    result = engine.simulate(engine.problem(demand, [5.0], levels, 3), trace=True)
    assert result.trace[3, 0].tolist() == [5.0, 0, 0, 0, 5.0, 0]  # ordered at the close of day 0 …
    assert result.trace[1, 0].tolist() == [5.0, 0, 0, 0, 5.0, 0]  # … and sold on day 0 + 3 + 1
    late = engine.simulate(engine.problem(demand, [5.0], levels, 4), trace=True)
    assert late.short.tolist() == [5.0]


def test_a_backorder_waits_and_a_lost_sale_does_not():
    demand, levels = np.array([[4.0, 0.0, 0.0]]), engine.constant_levels([0.0], [6.0], [True, False, False])
    arrays = engine.problem(demand, [1.0], levels, 1)
    lost, waiting = engine.simulate(arrays), engine.simulate(arrays, backorders=True)
    assert (lost.end_stock[0], lost.ordered[0]) == (6.0, 6.0)
    assert (waiting.end_stock[0], waiting.ordered[0], waiting.backorder_days[0]) == (6.0, 9.0, 6.0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"demand": np.array([[1.0, -1.0]])}, "demand"),
        ({"demand": np.array([[1.0, math.nan]])}, "demand"),
        ({"lead_time": -1}, "lead_time"),
        ({"levels": engine.constant_levels([1.0, 2.0], [3.0, 4.0], [True, True])}, "levels"),
        ({"levels": engine.constant_levels([1.0], [3.0], [True] * 3)}, "review_column"),
    ],
)
def test_a_fault_is_named(change, named):
    good = {
        "demand": np.ones((1, 2)),
        "on_hand": [1.0],
        "levels": engine.constant_levels([1.0], [3.0], [True, True]),
        "lead_time": 1,
    }
    engine.problem(**good)
    with pytest.raises(StockproofError, match=f"replay: {named}"):
        engine.problem(**{**good, **change})
