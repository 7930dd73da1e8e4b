"""Suppliers: what they promise, and how they really deliver."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core import seeds
from pipelines.sample.config import SampleConfig

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

INACTIVE_SHARE: Final = 0.06
LONGEST_LEAD: Final = 3.0
"""Times the agreed lead time; nobody waits longer."""
_NAMES: Final = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Linden", "Maple", "Oak", "Pine", "Rowan", "Willow")
_TRADES: Final = ("Trading", "Industries", "Supply", "Works", "Imports")
_COUNTRIES: Final = ("DE", "NL", "PL", "IT", "CZ", "TR", "CN", "IN")


@dataclass(frozen=True)
class Suppliers:
    """Suppliers as arrays, S of them over T simulated days.

    Attributes:
        ids: supplier_id, length S.
        active: takes orders, shape (S,).
        lead_time: agreed days from order to receipt, shape (S,).
        price_level: factor on an item's cost, shape (S,).
        ordering_cost: fixed cost of an order, money, shape (S,).
        weight: how many items it has as primary supplier, relative, shape (S,).
        review: orders are placed on this weekday (Monday first), shape (S, 7).
        lead_factor: real over agreed lead time of an order placed on a day, shape (S, T).
        cancelled: the supplier cancels what is ordered on a day, shape (S, T).
        partial_rate: share of lines delivered in part, shape (S,).
        reject_rate: share of lines with rejected units, shape (S,).
    """

    ids: list[str]
    active: Bools
    lead_time: Ints
    price_level: Floats
    ordering_cost: Floats
    weight: Floats
    review: Bools
    lead_factor: Floats
    cancelled: Bools
    partial_rate: Floats
    reject_rate: Floats


def draws(seed: int, kind: str, ids: list[str], uniforms: int, normals: int = 0) -> tuple[Floats, Floats]:
    """Random numbers keyed by id, so that neither count nor order of the ids changes anybody's.

    Args:
        seed: root seed.
        kind: what the numbers are for.
        ids: one row each.
        uniforms: uniform numbers a row.
        normals: standard normal numbers a row.

    Returns:
        Shapes (ids, uniforms) and (ids, normals).
    """
    uniform, normal = np.empty((len(ids), uniforms)), np.empty((len(ids), normals))
    for row, name in enumerate(ids):
        random = seeds.generator(seed, "sample", kind, name)
        random.random(out=uniform[row])
        random.standard_normal(out=normal[row])
    return uniform, normal


def make_suppliers(config: SampleConfig) -> Suppliers:
    """Draw the suppliers.

    Args:
        config: their number, the days, the seed.

    Returns:
        The suppliers; the first is always active.
    """
    ids = [f"SUP-{i:03d}" for i in range(1, config.suppliers + 1)]
    u, z = draws(config.seed, "supplier", ids, 16, 2)
    active = u[:, 0] >= INACTIVE_SHARE
    active[0] = True
    lead_factor, cancelled = _deliveries(config, ids, u, z)
    review = np.zeros((len(ids), 7), dtype=bool)
    first_day, per_week = (u[:, 1] * 5).astype(int), 1 + (u[:, 2] * 3).astype(int)
    for k in range(3):
        review[np.arange(len(ids)), (first_day + 2 * k) % 5] |= k < per_week
    return Suppliers(
        ids=ids,
        active=active,
        lead_time=np.rint(4 + 31 * u[:, 3] ** 1.8).astype(np.int64),
        price_level=np.exp(0.04 * z[:, 0]),
        ordering_cost=np.rint(5 + 19 * u[:, 4]) * 5,
        weight=0.15 + u[:, 5] ** 2,
        review=review,
        lead_factor=lead_factor,
        cancelled=cancelled,
        partial_rate=0.01 + 0.11 * u[:, 6] ** 2,
        reject_rate=0.004 + 0.06 * u[:, 7] ** 3,
    )


def _deliveries(config: SampleConfig, ids: list[str], u: Floats, z: Floats) -> tuple[Floats, Bools]:
    """All lines ordered from a supplier on a day travel together: one factor a supplier and day."""
    spread, tardiness = 0.02 + 0.24 * u[:, 8] ** 2, -0.07 + 0.07 * z[:, 1]
    tail_rate, cancel_rate = 0.005 + 0.06 * u[:, 9] ** 2, 0.001 + 0.008 * u[:, 10] ** 2
    factor, cancelled = np.empty((len(ids), config.total_days)), np.zeros((len(ids), config.total_days), dtype=bool)
    for row, name in enumerate(ids):
        random = seeds.generator(config.seed, "sample", "deliveries", name)
        normal, tail, late, cancel = random.standard_normal(config.total_days), *random.random((3, config.total_days))
        factor[row] = np.exp(tardiness[row] + spread[row] * normal) * np.where(
            tail < tail_rate[row], 1.3 + 1.2 * late, 1.0
        )
        np.minimum(factor[row], LONGEST_LEAD, out=factor[row])
        cancelled[row] = cancel < cancel_rate[row]
    return factor, cancelled


def suppliers_frame(config: SampleConfig, suppliers: Suppliers) -> pl.DataFrame:
    """The contract's suppliers."""
    u, _ = draws(config.seed, "supplier name", suppliers.ids, 3)
    names = [
        f"{_NAMES[int(row[0] * len(_NAMES))]} {_TRADES[int(row[1] * len(_TRADES))]} {name[4:]}"
        for name, row in zip(suppliers.ids, u, strict=True)
    ]
    countries = [_COUNTRIES[int(row[2] * len(_COUNTRIES))] for row in u]
    return pl.DataFrame({"supplier_id": suppliers.ids, "name": names, "country": countries, "active": suppliers.active})
