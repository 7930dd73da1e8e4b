"""The sentence on a day on which a step failed and the orders were decided without it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.core.text import count, verb

STEPS = {
    "vendors": "the measurement of the vendors",
    "forecast": "the forecast",
    "validate_forecasts": "the check of the forecasts",
    "plan_replay": "the replay",
    "replay": "the replay",
    "policy": "the setting of the policies",
    "outcomes": "the outcomes of earlier decisions",
    "models": "the monitoring of the models",
}
"""Steps a day can do without, in the order they run, as a planner calls them."""

LEVELS = {"reorder_point": "the ERP's own minimum and maximum", "safety_stock": "a safety stock over the past's mean"}
"""Who decides where the policy cannot."""

FALLBACK_MODEL = "statistical-fallback"
"""``model_version`` of forecasts made without a trained model: none is registered, the registry is away, or the model cannot be used."""


@dataclass(frozen=True)
class Day:
    """What the decisions of a day say of it.

    Attributes:
        failed: steps that failed, by name.
        skus: SKUs decided.
        by_level: level → SKUs that it decided because the one before it could not.
        measured_on: earlier days on which the lead times were measured that lines are expected by.
        unproven: lines to order without a passport.
        without_model: SKUs forecast without a trained model.
    """

    failed: Sequence[str]
    skus: int
    by_level: Mapping[str, int] = field(default_factory=dict)
    measured_on: Sequence[str] = ()
    unproven: int = 0
    without_model: int = 0


def steps(states: Mapping[str, str]) -> list[str]:
    """Steps that failed, by name; an instance of a mapped one, ``replay_3``, counts as the step.

    >>> steps({"replay_0": "success", "replay_3": "failed", "policy": "success", "forecast": "upstream_failed"})
    ['forecast', 'replay']
    """
    failed = (name for name, state in states.items() if state in ("failed", "upstream_failed"))
    return sorted({name.rstrip("0123456789").removesuffix("_") for name in failed})


def sentence(day: Day) -> str:
    """One sentence: what failed, and what decided in its place.

    >>> sentence(Day(("forecast", "validate_forecasts"), 9, {"reorder_point": 6, "safety_stock": 2}))
    "Degraded run: the forecast and the check of the forecasts failed; 8 of 9 SKUs are decided by the next level (6 by the ERP's own \
minimum and maximum, 2 by a safety stock over the past's mean), and each of their lines says why."

    Args:
        day: what is known of it.

    Returns:
        The sentence; empty where nothing failed and a trained model forecast.
    """
    simple = (
        f"no trained model served, so {count(day.without_model, 'SKU')} {verb(day.without_model, 'is', 'are')} forecast by simple "
        f"statistics and {verb(day.without_model, 'its line says', 'their lines say')} why"
    )
    if not day.failed:
        return f"{simple[0].upper()}{simple[1:]}." if day.without_model else ""
    known = [STEPS[name] for name in STEPS if name in day.failed]
    names = list(dict.fromkeys([*known, *(f"the step {name}" for name in day.failed if name not in STEPS)]))
    parts = [f"Degraded run: {_joined(names)} failed"]
    if "vendors" in day.failed:
        parts.append(_vendors(day))
    if {"plan_replay", "replay"} & set(day.failed):
        parts.append(_replay(day))
    if day.without_model:
        parts.append(simple)
    parts.append(_levels(day))
    return "; ".join(parts) + "."


def _vendors(day: Day) -> str:
    if day.measured_on:
        return f"lines are expected by the vendors' lead times as measured on {_joined(list(day.measured_on))}"
    return "lines are expected by the agreed lead times"


def _replay(day: Day) -> str:
    if not day.unproven:
        return "every line to order has its passport all the same"
    lines = f"{count(day.unproven, 'line')} to order {verb(day.unproven, 'has', 'have')}"
    whose = verb(day.unproven, "its SKU", "their SKUs")
    return f"{lines} no passport of today, and the choice of the last run that replayed {whose} stands"


def _levels(day: Day) -> str:
    stepped_in = sum(day.by_level.values())
    if not stepped_in:
        return f"no other level had to step in for any of the {count(day.skus, 'SKU')}"
    by = ", ".join(f"{day.by_level[name]:,} by {LEVELS[name]}" for name in LEVELS if day.by_level.get(name))
    decided = verb(stepped_in, "is", "are")
    whose = verb(stepped_in, "its line", "each of their lines")
    return (
        f"{stepped_in:,} of {count(day.skus, 'SKU')} {decided} decided by the next level ({by}), and {whose} says why"
    )


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
