"""An address that one of the two drivers would misread is refused by its fault, and never shown."""

from collections.abc import Iterator

import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import erp


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Settings are read again, before and after."""
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("postgresql://u:secret@h/erp", "does not begin with mysql://"),
        ("mysql://u:secret@h:3306/erp?charset=utf8mb4", "stands charset, which is neither ssl-mode nor ssl-ca"),
        ("mysql://u:secret@h:3306/erp?ssl=true", "stands ssl, which"),
        ("mysql://u:secret@h:3306/erp?verbose", "stands verbose, which"),
        (
            "mysql://u:secret@h:3306/erp?ssl-mode=PREFERRED",
            "ssl-mode is PREFERRED, not one of REQUIRED, VERIFY_CA, VERIFY_IDENTITY",
        ),
        ("mysql://u:secret@h:3306/erp?ssl-ca=/dev/null", "ssl-mode is not given"),
        ("mysql://u:secret@h:3306/erp?ssl-mode=REQUIRED&ssl-ca=/dev/null", "looks at no certificate"),
        (
            "mysql://u:secret@h:3306/erp?ssl-mode=VERIFY_CA&ssl-ca=/not/there.pem",
            "ssl-ca is no file here: /not/there.pem",
        ),
        (
            f"mysql://u:secret@h:3306/erp?ssl-mode=VERIFY_CA&ssl-ca={__file__}",
            "ssl-ca cannot be read as certificates: .*test_erp_address",
        ),
        ("mysql://u:secret@h:3306/erp#x", "goes on after the database's name with #"),
        ("mysql://u:sec#ret@h:3306/erp", "holds one of"),
        ("mysql://u:sec@ret@h:3306/erp", "holds an @"),
        ("mysql://u:sec/ret@h:3306/erp", "holds one of"),
        ("mysql://u:sec[ret@h:3306/erp", "holds one of"),
        ("mysql://u:secret@h:33o6/erp", "port is no number"),
        ("mysql://u:secret@h:3306", "names no database"),
        ("mysql://u:secret@:3306/erp", "names no host"),
    ],
)
def test_an_address_that_a_driver_would_misread_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str, fault: str
) -> None:
    monkeypatch.setenv("ERP_URL", address)
    with pytest.raises(StockproofError, match=fault) as caught:
        erp.url()
    assert "ret" not in str(caught.value)
    assert "mysql://user:password@host:port/database" in caught.value.remedy


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql"])
def test_a_sound_address_is_taken(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("ERP_URL", f"{scheme}://u:a%40b%3F@[::1]:3306/erp")
    assert erp.url() == "mysql://u:a%40b%3F@[::1]:3306/erp"
