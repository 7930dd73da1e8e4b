"""Links, commands and claims of the pages hold."""

import re
from pathlib import Path

import pytest
import yaml

from pipelines.core.contract import TABLES
from pipelines.settings import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MADE_BY_THE_DEMO = {"docs/images/report.png"}


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", t)]
    lost = [t for t in targets if not (page.parent / t).exists() and t not in MADE_BY_THE_DEMO]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_anchors_within_the_project_exist(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", page.read_text()):
        text = ((page.parent / target) if target else page).read_text()
        heads = {
            re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", text, re.M)
        }
        assert anchor in heads


def test_the_contract_page_lists_every_column() -> None:
    text = (ROOT / "docs" / "erp-contract.md").read_text()
    listed = {
        head: re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.M)
        for head, part in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    }
    assert listed == {table.name: [(c.name, c.kind.value) for c in table.columns] for table in TABLES}


def test_commands_of_the_readme_exist() -> None:
    from typer.main import get_command

    from pipelines.cli import app

    root = get_command(app)
    table = re.search(r"## Commands\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.S)
    assert table
    cells = [re.findall(r"`([^`]+)`", cell) for cell in re.findall(r"^\| (`stockproof[^|]*) \|", table[1], re.M)]
    assert len(cells) > 5
    for first, *others in cells:  # e.g. "stockproof erp seed", "load DIR", "check"
        group, *sub = [word for word in first.split()[1:] if re.fullmatch(r"[a-z][a-z-]*", word)]
        assert group in root.commands  # type: ignore[attr-defined]
        inside = getattr(root.commands[group], "commands", root.commands)  # type: ignore[attr-defined]
        assert {*sub, *(other.split()[0] for other in others)} <= set(inside), first


def test_targets_of_the_readme_exist() -> None:
    wanted = set(
        re.findall(
            r"(?:^|`)make ([a-z]+)", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text(), re.M
        )
    )
    assert wanted <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


def test_hooks_are_the_checks_of_make_lint() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = {" ".join(h["entry"].split()[:2]).removeprefix(".venv/bin/").split(" --")[0] for h in hooks}
    lint = (ROOT / "Makefile").read_text()
    assert used == {"ruff check", "ruff format", "mypy", "lint-imports", "sqlfluff lint"}
    assert all(f"$(BIN)/{command}" in lint for command in used)


def test_no_page_names_a_private_path() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", page.read_text()), page
