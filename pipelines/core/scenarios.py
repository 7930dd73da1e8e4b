"""Scenarios by name, one definition for studies and for the twin: what each changes, and how several happen together."""

from collections.abc import Mapping
from typing import Any, Final

from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown

Changes = dict[str, Any]
"""Keys as in the question of a study: ``demand_factor``, ``spike_factor``, …"""

BUILT_IN: Final[dict[str, Changes]] = {
    "normal": {},
    "spike": {"spike_factor": 2.5, "spike_from": 30, "spike_until": 32},
    "strong_seasonality": {"seasonality": 0.5},
    "supplier_delay": {"supplier_delay_days": 7},
    "high_variability": {"deviation_factor": 2.0},
}

ALIASES: Final = {
    "demand_spike": "spike",
    "high_seasonality": "strong_seasonality",
    "seasonality": "strong_seasonality",
    "seasonal": "strong_seasonality",
    "delay": "supplier_delay",
    "supply_disruption": "supplier_delay",
    "variability": "high_variability",
    "deviation": "high_variability",
}
"""Other names of the built-in ones."""

FACTORS: Final = (
    "demand_factor",
    "spike_factor",
    "deviation_factor",
    "lead_time_factor",
    "price_factor",
    "min_order_factor",
    "holding_cost_factor",
    "shortage_cost_factor",
)


def names(given: str, known: Mapping[str, Changes]) -> list[str]:
    """Names of the scenarios that ``given`` joins by ``+``.

    Args:
        given: e.g. ``demand-spike+delay``.
        known: scenarios by name.

    Returns:
        Keys of ``known``.

    Raises:
        StockproofError: there is none of a name.

    >>> names("Demand-Spike + delay", BUILT_IN)
    ['spike', 'supplier_delay']
    """
    found = []
    for part in (part.strip() for part in given.split("+")):
        plain = part.lower().replace("-", "_")
        found.append(part if part in known else ALIASES.get(plain, plain))
    refuse_unknown(
        found, list(known), "the list of scenarios", "`stockproof study scenarios` lists them; join several with +"
    )
    return found


def together(parts: list[str], known: Mapping[str, Changes]) -> Changes:
    """What scenarios change where they happen together.

    Factors multiply, delays add up, the larger seasonality holds; other keys must not contradict each other.

    Args:
        parts: keys of ``known``.
        known: scenarios by name.

    Returns:
        The change.

    Raises:
        StockproofError: two set one key differently.

    >>> together(["spike", "supplier_delay", "supplier_delay"], BUILT_IN)["supplier_delay_days"]
    14
    """
    whole: Changes = {}
    for part in parts:
        for key, value in known[part].items():
            if key in FACTORS:
                whole[key] = whole.get(key, 1.0) * value
            elif key == "supplier_delay_days":
                whole[key] = whole.get(key, 0) + value
            elif key == "seasonality":
                whole[key] = max(whole.get(key, 0.0), value)
            elif whole.get(key, value) != value:
                raise StockproofError(
                    f"the scenarios {'+'.join(parts)} set {key} to {whole[key]} and {value}", "run one of them"
                )
            else:
                whole[key] = value
    return whole
