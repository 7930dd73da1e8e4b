"""How long a bundle takes to load by its alias where the registry holds hundreds of versions, on servers of its own.

    python -m tests.bench.model_registry [--versions 500] [--json]

Ends with code 1 where the budget of 2 s is missed. The first load imports the libraries; it is stated and not judged.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import mlflow

from pipelines import settings
from pipelines.forecast import bundle
from pipelines.io import registry, warehouse
from pipelines.stack.mlflow import MLflow
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import free_port
from tests.integration import governance_registry

BUDGET_SECONDS = 2.0
FIRST = date(2020, 1, 5)


def loaded(folder: Path, day: date) -> dict[str, float]:
    """Seconds to load the champion by its alias, to find who serves a date of today and of the past, and to list all."""
    started = time.perf_counter()
    version = registry.by_alias("champion")
    assert version is not None
    bundle.load(registry.fetch(version, folder))
    times = {"load_by_alias_seconds": time.perf_counter() - started}
    for name, when in (("serving_today_seconds", date.max), ("serving_past_seconds", day)):
        started = time.perf_counter()
        assert registry.serving(when, "day") is not None
        times[name] = time.perf_counter() - started
    started = time.perf_counter()
    listed = len(registry.versions())
    return times | {"list_seconds": time.perf_counter() - started, "versions": listed}


def measure(versions: int) -> dict[str, float]:
    """Times with so many versions of one small bundle; every third one won its place."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        postgres = Postgres(folder / "postgres", free_port(), "bench-password")
        postgres.start()
        try:
            for name in ("warehouse", "mlflow"):
                postgres.create_database(name)
            server = MLflow(folder / "mlflow", free_port(), postgres.url("mlflow", "postgresql+psycopg2"))
            server.launch()
            server.wait()
            os.environ |= {
                "STOCKPROOF_STACK__WAREHOUSE_URL": postgres.url("warehouse"),
                "STOCKPROOF_STACK__MLFLOW_URL": server.url,
            }
            settings.load.cache_clear()
            warehouse.migrate()
            try:
                _fill(folder, versions)
                first = loaded(folder / "first", FIRST + timedelta(days=70))
                return loaded(folder / "again", FIRST + timedelta(days=70)) | {
                    "first_load_seconds": first["load_by_alias_seconds"]
                }
            finally:
                server.stop()
        finally:
            postgres.stop()


def _fill(folder: Path, versions: int) -> None:
    made = governance_registry.register(folder / "bundle", FIRST, promote=True)
    client = mlflow.MlflowClient(registry.url(), registry.url())
    source = client.get_model_version(registry.MODEL, str(made.number))
    for k in range(1, versions):
        day = (FIRST + timedelta(days=7 * k)).isoformat()
        tags = dict(made.tags) | {"trained_as_of": day, "role": "champion" if k % 3 == 0 else "challenger"}
        tags |= {"service": json.dumps([[day, None]] if k % 3 == 0 else [])}
        client.create_model_version(
            registry.MODEL, source.source, source.run_id, tags=tags, model_id=source.source.rsplit("/", 1)[-1]
        )
    registry.mirror_aliases("day")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.versions)
    text = "  ".join(f"{name} {value:,.3f}" for name, value in found.items())
    print(json.dumps(found) if options.json else text)
    return int(found["load_by_alias_seconds"] > BUDGET_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
