"""The main job through the real scheduler, on a small ERP: the same path as ``make demo``, and what may go wrong on it."""

import csv
import io
import json
import os
import random
import signal
import time
from pathlib import Path

import nbformat
import psutil
import pytest
import sqlalchemy as sa
from nbclient import NotebookClient

from pipelines.io.airflow_api import AirflowApi
from pipelines.stack.process import free_port
from tests.cases.company import Item, write
from tests.e2e.conftest import STACK_PORTS, Cli, beside

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-06-28"
COLUMNS = ["as_of", "item_id", "location_id", "supplier_id", "quantity", "unit_price", "expected_on", "reason_code"]


@pytest.fixture(scope="module")
def first(cli: Cli) -> str:
    """Stack, ERP, training and the first daily run. Returns the proposals as CSV."""
    cli("up")
    cli("erp", "seed", "--items", "120", "--days", "500", "--suppliers", "12", "--until", AS_OF)
    trained = json.loads(cli("run", "training", "--as-of", AS_OF, "--json").stdout)
    assert trained["state"] == "success"
    daily = json.loads(cli("run", "daily", "--as-of", AS_OF, "--chunk-size", "50", "--json").stdout)
    assert daily["state"] == "success"
    assert daily["stages"]["replay"]["instances"] == 3
    assert Path(daily["report"]).stat().st_size > 20_000
    return cli.export(AS_OF)


def test_proposals_are_orders_a_buyer_can_place(first: str) -> None:
    rows = list(csv.DictReader(io.StringIO(first)))
    assert list(rows[0]) == COLUMNS
    assert 5 < len(rows) <= 120
    assert [(row["location_id"], row["item_id"]) for row in rows] == sorted(
        (row["location_id"], row["item_id"]) for row in rows
    )
    assert all(float(row["quantity"]) > 0 and row["expected_on"] > AS_OF and row["supplier_id"] for row in rows)


def test_everything_is_healthy_and_named(first: str, cli: Cli) -> None:
    status = cli.status()
    assert status["health"] == dict.fromkeys(("erp", "warehouse", "mlflow", "airflow", "desk"), "healthy")
    again = cli("up")
    assert "Airflow  " not in again.stdout.splitlines()[0], "a second up starts nothing"


def test_mapped_chunks_have_readable_names(first: str, cli: Cli) -> None:
    api = _api(cli)
    run = api.call("GET", "/dags/daily_replenishment/dagRuns", params={"limit": 1})["dag_runs"][0]
    chunks = [one for one in api.task_instances("daily_replenishment", run["dag_run_id"]) if one["task_id"] == "replay"]
    assert sorted(one["rendered_map_index"] for one in chunks) == [
        "SKUs 1–40 of 120",
        "SKUs 41–80 of 120",
        "SKUs 81–120 of 120",
    ]


def test_a_study_is_queued_followed_and_answered(first: str, cli: Cli) -> None:
    answer = json.loads(cli("study", "run", "--items", "20", "--days", "60", "--json").stdout)
    assert (answer["status"], answer["total_days"]) == ("completed", 60)
    api, number = _api(cli), answer["simulation_id"]
    tasks = {one["task_id"]: one["state"] for one in api.task_instances("simulation_study", f"study-{number}")}
    assert tasks["prepare"] == "success" and tasks["finish"] in ("skipped", None), "a small study is one task"


def test_a_question_of_the_form_becomes_a_study(first: str, cli: Cli) -> None:
    question = {"sample": "stratified", "size": 10, "days": 60, "name": "by the form"}
    _api(cli).trigger("simulation_study", "by-the-form", {"question": question})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        known = {row["name"]: row["status"] for row in json.loads(cli("study", "list", "--json").stdout)}
        if known.get("by the form") == "completed":
            return
        time.sleep(1.0)
    pytest.fail(f"no answer within 120 s: {known}")


def test_champion_is_registered(first: str, cli: Cli) -> None:
    import httpx

    url = f"{cli.status()['mlflow_url']}/api/2.0/mlflow/registered-models/alias"
    found = httpx.get(url, params={"name": "stockproof-forecaster", "alias": "champion"}).json()
    assert found["model_version"]["version"] == "1"


def test_ten_random_order_lines_are_traced_to_the_rows_of_the_erp_and_each_step_equals_the_one_above(
    first: str, cli: Cli
) -> None:
    listed = json.loads(cli("orders", "list", "--as-of", AS_OF, "--json").stdout)["orders"]
    lines = [f"{order['order_id']}:{line + 1}" for order in listed for line in range(order["lines"])]
    chosen = random.Random(24).sample(lines, min(10, len(lines)))
    traces = json.loads(cli("trace", *chosen, "--json").stdout)["traces"]
    assert [one["line"] for one in traces] == chosen
    steps = [{step["name"]: step["agrees"] for step in one["steps"]} for one in traces]
    for found in steps:
        assert all(found[name] is True for name in ("decision", "log", "policy", "forecast", "marts")), traces
    # A SKU without a replay has no passport; returns, kits and gates lie between a day's rows and its demand.
    for name in ("passport", "model", "rows"):
        assert sum(found[name] is True for found in steps) >= 0.8 * len(steps), (name, traces)


def test_the_tutorial_notebook_runs_on_a_finished_day(first: str, cli: Cli) -> None:
    notebook = nbformat.read(ROOT / "docs" / "examples" / "one_sku.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120).execute(env=cli.environment | {"MPLBACKEND": "agg"})
    printed = [output["text"] for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]
    assert any("order_up_to" in text for text in printed)


def test_rows_recorded_later_change_nothing_and_rerun_is_identical(first: str, cli: Cli) -> None:
    with sa.create_engine(_sqlalchemy(str(cli.status()["erp_url"]))).begin() as erp:
        some = erp.execute(sa.text("select item_id, location_id from sales limit 1")).one()
        row = {"i": some.item_id, "l": some.location_id}
        erp.execute(
            sa.text("insert into sales values ('LATE-1', :i, :l, '2026-06-20', 5000, 1.0, '2026-06-29 08:00:00')"), row
        )
        erp.execute(sa.text("insert into stock_levels values (:i, :l, '2026-06-28', 0, '2026-06-29 08:00:00')"), row)
    cli("run", "daily", "--as-of", AS_OF)
    assert cli.export(AS_OF) == first


def test_killed_in_the_middle_and_run_again(first: str, cli: Cli) -> None:
    """SIGKILL to the command line, the scheduler and all its workers while chunks are replayed."""
    command = cli.start("run", "daily", "--as-of", AS_OF, "--chunk-size", "20")
    api = _api(cli)
    _wait_for_task(api, "replay", "forecast")
    scheduler = json.loads((cli.state / "airflow" / "airflow-scheduler.pid.json").read_text())["pid"]
    victims = [psutil.Process(scheduler), *psutil.Process(scheduler).children(recursive=True)]
    command.kill()
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    command.wait()
    again = json.loads(cli("run", "daily", "--as-of", AS_OF, "--chunk-size", "20", "--json").stdout)
    assert again["state"] == "success"
    assert cli.export(AS_OF) == first


def test_wrong_erp_is_named_before_anything_starts(cli: Cli, first: str) -> None:
    for url, words in (
        ("mysql://nobody:wrong@127.0.0.1:1/erp", "cannot be reached"),
        (str(cli.status()["erp_url"]).replace("stockproof:", "stockproof:x", 1), "refused user or password"),
    ):
        done = cli("run", "daily", "--as-of", AS_OF, check=False, ERP_URL=url)
        assert done.returncode == 1
        assert words in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


def test_a_second_configuration_beside_a_running_stack_is_a_second_company(
    first: str, cli: Cli, tmp_path: Path
) -> None:
    shirt = Item("SHIRT", sales=4.0, count=10, policy=(60, 110))
    other = beside(cli, tmp_path, ports={f"{name}_port": free_port() for name in STACK_PORTS})
    try:
        other("up")
        other("erp", "load", str(write(tmp_path / "books", [shirt])))
        daily = json.loads(other("run", "daily", "--as-of", AS_OF, "--json").stdout)
        ordered = [row["item_id"] for row in csv.DictReader(io.StringIO(other.export(AS_OF)))]
    finally:
        other("down", check=False)
    assert daily["state"] == "success"
    assert ordered == ["SHIRT"]
    assert (tmp_path / ".stockproof").is_dir(), "the state folder lies beside the configuration"
    assert cli.export(AS_OF) == first
    assert set(dict(cli.status()["health"]).values()) == {"healthy"}  # type: ignore[call-overload]


def test_down_leaves_nothing_running(first: str, cli: Cli) -> None:
    ours = [process for process in psutil.process_iter(["cmdline", "environ"]) if _belongs(process, cli.state)]
    assert len(ours) >= 5, "MariaDB, PostgreSQL, MLflow, scheduler, DAG processor; a title may hide others"
    cli("down")
    left = [process for process in ours if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def _belongs(process: psutil.Process, state: Path) -> bool:
    environment = process.info["environ"] or {}
    in_command = any(str(state) in word for word in process.info["cmdline"] or [])
    return process.pid != os.getpid() and (in_command or environment.get("STOCKPROOF_STATE_DIR") == str(state))


def _api(cli: Cli) -> AirflowApi:
    status = cli.status()
    return AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))


def _wait_for_task(api: AirflowApi, *task_ids: str) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        for run in api.active_runs("daily_replenishment"):
            instances = api.task_instances("daily_replenishment", run["dag_run_id"])
            if any(one["task_id"] in task_ids and one["state"] == "running" for one in instances):
                return
        time.sleep(0.3)
    pytest.fail(f"none of {task_ids} ran within 240 s")


def _sqlalchemy(url: str) -> str:
    return url.replace("mysql://", "mysql+pymysql://", 1)
