"""The default network under its scenarios: what it must show, and that cause alone tells two scenarios apart."""

import numpy as np
import pytest

from pipelines.core.errors import StockproofError
from pipelines.engine import engine, network
from pipelines.engine import network_kernel as k
from pipelines.twin import config, random_streams, run, scenarios
from pipelines.twin.random_streams import Streams
from pipelines.twin.scenarios import Scenario, find
from pipelines.twin.world import world
from tests.unit.engine import network_reference as reference

NETWORK = config.load()
STREAMS = Streams(42, 0, 200, 90)
STORES = [2, 3, 4]


@pytest.fixture(scope="module")
def results():
    """Every scenario under both ordering rules."""
    return {
        (rule, name): run.run(run.plan(NETWORK, ordering=rule), one)
        for rule in ("inventory_position", "on_hand")
        for name, one in scenarios.SCENARIOS.items()
    }


def test_normal_demand_is_base_times_multiplier_with_its_season_and_noise():
    asked = random_streams.demand(NETWORK, find("normal"), STREAMS)[:, 0]
    days = np.arange(90)
    for j, multiplier in zip(STORES, (1.0, 1.2, 1.5), strict=True):
        expected = 50 * multiplier * (1 + 0.2 * np.sin(2 * np.pi * days / 30))
        assert np.abs(asked[:, j].mean(axis=0) - expected).max() < 4.5 * 10 / np.sqrt(200)
        assert asked[:, j].std(axis=0).mean() == pytest.approx(10, rel=0.02)
    assert not asked[:, :2].any()
    assert (asked == np.floor(asked)).all()
    noise = asked - asked.mean(axis=0)
    assert abs(np.corrcoef(noise[:, 2].ravel(), noise[:, 3].ravel())[0, 1]) < 0.04


def test_demand_is_never_negative():
    wild = Scenario("wild", "", deviation_factor=20.0)
    asked = random_streams.demand(NETWORK, wild, STREAMS)
    assert asked.min() == 0.0
    assert (asked[:, 0, STORES] == 0.0).mean() > 0.2


def test_scenarios_change_what_they_say_and_nothing_else():
    base = random_streams.demand(NETWORK, find("normal"), STREAMS)[:, 0, STORES]
    spike = random_streams.demand(NETWORK, find("demand_spike"), STREAMS)[:, 0, STORES]
    other = np.r_[0:30, 33:90]
    assert np.array_equal(spike[..., other], base[..., other])
    assert spike[..., 30:33].mean() == pytest.approx(2.5 * base[..., 30:33].mean(), rel=0.01)
    season = random_streams.demand(NETWORK, find("high_seasonality"), STREAMS)[:, 0, STORES].mean(axis=(0, 1))
    assert (season.max() - season.min()) / base.mean() == pytest.approx(1.0, abs=0.05)
    wide = random_streams.demand(NETWORK, find("high_variability"), STREAMS)[:, 0, STORES]
    assert wide.std(axis=0).mean() == pytest.approx(2 * base.std(axis=0).mean(), rel=0.02)
    late = random_streams.lead_time(NETWORK, find("supplier_delay"), STREAMS)[0, 0, :, 0]
    assert late.tolist() == [0, 14, 2, 2, 2]
    assert random_streams.lead_time(NETWORK, find("normal"), STREAMS)[0, 0, :, 0].tolist() == [0, 7, 2, 2, 2]


def test_the_supplier_refuses_two_in_a_hundred():
    refused = random_streams.fails(NETWORK, Streams(42, 0, 500, 90))
    assert refused[:, 0, 1].mean() == pytest.approx(0.02, abs=0.003)
    assert not refused[:, :, STORES].any()


@pytest.mark.parametrize("rule", ["inventory_position", "on_hand"])
def test_normal_equals_a_plain_python_network_to_the_unit(rule):
    """A day: demand, sales, store orders, shipments, warehouse order, deliveries, costs."""
    network_used = run.plan(NETWORK, ordering=rule).network
    one = world(network_used, find("normal"), Streams(42, 0, 3, 120))
    trace = network.simulate(one.net, one.draws, trace=True).trace
    for r in range(3):
        table = lambda values, r=r: {  # noqa: E731
            site: np.broadcast_to(values[min(r, values.shape[0] - 1), 0, j], 120).tolist()
            for j, site in enumerate(one.sites)
        }
        sites = [reference.Site("supplier_1"), reference.Site("warehouse_1", "supplier_1", 5000, 1000, 3000)]
        sites += [
            reference.Site(f"store_{n}", "warehouse_1", on_hand, low, high, rule == "inventory_position")
            for n, (on_hand, low, high) in enumerate([(500, 100, 300), (600, 120, 360), (750, 150, 450)], start=1)
        ]
        diary = reference.simulate(sites, table(one.draws.demand), table(one.draws.lead_time), table(one.draws.fails))
        for (site, day), row in diary.items():
            if site != "supplier_1":
                got = trace[r, 0, day, one.sites.index(site)]
                columns = (k.SOLD, k.SHORT, k.ORDERED, k.SHIPPED, k.FAILED, k.RECEIVED, k.STOCK, k.OWED)
                words = ("sold", "lost", "ordered", "shipped", "failed", "received", "stock", "owed")
                assert got[list(columns)].tolist() == [row[word] for word in words]


def test_the_on_hand_rule_doubles_stock_and_gives_the_documents_figures(results):
    position, on_hand = results["inventory_position", "normal"], results["on_hand", "normal"]
    stores = [name for name in position.sites if name.startswith("store")]
    held = {
        rule: sum(one.sites[name]["average_inventory"].mean() for name in stores)
        for rule, one in (("position", position), ("on_hand", on_hand))
    }
    assert 2.0 <= held["on_hand"] / held["position"] <= 5.0
    assert 0.92 <= on_hand.metrics["service_level"].mean <= 0.98
    assert 400 <= held["on_hand"] / 3 <= 600


@pytest.mark.parametrize("rule", ["inventory_position", "on_hand"])
def test_the_spike_raises_lost_sales_and_the_network_recovers(results, rule):
    base, hit = results[rule, "normal"], results[rule, "demand_spike"]
    more = (hit.daily - base.daily)[:, STORES, k.SHORT].sum(axis=1)
    assert np.array_equal(more[:30], np.zeros(30))
    assert (more[30:33].sum() > 100) and (more[30:33].max() == more.max())
    assert abs(more[-20:].mean()) < 0.05 * more[30:33].max()
    assert run.difference(hit, base, "lost_sales").low > 0
    assert run.difference(hit, base, "fill_rate").high < 0
    upstream = (hit.daily - base.daily)[:, :, k.ORDERED]
    assert upstream[30:33, STORES].sum() > 0
    assert upstream[33:50, 1].max() > upstream[30:33, 1].max()  # the warehouse's wave comes later


def test_no_scenario_of_trouble_raises_the_fill_rate(results):
    for name in ("demand_spike", "high_seasonality", "supplier_delay", "high_variability"):
        apart = run.difference(
            results["inventory_position", name], results["inventory_position", "normal"], "fill_rate"
        )
        assert apart.high < 0, name


def test_scenarios_combine():
    both = find("spike+delay")
    assert (both.demand_factor, both.supplier_delay_days) == (2.5, 7)
    with pytest.raises(StockproofError, match="list of scenarios holds no flood"):
        find("normal+flood")


def test_metrics_add_up(results):
    one = results["inventory_position", "normal"]
    total = one.values["total_cost"]
    assert np.allclose(total, one.values["holding_cost"] + one.values["penalty_cost"] + one.values["ordering_cost"])
    assert np.allclose(total, sum(site["total_cost"] for site in one.sites.values()))
    counted = slice(7, 90)
    held = one.daily[counted, 1:, k.STOCK].sum()
    assert one.metrics["holding_cost"].mean == pytest.approx(2 * held)
    assert one.metrics["penalty_cost"].mean == pytest.approx(10 * one.daily[counted, 1:, k.SHORT].sum())
    assert one.metrics["average_inventory"].mean == pytest.approx(held / 83)
    sold, asked = (one.values[name].mean() for name in ("fill_rate", "lost_sales"))
    assert sold == pytest.approx(1 - asked / one.daily[counted, 2:, k.DEMAND].sum(), abs=1e-3)


def test_replications_and_threads_change_no_bit():
    plan = run.plan(NETWORK, replications=230)
    whole = run.run(plan, find("normal"))
    few = run.run(run.plan(NETWORK, replications=7, threads=2), find("normal"))
    for name, values in few.values.items():
        assert np.array_equal(values, whole.values[name][:7], equal_nan=True), name


def test_a_site_more_changes_no_other_sites_demand():
    content = NETWORK.model_dump(mode="json", exclude_none=True)
    content["stores"] = {"store_0": content["stores"]["store_1"], **content["stores"]}
    wider = config.parse(content)
    assert np.array_equal(
        random_streams.demand(wider, find("normal"), STREAMS)[:, 0, 3:],
        random_streams.demand(NETWORK, find("normal"), STREAMS)[:, 0, 2:],
    )


def test_random_lead_times_capacity_and_yield_reach_the_engine():
    content = NETWORK.model_dump(mode="json", exclude_none=True)
    content["suppliers"]["supplier_1"] |= {
        "lead_time_std_days": 2,
        "capacity_per_day": 150,
        "usable_share": 0.9,
        "usable_share_std": 0.05,
    }
    one = world(config.parse(content), find("normal"), STREAMS)
    lead = one.draws.lead_time[:, 0, 1]
    assert (lead.mean(), lead.std()) == (pytest.approx(7, abs=0.05), pytest.approx(2.02, abs=0.05))
    assert one.draws.usable[:, 0, 1].mean() == pytest.approx(0.9, abs=0.005)
    trace = network.simulate(one.net, one.draws, trace=True).trace
    assert trace[..., 0, k.SHIPPED].max() == 150
    assert trace[..., 1, k.SPOILED].sum() > 0


def test_too_few_days_are_refused():
    with pytest.raises(StockproofError, match="warm-up"):
        run.plan(NETWORK, days=7)


def test_a_network_of_one_store_is_the_replay_to_the_bit():
    content = {
        "deliveries": "morning",
        "skus": {"A": {"demand_mean": 7, "demand_std": 4, "holding_cost_per_day": 1, "shortage_cost": 5, "whole_units": False}},
        "suppliers": {"s": {"lead_time_days": 4, "lead_time_std_days": 2, "usable_share": 0.9, "usable_share_std": 0.1}},
        "stores": {"one": {"source": "s", "review_period_days": 3,
                           "stock": {"on_hand": 40, "reorder_point": 35, "order_up_to": 61, "pack_size": 6, "min_order_qty": 11}}},
    }  # fmt: skip
    one = world(config.parse(content), find("normal"), Streams(42, 0, 30, 120))
    trace = network.simulate(one.net, one.draws, trace=True).trace[:, 0, :, 1]
    levels = engine.constant_levels(np.full(30, 35.0), np.full(30, 61.0), np.arange(120) % 3 == 0)
    problem = engine.problem(
        one.draws.demand[:, 0, 1],
        np.full(30, 40.0),
        levels,
        one.draws.lead_time[:, 0, 1],
        limits=(6.0, 11.0, np.inf),
        usable=one.draws.usable[:, 0, 1],
    )
    replay = engine.simulate(problem, trace=True)
    for row, column in enumerate((k.STOCK, k.SOLD, k.SHORT, k.ORDERED)):
        assert np.array_equal(trace[:, :, column], replay.trace[row])
    assert replay.ordered.min() > 0
