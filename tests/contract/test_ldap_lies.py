"""Whatever a server says that cannot be true is unknown: never a person, never nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from authn.ldap.opening import open_directory
from authn.ldap.port import DirectoryAway, Present, StaffDirectory, Wrong
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.secret import Secret
from tests.support.authority import Authority, Pair
from tests.support.lying_ldap import (
    BIND,
    EXTENDED,
    KARIM,
    KARIM_ID,
    SEARCH,
    Lie,
    LyingLdap,
    Request,
    bind_result,
    entry,
    honest,
    karim,
    lying_ldap,
    message,
    result,
    search_done,
    text,
    tlv,
)  # fmt: skip
from tests.support.patience import until
from tests.support.ports import pause

pytestmark = pytest.mark.slow

RIGHT = Secret(b"right")
GROUP = "cn=social,ou=groups,dc=test"


@pytest.fixture(scope="session")
def pair(authority: Authority) -> Pair:
    return authority.server("liar")


@pytest.fixture
def settings(authority: Authority, tmp_path: Path) -> DirectorySettings:
    password = tmp_path / "service"
    password.write_text("service\n")
    return DirectorySettings(
        kind="openldap",
        servers=("ldaps://nowhere",),
        domain="ccas.example",
        people="ou=people,dc=test",
        groups="ou=groups,dc=test",
        bind_dn="cn=service,dc=test",
        bind_password_file=password,
        ca=authority.ca,
        connecting=timedelta(seconds=1),
        answering=timedelta(seconds=1),
    )


@pytest.fixture
def patient(settings: DirectorySettings) -> DirectorySettings:
    """For servers that always answer, or end the connection."""
    return replace(settings, connecting=timedelta(minutes=1), answering=timedelta(minutes=1))


def _opened(server: LyingLdap, settings: DirectorySettings) -> StaffDirectory:
    return open_directory(
        "ccas", replace(settings, servers=(server.url,)), lambda: datetime.now(UTC)
    )


@pytest.mark.parametrize("starts_tls", [False, True])
def test_an_honest_server_of_this_kind_is_understood(
    pair: Pair, patient: DirectorySettings, *, starts_tls: bool
) -> None:
    with lying_ldap(pair, lambda _: None, starts_tls=starts_tls) as server:
        directory = _opened(server, patient)
        who = directory.authenticate("karim", RIGHT, ())
        wrong = directory.authenticate("karim", Secret(b"wrong"), ())
        directory.close()
    assert isinstance(who, Present)
    assert (who.entry.id, who.entry.dn) == (KARIM_ID, KARIM)
    assert wrong is Wrong.WRONG


def _on(op: int, answer: Lie) -> Lie:
    return lambda request: answer(request) if request.op == op else None


def _users_bind(answer: Lie) -> Lie:
    """The second bind: the first is the service account's."""
    return _on(BIND, lambda request: answer(request) if request.number == 1 else None)


def _search(answer: Lie) -> Lie:
    return _on(SEARCH, answer)


def _nobody(request: Request) -> bytes:
    """Who am I? Nobody."""
    return message(request.id, result(0x78))


def _endless(request: Request) -> Iterator[bytes]:
    return (message(request.id, karim()) for _ in count())


def _referred(request: Request, tag: int) -> bytes:
    elsewhere = tlv(0xA3, text("ldap://127.0.0.1:1/dc=elsewhere"))
    return message(request.id, result(tag, 10, more=elsewhere))


LIES: dict[str, Lie] = {
    "a bind of another message": _users_bind(lambda r: bind_result(replace(r, id=r.id + 7), 0)),
    "a bind answered as a search": _users_bind(lambda r: message(r.id, result(0x65))),
    "a bind without an answer": _users_bind(lambda _: ()),
    "a bind with half an answer": _users_bind(lambda r: bind_result(r, 0)[:-3]),
    "a bind with garbage": _users_bind(lambda _: b"\x30\x0c" + bytes(range(200, 212))),
    "a bind with text": _users_bind(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a bind referred to another host": _users_bind(lambda r: _referred(r, 0x61)),
    "a bind that is busy": _users_bind(lambda r: bind_result(r, 51)),
    "a bind that fails inside": _users_bind(lambda r: bind_result(r, 80)),
    "a bind with a result that there is not": _users_bind(lambda r: bind_result(r, 99)),
    "success for nobody": _on(EXTENDED, lambda r: _nobody(r) if r.number > 0 else None),
    "success for nobody, of the service": _on(EXTENDED, _nobody),
    "a search of another message": _search(lambda r: message(r.id + 1, karim()) + search_done(r)),
    "a search without an end": _search(lambda r: message(r.id, karim())),
    "a search answered as a bind": _search(lambda r: message(r.id, result(0x61))),
    "a search with garbage": _search(lambda _: b"\x30\x84\x00\x00\x00\x04\xff\xff\xff\xff"),
    "a search of endless length": _search(lambda _: b"\x30\x84\x7f\xff\xff\xff" + b"x" * 999),
    "a search referred to another host": _search(lambda r: _referred(r, 0x65)),
    "a search with endless results": _search(_endless),
    "a search out of time": _search(lambda r: search_done(r, 3)),
    "a search at its limit": _search(lambda r: message(r.id, karim()) + search_done(r, 4)),
    "a search that may not": _search(lambda r: search_done(r, 50)),
    "a base that is not there": _search(lambda r: search_done(r, 32)),
    "nobody at all": _search(search_done),
    "two people": _search(lambda r: message(r.id, karim()) * 2 + search_done(r)),
    "an entry without an id": _search(
        lambda r: message(r.id, entry(KARIM, uid="karim")) + search_done(r)
    ),
    "an entry with an id that is none": _search(
        lambda r: message(r.id, entry(KARIM, uid="karim", entryUUID="*")) + search_done(r)
    ),
    "an entry with a place that is none": _search(
        lambda r: message(r.id, entry("karim", uid="karim", entryUUID=KARIM_ID)) + search_done(r)
    ),
    "an entry nowhere": _search(
        lambda r: message(r.id, entry("", uid="karim", entryUUID=KARIM_ID)) + search_done(r)
    ),
    "a group with a place that is none": _search(
        lambda r: (
            message(r.id, entry("social", cn="social", entryUUID=KARIM_ID)) + search_done(r)
            if r.number
            else None
        )
    ),
    "an entry with a date that is none": _search(
        lambda r: (
            message(
                r.id, entry(KARIM, uid="karim", entryUUID=KARIM_ID, pwdAccountLockedTime="soon")
            )
            + search_done(r)
        )
    ),
    "a notice of disconnection": _search(
        lambda _: message(0, result(0x78, 52, more=tlv(0x8A, b"1.3.6.1.4.1.1466.20036")))
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_at_sign_in_is_unknown(pair: Pair, settings: DirectorySettings, lie: Lie) -> None:
    with lying_ldap(pair, lie) as server:
        directory = _opened(server, settings)
        with pytest.raises(DirectoryAway):
            directory.authenticate("karim", RIGHT, [GROUP])
        directory.close()


def test_an_answer_that_drips_is_not_waited_for(pair: Pair, settings: DirectorySettings) -> None:
    """A byte now and then, each soon enough for a timeout of single reads."""
    whole: list[bool] = []

    def drip(request: Request) -> Iterator[bytes]:
        for byte in honest(request):
            pause(0.05)
            yield bytes([byte])
        whole.append(True)

    with lying_ldap(pair, _search(drip)) as server:
        directory = _opened(server, settings)
        with pytest.raises(DirectoryAway):
            directory.authenticate("karim", RIGHT, ())
        directory.close()
    assert whole == []


def test_somebody_renamed_while_they_are_looked_at_is_in_no_group_for_nobody(
    pair: Pair, patient: DirectorySettings
) -> None:
    """Their groups are asked for by a name that they had a moment ago."""

    def renamed(request: Request) -> bytes | None:
        if request.op != SEARCH or request.number == 0:
            return None
        # No group has the old name in it, and nobody has it either.
        return search_done(request, 32 if KARIM.encode() in request.body[:60] else 0)

    with lying_ldap(pair, renamed) as server:
        directory = _opened(server, patient)
        with pytest.raises(DirectoryAway, match="person any more"):
            directory.fetch(KARIM_ID, [GROUP])
        directory.close()


def test_a_password_is_told_to_one_server_only(pair: Pair, patient: DirectorySettings) -> None:
    """The first breaks off when it has it; it may have counted it as wrong."""
    with (
        lying_ldap(pair, _users_bind(lambda _: ())) as first,
        lying_ldap(pair, lambda _: None) as second,
    ):
        both = replace(patient, servers=(first.url, second.url))
        directory = open_directory("ccas", both, lambda: datetime.now(UTC))
        with pytest.raises(DirectoryAway):
            directory.authenticate("karim", RIGHT, ())
        assert not any(b"right" in one for one in second.heard)
        assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
        directory.close()
    assert sum(b"right" in one for one in first.heard) == 1


def test_somebody_else_than_asked_for_is_unknown(pair: Pair, patient: DirectorySettings) -> None:
    with lying_ldap(pair, lambda _: None) as server:
        directory = _opened(server, patient)
        with pytest.raises(DirectoryAway, match="somebody else"):
            directory.fetch("99999999-2222-3333-4444-555555555555", ())
        directory.close()


PAGES: dict[str, Lie] = {
    "no word on whether that was all": lambda r: (
        message(r.id, karim()) + message(r.id, result(0x65))
    ),
    "pages without anybody, and never the last": lambda r: search_done(r, cookie=b"more"),
    "a cookie that leads in a circle": lambda r: (
        message(r.id, karim()) + search_done(r, cookie=b"again")
    ),
    "a page without an end": lambda r: message(r.id, karim()),
    "a page at the limit": lambda r: message(r.id, karim()) + search_done(r, 4),
    "a page out of time": lambda r: message(r.id, karim()) + search_done(r, 3),
    "a second page that breaks off": lambda r: (
        (message(r.id, karim()) + search_done(r, cookie=b"2")) if r.number == 1 else ()
    ),
    "a control that is garbage": lambda r: (
        message(r.id, karim())
        + message(r.id, result(0x65), tlv(0xA0, tlv(0x30, text("1.2.840.113556.1.4.319"))))
    ),
}


@pytest.mark.parametrize("lie", PAGES.values(), ids=PAGES.keys())
def test_half_a_group_is_never_taken_for_a_whole_one(
    pair: Pair, settings: DirectorySettings, lie: Lie
) -> None:
    def answered(request: Request) -> object:
        """The group itself is told honestly, its people are not."""
        if request.op != SEARCH:
            return None
        if request.number == 0:
            group = entry(GROUP, cn="social", entryUUID=KARIM_ID, member=KARIM)
            return message(request.id, group) + search_done(request)
        return lie(request)

    with lying_ldap(pair, answered) as server:  # type: ignore[arg-type]
        directory = _opened(server, settings)
        with pytest.raises(DirectoryAway):
            list(directory.page(GROUP))
        directory.close()


STRIPPED: dict[str, Lie] = {
    "success, and no TLS": lambda r: message(r.id, result(0x78)) + message(r.id + 1, result(0x61)),
    "success, and silence": lambda r: [message(r.id, result(0x78))],
    "refused": lambda r: message(r.id, result(0x78, 2)),
    "refused as if it were a bind": lambda r: message(r.id, result(0x61, 0)),
    "TLS broken off": lambda r: [message(r.id, result(0x78)), b"\x15\x03\x03\x00\x02\x02\x28"],
}


@pytest.mark.parametrize("lie", STRIPPED.values(), ids=STRIPPED.keys())
def test_no_password_goes_over_a_connection_whose_tls_was_taken_away(
    pair: Pair, settings: DirectorySettings, lie: Lie
) -> None:
    with lying_ldap(pair, lambda r: lie(r) if r.starts_tls else None, starts_tls=True) as server:
        directory = _opened(server, settings)
        with pytest.raises(DirectoryAway):
            directory.authenticate("karim", RIGHT, ())
        directory.close()
        until(lambda: bool(server.heard))
    assert not any(b"service" in one or b"right" in one for one in server.heard)


def test_a_referral_takes_no_password_to_another_host(
    pair: Pair, patient: DirectorySettings
) -> None:
    with lying_ldap(pair, lambda _: None, starts_tls=True) as elsewhere:
        to = tlv(0xA3, text(f"{elsewhere.url}/ou=people,dc=test"))

        def refer(request: Request) -> bytes | None:
            tag = {BIND: 0x61, SEARCH: 0x65}.get(request.op)
            return message(request.id, result(tag, 10, more=to)) if tag else None

        for lie in (refer, _on(SEARCH, refer), _users_bind(refer)):
            with lying_ldap(pair, lie) as server:
                directory = _opened(server, patient)
                with pytest.raises(DirectoryAway):
                    directory.authenticate("karim", RIGHT, ())
                directory.close()
    assert elsewhere.heard == []
