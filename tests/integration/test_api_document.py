"""The API's document: examples, faults, the endpoints that the source documents name."""

import re

import pytest
from fastapi.testclient import TestClient

from pipelines.serve.api.former import PATHS
from pipelines.settings import ROOT
from tests.integration.api_orders import client, fresh, signed_in  # noqa: F401  (fixtures)

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(("method", "path"), sorted(PATHS))
def test_the_paths_of_the_source_documents_lead_to_operations_of_ours(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path.replace("{", "").replace("}", ""))
    assert answer.status_code == 308
    target = PATHS[method, path]
    assert method.lower() in client.get("/api/v1/openapi.json").json()["paths"][target]


MAPPED = re.findall(
    r"^\| ([ABC]\d+ [^|]+) \| `(\w+) ([^`]+)` \| `(\w+) ([^`]+)` \|$", (ROOT / "docs" / "api.md").read_text(), re.M
)


@pytest.mark.parametrize("row", MAPPED, ids=[row[0] for row in MAPPED])
def test_each_row_of_the_mapping_table_answers(
    client: TestClient, signed_in: dict[str, dict[str, str]], row: tuple[str, str, str, str, str]
) -> None:
    _, method, theirs, ours_method, ours = row
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert ours_method.lower() in paths[ours]
    answer = client.request(
        method, re.sub(r"[{}]", "", theirs), headers=signed_in["adam"], json={} if method == "POST" else None
    )
    if answer.status_code == 308:
        assert answer.headers["location"] == re.sub(r"[{}]", "", ours)
    else:
        assert answer.status_code in (200, 404, 422) and "method not allowed" not in answer.text.lower(), answer.text


def test_the_mapping_table_names_all_that_the_source_documents_ask_for() -> None:
    assert len(MAPPED) == 19


def test_every_operation_has_an_example_and_names_its_faults(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            if path.startswith("/api/v1/") and path not in ("/api/v1/me", "/api/v1/token"):
                good = next(
                    one for status, one in operation["responses"].items() if status.startswith("2") and "content" in one
                )
                assert "example" in next(iter(good["content"].values())), (method, path)
