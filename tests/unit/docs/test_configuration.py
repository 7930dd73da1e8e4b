"""stockproof.yaml and docs/configuration.md tell of every key, with its true default."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import settings
from pipelines.config_schema import Section
from pipelines.settings import ROOT, Settings

SECRET = "erp.url"
MACHINE = "state_dir"  # its default depends on where the project lies


def defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            found |= {f"{name}.{key}": value for key, value in field.default.model_dump().items()}
        else:
            found[name] = field.default
    return found


def documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| `([^`]*)` \| `([A-Z_]+)`", (ROOT / "docs" / "configuration.md").read_text(), re.M
    )
    return {key: (default, variable) for key, default, variable in rows}


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    content = yaml.safe_load((ROOT / "stockproof.yaml").read_text())
    shipped = {f"{section}.{key}": value for section, keys in content.items() for key, value in keys.items()}
    wanted = {key: value for key, value in defaults().items() if key not in (SECRET, MACHINE)}
    assert shipped == wanted


def test_the_shipped_file_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERP_URL", "STOCKPROOF_ERP_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(ROOT / "stockproof.yaml"))
    settings.load.cache_clear()
    try:
        assert settings.load().planning == Settings.model_fields["planning"].default
    finally:
        settings.load.cache_clear()


def test_the_page_lists_every_key_and_no_other() -> None:
    assert set(documented()) == set(defaults())


@pytest.mark.parametrize("key", sorted(set(defaults()) - {MACHINE}))
def test_the_page_gives_the_true_default_and_variable(key: str) -> None:
    default, variable = documented()[key]
    assert yaml.safe_load(default) == defaults()[key]
    assert variable == ("ERP_URL" if key == SECRET else "STOCKPROOF_" + key.replace(".", "__").upper())


def test_the_page_names_what_an_unknown_key_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("planning:\n  buckets: week\n")
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(wrong))
    settings.load.cache_clear()
    try:
        with pytest.raises(Exception, match=r"planning.buckets: unknown key; allowed here: bucket, ") as fault:
            settings.load()
        assert "docs/configuration.md" in str(fault.value)
    finally:
        settings.load.cache_clear()
