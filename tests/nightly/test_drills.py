"""Fallback drills through the real scheduler: what is away, what the day's orders are decided without, and what reaches a person when."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psutil
import psycopg
import pytest

from pipelines.io.airflow_api import AirflowApi
from pipelines.stack.process import free_port
from tests.e2e.conftest import Cli
from tests.unit.io.order_server import Answers, serving

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(1800)]

DAG = "daily_replenishment"
ABSURD = 3
"""SKUs whose forecasts are made absurd."""


@dataclass
class Shop:
    """A stack that sends its messages to a webhook, and whose advisor is away."""

    cli: Cli
    answers: Answers
    away: dict[str, str]

    @property
    def api(self) -> AirflowApi:
        status = self.cli.status()
        return AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))

    def up(self) -> None:
        self.cli("up", **self.away)

    def kill(self, program: str) -> None:
        """End a server of this stack, as a machine that goes down does."""
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                words = " ".join(one.cmdline())
                ours = str(self.cli.state) in words or one.environ().get("STOCKPROOF_STATE_DIR") == str(self.cli.state)
                if ours and program in words:
                    one.kill()

    def sql(self, query: str, database: str = "warehouse") -> list[tuple[Any, ...]]:
        address = str(self.cli.status()["warehouse_url"]).rpartition("/")[0]
        with psycopg.connect(f"{address}/{database}", autocommit=True) as connection:
            done = connection.execute(query)
            return done.fetchall() if done.description else []

    def run(self, as_of: str, name: str) -> tuple[str, dict[str, dict[str, Any]]]:
        """Trigger a daily run, as the schedule does, and wait for its end: state, and task → its newest instance."""
        api, run_id = self.api, f"drill-{name}"
        self.answers.hooks.clear()
        api.trigger(DAG, run_id, {"as_of": as_of})
        api.unpause(DAG)
        deadline = time.monotonic() + 400
        while (state := api.run(DAG, run_id)["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{name} did not end"
            time.sleep(1.0)
        time.sleep(2.0)  # callbacks of the run
        return state, {one["task_id"]: one for one in api.task_instances(DAG, run_id)}

    def events(self) -> list[str]:
        wanted = ("dag_failed", "run_degraded", "dag_failed_recovered", "run_degraded_recovered")
        return [body["event"] for body in self.answers.hooks if body["event"] in wanted]

    def decisions(self, as_of: str) -> list[dict[str, Any]]:
        names = ("item_id", "quantity", "level", "level_reason", "reason", "reason_code")
        rows = self.sql(f"select {', '.join(names)} from plan.decisions where as_of = '{as_of}'")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def ordered(self, as_of: str) -> int:
        return int(
            self.sql(f"select count(*) from orders.lines join orders.orders using (order_id) where as_of = '{as_of}'")[
                0
            ][0]
        )


@pytest.fixture(scope="module")
def shop(cli: Cli) -> Iterator[Shop]:
    with serving() as (url, answers):
        away = {
            "STOCKPROOF_NOTIFY__WEBHOOK_URL": f"{url}/hook",
            "STOCKPROOF_ADVISOR__URL": f"http://127.0.0.1:{free_port()}/v1",
            "STOCKPROOF_ADVISOR__TIMEOUT_SECONDS": "2",
            "STOCKPROOF_ADVISOR__SPACING_SECONDS": "0",
        }
        found = Shop(cli, answers, away)
        found.up()
        cli("erp", "seed", "--items", "60", "--days", "450", "--suppliers", "8", "--until", "2026-06-28")
        yield found
        cli("down", check=False)


def _complete(shop: Shop, as_of: str) -> list[dict[str, Any]]:
    rows = shop.decisions(as_of)
    [(skus,)] = shop.sql(f"select count(*) from marts.dim_sku where as_of = '{as_of}'")
    assert len(rows) == skus > 40
    assert all(row["level"] and row["reason"] for row in rows)
    assert shop.ordered(as_of) == sum(row["quantity"] > 0 for row in rows) > 3
    return rows


def test_registry_and_advisor_away(shop: Shop) -> None:
    as_of = "2026-06-24"
    shop.kill("mlflow")
    state, tasks = shop.run(as_of, "registry")
    assert state == "success", {name: one["state"] for name, one in tasks.items()}
    rows = [
        row for row in _complete(shop, as_of) if not row["level_reason"] and "DISCONTINUED" not in row["reason_code"]
    ]
    assert rows and all("forecast by simple statistics: " in row["reason"] for row in rows)
    assert "registry_down" in [body["event"] for body in shop.answers.hooks]
    calls = shop.sql("select count(*) from ops.advisor_calls where fault <> ''")[0][0]
    exceptions = shop.sql(
        f"select count(*) from plan.decisions where as_of = '{as_of}' and quantity > 0 and alert_code <> ''"
    )[0][0]
    assert calls > 0 or exceptions == 0, "the advisor was asked, did not answer, and stopped nothing"
    shop.up()


def test_forecasts_absurd_and_the_replay_fails(shop: Shop) -> None:
    as_of = "2026-06-25"
    shop.sql("""create or replace function public.absurd() returns trigger language plpgsql as $$ begin
        new.mean := 4e6; new.q500 := 4e6; new.q900 := 4e6; new.q950 := 4e6; new.q990 := 4e6; new.q995 := 4e6; return new; end $$""")
    selling = "select item_id from marts.dim_sku where is_active and mean_demand > 0 and reorder_point is not null"
    items = [row[0] for row in shop.sql(f"{selling} order by item_id limit {ABSURD}")]
    listed = ", ".join(f"'{item}'" for item in items)
    shop.sql(f"""create trigger absurd before insert on plan.lead_time_forecasts for each row when (new.item_id in ({listed}))
        execute function public.absurd()""")
    shop.sql("alter table plan.replay_days rename to replay_days_away")
    try:
        state, tasks = shop.run(as_of, "absurd")
    finally:
        shop.sql("alter table plan.replay_days_away rename to replay_days")
        shop.sql("drop trigger absurd on plan.lead_time_forecasts")
    assert state == "failed"
    assert {name for name, one in tasks.items() if one["state"] == "failed"} >= {"replay", "verdict"}
    rows = _complete(shop, as_of)
    named = {row["item_id"]: row for row in rows if row["item_id"] in items}
    assert len(named) == ABSURD
    assert all(row["level_reason"] for row in named.values()), "the next level decides, and the line says why"
    assert all(row["quantity"] < 1e6 for row in rows)
    assert shop.events() == ["run_degraded"]
    [message] = [body for body in shop.answers.hooks if body["event"] == "run_degraded"]
    assert "replay" in message["text"]


def _reaches_a_person_within_a_minute(shop: Shop, as_of: str, name: str) -> None:
    api, run_id = shop.api, f"drill-{name}"
    shop.answers.hooks.clear()
    api.trigger(DAG, run_id, {"as_of": as_of})
    api.unpause(DAG)
    deadline = time.monotonic() + 180
    while "dag_failed" not in shop.events():
        assert time.monotonic() < deadline, "no message in three minutes"
        time.sleep(0.5)
    arrived = time.time()
    first = min(one["start_date"] for one in api.task_instances(DAG, run_id) if one["start_date"])
    took = arrived - datetime.fromisoformat(first).timestamp()
    assert took < 60, f"{took:.0f} s after the first step began"
    while api.run(DAG, run_id)["state"] not in ("success", "failed"):
        time.sleep(1.0)
    time.sleep(2.0)
    assert shop.events() == ["dag_failed"], "one message"
    assert api.run(DAG, run_id)["state"] == "failed"


def test_erp_away(shop: Shop) -> None:
    as_of = "2026-06-26"
    shop.kill("mariadbd")
    _reaches_a_person_within_a_minute(shop, as_of, "erp")
    assert (shop.decisions(as_of), shop.ordered(as_of)) == ([], 0)
    shop.up()
    state, _ = shop.run(as_of, "erp-back")
    assert state == "success"
    _complete(shop, as_of)
    assert "dag_failed_recovered" in shop.events()


def test_warehouse_away(shop: Shop) -> None:
    as_of = "2026-06-27"
    shop.sql("alter database warehouse allow_connections false", "postgres")
    shop.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'warehouse'", "postgres")
    try:
        _reaches_a_person_within_a_minute(shop, as_of, "warehouse")
    finally:
        shop.sql("alter database warehouse allow_connections true", "postgres")
    assert (shop.decisions(as_of), shop.ordered(as_of)) == ([], 0)
    state, _ = shop.run(as_of, "warehouse-back")
    assert state == "success"
    _complete(shop, as_of)
    assert "dag_failed_recovered" in shop.events()
