"""At home in the reinforcement-learning ecosystem: the libraries' own checks, and the same trajectory for the same seed, for ever."""

import importlib.util
import json
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

import pipelines.twin
from pipelines.core.errors import StockproofError
from pipelines.engine import network_kernel as k
from pipelines.settings import ROOT
from pipelines.twin import config, run
from pipelines.twin.agents import TwinParallelEnv
from pipelines.twin.play import SEEN, Twin
from pipelines.twin.scenarios import find

STORED = Path(__file__).parent / "trajectory.json"
NAME = "stockproof/Twin-v0"


@pytest.mark.parametrize("options", [{}, {"shares": True, "sites": ["store_1"], "scenario": "demand_spike"}])
def test_gymnasium_accepts_it(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on the size of spaces
        check_env(gymnasium.make(NAME, **options).unwrapped, skip_render_check=False)


def test_pettingzoo_accepts_it():
    parallel_api_test(pipelines.twin.parallel_env(days=30), num_cycles=100)
    parallel_seed_test(lambda: TwinParallelEnv(days=30), num_cycles=60)


def by_hand(seed=42, days=60):
    """Stock of every site by day, with an order given here and there."""
    env = gymnasium.make(NAME, days=days).unwrapped
    seen, _ = env.reset(seed=seed)
    rows = [seen.tolist()]
    for day in range(days):
        action = np.full(4, np.nan)
        if day % 9 == 4:
            action[day % 4] = 37.0
        seen, reward, _, _, _ = env.step(action)
        rows.append([*seen.tolist(), reward])
    return rows


def test_same_seed_same_trajectory_as_the_stored_one():
    """Written once, by another version of numpy's generators or not: the draws are the project's own."""
    assert by_hand() == json.loads(STORED.read_text())
    assert by_hand(seed=43) != by_hand()


def test_without_actions_it_is_the_twins_own_run():
    env = gymnasium.make(NAME).unwrapped
    env.reset(seed=42)
    over = False
    while not over:
        *_, over, info = env.step(None)
    alone = run.run(run.plan(config.load(), replications=1), find("normal"))
    for name, values in alone.values.items():
        assert info["metrics"][name] == pytest.approx(values[0], nan_ok=True), name


def test_an_agent_that_knows_the_levels_is_the_networks_own_policy_to_the_unit():
    """Orders are placed when the day's sales are known, so an agent can do what the policies do, no day later."""
    spec = importlib.util.spec_from_file_location("twin_agents", ROOT / "docs" / "examples" / "twin_agents.py")
    agents = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(agents)
    vector = gymnasium.make_vec(NAME, num_envs=20)
    metrics = agents.play(agents.LevelAgent(config.load()), vector)
    own = run.run(run.plan(config.load(), replications=20), find("normal"))
    for name, values in own.values.items():
        assert np.allclose(metrics[name], values, equal_nan=True), name


def test_the_reward_is_minus_the_cost_of_the_day():
    env = gymnasium.make(NAME).unwrapped
    env.reset(seed=1)
    for _ in range(30):
        _, reward, _, _, info = env.step(np.array([0.0, 0.0, 0.0, 10.0]))
        held, lost = env.twin.flow[0, 0, :, k.STOCK].sum(), env.twin.flow[0, 0, :, k.SHORT].sum()
        assert reward == -(2 * held + 10 * lost) == -sum(info["cost_by_site"].values())


def test_episodes_differ_and_a_seed_starts_again():
    env = gymnasium.make(NAME, days=20).unwrapped

    def episode(seed=None):
        env.reset(seed=seed)
        return [env.step(None)[1] for _ in range(20)]

    first, second = episode(5), episode()
    assert first != second
    assert episode(5) == first
    assert episode() == second


def test_the_vector_environment_plays_the_same_worlds():
    vector = gymnasium.make_vec(NAME, num_envs=5, days=20)
    seen, _ = vector.reset(seed=9)
    single = gymnasium.make(NAME, days=20).unwrapped
    one, _ = single.reset(seed=9)
    assert np.array_equal(seen[0], one)
    rng = np.random.default_rng(0)
    for _ in range(20):
        action = rng.uniform(0, 200, (5, 4))
        seen, reward, terminated, truncated, _ = vector.step(action)
        one, own, *_ = single.step(action[0])
        assert np.array_equal(seen[0], one)
        assert reward[0] == own
        assert not terminated.any()
    assert truncated.all()
    assert len({tuple(row) for row in seen}) == 5
    seen, reward, _, truncated, _ = vector.step(None)
    assert not truncated.any()
    assert not reward.any()
    assert (seen[:, -1] == 0.0).all()
    assert vector.observation_space.contains(seen)


def test_an_agent_may_order_for_some_sites_only():
    env = gymnasium.make(NAME, sites=["store_2"], days=40).unwrapped
    env.reset(seed=3)
    for _ in range(40):
        env.step(np.array([0.0]))
    assert env.twin.metrics()["orders"][0] > 0  # the others go on by their own policy
    assert env.twin.state["on_order"][0, 0, 2] == 0.0
    with pytest.raises(StockproofError, match="no site nowhere"):
        gymnasium.make(NAME, sites=["nowhere"])


def test_agents_are_charged_their_own_cost_or_all_of_it():
    own, shared = TwinParallelEnv(days=20), TwinParallelEnv(days=20, shared_reward=True)
    own.reset(seed=4)
    shared.reset(seed=4)
    for _ in range(20):
        _, each, *_ = own.step({})
        _, all_, *_ = shared.step({})
        assert list(all_.values()) == [pytest.approx(sum(each.values()))] * 4
    assert own.agents == []


def test_shares_scale_the_largest_order():
    units, shares = (gymnasium.make(NAME, shares=flag).unwrapped for flag in (False, True))
    units.reset(seed=1), shares.reset(seed=1)
    half = units.action_space.high / 2
    assert np.array_equal(units.step(half)[0], shares.step(np.full(4, 0.5))[0])


def test_the_twin_by_hand():
    twin = Twin(replications=3, days=10)
    assert twin.shape == (3, 1, 4)
    state = twin.reset()
    before = [5000, 500, 600, 750]
    assert (state["on_hand"][0, 0] + state["demand"][0, 0]).tolist() == before
    assert (state["demand"][0, 0, 1:] > 0).all()
    assert set(state) == set(SEEN)
    for _ in range(10):
        state, cost = twin.step()
        assert cost.shape == twin.shape
    assert twin.metrics()["fill_rate"].shape == (3,)
    with pytest.raises(StockproofError, match="over"):
        twin.step()


def test_the_day_as_text():
    env = gymnasium.make(NAME, render_mode="ansi").unwrapped
    env.reset(seed=1)
    env.step(None)
    assert env.render().splitlines()[0] == "day 1"
    assert len(env.render().splitlines()) == 5
