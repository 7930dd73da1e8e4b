"""A training killed by SIGKILL at any request to the registry, and run again: no half-registered bundle, the champion untouched."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import mlflow
import pytest

from pipelines import settings
from pipelines.governance import queries
from pipelines.io import model_decisions, registry
from tests.integration import governance_registry as small
from tests.integration.forecast_marts import AS_OF, DAYS, build

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

WEEK = timedelta(days=7)

CHILD = """
import os, signal, sys
from datetime import date
from pathlib import Path
import requests
from tests.integration import governance_registry as small
from pipelines.io import registry, warehouse

send, count = requests.Session.send, 0

def counted(self, request, **options):
    global count
    answer = send(self, request, **options)
    count += 1
    if count == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

folder, day, at = Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), 0
while True:
    at += 1
    child = os.fork()
    if child == 0:
        requests.Session.send = counted
        small.register(folder / str(at), day, promote=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(at, "killed" if os.WIFSIGNALED(status) else "done", len(registry.versions()), flush=True)
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def models(
    warehouse_url: str, configured: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A champion of the week before."""
    with small.registered(configured, tmp_path_factory, [(AS_OF - WEEK, True)]) as url:
        yield url


def test_killed_at_each_request_of_the_registration_versions_are_whole_and_none_else_is_there(
    models: str, tmp_path: Path
) -> None:
    """A process for each request, killed once it is answered; the last one comes to its end."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), str(AS_OF)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    courses = [line.split() for line in child.stdout.splitlines()]
    assert len(courses) > 10 and [course[1] for course in courses].count("done") == 1
    for version in registry.versions():
        assert {"bucket", "service", "role", "trained_as_of", "data_hash", "source_id"} <= set(version.tags)
        assert registry.fetch(version, tmp_path / f"of-{version.number}").is_dir(), "each version holds its forecaster"
    unfinished = [int(course[2]) for course in courses]
    assert unfinished[0] == 1 and unfinished == sorted(unfinished)
    assert registry.champion_as_of(AS_OF - timedelta(days=1), "day").number == 1  # type: ignore[union-attr]


def test_a_killed_training_run_again_leaves_one_version_and_one_row_in_the_log(
    models: str, configured: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole training, as the weekly run starts it; killed while it registers, then repeated by another process."""
    for name, value in (
        ("PLANNING__HISTORY_DAYS", str(DAYS)),
        ("FORECAST__MEMBERS", '["sba"]'),
        ("FORECAST__THREADS", "1"),
    ):
        configured.setenv(f"STOCKPROOF_{name}", value)
    settings.load.cache_clear()
    day = AS_OF + 10 * WEEK
    build(day)
    before = [(version.number, version.role, version.service()) for version in registry.versions()]
    champion = registry.champion()
    killed = _training(day, "import mlflow; mlflow.register_model = lambda *a, **k: os.kill(os.getpid(), 9)")
    assert killed.returncode == -signal.SIGKILL
    assert [(version.number, version.role, version.service()) for version in registry.versions()] == before
    assert registry.champion() == champion
    late = _training(
        day, "from pipelines.io import registry; registry.mirror_aliases = lambda b: os.kill(os.getpid(), 9)"
    )
    assert late.returncode == -signal.SIGKILL and len(registry.versions()) == len(before) + 1
    again = _training(day, "")
    assert again.returncode == 0, again.stderr[-2000:]
    assert len(registry.versions()) == len(before) + 1
    newest = registry.versions()[0]
    log = model_decisions.read().filter(model_version=newest.label)
    assert log.height == 1 and queries.card(str(newest.number))["facts"]["trained_as_of"] == str(day)
    mlflow.set_tracking_uri(models)
    named = registry.by_alias("champion" if newest.role == "champion" else "challenger")
    assert named == newest


def _training(day: object, fault: str) -> subprocess.CompletedProcess[str]:
    begin = f"import os; from datetime import date\n{fault}\nfrom pipelines.forecast import training\n"
    command = [sys.executable, "-c", begin + f"training.train(date.fromisoformat('{day}'))"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
