"""From proposals to the ERP's purchase tables through the real scheduler: approve, release, release again."""

import json

import pytest
import sqlalchemy as sa

from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(1800)]

AS_OF = "2026-06-28"


@pytest.fixture(scope="module")
def listed(cli: Cli) -> list[dict[str, object]]:
    """Orders that a daily run proposes; made here where no test before has made them."""
    cli("up")
    cli("erp", "seed", "--items", "120", "--days", "500", "--suppliers", "12", "--until", AS_OF)
    if cli("orders", "list", "--as-of", AS_OF, "--json", check=False).returncode:
        cli("run", "daily", "--as-of", AS_OF)
    return list(json.loads(cli("orders", "list", "--as-of", AS_OF, "--json").stdout)["orders"])


def _in_erp(cli: Cli) -> list[tuple[object, ...]]:
    address = str(cli.status()["erp_url"]).replace("mysql://", "mysql+pymysql://", 1)
    query = """select o.external_ref, o.po_id, count(*), sum(l.quantity_ordered) from purchase_orders o
        join purchase_order_lines l using (po_id) where o.external_ref is not null group by 1, 2 order by 1"""
    with sa.create_engine(address).connect() as erp:
        return [tuple(row) for row in erp.execute(sa.text(query))]


def test_what_is_signed_reaches_the_erp_once(listed: list[dict[str, object]], cli: Cli) -> None:
    assert {one["state"] for one in listed} == {"proposed"}
    first, signed, waiting = (
        str(listed[0]["order_id"]),
        listed[:-3],
        listed[-3:-1],
    )  # those that wait: tests of the API sign them
    refused = str(listed[-1]["order_id"])
    cli("orders", "reject", refused, "--reason", "vendor closed", "--by", "ann")
    cli("orders", "approve", *(str(one["order_id"]) for one in signed), "--by", "ann")
    released = json.loads(cli("run", "release", "--as-of", AS_OF, "--json").stdout)
    assert released["state"] == "success"
    held = _in_erp(cli)
    assert sorted((str(one["idempotency_key"]), one["order_id"], one["lines"]) for one in signed) == [
        (key, po, lines) for key, po, lines, _ in held
    ]
    order = json.loads(cli("orders", "show", first, "--json").stdout)
    assert [event["event"] for event in order["events"]] == ["proposed", "approved", "submitted", "acknowledged"]
    cli("run", "release", "--as-of", AS_OF)
    assert _in_erp(cli) == held
    daily = json.loads(cli("run", "daily", "--as-of", AS_OF, "--json").stdout)
    assert daily["state"] == "success"
    states = {
        one["order_id"]: one["state"]
        for one in json.loads(cli("orders", "list", "--as-of", AS_OF, "--json").stdout)["orders"]
    }
    expected = dict.fromkeys((str(one["order_id"]) for one in signed), "acknowledged") | {refused: "rejected"}
    assert states == expected | dict.fromkeys((str(one["order_id"]) for one in waiting), "proposed")
