"""The product's days, step by step, as the tasks of its DAGs run them; a step may be run in a process of its own that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time

from pipelines.settings import ROOT

RELEASED_AT = time(21)
"""When an order is recorded in the ERP: before the books of its day are closed."""


def _preflight(as_of: date) -> None:
    from pipelines.extract import preflight

    preflight.check(as_of)


def _extract(as_of: date) -> None:
    from pipelines.extract import job

    job.run(as_of)


def _sources(as_of: date) -> None:
    from pipelines.validate import job

    job.run("sources", as_of)


def _transform(as_of: date) -> None:
    from pipelines.transform import job

    job.run(as_of)


def _vendors(as_of: date) -> None:
    from pipelines.vendors import job, stock_job

    job.run(as_of)
    stock_job.run(as_of)


def _policy(as_of: date) -> None:
    from pipelines.policy import job

    job.run(as_of)


def _purchase(as_of: date) -> None:
    from pipelines.purchase import job

    job.run(as_of)


def _checked(as_of: date) -> None:
    from pipelines.validate import job

    job.run("orders", as_of)


def _orders(as_of: date) -> None:
    from pipelines.orders import job

    job.daily(as_of)


def _report(as_of: date) -> None:
    from pipelines.report import job

    job.run(as_of)


def _release(as_of: date, step: Callable[[str], None] | None = None) -> None:
    from pipelines.core.purchase_order import silent
    from pipelines.orders import job

    job.release_approved(as_of, recorded_at=datetime.combine(as_of, RELEASED_AT), step=step or silent)


STEPS: dict[str, Callable[[date], None]] = {
    "preflight": _preflight,
    "extract": _extract,
    "sources": _sources,
    "transform": _transform,
    "vendors": _vendors,
    "policy": _policy,
    "purchase": _purchase,
    "checked": _checked,
    "orders": _orders,
    "report": _report,
}
"""Forecasts and replays are left out: without them every SKU is ordered by the ERP's own minimum and maximum, which the test knows."""


WEEKLY = ("vendors",)
"""Steps that the test spares on most days, as a run that went on without them."""


def daily(as_of: date, *, report: bool, killed: str = "", after: float = 0.0) -> None:
    """A daily run.

    Args:
        as_of: its date.
        report: write the report, too.
        killed: a step that is first run in a process of its own, killed, and then run again; empty: none.
        after: seconds until it is killed.
    """
    for name, step in STEPS.items():
        if (name == "report" and not report) or (name in WEEKLY and as_of.weekday()):
            continue
        if name == killed:
            child = start(name, as_of)
            try:
                child.wait(timeout=after)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
            child.communicate()
        step(as_of)


def release(as_of: date, kill_at: int = 0) -> None:
    """Release what is signed; where ``kill_at`` is not 0, two releases at once come first, one of which is killed at that step."""
    if kill_at:
        children = [start("release", as_of, kill_at), start("release", as_of)]
        for child in children:
            child.communicate(timeout=120)
    _release(as_of)


def start(name: str, as_of: date, kill_at: int = 0) -> "subprocess.Popen[bytes]":
    """A step in a process of its own."""
    command = [sys.executable, "-m", "tests.life.product", name, as_of.isoformat(), str(kill_at)]
    return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def main(name: str, as_of: date, kill_at: int) -> None:
    """A step; a release kills itself where it reaches the step ``kill_at``."""
    if name != "release":
        STEPS[name](as_of)
        return
    reached = 0

    def step(_: str) -> None:
        nonlocal reached
        reached += 1
        if reached == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    _release(as_of, step)


if __name__ == "__main__":
    main(sys.argv[1], date.fromisoformat(sys.argv[2]), int(sys.argv[3]))
