"""Orders over HTTP and into files: once under a key, whatever the other side does."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from time import perf_counter

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.purchase_order import Line, PurchaseOrder, idempotency_key, silent
from pipelines.io import erp, erp_tables
from pipelines.io.erp_orders import ErpTables
from pipelines.io.order_files import OrderFiles
from pipelines.io.order_rest import OrderApi
from tests.unit.io.order_server import serving

DAY = date(2026, 6, 28)
ORDER = PurchaseOrder(
    "SP-1", idempotency_key("SP-1"), "S1", "W1", DAY, (Line(1, "A", 6.0, 2.5, DAY), Line(2, "B", 1.5, None, None))
)


def test_an_order_is_posted_under_its_key_and_read_back():
    with serving() as (url, answers):
        api = OrderApi(url, "token")
        assert api.find(ORDER.key) is None
        api.submit(ORDER, silent)
        receipt = api.find(ORDER.key)
    assert receipt is not None
    assert (receipt.po_id, receipt.lines, receipt.units) == ("PO-1", 2, 7.5)
    posted = next(headers for method, _, headers in answers.requests if method == "POST")
    assert posted["Authorization"] == "Bearer token"
    assert answers.orders[ORDER.key]["lines"][1] == {
        "line_no": 2,
        "item_id": "B",
        "quantity_ordered": 1.5,
        "unit_price": None,
        "promised_on": None,
    }


@pytest.mark.parametrize("whims", [[429, 503], ["made"], [500, "made", 502]])
def test_a_busy_other_side_is_asked_again_and_makes_one_order(whims):
    with serving() as (url, answers):
        answers.whims += whims
        OrderApi(url, first_wait_seconds=0.01).submit(ORDER, silent)
        assert len(answers.orders) == 1
        assert sum(method == "POST" for method, _, _ in answers.requests) == len(whims) + 1


def test_the_wait_it_asks_for_is_kept():
    with serving() as (url, answers):
        answers.whims += [(429, {}, "0.4")]
        begun = perf_counter()
        OrderApi(url, first_wait_seconds=0.001).submit(ORDER, silent)
        assert perf_counter() - begun >= 0.4


def test_after_all_attempts_it_gives_up_with_a_remedy():
    with serving() as (url, answers):
        answers.whims += [503] * 9
        with pytest.raises(StockproofError, match="failed 3 times: 503"):
            OrderApi(url, attempts=3, first_wait_seconds=0.01).submit(ORDER, silent)
        assert len(answers.whims) == 6
    with pytest.raises(StockproofError, match="failed 2 times: ConnectError"):
        OrderApi(url, attempts=2, first_wait_seconds=0.01).submit(ORDER, silent)


def test_a_refusal_is_not_tried_again():
    with serving() as (url, answers):
        answers.whims += [422]
        with pytest.raises(StockproofError, match="refused order SP-1: 422"):
            OrderApi(url, first_wait_seconds=0.01).submit(ORDER, silent)
        assert len(answers.requests) == 1


def test_files_are_whole_or_absent_and_written_once(tmp_path):
    outbox = OrderFiles(tmp_path)
    assert outbox.find(ORDER.key) is None

    def dies(step: str) -> None:
        raise KeyboardInterrupt(step)

    with pytest.raises(KeyboardInterrupt, match="file csv"):
        outbox.submit(ORDER, dies)
    assert outbox.find(ORDER.key) is None
    outbox.submit(ORDER, silent)
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    outbox.submit(ORDER, silent)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written
    assert set(written) == {"SP-1.csv", f"{ORDER.key}.json"}
    receipt = outbox.find(ORDER.key)
    assert receipt is not None and (receipt.lines, receipt.units) == (2, 7.5)
    rows = list(csv.DictReader((tmp_path / "SP-1.csv").open()))
    assert [(row["item_id"], row["quantity_ordered"], row["unit_price"]) for row in rows] == [
        ("A", "6.0", "2.5"),
        ("B", "1.5", ""),
    ]
    assert json.loads((tmp_path / f"{ORDER.key}.json").read_text())["external_ref"] == ORDER.key


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(StockproofError, match="order SP-1 cannot be written"):
        OrderFiles(tmp_path / "none").submit(ORDER, silent)


def test_the_stand_in_without_mariadb_keeps_orders_once_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    settings.load.cache_clear()
    try:
        with erp_tables.transaction() as connection:
            erp_tables.create_tables(connection, replace=True)

        def dies(step: str) -> None:
            if step == "erp line":
                raise KeyboardInterrupt

        tables = ErpTables(recorded_at=datetime.combine(DAY, time(21)))
        with pytest.raises(KeyboardInterrupt):
            tables.submit(ORDER, dies)
        assert tables.find(ORDER.key) is None
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: tables.submit(ORDER, silent), range(8)))
        receipt = tables.find(ORDER.key)
        assert receipt is not None and (receipt.po_id, receipt.lines, receipt.units) == ("SP-1", 2, 7.5)
        with erp.transaction() as connection:
            held = connection.execute(
                sa.text("select po_id, ordered_on, updated_at, status from purchase_orders")
            ).all()
        assert [tuple(row) for row in held] == [("SP-1", "2026-06-28", "2026-06-28 21:00:00", "open")]
    finally:
        monkeypatch.undo()
        settings.load.cache_clear()
