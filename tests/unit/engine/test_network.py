"""The network against a slow one, against the single-site engine, and what must hold of any tree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import StockproofError
from pipelines.engine import engine, network
from pipelines.engine import network_kernel as k
from pipelines.engine import network_steps as steps
from tests.unit.engine import network_reference as reference

DAYS = 35


def random_tree(seed, runs=2, skus=2, days=DAYS):
    """A tree with everything a network can meet; whole units."""
    rng = np.random.default_rng(seed)
    roots, sites = int(rng.integers(1, 3)), int(rng.integers(3, 9))
    source = [-1] * roots + [int(rng.integers(0, j)) for j in range(roots, sites)]
    shape = (skus, sites)
    reorder = rng.integers(-5, 60, shape).astype(float)
    owns = np.array(source) >= 0
    demand = rng.poisson(rng.gamma(1, 8, (1, skus, sites, 1)), (runs, skus, sites, days)) * owns[:, None]
    brought = network.draws(
        demand,
        rng.integers(0, 6, (runs, skus, sites, days)),
        usable=rng.choice([1.0, 0.75, 0.5, 0.0], (runs, skus, sites, days), p=[0.7, 0.1, 0.15, 0.05])
        if rng.random() < 0.5
        else 1.0,
        fails=rng.random((runs, skus, sites, days)) < 0.1,
    )
    tree = network.Tree(
        source=source,
        on_hand=rng.integers(0, 200, shape) * owns,
        reorder=reorder,
        order_up_to=reorder + rng.integers(0, 80, shape),
        pack=rng.integers(0, 4, shape),
        least=rng.integers(0, 6, shape),
        most=rng.choice([9.0, 50.0, np.inf], shape),
        capacity=rng.choice([7.0, 60.0, np.inf], shape),
        backorders=rng.random(sites) < 0.3,
        by_position=rng.random(sites) < 0.7,
        whole=True,
        inbound=rng.integers(0, 9, (*shape, 3)) * owns[:, None],
        at_close=bool(rng.random() < 0.5),
    )
    return tree, brought


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_units_are_conserved_to_the_last_one(seed):
    """Site by site and day by day: stock, receipts, sales and shipments; then the whole tree from its suppliers to its customers."""
    tree, brought = random_tree(seed)
    net = network.build(tree, brought)
    days = network.simulate(net, brought, trace=True).trace
    owns = np.array(tree.source) >= 0
    stock = days[..., k.STOCK]
    first = np.broadcast_to(np.asarray(tree.on_hand)[None, :, None], stock[:, :, :1].shape).copy()
    if tree.at_close:
        first += np.asarray(tree.inbound)[None, :, None, :, 0]
    before = np.concatenate([first, stock[:, :, :-1]], axis=2)
    gone = np.where(np.asarray(tree.backorders), days[..., k.DEMAND], days[..., k.SOLD]) + days[..., k.SHIPPED]
    assert np.array_equal((stock - before)[..., owns], (days[..., k.RECEIVED] - gone)[..., owns])

    last = days[:, :, -1]
    total = days.sum(axis=2)
    came = (
        np.asarray(tree.on_hand).sum(axis=1)
        + np.asarray(tree.inbound).sum(axis=(1, 2))
        + total[..., ~owns, k.SHIPPED].sum(axis=-1)
    )
    sold = gone.sum(axis=2) - total[..., k.SHIPPED]
    left = (last[..., k.STOCK] + last[..., k.IN_TRANSIT])[..., owns].sum(axis=-1)
    # What is on the way counts as shipped; what spoiled of it is known only when it arrives, so it is taken from what arrived.
    spoiled = (
        np.asarray(tree.inbound).sum(axis=(1, 2))
        + total[..., k.SHIPPED].sum(axis=-1)
        - last[..., k.IN_TRANSIT].sum(axis=-1)
        - total[..., k.RECEIVED].sum(axis=-1)
    )
    spoiled = spoiled - (np.asarray(tree.inbound)[..., 0].sum(axis=-1) if tree.at_close else 0.0)
    assert np.array_equal(came, sold[..., owns].sum(axis=-1) + left + spoiled)
    assert (spoiled >= 0).all()
    assert (spoiled <= total[..., k.SPOILED].sum(axis=-1)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_ordered_is_owed_on_the_way_or_received(seed):
    tree, brought = random_tree(seed)
    days = network.simulate(network.build(tree, brought), brought, trace=True).trace
    last, source = days[:, :, -1], np.array(tree.source)
    for j in np.flatnonzero(source < 0):
        below = np.flatnonzero(source == j)
        assert np.array_equal(
            last[..., j, k.OWED], (last[..., k.ON_ORDER] - last[..., k.IN_TRANSIT])[..., below].sum(axis=-1)
        )
    for j in range(source.size):
        below = np.flatnonzero(source == j)
        assert np.array_equal(
            days[:, :, :, j, k.SHIPPED].sum(axis=2) + last[..., j, k.OWED], days[..., below, k.ORDERED].sum(axis=(2, 3))
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_equals_a_plain_python_network_day_by_day(seed, morning):
    rng = np.random.default_rng(seed)
    source = [-1, 0, 1, 1, 2, 0]
    names, days = [f"s{j}" for j in range(6)], 30
    demand = rng.poisson(6, (1, 1, 6, days)) * (np.arange(6) >= 2)[:, None]
    lead, fails = rng.integers(0, 5, (1, 1, 6, days)), rng.random((1, 1, 6, days)) < 0.15
    usable = rng.choice([1.0, 0.5], (1, 1, 6, days))
    stock, low, gap = rng.integers(0, 60, 6), rng.integers(0, 40, 6), rng.integers(1, 40, 6)
    position, capacity = rng.random(6) < 0.6, rng.choice([9.0, np.inf], 6)
    brought = network.draws(demand, lead, usable=usable, fails=fails)
    tree = network.Tree(
        source,
        [stock * (np.array(source) >= 0)],
        [low],
        [low + gap],
        capacity=[capacity],
        by_position=position,
        whole=True,
        at_close=not morning,
    )
    days_seen = network.simulate(network.build(tree, brought), brought, trace=True).trace[0, 0]
    levels = [
        (float(stock[j]), float(low[j]), float(low[j] + gap[j]), bool(position[j]), capacity[j]) for j in range(6)
    ]
    above = [None if one < 0 else names[one] for one in source]
    sites = [reference.Site(names[j], above[j], *levels[j]) for j in range(6)]
    of = lambda table: {name: table[0, 0, j].tolist() for j, name in enumerate(names)}  # noqa: E731
    diary = reference.simulate(sites, of(demand), of(lead), of(fails), of(usable), morning=morning)
    columns = {
        "sold": k.SOLD,
        "lost": k.SHORT,
        "ordered": k.ORDERED,
        "shipped": k.SHIPPED,
        "failed": k.FAILED,
        "received": k.RECEIVED,
        "stock": k.STOCK,
        "owed": k.OWED,
    }
    for (name, day), row in diary.items():
        j = names.index(name)
        if source[j] >= 0:
            assert {word: days_seen[day, j, column] for word, column in columns.items()} == row


@pytest.mark.parametrize("backorders", [False, True])
@pytest.mark.parametrize("batches", [False, True])
def test_one_site_is_the_single_site_engine_to_the_bit(backorders, batches):
    rng = np.random.default_rng(11)
    skus, days, warm = 60, 80, 9
    demand, lead, usable = rng.gamma(1, 4, (skus, days)), rng.integers(0, 9, (skus, days)), rng.random((skus, days))
    reviews = rng.random(days) < 0.5
    low = rng.random(skus) * 20
    upper = rng.random(skus) * 9 + 1 if batches else low + rng.random(skus) * 20
    limits = (rng.integers(0, 5, skus) * 1.0, rng.integers(0, 9, skus) * 1.0, rng.choice([7.0, 30.0, np.inf], skus))
    stock = rng.random(skus) * 30
    single = engine.simulate(
        engine.problem(demand, stock, engine.constant_levels(low, upper, reviews, batches=batches), lead,
                       limits=limits, usable=usable, span=engine.Span(days, 0, warm)), backorders=backorders, trace=True,
    )  # fmt: skip
    pair = lambda values: np.stack([np.zeros(skus), values], axis=1)  # noqa: E731
    full = lambda values: np.stack([np.ones((skus, days)), values], axis=1)[None]  # noqa: E731
    brought = network.draws(full(demand) * [[[0], [1]]], full(lead), usable=full(usable))
    tree = network.Tree(
        [-1, 0],
        pair(stock),
        pair(low),
        pair(upper),
        np.where(reviews, 0, -1),
        batches,
        *map(pair, limits),
        backorders=backorders,
    )
    both = network.simulate(network.build(tree, brought, warm), brought, trace=True)
    for row, column in enumerate((k.STOCK, k.SOLD, k.SHORT, k.ORDERED)):
        assert np.array_equal(both.trace[0, :, :, 1, column], single.trace[row])
    totals = both.totals[0, :, 1]
    pairs = {
        k.ON_HAND_DAYS: single.on_hand_days, k.WAITING_DAYS: single.backorder_days, k.STOCKOUT_DAYS: single.stockout_days,
        k.ORDERS: single.orders, k.ORDERED: single.ordered, k.RECEIVED: single.received, k.DEMAND: single.demand, k.SOLD: single.sold,
    }  # fmt: skip
    for column, expected in pairs.items():
        assert np.array_equal(totals[:, column], expected)
    assert np.array_equal(both.end[0, :, 1, k.ON_ORDER], single.end_on_order)


def test_threads_chunks_and_steps_change_no_bit():
    tree, brought = random_tree(5, runs=11)
    net = network.build(tree, brought, 4)
    one, two = network.simulate(net, brought), network.simulate(net, brought, threads=2)
    assert np.array_equal(one.totals, two.totals)
    for size in (1, 4):
        parts = [
            network.simulate(net, k.Draws(*(part[low : low + size] for part in brought))).totals
            for low in range(0, 11, size)
        ]
        assert np.array_equal(np.concatenate(parts), one.totals)
    state = steps.fresh(net, 22)
    steps.start(net, state)
    flow, totals = np.zeros((22, net.on_hand.shape[1], k.FLOWS)), np.zeros((22, net.on_hand.shape[1], k.TOTALS))
    for day in range(DAYS):
        steps.open_days(net, brought, state, day, flow)
        steps.close_days(net, state, day, np.full(flow.shape[:2], np.nan), flow, totals)
    assert np.array_equal(totals.reshape(one.totals.shape), one.totals)


def test_first_come_first_served_across_days():
    """A warehouse with 8 units: store 1 asks for 12, store 0 for 3 a day later; the refill of 9 finishes the older order first."""
    brought = network.draws(np.zeros((1, 1, 4, 6)), [0, 1, 0, 0])
    net = network.build(network.Tree([-1, 0, 1, 1], [[0, 8, 0, 0]], np.nan, np.nan), brought)
    state, flow, totals = steps.fresh(net, 1), np.zeros((1, 4, k.FLOWS)), np.zeros((1, 4, k.TOTALS))
    steps.start(net, state)
    orders = [(9.0, 0.0, 12.0), (0.0, 3.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    owed, stores = [], []
    for day, (warehouse, first, second) in enumerate(orders):
        steps.open_days(net, brought, state, day, flow)
        steps.close_days(net, state, day, np.array([[0.0, warehouse, first, second]]), flow, totals)
        owed.append(flow[0, 1, k.OWED])
        stores.append(tuple(flow[0, 2:, k.STOCK]))
    assert owed == [4.0, 7.0, 0.0, 0.0]  # the refill arrives on day 2
    assert stores == [(0.0, 0.0), (0.0, 8.0), (0.0, 8.0), (3.0, 12.0)]


@pytest.mark.parametrize(
    ("change", "word"),
    [({"source": [-1, 2, 1]}, "cycle"), ({"source": [-1, 0]}, "sites long"), ({"reviews": [[0], [1], [0]]}, "reviews")],
)
def test_a_tree_that_does_not_hold_is_refused(change, word):
    brought = network.draws(np.zeros((1, 1, 3, 4)), [0, 1, 1])
    arguments = {"source": [-1, 0, 1], "on_hand": 0.0, "reorder": 1.0, "order_up_to": 2.0} | change
    with pytest.raises(StockproofError, match=word):
        network.build(network.Tree(**arguments), brought)


def test_draws_that_do_not_hold_are_refused():
    with pytest.raises(StockproofError, match="demand"):
        network.draws(np.full((1, 1, 2, 3), -1.0), [0, 1])
    with pytest.raises(StockproofError, match="lead_time"):
        network.draws(np.zeros((1, 1, 2, 3)), [0, -1])
    with pytest.raises(StockproofError, match="usable"):
        network.draws(np.zeros((1, 1, 2, 3)), [0, 1], usable=1.2)
    with pytest.raises(StockproofError, match="shape"):
        network.draws(np.zeros((2, 1, 2, 3)), np.zeros((1, 1, 2, 5), dtype=int))
