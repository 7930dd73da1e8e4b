"""Plant each mutant in a copy of the project and see if its tests find it: ``make mutation``. Some: ``python -m tests.mutation 3 7``."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutation.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("pipelines", "models", "dags", "dbt", "expectations", "tests", "docker", "deploy", "docs")
FILES = ("pyproject.toml", "stockproof.yaml", "README.md")
FOUND = 1
"""Exit code of pytest where a test failed; any other but 0 is a fault of the mutant or of the machine."""


def verdict(copy: Path, mutant: Mutant) -> str:
    """``killed``, ``survived``, or what went wrong."""
    path = copy / mutant.file
    sound = path.read_text()
    if sound.count(mutant.sound) != 1:
        return f"not planted: {mutant.file} holds its text {sound.count(mutant.sound)} times"
    path.write_text(sound.replace(mutant.sound, mutant.broken))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", *mutant.tests],
            cwd=copy, env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "killed: its tests did not end"
    finally:
        path.write_text(sound)
    if done.returncode == FOUND:
        return "killed"
    return "survived" if done.returncode == 0 else f"no verdict, pytest ended {done.returncode}: {done.stdout[-300:]}"


def main() -> int:
    """Run, print. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="of mutants; without any, all")
    chosen = parser.parse_args().numbers or range(1, len(MUTANTS) + 1)
    verdicts = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        copy.mkdir()
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
        for name in FILES:
            shutil.copy(ROOT / name, copy / name)
        for number in chosen:
            mutant = MUTANTS[number - 1]
            verdicts.append(verdict(copy, mutant))
            print(f"{number:2}  {verdicts[-1]:9}  {mutant.fault}  ({mutant.file})", flush=True)
    print(f"{sum(one.startswith('killed') for one in verdicts)} of {len(verdicts)} killed")
    return 0 if all(one.startswith("killed") for one in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
