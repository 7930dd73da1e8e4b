"""What dbt gives a model at run time, for sqlfluff's templater: the project's own variables, and refusals as text."""

from pathlib import Path
from types import SimpleNamespace

import yaml

VARIABLES = yaml.safe_load((Path(__file__).parents[1] / "dbt_project.yml").read_text())["vars"]


def var(name: str, default: object = None) -> object:
    """A variable of dbt_project.yml."""
    return VARIABLES.get(name, default)


def _refuse(message: str) -> str:
    return f"-- {message}"


exceptions = SimpleNamespace(raise_compiler_error=_refuse)
