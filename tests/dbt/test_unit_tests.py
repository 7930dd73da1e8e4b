"""The unit tests written beside the models, and the documentation built from them."""

import pytest

from pipelines.transform import dbt_cli, job
from tests.dbt.conftest import AS_OF

pytestmark = pytest.mark.servers


def test_dbt_unit_tests_pass(small_erp) -> None:
    variables, project = dbt_cli.yaml_of(job.variables_of(AS_OF)), dbt_cli.parse()
    # Unit tests read the types of columns from the tables above their model; what is in those is tested elsewhere.
    assert dbt_cli.invoke(["run", "--vars", variables], "dbt run could not start", project).success
    arguments = ["test", "--select", "test_type:unit", "--vars", variables]
    answer = dbt_cli.invoke(arguments, "dbt test could not start", dbt_cli.parse())
    failed = {result.node.name: result.message for result in answer.result.results if result.status != "pass"}
    assert failed == {}
    assert len(answer.result.results) >= 21


def test_docs_are_one_page(small_erp) -> None:
    page = job.docs()
    assert page.name == "index.html"
    text = page.read_text()
    assert "dim_sku" in text and "One row per" not in text[:100]
    assert text.count("catalog") and len(text) > 1_000_000
