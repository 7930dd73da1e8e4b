"""The MLflow server of the embedded stack: runs and registry in PostgreSQL, artifacts in the state folder."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipelines.stack.process import Server, inherited_environment

_IN_PLACE = """
import os, sys
import mlflow.server
from mlflow.cli import cli
mlflow.server._exec_cmd = lambda command, *, extra_env, **_: os.execvpe(command[0], command, os.environ | extra_env)
cli(["server", *sys.argv[2:]])
"""
"""``mlflow server`` starts the server as a child and waits beside it with 200 MB of imports of its own: here it becomes the server.
Where MLflow lacks that function, it starts its child as ever.
The first argument is a hash of the store's address: another store restarts it."""


@dataclass(frozen=True)
class MLflow:
    """An MLflow server.

    Attributes:
        folder: holds ``artifacts/``, pid file and log.
        port: TCP port on 127.0.0.1.
        store: SQLAlchemy address of its database.
    """

    folder: Path
    port: int
    store: str

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("mlflow", self.folder, self.port, "stack.mlflow_port")

    @property
    def url(self) -> str:
        """Where people and programs find it."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Start it without waiting; its first start makes its tables."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-c", _IN_PLACE, hashlib.sha256(self.store.encode()).hexdigest(), "--host", "127.0.0.1",
            "--port", str(self.port), "--workers", "1", "--artifacts-destination", str(self.folder / "artifacts"), "--serve-artifacts",
        ]  # fmt: skip
        own = {
            "MLFLOW_BACKEND_STORE_URI": self.store,  # with its password: anybody may read a command, its user alone the environment
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        self.server.start(command, inherited_environment() | own)

    def wait(self) -> None:
        """Wait until it answers."""
        self.server.wait_until(self.answers, 120)

    def answers(self) -> bool:
        """Whether its health page says OK."""
        return answers(self.url)

    def stop(self) -> bool:
        """Stop it."""
        return self.server.stop()


def answers(url: str) -> bool:
    """Whether an MLflow server is at an address."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=2).status_code == 200
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
