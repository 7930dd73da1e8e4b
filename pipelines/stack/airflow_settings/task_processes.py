"""Airflow's executor of the embedded stack: one process a task, forked from the scheduler.

Airflow's own LocalExecutor keeps a pool of workers that wait on one queue behind a lock. A worker that is killed while it waits takes
the lock with it: no other one ever reads the queue, and every task stays ``queued``. Here nothing is shared: a task whose process was
killed is noticed at the scheduler's next heartbeat and tried again.
"""

import gc
import multiprocessing
import signal
import sys
from collections.abc import Sequence
from typing import Any

from airflow.executors.base_executor import BaseExecutor, get_execution_api_server_url
from airflow.executors.local_executor import LocalExecutor


def _name(workload: Any) -> str:
    """What ``ps`` shows: DAG, task and chunk; of other work what Airflow calls it."""
    ti = getattr(workload, "ti", None)
    return f"{ti.dag_id}.{ti.task_id} {ti.map_index}" if ti else str(workload.display_name)


def _run(workload: Any, conf: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the task ends by itself when the scheduler is asked to stop
    try:
        BaseExecutor.run_workload(
            workload, server=get_execution_api_server_url(conf),
            proctitle=f"airflow worker -- {_name(workload)}", subprocess_logs_to_stdout=True,
        )  # fmt: skip
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)


class TaskProcesses(LocalExecutor):  # type: ignore[misc]  # Airflow ships no types for it
    """LocalExecutor without its pool."""

    def start(self) -> None:
        """Nothing runs yet."""
        self.at_work: dict[Any, tuple[multiprocessing.Process, Any]] = {}

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        for workload in workload_list:
            process = multiprocessing.Process(target=_run, args=(workload, self.conf))
            gc.freeze()  # objects of the scheduler stay shared with the fork
            try:
                process.start()
            finally:
                gc.unfreeze()
            self.at_work[workload.key] = (process, workload)
            for queue in (self.queued_tasks, self.queued_callbacks, self.queued_connection_tests):
                queue.pop(workload.key, None)
            if workload.running_state is not None:
                self.change_state(workload.key, workload.running_state)

    def sync(self) -> None:
        """Report the tasks whose processes have ended, by themselves or killed."""
        for key, (process, workload) in list(self.at_work.items()):
            if process.exitcode is None:
                continue
            del self.at_work[key]
            self.change_state(key, workload.success_state if process.exitcode == 0 else workload.failure_state)
            process.close()

    def end(self) -> None:
        """Wait for the tasks at work."""
        for process, _ in self.at_work.values():
            process.join()
        self.sync()
