"""Answers about the rollout, for the command, the API and the desk; nothing is written."""

from datetime import date
from typing import Any, Final

from pipelines.io import warehouse

READS = ("plan.rollout_checks", "ops.rollout_log", "plan.rollout_assignments")

_GROUPS: Final = """
select c.*, cast(c.figures as text) as seen, (select cast(count(*) filter (where arm = 'ours') as bigint) from plan.rollout_assignments a
    where a.as_of = c.as_of and a.group_name = c.group_name) as skus_ours,
    (select cast(count(*) as bigint) from plan.rollout_assignments a where a.as_of = c.as_of and a.group_name = c.group_name) as skus
from plan.rollout_checks c where c.as_of = (select max(as_of) from plan.rollout_checks where as_of <= :as_of) order by c.group_name
"""

_LOG: Final = """
select change_id, as_of, group_name, event, stage, held, author, reason from ops.rollout_log where as_of <= :as_of order by change_id desc
"""

Row = dict[str, Any]


def groups(as_of: date) -> list[Row]:
    """Each group with stage, verdict, figures and ``sentence``, as the newest run up to a date saw it."""
    import json

    rows = []
    for row in warehouse.read(_GROUPS, as_of=as_of).drop("figures").iter_rows(named=True):
        figures = json.loads(row.pop("seen"))
        rows.append(row | {"figures": figures, "sentence": sentence(figures)})
    return rows


def log(as_of: date) -> list[Row]:
    """Changes of stage, newest first."""
    return warehouse.read(_LOG, as_of=as_of).to_dicts()


def sentence(figures: Row) -> str:
    """What was promised beside what is realised.

    >>> sentence({"promised": 0.278, "realised": 0.24, "realised_low": 0.19, "realised_high": 0.29, "ours": 800, "control": 200})
    'Promised 27.8 %, realised 24 % (19 to 29), by 800 SKUs beside 200 that a draw left with the incumbent.'
    """
    promised = "No saving promised" if figures["promised"] is None else f"Promised {100 * figures['promised']:.1f} %"
    if figures["realised"] is None:
        unknown = "not known in the first week of a stage, nor without SKUs that a draw left with the incumbent"
        return f"{promised}; what is realised is {unknown}."
    low, high = 100 * figures["realised_low"], 100 * figures["realised_high"]
    return (
        f"{promised}, realised {100 * figures['realised']:.0f} % ({low:.0f} to {high:.0f}), by {figures['ours']:,} SKUs beside "
        f"{figures['control']:,} that a draw left with the incumbent."
    )
