"""Servers are found by pid and start time, stopped whole, and never confused with somebody else's process."""

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.core.errors import StockproofError
from pipelines.stack import process_identity
from pipelines.stack.process import Server, free_port, listens, unprivileged

SLEEP = [
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
]


def test_start_twice_is_one_process_and_stop_takes_its_children(tmp_path: Path) -> None:
    server = Server("sleeper", tmp_path)
    server.start(SLEEP)
    first = server.process()
    server.start(SLEEP)
    assert first is not None
    assert server.process() == first
    deadline = time.monotonic() + 5
    while not first.children() and time.monotonic() < deadline:
        time.sleep(0.05)
    children = first.children()
    assert len(children) == 1
    assert server.stop(seconds=2)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in [first, *children])
    assert not server.stop()


def test_orphans_of_a_killed_leader_are_stopped(tmp_path: Path) -> None:
    server = Server("sleeper", tmp_path)
    server.start(SLEEP)
    leader = server.process()
    assert leader is not None
    deadline = time.monotonic() + 5
    while not leader.children() and time.monotonic() < deadline:
        time.sleep(0.05)
    (orphan,) = leader.children()
    leader.kill()
    leader.wait()
    assert orphan.is_running()
    server.stop()
    assert not (orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE)


def test_a_recycled_pid_is_not_ours(tmp_path: Path) -> None:
    own = psutil.Process()
    (tmp_path / "other.pid.json").write_text(json.dumps({"pid": own.pid, "started": own.create_time() - 100}))
    assert Server("other", tmp_path).process() is None


def test_the_session_of_another_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    """After the machine was started again the number in a pid file belongs to anybody, as to the leader of a user's session."""
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    leader = psutil.Process(stranger.pid)
    try:
        child = _child(leader)
        recycled = {"pid": leader.pid, "started": leader.create_time() - 100}
        records = [
            recycled,
            {**process_identity.of(leader.pid), "ticks": 1},
            {**process_identity.of(leader.pid), "boot": "another"},
            {**recycled, "started": psutil.boot_time() - 10},
        ]
        for record in records:
            (tmp_path / "server.pid.json").write_text(json.dumps(record))
            assert not Server("server", tmp_path).stop()
            assert leader.is_running()
            assert child.is_running()
            assert child.status() != psutil.STATUS_ZOMBIE
    finally:
        process_identity.kill([leader, *leader.children()])
        stranger.wait()


def test_a_clock_that_is_set_does_not_lose_a_server(tmp_path: Path) -> None:
    server = Server("sleeper", tmp_path)
    server.start(SLEEP)
    record = json.loads((tmp_path / "sleeper.pid.json").read_text())
    (tmp_path / "sleeper.pid.json").write_text(json.dumps(record | {"started": record["started"] - 3600}))
    assert server.process() is not None
    assert server.stop(seconds=2)


def test_a_pid_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    server = Server("sleeper", tmp_path)
    server.start(SLEEP)
    record = json.loads((tmp_path / "sleeper.pid.json").read_text())
    (tmp_path / "sleeper.pid.json").write_text(json.dumps({name: record[name] for name in ("pid", "started")}))
    first = server.process()
    server.start(["sleep", "60"])
    assert server.process() == first
    assert server.stop(seconds=2)


def test_another_command_ends_the_one_before(tmp_path: Path) -> None:
    """A changed port is part of the command: the old server would be waited for where it does not listen."""
    server = Server("sleeper", tmp_path)
    server.start(["sleep", "60"])
    first = server.process()
    server.start(["sleep", "61"])
    second = server.process()
    assert first is not None
    assert second is not None
    assert second != first
    assert not first.is_running() or first.status() == psutil.STATUS_ZOMBIE
    server.stop(seconds=2)


def test_a_server_whose_pid_cannot_be_noted_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipelines.stack.process.write_atomic", full)
    before = set(psutil.Process().children())
    with pytest.raises(StockproofError, match=r"sleeper.pid.json cannot be written: No space"):
        Server("sleeper", tmp_path).start(["sleep", "60"])
    assert set(psutil.Process().children()) == before


@pytest.fixture
def ctrl_c_interrupts() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and so would its children's tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_ctrl_c_between_start_and_note_leaves_no_unknown_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = process_identity.of

    def interrupted(pid: int) -> dict[str, object]:
        signal.raise_signal(signal.SIGINT)
        return real(pid)

    monkeypatch.setattr(process_identity, "of", interrupted)
    server = Server("sleeper", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        server.start(["sleep", "60"])
    assert server.process() is not None
    assert server.stop(seconds=2)


def test_a_server_on_our_data_without_a_pid_file_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    ours, other = (subprocess.Popen(["sleep", "60"], cwd=folder) for folder in (data, tmp_path))
    server = Server("server", tmp_path)
    try:
        for process, ended in ((other, False), (ours, True)):
            (data / "own.pid").write_text(f"{process.pid}\n{data}\n")
            server.note_unrecorded(data / "own.pid", "sleep")
            assert server.stop(seconds=2) == ended
            assert (process.poll() is not None) == ended
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def _child(leader: psutil.Process) -> psutil.Process:
    deadline = time.monotonic() + 5
    while not leader.children() and time.monotonic() < deadline:
        time.sleep(0.05)
    (child,) = leader.children()
    return child


def test_busy_port_names_port_holder_and_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert listens(port)
        server = Server("web", tmp_path, port, "stack.airflow_port")
        with pytest.raises(StockproofError) as fault:
            server.start(SLEEP)
    message = str(fault.value)
    assert f"port {port}" in message
    assert f"pid {psutil.Process().pid}" in message
    assert "STOCKPROOF_STACK__AIRFLOW_PORT" in message
    assert not listens(free_port())


def test_a_port_handed_to_a_connection_is_busy_too_and_one_a_server_just_left_is_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as far:
        near = socket.create_connection(far.getsockname())
        port = near.getsockname()[1]
        served, left = far.accept()[0], Server("web", tmp_path, far.getsockname()[1])
        server = Server("web", tmp_path, port, "stack.airflow_port")
        assert not listens(port)
        with pytest.raises(StockproofError, match=rf"port {port}.*pid {psutil.Process().pid}.*connection of its own"):
            server.start(SLEEP)
        served.close()  # first: its end of the connection is the one that lingers
        near.close()
    left.refuse_busy_port()


def test_free_ports_are_not_those_of_outgoing_connections_and_differ_under_one_seed() -> None:
    ports = set()
    for _ in range(20):
        random.seed(7)
        ports.add(free_port())
    assert len(ports) > 10
    assert all(10_000 <= port < 32_000 for port in ports)


def test_a_server_that_dies_shows_its_log(tmp_path: Path) -> None:
    server = Server("dying", tmp_path)
    server.start([sys.executable, "-c", "print('no space left'); raise SystemExit(3)"])
    with pytest.raises(StockproofError, match="no space left"):
        server.wait_until(lambda: False, 10)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches accounts")
def test_the_account_passes_through_private_folders_and_has_no_other_right(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "program").write_text("#!/bin/sh\nid -u\n")
    (private / "program").chmod(0o755)
    prefix, account = unprivileged()
    assert account is not None
    message = subprocess.run(
        [*prefix, "sh", "-c", f"test -x {private}/program && {private}/program"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert message.stdout == f"{account.pw_uid}\n"
    rights = subprocess.run(
        [*prefix, "grep", "CapEff", "/proc/self/status"], capture_output=True, text=True, check=True
    ).stdout
    assert int(rights.split()[1], 16) == 1 << 1  # CAP_DAC_OVERRIDE alone
