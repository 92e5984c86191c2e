"""A directory that is killed, paused, slow, or not the one it was is unknown in every phase."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from authn.ldap import breaker, servers
from authn.ldap.opening import open_directory
from authn.ldap.port import DirectoryAway, Present, StaffDirectory
from davserver.domain.secret import Secret
from tests.support.authority import Authority
from tests.support.ports import free_port, pause
from tests.support.relay import Relay, relay_to
from tests.support.serving import eventually
from tests.support.slapd import Slapd
from tests.support.staff import PASSWORD, Staff

pytestmark = pytest.mark.slow

RIGHT = Secret(PASSWORD.encode())
SHORT = {"connecting": timedelta(seconds=0.5), "answering": timedelta(seconds=0.5)}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(staff: Staff, clock: Clock) -> Iterator[Callable[..., StaffDirectory]]:
    with ExitStack() as open_ones:

        def make(*urls: str, **other: object) -> StaffDirectory:
            settings = staff.settings(servers=urls or (staff.server.ldaps,), **other)
            made = open_directory("ccas", settings, lambda: datetime.now(UTC), clock)
            open_ones.callback(made.close)
            return made

        yield make


Opener = Callable[..., StaffDirectory]
Ask = Callable[[StaffDirectory, Staff], object]

ASKED: dict[str, Ask] = {
    "authenticate": lambda directory, _: directory.authenticate("karim", RIGHT, ()),
    "authenticate a stranger": lambda directory, _: directory.authenticate("x", RIGHT, ()),
    "page": lambda directory, staff: list(directory.page(staff.group("social"))),
    "ping": lambda directory, _: directory.ping(),
}


@pytest.fixture
def peopled(staff: Staff) -> Staff:
    staff.add("karim", "zoe")
    staff.add_group("social", staff.person("karim"), staff.person("zoe"))
    return staff


def _show_others(staff: Staff) -> None:
    folder = staff.folder / "others"
    staff.server.restart(Authority(folder, "Others").server())


WAYS_TO_BE_AWAY: dict[str, Callable[[Staff], None]] = {
    "killed": lambda staff: staff.server.kill(),
    "paused": lambda staff: staff.server.pause(),
    "with other certificates": _show_others,
}


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("go", WAYS_TO_BE_AWAY.values(), ids=WAYS_TO_BE_AWAY.keys())
def test_a_server_that_goes_away_is_unknown_for_a_kept_connection_and_a_new_one(
    peopled: Staff,
    opened: Opener,
    clock: Clock,
    go: Callable[[Staff], None],
    ask: Ask,
    scheme: str,
) -> None:
    url = peopled.server.ldaps if scheme == "ldaps" else peopled.server.ldap
    kept, fresh = opened(url, **SHORT), opened(url, **SHORT)
    _once(lambda: ask(kept, peopled), clock)
    go(peopled)
    for directory in (kept, fresh):
        with pytest.raises(DirectoryAway):
            ask(directory, peopled)


def _once(ask: Callable[[], object], clock: Clock) -> None:
    """Until it is answered: half a second may be too short for a busy machine."""
    for _ in range(20):
        with suppress(DirectoryAway):
            ask()
            return
        clock.now += breaker.RESTING + servers.RESTING
    ask()


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_a_server_that_says_everything_too_late_is_unknown(
    peopled: Staff, opened: Opener, ask: Ask
) -> None:
    with relay_to(peopled.server.tls_port) as relay:
        relay.delay = 1
        with pytest.raises(DirectoryAway):
            ask(opened(f"ldaps://127.0.0.1:{relay.port}", **SHORT), peopled)


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95])
def test_a_server_that_falls_silent_at_any_moment_is_unknown(
    peopled: Staff, opened: Opener, share: float
) -> None:
    """From the first byte of TLS to the last of the answer."""
    with relay_to(peopled.server.tls_port) as relay:
        counted = _Counted(relay)
        url = f"ldaps://127.0.0.1:{relay.port}"
        opened(url, connections=1).ping()
        relay.most = int(counted.most * share)
        with pytest.raises(DirectoryAway):
            opened(url, **SHORT).ping()


class _Counted:
    """How much one connection through a relay had from the server."""

    def __init__(self, relay: Relay) -> None:
        self.most = 0
        relay.tell = self._tell

    def _tell(self, passed: int) -> None:
        self.most = max(self.most, passed)


def test_while_the_first_of_two_is_away_the_second_answers(
    peopled: Staff, replica: Slapd, opened: Opener, clock: Clock
) -> None:
    assert eventually(lambda: replica.has(peopled.group("social")))
    directory = opened(peopled.server.ldaps, replica.ldaps)
    for _ in range(2):
        assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    peopled.server.kill()
    for _ in range(2):
        assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    peopled.server.start()
    # The copy is signed in again: its bind is none of ours.
    peopled.add_group("again", peopled.person("zoe"))
    assert eventually(lambda: replica.has(peopled.group("again")))
    before = peopled.server.binds()
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    assert peopled.server.binds() == before + 1, "it rests; the one bind is this question's own"
    clock.now += servers.RESTING + 1
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    assert peopled.server.binds() == before + 2 + 2, "the service account's and karim's"


def test_a_paused_server_is_passed_over(peopled: Staff, replica: Slapd, opened: Opener) -> None:
    assert eventually(lambda: replica.has(peopled.group("social")))
    directory = opened(peopled.server.ldaps, replica.ldaps)
    directory.authenticate("karim", RIGHT, ())
    peopled.server.pause()
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)


def test_only_when_no_server_answers_it_is_unknown(peopled: Staff, opened: Opener) -> None:
    nowhere = [f"ldaps://127.0.0.1:{free_port()}" for _ in range(2)]
    assert isinstance(
        opened(*nowhere, peopled.server.ldaps).authenticate("karim", RIGHT, ()), Present
    )
    with pytest.raises(DirectoryAway):
        opened(*nowhere).authenticate("karim", RIGHT, ())


def test_after_some_failures_nobody_waits_until_one_call_tries_again(
    peopled: Staff, opened: Opener, clock: Clock
) -> None:
    directory = opened()
    peopled.server.kill()
    for _ in range(breaker.FAILURES):
        with pytest.raises(DirectoryAway):
            directory.authenticate("karim", RIGHT, ())
    peopled.server.start()
    for ask in ASKED.values():
        with pytest.raises(DirectoryAway, match="left alone"):
            ask(directory, peopled)
    clock.now += breaker.RESTING + 0.1
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    assert isinstance(directory.authenticate("zoe", RIGHT, ()), Present)


def test_one_call_at_a_time_tries_whether_it_is_back(peopled: Staff, clock: Clock) -> None:
    patient = {"connecting": timedelta(seconds=20), "answering": timedelta(seconds=20)}
    directory = open_directory("ccas", peopled.settings(**patient), _now, clock)
    peopled.server.kill()
    for _ in range(breaker.FAILURES):
        with pytest.raises(DirectoryAway):
            directory.ping()
    peopled.server.start()
    peopled.server.pause()
    clock.now += breaker.RESTING + 0.1
    answers: list[object] = []
    probe = threading.Thread(
        target=lambda: answers.append(directory.authenticate("karim", RIGHT, ()))
    )
    probe.start()
    assert eventually(lambda: _is_probing(directory))
    with pytest.raises(DirectoryAway, match="left alone"):
        directory.authenticate("karim", RIGHT, ())
    peopled.server.resume()
    probe.join(timeout=60)
    assert isinstance(answers[0], Present)
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    directory.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _is_probing(directory: StaffDirectory) -> bool:
    assert isinstance(directory, breaker.GuardedDirectory)
    return directory._breaker._trying


def test_what_is_answered_at_once_is_no_outage(peopled: Staff, opened: Opener) -> None:
    """A mapping that names a group which is gone must not keep people out."""
    directory = opened()
    for _ in range(breaker.FAILURES + 1):
        with pytest.raises(DirectoryAway, match="no group"):
            list(directory.page(peopled.group("gone")))
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)


def test_a_service_account_without_rights_makes_nobody_absent(
    peopled: Staff, opened: Opener, tmp_path: Path
) -> None:
    """OpenLDAP hides what may not be read: to karim, who may read nothing, the base is empty."""
    password = tmp_path / "karims"
    password.write_text(PASSWORD)
    directory = opened(bind_dn=peopled.person("karim"), bind_password_file=password)
    for ask in (
        lambda: directory.authenticate("zoe", RIGHT, ()),
        lambda: directory.fetch(peopled.id("zoe"), ()),
    ):
        with pytest.raises(DirectoryAway):
            ask()


def test_whatever_happens_meanwhile_nobody_is_taken_for_somebody_else_or_gone(
    peopled: Staff, tmp_path: Path
) -> None:
    """People sign in without pause while the server is killed, paused and shows a stranger's
    certificate. The clock runs fast, so that the breaker keeps trying.
    """
    peopled.add("amina", more=f"pwdPolicySubentry: cn=none,{peopled.base}")
    ticks = count(step=10)
    directory = open_directory(
        "ccas", peopled.settings(connections=2, **SHORT), _now, lambda: float(next(ticks))
    )
    social, known = peopled.group("social"), peopled.id("zoe")
    stop, answers = threading.Event(), Counter[str]()

    def ask(name: str, ask: Callable[[], object]) -> None:
        while not stop.is_set():
            try:
                told = ask()
                said = f"{told.entry.account} in" if isinstance(told, Present) else str(told)
                answers[f"{name}: {said}"] += 1
            except DirectoryAway:
                answers["away"] += 1
                pause()

    asked: dict[str, Callable[[], object]] = {
        "karim": lambda: directory.authenticate("karim", RIGHT, [social]),
        "mistake": lambda: directory.authenticate("amina", Secret(b"wrong"), ()),
        "stranger": lambda: directory.authenticate("stranger", RIGHT, ()),
        "zoe": lambda: directory.fetch(known, [social]),
        "social": lambda: sum(map(len, directory.page(social))),
    }
    with ExitStack() as ending:
        ending.callback(directory.close)
        for one in asked.items():
            thread = threading.Thread(target=ask, args=one)
            ending.callback(thread.join, timeout=60)
            thread.start()
        ending.callback(stop.set)
        for happen in (_kill, _pause, partial(_show_stranger, folder=tmp_path)) * 2:
            before = Counter(answers) + Counter(away=10**9)
            assert eventually(lambda: len(answers - before) == len(asked), within=60)  # noqa: B023
            away = answers["away"]
            happen(peopled, lambda: eventually(lambda: answers["away"] > away + 3, within=60))  # noqa: B023
    assert set(answers) == {
        "away", "karim: karim in", "mistake: wrong", "stranger: absent", "zoe: zoe in",
        "social: 2",
    }  # fmt: skip


def _kill(staff: Staff, noticed: Callable[[], bool]) -> None:
    staff.server.kill()
    assert noticed()
    staff.server.start()


def _pause(staff: Staff, noticed: Callable[[], bool]) -> None:
    staff.server.pause()
    assert noticed()
    staff.server.resume()


def _show_stranger(staff: Staff, noticed: Callable[[], bool], folder: Path) -> None:
    staff.server.restart(Authority(folder / "strangers", "Stranger").server())
    assert noticed()
    staff.server.restart()
