"""What if? Every scenario of the digital twin in parallel, on the same random streams, and one report. Wiring only."""

from typing import Any

from airflow.sdk import Param, dag, task
from common import telling
from common.steps import AS_OF, DEFAULTS, as_of, param

DOC = """
### A network of suppliers, warehouses and stores under every scenario

Plays the twin's network (`pipelines/twin/networks/default.yaml`, or the file given) under each scenario on common random numbers, keeps
the metrics with their intervals and each site's mean days in `plan.twin_metrics` and `plan.twin_days`, and writes one HTML page.

**When it fails** nothing else is touched: no order depends on it. Clear the failed task; a date's results are replaced. `plan` names the
key of the network file, or the scenario, that does not hold.
"""

PARAMS = {
    "as_of": AS_OF,
    "scenarios": Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Scenarios",
        description="One a line; join several with + to let them happen together. Empty: all.",
    ),
    "network": Param(
        None, type=["null", "string"], title="Network", description="Path of a network file (YAML). Empty: the default."
    ),
    "days": Param(
        None, type=["null", "integer"], minimum=8, title="Days", description="Days to play, warm-up included. Empty: the network's."
    ),
    "seed": Param(
        None, type=["null", "integer"], minimum=0, title="Seed", description="Root of all random numbers. Empty: the network's."
    ),
    "replications": Param(
        200, type="integer", minimum=1, maximum=100_000, title="Replications", description="How often each scenario is played."
    ),
}  # fmt: skip


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    doc_md=DOC,
    description="Digital twin: scenarios in parallel → metrics with intervals and a report",
    tags=["stockproof", "twin"],
    default_args=DEFAULTS,
    **telling.RUN,
)
def twin_scenarios() -> None:
    """Wire the steps."""

    @task(retries=1)
    def plan() -> list[dict[str, Any]]:
        """Check the network and the scenarios; record the plan and clear the date's results."""
        from pipelines.twin import job

        return job.prepare(
            as_of(),
            names=param("scenarios") or (),
            network=param("network"),
            days=param("days"),
            seed=param("seed"),
            replications=param("replications"),
        )

    @task(pool="replay", map_index_template="{{ task.op_kwargs['scenario']['scenario'] }}")
    def play(scenario: dict[str, Any]) -> dict[str, Any]:
        """One scenario: metrics with intervals and each site's mean days into the tables."""
        from pipelines.twin import job

        return job.run_one(as_of(), scenario)

    @task
    def report() -> dict[str, Any]:
        """Scenarios × metrics, each site's stock, orders and lost sales, and the spike's way upstream: one HTML file."""
        from pipelines.twin import job

        return job.report(as_of())

    play.expand(scenario=plan()) >> report()


twin_scenarios()
