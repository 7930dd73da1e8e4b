"""The scenario set as a job: plan, run each scenario, report. Tables: plan.twin_runs, twin_metrics, twin_days, twin_reports."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.io import files, warehouse
from pipelines.twin import config, page, scenarios
from pipelines.twin import results as twin_results
from pipelines.twin.run import Result, TwinPlan, plan, run

# One statement, one transaction: the plan of a date and the results of an earlier one never stand side by side.
_PLANNED = """
with metrics as (delete from plan.twin_metrics where as_of = :as_of), days as (delete from plan.twin_days where as_of = :as_of)
insert into plan.twin_runs (as_of, network, days, warmup_days, seed, replications, scenarios, content)
values (:as_of, :network, :days, :warmup_days, :seed, :replications, cast(:scenarios as jsonb), cast(:content as jsonb))
on conflict (as_of) do update set network = excluded.network, days = excluded.days, warmup_days = excluded.warmup_days,
    seed = excluded.seed, replications = excluded.replications, scenarios = excluded.scenarios, content = excluded.content,
    recorded_at = now()
"""


def prepare(
    as_of: date,
    *,
    names: Sequence[str] = (),
    network: str | None = None,
    days: int | None = None,
    seed: int | None = None,
    replications: int = 200,
) -> list[dict[str, Any]]:
    """Check what was asked for, record it and clear the date's results.

    Args:
        as_of: date the run is kept under; running it again replaces it.
        names: scenarios; none: all. ``normal`` is always run, the others are measured against it.
        network: YAML file; None: the default network.
        days: days of a replication; None: the network's.
        seed: root of every random number; None: the network's.
        replications: how many.

    Returns:
        One job a scenario, for :func:`run_one`.

    Raises:
        StockproofError: the network, a scenario or the days do not hold.
    """
    what = plan(config.load(network), seed=seed, days=days, replications=replications)
    wanted = {one.name: one for one in [scenarios.find("normal"), *scenarios.several(names)]}
    warehouse.execute(
        _PLANNED,
        as_of=as_of,
        network=what.network.name,
        days=what.days,
        warmup_days=what.network.warmup_days,
        seed=what.seed,
        replications=what.replications,
        scenarios=json.dumps(list(wanted)),
        content=what.network.model_dump_json(),
    )
    return [{"scenario": name, "place": place} for place, name in enumerate(wanted)]


def run_one(as_of: date, job: dict[str, Any]) -> dict[str, Any]:
    """Run one scenario of a date's plan and store its metrics and mean days.

    Args:
        as_of: the date.
        job: one of :func:`prepare`.

    Returns:
        The scenario and its headline figures.
    """
    what = planned(as_of)
    result = run(what, scenarios.find(job["scenario"]))
    where = {"as_of": as_of, "scenario": result.scenario.name}
    days = pl.DataFrame(twin_results.days_of(what, result)).with_columns(
        pl.lit(as_of).alias("as_of"), pl.lit(result.scenario.name).alias("scenario")
    )
    warehouse.replace_all(
        {"plan.twin_metrics": _metric_rows(as_of, job["place"], result), "plan.twin_days": days}, where
    )
    metrics = result.metrics
    return {"scenario": result.scenario.name} | {
        name: twin_results.number(metrics[name].mean) for name in ("service_level", "fill_rate", "total_cost")
    }


def report(as_of: date) -> dict[str, Any]:
    """Write the page of a date's run and its row in plan.twin_reports; the scenarios are played again from the stored plan.

    Args:
        as_of: the date.

    Returns:
        ``path`` of the page and the number of scenarios.
    """
    what, names = planned(as_of), _scenarios(as_of)
    results = [run(what, scenarios.find(name)) for name in names]
    path = write_page(what, results, files.state_dir("reports") / f"twin-{as_of}.html")
    warehouse.execute(
        """insert into plan.twin_reports (as_of, path) values (:as_of, :path)
        on conflict (as_of) do update set path = excluded.path""",
        as_of=as_of,
        path=str(path),
    )
    return {"path": str(path), "scenarios": len(names)}


def write_page(what: TwinPlan, results: list[Result], out: Path | None = None) -> Path:
    """Write the page of some results.

    Args:
        what: how they were run.
        results: the first is what the others are measured against.
        out: where; None: the reports folder.

    Returns:
        Where it is.

    Raises:
        StockproofError: its folder does not exist.
    """
    path = out or files.state_dir("reports") / f"twin-{what.network.name}.html"
    if not path.parent.is_dir():
        raise StockproofError(f"folder {path.parent} does not exist", "name a file in a folder that exists")
    return files.write_atomic(path, page.render(what, results))


def planned(as_of: date) -> TwinPlan:
    """The plan a date's run was recorded with.

    Raises:
        StockproofError: there is none.
    """
    rows = warehouse.read(
        "select cast(content as text) as content, days, seed, replications from plan.twin_runs where as_of = :as_of",
        as_of=as_of,
    ).to_dicts()
    if not rows:
        raise StockproofError(f"plan.twin_runs holds no run of {as_of}", "start the DAG twin_scenarios for that date")
    row = rows[0]
    network = config.parse(json.loads(row["content"]), "plan.twin_runs.content")
    return plan(network, seed=row["seed"], days=row["days"], replications=row["replications"])


def _scenarios(as_of: date) -> list[str]:
    rows = warehouse.read(
        "select cast(scenarios as text) as names from plan.twin_runs where as_of = :as_of", as_of=as_of
    )
    return list(json.loads(rows["names"][0]))


def _metric_rows(as_of: date, place: int, result: Result) -> pl.DataFrame:
    """Metrics of the whole network (site "") and of each site."""
    from pipelines.twin.measures import estimate

    rows = [
        {
            "as_of": as_of,
            "scenario": result.scenario.name,
            "place": place,
            "site": site,
            "metric": name,
            "mean": twin_results.number(one.mean),
            "low": twin_results.number(one.low),
            "high": twin_results.number(one.high),
        }
        for site, metrics in {"": result.values, **result.sites}.items()
        for name, one in ((name, estimate(values)) for name, values in metrics.items())
    ]
    return pl.DataFrame(rows, schema_overrides={"mean": pl.Float64, "low": pl.Float64, "high": pl.Float64})
