"""Signing in on a running server with two workers: answers tell nothing, an end is an end."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from time import sleep, time
from typing import Any

import pytest
from sqlalchemy import Row, select

from davserver.db import tables as t
from tests.support.cast import EITHER, Casts
from tests.support.http import Answer, Caller
from tests.support.instance import Instance, Server, serving

pytestmark = pytest.mark.server

_OWN = {"date", "x-request-id"}
_numbers = count()
_CONNECTIONS = 6
"""Enough that either worker gets some: the kernel spreads new connections."""


@dataclass
class Door:
    """A running server, and fresh connections to it."""

    instance: Instance
    server: Server

    def caller(self, login: str, secret: str) -> Caller:
        """A connection of its own, which is not opened again behind the test's back."""
        return Caller(self.instance.port, login, secret, tls=self.instance.tls, again=False)

    def answers(self, login: str, secret: str, method: str = "PROPFIND") -> list[Answer]:
        """The same request on several new connections."""
        found = []
        for _ in range(_CONNECTIONS):
            with self.caller(login, secret) as caller:
                found.append(caller.ask(method, "/dav/", {"Depth": "0"}))
        return found

    def statuses(self, login: str, secret: str) -> set[int]:
        return {answer.status for answer in self.answers(login, secret)}

    def somebody(self) -> str:
        """A beneficiary whom no other test knows."""
        login = f"somebody-{next(_numbers)}"
        self.instance.add_person(login, "beneficiary", "Somebody")
        return login

    def app_password(self, login: str, *more: str) -> tuple[str, str]:
        made = self.instance.json("app-password", "add", login, "--name", "Téléphone", *more)
        return made["id"], made["secret"]


@pytest.fixture(scope="module", params=EITHER)
def door(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Door]:
    """As `served`, with two workers."""
    copied = casts.copy(request.param, tmp_path_factory.mktemp("door") / "abri")
    with copied as instance, serving(instance, workers=2) as server:
        yield Door(instance, server)


def comparable(answer: Answer) -> tuple[int, str, tuple[tuple[str, str], ...], bytes]:
    headers = tuple(pair for pair in answer.headers if pair[0].lower() not in _OWN)
    return answer.status, answer.phrase, headers, answer.body


def test_whoever_is_not_let_in_gets_one_and_the_same_answer(door):
    right = door.instance.passwords
    login, other, out = (door.somebody() for _ in range(3))
    revoked, text = door.app_password(login)
    door.instance.abri("app-password", "revoke", revoked)
    door.instance.abri("person", "disable", out)
    tries = [
        (login, "not her password"),
        ("nobody", right[login]),
        (out, right[out]),
        (login, text),
        ("nobody", text),
        (other, text),
        ("amina\x00", "x"),
        (login, ""),
    ]
    answers = set()
    for name, secret in tries:
        with door.caller(name, secret) as caller:
            answers.add(comparable(caller.ask("PROPFIND", "/dav/Sant%C3%A9", {"Depth": "0"})))
    assert len(answers) == 1
    (answer,) = answers
    assert answer[0] == 401
    assert any(name.lower() == "www-authenticate" for name, _ in answer[2])


def test_a_revoked_app_password_is_out_in_every_worker_and_on_open_connections(door):
    login = door.somebody()
    key, text = door.app_password(login)
    assert door.statuses(login, text) == {207}
    with door.caller(login, text) as caller:
        assert caller.ask("GET", "/dav/nothing").status == 404
        door.instance.abri("app-password", "revoke", key)
        assert caller.ask("GET", "/dav/nothing").status == 401
    assert door.statuses(login, text) == {401}
    assert door.statuses(login, door.instance.passwords[login]) == {207}


def test_a_disabled_person_is_out_in_every_worker_though_both_know_the_password(door):
    login = door.somebody()
    words = door.instance.passwords[login]
    assert door.statuses(login, words) == {207}
    door.instance.abri("person", "disable", login)
    assert door.statuses(login, words) == {401}
    door.instance.abri("person", "enable", login)
    assert door.statuses(login, words) == {207}


def test_a_changed_password_ends_the_one_before_in_every_worker(door):
    login = door.somebody()
    words = door.instance.passwords[login]
    assert door.statuses(login, words) == {207}
    door.instance.abri(
        "person", "password", login, "--password-stdin", given="quatre autres mots\n"
    )
    assert door.statuses(login, words) == {401}
    assert door.statuses(login, "quatre autres mots") == {207}


def test_a_read_only_app_password_reads_and_changes_nothing(door):
    login = door.somebody()
    _, text = door.app_password(login, "--read-only")
    with door.caller(login, text) as caller:
        assert caller.ask("PROPFIND", "/dav/", {"Depth": "1"}).status == 207
        assert caller.ask("PUT", "/dav/new.txt", body=b"new").status == 403
        assert caller.ask("MKCOL", "/dav/new").status == 403
        assert caller.ask("GET", "/dav/new.txt").status == 404


def test_guessing_is_slowed_and_keeps_nobody_else_out(door):
    login, other = door.somebody(), door.somebody()
    _, text = door.app_password(login)
    right = door.instance.passwords[login]
    with door.caller(login, "") as caller:
        answers = set()
        for secret in (*(f"guess number {number}" for number in range(6)), right):
            caller.password = secret
            answers.add(comparable(caller.ask("GET", "/dav/nothing")))
        # Whoever guesses does not learn that the seventh password would have been right.
        assert [answer[0] for answer in answers] == [401]
    assert door.statuses(login, text) == {207}
    assert door.statuses(other, door.instance.passwords[other]) == {207}


@pytest.mark.slow
def test_both_workers_together_try_as_many_guesses_as_one_would(door):
    """Whoever guesses waits until the wait is over, and asks both at the same moment."""
    login, others = door.somebody(), {row.key for row in counted(door.instance)}
    for number in range(6):
        with door.caller(login, f"guess number {number}") as caller:
            assert caller.ask("GET", "/dav/nothing").status == 401
    mistakes, until = worst(door.instance, others)
    assert mistakes == 6
    took = _guesses_at_once(door, login, until)
    tried = worst(door.instance, others)[0] - mistakes
    # The seventh makes everybody wait for four seconds; a machine that was held up for that long
    # asks again, when the wait is longer.
    for wait in (4, 8, 16):
        if tried == 1:
            break
        assert took >= wait
        mistakes, until = worst(door.instance, others)
        took = _guesses_at_once(door, login, until)
        tried = worst(door.instance, others)[0] - mistakes
    assert tried == 1


def _guesses_at_once(door, login: str, until: float) -> float:
    """Twelve guesses, all at the moment when one may be made; how many seconds they took."""
    begin = Barrier(12, action=lambda: sleep(max(0, until - time() + 0.01)))

    def guess(number: int) -> int:
        with door.caller(login, f"another {number}") as caller:
            caller.ask("OPTIONS", "/dav/")
            begin.wait()
            return caller.ask("GET", "/dav/nothing").status

    with ThreadPoolExecutor(12) as crowd:
        assert set(crowd.map(guess, range(12))) == {401}
    return time() - until


def worst(instance: Instance, besides: set[bytes]) -> tuple[int, float]:
    """The most mistakes that are counted, and until when that has to wait, in seconds. `besides`:
    what others have to wait for.
    """
    row = max(
        (one for one in counted(instance) if one.key not in besides), key=lambda r: r.failures
    )
    return row.failures, row.blocked_until / 1_000_000


def counted(instance: Instance) -> Sequence[Row[Any]]:
    with instance.opened() as services, services.db.read() as tx:
        return tx.execute(select(t.throttle)).all()


def test_no_secret_and_no_login_reaches_the_log(door):
    login, other = door.somebody(), door.somebody()
    _, text = door.app_password(login)
    words = door.instance.passwords[other]
    door.statuses(login, text)
    door.statuses(other, words)
    door.statuses(other, "a wrong one with canary-5512")
    log = door.server.log_text()
    for secret in (text, text[-32:], words, "canary-5512", login, other):
        assert secret not in log
