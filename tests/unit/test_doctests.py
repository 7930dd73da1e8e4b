"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for folder in ("models", "pipelines")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if ">>> " in file.read_text()
]


def test_examples_hold() -> None:
    results = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert sum(result.attempted for result in results.values()) > 50
    assert {name: result.failed for name, result in results.items() if result.failed} == {}
