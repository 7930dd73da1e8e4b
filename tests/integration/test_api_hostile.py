"""Hostile text in requests and in the ERP's names: answered, and harmless on every surface."""

import csv
import io

import openpyxl
import pytest
from fastapi.testclient import TestClient

from pipelines.serve.desk import common
from tests.integration.api_orders import FORMULA, HOSTILE, ONE, TWO, client, fresh, signed_in  # noqa: F401  (fixtures)
from tests.integration.orders_rows import states

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    "text",
    ["' or '1'='1", "'; drop table orders.orders; --", "%", "\\", "x' union select password_hash from access.users --"],
)
def test_hostile_text_finds_nothing_and_harms_nothing(
    client: TestClient, signed_in: dict[str, dict[str, str]], text: str
) -> None:
    for name in ("supplier", "location", "state"):
        answer = client.get("/api/v1/orders", params={name: text}, headers=signed_in["vera"])
        assert answer.status_code == 200 and answer.json()["orders"] == []
    for path in ("/api/v1/orders/{}", "/api/v1/forecast/item/{}", "/api/v1/simulations/{}", "/api/v1/runs/{}"):
        assert (
            client.get(path.format(text.replace("/", "").replace("%", "%25")), headers=signed_in["vera"]).status_code
            == 404
        )
    assert set(states()) == {ONE, TWO}


@pytest.mark.parametrize(
    "path", ["orders/%00", "orders?q=%00", "forecast/item/%00", "simulations?status=%00", "outcomes?as_of=0001-01-01"]
)
def test_characters_and_dates_that_no_table_holds_are_refused(
    client: TestClient, signed_in: dict[str, dict[str, str]], path: str
) -> None:
    answer = client.get(f"/api/v1/{path}", headers=signed_in["vera"])
    assert answer.status_code in (400, 422) and answer.headers["content-type"] == "application/problem+json"


def test_a_formula_in_a_name_is_text_in_the_workbook(client: TestClient, signed_in: dict[str, dict[str, str]]) -> None:
    book = client.get("/api/v1/orders/export", params={"format": "xlsx"}, headers=signed_in["vera"])
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row if "evil" in str(cell.value)]
    assert FORMULA in [cell.value for cell in cells] and {cell.data_type for cell in cells} == {"s"}


def test_a_formula_in_a_name_is_itself_in_the_csv_that_programs_read(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    text = client.get("/api/v1/orders/export", headers=signed_in["vera"])
    assert FORMULA in [row["item_id"] for row in csv.DictReader(io.StringIO(text.text))]
    assert text.headers["content-disposition"].startswith("attachment")


def test_a_formula_in_a_name_is_text_in_the_csv_that_people_open() -> None:
    sheet = common.sheet([{"item": FORMULA}, {"item": HOSTILE}], ["item"], "today").body.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(sheet))) == [["item"], [f"'{FORMULA}"], [HOSTILE]]


def test_markup_in_a_name_is_data_in_json_and_never_a_page(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    answer = client.get("/api/v1/orders", headers=signed_in["vera"])
    assert HOSTILE in answer.text and answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
