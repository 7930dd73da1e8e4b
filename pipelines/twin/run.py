"""Run a network under scenarios, every scenario on the same random streams."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.core.errors import StockproofError
from pipelines.engine.kernel import Floats
from pipelines.engine.network import NetworkOutcome, simulate
from pipelines.twin import measures
from pipelines.twin.config import Ordering, TwinNetwork
from pipelines.twin.measures import Estimate
from pipelines.twin.random_streams import Streams
from pipelines.twin.scenarios import Scenario
from pipelines.twin.world import World, world

CHUNK = 200
"""Replications at a time: bounds the memory, changes nothing in the result."""


@dataclass(frozen=True)
class TwinPlan:
    """How to run.

    Attributes:
        network: what runs.
        seed: root of every random number.
        days: days of a replication, warm-up included.
        replications: how many.
        first: number of the first one.
        threads: replications are split among so many.
    """

    network: TwinNetwork
    seed: int
    days: int
    replications: int
    first: int = 0
    threads: int = 1


@dataclass(frozen=True)
class Result:
    """A scenario's outcome.

    Attributes:
        scenario: which.
        values: metric → value of each replication, shape (R,).
        sites: site → metric → value of each replication.
        daily: mean over replications of each site's day, all SKUs, shape (T, J, FLOWS).
        site_ids: ids of the sites of ``daily``.
    """

    scenario: Scenario
    values: dict[str, Floats]
    sites: dict[str, dict[str, Floats]]
    daily: Floats
    site_ids: list[str]

    @property
    def metrics(self) -> dict[str, Estimate]:
        """Mean and interval of each metric."""
        return {name: measures.estimate(values) for name, values in self.values.items()}


def plan(
    network: TwinNetwork,
    *,
    seed: int | None = None,
    days: int | None = None,
    replications: int = 200,
    ordering: Ordering | None = None,
    threads: int = 1,
) -> TwinPlan:
    """A plan with the network's own seed and days where none are given.

    Args:
        network: what runs.
        seed: root of every random number.
        days: days of a replication, warm-up included.
        replications: how many.
        ordering: what the stores' policies look at, instead of what the network says.
        threads: see :class:`TwinPlan`.

    Returns:
        The plan.

    Raises:
        StockproofError: the days leave none to count.
    """
    length = network.days if days is None else days
    if length <= network.warmup_days:
        raise StockproofError(
            f"{length} days are not more than the {network.warmup_days} warm-up days of network {network.name}",
            "run more days, or lower warmup_days in the network file",
        )
    if ordering is not None:
        stores = {name: store.model_copy(update={"ordering": ordering}) for name, store in network.stores.items()}
        network = network.model_copy(update={"stores": stores})
    return TwinPlan(network, network.seed if seed is None else seed, length, replications, threads=threads)


def run(what: TwinPlan, scenario: Scenario) -> Result:
    """Run one scenario.

    Args:
        what: the plan.
        scenario: what happens.

    Returns:
        The result; the same to the bit whatever the threads.
    """
    parts, daily = [], []
    for low in range(0, what.replications, CHUNK):
        size = min(CHUNK, what.replications - low)
        one = world(what.network, scenario, Streams(what.seed, what.first + low, size, what.days))
        outcome = simulate(one.net, one.draws, threads=what.threads, trace=True)
        parts.append(_values(one, outcome))
        daily.append(outcome.trace.sum(axis=1))
    whole = _joined(parts)
    return Result(scenario, whole.pop(""), whole, np.concatenate(daily).mean(axis=0), list(what.network.sites))


def run_all(what: TwinPlan, scenarios: Sequence[Scenario]) -> list[Result]:
    """Run several scenarios on common random numbers."""
    return [run(what, scenario) for scenario in scenarios]


def difference(result: Result, base: Result, metric: str) -> Estimate:
    """Paired difference of a metric from another scenario's, replication by replication."""
    return measures.estimate(result.values[metric] - base.values[metric])


def _values(one: World, outcome: NetworkOutcome) -> dict[str, dict[str, Floats]]:
    """Metrics by replication of all sites (key "") and of each."""
    sites = {one.sites[j]: measures.by_replication(one, outcome, [j]) for j in range(one.suppliers, len(one.sites))}
    return {"": measures.by_replication(one, outcome), **sites}


def _joined(parts: list[dict[str, dict[str, Floats]]]) -> dict[str, dict[str, Floats]]:
    return {
        site: {name: np.concatenate([part[site][name] for part in parts]) for name in metrics}
        for site, metrics in parts[0].items()
    }
