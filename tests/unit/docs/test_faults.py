"""docs/faults.md lists the fault matrix as it is, and every test that the matrix names exists."""

import ast
import re

import pytest

from pipelines.settings import ROOT
from tests.faults.matrix import MATRIX, Row


@pytest.mark.parametrize("row", MATRIX, ids=[row.fault for row in MATRIX])
def test_its_tests_exist(row: Row) -> None:
    for one in row.tests:
        file, _, name = one.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, one


def test_the_page_has_a_line_for_each_fault() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()
    faults = re.findall(r"^\| \d+ \| ([^|]+) \| [^|]+ \| `", page, re.M)
    assert faults == [row.fault for row in MATRIX]
