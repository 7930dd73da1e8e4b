"""Levels found by search: at least 15% cheaper at no lower fill, on random streams that the search has not seen."""

import pytest

from pipelines.twin import config, optimise, run
from pipelines.twin.optimise import Search
from pipelines.twin.scenarios import find

PLAN = run.plan(config.load())


@pytest.mark.parametrize("kind", ["s_S", "base_stock"])
def test_found_levels_are_cheaper_at_no_lower_fill(kind):
    levels = optimise.optimise(PLAN, find("normal"), Search(kind=kind, trials=60, rounds=3, replications=30))
    better = optimise.with_found(PLAN.network, levels)
    saving = optimise.compare(PLAN, find("normal"), better)
    assert PLAN.replications == 200
    assert saving.saving.low >= 0.15
    assert saving.fill_gain.low >= 0
    assert saving.base_cost.mean > saving.cost.mean
    for site in better.buyers.values():
        stock = site.stock["SKU_001"]
        assert stock.reorder_point <= stock.order_up_to
        assert stock.reorder_point == stock.order_up_to or kind == "s_S"
        assert stock.order_up_to == round(stock.order_up_to)
    assert better.stores["store_1"].stock["SKU_001"].on_hand == 500


def test_the_search_is_reproducible_and_reports_progress():
    calls = []
    search = Search(trials=12, rounds=0, replications=5)
    first = optimise.optimise(PLAN, find("normal"), search, lambda: calls.append(1))
    assert first == optimise.optimise(PLAN, find("normal"), search)
    assert len(calls) == 12


def test_the_search_never_ends_behind_the_networks_own_levels():
    """One hopeless proposal: the network's own levels stay."""
    levels = optimise.optimise(PLAN, find("normal"), Search(trials=1, rounds=0, replications=5))
    saving = optimise.compare(PLAN, find("normal"), optimise.with_found(PLAN.network, levels))
    assert saving.cost.mean <= saving.base_cost.mean or saving.fill_gain.mean > 0
