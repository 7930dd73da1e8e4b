"""An extraction killed in the middle goes on after its last whole slice, and ends with what an undisturbed one has."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.extract import job, raw
from pipelines.io import erp, warehouse
from tests.integration.extract_erp import SALE, at, empty, everything, held, insert, on

pytestmark = pytest.mark.servers

DAYS = 30
SALES = BY_NAME["sales"]


@pytest.fixture(autouse=True)
def many_slices(erp_url: str, warehouse_url: str, configured: pytest.MonkeyPatch) -> None:
    """An ERP with 30 days of 500 sales, read 1,000 rows at a time."""
    configured.setenv("STOCKPROOF_ERP__SLICE_ROWS", "1000")
    settings.load.cache_clear()
    empty()
    raw.ensure([SALES])
    insert(
        "sales",
        [
            {**SALE, "sale_id": f"{day}-{n}", "sold_on": on(day), "updated_at": at(day)}
            for day in range(DAYS)
            for n in range(500)
        ],
    )


def slow_down(seconds: float) -> None:
    """Every slice takes this much longer to commit."""
    warehouse.execute(
        "create or replace function ops.dawdle() returns trigger language plpgsql as "
        f"$$ begin perform pg_sleep({seconds}); return new; end $$"
    )
    warehouse.execute(
        "create or replace trigger dawdle before insert or update on ops.watermarks for each row execute function ops.dawdle()"
    )


def test_killed_and_run_again_equals_undisturbed() -> None:
    slow_down(0.25)
    code = f"from datetime import date; from pipelines.extract import job; job.extract_table('sales', date.fromisoformat('{on(DAYS - 1)}'))"
    child = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    while raw.watermark(SALES) is None and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    warehouse.execute("drop trigger dawdle on ops.watermarks")

    reached = raw.watermark(SALES)
    assert reached is not None
    assert reached < at(DAYS - 1, 0)  # in the middle
    assert all(
        recorded <= reached for (recorded,) in held("sales", "_recorded_at")
    )  # whole slices, and none without its watermark
    after_kill = len(held("sales"))
    assert 0 < after_kill < DAYS * 500

    assert job.extract_table("sales", on(DAYS - 1)) == DAYS * 500 - after_kill
    resumed = held("sales")
    raw.reset()
    job.extract_table("sales", on(DAYS - 1))
    assert held("sales") == resumed
    assert len(resumed) == DAYS * 500


def test_a_stream_that_breaks_keeps_nothing_of_its_slice() -> None:
    with erp.transaction() as connection:
        # The value appears in the middle of the second slice and fits no contract type.
        connection.exec_driver_sql("alter table sales modify quantity varchar(20) character set latin1")
        connection.exec_driver_sql("alter table sales modify sold_on varchar(30)")
    job.extract_table("sales", on(1))
    before = everything()
    with erp.transaction() as connection:
        connection.exec_driver_sql("alter table sales modify item_id varbinary(64)")
        connection.exec_driver_sql("update sales set item_id = x'ff' where sale_id = '3-250'")
    with pytest.raises(StockproofError, match="table sales: item_id holds a value that does not fit the contract"):
        job.extract_table("sales", on(9))
    # The slice that held nothing but known rows went through; nothing of the broken one did.
    assert everything()["sales"] == before["sales"]
    with erp.transaction() as connection:
        connection.exec_driver_sql("update sales set item_id = 'A' where sale_id = '3-250'")
    job.extract_table("sales", on(9))
    assert len(held("sales")) == 10 * 500
    assert raw.watermark(SALES) == datetime.combine(on(9), datetime.max.time())
    assert at(9) + timedelta(days=1) > held("sales", "_recorded_at")[-1][0]
