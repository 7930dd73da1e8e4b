"""Servers as background processes: started detached, found again by pid file, stopped by pid. Never anyone else's process."""

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines.core.errors import StockproofError


@dataclass(frozen=True)
class Server:
    """A server process of the embedded stack.

    Attributes:
        name: for people, e.g. ``"postgres"``.
        folder: holds its pid file ``<name>.pid`` and log ``<name>.log``.
        port: TCP port on 127.0.0.1, or None for a process that listens on none.
        port_key: the configuration key of the port, for error messages.
    """

    name: str
    folder: Path
    port: int | None = None
    port_key: str = ""

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid.json"

    def process(self) -> psutil.Process | None:
        """The running process that we started, or None. A recycled pid is told by its start time."""
        try:
            record = json.loads(self._pid_file.read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < 2 and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        return process if same else None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        """Start it detached from this terminal; does nothing where it already runs.

        Raises:
            StockproofError: its port belongs to somebody else.
        """
        if self.process():
            return
        _kill(self._orphans())
        self.refuse_busy_port()
        with self.log.open("ab") as log:
            child = subprocess.Popen(  # one that outlives us
                list(command),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=cwd,
                env=dict(environment or os.environ),
                start_new_session=True,
            )
        started = psutil.Process(child.pid).create_time()
        self._pid_file.write_text(json.dumps({"pid": child.pid, "started": started}))

    def refuse_busy_port(self) -> None:
        """Raise where something else already listens on the port."""
        if self.port is None or not listens(self.port):
            return
        raise StockproofError(
            f"port {self.port}, wanted by {self.name}, is in use{_holder(self.port)}",
            f"stop that program, or set {self.port_key} (STOCKPROOF_{self.port_key.upper().replace('.', '__')}) to a free port",
        )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for readiness.

        Raises:
            StockproofError: it ended or was not ready in time; the message carries the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process() is None:
                raise StockproofError(
                    f"{self.name} ended while starting; the end of {self.log}:\n{self.log_tail()}",
                    "mend what the log names",
                )
            if time.monotonic() > deadline:
                raise StockproofError(
                    f"{self.name} was not ready after {seconds:.0f} s; the end of {self.log}:\n{self.log_tail()}",
                    "see the log",
                )
            time.sleep(0.1)

    def stop(self, *, first: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> bool:
        """Stop it and its children: first politely, then by SIGKILL. Returns whether it was running."""
        process = self.process()
        family = self._orphans()
        if process is not None:
            family += [process, *process.children(recursive=True)]
            with contextlib.suppress(psutil.Error):
                process.send_signal(first)
            _, family = psutil.wait_procs(family, timeout=seconds)
        _kill(family)
        self._pid_file.unlink(missing_ok=True)
        return process is not None

    def _orphans(self) -> list[psutil.Process]:
        """Workers that outlived their killed leader: the session they belong to is the one we made for it."""
        if self.process() is not None:
            return []
        try:
            leader = json.loads(self._pid_file.read_text())["pid"]
        except (OSError, ValueError, KeyError):
            return []
        members = [
            process for process in psutil.process_iter() if _session(process.pid) == leader and process.pid != leader
        ]
        return [*members, *(child for member in members for child in member.children(recursive=True))]

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def inherited_environment() -> dict[str, str]:
    """Our environment for a Python server, with bytecode kept.

    Airflow starts a process a task: compiling its imports anew would cost more than most tasks do.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def listens(port: int) -> bool:
    """Whether anything accepts connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port nobody uses at this moment (for tests and benchmarks).

    The system hands out ports of a higher range to outgoing connections: one of those could be taken again before its server starts, by
    any client, where tests run side by side.
    """
    while True:
        port = secrets.choice(range(10_000, 32_000))  # not random: tests seed it, and would all choose the same
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if (
                connection.laddr
                and connection.laddr.port == port
                and connection.status == psutil.CONN_LISTEN
                and connection.pid
            ):
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""


def unprivileged() -> tuple[list[str], pwd.struct_passwd | None]:
    """How to start a server that refuses to run as root.

    Returns:
        A command prefix and the account it switches to; empty and None where we are not root. The account keeps one capability, to pass
        through folders it could not enter (a clone in a private folder); its files belong to it alone.

    Raises:
        StockproofError: root without ``setpriv``.
    """
    if os.geteuid() != 0:
        return [], None
    account = pwd.getpwnam("nobody")
    tool = shutil.which("setpriv")
    if tool is None:
        raise StockproofError(
            "PostgreSQL refuses to run as root and `setpriv` is missing",
            "install util-linux, or run as an ordinary user",
        )
    switch = [tool, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    # no_setuid_fixup: PostgreSQL asks access(2) about its own binaries, which otherwise forgets the capability.
    capability = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    passing = [switch[0], "--securebits=+no_setuid_fixup", *switch[1:], *capability]
    works = subprocess.run([*passing, "true"], capture_output=True, check=False).returncode == 0
    return (passing if works else switch), account
