"""The embedded stack as a whole: ``up`` starts what is missing, ``down`` leaves nothing running, ``status`` tells."""

import base64
import fcntl
import json
import os
import secrets as random_secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import erp, files, warehouse
from pipelines.io.airflow_api import AirflowApi
from pipelines.stack import base_backup, desk, mariadb, mlflow
from pipelines.stack.airflow import Airflow
from pipelines.stack.desk import Desk
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.mlflow import MLflow
from pipelines.stack.postgres import Postgres
from pipelines.stack.process import Server

DATABASES = ("warehouse", "mlflow", "airflow")
FIRST_START_BYTES = 800_000_000
"""MariaDB takes 650 MB at once, most of it for its log, PostgreSQL 50 and 17 more for each database."""
Say = Callable[[str], None]


def up(say: Say = print, *, airflow: bool = True) -> None:
    """Start whatever of the stack is configured as embedded and does not run yet; wait until all of it is healthy.

    Args:
        say: receives one line a step.
        airflow: start Airflow and MLflow too; False for work on the ERP and the warehouse alone.

    Raises:
        StockproofError: a port is in use, the state folder cannot be written, or a server does not start.
    """
    stack = settings.load().stack
    with _only_one(say):
        _refuse_other_user()
        _refuse_other_configuration()
        _refuse_little_room()
        _make_secrets()
        if settings.load().erp.url is None:
            _start_erp(say)
        needs_postgres = not stack.warehouse_url or (airflow and not (stack.mlflow_url and stack.airflow_url))
        if needs_postgres:
            store = postgres()
            before = store.server.process()
            if before is None:
                say(f"PostgreSQL   127.0.0.1:{store.port}")
            store.start()
            if store.server.process() != before:  # what ran with the one before ends or hangs, sooner or later
                _desk().stop()
                _airflow().stop()
                _mlflow().stop()
            for name in DATABASES:
                store.create_database(name)
        warehouse.migrate()
        if airflow:
            _start_services(say)


def down(say: Say = print) -> None:
    """Stop every server that ``up`` started; data stays."""
    with _only_one(say):
        parts: list[tuple[str, Callable[[], bool]]] = [
            ("Desk", lambda: _desk().stop()),
            ("Airflow", lambda: _airflow().stop()),
            ("MLflow", lambda: _mlflow().stop()),
        ]
        parts += [("MariaDB", lambda: _mariadb().stop()), ("PostgreSQL", lambda: postgres().stop())]
        found = False
        for name, stop in parts:
            if stop():
                found = True
                say(f"{name} stopped")
    if not found:
        say(f"nothing of {files.state_dir()} was running")


def status() -> dict[str, Any]:
    """Addresses and health of each part.

    Returns:
        ``erp_url``, ``warehouse_url``, ``mlflow_url``, ``airflow_url``, ``desk_url`` (with passwords: they are for this machine),
        ``airflow_user``, ``airflow_password``, and ``health``: part → ``healthy``, ``down`` or what it says of itself.
    """
    stack, airflow = settings.load().stack, api()
    return {
        "erp_url": erp.url(),
        "warehouse_url": warehouse.url(),
        "mlflow_url": stack.mlflow_url or _mlflow().url,
        "airflow_url": airflow.url,
        "desk_url": desk_url(),
        "airflow_user": airflow.user,
        "airflow_password": airflow.password,
        "state_dir": str(settings.load().state_dir.resolve()),
        "health": health() | {"desk": _desk_health()},
    }


def health() -> dict[str, str]:
    """Health of each part that the desk needs: ``healthy``, ``down`` or what it says of itself."""
    stack, found = settings.load().stack, {}
    for name, probe in (("erp", erp.transaction), ("warehouse", warehouse.transaction)):
        try:
            with probe():
                found[name] = "healthy"
        except Exception as fault:
            found[name] = f"down: {str(fault).splitlines()[0]}"
    tracking, airflow = stack.mlflow_url or _mlflow().url, api()
    found["mlflow"] = _ours(stack.mlflow_url, _mlflow().server, "healthy" if mlflow.answers(tracking) else "down")
    reported = airflow.health()
    well = all(reported.get(part) == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))
    state = "healthy" if well else "down" if not reported else str(reported)
    found["airflow"] = _ours(stack.airflow_url, _airflow().servers()[0], state)
    return found


def desk_url() -> str:
    """Where the API and the desk are."""
    return settings.load().stack.desk_url or _desk().url


def _desk_health() -> str:
    return _ours(settings.load().stack.desk_url, _desk().server, "healthy" if desk.answers(desk_url()) else "down")


def _ours(elsewhere: str | None, server: Server, state: str) -> str:
    """The health of a server that answers anybody: where it is not the one that we started, another stack's is none of ours."""
    if elsewhere or state == "down" or server.process() is not None:
        return state
    return f"down: what answers on port {server.port} is not of this state folder"


def addresses() -> dict[str, str]:
    """Addresses of Airflow and MLflow for people, without passwords."""
    stack = settings.load().stack
    return {"Airflow": api().url, "MLflow": _bare(stack.mlflow_url or _mlflow().url)}


def _bare(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def api() -> AirflowApi:
    """Airflow's REST interface: that of ``stack.airflow_url`` (``http://user:password@host:port``) where set, else the embedded one's."""
    given = settings.load().stack.airflow_url
    if given is None:
        return _airflow().api
    parts = urlsplit(given)
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return AirflowApi(address.rstrip("/"), unquote(parts.username or "admin"), unquote(parts.password or ""))


def _start_erp(say: Say) -> None:
    if files.read_secrets().get("erp_engine") == "sqlite":
        return
    if not mariadb.find("mariadbd"):
        say("MariaDB      not on this machine; installing Debian's package")
    if not mariadb.install():
        say("MariaDB      cannot be had here: the sample ERP is SQLite instead, behind the same reader")
        _make_secrets(erp_engine="sqlite")
        return
    server = _mariadb()
    if server.server.process() is None:
        say(f"MariaDB      127.0.0.1:{server.port}")
    server.start()
    server.create_database("erp")


def _start_services(say: Say) -> None:
    stack = settings.load().stack
    tracking, airflow = _mlflow(), _airflow()
    if not stack.mlflow_url:
        if tracking.server.process() is None:
            say(f"MLflow       {tracking.url}")
        tracking.launch()
    if not stack.airflow_url:
        if not all(server.process() for server in airflow.servers()):
            say(f"Airflow      {airflow.url}")
        before = airflow.launch()
    if not stack.desk_url:
        if _desk().server.process() is None:
            say(f"Desk         {_desk().url}")
        _desk().launch()
    if not stack.airflow_url:
        airflow.wait(before)
    if not stack.mlflow_url:
        tracking.wait()
    if not stack.desk_url:
        _desk().wait()


def _refuse_other_user() -> None:
    """Root may write there, but that user's database does not start for root, nor does what root makes start for the user."""
    made = files.state_dir() / "secrets.json"
    if os.geteuid() == 0 and made.exists() and made.stat().st_uid != 0:
        raise StockproofError(
            f"{files.state_dir()} was made by user {made.owner()}, and this is root",
            f"run as {made.owner()}, or set STOCKPROOF_STATE_DIR to a folder of your own",
        )


def _refuse_other_configuration() -> None:
    """A state folder serves one configuration file: another one's ports and books would replace what the first one made."""
    folder, file = files.state_dir(), settings.config_file().resolve()
    owner = folder / "configuration"
    recorded = Path(owner.read_text().strip()) if owner.exists() else file
    beside = folder.parent == file.parent  # a folder that was moved or copied together with its file
    if recorded != file and recorded.is_file() and not beside:
        raise StockproofError(
            f"the state folder {folder} belongs to the configuration file {recorded}, not to {file}",
            f"set STOCKPROOF_CONFIG={recorded}, or set state_dir in {file} to a folder of its own",
        )
    if not owner.exists() or recorded != file:
        files.write_atomic(owner, f"{file}\n")


def _refuse_little_room() -> None:
    """Before the first start: databases that are made on a disk without room end half made, with pages of their own words."""
    folder = files.state_dir()
    free = shutil.disk_usage(folder).free
    wanted = 0 if (folder / "secrets.json").exists() else FIRST_START_BYTES
    if free < wanted:
        raise StockproofError(
            f"{folder} has room for {free / 1e6:,.0f} MB; the servers' first start takes {wanted / 1e6:,.0f}",
            "make room, or set STOCKPROOF_STATE_DIR to a folder on a larger disk",
        )


def _make_secrets(**changes: str) -> None:
    """Passwords and keys of this stack, made once; mode 0600."""
    known = files.read_secrets()
    fresh = {
        "postgres_password": random_secrets.token_urlsafe(18),
        "erp_password": random_secrets.token_urlsafe(18),
        "erp_engine": "mariadb",
        "airflow_password": random_secrets.token_urlsafe(12),
        "serve_secret": random_secrets.token_urlsafe(48),
        "airflow_jwt_secret": random_secrets.token_urlsafe(48),
        "airflow_fernet_key": base64.urlsafe_b64encode(random_secrets.token_bytes(32)).decode(),
    }
    wanted = fresh | known | changes
    if wanted != known:
        files.write_atomic(files.state_dir() / "secrets.json", json.dumps(wanted, indent=2), mode=0o600)


@contextmanager
def _only_one(say: Say) -> Iterator[None]:
    """Two ``up`` at once would start two of everything: the second waits."""
    with (files.state_dir() / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another `stockproof` that starts or stops these servers")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def postgres() -> Postgres:
    """The embedded PostgreSQL."""
    password = files.read_secrets().get("postgres_password", "")
    return Postgres(files.state_dir("postgres"), settings.load().stack.postgres_port, password, base_backup.archive())


def _mariadb() -> MariaDB:
    return MariaDB(
        files.state_dir("mariadb"), settings.load().stack.mariadb_port, files.read_secrets().get("erp_password", "")
    )


def _mlflow() -> MLflow:
    return MLflow(
        files.state_dir("mlflow"), settings.load().stack.mlflow_port, postgres().url("mlflow", "postgresql+psycopg2")
    )


def _desk() -> Desk:
    return Desk(files.state_dir("desk"), settings.load().stack.desk_port)


def _airflow() -> Airflow:
    store = postgres().url("airflow", "postgresql+psycopg2")
    return Airflow(
        files.state_dir("airflow"),
        settings.load().stack.airflow_port,
        store,
        {"airflow_password": "", **files.read_secrets()},
    )
