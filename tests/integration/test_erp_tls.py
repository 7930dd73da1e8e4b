"""A MariaDB that lets nobody in without TLS, as managed ones do: what is read and ended there goes by TLS, and faults name the remedy."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.extract import job
from pipelines.io import erp, erp_orders
from pipelines.stack import mariadb
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.process import free_port
from tests.integration.extract_erp import empty, held, on, sell

pytestmark = pytest.mark.servers

CIPHER = "show status like 'Ssl_cipher'"


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _certified(folder: Path, name: str, subject_alternative: x509.GeneralName, signed_by: str) -> None:
    """``name.pem`` and ``name-key.pem`` of a server, and ``signed_by.pem`` of the authority that vouches for it."""
    keys = {who: ec.generate_private_key(ec.SECP256R1()) for who in (signed_by, name)}
    now = datetime.datetime.now(datetime.UTC)
    for who, key in keys.items():
        made = (
            x509.CertificateBuilder()
            .subject_name(_named(who))
            .issuer_name(_named(signed_by))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=who == signed_by, path_length=None), critical=True)
        )
        if who == name:
            made = made.add_extension(x509.SubjectAlternativeName([subject_alternative]), critical=False)
        pem = made.sign(keys[signed_by], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (folder / f"{who}.pem").write_bytes(pem)
        (folder / f"{who}-key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


class Guarded(MariaDB):
    """With a certificate, and no way in without TLS."""

    def _options(self, data: Path) -> list[str]:
        own = ["--ssl-cert=server.pem", "--ssl-key=server-key.pem"]
        placed = [option.replace("=", f"={self.folder}/", 1) for option in own]
        return [*super()._options(data), *placed, "--require-secure-transport=ON"]


class Open(MariaDB):
    """That cannot encrypt."""

    def _options(self, data: Path) -> list[str]:
        return [*super()._options(data), "--skip-ssl"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The server; it goes by the name of this machine's address, its authority is ``company.pem``."""
    assert mariadb.install()
    folder = tmp_path_factory.mktemp("guarded")
    _certified(folder, "server", x509.IPAddress(ipaddress.ip_address("127.0.0.1")), "company")
    _certified(folder, "else", x509.DNSName("else.example"), "stranger")
    for file in folder.glob("*.pem"):
        file.chmod(0o644)
    server = Guarded(folder, free_port(), "test-password")
    server.start()
    server.create_database("erp")
    yield server
    server.stop()


@pytest.fixture
def asked(guarded: Guarded, configured: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of one test, given back at its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKPROOF_ERP__TIMEOUT_SECONDS", "60")
        yield patch
    settings.load.cache_clear()


def _go(patch: pytest.MonkeyPatch, server: MariaDB, words: str, host: str = "127.0.0.1", **more: str) -> None:
    patch.setenv("ERP_URL", server.url("erp").replace("127.0.0.1", host) + words.format(server.folder))
    for name, value in more.items():
        patch.setenv(name, value)
    settings.load.cache_clear()
    erp._engine.cache_clear()


@pytest.mark.parametrize(
    "words",
    [
        "?ssl-mode=REQUIRED",
        "?ssl-mode=VERIFY_CA&ssl-ca={}/company.pem",
        "?ssl-mode=VERIFY_IDENTITY&ssl-ca={}/company.pem",
    ],
)
def test_every_way_in_is_encrypted(guarded: Guarded, asked: pytest.MonkeyPatch, warehouse_url: str, words: str) -> None:
    _go(asked, guarded, words)
    empty()
    sell(1, 2)
    assert job.run(on(2))["sales"] == 2
    assert len(held("sales")) == 2
    with erp.transaction() as connection:
        small = connection.execute(sa.text(CIPHER)).all()
    with erp_orders._engine(erp.url()).connect() as connection:
        written = connection.exec_driver_sql(CIPHER).all()
    bulk = erp.read_arrow(CIPHER).to_pydict()["Value"]
    assert all(cipher.startswith("TLS_") for cipher in (small[0][1], written[0][1], bulk[0]))
    assert "test-password" not in erp.shown_url()


def test_a_query_that_is_given_up_is_ended_by_tls_too(guarded: Guarded, asked: pytest.MonkeyPatch) -> None:
    _go(asked, guarded, "?ssl-mode=VERIFY_CA&ssl-ca={}/company.pem", STOCKPROOF_ERP__TIMEOUT_SECONDS="2")
    with pytest.raises(ServiceAway, match="the query was ended there"):
        erp.read_arrow("select sleep(61) as n")
    with pytest.raises(ServiceAway, match="the query was ended there"), erp.transaction() as connection:
        connection.execute(sa.text("select sleep(62)"))


def test_a_stranger_s_certificate_and_one_of_another_name_are_refused(
    guarded: Guarded, asked: pytest.MonkeyPatch
) -> None:
    for words, host in (
        ("?ssl-mode=VERIFY_CA&ssl-ca={}/stranger.pem", "127.0.0.1"),
        ("?ssl-mode=VERIFY_CA", "127.0.0.1"),
        ("?ssl-mode=VERIFY_IDENTITY&ssl-ca={}/company.pem", "localhost"),
    ):
        _go(asked, guarded, words, host)
        with pytest.raises(StockproofError, match=r"cannot be reached by TLS: .*certificate verify failed") as caught:
            job.run(on(2))
        assert not isinstance(caught.value, ServiceAway)
        assert "ssl-ca" in caught.value.remedy
    _go(asked, guarded, "?ssl-mode=VERIFY_CA&ssl-ca={}/company.pem", "localhost")
    assert erp.read_arrow("select 1 as one").to_pydict() == {"one": [1]}


def test_without_tls_the_remedy_is_named(guarded: Guarded, asked: pytest.MonkeyPatch) -> None:
    _go(asked, guarded, "")
    with pytest.raises(StockproofError, match="of a connection that is not encrypted") as caught:
        erp.read_arrow("select 1 as one")
    assert "?ssl-mode=REQUIRED" in caught.value.remedy


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(tmp_path: Path, asked: pytest.MonkeyPatch) -> None:
    assert mariadb.install()
    server = Open(tmp_path, free_port(), "test-password")
    server.start()
    try:
        server.create_database("erp")
        _go(asked, server, "?ssl-mode=REQUIRED")
        with pytest.raises(StockproofError, match=r"cannot be reached by TLS: .*SSL is required"):
            job.run(on(2))
    finally:
        server.stop()
