"""TLS that asks for a client's certificate: who may leave it out, and whose handshake ends."""

import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from davserver.domain.errors import BadInput
from davserver.serving.settings import Listener
from davserver.serving.tls import context_of
from tests.support.cards import DAY, Card, Issuer
from tests.support.serving import Recorder, Running, get, hello, make_certificate, served

pytestmark = pytest.mark.server

ISSUER = Issuer()
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def asking(pair: tuple[Path, Path], tmp_path: Path) -> Start:
    def start(app=hello, **limits):
        authority = ISSUER.file(tmp_path)
        return served(app, certificate=pair[0], key=pair[1], client_ca=authority, **limits)

    return start


@pytest.fixture
def client(pair: tuple[Path, Path], tmp_path: Path) -> Callable[..., ssl.SSLContext]:
    """A context that shows that card, if any."""

    def make(card: Card | None = None, version: ssl.TLSVersion = VERSIONS[1]) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=pair[0])
        context.minimum_version = context.maximum_version = version
        if card is not None:
            context.load_cert_chain(*card.written(tmp_path))
        return context

    return make


def answered(running: Running, context: ssl.SSLContext, requests: int = 1) -> list[bytes]:
    """The first lines of the answers on one connection. Raises OSError where there is none."""
    with (
        socket.create_connection(("127.0.0.1", running.port), 5) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        found = []
        for _ in range(requests):
            tls.sendall(get())
            line = tls.recv(4096).partition(b"\r\n")[0]
            if not line:
                raise ConnectionError
            found.append(line)
        return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_application_sees_what_was_shown_in_every_request(asking, client, version):
    recorder, card = Recorder(), ISSUER.card()
    with asking(recorder) as running:
        assert answered(running, client(card, version), 2) == [b"HTTP/1.1 200 OK"] * 2
        assert answered(running, client(None, version)) == [b"HTTP/1.1 200 OK"]
    shown = [environ.get("abri.client_certificate") for environ in recorder.environs]
    assert shown == [card.der, card.der, None]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "card",
    [
        Issuer().card(),
        Issuer("another authority").card(),
        ISSUER.card(life=(-2 * DAY, -DAY)),
        ISSUER.card(life=(DAY, 2 * DAY)),
        ISSUER.card(purpose=ExtendedKeyUsageOID.SERVER_AUTH),
    ],
    ids=["wrong key", "wrong authority", "over", "not yet", "a server's"],
)
def test_a_certificate_that_does_not_hold_ends_the_handshake(asking, client, card, version):
    recorder = Recorder()
    with asking(recorder) as running:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answered(running, client(card, version))
        assert answered(running, client(None, version)) == [b"HTTP/1.1 200 OK"]
    assert len(recorder.environs) == 1
    assert running.events("server-error") == []


def test_an_authority_below_another_can_be_named_alone(pair, client, tmp_path):
    """Those whom the one above has signed besides are not meant."""
    below = Issuer("Agents")
    issued = ISSUER.card("Agents", key=below.key, ca=True)
    authority, _ = issued.written(tmp_path, "below")
    recorder, card = Recorder(), below.card()
    with served(recorder, certificate=pair[0], key=pair[1], client_ca=authority) as running:
        assert answered(running, client(card)) == [b"HTTP/1.1 200 OK"]
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answered(running, client(ISSUER.card()))
    assert [one["abri.client_certificate"] for one in recorder.environs] == [card.der]


def test_without_authorities_nobody_is_asked(pair, client):
    recorder = Recorder()
    with served(recorder, certificate=pair[0], key=pair[1]) as running:
        assert answered(running, client(Issuer("any").card())) == [b"HTTP/1.1 200 OK"]
    assert "abri.client_certificate" not in recorder.environs[0]


def test_a_header_of_the_environs_name_is_no_certificate(asking, client):
    recorder = Recorder()
    with (
        asking(recorder) as running,
        socket.create_connection(("127.0.0.1", running.port), 5) as raw,
        client().wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        tls.sendall(get("/", "abri.client-certificate: x", "SSL-CLIENT-CERT: x"))
        assert tls.recv(4096).startswith(b"HTTP/1.1 200")
    assert "abri.client_certificate" not in recorder.environs[0]


def test_a_session_that_is_taken_up_again_keeps_its_certificate(asking, client):
    recorder, card = Recorder(), ISSUER.card()
    context = client(card, ssl.TLSVersion.TLSv1_2)
    sessions = []
    with asking(recorder) as running:
        for _ in range(2):
            with (
                socket.create_connection(("127.0.0.1", running.port), 5) as raw,
                context.wrap_socket(
                    raw, server_hostname="localhost", session=sessions[-1] if sessions else None
                ) as tls,
            ):
                tls.sendall(get())
                assert tls.recv(4096).startswith(b"HTTP/1.1 200")
                sessions.append(tls.session)
                again = tls.session_reused
    assert again
    assert [one["abri.client_certificate"] for one in recorder.environs] == [card.der] * 2


def test_a_file_without_authorities_is_named(tmp_path, pair):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    with pytest.raises(BadInput, match=r"wrong\.pem holds no certificate of an authority"):
        context_of(Listener(certificate=pair[0], key=pair[1], client_ca=wrong))
    with pytest.raises(BadInput, match="client_ca: there is no file"):
        Listener(certificate=pair[0], key=pair[1], client_ca=tmp_path / "gone.pem").check()
