"""A network as one would write it down: plain Python, a day in so many steps, for a tree of sites and one SKU.

Demand, sales, store orders, shipments, warehouse order, deliveries, costs; what a warehouse cannot ship it owes, oldest order first.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Site:
    """A site and its policy; ``source`` None: a supplier without end."""

    name: str
    source: str | None = None
    on_hand: float = 0.0
    reorder: float = 0.0
    order_up_to: float = 0.0
    by_position: bool = True
    capacity: float = math.inf
    on_order: float = 0.0
    in_transit: list[tuple[int, float, float]] = field(default_factory=list)  # day it serves, units, units ordered
    backorders: list[tuple[str, float]] = field(default_factory=list)  # who, units, oldest first


Rows = dict[str, dict[str, float]]
ByDay = Mapping[str, Sequence[float]]
"""Site → value by day."""


def simulate(
    sites: list[Site], demand: ByDay, lead: Mapping[str, Sequence[int]], fails: Mapping[str, Sequence[bool]] | None = None,
    usable: ByDay | None = None, given: dict[tuple[str, int], float] | None = None, morning: bool = False,
) -> dict[tuple[str, int], dict[str, float]]:  # fmt: skip
    """Play all days.

    Args:
        sites: Site objects, each supplier and warehouse before those it supplies.
        demand: site → units by day.
        lead: site → days by day.
        fails: site → refused orders by day.
        usable: site → share by day.
        given: (site, day) → units ordered instead of the policy's.
        morning: deliveries come at the start of a day instead of the end of the one before.

    Returns:
        (site, day) → dict of what happened.
    """
    by_name = {site.name: site for site in sites}
    diary: dict[tuple[str, int], dict[str, float]] = {}
    for day in range(len(next(iter(demand.values())))):
        rows = {
            site.name: {"sold": 0.0, "lost": 0.0, "ordered": 0.0, "shipped": 0.0, "failed": 0.0, "received": 0.0}
            for site in sites
        }
        if morning:
            deliver(sites, day, rows)
        for site in sites:
            if site.source is not None:
                asked = demand[site.name][day]
                sold = min(site.on_hand, asked)
                site.on_hand -= sold
                rows[site.name]["sold"], rows[site.name]["lost"] = sold, asked - sold
        for site in deepest_first(sites, by_name):
            ship(site, by_name, day, (lead, usable), rows)
            if site.source is not None:
                order(site, by_name, day, fails, given, rows)
        if not morning:
            deliver(sites, day + 1, rows)
        for site in sites:
            rows[site.name]["stock"], rows[site.name]["owed"] = site.on_hand, sum(units for _, units in site.backorders)
            diary[site.name, day] = rows[site.name]
    return diary


def deepest_first(sites: list[Site], by_name: dict[str, Site]) -> list[Site]:
    def depth(site: Site) -> int:
        return 0 if site.source is None else 1 + depth(by_name[site.source])

    return sorted(sites, key=lambda site: -depth(site))


def deliver(sites: list[Site], day: int, rows: Rows) -> None:
    for site in sites:
        for due, units, ordered in site.in_transit:
            if due == day:
                site.on_hand += units
                site.on_order -= ordered
                rows[site.name]["received"] += units
        site.in_transit = [one for one in site.in_transit if one[0] != day]


def ship(
    site: Site, by_name: dict[str, Site], day: int, terms: tuple[Mapping[str, Sequence[int]], ByDay | None], rows: Rows
) -> None:
    lead, usable = terms
    left = site.capacity if site.source is None else min(site.on_hand, site.capacity)
    while site.backorders and left > 0:
        who, units = site.backorders[0]
        part = min(units, left)
        arrives = part if usable is None else math.floor(part * usable[who][day] + 0.5)
        by_name[who].in_transit.append((day + lead[who][day] + 1, arrives, part))
        rows[site.name]["shipped"] += part
        left -= part
        if site.source is not None:
            site.on_hand -= part
        if part == units:
            site.backorders.pop(0)
        else:
            site.backorders[0] = who, units - part


def order(
    site: Site,
    by_name: dict[str, Site],
    day: int,
    fails: Mapping[str, Sequence[bool]] | None,
    given: dict[tuple[str, int], float] | None,
    rows: Rows,
) -> None:
    if given is not None and (site.name, day) in given:
        units = given[site.name, day]
    else:
        seen = site.on_hand
        if site.by_position:
            seen += site.on_order - sum(owed for _, owed in site.backorders)
        units = site.order_up_to - seen if seen <= site.reorder else 0.0
    if units <= 0:
        return
    if fails is not None and fails[site.name][day]:
        rows[site.name]["failed"] = units
        return
    assert site.source is not None
    by_name[site.source].backorders.append((site.name, units))
    site.on_order += units
    rows[site.name]["ordered"] = units
