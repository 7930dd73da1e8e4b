"""Airflow of the embedded stack: API server, scheduler (a process a task) and DAG processor as processes of their own.

There is no triggerer: it serves deferrable operators, of which our DAGs have none, and takes 170 MB for it.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io.airflow_api import AirflowApi
from pipelines.io.files import write_atomic
from pipelines.stack.process import Server, inherited_environment

COMPONENTS = ("api-server", "scheduler", "dag-processor")
COMMANDS = {"scheduler": ("scheduler", "--skip-serve-logs")}
"""Components with options. The scheduler would serve its logs on port 8793 of every interface; the API server reads them as files."""
PRELOADED = Path(__file__).parent / "airflow_settings"
"""Folder of ``airflow_local_settings``: what the scheduler imports once for all tasks."""
RETIRED = ("triggerer",)
"""Components that earlier versions started, and that may still run."""
POOLS = {"heavy": (1, "Steps that use every core: training, dbt"), "replay": (2, "Chunks of the replay: one a core")}
WORKERS_POOLS = POOLS | {"replay": (128, "Chunks of the replay: as many as the workers take")}
"""The same where tasks go to Celery workers, each of which takes :data:`WORKER_TASKS` at once."""
USER = "admin"
WORKER_TASKS = 2
"""Tasks that a Celery worker runs at once."""
PATIENCE = 30.0
"""Seconds in which what runs tells that it is well, also after the machine slept."""
STARTED = 120.0
"""Seconds that a start may take. Who has run for longer and is silent hangs, as a scheduler does whose database ended beside it."""


@dataclass(frozen=True)
class Airflow:
    """An Airflow installation in a folder.

    Attributes:
        folder: AIRFLOW_HOME; holds logs and pid files.
        port: of the API server and web UI, on 127.0.0.1.
        store: SQLAlchemy address of its metadata database.
        secrets: ``airflow_password``, ``airflow_jwt_secret`` and ``airflow_fernet_key``.
    """

    folder: Path
    port: int
    store: str
    secrets: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where people and programs find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> AirflowApi:
        """Its REST interface, as the administrator."""
        return AirflowApi(self.url, USER, self.secrets["airflow_password"])

    def servers(self) -> list[Server]:
        """Its processes."""
        return [
            Server(f"airflow-{name}", self.folder, self.port if name == "api-server" else None, "stack.airflow_port")
            for name in COMPONENTS
        ]

    def _retired(self) -> list[Server]:
        return [Server(f"airflow-{name}", self.folder) for name in RETIRED]

    def launch(self) -> list[Server]:
        """Start every component without waiting. Tasks inherit this environment: another configuration restarts them.

        Returns:
            Components that ran before; whether they are well is for :meth:`wait` to see.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = self.environment()
        if self._configuration_changed() or any(server.process() for server in self._retired()):
            self.stop()
        passwords = self.folder / "passwords.json"
        write_atomic(passwords, json.dumps({USER: self.secrets["airflow_password"]}), mode=0o600)
        before = [server for server in self.servers() if server.process()]
        if len(before) < len(COMPONENTS):
            self._migrate(environment)
        self._start(environment)
        write_atomic(self.folder / "fingerprint", self._fingerprint())
        return before

    def _start(self, environment: Mapping[str, str]) -> None:
        for server, component in zip(self.servers(), COMPONENTS, strict=True):
            command = COMMANDS.get(component, (component,))
            server.start([sys.executable, "-m", "airflow", *command], environment, cwd=self.folder)

    def wait(self, before: Sequence[Server] = ()) -> None:
        """Wait until API server, scheduler and DAG processor report themselves healthy and the DAGs are parsed.

        Args:
            before: components that ran before this start. Those that stay silent or have ended since are restarted.

        Raises:
            StockproofError: one does not become healthy, or the DAGs cannot be read; with the end of its log.
        """
        api_server, *_ = servers = self.servers()
        began, old = time.monotonic(), list(before)
        while not self.api.healthy():
            waited = time.monotonic() - began
            silent = self.silent() if waited > PATIENCE else []
            lame = [server for server in old if not server.process() or (server in silent and server.age() > STARTED)]
            for server in lame:
                server.stop()
                old.remove(server)
            if lame:
                self._start(self.environment())
            for server in servers:
                if server not in old and (
                    server.process() is None or (server in silent and waited > PATIENCE + STARTED)
                ):
                    raise server.unready(waited)
            time.sleep(0.1)
        pools = WORKERS_POOLS if settings.load().stack.broker_url else POOLS
        for name, (slots, description) in pools.items():
            self.api.set_pool(name, slots, description)
        dags = {path.stem for path in (settings.ROOT / "dags").glob("*.py")}
        api_server.wait_until(lambda: dags <= self.api.dag_ids() or bool(self.api.import_errors()), STARTED)

    def silent(self) -> list[Server]:
        """Components that do not report themselves healthy; the API server alone where it does not answer, for it tells of the others."""
        health, (api_server, *others) = self.api.health(), self.servers()
        if health.get("metadatabase") != "healthy":
            return [api_server]
        return [
            server
            for server, component in zip(others, COMPONENTS[1:], strict=True)
            if health.get(component.replace("-", "_")) != "healthy"
        ]

    def stop(self) -> bool:
        """Stop every component, all at once: each takes seconds to say goodbye."""
        servers = [*self.servers(), *self._retired()]
        with ThreadPoolExecutor(len(servers)) as pool:
            return any(list(pool.map(lambda server: server.stop(), servers)))

    def environment(self) -> dict[str, str]:
        """The configuration of every component, as environment variables."""
        s = settings.load()
        own = {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(settings.ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "task_processes.TaskProcesses",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__FERNET_KEY": self.secrets["airflow_fernet_key"],
            "AIRFLOW__CORE__DEFAULT_TIMEZONE": s.schedule.timezone,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.folder / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.store,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__INSTANCE_NAME": "Stockproof",
            "AIRFLOW__API__SECRET_KEY": self.secrets["airflow_jwt_secret"],
            "AIRFLOW__API_AUTH__JWT_SECRET": self.secrets["airflow_jwt_secret"],
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            # A changed DAG file is read at once; reading the others again each 30 seconds would keep a quarter of a core busy.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            # A laptop waits for one run: look for work often, and find killed tasks and schedulers soon.
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "STOCKPROOF_CONFIG": str(settings.config_file().resolve()),  # components work in folders of their own
            "STOCKPROOF_STATE_DIR": str(s.state_dir.resolve()),
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(settings.ROOT), str(PRELOADED), os.environ.get("PYTHONPATH", "")])
            ),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        }
        return inherited_environment() | own | self._celery(s.stack.broker_url)

    def _celery(self, broker: str | None) -> dict[str, str]:
        """Where tasks go to Celery workers. None of it without a broker."""
        if broker is None:
            return {}
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": "128",
            # What waits in a broker that lost it is sent again, for ever: unlike a killed worker's, such a task has no heartbeat to miss.
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
            "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1000",
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{self.store}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(WORKER_TASKS),
            # A task that a killed worker held is given to another after this time, not after a day.
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "21600",
        }

    def _migrate(self, environment: Mapping[str, str]) -> None:
        marker = self.folder / "migrated"
        version = _airflow_version()
        if marker.exists() and marker.read_text() == version:
            return
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode:
            raise StockproofError(
                f"Airflow's database could not be migrated:\n{done.stderr.strip()[-2000:]}", "fix what it names"
            )
        write_atomic(marker, version)

    def _configuration_changed(self) -> bool:
        stored = self.folder / "fingerprint"
        return stored.exists() and stored.read_text() != self._fingerprint()

    def _fingerprint(self) -> str:
        """Hash of what the components and their tasks depend on: configuration file, overrides, the ERP's address, ports and store."""
        inputs = {
            name: value for name, value in os.environ.items() if name.startswith("STOCKPROOF_") or name == "ERP_URL"
        }
        facts = [str(settings.config_file()), inputs, self.store, self.url, settings.load().schedule.timezone]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _airflow_version() -> str:
    from importlib.metadata import version

    return version("apache-airflow-core")
