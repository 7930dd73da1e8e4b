"""Outcomes of a small company played day by day on a real PostgreSQL equal those computed one at a time from what happened."""

import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.commands import outcomes
from pipelines.io import warehouse
from pipelines.operations.outcomes import job, queries, vendor_review
from tests.integration import outcomes_world as world
from tests.integration.orders_rows import execute

pytestmark = pytest.mark.servers

START, LAST = 138, 167
"""First and last day with a run; the last is a Sunday. All 120 days of a closed loop are played by tests/nightly/test_outcomes_120.py."""

NO_RUN = (144, 145)
"""Days on which nothing ran."""


@pytest.fixture(scope="module")
def played(warehouse_url: str) -> world.World:
    del warehouse_url
    return lived(START, LAST)


def lived(start: int, last: int) -> world.World:
    """The company with a run at the close of each day."""
    execute(*world.MARTS, "insert into marts.dim_supplier values ('S', 'First')")
    company = world.play()
    for now in range(start, last + 1):
        if now in NO_RUN:
            continue
        world.show(company, now)
        job.run(world.day(now))
        world.decide(company, now)
    return company


def held() -> dict[tuple[str, date], dict[str, Any]]:
    rows = warehouse.read("select * from plan.outcomes order by day, item_id")
    return {(row["item_id"], row["day"]): row for row in rows.iter_rows(named=True)}


def differences(expected: dict[tuple[str, date], dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = {
        "demand": "demand",
        "lost": "lost",
        "on_hand": "on_hand",
        "cost": "total_cost",
        "change": "change",
        "final": "final_quantity",
        "late": "late_days",
        "judged": "forecast_demand",
    }
    apart = []
    for key, row in held().items():
        for name, column in names.items():
            wanted, found = expected[key][name], row[column]
            same = (
                wanted == found if None in (wanted, found) or isinstance(wanted, str) else abs(wanted - found) < 0.005
            )
            if not same:
                apart.append((key, column, wanted, found))
    return apart


def without_runs(company: world.World) -> world.World:
    """The same, without the decisions of the days on which nothing ran."""
    orders = [
        o if o.ordered not in NO_RUN else world.Order(**{**vars(o), "change": "", "quantity": None})
        for o in company.orders
    ]
    return world.World(**{**vars(company), "orders": orders})


def expected(company: world.World, now: int, start: int = START) -> dict[tuple[str, date], dict[str, Any]]:
    found = world.slowly(without_runs(company), now, start)
    for (_, on), row in found.items():
        if (on - world.FIRST).days in NO_RUN:
            row["judged"], row["late"] = None, None
    return found


def test_outcomes_equal_a_slow_recomputation_to_the_cent(played: world.World) -> None:
    rows = held()
    assert len(rows) == 4 * (120 + LAST - START)
    assert differences(expected(played, LAST)) == []
    assert {row["change"] for row in rows.values()} == {*world.CHANGES, ""}
    assert sum(row["forecast_demand"] is not None for row in rows.values()) > 60


def test_a_repeated_run_changes_nothing(played: world.World) -> None:
    before = held()
    job.run(world.day(LAST))
    assert held() == before


def test_a_run_of_an_earlier_date_unlearns_what_came_later(played: world.World) -> None:
    early = LAST - 9
    world.show(played, early)
    job.run(world.day(early))
    known = {key: row for key, row in held().items() if key[1] <= world.day(early)}
    late = [row for row in known.values() if row["received_on"] and row["received_on"] > world.day(early)]
    assert late == []
    assert all(
        row["forecast_demand"] is None or key[1].toordinal() + 8 <= world.day(early).toordinal()
        for key, row in known.items()
    )
    assert all(row["proposed_quantity"] is None for key, row in known.items() if key[1] == world.day(early))
    world.show(played, LAST)
    job.run(world.day(LAST))
    assert differences(expected(played, LAST)) == []


def test_the_table_is_partitioned_by_month(played: world.World) -> None:
    query = """select count(*) as n from pg_inherits where inhparent = 'plan.outcomes'::regclass"""
    months = {on.replace(day=1) for _, on in held()}
    assert warehouse.read(query)["n"][0] == len(months)


def test_the_command_shows_weeks_and_an_item(played: world.World) -> None:
    found = json.loads(CliRunner().invoke(outcomes.app, ["--json"], catch_exceptions=False).stdout)
    week = [row for (_, on), row in held().items() if (world.day(LAST) - on).days < 7]
    assert found["weeks"][-1]["total_cost"] == pytest.approx(sum(row["total_cost"] for row in week))
    assert found["weeks"][-1]["fill_rate"] == pytest.approx(
        sum(r["sold"] for r in week) / sum(r["demand"] for r in week)
    )
    shown = CliRunner().invoke(outcomes.app, ["--item", "A"], catch_exceptions=False).stdout
    assert "Outcomes of A" in shown and "raised" in shown


def test_the_weekly_review_covers_the_last_whole_week(played: world.World) -> None:
    monday = vendor_review.week_on(world.day(LAST))
    (row,) = queries.vendors(world.day(LAST))
    came = [o for o in played.orders if 0 <= (world.day(o.received) - monday).days < 7] if row else []
    assert (row["week_on"], row["receipts"]) == (monday, len(came))
    assert row["on_time_share"] == pytest.approx(sum(o.received <= o.expected for o in came) / len(came))
