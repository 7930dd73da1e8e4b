"""Airflow's REST interface (version 2): the way the command line starts and follows runs."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from pipelines.core.errors import ServiceAway, StockproofError


@dataclass
class AirflowApi:
    """A client; logs in at the first call.

    Attributes:
        url: of the API server, without ``/api``.
        user: name.
        password: of the user.
    """

    url: str
    user: str
    password: str
    _client: httpx.Client | None = field(default=None, repr=False)

    def healthy(self) -> bool:
        """Whether the metadata database, the scheduler and the DAG processor are healthy."""
        health = self.health()
        return all(health.get(part) == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def health(self) -> dict[str, str]:
        """State of each component by its own report; empty where the server does not answer."""
        try:
            answer = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=5)
            return {name: part.get("status") or "unknown" for name, part in answer.raise_for_status().json().items()}
        except (httpx.HTTPError, ValueError):
            return {}

    def dag_ids(self) -> set[str]:
        """Ids of the DAGs the processor has parsed."""
        return {dag["dag_id"] for dag in self.call("GET", "/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        """Files that do not import, with the error."""
        found = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in found]

    def set_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool, or leave it as somebody has set it."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        self.call("POST", "/pools", json=body, accept=(409,))

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs be scheduled."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> dict[str, Any]:
        """Start a run with params. Returns the run."""
        self.unpause(dag_id)
        return self.call(
            "POST", f"/dags/{dag_id}/dagRuns", json={"dag_run_id": run_id, "logical_date": None, "conf": conf}
        )

    def active_runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Queued and running runs, oldest first."""
        params = {"state": ["queued", "running"], "limit": 100, "order_by": "run_after"}
        return list(self.call("GET", f"/dags/{dag_id}/dagRuns", params=params)["dag_runs"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run."""
        return self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All task instances of a run, mapped ones each."""
        found: list[dict[str, Any]] = []
        while True:
            params = {"limit": 100, "offset": len(found)}
            page = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params=params)
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int, map_index: int = -1) -> list[str]:
        """Lines of a task's log."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        content = self.call("GET", path, params={"map_index": map_index, "full_content": True})["content"]
        return [part if isinstance(part, str) else _log_line(part) for part in content]

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned; None where it returned nothing."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.call("GET", path, accept=(404,)).get("value")

    def call(self, method: str, path: str, *, accept: tuple[int, ...] = (), **request: Any) -> dict[str, Any]:
        """One request, tried again while the server restarts.

        Raises:
            ServiceAway: unreachable.
            StockproofError: refused with Airflow's own words.
        """
        for attempt in range(5):
            try:
                answer = self._session().request(method, f"/api/v2{path}", **request)
            except httpx.HTTPError as fault:
                if attempt == 4:
                    raise ServiceAway(
                        f"Airflow at {self.url} cannot be reached: {fault}", "`stockproof up` starts it"
                    ) from None
                time.sleep(1 + attempt)
                continue
            if answer.status_code == 401 and attempt == 0:
                self._client = None
                continue
            if answer.is_success or answer.status_code in accept:
                return dict(answer.json()) if answer.content else {}
            if answer.status_code < 500 or attempt == 4:
                remedy = "see the message" if answer.status_code < 500 else "`stockproof status` tells what is down"
                raise StockproofError(
                    f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:500]}", remedy
                )
            time.sleep(1 + attempt)
        raise AssertionError("unreachable")

    def _session(self) -> httpx.Client:
        if self._client is None:
            login = httpx.post(
                f"{self.url}/auth/token", json={"username": self.user, "password": self.password}, timeout=30
            )
            if not login.is_success:
                raise StockproofError(
                    f"Airflow at {self.url} refused user {self.user}: {login.text[:200]}", "check its password"
                )
            token = login.json()["access_token"]
            self._client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return self._client


def _log_line(part: dict[str, Any]) -> str:
    detail = part.get("error_detail") or []
    errors = [f"{one.get('exc_type')}: {one.get('exc_value')}" for one in detail]
    return "\n".join([str(part.get("event", "")), *errors])
