"""The study of 200 SKUs × 366 days with weekly re-forecast, on a warehouse that holds a daily run: computed alone, and as a cold command.

    python -m tests.bench.study [--skus 200] [--days 366] [--retrain-days 91] [--no-command] [--json]

With ``--retrain-days`` the same study again, with trees that learn from the whole catalogue and are retrained so often in the past; it is
stated beside the others, without a budget. The system before took 15 minutes a product and year: 50 hours for 200. Ends with code 1 where a
budget is missed.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from pipelines import settings
from pipelines.replay import tables
from pipelines.replay.candidates import CANDIDATES
from pipelines.replay.replay import play
from pipelines.studies import actions, queries, study
from pipelines.studies.question import read as ask

BUDGET_COMPUTE, BUDGET_COMMAND = 2.0, 15.0
BEFORE_SECONDS_PER_SKU_YEAR = 15 * 60.0
ROOT = Path(__file__).resolve().parents[2]


def compute(skus: int, days: int) -> dict[str, float]:
    """Seconds to re-forecast each week, replay all candidates, choose, audit and replay both bounds; rows already read."""
    config, as_of = settings.load(), queries.marts_date()
    question = ask({"sample": "stratified", "size": skus, "days": days})
    timetable, last = study.timetable(question, as_of, config)
    chosen, _ = study.chosen(question, as_of, config.forecast.seed)
    start = time.perf_counter()
    rows = tables.of_skus(as_of, chosen, config.planning.history_days)
    read = time.perf_counter() - start
    play(tables.part(rows, 0, 4), last, config, timetable)  # compiles, or loads what was compiled
    start = time.perf_counter()
    played = play(rows, last, config, timetable)
    seconds = time.perf_counter() - start
    reviews = int((played.selected.levels.review_column >= 0).sum())
    simulated = rows.skus.height * timetable.phases.total * (len(CANDIDATES) + 4)
    return {
        "skus": rows.skus.height,
        "read_seconds": read,
        "compute_seconds": seconds,
        "forecasts": float(rows.skus.height * reviews * 3),
        "sku_days_simulated": float(simulated),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def command(skus: int, days: int, *options: str) -> float:
    """Seconds of ``stockproof study run`` in a process of its own."""
    start = time.perf_counter()
    call = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "study",
        "run",
        "--here",
        "--items",
        str(skus),
        "--days",
        str(days),
        "--json",
        *options,
    ]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    number = json.loads(done.stdout)["simulation_id"]
    actions.prune(0, [number])
    return seconds


def main() -> int:
    """Run, print, compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, default=200)
    parser.add_argument("--days", type=int, default=366)
    parser.add_argument("--retrain-days", type=int, help="time the study with boosted trees too")
    parser.add_argument("--no-command", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = compute(options.skus, options.days)
    figures["before_seconds"] = BEFORE_SECONDS_PER_SKU_YEAR * options.skus * options.days / 365.0
    if not options.no_command:
        figures["command_seconds"] = command(options.skus, options.days)
    if options.retrain_days:
        figures["boosted_command_seconds"] = command(
            options.skus, options.days, "--retrain-days", str(options.retrain_days)
        )
    met = figures["compute_seconds"] <= BUDGET_COMPUTE and figures.get("command_seconds", 0.0) <= BUDGET_COMMAND
    if options.json:
        print(json.dumps({**figures, "met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:24s} {value:>16,.2f}")
        print("budgets met" if met else "BUDGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
