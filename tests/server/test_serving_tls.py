"""TLS: modern only, driven by worker threads, and no way for one client to hold up the others."""

import socket
import ssl
import time

import pytest

from davserver.domain.errors import BadInput, Truncated
from davserver.serving.settings import Listener
from davserver.serving.tls import context_of
from tests.support.http import Connection
from tests.support.serving import (
    Recorder,
    eventually,
    get,
    hello,
    is_closed_by_server,
    make_certificate,
    refuse,
    request,
    served,
)

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secured(pair):
    certificate, key = pair

    def start(app=hello, **limits):
        return served(app, certificate=certificate, key=key, **limits)

    return start


def client_context(pair) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=pair[0])


def test_a_verified_client_is_served_and_keeps_its_connection(secured, pair):
    recorder = Recorder()
    with (
        secured(recorder) as running,
        socket.create_connection(("127.0.0.1", running.port), 60) as raw,
        client_context(pair).wrap_socket(raw, server_hostname="localhost") as tls,
        Connection(running.port, _socket=tls) as connection,
    ):
        for _ in range(3):
            connection.send(request("PUT", "/", "Content-Length: 4") + b"body")
            assert connection.answer().status == 200
            assert connection.open() is tls
    assert recorder.bodies == [b"body"] * 3
    assert recorder.environs[0]["wsgi.url_scheme"] == "https"
    assert recorder.environs[0]["HTTPS"] == "on"


def into_rooms(source) -> bytes:
    body, room = bytearray(), memoryview(bytearray(100_000))
    while count := source.readinto(room):
        body += room[:count]
    return bytes(body)


@pytest.mark.parametrize("taken", [lambda source: source.read(), into_rooms])
def test_large_bodies_pass_in_both_directions(secured, taken):
    def echo(environ, start_response):
        body = taken(environ["wsgi.input"])
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    data = bytes(range(256)) * 20_000
    with secured(echo) as running, running.connect(tls=True) as connection:
        connection.send(request("PUT", "/", f"Content-Length: {len(data)}") + data)
        assert connection.answer().body == data


def test_a_body_that_is_cut_between_two_records_is_no_whole_one(secured):
    taken, cut = [], []

    def take(environ, start_response):
        room = memoryview(bytearray(100_000))
        try:
            while count := environ["wsgi.input"].readinto(room):
                taken.append(count)
        except Truncated as early:
            cut.append(early)
        return hello(environ, start_response)

    with secured(take) as running, running.connect(tls=True) as connection:
        connection.send(request("PUT", "/", "Content-Length: 200000") + b"x" * 150_000)
        assert eventually(lambda: sum(taken) == 150_000)
        connection.close()
        assert eventually(lambda: len(cut) == 1)
    assert sum(taken) == 150_000


def test_pipelined_requests_that_share_a_record_are_all_answered(secured):
    with secured() as running, running.connect(tls=True) as connection:
        connection.send(get() * 5)
        assert [connection.answer().status for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(
    ("version", "served_"),
    [
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_only_tls_1_2_and_1_3_are_spoken(secured, version, served_):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        secured() as running,
        socket.create_connection(("127.0.0.1", running.port), 60) as raw,
    ):
        if served_:
            with context.wrap_socket(raw) as tls:
                tls.sendall(get())
                assert tls.recv(4096).startswith(b"HTTP/1.1 200")
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(raw)


def test_a_tls_1_2_client_without_forward_secrecy_is_refused(secured):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AES:!AESGCM")
    with (
        secured() as running,
        socket.create_connection(("127.0.0.1", running.port), 60) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(raw)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1")]
)
def test_alpn_names_http_1_1(secured, pair, offered, chosen):
    context = client_context(pair)
    context.set_alpn_protocols(offered)
    with (
        secured() as running,
        socket.create_connection(("127.0.0.1", running.port), 60) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        assert tls.selected_alpn_protocol() == chosen


def test_http_on_the_https_port_gets_a_short_clear_answer(secured):
    with secured() as running, running.connect() as connection:
        connection.send(get("/secret"))
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (400, "close")
        assert "https" in answer.text()
        assert is_closed_by_server(connection)


@pytest.mark.parametrize("first", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"])
def test_silent_clients_block_nobody_and_are_closed_in_time(secured, first):
    def crowd_before(running) -> list[Connection]:
        crowd = [running.connect() for _ in range(40)]
        for one in crowd:
            one.send(first) if first else one.open()
        return crowd

    few = {"threads": 2, "compute_slots": 1}
    with secured(**few, handshake_seconds=600) as running:
        crowd = crowd_before(running)
        with running.connect(tls=True) as connection:
            connection.send(get())
            assert connection.answer().status == 200
        assert len(running.server.open) >= len(crowd), "none of them was given up meanwhile"
    with secured(**few, handshake_seconds=0.6) as running:
        crowd = crowd_before(running)
        assert eventually(lambda: not running.server.open)
        assert all(is_closed_by_server(one) for one in crowd)


def test_garbage_in_a_handshake_ends_the_connection_only(secured):
    with secured() as running:
        with running.connect() as connection:
            connection.send(b"\x16\x03\x01\x00\x05hello")
            assert connection.open().recv(100)[:1] in {b"", b"\x15"}  # perhaps an alert
        with running.connect(tls=True) as connection:
            connection.send(get())
            assert connection.answer().status == 200
    assert running.events("server-error") == []


@pytest.mark.parametrize("polite", [True, False])
def test_a_body_cut_under_tls_is_truncated(secured, polite):
    recorder = Recorder()
    with secured(recorder) as running, running.connect(tls=True) as connection:
        connection.send(request("PUT", "/", "Content-Length: 100") + b"x" * 50)
        assert recorder.called.wait(30)
        if polite:
            connection.open().settimeout(0.2)  # the other side does not answer it
            with pytest.raises((OSError, ssl.SSLError)):
                connection.open().unwrap()
        connection.close()
        assert recorder.over.wait(30)
    assert recorder.bodies == []
    assert type(recorder.errors[0]).__name__ == "Truncated"


def test_an_answer_ends_with_close_notify_and_a_broken_one_does_not(secured, pair):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"x" * 10
        if environ["PATH_INFO"] == "/broken":
            raise OSError

    def read_all(tls) -> bytes:
        pieces = []
        while piece := tls.recv(4096):
            pieces.append(piece)
        return b"".join(pieces)

    with secured(app) as running:
        for path, whole in (("/", True), ("/broken", False)):
            with (
                socket.create_connection(("127.0.0.1", running.port), 60) as raw,
                client_context(pair).wrap_socket(
                    raw, server_hostname="localhost", suppress_ragged_eofs=False
                ) as tls,
            ):
                tls.sendall(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
                if whole:
                    assert read_all(tls).endswith(b"x" * 10)
                else:
                    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
                        read_all(tls)


def test_a_refused_upload_gets_its_answer_under_tls(secured):
    with secured(refuse) as running, running.connect(tls=True) as connection:
        connection.send(request("PUT", "/", "Content-Length: 5000000"))
        for _ in range(10):
            connection.send(b"x" * 50_000)
            time.sleep(0.01)
        assert connection.answer().status == 401


def test_files_that_are_no_certificate_and_key_are_named(tmp_path, pair):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    with pytest.raises(BadInput, match=r"wrong\.pem"):
        context_of(Listener(certificate=wrong, key=pair[1]))
