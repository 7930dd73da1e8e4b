"""The alert rules as rules of Prometheus, run by promtool: each is silent, fires and is silent again."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.operations.alerts import prometheus, rules
from pipelines.operations.metrics.catalogue import METRICS
from pipelines.settings import ROOT

RUNBOOK = "docs/runbooks/{name}.md"
COMMITTED = ROOT / "deploy" / "prometheus" / "alerts.yml"


@pytest.fixture(scope="session")
def promtool() -> str:
    """Debian's promtool, installed if missing. Its absence fails the test."""
    if not shutil.which("promtool"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "prometheus"]
        subprocess.run(install, capture_output=True, check=False, timeout=200)
    found = shutil.which("promtool")
    assert found, "promtool is missing and could not be installed (Debian: prometheus)"
    return found


def test_the_committed_file_is_made_from_the_rules() -> None:
    wanted = prometheus.rules_file(rules.load(rules.PACKAGED).values(), RUNBOOK)
    assert COMMITTED.read_text() == wanted, "stockproof alerts prometheus > deploy/prometheus/alerts.yml"


def test_every_rule_fires_and_recovers(promtool: str, tmp_path: Path) -> None:
    listed = list(rules.load(rules.PACKAGED).values())
    tests = tmp_path / "tests.yml"
    tests.write_text(prometheus.tests_file(listed, str(COMMITTED), RUNBOOK))
    done = subprocess.run([promtool, "test", "rules", str(tests)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    named = {one["alert"] for one in yaml.safe_load(COMMITTED.read_text())["groups"][0]["rules"]}
    assert named == {rule.name for rule in listed if rule.metric} | {prometheus.STALE}


def test_a_rule_that_never_fires_is_noticed(promtool: str, tmp_path: Path) -> None:
    """The tests of the rules can fail: with every threshold out of reach they do."""
    dead = tmp_path / "dead.yml"
    dead.write_text(COMMITTED.read_text().replace("expr: ", "expr: 1e99 < "))
    tests = tmp_path / "tests.yml"
    tests.write_text(prometheus.tests_file(list(rules.load(rules.PACKAGED).values()), str(dead), RUNBOOK))
    assert subprocess.run([promtool, "test", "rules", str(tests)], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("rule", rules.load(rules.PACKAGED).values(), ids=lambda rule: rule.name)
def test_every_rule_has_a_metric_of_the_catalogue_and_a_runbook(rule: rules.AlertRule) -> None:
    assert rule.metric is None or rule.metric in METRICS
    page = ROOT / "docs" / "runbooks" / f"{rule.runbook}.md"
    assert len(page.read_text().split()) > 40, "a page that helps"
