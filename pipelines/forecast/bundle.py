"""What a training leaves as one bundle, and whether it fits today's histories.

A bundle is members, router and calibration, the forecaster of review periods, the schema of the features, and fingerprints of data,
configuration and code.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from models.hybrid import Hybrid
from models.recipe import Recipe
from models.store import folder as store
from models.store import period as period_store
from models.store.period import PeriodModel
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.forecast import books

FILE: Final = "bundle.json"

INPUTS: Final[Mapping[str, str]] = {
    "item_id": "string",
    "location_id": "string",
    "day": "datetime",
    "quantity": "double",
    "protection_days": "long",
}
"""Columns of the frame behind MLflow's ``predict``, and their types as MLflow names them."""

_KINDS: Final[Mapping[str, tuple[str, Any]]] = {
    "string": ("text", pl.String),
    "datetime": ("a day", pl.Date),
    "double": ("a number", pl.Float64),
    "long": ("whole days", pl.Int64),
}

_REMEDY: Final = "train again: `stockproof run training`"


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        trained_as_of: as-of date of the training, ISO.
        bucket: ``day`` or ``week``.
        features: columns of the panel that the members read, by kind (``statics``, ``calendar``, ``local``, ``levels``), in order.
        data_hash: fingerprint of the data trained on.
        config_hash: of the configuration.
        code_version: of the code.
        first_on: first day of the history.
        skus: SKUs trained on.
        period_model: whether a forecaster of review periods is part of it.
    """

    trained_as_of: str
    bucket: str
    features: Mapping[str, list[str]]
    data_hash: str
    config_hash: str
    code_version: str
    first_on: str
    skus: int
    period_model: bool


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle.

    Attributes:
        model: members, router and calibration.
        period: the forecaster of review periods; None where no SKU's orders served one period at a time.
        manifest: what it says of itself; None of a version registered before bundles.
        folder: where it lies.
    """

    model: Hybrid
    period: PeriodModel | None
    manifest: Manifest | None
    folder: Path


def features(panel: Panel) -> dict[str, list[str]]:
    """Names of a panel's covariates, by kind, in order."""
    return {kind: list(getattr(panel, kind)) for kind in ("statics", "calendar", "local", "levels")}


def save(
    folder: Path, model: Hybrid, judged: Recipe, period: PeriodModel | None, panel: Panel, hashes: Mapping[str, str]
) -> Manifest:
    """Write a bundle.

    Args:
        folder: made where missing.
        model: fitted.
        judged: recipe chosen without the newest window.
        period: trained forecaster of review periods, or None.
        panel: what the model was trained on.
        hashes: ``data_hash``, ``config_hash`` and ``code_version``.

    Returns:
        What it says of itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(
        panel.as_of.isoformat(),
        panel.bucket,
        features(panel),
        first_on=panel.starts()[0].isoformat(),
        skus=panel.skus,
        period_model=period is not None,
        **hashes,
    )
    (folder / FILE).write_text(json.dumps(asdict(manifest), sort_keys=True, indent=1))
    if period is not None:
        period_store.save(period, folder)
    books.keep(folder, panel)
    store.save(model, folder, judged)  # last: it lists the digests of the other files
    return manifest


def load(folder: Path) -> Bundle:
    """Read a bundle; no training code runs.

    Raises:
        StockproofError: a file is not as it was written, or of another format.
    """
    model = store.load(folder)
    path = folder / FILE
    manifest = Manifest(**json.loads(path.read_text())) if path.is_file() else None
    return Bundle(model, period_store.load(folder), manifest, folder)


def refusal(label: str, tags: Mapping[str, str], bundle: Bundle, panel: Panel, trained_as_of: date) -> str:
    """Why a bundle must not serve these histories; empty where it may.

    Args:
        label: the version, as people know it.
        tags: of the version.
        bundle: loaded.
        panel: today's histories.
        trained_as_of: of the version.
    """
    if bundle.manifest is not None:
        wrong = [
            difference
            for kind, now in features(panel).items()
            if (difference := _difference(kind, bundle.manifest.features.get(kind, []), now))
        ]
        if wrong:
            return f"{label} was trained on other features: {'; '.join(wrong)}; `stockproof run training --as-of {panel.as_of}` trains one"
    return books.refusal(label, dict(tags), bundle.folder, panel, trained_as_of)


def _difference(kind: str, then: Iterable[str], now: Iterable[str]) -> str:
    """Which columns of a kind are missing today, or were not there in the training."""
    missing, new = sorted(set(then) - set(now)), sorted(set(now) - set(then))
    parts = [f"{kind} {', '.join(missing)} missing"] * bool(missing) + [f"{kind} {', '.join(new)} new"] * bool(new)
    return ", ".join(parts)


def checked(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of histories with the types of :data:`INPUTS`.

    Raises:
        StockproofError: a column is missing, unknown, of another type or with empty cells; the message names it.
    """
    missing, unknown = (
        [name for name in INPUTS if name not in frame.columns],
        [name for name in frame.columns if name not in INPUTS],
    )
    if missing or unknown:
        said = [f"column {', '.join(missing)} is missing"] * bool(missing) + [
            f"column {', '.join(unknown)} is unknown"
        ] * bool(unknown)
        raise StockproofError(
            f"the frame does not fit the model: {' and '.join(said)}", f"its columns are {', '.join(INPUTS)}"
        )
    for name, kind in INPUTS.items():
        words, wanted = _KINDS[kind]
        try:
            if wanted == pl.String and frame[name].dtype != pl.String:
                raise pl.exceptions.InvalidOperationError("not text")
            frame = frame.with_columns(pl.col(name).cast(wanted))
        except pl.exceptions.PolarsError:
            raise StockproofError(
                f"the frame does not fit the model: column {name} must be {words}", "cast it"
            ) from None
        if frame[name].null_count() or (wanted == pl.Float64 and not frame[name].is_finite().all()):
            raise StockproofError(
                f"the frame does not fit the model: column {name} has empty cells", "fill or drop them"
            )
    return frame
