"""Steps of the daily run that look back: what followed earlier decisions, and what came of earlier forecasts. Both need the marts."""

from typing import Any

from airflow.sdk import task

from common.steps import as_of


@task
def outcomes() -> dict[str, Any]:
    """What followed the decisions of earlier days, before today's; by it the rollout's stages in force from today on."""
    from pipelines.operations import day

    return day.run(as_of())


@task
def models() -> dict[str, Any]:
    """Before today's forecast: those that came true scored by segment, drift alarmed, a champion that is proven worse taken back."""
    from pipelines.governance import job

    return job.daily(as_of())
