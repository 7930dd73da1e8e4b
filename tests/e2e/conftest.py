"""A stack of our own on free ports, driven only through the command line, as a user drives it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.stack.process import free_port

STACK_PORTS = ("postgres", "mariadb", "mlflow", "airflow", "desk")
"""Servers of a stack; each has its port in section ``stack`` of the configuration."""

STOCKPROOF = str(Path(sys.executable).parent / "stockproof")


@dataclass(frozen=True)
class Cli:
    """The command ``stockproof`` with an environment of its own."""

    environment: dict[str, str]
    state: Path

    def __call__(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [STOCKPROOF, *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if check and done.returncode:
            pytest.fail(
                f"stockproof {' '.join(arguments)} ended {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [STOCKPROOF, *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def status(self) -> dict[str, object]:
        """Addresses and health."""
        return dict(json.loads(self("status", "--json", check=False).stdout))

    def export(self, as_of: str) -> str:
        """The proposals of a date as CSV."""
        return self("orders", "export", "--as-of", as_of, "--format", "csv").stdout


# Two threads of a booster wait for each other wherever other tests keep the cores busy.
QUICK = {"STOCKPROOF_FORECAST__THREADS": "1", "STOCKPROOF_FORECAST__BACKTEST_ORIGINS": "1"}


def clean_environment() -> dict[str, str]:
    """This process's environment without a stack's configuration."""
    ours = ("STOCKPROOF_", "ERP_URL", "AIRFLOW")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The command line on a stack of its own, stopped at the end."""
    state = tmp_path_factory.mktemp("e2e") / "state"
    ports = {f"STOCKPROOF_STACK__{name.upper()}_PORT": str(free_port()) for name in STACK_PORTS}
    own = {"STOCKPROOF_STATE_DIR": str(state)} | QUICK
    found = Cli(clean_environment() | ports | own, state)
    yield found
    found("down", check=False)


def beside(cli: Cli, folder: Path, ports: dict[str, int]) -> Cli:
    """The command line of another company: a configuration file of its own, its state folder beside it.

    Args:
        cli: the first company's.
        folder: gets the file ``stockproof.yaml``.
        ports: keys of section ``stack``.
    """
    file = folder / "stockproof.yaml"
    file.write_text(json.dumps({"stack": ports}))  # YAML holds JSON
    environment = {name: value for name, value in cli.environment.items() if not name.startswith("STOCKPROOF_")}
    return Cli(environment | {"STOCKPROOF_CONFIG": str(file)}, folder / ".stockproof")
