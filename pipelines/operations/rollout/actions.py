"""What a person does with the rollout: hold a group, force it into a stage, give it back to the rules."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.operations.rollout import tables


def act(event: str, group: str, reason: str, author: str, stage: str | None = None) -> dict[str, Any]:
    """Change who decides the stage of a group; it counts from the next run on.

    Args:
        event: ``held``, ``forced`` or ``released``.
        group: its name; ``all`` where there is one.
        reason: why; it may not be empty.
        author: who does it.
        stage: for ``forced``: the stage.

    Returns:
        The row of the log.

    Raises:
        StockproofError: no reason, no author, no such stage, or the rollout has not begun.
    """
    config = settings.load().rollout
    if not reason.strip() or not author.strip():
        raise StockproofError("a reason and an author are needed", "add --reason and --by")
    if stage is not None and stage not in config.stages:
        raise StockproofError(f"there is no stage {stage}", f"the stages are {', '.join(config.stages)}")
    with warehouse.transaction() as connection:
        query = "select stage, as_of from ops.rollout_log where group_name = :group order by as_of desc, change_id desc limit 1"
        found = connection.execute(sa.text(query), {"group": group}).one_or_none()
        newest: date | None = connection.execute(sa.text("select max(as_of) from plan.rollout_checks")).scalar()
    if found is None or newest is None:
        raise StockproofError(
            f"the rollout of group {group} has not begun",
            "set rollout.enabled and run the day; `stockproof rollout show` lists groups",
        )
    as_of = max(newest + timedelta(days=1), found.as_of)
    into, held = str(stage or found.stage), event != "released"
    tables.log(group, as_of, event, into, held=held, author=author, reason=reason)
    return {
        "group": group,
        "event": event,
        "from": str(as_of),
        "stage": into,
        "held": held,
        "author": author,
        "reason": reason,
    }
