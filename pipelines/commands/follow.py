"""Follow an Airflow run: one line of progress, then stages with their durations, and the log's last words where it failed."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.commands import run_text
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import warehouse
from pipelines.io.airflow_api import AirflowApi

FINAL = {"success", "failed"}
SILENT = 120.0
"""Seconds without a word of the scheduler after which nobody need wait for the run; a busy machine's answers again before."""
STARTED_AGAIN = 10.0
"""Seconds without a word of the scheduler after which servers that have ended are started again."""
WAITING = 45.0
"""Seconds with a queued step and none running after which Airflow's workers may be gone; a busy machine starts a step before."""
GONE = 300.0
"""Seconds of the same after which nobody need wait for the run."""
COMPLETE = ("orders", "report")
"""Steps of the daily run after which the day's orders are complete."""
DONE = {"success", "failed", "skipped", "upstream_failed", "removed"}


@dataclass
class RunOutcome:
    """How a run ended.

    Attributes:
        dag_id: the DAG.
        run_id: the run.
        as_of: its date, ISO.
        state: ``success``, ``degraded`` (a step failed, and the day's orders are complete all the same) or ``failed``.
        seconds: wall time from its start to its end.
        stages: task → state, seconds (from the first start to the last end of its mapped instances) and number of instances.
        errors: task → the end of its log, for tasks that failed.
        report: path of the report, where one was written.
        said: what came of it, in words.
    """

    dag_id: str
    run_id: str
    as_of: str
    state: str
    seconds: float
    stages: dict[str, dict[str, Any]]
    errors: dict[str, str] = field(default_factory=dict)
    report: str | None = None
    said: str = ""


def run(
    api: AirflowApi,
    dag_id: str,
    conf: dict[str, Any],
    say: Callable[[str], None],
    start_again: Callable[[], None] | None = None,
) -> RunOutcome:
    """Start a run, or join the active one with the same params, and follow it.

    Args:
        api: Airflow.
        dag_id: which DAG.
        conf: params; ``as_of`` identifies the run.
        say: receives lines for the user.
        start_again: starts the servers that have ended; None where they are not ours.

    Returns:
        The outcome.
    """
    same = [one for one in api.active_runs(dag_id) if (one.get("conf") or {}) == conf]
    if same:
        run_id = same[0]["dag_run_id"]
        api.unpause(dag_id)
        say(f"joining {run_id}, which is already {same[0]['state']}")
    else:
        run_id = f"{conf['as_of']}__{datetime.now().astimezone():%Y%m%dT%H%M%S%f}"
        api.trigger(dag_id, run_id, conf)
        say(f"{dag_id} {run_id}: {api.url}/dags/{dag_id}/runs/{run_id}")
    final = _watch(api, dag_id, run_id, say, start_again)
    return _outcome(api, dag_id, final, conf["as_of"])


def show(outcome: RunOutcome, as_json: bool) -> None:
    """Print an outcome for people, or as JSON."""
    if as_json:
        print(json.dumps(asdict(outcome), indent=2))
        return
    console = Console(highlight=False)
    table = Table("stage", "state", "seconds", box=None, pad_edge=False)
    for name, stage in outcome.stages.items():
        count = f" ×{stage['instances']}" if stage["instances"] > 1 else ""
        table.add_row(name + count, stage["state"], f"{stage['seconds']:.1f}")
    console.print(table)
    for task, words in outcome.errors.items():
        console.print(f"[bold red]{task}[/] failed:", soft_wrap=True)
        console.print(words, markup=False, soft_wrap=True)
    colour = {"success": "green", "degraded": "yellow"}.get(outcome.state, "red")
    console.print(f"[bold {colour}]{outcome.state}[/] in {outcome.seconds:.1f} s")
    if outcome.state == "degraded":
        console.print("The day's orders are complete; lines decided without what failed say so.", soft_wrap=True)
    if outcome.said:
        console.print(outcome.said, markup=False, soft_wrap=True)
    if outcome.report:
        console.print(f"report: {outcome.report}", soft_wrap=True)


class Workers:
    """Whether anything takes up what is queued: all workers killed leave a step in ``queued`` and the scheduler healthy."""

    def __init__(self, run_id: str, say: Callable[[str], None]) -> None:
        self.run_id, self.say = run_id, say
        self.since: float | None = None
        self.warned = False

    def seen(self, instances: list[dict[str, Any]], now: float) -> None:
        """Take note of the steps' states at a moment, seconds.

        Raises:
            StockproofError: a step has been queued for :data:`GONE` seconds and none was running.
        """
        states = {one["state"] for one in instances}
        queued = sorted({one["task_id"] for one in instances if one["state"] == "queued"})
        if "running" in states or not queued:
            self.since, self.warned = None, False
            return
        self.since = now if self.since is None else self.since
        waited = now - self.since
        problem = f"{', '.join(queued)} of {self.run_id} is queued and no worker has taken it up for {waited:.0f} s"
        remedy = (
            "`stockproof down`, then `stockproof up`, and the run goes on where it stood; the same command follows it"
        )
        if waited > GONE:
            raise StockproofError(f"{problem}: Airflow's workers are gone", remedy)
        if waited > WAITING and not self.warned:
            self.warned = True
            self.say(f"{problem}. If the machine is not merely busy, Airflow's workers are gone: {remedy}")


class Servers:
    """Whether the servers behind a run answer; those that have ended are started again, and the run goes on where it stood."""

    def __init__(self, run_id: str, say: Callable[[str], None], start_again: Callable[[], None] | None) -> None:
        self.run_id, self.say, self.start_again = run_id, say, start_again
        self.heard = self.tried = time.monotonic()

    def away(self, fault: ServiceAway) -> None:
        """Airflow cannot be reached.

        Raises:
            ServiceAway: its servers are not ours.
        """
        if self.start_again is None:
            raise fault
        self._again(fault.message, self.start_again)

    def scheduler(self, healthy: bool) -> None:
        """Take note of the scheduler's own report.

        Raises:
            StockproofError: it has been silent for :data:`SILENT` seconds.
        """
        now = time.monotonic()
        if healthy:
            self.heard = self.tried = now
        elif self.start_again and now - self.tried > STARTED_AGAIN:
            self._again(f"Airflow's scheduler has not responded for {now - self.heard:.0f} s", self.start_again)
        elif now - self.heard > SILENT:
            raise StockproofError(
                f"Airflow's scheduler has not responded for {SILENT:.0f} s, and {self.run_id} makes no progress",
                "`stockproof up` restarts it and the run continues where it stopped; the same command follows it",
            )

    def _again(self, problem: str, start: Callable[[], None]) -> None:
        self.say(f"{problem}; servers that have ended are started again, and {self.run_id} goes on")
        start()
        self.tried = time.monotonic()


def _watch(
    api: AirflowApi,
    dag_id: str,
    run_id: str,
    say: Callable[[str], None],
    start_again: Callable[[], None] | None = None,
) -> dict[str, Any]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(dag_id, total=1)
        servers, workers = Servers(run_id, say, start_again), Workers(run_id, say)
        while True:
            try:
                state, instances = api.run(dag_id, run_id), api.task_instances(dag_id, run_id)
            except ServiceAway as fault:
                servers.away(fault)
                continue
            running = sorted({one["task_id"] for one in instances if one["state"] == "running"})
            done = sum(one["state"] in DONE for one in instances)
            progress.update(
                bar, total=max(len(instances), 1), completed=done, description=", ".join(running) or state["state"]
            )
            if state["state"] in FINAL:
                return state
            workers.seen(instances, time.monotonic())
            servers.scheduler(api.health().get("scheduler") == "healthy")
            time.sleep(0.5)


def _outcome(api: AirflowApi, dag_id: str, run_: dict[str, Any], as_of: str) -> RunOutcome:
    run_id = run_["dag_run_id"]
    instances = sorted(
        api.task_instances(dag_id, run_id), key=lambda one: (one["start_date"] or "9999", one["task_id"])
    )
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in instances:
        grouped.setdefault(one["task_id"], []).append(one)
    errors = {
        name: _last_words(api, dag_id, run_id, one)
        for name, members in grouped.items()
        for one in members
        if one["state"] == "failed"
    }
    stages = {name: _stage(members) for name, members in grouped.items()}
    complete = all(stages.get(name, {}).get("state") == "success" for name in COMPLETE)
    state = "degraded" if complete and run_["state"] == "failed" else run_["state"]
    wrote_report = dag_id == "daily_replenishment" and complete
    paths = (
        warehouse.read("select path from plan.reports where as_of = :as_of", as_of=as_of)["path"].to_list()
        if wrote_report
        else []
    )
    return RunOutcome(
        dag_id,
        run_id,
        as_of,
        state,
        _seconds([run_]),
        stages,
        errors,
        paths[0] if paths else None,
        _said(api, dag_id, run_id, stages),
    )


def _said(api: AirflowApi, dag_id: str, run_id: str, stages: dict[str, dict[str, Any]]) -> str:
    step = run_text.DECIDES.get(dag_id, "")
    if stages.get(step, {}).get("state") != "success":
        return ""
    returned = api.returned(dag_id, run_id, step)
    return run_text.said(step, returned) if returned else ""


def _stage(members: list[dict[str, Any]]) -> dict[str, Any]:
    states = {one["state"] for one in members}
    state = states.pop() if len(states) == 1 else "failed" if "failed" in states else "mixed"
    return {"state": state or "none", "seconds": _seconds(members), "instances": len(members)}


def _seconds(members: list[dict[str, Any]]) -> float:
    starts = [datetime.fromisoformat(one["start_date"]) for one in members if one["start_date"]]
    ends = [datetime.fromisoformat(one["end_date"]) for one in members if one["end_date"]]
    return round((max(ends) - min(starts)).total_seconds(), 2) if starts and ends else 0.0


def _last_words(api: AirflowApi, dag_id: str, run_id: str, instance: dict[str, Any]) -> str:
    lines = api.log(dag_id, run_id, instance["task_id"], instance["try_number"], instance["map_index"])
    faults = [line for line in lines if "Error:" in line or "Exception:" in line]
    return (faults[-1] if faults else "\n".join(lines[-10:])).strip()
