"""Bounded everywhere: who finds no room hears it at once, and memory stays flat."""

import os
import threading
import time

import psutil
import pytest

from tests.support.http import Connection, Cut
from tests.support.serving import (
    eventually,
    get,
    hello,
    is_closed_by_server,
    refuse,
    request,
    served,
)

pytestmark = pytest.mark.server


def blocking(go_on: threading.Event, inside: list[str] | None = None):
    """`inside` gets longer by whoever waits."""

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/wait":
            if inside is not None:
                inside.append("one more")
            assert go_on.wait(60)
        start_response("200 OK", [])
        return [b"done"]

    return app


def test_newcomers_beyond_the_queue_hear_503_while_every_thread_is_busy():
    go_on = threading.Event()
    with served(blocking(go_on), threads=2, compute_slots=2, queue=3) as running:
        busy = [running.connect() for _ in range(2)]
        for one in busy:
            one.send(get("/wait"))
        assert eventually(
            lambda: len(running.server.open) == 2 and not running.server.requests.idle
        )
        waiting = [running.connect() for _ in range(3)]
        for one in waiting:
            one.send(get("/wait"))
        assert eventually(lambda: len(running.server.open) == 5)
        answer = running.ask(get())
        assert (answer.status, answer.header("Connection")) == (503, "close")
        assert int(answer.header("Retry-After")) > 0
        assert not running.events("request"), "all of them still wait"
        go_on.set()
        for one in busy + waiting:
            assert one.answer().status == 200
            one.close()
        assert running.ask(get()).status == 200
        assert running.events("turned-away")


def test_beyond_the_number_of_connections_the_one_nearest_to_its_deadline_goes():
    with served(hello, connections=5) as running:
        kept = [running.connect() for _ in range(5)]
        for number, one in enumerate(kept, 1):
            one.send(get())
            assert one.answer().status == 200
            # It has its deadline and waits for the next request: a moment after its answer.
            assert eventually(lambda number=number: len(running.server.parking) == number)
        with running.connect() as newcomer:
            newcomer.send(get())
            assert newcomer.answer().status == 200
        assert is_closed_by_server(kept[0])
        kept[4].send(get())
        assert kept[4].answer().status == 200
        for one in kept:
            one.close()


def test_beyond_the_number_of_connections_503_when_all_are_at_work():
    go_on = threading.Event()
    inside: list[str] = []
    with served(blocking(go_on, inside), threads=3, connections=2) as running:
        busy = [running.connect() for _ in range(2)]
        for one in busy:
            one.send(get("/wait"))
        assert eventually(lambda: len(inside) == 2)
        assert running.ask(get()).status == 503
        go_on.set()
        for one in busy:
            assert one.answer().status == 200
            one.close()


def test_hundreds_of_idle_mounts_cost_neither_threads_nor_time():
    with served(hello, threads=2) as running:
        mounts = [running.connect() for _ in range(300)]
        for one in mounts:
            one.send(get())
            assert one.answer().status == 200
        mine = psutil.Process()
        before = sum(mine.cpu_times()[:2])
        time.sleep(1)
        assert sum(mine.cpu_times()[:2]) - before < 0.2
        before = sum(mine.cpu_times()[:2])
        for one in mounts:
            one.send(get())
            assert one.answer().status == 200
            one.close()
        assert sum(mine.cpu_times()[:2]) - before < 5


def test_memory_stays_flat_while_large_unauthenticated_bodies_are_refused():
    with served(refuse, threads=2) as running:
        mine = psutil.Process(os.getpid())
        running.ask(request("PUT", "/", "Content-Length: 0"))
        before = mine.memory_info().rss
        peak = before
        block = b"x" * 1_000_000
        for _ in range(2):
            with running.connect() as connection:
                connection.send(request("PUT", "/", "Content-Length: 80000000"))
                try:
                    for _ in range(80):
                        connection.send(block)
                        peak = max(peak, mine.memory_info().rss)
                except ConnectionError:
                    continue  # the server has heard enough
        assert peak - before < 16_000_000


def test_memory_stays_flat_while_a_large_body_is_read_and_sent_back():
    def echo(environ, start_response):
        start_response("200 OK", [("Content-Length", environ["CONTENT_LENGTH"])])
        while piece := environ["wsgi.input"].read(65536):
            yield piece

    size = 100_000_000
    with served(echo) as running, running.connect() as connection:
        mine = psutil.Process(os.getpid())
        before = mine.memory_info().rss
        connection.send(request("PUT", "/", f"Content-Length: {size}"))

        def send() -> None:
            for _ in range(100):
                connection.open().sendall(b"x" * 1_000_000)

        sender = threading.Thread(target=send)
        sender.start()
        received = 0
        peak = before
        while received < size:
            received += len(connection.open().recv(1_000_000))
            peak = max(peak, mine.memory_info().rss)
        sender.join()
        assert peak - before < 24_000_000


def test_a_connection_that_dies_while_it_is_parked_is_forgotten():
    with served(hello) as running:
        for how in ("close", "reset"):
            connection = running.connect()
            connection.send(get())
            connection.answer()
            getattr(connection, how)()
            assert eventually(lambda: not running.server.open)


def test_many_clients_at_once_all_get_their_answer():
    failures = []

    def client(port: int) -> None:
        try:
            with Connection(port, timeout=60) as connection:
                for number in range(20):
                    body = b"x" * (number * 997)
                    connection.send(
                        request("PUT", f"/{number}", f"Content-Length: {len(body)}") + body
                    )
                    answer = connection.answer()
                    if answer.body != b"%d" % len(body):
                        failures.append(answer)
        except (OSError, Cut) as error:
            failures.append(error)

    def count(environ, start_response):
        start_response("200 OK", [])
        return [b"%d" % len(environ["wsgi.input"].read())]

    with served(count, threads=4, compute_slots=2) as running:
        threads = [threading.Thread(target=client, args=(running.port,)) for _ in range(20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert failures == []
