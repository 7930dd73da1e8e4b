"""What to change, from the figures of a run. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

SLOWER: Final = 1.5
"""A step that takes so many times what it usually takes is named,"""

WORTH: Final = 5.0
"""if it is slower by so many seconds."""

LARGER: Final = 1.3
"""Peak memory so many times the usual is named."""

SHARE: Final = 0.7
"""Share of the machine's memory from which a step is named."""

SLOW_QUERY: Final = 5.0
"""Seconds from which a query is named."""

WHERE: Final[Mapping[str, str]] = {
    "extract": "an index on updated_at in the ERP's tables, or a larger erp.slice_rows",
    "transform": "more shared_buffers and work_mem for PostgreSQL; `stockproof logs --step transform` names the models",
    "forecast": "forecast.threads up to the machine's cores",
    "train": "fewer forecast.members, or fewer forecast.backtest_origins",
    "replay": "more slots of Airflow's pool `replay`, one a core, and a larger replay.chunk_size",
    "purchase": "`vacuum analyze` of the schema plan",
    "vendors": "`vacuum analyze` of the schema marts",
    "orders": "`vacuum analyze` of the schema orders",
}


def advice(steps: Sequence[Mapping[str, Any]], queries: Sequence[Mapping[str, Any]], memory: float) -> list[str]:
    """Sentences on what to change.

    Args:
        steps: ``step``, ``seconds``, ``usual_seconds`` (None without earlier runs), ``memory_mb``, ``usual_memory_mb``.
        queries: ``step``, ``query``, ``seconds``, ``calls``.
        memory: the machine's, MB.

    >>> step = {"step": "replay", "seconds": 60.0, "usual_seconds": 20.0, "memory_mb": 900.0, "usual_memory_mb": 880.0}
    >>> advice([step], [], 16000.0)
    ["replay took 60 s, usually 20 s; try more slots of Airflow's pool `replay`, one a core, and a larger replay.chunk_size"]
    >>> advice([step | {"seconds": 21.0}], [], 16000.0)[0].partition(";")[0]
    'the longest step is replay, 100% of the time of all'
    """
    found = []
    for one in steps:
        usual, step = one["usual_seconds"], one["step"]
        if usual and one["seconds"] > SLOWER * usual and one["seconds"] - usual > WORTH:
            found.append(f"{step} took {one['seconds']:,.0f} s, usually {usual:,.0f} s; try {_hint(step)}")
        before = one["usual_memory_mb"]
        if before and one["memory_mb"] > LARGER * before:
            found.append(f"{step} used {one['memory_mb']:,.0f} MB, usually {before:,.0f} MB: did the catalogue grow?")
        if one["memory_mb"] > SHARE * memory:
            found.append(
                f"{step} used {one['memory_mb'] / memory:.0%} of the machine's memory; lower replay.chunk_size or add memory"
            )
    found += [
        f"a query of {one['step']} took {one['seconds']:,.0f} s: see explain (analyze, buffers), and `vacuum analyze` its tables: "
        f"{one['query'][:120]}"
        for one in queries
        if one["seconds"] >= SLOW_QUERY
    ]
    total = sum(one["seconds"] for one in steps)
    if not found and total > 0:
        longest = max(steps, key=lambda one: float(one["seconds"]))
        found.append(
            f"the longest step is {longest['step']}, {longest['seconds'] / total:.0%} of the time of all; try {_hint(longest['step'])}"
        )
    return found


def _hint(step: str) -> str:
    return WHERE.get(step, "`stockproof logs --step " + step + "` for what it did")
