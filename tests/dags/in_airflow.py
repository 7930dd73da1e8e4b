"""Code that needs Airflow, in a process of its own: Airflow reads its configuration at import."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.settings import ROOT

MARK = "ANSWER"


def evaluated(code: str, home: Path) -> dict[str, Any]:
    """Run code on our DAGs.

    Args:
        code: defines ``answer``, which json can write; it finds the DAGs' folder in ``DAGS``.
        home: an empty folder for Airflow's own files.

    Returns:
        The answer.
    """
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "dags"), str(ROOT)]),
    }
    whole = f"import json\nDAGS = {str(ROOT / 'dags')!r}\n{code}\nprint({MARK!r} + json.dumps(answer, default=str))"
    done = subprocess.run(
        [sys.executable, "-c", whole], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    assert found, done.stderr[-3000:]
    return dict(json.loads(found[0].removeprefix(MARK)))
