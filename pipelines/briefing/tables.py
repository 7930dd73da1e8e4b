"""Which steps a date's orders were decided without: noted by the run, shown wherever its orders are."""

import json
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from pipelines.briefing.degraded import FALLBACK_MODEL, Day, sentence
from pipelines.io import warehouse

_FAILED = "select step from plan.failed_steps where as_of = :as_of order by step"

_MEASURED = "measured median of "
"""How ``expected_from`` begins where an earlier run's measurement counts; the date follows."""

_DECIDED = """
select cast(count(*) as bigint) as skus,
    cast(count(*) filter (where level_reason <> '' and level = 'reorder_point') as bigint) as reorder_point,
    cast(count(*) filter (where level_reason <> '' and level = 'safety_stock') as bigint) as safety_stock,
    cast(count(*) filter (where quantity > 0 and passport = '') as bigint) as unproven,
    coalesce(string_agg(distinct substr(expected_from, :skip), ' ') filter (where starts_with(expected_from, :measured)), '') as measured_on
from plan.decisions where as_of = :as_of
"""

_SIMPLE = """
select cast(count(*) as bigint) as skus from plan.sound_lead_time_forecasts where as_of = :as_of and model_version = :model
"""


def note(as_of: date, failed: Sequence[str], *, whole: bool = True) -> None:
    """Note the steps that a date's decisions are made without.

    Args:
        as_of: the run's date.
        failed: the steps, by name; none: nothing is degraded.
        whole: the run decided all SKUs, so that what an earlier run of the date noted no longer holds.
    """
    with warehouse.transaction() as connection:
        if whole:
            connection.execute(sa.text("delete from plan.failed_steps where as_of = :as_of"), {"as_of": as_of})
        connection.execute(
            sa.text(
                "insert into plan.failed_steps (as_of, step) select :as_of, json_array_elements_text(cast(:steps as json)) "
                "on conflict do nothing"
            ),
            {"as_of": as_of, "steps": json.dumps(sorted(set(failed)))},
        )


def failed_steps(as_of: date) -> list[str]:
    """Steps that a date's decisions were made without, by name."""
    return list(warehouse.read(_FAILED, as_of=as_of)["step"])


def degraded(as_of: date) -> str:
    """What a planner must know of a date's orders before reading them.

    Args:
        as_of: a run's date.

    Returns:
        One sentence; empty where no step failed and a trained model forecast.
    """
    failed = failed_steps(as_of)
    simple = warehouse.read(_SIMPLE, as_of=as_of, model=FALLBACK_MODEL)["skus"][0]
    row = warehouse.read(_DECIDED, as_of=as_of, measured=_MEASURED, skip=len(_MEASURED) + 1).row(0, named=True)
    levels = {name: row[name] for name in ("reorder_point", "safety_stock")}
    return sentence(Day(failed, row["skus"], levels, sorted(row["measured_on"].split()), row["unproven"], simple))
