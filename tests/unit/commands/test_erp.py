"""``stockproof erp``: what the commands print, and their exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands.erp import app
from tests.unit.onboarding.test_load import FILES

SEED = ["seed", "--items", "12", "--days", "40", "--suppliers", "3", "--until", "2026-03-01"]


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_seed_then_check_as_json(sqlite: Path) -> None:
    seeded = json.loads(run(*SEED, "--json"))
    assert seeded["rows"]["items"] == 12
    assert seeded["parameters"]["until"] == "2026-03-01"
    found = json.loads(run("check", "--json"))
    assert found["verdict"] == "usable without"  # the planted rows
    sales = next(table for table in found["tables"] if table["table"] == "sales")
    assert (sales["rows"], sales["last"]) == (seeded["rows"]["sales"], "2026-03-01")


def test_seed_twice_says_so(sqlite: Path) -> None:
    assert "faulty rows planted" in run(*SEED)
    assert "already in" in run(*SEED)
    assert "usable, with gaps in" in run("check")


def test_check_of_an_unusable_erp_ends_with_1(sqlite: Path) -> None:
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 1
    assert "table items is missing" in result.stdout
    assert "not usable" in result.stdout


def test_load_prints_notes_and_rows(sqlite: Path) -> None:
    folder = sqlite / "own"
    folder.mkdir()
    (folder / "items.csv").write_text("item_id,name,category,unit_cost,unit_price\nA,Hammer,Tools,5,9\n")
    (folder / "suppliers.csv").write_text("supplier_id,name,active\nS,Oak,true\n")
    (folder / "item_suppliers.csv").write_text(
        "item_id,supplier_id,is_primary,lead_time_days,min_order_qty,pack_size,unit_price\nA,S,true,7,,,5\n"
    )
    (folder / "locations.csv").write_text("location_id,name,kind\nW,Main,warehouse\n")
    (folder / "sales.csv").write_text("sale_id,item_id,location_id,sold_on,quantity,unit_price\n1,A,W,2026-01-05,2,9\n")
    printed = run("load", str(folder))
    assert "updated_at is absent in items.csv, suppliers.csv, item_suppliers.csv, sales.csv" in printed
    assert json.loads(run("load", str(folder), "--replace", "--json"))["rows"]["sales"] == 1


@pytest.mark.parametrize("command", ["seed", "load", "check"])
def test_every_help_ends_with_an_example(command: str) -> None:
    assert f"Example: stockproof erp {command}" in run(command, "--help").replace("\n", " ")


def test_brackets_of_the_users_own_are_printed_as_they_are(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They look like the console's own markup, which swallows ``[eur]`` and ends in a traceback at ``[/eur]``."""
    from pipelines import cli

    folder = sqlite / "erp"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.csv").write_text(content)
    (folder / "locations.csv").write_text("location_id,name,kind,rent [eur]\nW,Main,warehouse,5\n")
    assert "left out: rent [eur]" in run("load", str(folder))
    monkeypatch.setattr("sys.argv", ["stockproof", "erp", "load", str(sqlite / "[/eur]")])
    with pytest.raises(SystemExit):
        cli.main()
    assert "[/eur] is not a folder" in capsys.readouterr().err
