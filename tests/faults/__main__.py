"""Run the fault matrix and write its table into docs/faults.md: ``make faults``."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.faults.matrix import MATRIX, Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->\n"


def outcomes(tests: list[str]) -> dict[str, str]:
    """Run tests; ``file::function`` → ``passed``, ``failed`` or ``skipped``, the worst of its cases."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        named = sorted({f"tests/{one}" for one in tests})
        subprocess.run([sys.executable, "-m", "pytest", *named, f"--junit-xml={report}"], cwd=ROOT, check=False)
        found: dict[str, str] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            file = case.get("classname", "").removeprefix("tests.").replace(".", "/")
            name = f"{file}.py::{case.get('name', '').partition('[')[0]}"
            bad = case.find("failure") is not None or case.find("error") is not None
            state = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
            order = ("passed", "skipped", "failed")
            found[name] = max(found.get(name, "passed"), state, key=order.index)
    return found


def table(results: dict[str, str]) -> str:
    """The matrix as Markdown."""
    lines = ["| fault | what holds | tests | last run |", "|---|---|---|---|"]
    for row in MATRIX:
        names = "<br>".join(f"`{one.rpartition('/')[2]}`" for one in row.tests)
        lines.append(f"| {row.fault} | {row.then} | {names} | {verdict(row, results)} |")
    return "\n".join(lines) + "\n"


def verdict(row: Row, results: dict[str, str]) -> str:
    """``green``, or the tests that are not."""
    off = [
        f"{one.rpartition('::')[2]} {results.get(one, 'not run')}" for one in row.tests if results.get(one) != "passed"
    ]
    return "; ".join(off) or "green"


def main() -> int:
    """Run, print, write. Returns the exit code."""
    results = outcomes([one for row in MATRIX for one in row.tests])
    made = table(results)
    print(made)
    text = PAGE.read_text()
    head, rest = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    PAGE.write_text(head + made + rest)
    return 0 if all(verdict(row, results) == "green" for row in MATRIX) else 1


if __name__ == "__main__":
    sys.exit(main())
