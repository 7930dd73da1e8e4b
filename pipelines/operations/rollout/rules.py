"""When a group of SKUs is promoted to the next stage, and when it is rolled back to the first. Pure."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipelines.config_schema import Rollout
from pipelines.core.inventory import Floats
from pipelines.operations.realised.confidence import Saving

PROMOTE, ROLL_BACK, STAY = "promote", "roll back", "stay"

FEWEST_LINES: Final = 10
"""Lines that people must have decided in a week before their changes can roll back."""

FIRST_LOOK_DAYS: Final = 7
"""The sequential test begins after a week: means of fewer days are too far from normal."""

NOTHING: Final = Saving(float("nan"), float("nan"), float("nan"), 0, 0)


@dataclass(frozen=True)
class Seen:
    """What is known of a group in its stage.

    Attributes:
        stage: its name.
        days: whole days in it.
        fill: of the SKUs that our policy decides since the stage began, in the first stage as the replay promises it; NaN: no demand.
        fill_priority: the same of the priority classes; NaN: none of them is in the stage.
        daily_fill: by day, newest last; NaN: no demand, shape (days,).
        daily_cost: what they cost over what the incumbent would have, by day, newest last, shape (days,).
        promised: share that the passports promise; NaN: none.
        realised: saving beside the control; unknown in a stage without one.
        changed: share of the decided lines that people changed, since the stage began; NaN: none was decided.
        changed_week: the same over seven days.
        decided_week: lines decided in seven days.
        openings: times that circuit breakers opened in seven days.
    """

    stage: str
    days: int
    fill: float = float("nan")
    fill_priority: float = float("nan")
    daily_fill: Floats = field(default_factory=lambda: np.empty(0))
    daily_cost: Floats = field(default_factory=lambda: np.empty(0))
    promised: float = float("nan")
    realised: Saving = NOTHING
    changed: float = float("nan")
    changed_week: float = float("nan")
    decided_week: int = 0
    openings: int = 0


@dataclass(frozen=True)
class StageVerdict:
    """What the rules say: an action and why."""

    action: str
    reason: str


def judge(seen: Seen, config: Rollout) -> StageVerdict:
    """Apply the rules: a rollback comes before a promotion; in the first stage there is nothing to roll back.

    Args:
        seen: the group.
        config: criteria and stages.

    Returns:
        The verdict; where it stays, its reason names what is missing for the next stage.
    """
    names = list(config.stages)
    place = names.index(seen.stage)
    if place > 0 and (against := harm(seen, config)):
        return StageVerdict(ROLL_BACK, "; ".join(against))
    if place + 1 == len(names):
        return StageVerdict(STAY, "the last stage")
    missing = lacking(seen, config, first=place == 0)
    return StageVerdict(STAY, "; ".join(missing)) if missing else StageVerdict(PROMOTE, _praise(seen, first=place == 0))


def harm(seen: Seen, config: Rollout) -> list[str]:
    """What speaks for a rollback: the four rules, and the sequential test on cost."""
    found = []
    if _all_of_last(seen.daily_fill < config.rollback_fill, config.rollback_fill_days):
        found.append(f"fill below {config.rollback_fill:.0%} for {config.rollback_fill_days} days")
    if _all_of_last(seen.daily_cost > 1 + config.rollback_cost, config.rollback_cost_days):
        found.append(
            f"cost more than {config.rollback_cost:.0%} above the incumbent's for {config.rollback_cost_days} days"
        )
    if seen.openings > config.rollback_openings:
        found.append(f"circuit breakers opened {seen.openings} times in seven days")
    if seen.decided_week >= FEWEST_LINES and seen.changed_week > config.rollback_overrides:
        found.append(f"people changed {seen.changed_week:.0%} of {seen.decided_week} lines in seven days")
    if seen.days >= FIRST_LOOK_DAYS and seen.realised.known and seen.realised.high < 0:
        low, high = -seen.realised.high, -seen.realised.low
        found.append(
            f"it costs {-seen.realised.saving:.1%} more than the incumbent ({low:.1%} to {high:.1%}), which is no chance"
        )
    return found


def lacking(seen: Seen, config: Rollout, *, first: bool) -> list[str]:
    """What is missing for the next stage; empty: nothing."""
    least, missing = config.stages[seen.stage].days, []
    if seen.days < least:
        missing.append(f"day {seen.days} of {least}")
    saved = seen.promised if first or not seen.realised.known else seen.realised.saving
    what = "promised" if first or not seen.realised.known else "realised"
    if not saved >= config.min_saving:
        missing.append(f"{what} saving {_share(saved)}, {config.min_saving:.0%} wanted")
    elif not first and seen.realised.known and seen.realised.low <= 0:
        missing.append(f"a saving that is no chance: {saved:.1%} ({seen.realised.low:.0%} to {seen.realised.high:.0%})")
    if not seen.fill >= config.min_fill:
        missing.append(f"fill {_share(seen.fill)}, {config.min_fill:.0%} wanted")
    if seen.fill_priority < config.min_fill_priority:
        missing.append(f"fill of priority SKUs {seen.fill_priority:.1%}, {config.min_fill_priority:.0%} wanted")
    if seen.changed > config.max_overrides:
        missing.append(f"people changed {seen.changed:.0%} of the lines, at most {config.max_overrides:.0%} wanted")
    return missing


def _praise(seen: Seen, *, first: bool) -> str:
    """Why it is promoted."""
    saved = f"promised saving {_share(seen.promised)}"
    if not first and seen.realised.known:
        saved = f"realised saving {seen.realised.saving:.1%} ({seen.realised.low:.0%} to {seen.realised.high:.0%})"
    return f"{seen.days} days, {saved}, fill {_share(seen.fill)}, lines changed {_share(seen.changed)}"


def _all_of_last(bad: np.ndarray, days: int) -> bool:
    return bad.size >= days and bool(bad[-days:].all())


def _share(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:.1%}"
