"""The stage in force decides whose quantity a line carries, and the line says so; a person forces, holds and releases it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands import rollout as command
from pipelines.io import warehouse
from pipelines.operations.rollout import job as rollout
from pipelines.policy import job as policy
from pipelines.purchase import job as purchase
from tests.integration.test_replay_to_orders import AS_OF, marts  # noqa: F401  (its fixture fills this module's warehouse)

pytestmark = pytest.mark.servers

STAGES = {
    "shadow": {"classes": [], "days": 14},
    "pilot": {"classes": ["A"], "days": 14, "control": 0.4},
    "all": {"classes": ["*"], "days": 1},
}
WITHOUT_RULE = {"ITEM-07", "ITEM-08"}
"""SKUs of which the ERP has no minimum and maximum."""


@pytest.fixture(scope="module", autouse=True)
def enabled(configured: pytest.MonkeyPatch) -> Iterator[None]:
    configured.setenv("STOCKPROOF_ROLLOUT__STAGES", json.dumps(STAGES))
    yield
    settings.load.cache_clear()


def _day(number: int, *, on: bool = True) -> tuple[str, dict[str, dict[str, Any]]]:
    """Stage and lines of a day, with the reason of each decision."""
    as_of = AS_OF + timedelta(days=number)
    for table in ("marts.dim_sku", "plan.lead_time_forecasts"):
        warehouse.execute(f"update {table} set as_of = :d", d=as_of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_ROLLOUT__ENABLED", str(on).lower())
        settings.load.cache_clear()
        stages = rollout.run(as_of)
        policy.run(as_of)
        purchase.run(as_of)
    settings.load.cache_clear()
    query = """select d.item_id, d.quantity, d.reason, l.stage, l.arm, l.carried_by, l.our_quantity, l.quantity as carried
        from plan.decisions d left join plan.rollout_lines l using (as_of, item_id, location_id) where d.as_of = :d"""
    return stages.get("all", ""), {row["item_id"]: row for row in warehouse.read(query, d=as_of).to_dicts()}


def _person(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(
        command.app, [*words, "--reason", "by test", "--by", "ann", "--json"], catch_exceptions=False
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def alone() -> dict[str, float]:
    """What our policy orders where there is no rollout."""
    return {item: row["quantity"] for item, row in _day(0, on=False)[1].items()}


def test_in_shadow_the_erps_rule_carries_every_line_and_ours_is_noted(alone: dict[str, float]) -> None:
    stage, lines = _day(0)
    assert stage == "shadow"
    assert {item: row["our_quantity"] for item, row in lines.items()} == alone
    for item, row in lines.items():
        assert row["carried_by"] == ("ours" if item in WITHOUT_RULE else "incumbent"), item
        assert row["quantity"] == row["carried"]
    one = lines["ITEM-01"]
    assert one["quantity"] == 30, "27 are missing to the ERP's maximum of 30, in packs of 6"
    assert one["quantity"] != alone["ITEM-01"]
    assert "; rollout stage shadow: the ERP's own minimum and maximum carry this line" in one["reason"]
    assert "our policy carries this line, because the ERP has no minimum" in lines["ITEM-07"]["reason"]


def test_a_person_forces_a_stage_whose_drawn_share_stays_with_the_erps_rule(alone: dict[str, float]) -> None:
    done = _person("force", "pilot")
    assert (done["from"], done["stage"], done["held"]) == (str(AS_OF + timedelta(days=1)), "pilot", True)
    stage, lines = _day(1)
    assert stage == "pilot"
    arms = [row["arm"] for row in lines.values()]
    assert (arms.count("control"), arms.count("ours")) == (4, 5), "0.4 of nine SKUs of class A"
    for item, row in lines.items():
        ours = row["arm"] == "ours" or item in WITHOUT_RULE
        assert row["carried_by"] == ("ours" if ours else "incumbent")
        assert row["quantity"] == (alone[item] if ours else row["carried"])
        words = (
            "our policy carries this line"
            if ours
            else "carry this line (drawn to stay with the incumbent), ours would order"
        )
        assert "; rollout stage pilot: " in row["reason"] and words in row["reason"]


def test_what_a_person_holds_stays_until_it_is_released() -> None:
    assert _person("hold")["stage"] == "pilot"
    assert _day(2)[0] == "pilot"
    held = _shown()
    assert (held["stage"], held["held"]) == ("pilot", True)
    assert _person("release")["held"] is False
    assert _day(3)[0] == "pilot", "the rules neither promote nor roll back after so few days"
    assert (_shown()["held"], _shown()["verdict"]) == (False, "stay")
    events = warehouse.read("select event, author from ops.rollout_log order by change_id").rows()
    assert events == [("started", "stockproof"), ("forced", "ann"), ("held", "ann"), ("released", "ann")]


def test_a_forced_last_stage_gives_every_line_to_our_policy(alone: dict[str, float]) -> None:
    _person("force", "all")
    stage, lines = _day(4)
    assert stage == "all"
    assert {item: row["quantity"] for item, row in lines.items()} == alone


def test_a_repeated_day_changes_nothing() -> None:
    assert _day(4) == _day(4)


def _shown() -> dict[str, Any]:
    [group] = json.loads(CliRunner().invoke(command.app, ["show", "--json"], catch_exceptions=False).stdout)["groups"]
    return dict(group)


def test_no_reason_is_refused() -> None:
    done = CliRunner().invoke(command.app, ["hold", "--reason", " ", "--by", "ann"])
    assert done.exit_code != 0
    assert warehouse.read("select count(*) as n from ops.rollout_log")["n"][0] == 5
