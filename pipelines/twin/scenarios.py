"""What may happen to a network: named scenarios, alone or together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.core.errors import StockproofError


@dataclass(frozen=True)
class Scenario:
    """A change of the world; the random numbers stay the same, so two scenarios differ by their cause alone.

    Attributes:
        name: what it is called.
        about: one line for people.
        demand_factor: demand times this on the days of ``spike_days``.
        spike_days: first and last day of the factor, counted from 0; None: never.
        seasonality: amplitude of the sine instead of the SKU's; None: the SKU's.
        supplier_delay_days: days added to every lead time from a supplier.
        deviation_factor: standard deviation of demand times this.
    """

    name: str
    about: str
    demand_factor: float = 1.0
    spike_days: tuple[int, int] | None = None
    seasonality: float | None = None
    supplier_delay_days: int = 0
    deviation_factor: float = 1.0


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("normal", "the network as configured"),
        Scenario("demand_spike", "demand × 2.5 on days 30–32", demand_factor=2.5, spike_days=(30, 32)),
        Scenario("high_seasonality", "seasonality of 50%", seasonality=0.5),
        Scenario("supplier_delay", "suppliers take 7 days longer", supplier_delay_days=7),
        Scenario("high_variability", "twice the standard deviation of demand", deviation_factor=2.0),
    )
}

ALIASES: Final = {
    "spike": "demand_spike",
    "seasonality": "high_seasonality",
    "seasonal": "high_seasonality",
    "delay": "supplier_delay",
    "supply_disruption": "supplier_delay",
    "variability": "high_variability",
    "deviation": "high_variability",
}


def find(name: str) -> Scenario:
    """A scenario, or several joined by ``+``, which then happen together.

    Args:
        name: e.g. ``demand_spike`` or ``demand_spike+supplier_delay``.

    Returns:
        The scenario.

    Raises:
        StockproofError: there is none of that name.

    >>> both = find("demand_spike+supplier_delay")
    >>> both.demand_factor, both.supplier_delay_days, both.name
    (2.5, 7, 'demand_spike+supplier_delay')
    """
    parts = [_one(part) for part in name.split("+")]
    whole = parts[0]
    for part in parts[1:]:
        whole = together(whole, part)
    return whole


def together(first: Scenario, second: Scenario) -> Scenario:
    """Both at once: delays add up, factors multiply, the larger seasonality holds."""
    if first.spike_days and second.spike_days and first.spike_days != second.spike_days:
        raise StockproofError(f"scenarios {first.name} and {second.name} spike on different days", "run one of them")
    amplitudes = [one.seasonality for one in (first, second) if one.seasonality is not None]
    return replace(
        first,
        name=f"{first.name}+{second.name}",
        about=f"{first.about}; {second.about}",
        demand_factor=first.demand_factor * second.demand_factor,
        spike_days=first.spike_days or second.spike_days,
        seasonality=max(amplitudes, default=None),
        supplier_delay_days=first.supplier_delay_days + second.supplier_delay_days,
        deviation_factor=first.deviation_factor * second.deviation_factor,
    )


def several(names: Sequence[str]) -> list[Scenario]:
    """Scenarios by name; none named: all of them."""
    return [find(name) for name in names] if names else list(SCENARIOS.values())


def _one(name: str) -> Scenario:
    key = name.strip().lower().replace("-", "_")
    key = ALIASES.get(key, key)
    if key not in SCENARIOS:
        raise StockproofError(
            f"there is no scenario '{name.strip()}'; there are {', '.join(SCENARIOS)}",
            "`stockproof twin scenarios` lists them; join several with +",
        )
    return SCENARIOS[key]
