"""An ERP that takes a question and does not answer: the wait ends, and the message names the table and the remedy."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.extract import job, reader
from pipelines.extract.profiles import Source
from pipelines.io import erp, erp_address, erp_end, erp_stream, warehouse
from tests.conftest import ERP_SECONDS
from tests.integration.extract_erp import empty, held, locked, on, sell

pytestmark = pytest.mark.servers

SLOW = "select concat('S', seq) as sale_id, 'A' as item_id, 'W' as location_id, date '2026-01-01' as sold_on, 1e0 as quantity, "
PATIENCE = 2.0
"""Seconds: long enough that a busy machine's own pauses are no silence."""

ROWS = "1e0 as unit_price, now(6) as updated_at from seq_1_to_300000"


@pytest.fixture(autouse=True)
def impatient(configured: pytest.MonkeyPatch, erp_url: str, warehouse_url: str) -> Iterator[None]:
    """An ERP with two sales, soon given up."""
    empty()
    sell(1, 2)
    _wait(configured, PATIENCE)
    yield
    _wait(configured, ERP_SECONDS)


def _again() -> None:
    settings.load.cache_clear()
    erp._engine.cache_clear()


def _wait(configured: pytest.MonkeyPatch, seconds: float) -> None:
    configured.setenv("STOCKPROOF_ERP__TIMEOUT_SECONDS", str(seconds))
    _again()


def given_up(caught: pytest.ExceptionInfo[StockproofError], table: str) -> None:
    """The error of a query that was given up."""
    assert caught.type is ServiceAway
    assert f"gave no answer for {PATIENCE:g} s while table {table} was read" in caught.value.message
    assert "erp.timeout_seconds" in caught.value.remedy
    assert "test-password" not in str(caught.value)
    assert "the query was ended there" in caught.value.message
    assert running() == []


def running() -> list[str]:
    """Queries of our user that the server works on, besides the one that asks."""
    with erp.transaction() as connection:
        deadline = time.monotonic() + 5
        while True:  # a killed query may take a moment to notice
            asked = "select info from information_schema.processlist where id <> connection_id() and command <> 'Sleep'"
            asked += " and user = 'stockproof'"
            left = [str(info) for info in connection.execute(sa.text(asked)).scalars()]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.1)


def _sales(query: str) -> Source:
    return Source(BY_NAME["sales"], query, BY_NAME["sales"].names, "table sales")


def test_a_table_that_somebody_holds_locked() -> None:
    with locked("sales"):
        with pytest.raises(StockproofError) as caught:
            job.run(on(2))
        given_up(caught, "sales")
    assert job.run(on(2))["sales"] == 2, "the next run goes on as if nothing had been"


def test_a_stream_whose_first_row_does_not_come() -> None:
    with pytest.raises(StockproofError) as caught:
        list(reader.read(_sales(f"{SLOW} sleep(60) + {ROWS} limit 1")))
    given_up(caught, "sales")


def test_a_stream_that_falls_silent_in_the_middle_keeps_nothing_of_its_slice() -> None:
    stalls = _sales(f"{SLOW} if(seq = 90000, sleep(60), 1e0) * {ROWS}")
    rows = reader.read(stalls)
    taken = 0
    with pytest.raises(StockproofError) as caught:
        for batch in rows:
            taken += batch.num_rows
    given_up(caught, "sales")
    assert taken == 65_536
    assert caught.value is rows.fault
    with pytest.raises(ServiceAway), warehouse.adbc() as connection, connection.cursor() as cursor:
        from pipelines.extract import raw

        raw._ingest(cursor, reader.read(stalls), "sales", recorded_at="updated_at", db_schema_name="raw")
    assert held("sales") == []


def test_a_slow_answer_is_no_silence(configured: pytest.MonkeyPatch) -> None:
    """Rows that keep coming may take longer in all than the wait for one of them may."""
    _wait(configured, 5.0)
    slow = _sales(f"{SLOW} if(mod(seq, 65536) = 0, sleep(1.5), 1e0) * {ROWS}")
    start = time.monotonic()
    assert sum(batch.num_rows for batch in reader.read(slow)) == 300_000
    assert time.monotonic() - start > 5.0


def test_a_small_query_that_is_given_up_is_ended_at_the_server() -> None:
    with pytest.raises(ServiceAway, match="the query was ended there"), erp.transaction("table items") as connection:
        connection.execute(sa.text("select sleep(60)"))
    assert running() == []


def test_a_query_that_the_server_ends_before_we_do_goes_on_nowhere(
    monkeypatch: pytest.MonkeyPatch, erp_url: str
) -> None:
    """A server that waits for a lock looks at its client each second, and may find it gone before we ask for the query's number."""
    look = erp_end.by_mark
    monkeypatch.setattr(erp_end, "by_mark", lambda address, mark: running() == [] and look(address, mark))
    with locked("sales"), pytest.raises(ServiceAway) as caught:
        list(reader.read(_sales("select * from sales")))
    given_up(caught, "sales")
    assert erp_end.by_number(erp_url, 999_999, 1.0)
    with erp_address.engine(erp_url, poolclass=sa.NullPool).connect() as connection:
        erp_end._kill(connection, 999_999)
        with pytest.raises(sa.exc.DBAPIError):
            erp_end._kill(connection, connection.exec_driver_sql("select connection_id()").scalar_one())
    nobody = sa.make_url(erp_url).set(port=1).render_as_string(hide_password=False)
    assert not erp_end.by_mark(nobody, "x"), "nobody there to say so"


def test_a_user_without_any_right_ends_its_own_queries_and_no_other(
    configured: pytest.MonkeyPatch, erp_url: str
) -> None:
    with erp.transaction() as connection:
        connection.execute(sa.text("create or replace user reader@'127.0.0.1' identified by 'secret'"))
    other = erp_address.engine(erp_url).connect()
    with other:
        busy = threading.Thread(target=lambda: other.exec_driver_sql("select sleep(12) /* of somebody else */"))
        busy.start()
        server = erp_url.replace("stockproof:test-password", "reader:secret").rpartition("/")[0]
        configured.setenv("ERP_URL", f"{server}/information_schema")
        _again()
        try:
            with pytest.raises(ServiceAway, match="the query was ended there"):
                erp.read_arrow("select sleep(61) as n")
            with pytest.raises(ServiceAway, match="the query was ended there"), erp.transaction() as connection:
                connection.execute(sa.text("select sleep(62)"))
        finally:
            configured.setenv("ERP_URL", erp_url)
            _again()
        left = _texts()
        assert [one for one in left if "sleep(61)" in one or "sleep(62)" in one] == []
        assert [one for one in left if "of somebody else" in one]
        busy.join()


def _texts() -> list[str]:
    with erp.transaction() as connection:
        asked = "select info from information_schema.processlist where id <> connection_id() and info is not null"
        return [str(info) for info in connection.execute(sa.text(asked)).scalars()]


def test_a_small_query_may_take_longer_than_the_greeting(
    configured: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp, "CONNECT_SECONDS", 1)
    _wait(configured, 30.0)
    with erp.transaction() as connection:
        assert connection.execute(sa.text("select sleep(2)")).scalar() == 0


def test_a_server_that_accepts_and_says_nothing(
    configured: pytest.MonkeyPatch, erp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        threading.Thread(target=_accept, args=(mute,), daemon=True).start()
        configured.setenv("ERP_URL", f"mysql://reader:secret@127.0.0.1:{mute.getsockname()[1]}/erp")
        _again()
        with pytest.raises(ServiceAway, match="cannot be reached"):
            job.run(on(2))
        with pytest.raises(ServiceAway, match="gave no answer"):
            erp.read_arrow("select 1")
    configured.setenv("ERP_URL", erp_url)


def _accept(server: socket.socket) -> None:
    held = []
    while True:
        try:
            held.append(server.accept())
        except OSError:
            return


def test_a_broken_connection_is_distinguished_from_silence(configured: pytest.MonkeyPatch, erp_url: str) -> None:
    _wait(configured, 60.0)
    killer = erp_address.engine(erp_url)
    rows = reader.read(_sales(f"{SLOW} if(seq = 90000, sleep(20), 1e0) * {ROWS}"))
    with pytest.raises(ServiceAway, match="broke off in the middle of a query while table sales was read"):
        for _ in rows:
            with killer.begin() as connection:
                query = "select id from information_schema.processlist where info like '%seq_1_to_300000%' and id <> connection_id()"
                for (found,) in connection.exec_driver_sql(query.replace("%", "%%")).all():
                    connection.exec_driver_sql(f"kill {found}")


def test_one_process_reads_query_after_query() -> None:
    erp.read_arrow("select 1 as one")
    (before,) = erp_stream._idle
    assert erp.read_arrow("select 2 as two").to_pydict() == {"two": [2]}
    assert erp_stream._idle == [before]
    before.process.kill()
    before.process.wait()
    assert erp.read_arrow("select 3 as three").to_pydict() == {"three": [3]}
