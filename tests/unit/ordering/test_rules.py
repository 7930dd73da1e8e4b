"""Textbook rules at their edges: nothing to hold, quantiles between whole units."""

import numpy as np
import pytest

from pipelines.ordering.rules import RULES, Facing


def facing(quantile: float, whole: bool, mean: float = 5.0, rate: float = 0.5) -> Facing:
    one = np.ones(1)
    return Facing(
        mean * one,
        mean * one,
        lambda level: np.full(level.shape, quantile),
        rate * one,
        np.array([whole]),
        50.0 * one,
        0.01 * one,
        one,
        0.95,
        7.0,
    )


def ordered(name: str, faced: Facing, position: float) -> float:
    """Units the rule brings at a position."""
    rule = RULES[name](faced)
    reorder, upper = float(rule.reorder[0]), float(rule.order_up_to[0])
    if position > reorder:
        return 0.0
    return (np.floor((reorder - position) / upper) + 1.0) * upper if rule.batches else upper - position


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("name", ["quantile_lot", "base_stock", "newsvendor", "newsvendor_lot", "reorder_batches"])
def test_where_nothing_is_to_be_held_nothing_is_ordered(name: str, whole: bool) -> None:
    """A SKU in metres that hardly sells has a quantile of 0 as one in pieces has, and must not bring a batch at position 0."""
    assert ordered(name, facing(0.0, whole, mean=0.02, rate=0.001), 0.0) == 0.0


@pytest.mark.parametrize("name", ["quantile_lot", "base_stock", "reorder_batches"])
def test_a_quantile_between_whole_units_is_covered(name: str) -> None:
    """Service targets between two levels of the grid give such quantiles: 7 units do not cover 7.5."""
    for position in range(8):
        assert position + ordered(name, facing(7.5, True), position) >= 8.0


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("whole", [True, False])
def test_every_rule_is_finite_where_nothing_is_known_or_costs_anything(name: str, whole: bool) -> None:
    zero = np.zeros(1)
    faced = Facing(
        zero, zero, lambda level: np.zeros(level.shape), zero, np.array([whole]), zero, zero + 1e-9, zero, 0.95, 7.0
    )
    rule = RULES[name](faced)
    assert np.isfinite(rule.reorder).all() and np.isfinite(rule.order_up_to).all() and ordered(name, faced, 0.0) == 0.0
