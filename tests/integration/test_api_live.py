"""Live progress over real connections: resumed by event id, ended with its session, and no reader holds up another."""

import json
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pipelines.access import actions
from pipelines.io import warehouse
from pipelines.operations.runs import job as runs
from tests.integration.serve_world import PASSWORD, bearer, running

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

DAY = date(2026, 6, 28)


@pytest.fixture(scope="module")
def address(warehouse_url: str, configured: pytest.MonkeyPatch) -> Iterator[str]:
    with running(configured) as found:
        yield found


@pytest.fixture
def run_id() -> str:
    """A run with its first event."""
    name = f"{DAY}__{uuid.uuid4().hex[:12]}"
    runs.requested(name, "daily_replenishment", DAY, "paul")
    return name


def happened(run_id: str, step: str, state: str) -> None:
    warehouse.execute(
        """insert into ops.run_events (run_id, dag_id, as_of, step, map_index, state, author)
        values (:run_id, 'daily_replenishment', :day, :step, -1, :state, '')""",
        run_id=run_id, day=DAY, step=step, state=state,
    )  # fmt: skip


def ends(run_id: str) -> None:
    """The last step of a daily run: its stream ends."""
    happened(run_id, "verdict", "success")


def streamed(answer: httpx.Response) -> Iterator[tuple[int, dict[str, object]]]:
    """Id and document of each event."""
    number = 0
    for line in answer.iter_lines():
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


def talk(address: str, path: str, headers: dict[str, str], **options: object) -> ClientConnection:
    return connect(address.replace("http", "ws") + path, additional_headers=headers, **options)  # type: ignore[arg-type]


def test_a_stream_ends_with_its_run_and_is_resumed_after_the_last_event_seen(address: str, run_id: str) -> None:
    path, headers = f"{address}/api/v1/runs/{run_id}/events", bearer(address, "vera")
    with httpx.stream("GET", path, headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = streamed(answer)
        last, first = next(events)
        assert first["state"] == "requested"
    happened(run_id, "extract", "success")
    ends(run_id)
    with httpx.stream("GET", path, headers=headers | {"Last-Event-ID": str(last)}, timeout=30) as answer:
        rest = list(streamed(answer))
    assert [one["step"] for _, one in rest] == ["extract", "verdict"] and all(number > last for number, _ in rest)
    assert rest[-1][1]["over"]


def test_a_socket_sends_the_same_events_from_the_one_asked_for(address: str, run_id: str) -> None:
    happened(run_id, "extract", "success")
    ends(run_id)
    headers = bearer(address, "vera")
    with talk(address, f"/api/v1/runs/{run_id}/socket", headers) as whole:
        events = [json.loads(text) for text in whole]
    assert [one["step"] for one in events] == ["", "extract", "verdict"]
    with talk(address, f"/api/v1/runs/{run_id}/socket?after={events[0]['id']}", headers) as rest:
        assert [json.loads(text)["step"] for text in rest] == ["extract", "verdict"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer none"}, {"Origin": "https://evil.example"}])
def test_a_socket_without_a_sign_in_or_of_another_site_is_closed(
    address: str, run_id: str, headers: dict[str, str]
) -> None:
    given = bearer(address, "vera") | headers if "Origin" in headers else headers
    with pytest.raises(Exception, match=r"403|4401"), talk(address, f"/api/v1/runs/{run_id}/socket", given) as opened:
        opened.recv(timeout=5)


@pytest.mark.parametrize("kind", ["events", "socket"])
def test_a_session_that_is_ended_ends_what_it_follows(address: str, run_id: str, kind: str) -> None:
    name = f"leaver-{kind}"
    actions.add_user(name, "viewer", limit=None, by="test", password=PASSWORD)
    headers, path = bearer(address, name), f"/api/v1/runs/{run_id}/{kind}"
    began = time.monotonic()
    if kind == "events":
        with httpx.stream("GET", address + path, headers=headers, timeout=40) as answer:
            events = streamed(answer)
            next(events)
            actions.remove_user(name, by="test")
            assert list(events) == []
    else:
        with talk(address, path, headers) as opened:
            opened.recv(timeout=10)
            actions.remove_user(name, by="test")
            with pytest.raises(ConnectionClosed) as closed:
                opened.recv(timeout=40)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    assert time.monotonic() - began < 30, "within seconds, not at the run's end"


def test_a_client_that_reads_nothing_holds_up_nobody(address: str, run_id: str) -> None:
    warehouse.execute(
        """insert into ops.run_events (run_id, dag_id, as_of, step, map_index, state, author)
        select :run_id, 'daily_replenishment', :day, 'replay', n, repeat('x', 2000), '' from generate_series(1, 3000) n""",
        run_id=run_id, day=DAY,
    )  # fmt: skip
    headers = bearer(address, "vera")
    parts = urlsplit(address)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.socket() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.connect((parts.hostname, parts.port))
        idle.sendall(f"GET /api/v1/runs/{run_id}/events HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode())
        time.sleep(2.0)
        began = time.monotonic()
        assert httpx.get(f"{address}/api/v1/me", headers=headers, timeout=10).status_code == 200
        assert time.monotonic() - began < 5
        ends(run_id)
        with httpx.stream("GET", f"{address}/api/v1/runs/{run_id}/events", headers=headers, timeout=60) as answer:
            assert sum(1 for _ in streamed(answer)) == 3_002
