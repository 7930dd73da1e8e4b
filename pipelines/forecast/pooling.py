"""Backtest windows of several origins under one another, and what candidates lose on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.distribution import blend, negbin
from pipelines.core.panel import Array
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.metrics import FINE, LEVELS, pinball

RIDGE: Final = 0.05
"""Pull of the stack towards equal weights, relative to the evidence."""

_AT: Final = tuple(FINE.index(level) for level in LEVELS)


@dataclass(frozen=True)
class Pool:
    """Windows of several origins under one another.

    Attributes:
        means: [r, m] expectation of each member.
        demand: [r] units.
        terms: [2, r] of the variance.
        scale: [r] divisor of the loss.
        unit: [r] step of demand.
        code: [r] class codes.
        sku: [r] position of the SKU, for halves and paired differences.
        origin: [r] position of the origin: what all SKUs of a window share is drawn once for each.
        rate: [r] mean demand per bucket of the SKU, units.
        shapes: member → [r, len(FINE)] quantiles of members that speak a distribution of their own, NaN where silent.
    """

    means: Array
    demand: Array
    terms: Array
    scale: Array
    unit: Array
    code: Array
    sku: Array
    origin: Array
    rate: Array
    shapes: Mapping[str, Array]

    def rows(self, keep: Array) -> "Pool":
        """The windows of a mask."""
        plain = (getattr(self, name)[keep] for name in ("demand", "scale", "unit", "code", "sku", "origin", "rate"))
        demand, scale, unit, code, sku, origin, rate = plain
        shapes = {name: shape[keep] for name, shape in self.shapes.items()}
        return Pool(self.means[keep], demand, self.terms[:, keep], scale, unit, code, sku, origin, rate, shapes)


def pool(evidence: Sequence[Evidence], members: Sequence[str], fewest_known: int) -> Pool:
    """The usable windows of all origins.

    Args:
        evidence: one or more origins.
        members: names, in the order of the recipe.
        fewest_known: SKUs with fewer known buckets at the origin are forecast by rule and left out.

    Returns:
        The pool.
    """
    keeps = [e.usable & (e.known >= fewest_known) for e in evidence]
    pairs = list(zip(evidence, keeps, strict=True))

    def joined(name: str) -> Array:
        return np.concatenate([getattr(e, name)[k] for e, k in pairs])

    shaped = [name for name in members if all(name in e.shapes for e in evidence)]
    return Pool(
        np.concatenate([np.stack([e.means[name][k] for name in members], axis=1) for e, k in pairs]),
        joined("demand"),
        np.concatenate([e.window_terms[:, k] for e, k in pairs], axis=1),
        joined("scale"),
        joined("unit"),
        joined("code"),
        np.concatenate([np.flatnonzero(k) for _, k in pairs]),
        np.concatenate([np.full(k.sum(), at) for at, k in enumerate(keeps)]),
        joined("rate"),
        {name: np.concatenate([e.shapes[name][k] for e, k in pairs]) for name in shaped},
    )


def loss(windows: Pool, mean: Array, factor: float = 1.0) -> Array:
    """[r] scaled pinball loss of a mean [r] with its negative binomial, its variance times a factor."""
    spread = factor * variance(windows.terms, mean)
    level = np.array([LEVELS])
    quantiles = negbin.quantiles(mean, spread, level, np.zeros(mean.size, dtype=np.int64), windows.unit)
    return np.asarray(pinball(windows.demand, quantiles, LEVELS) / windows.scale)


def stack_weights(windows: Pool, top: Array | None = None) -> Array:
    """Non-negative weights of the members by least squares on standardised windows, ridged towards equal ones.

    Args:
        windows: evidence.
        top: [m] positions of the members that take part; None: all.

    Returns:
        [m] ≥ 0.
    """
    from scipy.optimize import nnls

    means = windows.means if top is None else windows.means[:, top]
    m, centre = means.shape[1], means.mean(axis=1)
    spread = np.sqrt(np.maximum(variance(windows.terms, np.maximum(centre, 1e-6)), 1e-9))
    a, b = means / spread[:, None], np.clip(windows.demand / spread, 0, centre / spread + 6)
    pull = np.sqrt(RIDGE * (a**2).sum() / m)
    ridge = pull * np.eye(m)
    weights, _ = nnls(np.vstack([a, ridge]), np.concatenate([b, np.full(m, pull / m)]))
    return np.asarray(weights)


def losses(windows: Pool, members: tuple[str, ...]) -> dict[str, Array]:
    """Candidate → [r] scaled pinball loss; a member that speaks a distribution of its own is judged by it."""
    out = {}
    for j, member in enumerate(members):
        if member == blend.MEMBER:
            continue
        out[member] = loss(windows, windows.means[:, j])
        if member in windows.shapes:
            own_quantiles = windows.shapes[member][:, _AT]
            own = pinball(windows.demand, own_quantiles, LEVELS) / windows.scale
            out[member] = np.where(np.isfinite(own_quantiles).all(axis=1), own, out[member])
    return out


def bucket_pool(evidence: Sequence[Evidence], members: tuple[str, ...], fewest_known: int, every: int = 4) -> Pool:
    """Single buckets (every fourth of the horizon) as windows."""
    parts = []
    for at_origin, e in enumerate(evidence):
        steps = np.arange(0, e.actual.shape[1], every)
        known = np.isfinite(e.actual[:, steps]) & (e.usable & (e.known >= fewest_known))[:, None]
        sku, at = np.nonzero(known)
        step = steps[at]
        means = np.stack([e.paths[name][sku, step] for name in members], axis=1)
        width = np.maximum(e.scale[sku] / e.actual.shape[1], 1e-9)
        parts.append(
            Pool(
                means,
                e.actual[sku, step],
                e.bucket_terms[:, sku],
                width,
                e.unit[sku],
                e.code[sku],
                sku,
                np.full(sku.size, at_origin),
                e.rate[sku],
                {},
            )
        )
    terms = np.concatenate([p.terms for p in parts], axis=1)

    def joined(name: str) -> Array:
        return np.concatenate([getattr(p, name) for p in parts])

    return Pool(
        joined("means"), joined("demand"), terms, joined("scale"), joined("unit"), joined("code"), joined("sku"),
        joined("origin"), joined("rate"), {},
    )  # fmt: skip
