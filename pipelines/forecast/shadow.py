"""The version that forecasts beside the one that serves: the challenger, or where there is none the version before.

Its forecasts are kept in tables of their own, so that no reader takes them for what was decided on.
"""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from models.hybrid import Hybrid
from models.interface import Interval
from pipelines import settings
from pipelines.core.panel import Panel
from pipelines.forecast import bundle, catalogue_gate, served
from pipelines.io import registry, registry_versions

TABLES: Final = ("plan.shadow_forecasts", "plan.shadow_lead_time_forecasts")


@dataclass(frozen=True)
class Beside:
    """What the other version says of a morning.

    Attributes:
        model: loaded.
        version: its label.
        code: code that trained it.
        said: its forecasts.
        found: the version and its bundle.
        contends: it is the challenger, and a share of the SKUs is configured for it.
    """

    model: Hybrid
    version: str
    code: str
    said: served.Said
    found: served.Fetched
    contends: bool


def ask(as_of: date, panel: Panel, interval: Interval, levels: tuple[float, ...]) -> tuple[Beside | None, str]:
    """(what the other version says; why nothing): no fault of it may cost the morning's orders.

    Args:
        as_of: the run's date.
        panel: histories of the active SKUs.
        interval: protection intervals.
        levels: of the protection interval's quantiles.
    """
    chosen = settings.load().governance
    if not chosen.shadow and not chosen.challenger_share:
        return None, "governance.shadow is off"
    try:
        known = registry.versions()
        challenger = registry_versions.challenger(known, as_of, panel.bucket)
        version = challenger or registry_versions.previous(known, as_of, panel.bucket)
        if version is None:
            return None, "no other version is registered"
        with tempfile.TemporaryDirectory() as scratch:
            loaded = bundle.load(registry.fetch(version, Path(scratch)))
            why = bundle.refusal(version.label, dict(version.tags), loaded, panel, version.trained_as_of)
            if why:
                return None, why
        contends = challenger is not None and chosen.challenger_share > 0
        said = served.ask(loaded.model, panel, interval, levels, drivers=contends)
        if contends:  # orders may follow it: it passes the gate of the champion
            limits = catalogue_gate.Limits.of(settings.load().forecast)
            catalogue_gate.check(panel, said.protection.mean, said.protection.std, interval.mean, limits, version.label)
    except Exception as fault:  # whatever a library finds wrong with it
        return None, f"{type(fault).__name__}: {fault}".splitlines()[0][:200]
    code = loaded.manifest.code_version if loaded.manifest else version.tags.get("code_version", "")
    found = served.Fetched(version, loaded, "")
    return Beside(loaded.model, version.label, code, said, found, contends), ""
