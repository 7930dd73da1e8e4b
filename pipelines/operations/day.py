"""What the daily run asks of operations before it decides: what followed earlier decisions, and the stages of the rollout."""

from datetime import date
from typing import Any

from pipelines.operations.outcomes import job as outcomes
from pipelines.operations.rollout import job as rollout


def run(as_of: date) -> dict[str, Any]:
    """Write the outcomes up to a date and, where it is enabled, the rollout's stages of that date. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        Counts of the outcomes; ``stages`` by group in a rollout.
    """
    found = outcomes.run(as_of)
    stages = rollout.run(as_of)
    return {**found, "stages": stages} if stages else {**found}
