"""The alert rules as rules of Prometheus, and their tests for promtool. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import yaml

from pipelines.operations.alerts.rules import AlertRule

HEAD: Final = (
    "# Made from pipelines/operations/alerts/rules.yaml by `stockproof alerts prometheus`; change the rules there.\n"
)

STALE: Final = "stockproof_metrics_missing"
"""The alert that fires if nothing is measured at all, so that no rule can."""


def rules_file(rules: Iterable[AlertRule], runbook: str) -> str:
    """A file of alerting rules, YAML.

    Args:
        rules: those without a metric are left out.
        runbook: link of a rule's page, with ``{name}``.
    """
    listed = [_rule(rule, runbook) for rule in rules if rule.metric]
    listed.append(
        {
            "alert": STALE,
            "expr": "absent(stockproof_disk_free_ratio)",
            "for": "10m",
            "labels": {"severity": "critical"},
            "annotations": {
                "summary": "No metric of Stockproof arrives",
                "description": "The API that gives them, or the run that writes them, is not there. Nothing else can be noticed.",
                "runbook_url": runbook.format(name="no-run"),
            },
        }
    )
    return HEAD + yaml.safe_dump({"groups": [{"name": "stockproof", "rules": listed}]}, sort_keys=False, width=140)


def tests_file(rules: Sequence[AlertRule], rules_path: str, runbook: str) -> str:
    """Tests for ``promtool test rules``: each rule is silent, fires once its condition has held, and is silent again."""
    return yaml.safe_dump(
        {
            "rule_files": [rules_path],
            "evaluation_interval": "1m",
            "tests": [_test(rule, runbook) for rule in rules if rule.metric],
        },
        sort_keys=False,
    )


def expression(rule: AlertRule) -> str:
    """PromQL of a rule's condition.

    >>> expression(AlertRule(name="r", level="info", metric="m", labels={"part": "erp"}, below=1, title="t", meaning="m", runbook="r"))
    'm{part="erp"} < 1'
    """
    labels = ", ".join(f'{name}="{value}"' for name, value in rule.labels.items())
    bound = f"> {rule.above:g}" if rule.above is not None else f"< {rule.below:g}"
    return f"{rule.metric}{f'{{{labels}}}' if labels else ''} {bound}"


def _rule(rule: AlertRule, runbook: str) -> dict[str, Any]:
    found: dict[str, Any] = {"alert": rule.name, "expr": expression(rule)}
    if rule.for_minutes:
        found["for"] = f"{rule.for_minutes}m"
    return found | {
        "labels": {"severity": rule.level},
        "annotations": _annotations(rule, runbook),
    }


def _annotations(rule: AlertRule, runbook: str) -> dict[str, str]:
    return {"summary": rule.title, "description": rule.meaning, "runbook_url": runbook.format(name=rule.runbook)}


def _test(rule: AlertRule, runbook: str) -> dict[str, Any]:
    """Ten quiet minutes, ``for`` and ten in which it fires, ten quiet ones."""
    bound = rule.above if rule.above is not None else rule.below or 0.0
    step = max(abs(bound), 1.0)
    wrong, right = (bound + step, bound) if rule.above is not None else (bound - step, bound)
    labels = ", ".join(f'{name}="{value}"' for name, value in rule.labels.items())
    series = f"{rule.metric}" + (f"{{{labels}}}" if labels else "")
    long = rule.for_minutes + 10
    firing = {"exp_labels": {"severity": rule.level, **rule.labels}, "exp_annotations": _annotations(rule, runbook)}
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": f"{right:g}x9 {wrong:g}x{long - 1} {right:g}x9"}],
        "alert_rule_test": [
            {"eval_time": "9m", "alertname": rule.name, "exp_alerts": []},
            {"eval_time": f"{10 + rule.for_minutes + 1}m", "alertname": rule.name, "exp_alerts": [firing]},
            {"eval_time": f"{10 + long + 1}m", "alertname": rule.name, "exp_alerts": []},
        ],
    }
