"""The engine over a tree of sites × SKUs: build a checked network, run replications of it, or step them day by day."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.errors import StockproofError
from pipelines.engine.kernel import Floats, Ints
from pipelines.engine.network_kernel import (
    FLOWS,
    TOTALS,
    WHOLE,
    Draws,
    Network,
    State,
    begin,
    close_day,
    count,
    open_day,
)
from pipelines.engine.network_steps import fresh

S = TypeVar("S", np.float64, np.int64, np.bool_)


@dataclass(frozen=True)
class Tree:
    """What a network is made of; K SKUs, J sites, T days. Scalars stand for all.

    Attributes:
        source: site that supplies a site, -1: none (a source without end), shape (J,).
        on_hand: stock before the first day, units, shape (K, J).
        reorder: s, shape (K, J) or (K, J, E); NaN: the site places no orders of its own.
        order_up_to: S, or the batch size where ``batches``, same shape.
        reviews: day → column of the levels, -1: no review, shape (J, T); None: the first column every day.
        batches: order whole batches, the fewest that lift the position above s.
        pack: pack size, 0: any quantity, shape (K, J).
        least: smallest order, units, shape (K, J).
        most: largest order, units, shape (K, J).
        capacity: units a site ships of a SKU in a day at most, shape (K, J).
        backorders: customers wait at that site instead of leaving, shape (J,).
        by_position: orders look at the inventory position (on hand + on order − owed), else at stock on hand, shape (J,).
        whole: units of a SKU are whole, shape (K,).
        inbound: units that arrive for day d whatever is ordered, shape (K, J, D).
        at_close: deliveries come at the close of the day before the one they serve, and its closing stock holds them.
    """

    source: Sequence[int]
    on_hand: npt.ArrayLike
    reorder: npt.ArrayLike
    order_up_to: npt.ArrayLike
    reviews: npt.ArrayLike | None = None
    batches: bool = False
    pack: npt.ArrayLike = 0.0
    least: npt.ArrayLike = 0.0
    most: npt.ArrayLike = np.inf
    capacity: npt.ArrayLike = np.inf
    backorders: npt.ArrayLike = False
    by_position: npt.ArrayLike = True
    whole: npt.ArrayLike = False
    inbound: npt.ArrayLike | None = None
    at_close: bool = False


@dataclass(frozen=True)
class NetworkOutcome:
    """What happened.

    Attributes:
        totals: sums after the warm-up, shape (R, K, J, ``network_kernel.TOTALS``).
        end: the last day, shape (R, K, J, ``network_kernel.FLOWS``).
        trace: every day, shape (R, K, T, J, ``network_kernel.FLOWS``); first axis 0 where not asked for.
        days: days counted.
    """

    totals: Floats
    end: Floats
    trace: Floats
    days: int


def draws(
    demand: npt.ArrayLike, lead_time: npt.ArrayLike, *, usable: npt.ArrayLike = 1.0, fails: npt.ArrayLike = False
) -> Draws:
    """Bring what chance brings into the engine's form.

    Args:
        demand: units, shape (R, K, J, T), ≥ 0.
        lead_time: whole days, shape (J,), (K, J) or (R, K, J, T), ≥ 0; an axis of length 1 stands for all.
        usable: share of a shipment that arrives usable, same shapes, or a scalar.
        fails: an order placed that day is refused, same shapes, or a scalar.

    Returns:
        The draws.

    Raises:
        StockproofError: demand or a lead time is negative or not a number, or a shape does not fit.
    """
    asked = np.ascontiguousarray(demand, dtype=np.float64)
    _check("demand", asked.ndim == 4 and bool((asked >= 0).all()), "not (R, K, J, T), negative or missing")
    lead, good, refused = (
        _four(lead_time, asked, np.int64),
        _four(usable, asked, np.float64),
        _four(fails, asked, np.bool_),
    )
    _check("lead_time", bool((lead >= 0).all()), "negative")
    _check("usable", bool(((good >= 0) & (good <= 1)).all()), "not a share from 0 to 1")
    return Draws(asked, lead, good, refused)


def build(tree: Tree, chance: Draws, warmup_days: int = 0) -> Network:
    """Check a tree and bring it into the engine's form.

    Args:
        tree: the sites and their rules.
        chance: what chance brings; gives K, J, T and the longest lead time.
        warmup_days: days simulated but not counted.

    Returns:
        The network.

    Raises:
        StockproofError: sources form a cycle, or a shape does not fit.
    """
    skus, sites, days = chance.demand.shape[1:]
    source = np.asarray(tree.source, dtype=np.int64)
    _check("source", source.shape == (sites,), f"not {sites} sites long")
    shape = (skus, sites)
    reorder, upper = _levels(tree.reorder, shape), _levels(tree.order_up_to, shape)
    column = np.zeros((sites, days)) if tree.reviews is None else np.broadcast_to(tree.reviews, (sites, days))
    fits = reorder.shape == upper.shape and int(column.max(initial=-1)) < reorder.shape[2]
    _check("reviews", fits, "a column of the levels that is not there")
    inbound = np.zeros((*shape, 1)) if tree.inbound is None else np.asarray(tree.inbound, dtype=np.float64)
    return Network(
        traits=_traits(tree, source, shape, days),
        terms=_terms(tree, shape),
        on_hand=_filled(tree.on_hand, shape, np.float64),
        inbound=np.ascontiguousarray(inbound),
        reorder=reorder,
        order_up_to=upper,
        review_column=np.ascontiguousarray(column, dtype=np.int64),
        ring_days=max(int(chance.lead_time.max(initial=0)), inbound.shape[2]) + 2,
        queued=int((source >= 0).sum()) * (days + 1),
        warmup_days=warmup_days,
    )


def simulate(net: Network, chance: Draws, *, threads: int = 1, trace: bool = False) -> NetworkOutcome:
    """Run every replication by the sites' own policies. The same to the bit for any number of threads and any split of the replications.

    Args:
        net: see :func:`build`.
        chance: see :func:`draws`.
        threads: replications are split evenly among so many.
        trace: keep each day of each site.

    Returns:
        Totals, last day and, where asked for, every day.
    """
    runs, skus, sites, days = chance.demand.shape
    totals, end = np.zeros((runs, skus, sites, TOTALS)), np.zeros((runs, skus, sites, FLOWS))
    kept = np.zeros((runs, skus, days, sites, FLOWS) if trace else (0, skus, days, sites, FLOWS))
    bounds = np.linspace(0, runs, max(1, threads) + 1).astype(int).tolist()

    def part(low: int, high: int) -> None:
        _run(net, chance, fresh(net, 1), low, high, totals, end, kept)

    if threads <= 1:
        part(0, runs)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, bounds[:-1], bounds[1:]))
    return NetworkOutcome(totals, end, kept, max(days - net.warmup_days, 0))


@compiled
def _run(net: Network, chance: Draws, s: State, low: int, high: int, totals: Floats, end: Floats, kept: Floats) -> None:
    sites = net.on_hand.shape[1]
    flow, given = np.zeros((sites, FLOWS)), np.full(sites, np.nan)
    for r in range(low, high):
        for k in range(net.on_hand.shape[0]):
            begin(net, s, 0, k)
            for t in range(net.review_column.shape[1]):
                open_day(net, chance, s, (0, r, k, t), flow)
                close_day(net, s, (0, r, k, t), given, flow)
                if t >= net.warmup_days:
                    count(flow, totals[r, k])
                if kept.shape[0] > 0:
                    kept[r, k, t] = flow
            end[r, k] = flow


def with_levels(net: Network, reorder: npt.ArrayLike, order_up_to: npt.ArrayLike) -> Network:
    """The same network with other levels, shapes (K, J)."""
    shape = net.on_hand.shape
    return net._replace(reorder=_levels(reorder, shape), order_up_to=_levels(order_up_to, shape))


def _check(name: str, holds: bool, fault: str) -> None:
    if not holds:
        raise StockproofError(f"network: {name}: {fault}", "fix the network's description; docs/twin.md shows its form")


def _filled(values: npt.ArrayLike, shape: tuple[int, ...], kind: type[S]) -> npt.NDArray[S]:
    given: npt.NDArray[S] = np.asarray(values, dtype=kind)
    return np.ascontiguousarray(np.broadcast_to(given, shape))


def _four(values: npt.ArrayLike, demand: Floats, kind: type[S]) -> npt.NDArray[S]:
    """Shape (1 or R, K, J, 1 or T)."""
    given: npt.NDArray[S] = np.asarray(values, dtype=kind)
    runs, skus, sites, days = demand.shape
    if given.ndim < 4:
        return np.ascontiguousarray(np.broadcast_to(given, (skus, sites)))[None, :, :, None]
    fits = given.shape[0] in (1, runs) and given.shape[1:3] == (skus, sites) and given.shape[3] in (1, days)
    _check("draws", fits, f"shape {given.shape} does not fit demand of shape {demand.shape}")
    return np.ascontiguousarray(given)


def _levels(values: npt.ArrayLike, shape: tuple[int, ...]) -> Floats:
    given = np.asarray(values, dtype=np.float64)
    return np.ascontiguousarray(given if given.ndim == 3 else np.broadcast_to(given, shape)[:, :, None])


def _terms(tree: Tree, shape: tuple[int, ...]) -> Floats:
    """Rule, pack, minimum, maximum (in whole packs; a minimum above the maximum orders nothing) and capacity."""
    pack, least, most = (_filled(values, shape, np.float64) for values in (tree.pack, tree.least, tree.most))
    size = np.where(pack > 0, pack, 1.0)
    least = np.where(pack > 0, np.ceil(least / size - 1e-9) * size, least)
    most = np.where(pack > 0, np.floor(most / size + 1e-9) * size, most)
    most = np.where(least > most, 0.0, most)
    batches, capacity = np.full(shape, float(tree.batches)), _filled(tree.capacity, shape, np.float64)
    return np.ascontiguousarray(np.stack([batches, pack, least, most, capacity], axis=-1))


def _traits(tree: Tree, source: Ints, shape: tuple[int, ...], days: int) -> Ints:
    """What each site is; a site has room for an order a day of each site it supplies."""
    skus, sites = shape
    room = np.bincount(source[source >= 0], minlength=sites) * (days + 1)
    columns = [
        source,
        source < 0,
        _filled(tree.backorders, (sites,), np.bool_),
        _filled(tree.by_position, (sites,), np.bool_),
        np.cumsum(room) - room,
        np.maximum(room, 1),
        np.zeros(sites),
        np.full(sites, tree.at_close),
        _children_first(source),
    ]
    traits = np.repeat(np.stack(columns, axis=-1).astype(np.int64)[None], skus, axis=0)
    traits[:, :, WHOLE] = _filled(tree.whole, (skus,), np.bool_)[:, None]
    return np.ascontiguousarray(traits)


def _children_first(source: Ints) -> Ints:
    """Sites ordered so that each comes after all it supplies, in their own order otherwise."""
    depth = np.zeros(source.size, dtype=np.int64)
    for j in range(source.size):
        up, steps = j, 0
        while source[up] >= 0:
            up, steps = int(source[up]), steps + 1
            _check("source", steps < source.size, f"the sources of site {j} form a cycle")
        depth[j] = steps
    return np.argsort(-depth, kind="stable").astype(np.int64)
