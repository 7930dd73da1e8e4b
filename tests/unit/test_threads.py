"""Threads that wait leave their core to others: what the boosters' OpenMP says of itself when it is loaded."""

import os
import subprocess
import sys

import pytest

LOAD = "from pipelines.forecast import training; import {library}"


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "sklearn.ensemble"])
def test_waiting_threads_sleep_by_default(library: str) -> None:
    def spins(**given: str) -> set[int]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
        printed = subprocess.run(
            [sys.executable, "-c", LOAD.format(library=library)],
            env=plain | given | {"OMP_DISPLAY_ENV": "VERBOSE"},
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        return {int(line.split("=")[1].strip(" '")) for line in printed.splitlines() if "GOMP_SPINCOUNT" in line}

    assert spins() == {1_000}
    assert min(spins(OMP_WAIT_POLICY="ACTIVE")) > 1_000_000
