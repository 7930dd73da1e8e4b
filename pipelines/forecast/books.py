"""The books a model was trained on, kept beside it: a model of other books, or of other options, does not serve.

An ERP can be filled again under the same identity, `stockproof erp load --replace`. What a model learnt of the demand before does not hold
for the demand after, and nothing in the registry tells. So each model keeps how much every SKU had sold, and before it serves, the same
days are looked up in today's marts.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from models.members.objectives import LIKE_CUSTOM
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.panel import Array, Panel

WINDOW_DAYS: Final = 364
"""Days up to a training whose sales are kept."""

ALIKE: Final = 0.7
"""Mean share of a SKU's sales that both books must have in common. Late bookings, returns and rows set aside move it by hundredths; two
companies whose item numbers are the same have less than half in common."""

FILE: Final = "books.parquet"

OPTIONS: Final = "model_options"
"""Tag: the options that shape a model, JSON."""


def keep(folder: Path, panel: Panel) -> None:
    """Write what the SKUs sold up to a training into its model's folder.

    Args:
        folder: of the model.
        panel: what it is trained on.
    """
    sold, _ = _sold(panel, panel.as_of)
    _named(panel).with_columns(sold=pl.Series(sold)).write_parquet(folder / FILE)


def in_common(folder: Path, panel: Panel, trained_as_of: date) -> float | None:
    """Mean share of a SKU's sales that the books of the training and today's have in common, over the days before the training.

    Args:
        folder: of the model.
        panel: today's histories.
        trained_as_of: of the model.

    Returns:
        0 to 1, over today's SKUs that sold in either; None where nothing can be compared: a model stored without its books, one older
        than the histories reach, or no sale in those days.
    """
    path = folder / FILE
    now, whole = _sold(panel, trained_as_of)
    if not path.is_file() or not whole:
        return None
    key = ["item_id", "location_id"]
    joined = _named(panel).with_columns(now=pl.Series(now)).join(pl.read_parquet(path), on=key, how="left")
    then = joined["sold"].fill_null(0.0).to_numpy()
    most = np.maximum(now, then)
    if not (most > 0).any():
        return None
    return float((np.minimum(now, then)[most > 0] / most[most > 0]).mean())


def refusal(label: str, tags: dict[str, str], folder: Path, panel: Panel, trained_as_of: date) -> str:
    """Why a model must not serve these books; empty where it may.

    Args:
        label: the version, as people know it.
        tags: of the version.
        folder: of the model.
        panel: today's histories.
        trained_as_of: of the version.
    """
    remedy = f"`stockproof run training --as-of {panel.as_of}` trains one on them"
    alike = in_common(folder, panel, trained_as_of)
    if alike is not None and alike < ALIKE:
        return (
            f"{label} was trained on other books: {alike:.0%} of what the SKUs sold before {trained_as_of} is the same, "
            f"{ALIKE:.0%} would do; {remedy}"
        )
    then = json.loads(tags[OPTIONS]) if OPTIONS in tags else options()
    changed = sorted(name for name, value in options().items() if then.get(name) != value)
    if changed:
        return f"{label} was trained with another {', '.join(changed)}; {remedy}"
    return ""


def options() -> dict[str, object]:
    """Options that shape a model, by key of stockproof.yaml; the buckets are asked by the registry."""
    chosen = settings.load()
    found: dict[str, object] = {
        f"forecast.{name}": getattr(chosen.forecast, name) for name in ("seasonality", "ensemble", "objective")
    }
    found["forecast.members"] = sorted(chosen.forecast.members)
    if chosen.forecast.objective in LIKE_CUSTOM:
        found["costs.stockout_to_overstock_ratio"] = chosen.costs.stockout_to_overstock_ratio
    return found


def _sold(panel: Panel, until: date) -> tuple[Array, bool]:
    """([n] units sold in the days up to a date, whether the panel holds all those days)."""
    ends = np.array([start + timedelta(days=DAYS_IN[panel.bucket] - 1) for start in panel.starts()[: panel.length]])
    first = until - timedelta(days=WINDOW_DAYS)
    inside = (ends > first) & (ends <= until)
    sold = np.nan_to_num(panel.demand[:, inside]).sum(axis=1)
    return sold, bool(panel.starts()[0] <= first or until == panel.as_of)


def _named(panel: Panel) -> pl.DataFrame:
    names = {"item_id": panel.item_ids, "location_id": panel.location_ids}
    return pl.DataFrame({name: pl.Series(values.astype(str), dtype=pl.String) for name, values in names.items()})
