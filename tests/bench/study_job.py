"""A study as a job through the real scheduler: seconds from submit to answer, of cancelling, and of many submitted at once.

    python -m tests.bench.study_job [--items 200] [--days 366] [--policies ours] [--budget 10] [--cancel] [--at-once 0] [--json]

The stack must be up, and its warehouse must hold a daily run; ``--items 0`` takes the whole catalogue. The answer of a study through the
scheduler is compared with that of the same question in one process. Ends with code 1 where a budget is missed.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections import Counter
from typing import Any, Final

from pipelines.stack import servers
from pipelines.studies import actions, job, queries
from pipelines.studies.question import Question, read

CANCEL_BUDGET: Final = 5.0


def submit(question: Question) -> str:
    """Queue a study in Airflow."""
    number = actions.submit(question)
    servers.api().trigger("simulation_study", f"study-{number}", {"simulation_id": number})
    return number


def ended(number: str) -> str:
    """The status of a study once it has ended."""
    while (status := str(queries.state(number)["status"])) in ("queued", "running"):
        time.sleep(0.1)
    return status


def answered(question: Question) -> dict[str, Any]:
    """Seconds through the scheduler, and those of the same question in this process, whose answer must be the same."""
    began = time.perf_counter()
    number = submit(question)
    status = ended(number)
    seconds = time.perf_counter() - began
    own, computed = time.perf_counter(), time.process_time()
    here = job.run(question)
    same = here["global_metrics"] == (queries.found(number)["result"] or {}).get("global_metrics")
    actions.prune(0, [number, here["simulation_id"]])
    return {
        "status": status,
        "items": here["total_items"],
        "seconds": seconds,
        "answer_bytes": len(json.dumps(here)),
        "here_seconds": time.perf_counter() - own,
        "here_computing_seconds": time.process_time() - computed,
        "same_answer": same,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def cancelled(question: Question) -> float:
    """Seconds from cancelling a study that replays until none of its tasks gives a sign of life."""
    number = submit(question)
    while queries.state(number)["progress"] == 0.0:
        time.sleep(0.1)
    began = time.perf_counter()
    actions.cancel(number)
    while queries.busy(number):
        time.sleep(0.1)
    return time.perf_counter() - began


def at_once(question: Question, count: int) -> dict[str, Any]:
    """How many studies submitted at once end how, and after how many seconds the last."""
    began = time.perf_counter()
    statuses = Counter(ended(number) for number in [submit(question) for _ in range(count)])
    return {"seconds": time.perf_counter() - began, **statuses}


def main() -> int:
    """Run, print, compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--days", type=int, default=366)
    parser.add_argument("--policies", default="ours")
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--cancel", action="store_true")
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sample = {"sample": "stratified", "size": options.items} if options.items else {}
    question = read({**sample, "days": options.days, "policies": options.policies.split(",")})
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0], **answered(question)}
    met = figures["seconds"] <= options.budget and figures["status"] == "completed" and figures["same_answer"]
    if options.cancel:
        figures["cancel_seconds"] = cancelled(question)
        met = met and figures["cancel_seconds"] <= CANCEL_BUDGET
    if options.at_once:
        figures["at_once"] = at_once(read({**sample, "days": 60}), options.at_once)
        met = met and figures["at_once"].get("completed") == options.at_once
    if options.json:
        print(json.dumps({**figures, "met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:24s} {value:>16,.2f}" if isinstance(value, float) else f"{name:24s} {value!s:>16s}")
        print("budgets met" if met else "BUDGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
