"""What came of a run, in a sentence or two, from what its deciding step returned."""

from collections.abc import Mapping
from typing import Any, Final

from pipelines.core.text import count, verb

DECIDES: Final = {"daily_replenishment": "orders", "weekly_training": "train", "release_orders": "release"}
"""The step of each DAG that says what came of the run."""


def said(step: str, returned: Mapping[str, Any]) -> str:
    """The end of a run in words.

    Args:
        step: the one that :data:`DECIDES` names for the run's DAG.
        returned: what it returned.

    Returns:
        Sentences.
    """
    return {"orders": _proposed, "train": _trained, "release": _released}[step](returned)


def _proposed(returned: Mapping[str, Any]) -> str:
    """Orders to sign.

    >>> _proposed({"proposed": {"orders": 2, "lines": 5, "kept": 0, "superseded": 1, "order_value": 1234.5}})
    '2 orders (5 lines, 1,234.50) wait for a signature. 1 superseded: a newer date knows more.'
    """
    facts = returned["proposed"]
    text = f"{_bought(facts)} {verb(facts['orders'], 'waits', 'wait')} for a signature."
    if returned.get("waiting"):
        text += f" {returned['waiting']}"
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
    sent = f"{_bought(returned)} released into the ERP and read back."
    text = sent if returned["orders"] else "No approved order was to be released."
    if returned["waiting"]:
        text += f" {count(returned['waiting'], 'approved order')} of a later date "
        text += verb(returned["waiting"], "waits for its day.", "wait for their day.")
    if returned.get("held"):
        text += f" {count(returned['held'], 'signed order')} {verb(returned['held'], 'is', 'are')} held back for another look: "
        text += "`stockproof orders list` says why."
    return text


def _bought(facts: Mapping[str, Any]) -> str:
    return f"{count(facts['orders'], 'order')} ({count(facts['lines'], 'line')}, {facts['order_value']:,.2f})"
