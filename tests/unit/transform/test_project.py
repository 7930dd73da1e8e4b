"""Rules of the dbt project that no build can break loudly: grain stated, columns described, variables read at compile time alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.transform.dbt_cli import PROJECT

MODELS = sorted((PROJECT / "models").rglob("*.sql"))
PREFIX = {"staging": ("stg_erp__",), "intermediate": ("int_",), "marts": ("dim_", "fct_")}
SELECTED = re.compile(r"[\w.]+$")


def _described(model: Path) -> dict[str, Any]:
    content = yaml.safe_load(model.with_suffix(".yml").read_text())
    (only,) = content["models"]
    return only


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_has_one_yaml_with_its_grain(model: Path) -> None:
    assert model.stem.startswith(PREFIX[model.parent.name])
    described = _described(model)
    assert described["name"] == model.stem
    grain = re.search(r"Grain: one row per ([\w, ]+)\.", described["description"])
    assert grain
    names = [column["name"] for column in described["columns"]]
    assert set(grain.group(1).split(", ")) <= set(names)
    assert len(names) == len(set(names))
    assert all(column["description"].strip() for column in described["columns"])


@pytest.mark.parametrize("model", [m for m in MODELS if m.parent.name == "marts"], ids=lambda path: path.stem)
def test_mart_names_the_date_and_types_every_column(model: Path) -> None:
    columns = {column["name"]: column for column in _described(model)["columns"]}
    assert columns["as_of"]["data_type"] == "date"
    assert all("data_type" in column for column in columns.values())


def test_marts_are_under_contract() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert project["models"]["stockproof"]["marts"]["+contract"] == {"enforced": True}
    for model in MODELS:
        assert "contract" not in model.read_text(), f"{model.name} sets a contract of its own"


@pytest.mark.parametrize("path", sorted(PROJECT.rglob("*.yml")), ids=lambda path: path.stem)
def test_no_variable_is_read_when_parsing(path: Path) -> None:
    """One parsed manifest serves every as-of date only where YAML reads no variable."""
    assert not re.search(r"\bvar\(", path.read_text())


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_no_configuration_reads_a_variable_and_no_model_the_clock(model: Path) -> None:
    text = model.read_text()
    assert not any("var(" in config for config in re.findall(r"config\(.*?\)\s*}}", text, re.DOTALL))
    assert not re.search(r"\b(now\(|current_date|current_timestamp|localtime|clock_timestamp)", text)


def test_raw_is_read_by_staging_alone() -> None:
    for model in MODELS:
        reads_raw = "as_of_rows(" in model.read_text() or "source(" in model.read_text()
        assert reads_raw == (model.parent.name == "staging"), model.name
