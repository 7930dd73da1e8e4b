"""A registry of small bundles, for tests of what is decided on them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import hybrid
from models.interface import Interval
from pipelines import settings
from pipelines.forecast import bundle
from pipelines.forecast.serving import predict_frame
from pipelines.io import registry
from pipelines.io.registry_versions import Version
from pipelines.stack.mlflow import MLflow
from pipelines.stack.process import free_port
from tests.unit.models.panels import catalogue


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """An MLflow server of the module's own, started as the embedded stack starts it."""
    served = MLflow(folder, free_port(), f"sqlite:///{folder / 'mlflow.db'}")
    served.launch()
    served.wait()
    try:
        running = served.server.process()
        assert running is not None
        assert running.children() == [], "a launcher that waits beside the server costs 200 MB"
        yield served.url
    finally:  # a module whose setup fails leaves no server behind
        served.stop()


@contextmanager
def registered(
    configured: pytest.MonkeyPatch, folders: pytest.TempPathFactory, versions: Iterable[tuple[date, bool]]
) -> Iterator[str]:
    """A server that settings point at, with bundles trained on these days and promoted or not, in this order."""
    with server(folders.mktemp("mlflow")) as url:
        configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", url)
        settings.load.cache_clear()
        for day, promote in versions:
            register(folders.mktemp("bundle"), day, promote=promote)
        yield url


def tags(**more: Any) -> dict[str, str]:
    """Of a version."""
    return {"bucket": "day", "data_hash": "d", "config_hash": "c", "code_version": "1", "decision": "planted"} | more


def register(scratch: Path, day: date, *, promote: bool) -> Version:
    """Register a bundle of simple statistics."""
    panel = catalogue(20, 90)[0]
    model = hybrid.fallback(30, "planted").fit(panel, Interval(np.full(20, 14.0), np.zeros(20)))
    hashes = {"data_hash": "d", "config_hash": "c", "code_version": "1"}
    folder = scratch / "forecaster"  # the registry looks for this name
    bundle.save(folder, model, model.recipe, None, panel, hashes)
    return registry.register(
        folder,
        trained_as_of=day,
        tags=tags(),
        parameters={},
        metrics={"all.scaled_pinball": 0.3},
        promote=promote,
        artifacts={"card.json": '{"skus": 20}', "card.md": "# Card\n"},
        predict=registry.Predict(partial(predict_frame, "day"), bundle.INPUTS),
    )
