"""Scenarios by name, for studies: built-in ones, and those of the configuration's key ``studies.scenarios``."""

from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.studies.question import Change

BUILT_IN: Final[dict[str, dict[str, Any]]] = {
    "normal": {},
    "spike": {"spike_factor": 2.5, "spike_from": 30, "spike_until": 32},
    "strong_seasonality": {"seasonality": 0.5},
    "supplier_delay": {"supplier_delay_days": 7},
    "high_variability": {"deviation_factor": 2.0},
}
FACTORS: Final = (
    "demand_factor", "spike_factor", "deviation_factor", "lead_time_factor", "price_factor", "min_order_factor", "holding_cost_factor",
    "shortage_cost_factor",
)  # fmt: skip


def listed() -> dict[str, dict[str, Any]]:
    """Every scenario: name → keys of :class:`Change`."""
    return BUILT_IN | dict(settings.load().studies.scenarios)


def change(name: str) -> dict[str, Any]:
    """The change of a scenario, or of several joined by ``+``: factors multiply, delays add, other keys must not contradict each other.

    Args:
        name: e.g. ``spike+supplier_delay``.

    Returns:
        Keys of :class:`Change` that are not at their default.

    Raises:
        StockproofError: an unknown scenario, or two that set one key differently.
    """
    known = listed()
    parts = [part.strip() for part in name.split("+")]
    refuse_unknown(parts, list(known), "the scenarios", "`stockproof study scenarios` lists them")
    together: dict[str, Any] = {}
    for part in parts:
        for key, value in known[part].items():
            if key in FACTORS:
                together[key] = together.get(key, 1.0) * value
            elif key == "supplier_delay_days":
                together[key] = together.get(key, 0) + value
            elif together.get(key, value) != value:
                raise StockproofError(
                    f"the scenarios {name} set {key} to {together[key]} and {value}", "run one of them"
                )
            else:
                together[key] = value
    Change.model_validate(together)
    return together
