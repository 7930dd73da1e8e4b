"""Orders of two vendors with hostile names, served by the API in this process to people of every role."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from pipelines.access import actions as people
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import propose
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, execute
from tests.integration.serve_world import PASSWORD, PEOPLE, SECRET, served, token

HOSTILE = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example")'
LINES = [
    ("A", "W1", "S1", 6.0, 2.0),
    ("B", "W1", "S1", 12.0, 1.5),
    (FORMULA, "W1", "S2", 1.0, 9.0),
    ("D", "W1", None, 0.0, 1.0),
]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")
NEXT = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module")
def client(warehouse_url: str, configured: pytest.MonkeyPatch) -> Iterator[TestClient]:
    configured.setenv("STOCKPROOF_SERVE__SECRET", SECRET)
    configured.setenv("STOCKPROOF_SERVE__REQUESTS_PER_MINUTE", "100000")
    configured.setenv("STOCKPROOF_SERVE__SIGN_IN_ATTEMPTS", "1000")
    execute(*MARTS, f"insert into marts.dim_supplier values ('S1', '{HOSTILE}'), ('S2', '{FORMULA}')")
    warehouse.execute(
        """insert into plan.vendor_scores values (:day, 'S1', 'First', 90, 90, 90, 90, 90, 90, 90, 85, 95, 1, 1, 1, 'stable', 'low',
            0.9, 9, 9, '{"risk_reasons": []}', '[]')""",
        day=AS_OF,
    )
    with served() as found:
        people.add_user("bert", "approver", limit=None, by="test", password=PASSWORD)
        people.add_user("lena", "approver", limit="planner", by="test", password=PASSWORD)
        yield found


@pytest.fixture(scope="module")
def signed_in(client: TestClient) -> dict[str, dict[str, str]]:
    return {name: token(client, name) for name in (*PEOPLE, "bert", "lena")} | {"nobody": {}}


@pytest.fixture(autouse=True)
def fresh(client: TestClient) -> None:
    client.cookies.clear()
    begin_with(LINES)
    warehouse.execute("delete from plan.decisions where as_of <> :as_of", as_of=AS_OF)
    propose.propose(AS_OF)
