"""Write the planner's report of a run: read plan.* and marts, write the file and its row in plan.reports."""

import json
from collections.abc import Sequence
from datetime import date

from pipelines import settings
from pipelines.briefing.queries import accuracy_figures, outcome_figures
from pipelines.io import files, warehouse
from pipelines.report import inventory_job, page, reading, sections


def run(as_of: date, advice: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Write ``reports/stockproof-<as_of>.html`` in the state folder, whole or not at all.

    Args:
        as_of: the run's as-of date; its decisions and marts must be in the warehouse.
        advice: sentences on time and memory of the run, for the section *Advice*.

    Returns:
        Figures of the headline, and ``path``.

    Raises:
        StockproofError: nothing was decided on that date, the marts hold another one, or the folder cannot be written.
    """
    tables = reading.read(as_of)
    forecasts = reading.read_forecasts(as_of, sections.chosen(tables))
    followed, accuracy = outcome_figures.figures(as_of), accuracy_figures.figures(as_of)
    html, summary = page.render(
        tables, forecasts, settings.load(), inventory_job.section(as_of), followed, advice, accuracy
    )
    path = files.write_atomic(files.state_dir("reports") / f"stockproof-{as_of}.html", html)
    warehouse.execute(
        """insert into plan.reports (as_of, path, summary) values (:as_of, :path, cast(:summary as jsonb))
        on conflict (as_of) do update set path = excluded.path, summary = excluded.summary""",
        as_of=as_of,
        path=str(path),
        summary=json.dumps(summary),
    )
    return {**{key: value for key, value in summary.items() if value is not None}, "path": str(path)}
