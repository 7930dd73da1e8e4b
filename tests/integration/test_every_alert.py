"""Every alert rule on a real warehouse, by the code of the DAGs' tasks: raised once by planted rows, and ended once they are gone."""

import functools
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from pipelines import settings
from pipelines.io import warehouse
from pipelines.operations import job as operations
from pipelines.operations import queries
from pipelines.operations.alerts import job as alerts
from pipelines.operations.alerts import rules
from pipelines.operations.metrics import job as metrics
from pipelines.operations.metrics import queries as measured
from pipelines.operations.preflight import job as preflight
from pipelines.operations.runs import job as runs
from pipelines.stack.process import free_port
from tests.integration.metrics_rows import plant
from tests.unit.io.order_server import Answers, serving

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)
DAILY = "daily_replenishment"
SUMMARY = "daily_summary"


class Registry(SimpleHTTPRequestHandler):
    """Answers every request with 200, as the registry does at /health."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        del arguments


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Registry))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def sent(
    warehouse_url: str, erp_url: str, registry: str, configured: pytest.MonkeyPatch
) -> Iterator[dict[str, list[str]]]:
    """Phase → events that the webhook received: everything goes wrong, goes on being wrong, and is over."""
    away = f"127.0.0.1:{free_port()}"
    well = {
        "STOCKPROOF_STACK__WAREHOUSE_URL": warehouse_url,
        "ERP_URL": erp_url,
        "STOCKPROOF_STACK__MLFLOW_URL": registry,
    }
    down = {"ERP_URL": f"mysql://nobody@{away}/none", "STOCKPROOF_STACK__MLFLOW_URL": f"http://{away}"}
    found: dict[str, list[str]] = {}
    with serving() as (url, answers):
        configured.setenv("STOCKPROOF_NOTIFY__WEBHOOK_URL", f"{url}/hook")
        configured.setenv("STOCKPROOF_ADVISOR__URL", f"http://{away}/v1")
        _environment(configured, well)
        plant()
        _environment(configured, down)
        with pytest.MonkeyPatch.context() as patch:  # the one thing that is not planted as rows: a disk that is full
            patch.setattr(measured.shutil, "disk_usage", lambda _: SimpleNamespace(free=4, total=100))
            _wrong()
            found["raised"] = _taken(answers)
            _repeated()
            found["repeated"] = _taken(answers)
            found["open while wrong"] = sorted({one["rule"] for one in queries.open_alerts()})
            _environment(configured, down | {"STOCKPROOF_STACK__WAREHOUSE_URL": f"postgresql://nobody@{away}/none"})
            metrics.watch()
            metrics.watch()
            found["warehouse away"] = _taken(answers)
        _environment(configured, well)
        _right()
        found["over"] = _taken(answers)
        found["open"] = sorted(one["rule"] for one in queries.open_alerts())
        yield found


def _environment(patch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        patch.setenv(name, value)
    settings.load.cache_clear()


def _taken(answers: Answers) -> list[str]:
    events = [body["event"] for body in answers.hooks]
    answers.hooks.clear()
    return events


def _step(run: str, hours_ago: float) -> None:
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    where = {"dag_id": DAILY, "run_id": run, "step": "verdict", "chunk": -1, "as_of": AS_OF}
    runs.step_ended(where, ended, "success")
    warehouse.execute("update ops.run_events set seconds = 1 where run_id = :run", run=run)


def _wrong() -> None:
    """Failed runs, and rows on which every rule on a metric fires; measured as ``verdict`` does."""
    _step("old", 27)
    warehouse.execute("""insert into ops.drift_alarms (as_of, kind, dimension, segment, model_version, statistic, threshold, alpha_before,
        alpha, what, remedy) values ('2026-06-28', 'score', 'class', 'A', '1', 9, 5, 0.1, 0.2, 'drifted', 'train')""")
    warehouse.execute("""insert into ops.advisor_calls (month, as_of, item_id, location_id, input_hash, reserved)
        values (to_char(now() at time zone 'utc', 'YYYY-MM'), '2026-06-28', 'I0', 'W', 'x', 9.5)""")
    warehouse.execute("""insert into ops.backups (backup_id, kind, parent, started_at, finished_at, bytes, seconds, copied)
        values ('b1', 'full', '', now() - interval '40 hours', now() - interval '40 hours', 1, 1, false)""")
    _repeated()


def _repeated() -> None:
    alerts.run_failed(alerts.Failure(DAILY, "failed", "extract", AS_OF, "the ERP is away"))
    alerts.run_failed(
        alerts.Failure(
            DAILY, "degraded", "verdict", AS_OF, f"Stockproof {AS_OF}: degraded, failed: replay. Orders are complete."
        )
    )
    alerts.hold("preflight_degraded", {"mail": "mail: no answer"})
    operations.day_decided(AS_OF)


def _right() -> None:
    """Every condition has passed; the preflight and the end of a successful run find it so."""
    warehouse.execute("update plan.outcomes set sold = 10, holding_cost = 1, forecast_mean = 12")
    warehouse.execute("update marts.dim_sku set on_hand = 5")
    for statement in ("update ops.breakers set opened_at = null", "delete from ops.drift_alarms", "delete from ops.advisor_calls",
                      "update ops.backups set finished_at = now()"):  # fmt: skip
        warehouse.execute(statement)
    _step("new", 0)
    preflight.run()
    operations.day_decided(AS_OF)
    alerts.run_succeeded(DAILY)


def test_every_rule_fires_once(sent: dict[str, list[str]]) -> None:
    assert Counter(sent["raised"] + sent["warehouse away"]) == dict.fromkeys(rules.load(rules.PACKAGED), 1)
    assert sent["warehouse away"] == ["warehouse_down"], (
        "what was sent before the warehouse went away is known without it"
    )


def test_what_still_holds_is_not_sent_again(sent: dict[str, list[str]]) -> None:
    assert sent["repeated"] == []
    assert set(sent["open while wrong"]) == set(rules.load(rules.PACKAGED)) - {"warehouse_down", SUMMARY}


def test_every_rule_recovers_once(sent: dict[str, list[str]]) -> None:
    wanted = {f"{name}_recovered" for name in rules.load(rules.PACKAGED) if name != SUMMARY}
    assert Counter(sent["over"]) == dict.fromkeys(wanted, 1)
    assert sent["open"] == []


def test_drift_and_the_advisors_spend_are_measured(sent: dict[str, list[str]]) -> None:
    del sent
    shown = {one.name: one.value for one in measured.samples()}
    assert (shown["stockproof_drift_alarms"], shown["stockproof_advisor_spend_ratio"]) == (0.0, 0.0)
