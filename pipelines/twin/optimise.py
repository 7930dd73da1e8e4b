"""Levels for a whole network by simulation optimisation: optuna proposes, the twin judges on common random numbers.

The random streams of the search are apart from those the result is judged on: another root seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from pipelines.core.seeds import seed_sequence
from pipelines.engine.kernel import Floats
from pipelines.engine.network import simulate, with_levels
from pipelines.twin import measures
from pipelines.twin.config import TwinNetwork
from pipelines.twin.measures import Estimate
from pipelines.twin.random_streams import Streams
from pipelines.twin.run import TwinPlan
from pipelines.twin.scenarios import Scenario
from pipelines.twin.world import World, stock_of, world

Kind = Literal["s_S", "base_stock"]
Levels = dict[str, dict[str, tuple[float, float]]]
"""Site → SKU → (reorder point, order-up-to level)."""

FILL_MARGIN: Final = 0.002
"""The search asks for this much more fill than the levels it must not fall behind: what holds on its random streams must hold on others."""

PROTECTION: Final = 4.0
"""Levels are sought up to so many times the mean demand over lead time plus review."""


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        kind: both levels of each site, or one (base stock: s = S).
        trials: proposals of optuna.
        rounds: rounds of coordinate search after them.
        replications: replications a proposal is judged on.
    """

    kind: Kind = "s_S"
    trials: int = 300
    rounds: int = 6
    replications: int = 60


@dataclass(frozen=True)
class Saving:
    """Levels against other levels, replication by replication on the same random streams.

    Attributes:
        cost: mean cost of the new levels.
        base_cost: mean cost of the old ones.
        saving: share of the old cost saved, with its interval.
        fill: fill rate of the new levels.
        base_fill: fill rate of the old ones.
        fill_gain: difference, with its interval.
    """

    cost: Estimate
    base_cost: Estimate
    saving: Estimate
    fill: Estimate
    base_fill: Estimate
    fill_gain: Estimate


def optimise(
    plan: TwinPlan, scenario: Scenario, search: Search, progress: Callable[[], object] = lambda: None
) -> Levels:
    """Search for the cheapest levels of every site at no lower fill rate than the network's own.

    Args:
        plan: network, seed and days; its replications are not touched, the search draws its own.
        scenario: under which.
        search: how.
        progress: called at each proposal.

    Returns:
        Levels, whole units, site → SKU → (s, S).
    """
    found: Levels = {site: {} for site in plan.network.buyers}
    root = int(seed_sequence(plan.seed, "search").generate_state(1)[0])
    for sku in plan.network.skus:
        alone = _alone(plan.network, sku)
        stage = world(alone, scenario, Streams(root, 0, search.replications, plan.days))
        best = _search(_Judge(stage, alone, sku, search.kind), search, root, progress)
        for site, pair in zip(alone.buyers, best, strict=True):
            found[site][sku] = pair
    return found


def with_found(network: TwinNetwork, levels: Levels) -> TwinNetwork:
    """The network with other levels; everything else, its stock at the start included, as it was."""

    def changed(site: str) -> dict[str, object]:
        return {
            "stock": {
                sku: stock_of(network, site, sku).model_copy(update={"reorder_point": low, "order_up_to": high})
                for sku, (low, high) in levels[site].items()
            }
        }

    return network.model_copy(
        update={
            "warehouses": {name: site.model_copy(update=changed(name)) for name, site in network.warehouses.items()},
            "stores": {name: site.model_copy(update=changed(name)) for name, site in network.stores.items()},
        }
    )


def compare(plan: TwinPlan, scenario: Scenario, other: TwinNetwork) -> Saving:
    """The plan's network against another on the same random streams, every replication of the plan.

    Args:
        plan: the network as it is, seed, days and replications.
        scenario: under which.
        other: the same network with other levels.

    Returns:
        The saving.
    """
    from pipelines.twin.run import run

    base, new = run(plan, scenario).values, run(replace(plan, network=other), scenario).values
    return Saving(
        cost=measures.estimate(new["total_cost"]),
        base_cost=measures.estimate(base["total_cost"]),
        saving=measures.estimate((base["total_cost"] - new["total_cost"]) / base["total_cost"].mean()),
        fill=measures.estimate(new["fill_rate"]),
        base_fill=measures.estimate(base["fill_rate"]),
        fill_gain=measures.estimate(new["fill_rate"] - base["fill_rate"]),
    )


class _Judge:
    """Cost of levels on the search's random streams, with a penalty for less fill than the network's own levels have.

    Attributes:
        most: largest level of each site worth trying, units, shape (sites,).
        own: the network's own levels, shape (sites, 2).
    """

    def __init__(self, stage: World, network: TwinNetwork, sku: str, kind: Kind) -> None:
        self._stage, self._kind = stage, kind
        self._known: dict[bytes, float] = {}
        self.own = np.array(
            [
                (stock_of(network, site, sku).reorder_point, stock_of(network, site, sku).order_up_to)
                for site in network.buyers
            ]
        )
        self.most = np.maximum(PROTECTION * _protected(stage, network), 4.0)
        values = self._values(self.own)
        self._fill = float(values["fill_rate"].mean()) + FILL_MARGIN
        # Missing a point of fill costs as much as a tenth of everything: the constraint decides, then the money.
        self._fine = 10.0 * float(values["total_cost"].mean())

    def __call__(self, levels: Floats) -> float:
        """Money; levels of shape (sites, 2)."""
        key = levels.tobytes()
        if key not in self._known:
            values = self._values(levels)
            behind = max(0.0, self._fill - float(values["fill_rate"].mean()))
            self._known[key] = float(values["total_cost"].mean()) + self._fine * behind
        return float(self._known[key])

    def fit(self, levels: Floats) -> Floats:
        """Levels rounded to whole units, s not above S, base stock where asked for."""
        upper = np.maximum(np.round(levels[:, 1]), 0.0)
        lower = upper if self._kind == "base_stock" else np.minimum(np.round(levels[:, 0]), upper)
        return np.ascontiguousarray(np.column_stack([lower, upper]))

    def _values(self, levels: Floats) -> dict[str, Floats]:
        none = np.full((self._stage.suppliers, 2), np.nan)
        lower, upper = np.concatenate([none, levels]).T
        net = with_levels(self._stage.net, lower[None], upper[None])
        return measures.by_replication(self._stage, simulate(net, self._stage.draws))


def _search(judge: _Judge, search: Search, seed: int, progress: Callable[[], object]) -> list[tuple[float, float]]:
    """Optuna's proposals, then a coordinate search around the best."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed % 2**32, multivariate=True, n_startup_trials=40, constant_liar=False)
    study = optuna.create_study(sampler=sampler)
    sites = range(judge.most.size)

    def levels(trial: "optuna.Trial") -> Floats:
        upper = np.array([trial.suggest_float(f"S{j}", 0.0, 1.0) for j in sites]) * judge.most
        if search.kind == "base_stock":
            return judge.fit(np.column_stack([upper, upper]))
        share = np.array([trial.suggest_float(f"s{j}", 0.0, 1.0) for j in sites])
        return judge.fit(np.column_stack([share * upper, upper]))

    def one(trial: "optuna.Trial") -> float:
        progress()
        return judge(levels(trial))

    for share in (0.25, 0.4, 0.6):
        study.enqueue_trial({f"S{j}": share for j in sites} | {f"s{j}": 0.9 for j in sites}, skip_if_exists=True)
    study.optimize(one, n_trials=search.trials)
    best = _polished(judge, levels(optuna.trial.FixedTrial(study.best_params)), search)
    own = judge.fit(judge.own)
    return [(float(low), float(high)) for low, high in (best if judge(best) <= judge(own) else own)]


def _polished(judge: _Judge, start: Floats, search: Search) -> Floats:
    """Move one level, or both of a site, by a step; keep what is cheaper; halve the step when nothing is."""
    best, step = start, judge.most / 8.0
    for _ in range(search.rounds):
        better = True
        while better:
            better = False
            for j in range(judge.most.size):
                for move in ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0)):
                    for sign in (-1.0, 1.0):
                        tried = best.copy()
                        tried[j] += sign * step[j] * np.array(move)
                        tried = judge.fit(tried)
                        if judge(tried) < judge(best):
                            best, better = tried, True
        step = step / 2.0
    return best


def _alone(network: TwinNetwork, sku: str) -> TwinNetwork:
    """The network with one SKU; its random streams are the same as among others."""
    return network.model_copy(update={"skus": {sku: network.skus[sku]}})


def _protected(stage: World, network: TwinNetwork) -> Floats:
    """Mean demand below each site over its lead time and review, units, shape (sites,)."""
    sites, buyers = stage.sites, network.buyers
    below = stage.draws.demand.mean(axis=(0, 1, 3))
    for name, site in buyers.items():
        own, at = stage.draws.demand[:, :, sites.index(name)].mean(), site.source
        while at in buyers:
            below[sites.index(at)] += own
            at = buyers[at].source
    lead = stage.draws.lead_time.mean(axis=(0, 1, 3))
    review = np.array([1.0] * stage.suppliers + [float(site.review_period_days) for site in buyers.values()])
    protected: Floats = (below * (lead + review))[stage.suppliers :]
    return protected
