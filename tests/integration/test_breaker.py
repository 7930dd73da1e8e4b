"""A circuit breaker on a real PostgreSQL: opens after three failed calls, refuses, probes once, closes; its state outlives a process."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import breaker, registry, warehouse
from pipelines.stack.process import free_port

pytestmark = pytest.mark.servers


class Service:
    """Fails until fixed; counts its calls. The clock is the test's."""

    def __init__(self) -> None:
        self.calls, self.up, self.moment = 0, False, datetime(2026, 6, 28, 6, tzinfo=UTC)

    def __call__(self) -> str:
        self.calls += 1
        if not self.up:
            raise ConnectionError("no route")
        return "answer"

    def ask(self, name: str, attempts: int = 2) -> str:
        return breaker.call(name, self, attempts=attempts, wait=0.001, clock=lambda: self.moment)


def test_opens_after_three_failed_calls_and_closes_by_a_probe(warehouse_url):
    service = Service()
    for failed in range(1, 4):
        with pytest.raises(ConnectionError):
            service.ask("registry")
        assert service.calls == 2 * failed, "each call tries twice"
    with pytest.raises(StockproofError, match=r"registry failed 3 times in a row.*no route"):
        service.ask("registry")
    assert service.calls == 6, "an open breaker does not call"
    service.moment += breaker.COOL_DOWN
    with pytest.raises(ConnectionError):
        service.ask("registry")
    assert service.calls == 7, "one probe, no retries"
    with pytest.raises(StockproofError, match="not called for now"):
        service.ask("registry")
    service.moment += breaker.COOL_DOWN + timedelta(seconds=1)
    service.up = True
    assert breaker.state("registry", clock=lambda: service.moment) == breaker.HALF_OPEN
    assert service.ask("registry") == "answer"
    assert breaker.state("registry", clock=lambda: service.moment) == breaker.CLOSED
    counted = warehouse.read("select failures, times_opened from ops.breakers where name = 'registry'").row(0)
    assert counted == (0, 2)


def test_a_success_between_failures_starts_the_count_again(warehouse_url):
    service = Service()
    for up in (False, False, True, False, False):
        service.up = up
        try:
            service.ask("erp", attempts=1)
        except ConnectionError:
            assert not up
    assert breaker.state("erp", clock=lambda: service.moment) == breaker.CLOSED


def test_a_retry_saves_the_call(warehouse_url):
    service = Service()

    def second_try() -> str:
        service.up = service.calls >= 1
        return service()

    assert breaker.call("flaky", second_try, wait=0.001, clock=lambda: service.moment) == "answer"
    assert warehouse.read("select count(*) as n from ops.breakers where name = 'flaky'")["n"][0] == 0


def test_state_outlives_the_process(warehouse_url):
    program = (
        "from pipelines.io import breaker\n"
        "try:\n    breaker.call('far', lambda: 1 / 0, attempts=1)\nexcept ZeroDivisionError:\n    print('failed')\n"
        "except Exception as fault:\n    print(type(fault).__name__)\n"
    )
    answers = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(4)
    ]
    assert answers == ["failed"] * 3 + ["StockproofError"]


def test_a_registry_that_is_away_is_not_asked_for_ever(warehouse_url, configured):
    """The daily run's own way to the model: three runs fail, the fourth is refused at once, and five minutes later one call probes."""
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
    configured.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    settings.load.cache_clear()
    for _ in range(3):
        with pytest.raises(ServiceAway, match=r"model registry .* cannot be reached"):
            registry.champion_as_of(date(2026, 6, 28), "day")
    with pytest.raises(
        StockproofError, match="model registry failed 3 times in a row and is not called for now"
    ) as fault:
        registry.champion_as_of(date(2026, 6, 28), "day")
    assert "cannot be reached" in fault.value.message
    warehouse.execute(
        "update ops.breakers set opened_at = opened_at - interval '5 minutes' where name = :name", name=registry.BREAKER
    )
    with pytest.raises(ServiceAway):
        registry.champion_as_of(date(2026, 6, 28), "day")
    assert breaker.state(registry.BREAKER) == breaker.OPEN, "the probe failed too"
