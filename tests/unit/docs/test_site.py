"""The pages as a site: generated references are current, and every link of the site leads somewhere."""

import os
import subprocess
import sys
from pathlib import Path

from pipelines.settings import ROOT


def test_the_command_reference_is_that_of_the_commands(tmp_path: Path) -> None:
    page = tmp_path / "commands.md"
    command = [
        sys.executable,
        "-m",
        "typer",
        "pipelines.cli",
        "utils",
        "docs",
        "--name",
        "stockproof",
        "--output",
        str(page),
    ]
    subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, env=os.environ | {"TERM": "dumb", "NO_COLOR": "1"}
    )
    assert (ROOT / "docs" / "commands.md").read_text() == page.read_text(), "run `make docs`"


def test_every_page_of_the_site_is_listed_and_every_link_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
