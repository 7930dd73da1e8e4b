"""``release_orders`` runs to success and does what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.orders import decide, propose
from pipelines.settings import ROOT
from tests.integration.orders_rows import AS_OF, empty_erp, in_erp, states
from tests.integration.orders_rows import decide as decisions

pytestmark = pytest.mark.servers

# Airflow reads its configuration at import: a process of its own. dag.test() returns a failure without raising.
RUN = """
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
DagBundlesManager().sync_bundles_to_db()
bag = DagBag(dag_folder={folder!r})
sync_bag_to_db(bag, "dags-folder", None)
print("STATE", bag.dags["release_orders"].test(run_conf={{"as_of": {as_of!r}}}).state)
"""


@pytest.fixture(scope="module", autouse=True)
def approved(warehouse_url: str, erp_url: str) -> None:
    empty_erp()
    decisions([("A", "W1", "S1", 6.0, 2.0), ("B", "W2", "S1", 1.0, 2.0)])
    propose.propose(AS_OF)
    decide.approve(decide.open_orders(AS_OF)[0], "ann")


def test_it_brings_what_is_signed_into_the_erp(tmp_path: Path) -> None:
    folder = str(ROOT / "dags")
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": folder,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        "PYTHONPATH": f"{ROOT}:{folder}",
    }
    code = RUN.format(folder=folder, as_of=AS_OF.isoformat())
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    printed = [line for line in done.stdout.splitlines() if line.startswith("STATE")]
    assert printed == ["STATE success"], done.stdout[-2000:] + done.stderr[-3000:]
    assert in_erp("purchase_order_lines", "item_id", "quantity_ordered") == [("A", 6.0), ("B", 1.0)]
    assert set(states().values()) == {"acknowledged"}
