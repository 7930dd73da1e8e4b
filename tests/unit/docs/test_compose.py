"""docker-compose.yml, .env.example and docker/ agree with each other and with the code."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config_schema import Section
from pipelines.settings import ROOT, Settings
from pipelines.stack.airflow import POOLS

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
ONE_SHOT = {"airflow-init", "stockproof"}


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_topology_is_the_one_promised() -> None:
    assert set(SERVICES) == ONE_SHOT | {
        "mariadb",
        "postgres",
        "redis",
        "mlflow",
        "airflow-apiserver",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "airflow-worker",
        "desk",
    }
    assert SERVICES["airflow-worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_server_has_a_health_check_and_restarts(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL") and {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_what_runs_once_is_not_restarted(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned_and_volumes_declared(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?(-[a-z]+)?(@sha256:[0-9a-f]{64})?", service["image"])
    named = [v.split(":")[0] for v in service.get("volumes", []) if not v.startswith((".", "/"))]
    assert set(named) <= set(COMPOSE["volumes"])
    mounted = [v.split(":")[0] for v in service.get("volumes", []) if v.startswith(".")]
    assert all((ROOT / path).exists() for path in mounted)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_it_is_bounded_and_gains_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    if service["image"].startswith("stockproof:"):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert {entry.split(":")[0] for entry in service["tmpfs"]} == {"/tmp", "/opt/airflow"}
    assert not service.get("privileged") and "user" not in service, "the image's own user, which is not root"


def test_the_image_runs_as_a_user_without_rights_and_writes_into_volumes_alone() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)", text, re.M)[-1] == "stockproof"
    uid = re.search(r"useradd --uid (\d+)", text)
    assert uid and f"uid={uid[1]}" in TEXT
    caches = {name: SERVICES["airflow-worker"]["environment"][name] for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    assert all(path.startswith(("/state/", "/tmp/")) for path in caches.values())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_it_waits_for_what_it_needs_in_the_way_that_can_come_true(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how["condition"] == wanted, f"{name} → {other}"


def test_ports_are_open_on_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert sorted(ports) == ["127.0.0.1:15000:5000", "127.0.0.1:18000:18000", "127.0.0.1:18080:8080"]


def test_every_variable_is_in_the_example_and_every_example_is_used() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT))
    assert used == set(example())
    secrets = {key for key, value in example().items() if not value}
    required = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    assert secrets == required  # a missing secret stops `docker compose up`; nothing starts with an empty one


def test_no_secret_has_a_default() -> None:
    assert not re.search(r"(PASSWORD|SECRET|KEY):-", TEXT)
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert ".env" in (ROOT / ".dockerignore").read_text().splitlines()


def test_our_variables_are_keys_of_the_configuration() -> None:
    sections = {
        n: f.annotation
        for n, f in Settings.model_fields.items()
        if isinstance(f.annotation, type) and issubclass(f.annotation, Section)
    }
    known = {f"STOCKPROOF_{s}__{k}".upper() for s, section in sections.items() for k in section.model_fields} | {
        "STOCKPROOF_STATE_DIR"
    }
    assert set(re.findall(r"STOCKPROOF_[A-Z_]+", TEXT)) <= known


def test_the_pools_are_those_of_the_embedded_stack() -> None:
    found = re.findall(r'airflow pools set (\w+) (\d+) "(.*)"', (ROOT / "docker" / "airflow-init.sh").read_text())
    assert {name: (int(slots), text) for name, slots, text in found} == POOLS


def test_a_database_and_role_for_each_address() -> None:
    made = set(
        re.findall(r"^make_database (\w+) \"\$(\w+)\"", (ROOT / "docker" / "postgres-init.sh").read_text(), re.M)
    )
    used = set(re.findall(r"://(\w+):\$\{(\w+):\?\}@postgres:5432/\1\b", TEXT))
    assert used == made and len(made) == 3


def test_the_image_is_built_for_the_python_of_the_project() -> None:
    base = re.findall(r"^FROM python:(\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert len(set(base)) == 1 and base[0].startswith("3.11.")


def test_every_secret_gets_a_value_of_its_own() -> None:
    spec = importlib.util.spec_from_file_location("make_env", ROOT / "docker" / "make_env.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.filled((ROOT / ".env.example").read_text())
    values = dict(line.split("=", 1) for line in made.splitlines() if line and not line.startswith("#"))
    assert set(values) == set(example()) and values["WORKER_CONCURRENCY"] == "4"
    secrets = [value for key, value in values.items() if key != "WORKER_CONCURRENCY"]
    assert len(set(secrets)) == len(secrets) and all(len(value) >= 44 for value in secrets)
    assert all(re.fullmatch(r"[0-9a-f]{48}", values[key]) for key in values if "PASSWORD" in key)  # parts of addresses


def test_celery_is_one_that_airflow_can_import() -> None:
    """Celery 5.7 dropped ``celery.backends.database.retry``, which Airflow's provider imports: the scheduler would not start."""
    pinned = re.search(r"^celery==(\d+)\.(\d+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert pinned and (int(pinned[1]), int(pinned[2])) < (5, 7)
    source = (
        Path(importlib.util.find_spec("celery").submodule_search_locations[0]) / "backends" / "database" / "__init__.py"
    )  # type: ignore[union-attr,index]
    assert re.search(r"^def retry\(", source.read_text(), re.M)


def test_the_values_of_the_helm_chart_agree_with_compose() -> None:
    """The same variables reach the workers, no password stands in the file, and the database is not the chart's own."""
    values = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
    assert values["postgresql"]["enabled"] is False
    assert values["executor"] in ("CeleryExecutor", "KubernetesExecutor")
    assert (
        set(values["securityContexts"]) == {"pod", "container"}
        and values["securityContexts"]["container"]["runAsNonRoot"]
        and values["workers"]["replicas"] >= 2
    )
    named = {entry["name"] for entry in values["env"]} | {entry["envName"] for entry in values["secret"]}
    ours = {name for name in SERVICES["airflow-worker"]["environment"] if name.startswith(("STOCKPROOF_", "ERP_URL"))}
    assert ours - {"STOCKPROOF_STACK__AIRFLOW_URL"} <= named
    written = {entry["name"]: entry["value"] for entry in values["env"]}
    assert not any("PASSWORD" in name or ("://" in value and "@" in value) for name, value in written.items())
    for part in ("workers", "scheduler", "apiServer", "dagProcessor"):
        assert values[part]["resources"]["limits"]["memory"], part
