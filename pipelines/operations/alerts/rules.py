"""The alert rules: read from a YAML file, checked, and applied to samples of metrics. Pure but for reading the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.operations.metrics.catalogue import COUNTED_BY

Level = Literal["critical", "warning", "info"]
LEVELS: Final[tuple[Level, ...]] = ("critical", "warning", "info")

PACKAGED: Final = Path(__file__).with_name("rules.yaml")


def _one_line(text: str) -> str:
    return " ".join(text.split())


Sentence = Annotated[str, AfterValidator(_one_line), Field(min_length=1)]


@dataclass(frozen=True)
class Sample:
    """One measured value.

    Attributes:
        name: of the metric, e.g. ``stockproof_fill_ratio``.
        value: in the unit that the name ends with.
        labels: name → value.
    """

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What the sample is of: its labels' values, in the order of their names; empty for a metric without labels."""
        return " ".join(self.labels[name] for name in sorted(self.labels))


class AlertRule(BaseModel):
    """When an alert fires, and what a person reads.

    Attributes:
        name: key of the rule.
        level: how urgent.
        metric: what is compared; None: the program raises it itself.
        labels: the samples it looks at.
        above: fires above this value.
        below: fires below this value.
        event: the program raises it itself at once; the condition serves Prometheus alone.
        for_minutes: how long the condition must hold before Prometheus fires.
        title: what is wrong, a few words.
        meaning: what follows for the day's orders.
        runbook: page in docs/runbooks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    level: Level
    metric: str | None = None
    labels: dict[str, str] = {}
    above: float | None = None
    below: float | None = None
    event: bool = False
    for_minutes: Annotated[int, Field(ge=0)] = 0
    title: Sentence
    meaning: Sentence
    runbook: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]

    @model_validator(mode="after")
    def _condition_is_whole(self) -> "AlertRule":
        if self.metric is None:
            if not self.event or self.above is not None or self.below is not None:
                raise ValueError("a rule without a metric is an event: write event: true and no threshold")
        elif (self.above is None) == (self.below is None):
            raise ValueError("a metric needs one threshold: above or below")
        return self

    def fires(self, sample: Sample) -> bool:
        """Whether the rule fires on a sample.

        >>> rule = AlertRule(name="r", level="info", metric="m", below=0.9, title="t", meaning="m", runbook="r")
        >>> rule.fires(Sample("m", 0.89)), rule.fires(Sample("m", 0.9)), rule.fires(Sample("other", 0.1))
        (True, False, False)
        """
        if sample.name != self.metric or any(sample.labels.get(name) != of for name, of in self.labels.items()):
            return False
        return sample.value > self.above if self.above is not None else sample.value < (self.below or 0.0)


def firing(rules: Sequence[AlertRule], samples: Sequence[Sample]) -> dict[str, dict[str, Sample]]:
    """Which conditions hold.

    Args:
        rules: events are left out.
        samples: as measured.

    Returns:
        Rule → subject → sample, of every rule whose metric was measured; another one is not judged.

    >>> rule = AlertRule(name="r", level="info", metric="stockproof_sku_stockout", above=0, title="t", meaning="m", runbook="r")
    >>> firing([rule], [Sample("stockproof_stockout_skus", 0.0)]), firing([rule], [])
    ({'r': {}}, {})
    """
    measured = {one.name for one in samples}
    found: dict[str, dict[str, Sample]] = {}
    for rule in rules:
        if rule.event or not {rule.metric, COUNTED_BY.get(rule.metric or "")} & measured:
            continue
        found[rule.name] = {one.subject: one for one in samples if rule.fires(one)}
    return found


def load(path: Path | None = None) -> dict[str, AlertRule]:
    """The rules in force, by name.

    Args:
        path: a file; None: ``alerts.rules_file``, or the packaged rules.

    Returns:
        Rules in the order of the file.

    Raises:
        StockproofError: file missing, no YAML, or a rule that does not hold, by its place and key.
    """
    configured = settings.load().alerts.rules_file
    source = path or (Path(configured) if configured else PACKAGED)
    try:
        content = yaml.safe_load(source.read_text())
        listed = [AlertRule(**entry) for entry in content["rules"]]
    except OSError as fault:
        raise StockproofError(f"alert rules {source} cannot be read: {fault.strerror}", _REMEDY) from None
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        name = first["input"].get("name", "?") if isinstance(first["input"], dict) else first["input"]
        raise StockproofError(f"alert rules {source}: {key or 'rule'} ({name}): {first['msg']}", _REMEDY) from None
    except (yaml.YAMLError, KeyError, TypeError) as fault:
        raise StockproofError(f"alert rules {source}: no list of rules: {fault}", _REMEDY) from None
    names = [rule.name for rule in listed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StockproofError(f"alert rules {source}: {', '.join(twice)} occurs twice", "give each rule its own name")
    return {rule.name: rule for rule in listed}


_REMEDY: Final = "docs/alerts.md shows a rule; alerts.rules_file: null takes those that come with Stockproof"
