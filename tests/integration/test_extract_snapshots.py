"""Tables without ``updated_at``: a snapshot for each as-of date, kept where it differs."""

from datetime import datetime, time

import pytest

from pipelines.extract import job
from pipelines.io import warehouse
from tests.integration.extract_erp import change, empty, everything, held, insert, on

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def servers(erp_url: str, warehouse_url: str) -> None:
    """An ERP without rows, a raw without rows."""
    empty()


PROMOTION = {"item_id": "A", "location_id": None, "starts_on": on(1), "ends_on": on(3), "price": 5.0}


def end(day: int) -> datetime:
    """Last instant of the n-th day."""
    return datetime.combine(on(day), time.max)


def test_a_snapshot_is_kept_where_it_differs_from_the_one_before() -> None:
    insert("promotions", [PROMOTION, PROMOTION])
    assert job.extract_table("promotions", on(1)) == 2
    assert job.extract_table("promotions", on(2)) == 0  # as before, a double row included
    change("delete from promotions limit 1")
    assert job.extract_table("promotions", on(3)) == 1
    assert held("promotions", "_recorded_at") == [(end(1),), (end(1),), (end(3),)]


def test_a_day_is_photographed_once() -> None:
    insert("promotions", [PROMOTION])
    job.extract_table("promotions", on(1))
    before = everything()
    change("update promotions set price = 4")
    assert job.extract_table("promotions", on(1)) == 0
    assert everything() == before
    assert job.run(on(1), ["promotions"], full=True) == {"promotions": 1}
    assert held("promotions", "price", "_recorded_at") == [(4.0, end(1))]


def test_a_day_that_a_rule_stopped_is_photographed_again() -> None:
    insert("promotions", [PROMOTION])
    job.extract_table("promotions", on(1))
    warehouse.execute(
        "insert into ops.gates (as_of, boundary, rule, table_name, severity, bad_rows, passed, message) "
        "values (:d, 'sources', 'table_has_rows', 'locations', 'fatal', 1, false, '')",
        d=on(1),
    )
    change("update promotions set price = 4")
    assert job.extract_table("promotions", on(1)) == 1
    warehouse.execute("update ops.gates set passed = true where as_of = :d", d=on(1))
    change("update promotions set price = 3")
    assert job.extract_table("promotions", on(1)) == 0
    assert held("promotions", "price") == [(4.0,)]


def test_an_earlier_day_gets_its_own_snapshot() -> None:
    insert("promotions", [PROMOTION])
    job.extract_table("promotions", on(5))
    job.extract_table("promotions", on(2))
    assert held("promotions", "_recorded_at") == [(end(2),), (end(5),)]


def test_a_table_that_became_empty_is_seen_as_empty() -> None:
    insert("promotions", [PROMOTION])
    job.extract_table("promotions", on(1))
    change("delete from promotions")
    assert job.extract_table("promotions", on(2)) == 0
    assert held("promotions", "item_id", "_recorded_at") == [("A", end(1)), (None, end(2))]
    assert job.extract_table("promotions", on(3)) == 0
    assert len(held("promotions")) == 2
    insert("promotions", [PROMOTION])
    assert job.extract_table("promotions", on(4)) == 1
