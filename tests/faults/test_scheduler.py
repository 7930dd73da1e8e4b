"""What runs the day dies in the middle of it, through the real scheduler: the day ends, with the orders of an undisturbed one."""

import json
import os
import signal
import subprocess
import time

import psutil
import pytest

from pipelines.io.airflow_api import AirflowApi
from tests.e2e.conftest import STOCKPROOF, Cli

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(900)]

AS_OF = "2026-06-28"
DAILY = ("run", "daily", "--as-of", AS_OF, "--chunk-size", "10")
WITHIN = 600.0
"""Seconds that a run with a fault may take."""


@pytest.fixture(scope="module")
def undisturbed(cli: Cli) -> str:
    """Forty items and one daily run. No champion is registered: the fallback forecasts, which spares the training."""
    kept = cli.state / "undisturbed.csv"
    cli("up")
    if not kept.exists():
        cli("erp", "seed", "--items", "40", "--days", "240", "--suppliers", "6", "--until", AS_OF)
        cli(*DAILY)
        kept.write_text(cli.export(AS_OF))
    orders = kept.read_text()
    assert orders.count("\n") > 3
    return orders


class Run:
    """A daily run that goes on beside the test."""

    def __init__(self, cli: Cli) -> None:
        self.cli, self.began = cli, time.monotonic()
        status = cli.status()
        self.api = AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))
        self.process = subprocess.Popen(
            [STOCKPROOF, *DAILY], env=cli.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait_for(self, task_id: str, *states: str) -> None:
        """Wait until an instance of a step is in one of these states."""
        while time.monotonic() - self.began < WITHIN:
            for run in self.api.active_runs("daily_replenishment"):
                instances = self.api.task_instances("daily_replenishment", run["dag_run_id"])
                if any(one["task_id"] == task_id and one["state"] in states for one in instances):
                    return
            time.sleep(0.2)
        pytest.fail(f"{task_id} was not {states} within {WITHIN:.0f} s")

    def end(self) -> str:
        """Wait for the end of the run, which succeeds. Returns what the user read."""
        words, _ = self.process.communicate(timeout=WITHIN)
        assert self.process.returncode == 0, words
        return words


def _component(cli: Cli, name: str) -> psutil.Process:
    folder = "airflow" if name.startswith("airflow") else name
    return psutil.Process(json.loads((cli.state / folder / f"{name}.pid.json").read_text())["pid"])


def _workers(cli: Cli, step: str = "") -> list[psutil.Process]:
    """Processes of the tasks at work, each before the processes that it started."""
    children = _component(cli, "airflow-scheduler").children()
    chosen = [one for one in children if step in " ".join(one.cmdline())]
    return [one for worker in chosen for one in (worker, *worker.children(recursive=True))]


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.send_signal(signal.SIGKILL)


def test_a_worker_killed_in_a_mapped_chunk(undisturbed: str, cli: Cli) -> None:
    run = Run(cli)
    run.wait_for("replay", "running")
    victims = _workers(cli, "replay")[:2]
    assert victims
    _kill(victims)
    run.end()
    assert cli.export(AS_OF) == undisturbed


def test_all_workers_killed_at_once(undisturbed: str, cli: Cli) -> None:
    """Steps that were running and steps that were about to are taken up again; none stays queued."""
    run = Run(cli)
    run.wait_for("extract", "queued", "running")
    _kill(_workers(cli))
    run.wait_for("replay", "queued", "running")
    _kill(_workers(cli))
    assert "no worker has taken it up" not in run.end()
    assert cli.export(AS_OF) == undisturbed


def test_the_scheduler_killed(undisturbed: str, cli: Cli) -> None:
    run = Run(cli)
    run.wait_for("replay", "running")
    _component(cli, "airflow-scheduler").send_signal(signal.SIGKILL)
    assert "servers that have ended are started again" in run.end()
    assert cli.export(AS_OF) == undisturbed


def test_postgresql_killed_below_everything(undisturbed: str, cli: Cli) -> None:
    """The warehouse, Airflow's own tables and the registry's are in it."""
    run = Run(cli)
    run.wait_for("replay", "running")
    _component(cli, "postgres").send_signal(signal.SIGKILL)
    run.end()
    assert cli.export(AS_OF) == undisturbed


def test_a_power_cut(undisturbed: str, cli: Cli) -> None:
    """Every process of the stack is killed at once, and the command line with them."""
    run = Run(cli)
    run.wait_for("replay", "running")
    ours = [one for one in psutil.process_iter(["environ", "cmdline"]) if _belongs(one, cli)]
    assert len(ours) >= 6
    run.process.kill()
    _kill(ours)
    run.process.communicate()
    cli(*DAILY)
    assert cli.export(AS_OF) == undisturbed


def _belongs(process: psutil.Process, cli: Cli) -> bool:
    environment, state = process.info["environ"] or {}, str(cli.state)
    in_command = any(state in word for word in process.info["cmdline"] or [])
    return process.pid != os.getpid() and (in_command or environment.get("STOCKPROOF_STATE_DIR") == state)


def test_two_daily_runs_at_once_are_one(undisturbed: str, cli: Cli) -> None:
    first = Run(cli)
    first.wait_for("preflight", "queued", "running", "success")
    second = Run(cli)
    first.end()
    assert "joining" in second.end()
    assert cli.export(AS_OF) == undisturbed
