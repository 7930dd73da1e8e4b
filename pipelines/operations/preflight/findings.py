"""What a check found, and the pure part of the checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.core.text import count

Grade = Literal["ok", "degraded", "stop"]

DISK_STOP: Final = 500_000_000
"""Bytes free below which a run would stop half-way: its logs, the model and a catalogue's replay."""

DISK_LOW: Final = 2_000_000_000
"""Bytes free below which the next days will not fit."""

MEMORY_LOW: Final = 1_000_000_000
"""Bytes available below which training and replay may be ended by the system."""

SKEW: Final = 120.0
"""Seconds by which clocks may differ: rows are dated by the ERP's clock, runs by ours."""


@dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
        part: what was checked.
        grade: ok; degraded: the run goes on without it; stop: there is no point in starting.
        what: one sentence.
        remedy: what to do; empty if nothing.
    """

    part: str
    grade: Grade
    what: str
    remedy: str = ""


def disk(free: int, folder: str) -> Finding:
    """Whether the state folder's disk has room for a run.

    >>> disk(100_000_000, "/s").grade, disk(1_000_000_000, "/s").grade, disk(9_000_000_000, "/s").grade
    ('stop', 'degraded', 'ok')
    """
    grade: Grade = "stop" if free < DISK_STOP else "degraded" if free < DISK_LOW else "ok"
    return Finding("disk", grade, f"{free / 1e9:,.1f} GB free at {folder}", "" if grade == "ok" else "make room")


def memory(available: int) -> Finding:
    """Whether a run has memory; the system's own choice which process to end is worse than a warning.

    >>> memory(500_000_000).grade, memory(8_000_000_000).grade
    ('degraded', 'ok')
    """
    grade: Grade = "degraded" if available < MEMORY_LOW else "ok"
    remedy = "" if grade == "ok" else "end other programs, or lower replay.chunk_size"
    return Finding("memory", grade, f"{available / 1e9:,.1f} GB available", remedy)


def clock(skews: Mapping[str, float]) -> Finding:
    """Whether the clocks of the servers agree with this machine's.

    Args:
        skews: server → its clock less ours, seconds.

    >>> clock({"ERP": 7200.0, "warehouse": 0.2}).what
    "the ERP's clock is 7,200 s ahead"
    >>> clock({"ERP": -1.0}).grade
    'ok'
    """
    off = {name: skew for name, skew in skews.items() if abs(skew) > SKEW}
    if not off:
        return Finding("clock", "ok", "clocks agree")
    words = [
        f"the {name}'s clock is {abs(skew):,.0f} s {'ahead' if skew > 0 else 'behind'}" for name, skew in off.items()
    ]
    return Finding(
        "clock", "degraded", "; ".join(words), "set the clocks by NTP: rows dated ahead are not read on their day"
    )


def schema(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> Finding:
    """What changed in the ERP's tables since the last run.

    Args:
        before: table → columns that the last run saw.
        now: table → columns.

    >>> schema({"sales": ["a", "b"]}, {"sales": ["a", "c"]}).what
    'the ERP changed since the last run: sales lost b; sales gained c'
    >>> schema({}, {"sales": ["a"]}).grade
    'ok'
    """
    changes = []
    for table, columns in sorted(before.items()):
        if table not in now:
            changes.append(f"{table} is gone")
            continue
        lost, gained = sorted(set(columns) - set(now[table])), sorted(set(now[table]) - set(columns))
        changes += [f"{table} lost {', '.join(lost)}"] if lost else []
        changes += [f"{table} gained {', '.join(gained)}"] if gained else []
    if not changes:
        return Finding("schema", "ok", f"{count(len(now), 'table')} as before")
    remedy = "stockproof erp check lists what is usable and what follows from what is missing"
    return Finding("schema", "degraded", f"the ERP changed since the last run: {'; '.join(changes)}", remedy)
