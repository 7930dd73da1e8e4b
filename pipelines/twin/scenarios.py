"""What may happen to a network: named scenarios, alone or together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipelines import settings
from pipelines.core import scenarios
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
        level_factor: demand of every day times this.
    """

    name: str
    about: str
    demand_factor: float = 1.0
    spike_days: tuple[int, int] | None = None
    seasonality: float | None = None
    supplier_delay_days: int = 0
    deviation_factor: float = 1.0
    level_factor: float = 1.0


NAMES: Final = {"spike": "demand_spike", "strong_seasonality": "high_seasonality"}
"""Built-in scenarios that have another name here."""

ABOUT: Final = {
    "normal": "the network as configured",
    "spike": "demand × 2.5 on days 30–32",
    "strong_seasonality": "seasonality of 50%",
    "supplier_delay": "suppliers take 7 days longer",
    "high_variability": "twice the standard deviation of demand",
}

PLAYED: Final = (
    "demand_factor",
    "spike_factor",
    "spike_from",
    "spike_until",
    "seasonality",
    "supplier_delay_days",
    "deviation_factor",
)
"""Keys of a change that a network can play; costs and terms are those of its own file."""


def _known() -> dict[str, dict[str, Any]]:
    """Every scenario, the configuration's among them, with what it changes."""
    return scenarios.BUILT_IN | dict(settings.load().studies.scenarios)


def _named(parts: list[str], known: dict[str, dict[str, Any]]) -> Scenario:
    """A scenario of one name or of several."""
    change = scenarios.together(parts, known)
    foreign = [key for key in change if key not in PLAYED]
    if foreign:
        raise StockproofError(
            f"the twin cannot play {', '.join(foreign)} of the scenario {'+'.join(parts)}",
            f"`stockproof study` can; a network takes {', '.join(PLAYED)}",
        )
    days = (change["spike_from"], change["spike_until"]) if "spike_from" in change else None
    return Scenario(
        "+".join(NAMES.get(part, part) for part in parts),
        "; ".join(_about(part, known[part]) for part in parts),
        demand_factor=change.get("spike_factor", 1.0),
        spike_days=days,
        seasonality=change.get("seasonality"),
        supplier_delay_days=change.get("supplier_delay_days", 0),
        deviation_factor=change.get("deviation_factor", 1.0),
        level_factor=change.get("demand_factor", 1.0),
    )


def _about(name: str, change: dict[str, Any]) -> str:
    return ABOUT.get(name) or ", ".join(f"{key} {value}" for key, value in change.items())


SCENARIOS: Final = {NAMES.get(name, name): _named([name], scenarios.BUILT_IN) for name in scenarios.BUILT_IN}


def listed() -> dict[str, Scenario]:
    """The built-in scenarios, and those of the configuration's key ``studies.scenarios`` that a network can play."""
    own = settings.load().studies.scenarios
    playable = [name for name, change in own.items() if set(change) <= set(PLAYED)]
    return SCENARIOS | {name: find(name) for name in playable}


def find(name: str) -> Scenario:
    """A scenario, or several joined by ``+``, which then happen together.

    Args:
        name: e.g. ``demand_spike`` or ``demand_spike+supplier_delay``.

    Returns:
        The scenario.

    Raises:
        StockproofError: there is none of that name, or a network cannot play it.

    >>> both = find("demand_spike+supplier_delay")
    >>> both.demand_factor, both.supplier_delay_days, both.name
    (2.5, 7, 'demand_spike+supplier_delay')
    """
    known = _known()
    return _named(scenarios.names(name, known), known)


def several(names: Sequence[str]) -> list[Scenario]:
    """Scenarios by name; none named: all of them."""
    return [find(name) for name in names] if names else list(listed().values())
