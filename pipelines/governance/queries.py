"""What is known of models: versions, cards, decisions, scores of what came true, drift. Answers, never writes."""

import json
from datetime import date
from typing import Any

from pipelines import settings
from pipelines.governance import names, tables
from pipelines.io import model_decisions, registry
from pipelines.io.registry_versions import Version


def models() -> list[dict[str, Any]]:
    """All versions, newest first.

    Returns:
        ``version, number, aliases, role, trained_as_of, bucket, serves, data_hash, code_version, decision`` each.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    known = registry.versions()
    held = names.aliases(known, _bucket())
    return [_described(version, held) for version in known]


def model(name: str) -> dict[str, Any]:
    """One version: as in :func:`models`, with ``metrics`` of its training and its ``decisions``.

    Args:
        name: number, label or alias.

    Raises:
        StockproofError: there is none of that name, or the registry cannot be reached.
    """
    known = registry.versions()
    version = names.resolve(name, known, _bucket())
    about = [row for row in decisions() if version.label in (row["model_version"], row["replaces"])]
    return _described(version, names.aliases(known, _bucket())) | {
        "metrics": registry.metrics(version),
        "decisions": about,
    }


def card(name: str) -> dict[str, Any]:
    """The model card of a version: ``version``, ``facts`` and ``markdown``; raises as :func:`model`."""
    version = names.resolve(name, registry.versions(), _bucket())
    facts = json.loads(registry.artifact(version, "card.json"))
    return {"version": version.label, "facts": facts, "markdown": registry.artifact(version, "card.md").decode()}


def decisions() -> list[dict[str, Any]]:
    """The log of decisions on models, oldest first; ``comparison`` holds the figures that each rests on."""
    return [row | {"comparison": json.loads(row["comparison"])} for row in model_decisions.read().to_dicts()]


def newest_run() -> date | None:
    """Date of the newest run; None before the first."""
    return tables.newest_run()


def _described(version: Version, held: dict[str, Version]) -> dict[str, Any]:
    tags = version.tags
    return {
        "version": version.label, "number": version.number, "aliases": [alias for alias, named in held.items() if named == version],
        "role": version.role, "trained_as_of": version.trained_as_of, "bucket": tags.get("bucket", ""),
        "serves": [{"from": first, "until": last} for first, last in version.service()], "data_hash": tags.get("data_hash", ""),
        "code_version": tags.get("code_version", ""), "decision": tags.get("decision", ""),
    }  # fmt: skip


def _bucket() -> str:
    return settings.load().planning.grain
