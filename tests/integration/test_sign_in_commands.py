"""Who acts on the command line once users exist: the person who is logged in, whatever `--by` names."""

import pytest
from typer.testing import CliRunner

from pipelines.access import actions
from pipelines.cli import app
from pipelines.commands import sign_in as command_line
from pipelines.core.errors import StockproofError
from tests.integration.serve_world import PASSWORD, PEOPLE

pytestmark = pytest.mark.servers


@pytest.fixture
def people(warehouse_url: str) -> None:
    for name, role in PEOPLE.items():
        actions.add_user(name, role, limit=None, by="test", password=PASSWORD)  # type: ignore[arg-type]


def test_the_command_line_signs_as_the_person_who_is_logged_in(people: None) -> None:
    def refused(by: str | None, role: str) -> str:
        with pytest.raises(StockproofError) as fault:
            command_line.signer(by, role, "approve orders")  # type: ignore[arg-type]
        return str(fault.value)

    assert "nobody is logged in" in refused("anna", "approver")
    entered = CliRunner().invoke(app, ["login", "anna"], input=f"{PASSWORD}\n")
    assert "anna is logged in as approver" in entered.output
    name, limits = command_line.signer(None, "approver", "approve orders")
    assert name == "anna" and limits is not None and limits.authors["anna"] == "unlimited"
    assert "cannot sign as paul" in refused("paul", "approver")
    assert "is approver and may not" in refused(None, "admin")
    for command in (
        ["model", "promote", "1", "--reason", "better", "--by", "paul"],
        ["rollout", "hold", "--reason", "stocktaking", "--by", "paul"],
        ["alerts", "done", "1", "--by", "paul"],
        ["forecast", "withdraw", "1", "--reason", "over", "--by", "paul"],
        [
            "forecast",
            "adjust",
            "A",
            "--from",
            "2026-07-01",
            "--to",
            "2026-07-02",
            "--factor",
            "2",
            "--reason",
            "fair",
            "--by",
            "paul",
        ],
    ):
        ended = CliRunner().invoke(app, command)
        assert "cannot sign as paul" in f"{ended.output}{ended.exception}", command
    CliRunner().invoke(app, ["logout"])
    assert "nobody is logged in" in refused(None, "approver")
