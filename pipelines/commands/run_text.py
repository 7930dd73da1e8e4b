"""What came of a run, in a sentence or two, from what its deciding step returned."""

from collections.abc import Mapping
from typing import Any, Final

DECIDES: Final = {"daily_replenishment": "orders", "weekly_training": "train", "release_orders": "release"}
"""The step of each DAG that says what came of the run."""


def said(dag_id: str, returned: Mapping[str, Any]) -> str:
    """The end of a run in words.

    Args:
        dag_id: the DAG.
        returned: by the step that :data:`DECIDES` names.

    Returns:
        Sentences; empty for a DAG that has none.
    """
    tell = {"daily_replenishment": _proposed, "weekly_training": _trained, "release_orders": _released}.get(dag_id)
    return tell(returned) if tell else ""


def _proposed(returned: Mapping[str, Any]) -> str:
    """Orders to sign.

    >>> _proposed({"proposed": {"orders": 2, "lines": 5, "kept": 0, "superseded": 1, "order_value": 1234.5}})
    '2 orders (5 lines, 1,234.50) wait for a signature. 1 superseded: a newer date knows more.'
    """
    facts = returned["proposed"]
    text = (
        f"{_orders(facts['orders'])} ({_lines(facts)}) {'waits' if facts['orders'] == 1 else 'wait'} for a signature."
    )
    if facts["kept"]:
        text += f" {facts['kept']} already decided."
    if facts["superseded"]:
        text += f" {facts['superseded']} superseded: a newer date knows more."
    return text


def _trained(returned: Mapping[str, Any]) -> str:
    """Which model, in which role, and why.

    >>> _trained({"skipped": 0, "version": "v3", "role": "champion", "reason": "first version"})
    'v3 is champion: first version.'
    """
    return f"{returned['version']} is {returned['role']}: {returned['reason']}."


def _released(returned: Mapping[str, Any]) -> str:
    """What is in the ERP now.

    >>> _released({"orders": 0, "lines": 0, "order_value": 0.0, "waiting": 3})
    'No approved order was to be released. 3 approved orders of a later date wait for their day.'
    """
    if returned["orders"]:
        text = f"{_orders(returned['orders'])} ({_lines(returned)}) released into the ERP and read back."
    else:
        text = "No approved order was to be released."
    if returned["waiting"]:
        one = returned["waiting"] == 1
        text += f" {returned['waiting']:,} approved {'order' if one else 'orders'} of a later date "
        text += "waits for its day." if one else "wait for their day."
    return text


def _orders(count: int) -> str:
    return f"{count:,} {'order' if count == 1 else 'orders'}"


def _lines(facts: Mapping[str, Any]) -> str:
    return f"{facts['lines']:,} {'line' if facts['lines'] == 1 else 'lines'}, {facts['order_value']:,.2f}"
