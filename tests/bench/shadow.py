"""What the shadow costs the daily forecast: on a warehouse that holds a daily run and a registry that holds its champion.

    python -m tests.bench.shadow [--repeat 3] [--json]

The champion's own bundle forecasts beside itself, so that both do the same work. The least of the repeated times counts. Ends with code 1
where the forecast step with the shadow takes more than 1.6 times as long as without, or where a row that orders rest on differs.
"""

import argparse
import json
import os
import sys
import time
from unittest import mock

from pipelines import settings
from pipelines.forecast import job
from pipelines.governance import queries
from pipelines.io import registry_versions, warehouse

BUDGET = 1.6
RESTS_ON = ("plan.forecasts", "plan.lead_time_forecasts", "plan.period_forecasts")


def step(*, shadow: bool) -> tuple[float, list[str]]:
    """(seconds of the forecast step, fingerprints of the tables that orders rest on)."""
    os.environ["STOCKPROOF_GOVERNANCE__SHADOW"] = str(shadow).lower()
    settings.load.cache_clear()
    day = queries.newest_run()
    assert day is not None, "run `make demo` first"
    started = time.perf_counter()
    with mock.patch.object(registry_versions, "challenger", registry_versions.serving):
        found = job.run(day)
    took = time.perf_counter() - started
    assert bool(found["shadow"]) is shadow and not found["fallback"], found
    digests = [
        str(
            warehouse.read(
                f"select md5(string_agg(t::text, ',' order by t::text)) as h from {table} t where as_of = :d", d=day
            )["h"][0]
        )
        for table in RESTS_ON
    ]
    return took, digests


def main() -> int:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    step(shadow=True)  # loads libraries and compiles
    runs = [(shadow, *step(shadow=shadow)) for _ in range(options.repeat) for shadow in (False, True)]
    without, beside = (min(took for shadow, took, _ in runs if shadow is wanted) for wanted in (False, True))
    same = all(digests == runs[0][2] for _, _, digests in runs)
    found = {"without_seconds": without, "with_seconds": beside, "ratio": beside / without, "rows_equal": same}
    print(json.dumps(found) if options.json else "  ".join(f"{name} {value:,.2f}" for name, value in found.items()))
    return int(beside > BUDGET * without or not same)


if __name__ == "__main__":
    sys.exit(main())
