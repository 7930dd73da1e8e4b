"""Servers are found by pid and start time, stopped whole, and never confused with somebody else's process."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.core.errors import StockproofError
from pipelines.local.process import Server, free_port, listens, unprivileged

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


def test_busy_port_names_port_holder_and_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert listens(port)
        server = Server("web", tmp_path, port, "stack.airflow_port")
        with pytest.raises(StockproofError) as fault:
            server.start(SLEEP)
    told = str(fault.value)
    assert f"port {port}" in told
    assert f"pid {psutil.Process().pid}" in told
    assert "STOCKPROOF_STACK__AIRFLOW_PORT" in told
    assert not listens(free_port())


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
    told = subprocess.run(
        [*prefix, "sh", "-c", f"test -x {private}/program && {private}/program"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == f"{account.pw_uid}\n"
    rights = subprocess.run(
        [*prefix, "grep", "CapEff", "/proc/self/status"], capture_output=True, text=True, check=True
    ).stdout
    assert int(rights.split()[1], 16) == 1 << 1  # CAP_DAC_OVERRIDE alone
