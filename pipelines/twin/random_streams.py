"""What chance brings a network under a scenario: demand, lead times, refusals and yields, each a stream of its own.

A draw depends on the seed, the SKU, the site, the purpose, the replication and the day, and on nothing else: scenarios and policies are
compared on the same random streams, and adding a site changes no other's.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.engine import network_random as chance
from pipelines.engine.kernel import Floats, Ints
from pipelines.twin.config import Sku, Supplier, TwinNetwork, Warehouse
from pipelines.twin.scenarios import Scenario

S = TypeVar("S", np.float64, np.int64, np.bool_)


@dataclass(frozen=True)
class Streams:
    """Which random numbers.

    Attributes:
        seed: root.
        first: number of the first replication.
        replications: how many.
        days: how long each.
    """

    seed: int
    first: int
    replications: int
    days: int

    def normals(self, sku: str, site: str, purpose: int) -> Floats:
        """Standard normal numbers of a SKU at a site, shape (R, T)."""
        return chance.normals(chance.key_of(self.seed, sku), _code(site), purpose, self.first, self._shape)

    def uniforms(self, sku: str, site: str, purpose: int) -> Floats:
        """Numbers in (0, 1), shape (R, T)."""
        return chance.uniforms(chance.key_of(self.seed, sku), _code(site), purpose, self.first, self._shape)

    @property
    def _shape(self) -> tuple[int, int]:
        return self.replications, self.days


def mean_demand(sku: Sku, multiplier: float, days: int, scenario: Scenario) -> Floats:
    """Expected demand before the noise, units, shape (T,): base × multiplier × (1 + A sin(2π day ÷ period))."""
    amplitude = sku.seasonality if scenario.seasonality is None else scenario.seasonality
    wave = np.sin(2.0 * np.pi * np.arange(days) / sku.period_days)
    mean: Floats = sku.demand_mean * multiplier * (1.0 + amplitude * wave)
    return mean


def demand(network: TwinNetwork, scenario: Scenario, streams: Streams) -> Floats:
    """Customers' demand: mean + noise, times the spike's factor, at least 0; units, shape (R, K, J, T)."""
    out = np.zeros((streams.replications, len(network.skus), len(network.sites), streams.days))
    factor = np.full(streams.days, scenario.level_factor)
    if scenario.spike_days:
        factor[scenario.spike_days[0] : scenario.spike_days[1] + 1] *= scenario.demand_factor
    for j, name in enumerate(network.sites):
        multiplier = network.buyers[name].demand_multiplier if name in network.buyers else 0.0
        if multiplier == 0.0:
            continue
        for k, (sku_id, sku) in enumerate(network.skus.items()):
            noise = sku.demand_std * scenario.deviation_factor * streams.normals(sku_id, name, chance.DEMAND)
            asked = np.maximum((mean_demand(sku, multiplier, streams.days, scenario) + noise) * factor, 0.0)
            out[:, k, j] = np.floor(asked + 0.5) if sku.whole_units else asked
    return out


def lead_time(network: TwinNetwork, scenario: Scenario, streams: Streams) -> Ints:
    """Days on the way to each site: normal, rounded, not below 0, and a supplier's delay on top; shape (1 or R, K, J, 1 or T)."""

    def late(site: str) -> int:
        return scenario.supplier_delay_days if network.buyers[site].source in network.suppliers else 0

    def drawn(source: Supplier | Warehouse, sku: str, site: str) -> Ints:
        noise = streams.normals(sku, site, chance.LEAD_TIME)
        took = np.floor(source.lead_time_days + source.lead_time_std_days * noise + 0.5)
        return np.maximum(took, 0.0).astype(np.int64) + late(site)

    def fixed(source: Supplier | Warehouse, site: str) -> int:
        return source.lead_time_days + late(site)

    return _lanes(network, streams, (lambda source: source.lead_time_std_days > 0, fixed, drawn), np.int64, 0)


def usable(network: TwinNetwork, streams: Streams) -> Floats:
    """Share of a shipment that arrives usable: normal, cut at 0 and 1; shape (1 or R, K, J, 1 or T)."""

    def drawn(source: Supplier | Warehouse, sku: str, site: str) -> Floats:
        noise = streams.normals(sku, site, chance.YIELD)
        return np.clip(source.usable_share + source.usable_share_std * noise, 0.0, 1.0)

    return _lanes(
        network,
        streams,
        (lambda source: source.usable_share_std > 0, lambda source, _: source.usable_share, drawn),
        np.float64,
        1.0,
    )


def fails(network: TwinNetwork, streams: Streams) -> npt.NDArray[np.bool_]:
    """Whether an order placed that day is refused; shape (1 or R, K, J, 1 or T)."""

    def drawn(source: Supplier | Warehouse, sku: str, site: str) -> npt.NDArray[np.bool_]:
        refused: npt.NDArray[np.bool_] = streams.uniforms(sku, site, chance.RELIABILITY) > source.reliability
        return refused

    return _lanes(
        network, streams, (lambda source: source.reliability < 1, lambda source, _: False, drawn), np.bool_, False
    )


Rule = tuple[
    Callable[[Supplier | Warehouse], bool],
    Callable[[Supplier | Warehouse, str], float | int | bool],
    Callable[[Supplier | Warehouse, str, str], npt.NDArray[S]],
]
"""Is it random; its value where it is not; its values where it is, shape (R, T)."""


def _lanes(network: TwinNetwork, streams: Streams, rule: Rule[S], kind: type[S], rest: float) -> npt.NDArray[S]:
    """A quantity of each lane, by SKU; the axes of replications and days have length 1 where no lane is random."""
    random, fixed, drawn = rule
    ways = list(_sources(network))
    runs, days = (streams.replications, streams.days) if any(random(source) for _, _, source in ways) else (1, 1)
    out: npt.NDArray[S] = np.full((runs, len(network.skus), len(network.sites), days), rest, dtype=kind)
    for j, name, source in ways:
        out[:, :, j] = fixed(source, name)
        if random(source):
            for k, sku in enumerate(network.skus):
                out[:, k, j] = drawn(source, sku, name)
    return out


def _sources(network: TwinNetwork) -> Iterator[tuple[int, str, Supplier | Warehouse]]:
    """Place and id of each site that is supplied, and who supplies it."""
    sources: dict[str, Supplier | Warehouse] = {**network.suppliers, **network.warehouses}
    for j, name in enumerate(network.sites):
        if name in network.buyers:
            yield j, name, sources[network.buyers[name].source]


def _code(site: str) -> int:
    return zlib.crc32(site.encode())
