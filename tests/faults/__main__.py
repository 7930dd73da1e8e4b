"""Run the fault matrix and write its results into docs/faults.md: ``make faults``. Some rows: ``python -m tests.faults 5 7 --times 3``."""

import argparse
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from tests.faults.matrix import MATRIX, Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->\n"


def outcomes(tests: list[str]) -> tuple[dict[str, str], float]:
    """Run tests.

    Returns:
        ``file::function`` → ``passed``, ``failed`` or ``skipped``, the worst of its cases; and the seconds that the tests took.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        named = sorted({f"tests/{one}" for one in tests})
        subprocess.run([sys.executable, "-m", "pytest", *named, f"--junit-xml={report}"], cwd=ROOT, check=False)
        found: dict[str, str] = {}
        seconds = 0.0
        for case in ElementTree.parse(report).iter("testcase"):
            file = case.get("classname", "").removeprefix("tests.").replace(".", "/")
            name = f"{file}.py::{case.get('name', '').partition('[')[0]}"
            bad = case.find("failure") is not None or case.find("error") is not None
            state = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
            order = ("passed", "skipped", "failed")
            found[name] = max(found.get(name, "passed"), state, key=order.index)
            seconds += float(case.get("time", 0))
    return found, seconds


def verdict(row: Row, runs: list[dict[str, str]]) -> str:
    """``green`` with the number of runs, or the tests that were not passed in each."""
    off = Counter(
        f"{one.rpartition('::')[2]} {run.get(one, 'not run')}"
        for run in runs
        for one in row.tests
        if run.get(one) != "passed"
    )
    if off:
        return "; ".join(f"{words} in {times} of {len(runs)}" for words, times in off.items())
    return f"green, {len(runs)} in a row" if len(runs) > 1 else "green"


def table(results: dict[str, str]) -> str:
    """The matrix as Markdown; rows that have not run since they were added say so."""
    lines = ["| | fault | what holds | tests | last run |", "|---|---|---|---|---|"]
    for number, row in enumerate(MATRIX, 1):
        names = "<br>".join(f"`{one.rpartition('/')[2]}`" for one in row.tests)
        lines.append(f"| {number} | {row.fault} | {row.then} | {names} | {results.get(row.fault, 'not run')} |")
    return "\n".join(lines) + "\n"


def written(page: str) -> dict[str, str]:
    """Fault → its result on the page."""
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return {row[1]: row[-1] for row in cells if len(row) == 5}


def main() -> int:
    """Run, print, write. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, help="numbers of rows; without any, all")
    parser.add_argument("--times", type=int, default=1, help="in a row")
    arguments = parser.parse_args()
    rows = [MATRIX[number - 1] for number in arguments.rows] or list(MATRIX)
    ran = [outcomes([one for row in rows for one in row.tests]) for _ in range(arguments.times)]
    text = PAGE.read_text()
    results = written(text) | {row.fault: verdict(row, [found for found, _ in ran]) for row in rows}
    head, rest = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    PAGE.write_text(head + table(results) + rest)
    for row in rows:
        print(f"{row.fault}: {results[row.fault]}")
    print("seconds of tests:", ", ".join(f"{seconds:.0f}" for _, seconds in ran))
    return 0 if all(results[row.fault].startswith("green") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
