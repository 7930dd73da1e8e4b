"""The catalogue of ``make demo``, 2,016 items × 730 days, from a fresh state folder through the real scheduler (``make nightly``)."""

import csv
import io
import json

import pytest

from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(3600)]

AS_OF = "2026-06-28"
SKUS = 2016


def test_a_full_catalogue_from_its_books_to_its_orders(cli: Cli) -> None:
    cli("up")
    cli("erp", "seed", "--until", AS_OF)
    for run in ("training", "daily"):
        done = json.loads(cli("run", run, "--as-of", AS_OF, "--json").stdout)
        assert done["state"] == "success", done
    first = cli.export(AS_OF)
    rows = list(csv.DictReader(io.StringIO(first)))
    assert SKUS / 100 < len(rows) < SKUS
    assert len({(row["item_id"], row["location_id"]) for row in rows}) == len(rows), "no SKU is ordered twice"
    assert all(float(row["quantity"]) > 0 and row["expected_on"] > AS_OF for row in rows)
    again = json.loads(cli("run", "daily", "--as-of", AS_OF, "--json").stdout)
    assert again["state"] == "success"
    assert cli.export(AS_OF) == first, "a run that is repeated gives the same orders"
    backup = json.loads(cli("backup", "--json").stdout)
    assert backup["kind"] == "full"
    drill = json.loads(cli("backup", "drill", "--json").stdout)
    assert drill["tables_compared"] > 50
