"""Which process a pid file means. The kernel gives a number again, after a restart of the machine even to the first one who asks."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil


def of(pid: int) -> dict[str, Any]:
    """What a pid file records of a running process.

    Returns:
        ``pid``; ``boot``, the machine's (or container's) present life; ``ticks`` of its clock at which the process began, which no later
        owner of the number shares and which setting the time of day does not move; ``started``, the same as time of day.
    """
    return {"pid": pid, "boot": _boot(), "ticks": _ticks(pid), "started": psutil.Process(pid).create_time()}


def process(record: Mapping[str, Any]) -> psutil.Process | None:
    """The process that a record means, or None where it has ended.

    Args:
        record: see :func:`of`; earlier versions kept ``pid`` and ``started`` alone.
    """
    try:
        found = psutil.Process(int(record["pid"]))
        same = _same(record, found) and found.status() != psutil.STATUS_ZOMBIE
    except (ValueError, TypeError, KeyError, OSError, psutil.Error):
        return None
    return found if same else None


def orphans(record: Mapping[str, Any]) -> list[psutil.Process]:
    """Processes of a session whose leader, the one that a record means, has ended.

    The number of an ended leader is not given again while its session has members. Where it belongs to another process now, or where the
    machine was started since, a session of that number is somebody else's.
    """
    try:
        leader = int(record["pid"])
        if not _this_boot(record) or not _gone(record):
            return []
    except (ValueError, TypeError, KeyError):
        return []
    members = [one for one in psutil.process_iter() if _session(one.pid) == leader and one.pid != leader]
    return [*members, *(child for member in members for child in children(member))]


def children(parent: psutil.Process) -> list[psutil.Process]:
    """Descendants of a process; none where it has just ended."""
    with contextlib.suppress(psutil.Error):
        return list(parent.children(recursive=True))
    return []


def holder(pid: int, program: str, folder: Path) -> psutil.Process | None:
    """The process of a pid, where it is a program that works in a folder.

    Args:
        pid: as the program itself wrote it down.
        program: its name.
        folder: its working directory.

    Raises:
        psutil.AccessDenied: a program of that name belongs to another user, so that nobody can say where it works.
    """
    try:
        found = psutil.Process(pid)
        if found.name() != program or found.status() == psutil.STATUS_ZOMBIE:
            return None
        return found if Path(found.cwd()).resolve() == folder.resolve() else None
    except (psutil.NoSuchProcess, ValueError):
        return None


def kill(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """End processes by SIGKILL. Returns those that are still there."""
    for one in processes:
        with contextlib.suppress(psutil.Error):
            one.kill()
    return list(psutil.wait_procs(processes, timeout=5)[1])


def _same(record: Mapping[str, Any], found: psutil.Process) -> bool:
    if "ticks" in record:
        return bool(record["boot"] == _boot() and record["ticks"] == _ticks(found.pid))
    return bool(abs(found.create_time() - record["started"]) < 2)


def _gone(record: Mapping[str, Any]) -> bool:
    """Whether the number belongs to nobody now, or to what is left of the process that the record means."""
    try:
        return _same(record, psutil.Process(int(record["pid"])))
    except (OSError, psutil.NoSuchProcess):
        return True


def _this_boot(record: Mapping[str, Any]) -> bool:
    return bool(record["boot"] == _boot() if "boot" in record else record["started"] >= psutil.boot_time())


def _boot() -> str:
    """Pids count from the start of the machine, and start again in each container."""
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"


def _ticks(pid: int) -> int:
    """Field 22 of proc_pid_stat(5); the second may hold spaces and brackets."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
