"""Lines of the structured log; never writes."""

from datetime import UTC, datetime
from typing import Any, Final

from pipelines.core.suggestions import refuse_unknown
from pipelines.operations.logs import tables

LEVELS: Final = ("debug", "info", "warning", "error", "critical")


def lines(
    *, run: str = "", sku: str = "", step: str = "", since: datetime | None = None, level: str = "", limit: int = 200
) -> list[dict[str, Any]]:
    """Lines of the log, of a SKU with its decisions.

    Args:
        run: id of a run.
        sku: an item, or ``item@location``.
        step: a task.
        since: from then on, UTC if it names no zone.
        level: at least this one.
        limit: most lines, the newest.

    Returns:
        Oldest first: ``at``, ``level``, ``event``, ``dag_id``, ``run_id``, ``step``, ``as_of``, ``item_id``, ``location_id``, ``fields``.
    """
    item, _, location = sku.partition("@")
    if level:
        refuse_unknown([level], LEVELS, "the levels of the log", "name one of them")
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    wanted = LEVELS[LEVELS.index(level) :] if level else LEVELS
    return tables.read(
        run=run, step=step, item_id=item, location_id=location, since=since, levels=list(wanted), limit=limit
    )
