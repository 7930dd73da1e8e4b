"""The API and desk of the embedded stack: a process of its own, so that Airflow's restarts do not end it."""

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipelines import settings
from pipelines.stack.process import Server, inherited_environment


@dataclass(frozen=True)
class Desk:
    """The server of the API and the desk.

    Attributes:
        folder: holds pid file, log and the workers' metrics.
        port: TCP port on 127.0.0.1.
    """

    folder: Path
    port: int

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("desk", self.folder, self.port, "stack.desk_port")

    @property
    def url(self) -> str:
        """Where people and programs find it."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Start it without waiting; one that runs with another configuration is started again."""
        metrics = self.folder / "metrics"
        if self.server.process() is None:
            shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True, exist_ok=True)
        config = settings.load()
        environment = inherited_environment() | {
            "STOCKPROOF_CONFIG": str(settings.config_file().resolve()),
            "STOCKPROOF_STATE_DIR": str(config.state_dir.resolve()),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(settings.ROOT), os.environ.get("PYTHONPATH", "")])),
        }
        known = hashlib.sha256(config.model_dump_json().encode()).hexdigest()
        command = [sys.executable, "-m", "pipelines.serve", "--port", str(self.port), "--configuration", known]
        self.server.start(command, environment, cwd=self.folder)

    def wait(self) -> None:
        """Wait until it answers."""
        self.server.wait_until(self.answers, 60)

    def answers(self) -> bool:
        """Whether its process says that it is alive."""
        return answers(self.url)

    def stop(self) -> bool:
        """Stop it."""
        return self.server.stop()


def answers(url: str) -> bool:
    """Whether an API of ours is at an address."""
    try:
        return bool(httpx.get(f"{url.rstrip('/')}/health/live", timeout=2).json() == {"status": "alive"})
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False
