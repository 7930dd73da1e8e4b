"""Scenarios by name, for studies: the built-in ones, and those of the configuration's key ``studies.scenarios``."""

from typing import Any

from pipelines import settings
from pipelines.core import scenarios
from pipelines.studies.question import Change


def listed() -> dict[str, dict[str, Any]]:
    """Every scenario: name → keys of :class:`Change`."""
    return scenarios.BUILT_IN | dict(settings.load().studies.scenarios)


def change(name: str) -> dict[str, Any]:
    """The change of a scenario, or of several joined by ``+``.

    Args:
        name: e.g. ``spike+supplier_delay``.

    Returns:
        Keys of :class:`Change` that are not at their default.

    Raises:
        StockproofError: an unknown scenario, or two that contradict each other.
    """
    known = listed()
    together = scenarios.together(scenarios.names(name, known), known)
    Change.model_validate(together)
    return together
