"""Lead times as distributions: per supplier and item, from what was received and what is still open.

An item's few receipts are drawn to its supplier's and those to the catalogue's; open lines count as *at least this long* (Kaplan & Meier
1958); newer orders weigh more. What one supplier alone shows says nothing of the others: the catalogue's distribution leaves out the one
that strays most, and is drawn to what was agreed. What the model said in each month of the last two years is then held against what came:
where the late tail was longer than it said, its quantiles are stretched by the factor that would have made it right (split conformal,
after Lei et al. 2018, on the ratio of lead time to quantile).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import LEVELS
from pipelines.vendors import lead_time_kernel as kernel
from pipelines.vendors.lead_time_kernel import Ints

MANY = 30
"""Suppliers that have delivered from which on none of them alone sets the catalogue's distribution or its late tail."""


@dataclass(frozen=True)
class Options:
    """How the past is weighed; the defaults were chosen on USAID deliveries before those the documentation reports.

    Attributes:
        half_life_days: an order this old counts half.
        item_prior: deliveries of an item that weigh as much as its supplier's distribution.
        supplier_prior: deliveries of a supplier that weigh as much as the catalogue's.
        window_days: how far back the model is held against what came.
        vintage_days: how often it is refitted for that.
        tail_prior: deliveries that weigh as much as "the quantiles are right".
        agreed_prior: suppliers that weigh as much in the catalogue's distribution as "what is agreed is kept".
    """

    half_life_days: float = 730.0
    item_prior: float = 10.0
    supplier_prior: float = 5.0
    window_days: int = 730
    vintage_days: int = 30
    tail_prior: float = 10.0
    agreed_prior: float = 5.0


@dataclass(frozen=True)
class Lines:
    """Order lines, [N]; pairs are supplier × item, numbered so that a supplier's lie together.

    Attributes:
        pair: number of the pair.
        delivery: number of the delivery: lines of one order received on one day are one observation.
        ordered: day number.
        received: day number; -1: still open.
        supplier: of each pair, number, ascending, [P].
        agreed: days, of each pair, [P].
    """

    pair: Ints
    delivery: Ints
    ordered: Ints
    received: Ints
    supplier: Ints
    agreed: Floats


@dataclass(frozen=True)
class LeadTimes:
    """What to expect of each pair.

    Attributes:
        quantiles: days, [P, len(levels)].
        mean: days, [P].
        std: days, [P].
        stretch: factor on days + 1 by which each quantile was stretched, [len(levels)].
    """

    quantiles: Floats
    mean: Floats
    std: Floats
    stretch: Floats


def fit(lines: Lines, as_of: int, levels: tuple[float, ...] = LEVELS, options: Options = Options()) -> LeadTimes:
    """Distributions as of a day; lines ordered later, and receipts of later days, are not seen.

    Args:
        lines: order lines, in any order.
        as_of: day number; what was received on it is known.
        levels: probabilities, ascending.
        options: how the past is weighed.

    Returns:
        The distributions, whole days.
    """
    lines = _sorted(lines)
    pairs = lines.supplier.size
    plain, moments = _fit(lines, as_of, np.asarray(levels), options, np.ones(pairs, dtype=np.bool_))
    stretch = _stretch(lines, as_of, np.asarray(levels), options)
    stretched = np.maximum.accumulate(np.maximum((plain + 1.0) * stretch - 1.0, 0.0), axis=1)
    # A longer late tail makes the deviation greater; the mean is the middle's and stays.
    upper = float(np.interp(0.9, levels, stretch))
    return LeadTimes(
        np.asarray(np.round(stretched), dtype=np.float64), moments[:, 0], moments[:, 1] * max(upper, 1.0), stretch
    )


def observed(lines: Lines, as_of: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Lead time, or age of what is still open, in days, and whether it was received, both [N]."""
    came = (lines.received >= 0) & (lines.received <= as_of)
    end = np.where(came, lines.received, as_of)
    return np.maximum(end - lines.ordered - 1, 0).astype(np.float64), came


def _sorted(lines: Lines) -> Lines:
    order = np.argsort(lines.pair, kind="stable")
    return replace(lines, **{name: getattr(lines, name)[order] for name in ("pair", "delivery", "ordered", "received")})


def _fit(
    lines: Lines, as_of: int, levels: Floats, options: Options, wanted: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """(quantiles [P, Q], mean and deviation [P, 2]) without the stretch. Lines sorted by pair."""
    known = np.flatnonzero(lines.ordered < as_of)
    seen = replace(lines, **{name: getattr(lines, name)[known] for name in ("pair", "delivery", "ordered", "received")})
    days, came = observed(seen, as_of)
    if not came.any():  # books without a single receipt: an order stays open there for ever, and its age says nothing of how long it takes
        seen = replace(
            lines, **{name: getattr(lines, name)[:0] for name in ("pair", "delivery", "ordered", "received")}
        )
        days, came = observed(seen, as_of)
    place = kernel.bins((days + 1.0) / (lines.agreed[seen.pair] + 1.0))
    recent = 0.5 ** ((as_of - seen.ordered) / options.half_life_days)
    pairs = lines.supplier.size
    suppliers = int(lines.supplier[-1]) + 1 if pairs else 0
    pair_at = np.concatenate([[0], np.bincount(seen.pair, minlength=pairs).cumsum()])
    supplier_at = np.concatenate([[0], np.bincount(lines.supplier, minlength=suppliers).cumsum()])
    quantiles, moments = np.zeros((pairs, levels.size)), np.zeros((pairs, 2))
    joint, supplier = recent * _one_each(seen.delivery), lines.supplier[seen.pair]
    common = _without_the_stray(joint, supplier, np.log((days + 1.0) / (lines.agreed[seen.pair] + 1.0)), came)
    as_agreed = options.agreed_prior / (options.agreed_prior + np.unique(supplier[came]).size)
    kernel.fit(
        place, came, joint, recent, common, pair_at, supplier_at, lines.agreed,
        np.array([options.item_prior, options.supplier_prior, as_agreed]), levels, wanted, quantiles, moments,
    )  # fmt: skip
    return quantiles, moments


def _without_the_stray(weight: Floats, supplier: Ints, ratio: Floats, came: npt.NDArray[np.bool_]) -> Floats:
    """Weights of lines in the catalogue's distribution, [N]: none for the supplier whose receipts, taken together, stray most from it."""
    if not 2 <= np.unique(supplier[came]).size < MANY:
        return weight
    counted = weight * came
    usual = float((counted * ratio).sum() / counted.sum())
    stray = int(np.abs(np.bincount(supplier, counted * (ratio - usual))).argmax())
    return np.where(supplier == stray, 0.0, weight)


def _one_each(delivery: Ints) -> Floats:
    """Weights that make each delivery count once, however many lines it has."""
    if not delivery.size:
        return np.zeros(0)
    return np.asarray(1.0 / np.bincount(delivery)[delivery])


def _stretch(lines: Lines, as_of: int, levels: Floats, options: Options) -> Floats:
    """Factor of each level that would have made the past months' quantiles right, [Q]."""
    starts = range(as_of - options.window_days, as_of, options.vintage_days)
    ratios, events, weights, suppliers = [], [], [], []
    days, came = observed(lines, as_of)
    share = _one_each(lines.delivery)
    first = int(lines.ordered.min(initial=as_of))
    for start in starts:
        rows = np.flatnonzero((lines.ordered >= start) & (lines.ordered < min(start + options.vintage_days, as_of)))
        if start <= first or not rows.size:
            continue
        wanted = np.zeros(lines.supplier.size, dtype=np.bool_)
        wanted[lines.pair[rows]] = True
        said = _fit(lines, start, levels, options, wanted)[0][lines.pair[rows]]
        ratios.append((days[rows, None] + 1.0) / (said + 1.0))
        events.append(came[rows])
        weights.append(share[rows])
        suppliers.append(lines.supplier[lines.pair[rows]])
    if not ratios:
        return np.ones(levels.size)
    ratio, event, weight = np.concatenate(ratios), np.concatenate(events), np.concatenate(weights)
    if not event.any():
        return np.ones(levels.size)
    supplier = np.concatenate(suppliers)
    found = np.array([_shared_quantile(ratio[:, q], event, weight, supplier, level) for q, level in enumerate(levels)])
    trust = weight.sum() / (weight.sum() + options.tail_prior)
    return np.asarray(np.exp(trust * np.log(np.maximum(found, 1e-3))))


def _shared_quantile(
    value: Floats, event: npt.NDArray[np.bool_], weight: Floats, supplier: Ints, level: float
) -> float:
    """Quantile of all, or without the supplier that has most of the weight beyond it, whichever is nearer to 1."""
    found = _km_quantile(value, event, weight, level)
    beyond = event & (value >= found if found > 1.0 else value <= found)
    if np.unique(supplier[event]).size >= MANY:
        return found
    rest = supplier != int(np.bincount(supplier, weight * beyond).argmax())
    if not (event & rest).any():
        return found
    other = _km_quantile(value[rest], event[rest], weight[rest], level)
    return min(found, max(other, 1.0)) if found > 1.0 else max(found, min(other, 1.0))


def _km_quantile(value: Floats, event: npt.NDArray[np.bool_], weight: Floats, level: float) -> float:
    """Quantile of a right-censored sample; the greatest event where the curve ends below the level."""
    points, place = np.unique(value, return_inverse=True)
    died = np.bincount(place, weight * event, points.size)
    at_risk = np.bincount(place, weight, points.size)[::-1].cumsum()[::-1]
    reached = 1.0 - np.cumprod(1.0 - died / at_risk)
    found = min(int(np.searchsorted(reached, level - 1e-9)), int(np.flatnonzero(died > 0)[-1]))
    return float(points[found])
