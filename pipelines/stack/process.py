"""Servers as background processes: started detached, found again by pid file, stopped by pid. Never anyone else's process."""

import contextlib
import errno
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from pipelines.core.errors import StockproofError
from pipelines.io.files import write_atomic
from pipelines.stack import process_identity


@dataclass(frozen=True)
class Server:
    """A server process of the embedded stack.

    Attributes:
        name: for people, e.g. ``"postgres"``.
        folder: holds its pid file ``<name>.pid`` and log ``<name>.log``.
        port: TCP port on 127.0.0.1, or None for a process that listens on none.
        port_key: the configuration key of the port, for error messages.
        ended_by: the signal on which it ends in an orderly way.
    """

    name: str
    folder: Path
    port: int | None = None
    port_key: str = ""
    ended_by: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid.json"

    def _record(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._pid_file.read_text()))
        except (OSError, ValueError, TypeError):
            return {}

    def process(self) -> psutil.Process | None:
        """The running process that we started, or None. A number that another process has now is not ours."""
        return process_identity.process(self._record())

    def age(self) -> float:
        """Seconds since it was started; 0 where it does not run."""
        process = self.process()
        return time.time() - process.create_time() if process else 0.0

    def start(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        """Start it detached from this terminal; does nothing where it already runs. One of another command, as of another port, ends first.

        Raises:
            StockproofError: its port belongs to somebody else, or its pid file cannot be written.
        """
        wanted = hashlib.sha256("\0".join(command).encode()).hexdigest()
        if self.process():
            if self._record().get("command", wanted) == wanted:
                return
            self.stop(seconds=60)
        process_identity.kill(process_identity.orphans(self._record()))
        self.refuse_busy_port()
        with self.log.open("ab") as log, _undisturbed():
            child = subprocess.Popen(  # one that outlives us
                list(command),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=cwd,
                env=dict(environment or os.environ),
                start_new_session=True,
            )
            try:
                self._note(child.pid, command=wanted)
            except BaseException:
                child.kill()  # nobody would find it again
                child.wait()
                raise

    def _note(self, pid: int, **more: str) -> None:
        try:
            write_atomic(self._pid_file, json.dumps({**process_identity.of(pid), **more}))
        except OSError as fault:
            raise StockproofError(
                f"{self._pid_file} cannot be written: {fault.strerror}", "fix that and run `stockproof up` again"
            ) from None

    def note_unrecorded(self, own: Path, program: str) -> None:
        """Note a server on our data that our pid file knows nothing of: the next start or stop ends it. Two on the same data ruin them.

        Args:
            own: the pid file that the program itself keeps in its data folder; removed where what it names has ended.
            program: name of the program.

        Raises:
            StockproofError: it belongs to another user.
        """
        if self.process() is not None or not own.exists():
            return
        pid = own.read_text().partition("\n")[0].strip()
        try:
            found = process_identity.holder(int(pid), program, own.parent) if pid.isdecimal() else None
        except psutil.AccessDenied:
            raise StockproofError(
                f"{own} names pid {pid}, a {program} of another user: it may be at work on these data",
                f"stop it as that user (`stockproof down`), or remove {own} where it serves other data",
            ) from None
        if found is None:
            own.unlink(missing_ok=True)  # left by a killed machine
            return
        self._note(found.pid, command="not known")

    def refuse_busy_port(self) -> None:
        """Raise where something else already has the port: listens on it, or was handed it for a connection of its own."""
        if self.port is None or not (listens(self.port) or _held(self.port)):
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
            if self.process() is None or time.monotonic() > deadline:
                raise self.unready(seconds)
            time.sleep(0.1)

    def unready(self, seconds: float) -> StockproofError:
        """What to raise where it ended before it was ready, or was not ready after so many seconds; with the end of its log."""
        if self.process() is None:
            return StockproofError(
                f"{self.name} ended while starting; the end of {self.log}:\n{self.log_tail()}",
                "fix what the log names",
            )
        return StockproofError(
            f"{self.name} was not ready after {seconds:.0f} s; the end of {self.log}:\n{self.log_tail()}", "see the log"
        )

    def stop(self, *, seconds: float = 20.0) -> bool:
        """Stop it and its children: first politely, then by SIGKILL. Returns whether it was running.

        Raises:
            StockproofError: it belongs to another user.
        """
        process = self.process()
        family = process_identity.orphans(self._record())
        if process is not None:
            family += [process, *process_identity.children(process)]
            with contextlib.suppress(psutil.Error):
                process.send_signal(self.ended_by)
            _, family = psutil.wait_procs(family, timeout=seconds)
        left = process_identity.kill(family)
        if left:
            raise StockproofError(
                f"{self.name} (pid {left[0].pid}) cannot be stopped by this user", "stop it as the user who started it"
            )
        self._pid_file.unlink(missing_ok=True)
        return process is not None

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def inherited_environment() -> dict[str, str]:
    """Our environment for a Python server, with bytecode kept.

    Airflow starts a process a task: compiling its imports again would cost more than most tasks do.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def listens(port: int) -> bool:
    """Whether anything accepts connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _held(port: int) -> bool:
    """Whether a server could not bind the port now. What its own last run left in TIME_WAIT is no hindrance."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            return fault.errno == errno.EADDRINUSE
    return False


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


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits: between a server's start and the note of its pid it would leave a server that nobody finds again."""
    came: list[tuple[int, FrameType | None]] = []
    here = threading.current_thread() is threading.main_thread()  # Python lets no other thread have signals
    found = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM) if here}
    before = {one: handler for one, handler in found.items() if handler is not None}  # None: not Python's to give back
    for one in before:
        signal.signal(one, lambda *received: came.append(received))
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if came:
            signal.raise_signal(came[0][0])


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        held = [one for one in psutil.net_connections("tcp") if one.laddr and one.laddr.port == port and one.pid]
        for connection in sorted(held, key=lambda one: one.status != psutil.CONN_LISTEN):
            found = psutil.Process(connection.pid)
            handed = "" if connection.status == psutil.CONN_LISTEN else ", for a connection of its own"
            return f" by {found.name()} (pid {found.pid}, in {found.cwd()}{handed})"
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
