"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import models
import pipelines.core

MODULES = [
    info.name
    for package in (models, pipelines.core)
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


def test_examples_hold() -> None:
    results = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert sum(result.attempted for result in results.values()) > 10
    assert {name: result.failed for name, result in results.items() if result.failed} == {}
