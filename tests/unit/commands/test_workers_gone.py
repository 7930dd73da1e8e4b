"""A run whose workers were all killed: within a minute the user reads what to do."""

import pytest

from pipelines.commands.follow import GONE, WAITING, Workers
from pipelines.core.errors import StockproofError


def steps(**states):
    return [{"task_id": name, "state": state} for name, state in states.items()]


@pytest.fixture
def said():
    return []


@pytest.fixture
def workers(said):
    return Workers("RUN", said.append)


def test_a_step_that_no_worker_takes_up_is_named_once_within_a_minute(workers, said):
    for second in range(0, 60, 5):
        workers.seen(steps(extract="success", transform="queued"), float(second))
    assert WAITING < 60
    assert len(said) == 1
    assert "transform of RUN is queued" in said[0]
    assert "`stockproof down`, then `stockproof up`" in said[0]


def test_nobody_waits_for_ever(workers):
    workers.seen(steps(transform="queued"), 0.0)
    with pytest.raises(StockproofError, match="workers are gone"):
        workers.seen(steps(transform="queued"), GONE + 1.0)


def test_a_queue_behind_a_running_step_is_none(workers, said):
    for second in (0.0, 30.0, 100.0, 1000.0):
        workers.seen(steps(replay="running", report="queued"), second)
    assert said == []


def test_a_step_that_was_taken_up_starts_the_count_again(workers, said):
    workers.seen(steps(transform="queued"), 0.0)
    workers.seen(steps(transform="running"), 40.0)
    workers.seen(steps(report="queued"), 50.0)
    workers.seen(steps(report="queued"), 90.0)
    assert said == []
