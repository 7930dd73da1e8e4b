"""The model registry: versions of the forecaster, which of them serves, what each was trained on. MLflow is imported here alone."""

import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import breaker, warehouse

MODEL: Final = "stockproof-forecaster"
EXPERIMENT: Final = "forecast"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
BREAKER: Final = "model registry"
"""Name of the breaker between the daily run and the server. Training, which cannot do without it, asks it whatever it answered before."""
SOURCE: Final = "source_id"
"""Tag: the ERP whose rows a version was trained on; versions of another ERP do not exist for us."""

_REMEDY: Final = "is the stack up? `stockproof status` tells, `stockproof up` starts it; another server: STOCKPROOF_STACK__MLFLOW_URL"
_TIMEOUT_SECONDS: Final = 20
_RETRIES: Final = 2


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes:
        number: version number.
        trained_as_of: as-of date of its training.
        role: ``"champion"`` or ``"challenger"``, as decided when it was registered.
        tags: all tags.
    """

    number: int
    trained_as_of: date
    role: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """Name for tables and people."""
        return f"{MODEL}/{self.number}"

    def forecasts(self, bucket: str) -> bool:
        """Whether it was trained on such buckets; a version that does not say was not."""
        return self.tags.get("bucket") == bucket


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
    """All versions trained on this warehouse's ERP whose training finished, newest number first.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    ours = warehouse.source_id()
    with _client() as client:
        found = client.search_model_versions(f"name = '{MODEL}'")
    made = [
        Version(int(v.version), date.fromisoformat(v.tags["trained_as_of"]), v.tags.get("role", ""), dict(v.tags))
        for v in found
        if "trained_as_of" in v.tags and "role" in v.tags and v.tags.get(SOURCE, "") == ours
    ]
    return sorted(made, key=lambda v: -v.number)


def champion() -> Version | None:
    """The version that the alias names; None where there is none yet.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    with _client() as client:
        if not client.search_model_versions(f"name = '{MODEL}'"):
            return None
        aliases = client.get_registered_model(MODEL).aliases
    number = aliases.get(CHAMPION)
    return next((v for v in versions() if number is not None and v.number == int(number)), None)


def champion_as_of(as_of: date, bucket: str) -> Version | None:
    """The version that serves a date: the champion, or where that is newer than the date or forecasts other buckets, the newest that may.

    Args:
        as_of: as-of date of the run.
        bucket: ``day`` or ``week``; what a model learnt of days says nothing of weeks.

    Returns:
        A version trained on nothing after ``as_of``, that had won its place by then; None where there is none.

    Raises:
        StockproofError: the registry cannot be reached, or has failed so often that it is not asked.
    """
    # The client tries each request again by itself: one call here is three requests.
    return breaker.call(BREAKER, lambda: serving(as_of, bucket), attempts=1, retry_on=(ServiceAway,))


def serving(as_of: date, bucket: str) -> Version | None:
    """As :func:`champion_as_of`, past the breaker: for training."""
    current = champion()
    if current is not None and current.trained_as_of <= as_of and current.forecasts(bucket):
        return current
    return _newest(v for v in versions() if v.trained_as_of <= as_of and v.role == CHAMPION and v.forecasts(bucket))


def _newest(some: Iterable[Version]) -> Version | None:
    return max(some, key=lambda v: (v.trained_as_of, v.number), default=None)


def incumbent(bucket: str) -> Version | None:
    """The version that a new one has to beat: the champion, or where the alias names another, the newest that had won on such buckets.

    The alias names another where a training on other buckets or for another ERP came in between, or where one was killed half-way.

    Args:
        bucket: ``day`` or ``week``.

    Returns:
        The version; None where none ever won on such buckets.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    current = champion()
    if current is not None and current.forecasts(bucket):
        return current
    return _newest(v for v in versions() if v.role == CHAMPION and v.forecasts(bucket))


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
    artifacts: Mapping[str, str | bytes], promote: bool, serve: Callable[[Path, Any], Any],
) -> Version:  # fmt: skip
    """Log a training run and register its model.

    Args:
        folder: the model, written by :func:`models.store.folder.save`.
        trained_as_of: as-of date of the training.
        tags: further tags of run and version, e.g. data and configuration hashes.
        parameters: of the run.
        metrics: of the run.
        artifacts: file name → content, logged beside the model.
        promote: the version becomes the champion, of its date alone where a later one has won on such buckets; else the challenger.
        serve: importable function (folder, frame) → frame behind MLflow's own ``predict``.

    Returns:
        The version. Its tags are written last, so that a version left by a killed training is never taken.

    Raises:
        StockproofError: the registry cannot be reached.
    """
    role = CHAMPION if promote else CHALLENGER
    newest = incumbent(tags["bucket"]) if promote else None
    behind = newest is not None and newest.trained_as_of > trained_as_of
    with _client() as client, tempfile.TemporaryDirectory() as scratch:
        import mlflow

        mlflow.set_experiment(EXPERIMENT)
        for name, content in artifacts.items():
            (Path(scratch) / name).write_bytes(content.encode() if isinstance(content, str) else content)
        with mlflow.start_run(run_name=f"training {trained_as_of.isoformat()}", tags=dict(tags)):
            mlflow.log_params(dict(parameters))
            mlflow.log_metrics({name: value for name, value in metrics.items() if math.isfinite(value)})
            mlflow.log_artifacts(scratch, "backtest")
            info = mlflow.pyfunc.log_model(
                name="forecaster", python_model=_served(serve), artifacts={"forecaster": str(folder)}, registered_model_name=MODEL,
                pip_requirements=["stockproof"],
            )  # fmt: skip
        number = str(info.registered_model_version)
        if not behind:
            client.set_registered_model_alias(MODEL, role, number)
        if promote and not behind:
            for alias, held in client.get_registered_model(MODEL).aliases.items():
                if alias == CHALLENGER and held == number:
                    client.delete_registered_model_alias(MODEL, alias)
        told = {**tags, SOURCE: warehouse.source_id(), "trained_as_of": trained_as_of.isoformat(), "role": role}
        for name, value in told.items():
            client.set_model_version_tag(MODEL, number, name, value)
    return Version(int(number), trained_as_of, role, told)


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
