"""The command line on a stack of its own, as in tests/e2e; or on one that is kept from call to call, so that a row alone is cheap."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.stack.process import free_port
from tests.e2e.conftest import QUICK, Cli, clean_environment
from tests.e2e.conftest import cli as fresh

KEPT = os.environ.get("FAULTS_STACK")
"""Folder of the stack that is kept; none: a fresh one, stopped at the end."""

if KEPT:

    @pytest.fixture(scope="session")
    def cli() -> Iterator[Cli]:
        """The kept stack; who keeps it stops it."""
        folder = Path(str(KEPT))
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / "ports.json"
        names = ("POSTGRES", "MARIADB", "MLFLOW", "AIRFLOW", "DESK")
        if not made.exists():
            made.write_text(json.dumps({f"STOCKPROOF_STACK__{name}_PORT": str(free_port()) for name in names}))
        ports = json.loads(made.read_text())
        own = {"STOCKPROOF_STATE_DIR": str(folder / "state")} | QUICK
        yield Cli(clean_environment() | ports | own, folder / "state")

else:
    cli = fresh
