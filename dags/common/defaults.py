"""What every DAG has in common: retries, schedule, and the callbacks of its tasks and runs."""

from datetime import timedelta
from typing import Any

from common import telling
from pipelines import settings

SCHEDULE = settings.load().schedule


DEFAULTS: dict[str, Any] = {
    "owner": "replenishment",
    "retries": 3,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "on_execute_callback": [telling.step_begins],
    "on_failure_callback": [telling.step_failed],
    "on_success_callback": [telling.step_succeeded],
}

ONCE: dict[str, Any] = {"catchup": False, "max_active_runs": 1, "default_args": DEFAULTS, **telling.RUN}
"""What DAGs have in common of which one run at a time is enough."""
