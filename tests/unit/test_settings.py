"""The configuration is refused at start with the key, the value and what is allowed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


def _refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> str:
    file = tmp_path / "other.yaml"
    file.write_text(text)
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(file))
    with pytest.raises(StockproofError) as fault:
        settings.load()
    assert fault.value.remedy
    return str(fault.value)


def test_project_file_is_accepted() -> None:
    assert settings.load().planning.bucket in ("day", "week", "month")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("costs: {holding_rate: 0.2}", ["costs.holding_rate: unknown key", "holding_cost_rate"]),
        ("stok: {}", ["stok: unknown key", "stack"]),
        ("planning: {bucket: year}", ["planning.bucket = 'year'", "'day', 'week' or 'month'"]),
        ("costs: {service_target: 1.5}", ["costs.service_target = 1.5", "less than 1"]),
        ("costs: {service_target: 0.8}", ["service_factor 1.65 implies a service level of 0.951", "0.842 would agree"]),
        ("costs: {stockout_to_overstock_ratio: 3}", ["implies a service level of 0.75", "a ratio of 19 would agree"]),
        ("erp: {max_staleness_days: 1000000}", ["erp.max_staleness_days = 1000000", "36500"]),
        ("vendors: {delivery_time: 0.5}", ["vendors", "sum to 1.25"]),
        ("erp: {url: 'mysql://u:p@h/db'}", ["does not belong in a file"]),
        ("schedule: {timezone: Mars/Base}", ["schedule.timezone = 'Mars/Base'", "IANA name"]),
        ("- a list", ["must hold sections"]),
        ("costs: [", ["cannot be read"]),
    ],
)
def test_refusals_name_key_value_and_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, words: list[str]
) -> None:
    message = _refused(monkeypatch, tmp_path, text)
    assert all(word in message for word in words), message


def test_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_CONFIG", "/nowhere/stockproof.yaml")
    with pytest.raises(StockproofError, match=r"/nowhere/stockproof\.yaml does not exist"):
        settings.load()


def test_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("planning: {review_period_days: 3}\nreplay: {days: 100}")
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(file))
    monkeypatch.setenv("STOCKPROOF_PLANNING__REVIEW_PERIOD_DAYS", "14")
    assert settings.load().planning.review_period_days == 14
    assert settings.load().replay.days == 100


def test_null_in_the_environment_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_COSTS__SERVICE_TARGET", "0.9")
    monkeypatch.setenv("STOCKPROOF_COSTS__SERVICE_FACTOR", "null")
    assert settings.load().costs.service_factor is None


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", "")
    assert settings.load().state_dir == settings.ROOT / ".stockproof"


def test_a_mapping_in_the_environment_replaces_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("approvals: {author: ann, roles: {buyer: 10, boss: null}, authors: {ann: boss}}")
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(file))
    monkeypatch.setenv("STOCKPROOF_APPROVALS__AUTHORS", '{"ben": "buyer"}')
    approvals = settings.load().approvals
    assert (approvals.author, approvals.authors) == ("ann", {"ben": "buyer"})
    assert approvals.roles == {"buyer": 10, "boss": None}


def test_unknown_environment_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_PLANNING__BUKET", "week")
    with pytest.raises(StockproofError, match="STOCKPROOF_PLANNING__BUKET"):
        settings.load()


def test_erp_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_URL", "mysql://u:p@127.0.0.1/erp")
    assert settings.load().erp.url == "mysql://u:p@127.0.0.1/erp"


def test_the_state_folder_lies_beside_the_configuration_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("")
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(file))
    monkeypatch.delenv("STOCKPROOF_STATE_DIR", raising=False)
    settings.load.cache_clear()
    assert settings.load().state_dir == tmp_path / ".stockproof"
    file.write_text("state_dir: books")
    settings.load.cache_clear()
    assert settings.load().state_dir == tmp_path / "books"
