"""Every week: backtest the forecasters on rolling origins and register the best as champion. Wiring only."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from common import telling
from common.assets import CHAMPION, CHAMPION_CHANGED
from common.steps import DEFAULTS, READING, SCHEDULE, as_of, checked_marts

DOC = """
### The forecasters compete; the best serves the daily run

Backtests every member on rolling origins, none of which sees anything after itself, chooses a method for each demand class, logs metrics
to MLflow and registers the model. It becomes `champion` only where it beats today's champion on the same windows, else `challenger`.

**When it fails** the daily run goes on with the champion it has, or without one on classical smoothing, and says so on each line.
"""


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.training, timezone=SCHEDULE.timezone),
    catchup=False,
    max_active_runs=1,
    params=READING,
    doc_md=DOC,
    description="Rolling-origin backtest → champion in the model registry",
    tags=["stockproof", "training"],
    default_args=DEFAULTS,
    **telling.RUN,
)
def weekly_training() -> None:
    """Wire the steps."""

    @task(pool="heavy", retries=1, outlets=[CHAMPION])
    def train(*, outlet_events: Any = None) -> dict[str, Any]:
        """Backtest, choose, fit on all data up to the as-of date, log and register."""
        from pipelines.forecast import training

        facts = training.train(as_of())
        if facts.get("role") == "champion" and not facts.get("skipped"):
            outlet_events[CHAMPION].add(CHAMPION_CHANGED)
        return facts

    checked_marts() >> train()


weekly_training()
