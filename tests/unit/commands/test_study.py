"""What a study is asked for: samples that contradict one another are refused in words."""

import pytest

from pipelines.commands import study
from pipelines.core.errors import StockproofError


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sample": "200"}, "--sample takes stratified or all, not '200'"),
        ({"top": 20, "items": 10}, "goes with neither --items nor --sample"),
        ({"top": 20, "sample": "all"}, "goes with neither --items nor --sample"),
    ],
)
def test_a_sample_that_contradicts_itself_is_refused(asked, message):
    with pytest.raises(StockproofError, match=message) as refused:
        study.run(**asked)
    assert refused.value.remedy
