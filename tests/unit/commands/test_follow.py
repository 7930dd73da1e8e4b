"""What a user reads of a run."""

from pipelines.commands.follow import _seconds, _stage


def _instance(state: str, start: str | None, end: str | None) -> dict[str, str | None]:
    return {"state": state, "start_date": start, "end_date": end}


def test_stage_spans_its_mapped_instances() -> None:
    chunks = [
        _instance("success", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:02+00:00"),
        _instance("success", "2026-01-01T00:00:01+00:00", "2026-01-01T00:00:05.5+00:00"),
    ]
    assert _stage(chunks) == {"state": "success", "seconds": 5.5, "instances": 2}
    assert _stage([*chunks, _instance("failed", None, None)])["state"] == "failed"


def test_a_task_that_never_ran_took_no_time() -> None:
    assert _seconds([_instance("upstream_failed", None, None)]) == 0.0
