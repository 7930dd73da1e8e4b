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
from pipelines.forecast import bundle, served
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
    """

    model: Hybrid
    version: str
    code: str
    said: served.Said


def ask(as_of: date, panel: Panel, interval: Interval, levels: tuple[float, ...]) -> tuple[Beside | None, str]:
    """(what the other version says; why nothing): no fault of it may cost the morning's orders.

    Args:
        as_of: the run's date.
        panel: histories of the active SKUs.
        interval: protection intervals.
        levels: of the protection interval's quantiles.
    """
    if not settings.load().governance.shadow:
        return None, "governance.shadow is off"
    try:
        known = registry.versions()
        version = registry_versions.challenger(known, as_of, panel.bucket) or registry_versions.previous(
            known, as_of, panel.bucket
        )
        if version is None:
            return None, "no other version is registered"
        with tempfile.TemporaryDirectory() as scratch:
            loaded = bundle.load(registry.fetch(version, Path(scratch)))
            why = bundle.refusal(version.label, dict(version.tags), loaded, panel, version.trained_as_of)
            if why:
                return None, why
        said = served.ask(loaded.model, panel, interval, levels, drivers=False)
    except Exception as fault:  # whatever a library finds wrong with it
        return None, f"{type(fault).__name__}: {fault}".splitlines()[0][:200]
    code = loaded.manifest.code_version if loaded.manifest else version.tags.get("code_version", "")
    return Beside(loaded.model, version.label, code, said), ""
