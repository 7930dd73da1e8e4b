"""The rollout of a day: what the rules say of each group, and who decides each SKU from today on."""

import math
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines import settings
from pipelines.config_schema import Rollout
from pipelines.operations.realised import confidence
from pipelines.operations.rollout import draw, rules, tables
from pipelines.operations.rollout.measure import measure, realised

BASE_DAYS = 120
"""Days before the rollout that costs are compared with."""

_STAGE_EVENTS = ("started", "promoted", "rolled back", "forced", "corrected")


def run(as_of: date) -> dict[str, Any]:
    """Judge each group, write its stage of the date and who decides each SKU. Safe to repeat.

    Args:
        as_of: the run's date; plan.outcomes holds it.

    Returns:
        Stage by group; empty where the rollout is not enabled.
    """
    config = settings.load().rollout
    if not config.enabled:
        return {}
    skus = _drawn(as_of, config)
    stages: dict[str, Any] = {}
    assigned: list[pl.DataFrame] = []
    for (group,), rows in skus.group_by("group_name", maintain_order=True):
        name = str(group)
        before = _before(name, as_of, config)
        current = _assigned(rows, before["stage"], config)
        tables.put_assignments(pl.concat([*assigned, current]), as_of)
        stage = _decided(name, as_of, before, current, config)
        stages[name] = stage
        assigned.append(_assigned(rows, stage, config))
    tables.put_assignments(pl.concat(assigned), as_of)
    return stages


def _drawn(as_of: date, config: Rollout) -> pl.DataFrame:
    """SKUs with their places; new ones are drawn."""
    skus = tables.skus(as_of, config)
    stratum = pl.coalesce("stratum", pl.format("{} {}", "group_name", "rank"))
    held = skus.filter(pl.col("place").is_not_null())
    new = skus.filter(pl.col("place").is_null()).drop("place").with_columns(stratum.alias("stratum"))
    placed = draw.draw(new, config.seed, held)
    tables.keep_draws(placed, as_of)
    return pl.concat([held, placed.select(held.columns)])


def _before(group: str, as_of: date, config: Rollout) -> dict[str, Any]:
    """Stage, its first day, when the rollout began, and whether a person holds it."""
    found = tables.state(group, as_of)
    if not found:
        stage = next(iter(config.stages))
        if not tables.state(group, as_of, all_rows=True):
            tables.log(group, as_of, "started", stage, held=False, author=tables.SYSTEM, reason="the rollout begins")
        return {"stage": stage, "since": as_of, "began": as_of, "held": False}
    since = next(row["as_of"] for row in found if row["event"] in _STAGE_EVENTS)
    return {"stage": found[0]["stage"], "since": since, "began": found[-1]["as_of"], "held": found[0]["held"]}


def _assigned(rows: pl.DataFrame, stage: str, config: Rollout) -> pl.DataFrame:
    staged = rows.with_columns(stage=pl.lit(stage))
    return staged.with_columns(draw.arms(staged, config.stages))


def _decided(group: str, as_of: date, before: dict[str, Any], current: pl.DataFrame, config: Rollout) -> str:
    """The stage of the date; a change is a row of the log."""
    seen, figures = _seen(group, as_of, before, current, config)
    verdict = rules.judge(seen, config)
    stage, names = str(before["stage"]), list(config.stages)
    if not before["held"] and verdict.action != rules.STAY:
        stage = names[names.index(stage) + 1] if verdict.action == rules.PROMOTE else names[0]
    newest = tables.state(group, as_of, all_rows=True)[0]
    if newest["stage"] != stage:
        events = {rules.PROMOTE: "promoted", rules.ROLL_BACK: "rolled back", rules.STAY: "corrected"}
        tables.log(group, as_of, events[verdict.action], stage, held=False, author=tables.SYSTEM, reason=verdict.reason)
    tables.put_check(
        as_of,
        group,
        {
            "stage": stage,
            "since": before["since"],
            "held": before["held"],
            "verdict": verdict.action,
            "reason": verdict.reason,
            "figures": figures,
        },
    )
    return stage


def _seen(
    group: str, as_of: date, before: dict[str, Any], current: pl.DataFrame, config: Rollout
) -> tuple[rules.Seen, dict[str, Any]]:
    """What the rules look at, and the same for people."""
    since, began = before["since"], before["began"]
    found = tables.figures(group, as_of, since, began, began - timedelta(days=BASE_DAYS), config)
    of_stage = current.filter(pl.col("arm") != draw.OUTSIDE).join(
        found["costs"], on=["item_id", "location_id"], how="inner"
    )
    of_stage = of_stage.with_columns(pl.col("cost", "base").fill_null(0.0))
    measured = measure(of_stage, found["days"], config.priority)
    looked = (as_of - since).days >= rules.FIRST_LOOK_DAYS
    before_now = tables.first_error(group, as_of, since)
    tested = realised(of_stage, before_now, 1 - 2 * config.false_alarm) if looked else rules.NOTHING
    shown = realised(of_stage, before_now, confidence.LEVEL) if looked else rules.NOTHING
    promised = {name: _number(found["promised"][name][0]) for name in ("saving", "fill", "fill_priority")}
    first = before["stage"] == next(iter(config.stages))
    changed, week, openings = (found[name].row(0, named=True) for name in ("changed", "changed_week", "openings"))
    total = openings["now"] if openings["noted"] is None else openings["noted"]
    seen = rules.Seen(
        before["stage"], (as_of - since).days, promised["fill"] if first else measured.fill,
        promised["fill_priority"] if first else measured.fill_priority, measured.daily_fill, measured.daily_cost, promised["saving"],
        tested, _ratio(changed), _ratio(week), week["decided"],
        0 if openings["before"] is None else total - openings["before"],
    )  # fmt: skip
    figures = {
        "days": seen.days, "fill": seen.fill, "fill_priority": seen.fill_priority, "promised": seen.promised,
        "realised": shown.saving, "realised_low": shown.low, "realised_high": shown.high,
        "realised_error": shown.error, "ours": shown.ours, "control": shown.control,
        "changed": seen.changed, "decided": changed["decided"], "openings_total": total, "ordered": found["ordered"].row(0, named=True),
    }  # fmt: skip
    return seen, {
        name: None if isinstance(value, float) and math.isnan(value) else value for name, value in figures.items()
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _ratio(row: dict[str, int]) -> float:
    return row["changed"] / row["decided"] if row["decided"] else float("nan")
