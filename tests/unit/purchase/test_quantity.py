"""How much is ordered: against brute force, and against the replay's own rule."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.engine.kernel import order_quantity
from pipelines.purchase import codes as c
from pipelines.purchase import quantity as q
from pipelines.purchase.lines import Lines, trigger
from tests.unit.replay import reference


def needs(
    position,
    s,
    S,
    pack=0.0,
    least=0.0,
    most=10_000.0,
    *,
    discontinued=False,
    not_yet=False,
    kit=False,
    supplier=True,
    price=1.0,
):
    def one(x):
        return np.array([float(x)])

    flags = {
        name: np.array([flag])
        for name, flag in (
            ("discontinued", discontinued),
            ("not_yet", not_yet),
            ("kit", kit),
            ("has_supplier", supplier),
        )
    }
    zero = {
        name: one(0) for name in ("holding_rate", "shortage_cost", "demand_per_day", "ordering_cost", "holding_per_day")
    }
    levels = {"reorder_point": one(s), "order_up_to": one(S), "trigger": trigger(one(s), one(S))}
    return Lines(
        on_hand=one(position), position=one(position), pack=one(pack), minimum=one(least), maximum=one(most), blocked=np.array([False]),
        ceiling=one(np.inf),
        list_price=one(price), days=one(7), grid=np.full((1, 15), np.nan), vendor=np.array([0]), volume=one(0.01), **levels, **flags,
        **zero,
    )  # fmt: skip


def one(*args, **kw):
    draft = q.decide(needs(*args, **kw))
    return draft.quantity[0], c.CODES[draft.code[0]]


whole = st.integers(-20, 60).map(float)


@settings(max_examples=300, deadline=None)
@given(whole, whole, st.integers(0, 40), st.integers(0, 13), st.integers(0, 40), st.integers(13, 90))
def test_daily_decision_replay_and_brute_force_order_the_same(position, s, extra, pack, least, most):
    size = max(pack, 1)
    assume(
        np.ceil(least / size) * size <= np.floor(most / size) * size
    )  # a minimum above the maximum: test_each_code_has_its_case
    S = s + extra
    got, code = one(position, s, S, pack, least, most)
    if S <= 0:
        assert (got, code) == (0.0, "NO_ORDER_NO_DEMAND")
        return
    expected = reference.order(position, s, S, "up_to", pack, float(least), float(most))
    assert got == expected
    rule = np.array([0.0, pack, np.ceil(least / size) * size, np.floor(most / size) * size])
    rule[2] = min(rule[2], rule[3])
    assert order_quantity(position, s, float(S), rule) == expected
    assert (got > 0) == code.startswith("ORDER")
    if got > 0:
        steps = np.arange(1, 200) * (pack or 1.0)
        allowed = steps[
            (steps <= most) & (steps >= min(np.ceil(least / (pack or 1)) * (pack or 1), steps[steps <= most].max()))
        ]
        enough = allowed[allowed >= S - position]
        assert got == (enough.min() if enough.size else allowed.max())


def test_each_code_has_its_case():
    assert one(3, 5, 20, 6) == (18.0, "ORDER_BELOW_REORDER_POINT")
    assert one(5, 5, 20) == (15.0, "ORDER_BELOW_REORDER_POINT")
    assert one(6, 5, 20) == (0.0, "NO_ORDER_POSITION_SUFFICIENT")
    assert one(3, 5, 20, 6, 50) == (54.0, "ORDER_RAISED_TO_MINIMUM")
    assert one(3, 5, 200, 6, 0, 100) == (96.0, "ORDER_CAPPED_AT_MAXIMUM")
    assert one(3, 5, 20, 0, 0, 1) == (1.0, "ORDER_CAPPED_AT_MAXIMUM")  # a single piece is a line
    assert one(0, 0, 1, 1) == (1.0, "ORDER_BELOW_REORDER_POINT")
    assert one(3, 5, 20, 60, 0, 50) == (0.0, "NO_ORDER_PACK_ABOVE_MAXIMUM")
    assert one(3, 5, 20, 6, 60, 50) == (0.0, "NO_ORDER_MINIMUM_ABOVE_MAXIMUM")
    assert one(0, -1, 0) == (0.0, "NO_ORDER_NO_DEMAND")
    assert one(3, 5, 20, discontinued=True) == (0.0, "NO_ORDER_DISCONTINUED")
    assert one(3, 5, 20, not_yet=True) == (0.0, "NO_ORDER_NOT_YET_ON_SALE")
    assert one(3, 5, 20, kit=True, supplier=False) == (0.0, "NO_ORDER_KIT")
    assert one(30, 5, 20, kit=True) == (0.0, "NO_ORDER_KIT")
    assert one(3, 5, 20, price=0) == (0.0, "NO_ORDER_PRICE_MISSING")
    assert one(3, 5, 20, price=np.nan) == (0.0, "NO_ORDER_PRICE_MISSING")
    assert one(6, 5, 20, price=0) == (0.0, "NO_ORDER_POSITION_SUFFICIENT")
    assert one(3, 5, 20, supplier=False) == (0.0, "NO_ORDER_NO_SUPPLIER")
