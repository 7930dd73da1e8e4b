"""Alerts on a real warehouse, by a real mail server and a real webhook: each once, floods as one message, recovery, the warehouse away."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from pipelines import settings
from pipelines.cli import app
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.operations import actions, queries
from pipelines.operations.alerts import job, spool
from pipelines.operations.alerts.rules import Sample
from pipelines.stack.process import free_port
from tests.unit.io.order_server import Answers, serving

pytestmark = pytest.mark.servers


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        del server, session
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture(autouse=True)
def people(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mailbox, Answers]]:
    """A mail server and a webhook; no alert is left from the test before."""
    del warehouse_url
    warehouse.execute("alter table ops.alert_events disable trigger all")
    warehouse.execute("truncate ops.alerts, ops.alert_events")
    warehouse.execute("alter table ops.alert_events enable trigger all")
    box = Mailbox()
    controller = Controller(box, "127.0.0.1", free_port())
    controller.start()
    with serving() as (url, answers):
        monkeypatch.setenv("STOCKPROOF_NOTIFY__SMTP_URL", f"smtp://127.0.0.1:{controller.port}")
        monkeypatch.setenv("STOCKPROOF_NOTIFY__RECIPIENTS", '["ann@example.org"]')
        monkeypatch.setenv("STOCKPROOF_NOTIFY__WEBHOOK_URL", f"{url}/hook")
        settings.load.cache_clear()
        yield box, answers
    controller.stop()
    settings.load.cache_clear()


def _stockouts(items: range) -> list[Sample]:
    return [
        Sample("stockproof_sku_stockout", 1.0, {"item_id": f"I{n}", "location_id": "W", "priority": "high"})
        for n in items
    ]


def test_a_flood_is_one_message_by_each_way(people: tuple[Mailbox, Answers]) -> None:
    box, answers = people
    job.judge(_stockouts(range(200)))
    assert [body["facts"]["alerts"] for body in answers.hooks] == [200]
    [letter] = box.letters
    assert letter["Subject"] == "Stockproof critical: A SKU of high priority is out of stock (200)"
    assert "and 195 more" in letter.get_content()
    assert len(queries.open_alerts()) == 200


def test_what_goes_on_is_not_sent_again_and_its_end_is(people: tuple[Mailbox, Answers]) -> None:
    _, answers = people
    low = Sample("stockproof_fill_ratio", 0.87)
    job.judge([low])
    job.judge([low])
    assert [body["event"] for body in answers.hooks] == ["fill_low"]
    assert queries.open_alerts()[0]["times"] == 2
    job.judge([Sample("stockproof_fill_ratio", 0.95)])
    assert [body["event"] for body in answers.hooks] == ["fill_low", "fill_low_recovered"]
    assert queries.open_alerts() == []
    job.judge([low])
    assert len(answers.hooks) == 3, "a condition that comes back is a new alert"


def test_a_metric_that_is_not_measured_changes_nothing(people: tuple[Mailbox, Answers]) -> None:
    _, answers = people
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    job.judge([Sample("stockproof_disk_free_ratio", 0.5)])
    assert [body["event"] for body in answers.hooks] == ["fill_low"]
    assert len(queries.open_alerts()) == 1


def test_only_skus_that_are_back_recover(people: tuple[Mailbox, Answers]) -> None:
    _, answers = people
    job.judge(_stockouts(range(3)))
    job.judge(_stockouts(range(2)))
    assert [(body["event"], body["facts"]["alerts"]) for body in answers.hooks] == [
        ("stockout_priority", 3),
        ("stockout_priority_recovered", 1),
    ]


def test_a_message_that_no_way_took_is_tried_again(
    people: tuple[Mailbox, Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answers = people
    monkeypatch.setenv("STOCKPROOF_NOTIFY__SMTP_URL", "")
    monkeypatch.setattr("pipelines.io.notify._ATTEMPTS", 1)
    settings.load.cache_clear()
    answers.whims = [500]
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    assert len(answers.hooks) == 2
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    assert len(answers.hooks) == 2


def test_with_the_warehouse_away_each_is_sent_once_and_listed_later(
    people: tuple[Mailbox, Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answers = people
    here = settings.load().stack.warehouse_url or ""
    monkeypatch.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    settings.load.cache_clear()
    failure = job.Failure("daily_replenishment", "run-1", "extract", error="warehouse cannot be reached")
    for _attempt in range(3):
        job.run_failed(failure)
        job.judge([Sample("stockproof_up", 0.0, {"part": "warehouse"})])
    assert [body["event"] for body in answers.hooks] == ["dag_failed", "warehouse_down"]
    monkeypatch.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", here)
    settings.load.cache_clear()
    job.run_succeeded("daily_replenishment")
    job.judge([Sample("stockproof_up", 1.0, {"part": "warehouse"})])
    assert [body["event"] for body in answers.hooks[2:]] == ["dag_failed_recovered", "warehouse_down_recovered"]
    with spool.entries() as held:
        assert held == {}


def test_a_person_acknowledges_assigns_snoozes_and_closes(people: tuple[Mailbox, Answers]) -> None:
    _, answers = people
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    number = queries.open_alerts()[0]["alert_id"]
    actions.acknowledge(number, "ann", "seen")
    actions.assign(number, "ben", "ann")
    one = queries.open_alerts()[0]
    assert (one["acknowledged_by"], one["assigned_to"]) == ("ann", "ben")
    actions.snooze(number, 1, "ben")
    assert queries.open_alerts() == []
    warehouse.execute("update ops.alerts set snoozed_until = clock_timestamp()")
    job.send()
    assert len(answers.hooks) == 2, "a snooze that ends reminds"
    actions.done(number, "ben", "counted again")
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    assert queries.open_alerts() == []
    assert len(answers.hooks) == 2
    events = warehouse.read("select event, author from ops.alert_events order by event_id").rows()
    assert events == [("acknowledged", "ann"), ("assigned", "ann"), ("snoozed", "ben"), ("done", "ben")]
    with pytest.raises(StockproofError, match="no open alert"):
        actions.done(number, "ben")


def test_the_commands(people: tuple[Mailbox, Answers]) -> None:
    _, answers = people
    run = CliRunner().invoke
    job.judge([Sample("stockproof_fill_ratio", 0.87)])
    [row] = json.loads(run(app, ["alerts", "list", "--json"]).output)
    assert (row["rule"], row["level"]) == ("fill_low", "warning")
    assert run(app, ["alerts", "acknowledge", str(row["alert_id"]), "--by", "ann"]).exit_code == 0
    assert "seen by ann" in run(app, ["alerts", "list"]).output
    tested = run(app, ["alerts", "test", "--level", "critical", "--json"])
    assert json.loads(tested.output)["delivered"] == ["email", "webhook"]
    assert answers.hooks[-1]["event"] == "test"


def test_an_apprise_address_that_does_not_take_it_is_a_warning(
    people: tuple[Mailbox, Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise returns False where others raise."""
    _, answers = people
    port = settings.load().notify.webhook_url.split(":")[2].split("/")[0]  # type: ignore[union-attr]
    addresses = [f"json://127.0.0.1:{port}/hook", f"json://127.0.0.1:{free_port()}/hook"]
    monkeypatch.setenv("STOCKPROOF_NOTIFY__APPRISE_URLS", json.dumps(addresses))
    monkeypatch.setattr("pipelines.io.notify._ATTEMPTS", 1)
    settings.load.cache_clear()
    answer = actions.send_test("info")
    assert answer["delivered"] == ["email", "webhook", "apprise"]
    assert answer["failed"] == ["apprise"]
    assert "Apprise address 2" in answer["warnings"][0]
    assert answers.hooks[-1]["title"] == "Stockproof info: Test message"


def test_rules_of_a_file_of_ones_own(
    people: tuple[Mailbox, Answers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answers = people
    file = tmp_path / "rules.yaml"
    file.write_text(
        "rules:\n- {name: full_shop, level: info, metric: stockproof_fill_ratio, above: 0.99, title: t, meaning: m, runbook: r}\n"
    )
    monkeypatch.setenv("STOCKPROOF_ALERTS__RULES_FILE", str(file))
    settings.load.cache_clear()
    job.judge([Sample("stockproof_fill_ratio", 0.5)])
    job.judge([Sample("stockproof_fill_ratio", 1.0)])
    assert [body["event"] for body in answers.hooks] == ["full_shop"]
    file.write_text("rules:\n- {name: full_shop, level: loud, metric: m, above: 1, title: t, meaning: m, runbook: r}\n")
    with pytest.raises(StockproofError, match=r"rules\.yaml: level \(loud\)"):
        queries.listed_rules()
