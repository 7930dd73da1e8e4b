"""The log of what was decided on models: which was registered, promoted, refused or taken back, by whom and why. Append-only."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.io import warehouse

READS: Final = ("ops.model_decisions",)
WRITES: Final = ("ops.model_decisions",)

_ADD = """
insert into ops.model_decisions (as_of, bucket, action, model_version, replaces, author, reason, comparison)
select :as_of, :bucket, :action, :model_version, :replaces, :author, :reason, cast(:comparison as jsonb)
where not exists (
    select 1 from ops.model_decisions d where d.as_of = :as_of and d.action = :action and d.model_version = :model_version
        and d.reason = :reason and d.author = :author)
"""


def add(
    as_of: date,
    action: str,
    model_version: str,
    *,
    bucket: str,
    replaces: str = "",
    author: str,
    reason: str,
    comparison: Mapping[str, Any] | None = None,
) -> None:
    """Log a decision; the same one is logged once, however often a killed run is repeated.

    Args:
        as_of: date from which it holds.
        action: ``registered``, ``promoted``, ``kept``, ``rolled back`` or ``share``.
        model_version: what it is about.
        bucket: ``day`` or ``week``.
        replaces: the version that served before.
        author: who decided; ``stockproof`` for the program.
        reason: why.
        comparison: figures that it rests on.
    """
    warehouse.execute(
        _ADD,
        as_of=as_of,
        bucket=bucket,
        action=action,
        model_version=model_version,
        replaces=replaces,
        author=author,
        reason=reason,
        comparison=json.dumps(dict(comparison or {})),
    )


def read() -> pl.DataFrame:
    """All decisions, oldest first."""
    return warehouse.read(
        "select decision_id, at, as_of, bucket, action, model_version, replaces, author, reason, cast(comparison as text) as comparison "
        "from ops.model_decisions order by decision_id"
    )
