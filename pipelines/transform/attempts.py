"""What a failed build leaves behind, so that the next attempt at the same date runs only what failed and what was skipped.

dbt's ``result:`` and ``state:`` selectors do the choosing: nodes that failed or were skipped, and nodes whose code was changed since, with
all that depends on them. It is only right where everything else would come out the same: same date, same variables, same rows in raw and
quarantine. Where anything differs, the whole build runs.
"""

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipelines.core.contract import TABLES
from pipelines.io import files, warehouse
from pipelines.transform import dbt_cli

SELECTION: Final = ("result:error+", "result:fail+", "result:skipped+", "state:modified+")
"""dbt selectors of what an attempt after a failure runs."""


def inputs(as_of: date) -> str:
    """Fingerprint of what a build reads: raw's rows (append-only, numbered) and the date's quarantine.

    Args:
        as_of: the run's date.

    Returns:
        Text that changes whenever the build could come out differently.
    """
    parts = [
        f"select '{table.name}' as name, count(*) as rows, max(_row_id) as newest from raw.{table.name}"
        for table in TABLES
    ]
    parts.append(
        "select 'quarantine', count(*), cast(sum(hashtext(table_name || row_id)) as bigint) from quarantine.rows where as_of = :as_of"
    )
    rows = warehouse.read(" union all ".join(parts) + " order by 1", as_of=as_of).rows()
    return json.dumps(rows)


def remember(as_of: date, variables: Mapping[str, Any]) -> None:
    """Keep the results of the build that has just failed."""
    kept, target = _folder(), dbt_cli.folder("target")
    for name in ("run_results.json", "manifest.json"):
        shutil.copyfile(target / name, kept / name)
    # Written last: without it the folder counts for nothing.
    files.write_atomic(kept / "attempt.json", json.dumps(_identity(as_of, variables)))


def resumable(as_of: date, variables: Mapping[str, Any]) -> Path | None:
    """Folder with the state of a failed attempt that this build can go on from, or None."""
    attempt = _folder() / "attempt.json"
    if not attempt.is_file():
        return None
    return _folder() if json.loads(attempt.read_text()) == _identity(as_of, variables) else None


def forget() -> None:
    """Nothing to go on from: a build that starts afresh changes what a failed one left, one that ended well settles it."""
    (_folder() / "attempt.json").unlink(missing_ok=True)


def _identity(as_of: date, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "warehouse": dbt_cli.environment(warehouse.url())["DBT_WAREHOUSE_DATABASE"],
        "inputs": inputs(as_of),
        "variables": dict(variables),
    }


def _folder() -> Path:
    return dbt_cli.folder("failed")
