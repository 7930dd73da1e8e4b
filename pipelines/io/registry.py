"""The model registry: versions of the forecaster, which of them serves, what each was trained on. MLflow is imported here alone.

The tags of a version are the truth (:mod:`pipelines.io.registry_versions`); the aliases champion, challenger and previous follow them.
"""

import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import breaker, registry_versions, warehouse
from pipelines.io.registry_versions import CHALLENGER, CHAMPION, MODEL, PREVIOUS, ROLLED_BACK, SERVICE, Version

__all__ = ["CHALLENGER", "CHAMPION", "MODEL", "PREVIOUS", "ROLLED_BACK", "Version"]

EXPERIMENT: Final = "forecast"
BREAKER: Final = "model registry"
"""Name of the breaker between the daily run and the server. Training, which cannot do without it, asks it whatever it answered before."""
SOURCE: Final = "source_id"
"""Tag: the ERP whose rows a version was trained on; versions of another ERP do not exist for us."""

_REMEDY: Final = "is the stack up? `stockproof status` tells, `stockproof up` starts it; another server: STOCKPROOF_STACK__MLFLOW_URL"
_TIMEOUT_SECONDS: Final = 20
_RETRIES: Final = 2


@dataclass(frozen=True)
class Predict:
    """What stands behind MLflow's own ``predict``.

    Attributes:
        function: importable, (folder, frame) → frame.
        inputs: column → MLflow type of the frames that it takes.
    """

    function: Callable[[Path, Any], Any]
    inputs: Mapping[str, str]


def url() -> str:
    """Address of the MLflow server."""
    stack = settings.load().stack
    return stack.mlflow_url or f"http://127.0.0.1:{stack.mlflow_port}"


@contextmanager
def _client() -> Iterator[Any]:
    """An MLflow client; whatever the server does wrong becomes one error with a remedy."""
    # A dead server must be noticed in seconds: the daily run has a fallback. By default the client retries for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(_RETRIES))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(_TIMEOUT_SECONDS))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    import mlflow
    import requests

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(url())
    mlflow.set_registry_uri(url())
    try:
        yield mlflow.MlflowClient(tracking_uri=url(), registry_uri=url())
    except (mlflow.exceptions.MlflowException, requests.exceptions.RequestException, OSError) as fault:
        raise ServiceAway(f"model registry {url()}: {_words(fault)}", _REMEDY) from None


def _words(fault: BaseException) -> str:
    """A fault in one short line: a refused connection fills a paragraph otherwise."""
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    if "Max retries exceeded" in lines[0]:
        return "cannot be reached"
    return lines[0][:300]


def versions() -> list[Version]:
    """All versions trained on this warehouse's ERP whose training finished, newest number first."""
    ours = warehouse.source_id()
    with _client() as client:
        made = [known for found in client.search_model_versions(f"name = '{MODEL}'") if (known := _ours(found, ours))]
    return sorted(made, key=lambda v: -v.number)


def champion() -> Version | None:
    """The version that the alias names; None where there is none yet. One request, however many versions there are.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    return by_alias(CHAMPION)


def by_alias(alias: str) -> Version | None:
    """The version of an alias; None where it names none, or one of another ERP."""
    import mlflow

    ours = warehouse.source_id()
    with _client() as client:
        try:
            return _ours(client.get_model_version_by_alias(MODEL, alias), ours)
        except mlflow.exceptions.RestException as fault:
            if fault.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise


def _ours(found: Any, ours: str) -> Version | None:
    tags = dict(found.tags)
    if not {"trained_as_of", "role"} <= tags.keys() or tags.get(SOURCE, "") != ours:
        return None
    return Version(int(found.version), date.fromisoformat(tags["trained_as_of"]), tags["role"], tags)


def champion_as_of(as_of: date, bucket: str) -> Version | None:
    """The version that serves a date; see :func:`pipelines.io.registry_versions.serving`.

    Raises:
        StockproofError: the registry cannot be reached, or has failed so often that it is not asked.
    """
    # The client tries each request again by itself: one call here is three requests.
    return breaker.call(BREAKER, lambda: serving(as_of, bucket), attempts=1, retry_on=(ServiceAway,))


def serving(as_of: date, bucket: str) -> Version | None:
    """As :func:`champion_as_of`, past the breaker: for training."""
    current = champion()
    if (
        current is not None
        and current.forecasts(bucket)
        and current.since(as_of) == current.since(date.max) is not None
    ):
        return current
    return registry_versions.serving(versions(), as_of, bucket)


def incumbent(bucket: str) -> Version | None:
    """The version that a new one has to beat; None where none ever won on buckets of a ``day`` or ``week``."""
    return serving(date.max, bucket)


def champion_after(as_of: date, bucket: str) -> Version | None:
    """The incumbent, where it was trained after a date and so must not serve it; arguments and errors as in :func:`champion_as_of`."""
    found = breaker.call(BREAKER, lambda: incumbent(bucket), attempts=1, retry_on=(ServiceAway,))
    return found if found is not None and found.trained_as_of > as_of else None


def download(version: Version, target: Path) -> Path:
    """Fetch the model folder of a version.

    Args:
        version: which.
        target: folder to write into.

    Returns:
        The model folder, as :func:`models.store.folder.load` reads it.

    Raises:
        StockproofError: the registry cannot be reached, or the artifact is gone.
    """
    return breaker.call(BREAKER, lambda: fetch(version, target), attempts=1, retry_on=(ServiceAway,))


def fetch(version: Version, target: Path) -> Path:
    """As :func:`download`, past the breaker: for training, where a champion not fetched is one not met."""
    with _client():
        import mlflow

        folder = Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/{version.number}", dst_path=str(target)))
    inner = folder / "artifacts" / "forecaster"
    if not (inner / "model.json").is_file():
        raise StockproofError(f"{version.label} holds no forecaster", "train again: `stockproof run training`")
    return inner


def register(
    folder: Path, *, trained_as_of: date, tags: Mapping[str, str], parameters: Mapping[str, Any], metrics: Mapping[str, float],
    artifacts: Mapping[str, str | bytes], promote: bool, predict: Predict,
) -> Version:  # fmt: skip
    """Log a training run and register its model.

    The version appears with all its tags in one request, the last but the aliases: a training killed before leaves no version, one
    killed after it a whole one, whose aliases :func:`mirror_aliases` sets when the training is run again.

    Args:
        folder: the model, written by :func:`models.store.folder.save`.
        trained_as_of: as-of date of the training.
        tags: further tags of run and version, e.g. data and configuration hashes.
        parameters: of the run.
        metrics: of the run.
        artifacts: file name → content, logged beside the model.
        promote: the version becomes the champion, of its date alone where a later one has won on such buckets; else the challenger.
        predict: what stands behind MLflow's own ``predict``.

    Returns:
        The version.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    role = CHAMPION if promote else CHALLENGER
    labels = {**tags, SOURCE: warehouse.source_id(), "trained_as_of": trained_as_of.isoformat(), "role": role}
    if promote:
        labels[SERVICE] = registry_versions.service_tag([(trained_as_of, None)])
    with _client(), tempfile.TemporaryDirectory() as scratch:
        import mlflow

        mlflow.set_experiment(EXPERIMENT)
        for name, content in artifacts.items():
            (Path(scratch) / name).write_bytes(content.encode() if isinstance(content, str) else content)
        columns = [mlflow.types.ColSpec(kind, name) for name, kind in predict.inputs.items()]
        with mlflow.start_run(run_name=f"training {trained_as_of.isoformat()}", tags=dict(tags)):
            mlflow.log_params(dict(parameters))
            mlflow.log_metrics({name: value for name, value in metrics.items() if math.isfinite(value)})
            mlflow.log_artifacts(scratch, "backtest")
            info = mlflow.pyfunc.log_model(
                name="forecaster", python_model=_served(predict.function), artifacts={"forecaster": str(folder)},
                pip_requirements=["stockproof"], signature=mlflow.models.ModelSignature(inputs=mlflow.types.Schema(columns)),
            )  # fmt: skip
        made = mlflow.register_model(info.model_uri, MODEL, tags=labels)
    mirror_aliases(tags["bucket"])
    return Version(int(made.version), trained_as_of, role, labels)


def mirror_aliases(bucket: str) -> None:
    """Set the aliases champion, challenger and previous to what the tags of a bucket's versions say; safe to repeat."""
    known = versions()
    wanted = {
        CHAMPION: registry_versions.incumbent(known, bucket),
        CHALLENGER: registry_versions.challenger(known, date.max, bucket),
        PREVIOUS: registry_versions.previous(known, date.max, bucket),
    }
    with _client() as client:
        held = client.get_registered_model(MODEL).aliases if known else {}
        for alias, version in wanted.items():
            if version is None and alias in held:
                client.delete_registered_model_alias(MODEL, alias)
            elif version is not None and str(held.get(alias)) != str(version.number):
                client.set_registered_model_alias(MODEL, alias, str(version.number))


def retag(version: Version, tags: Mapping[str, str]) -> None:
    """Change tags of a version, in their order, and the aliases after them."""
    with _client() as client:
        for name, value in tags.items():
            client.set_model_version_tag(MODEL, str(version.number), name, value)
    mirror_aliases(version.tags["bucket"])


def artifact(version: Version, name: str) -> bytes:
    """A file that was logged beside the model of a version, e.g. ``card.json``; no training code is imported.

    Raises:
        StockproofError: the registry cannot be reached, or the version has no such file.
    """
    with _client() as client, tempfile.TemporaryDirectory() as scratch:
        run_id = client.get_model_version(MODEL, str(version.number)).run_id
        if name not in {Path(found.path).name for found in client.list_artifacts(run_id, "backtest")}:
            raise StockproofError(
                f"{version.label} was registered without {name}", "train again: `stockproof run training`"
            )
        return Path(client.download_artifacts(run_id, f"backtest/{name}", scratch)).read_bytes()


def metrics(version: Version) -> dict[str, float]:
    """Metrics of a version's training, by name."""
    with _client() as client:
        run_id = client.get_model_version(MODEL, str(version.number)).run_id
        return dict(client.get_run(run_id).data.metrics)


def _served(serve: Callable[[Path, Any], Any]) -> Any:
    """The thin object MLflow stores: the model itself is the folder beside it, the code is this package's."""
    import mlflow

    class Served(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        """A folder and the function that answers from it."""

        def load_context(self, context: Any) -> None:
            """Remember the folder."""
            self.folder = Path(context.artifacts["forecaster"])

        # Without types: MLflow reads them as a schema, and knows lists alone.
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            """Answer a frame with a frame."""
            del context, params
            return serve(self.folder, model_input)

    return Served()
