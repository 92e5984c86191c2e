"""The traps of ldap3 and of LDAP, each by the number that it has in the report (§7.2)."""

import inspect
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authn.ldap import channel, link
from authn.ldap.answers import Code
from authn.ldap.channel import Trust
from authn.ldap.kinds import KINDS
from authn.ldap.link import Link, Patience
from authn.ldap.opening import open_directory
from authn.ldap.port import Absent, DirectoryAway, Present, StaffDirectory, Wrong
from davserver.domain.secret import Secret
from tests.support.authority import Authority, Pair
from tests.support.lying_ldap import (
    EXTENDED,
    KARIM,
    SEARCH,
    Request,
    entry,
    lying_ldap,
    message,
    result,
    search_done,
)  # fmt: skip
from tests.support.staff import PASSWORD, Staff

pytestmark = pytest.mark.slow

RIGHT = Secret(PASSWORD.encode())
Opener = Callable[..., StaffDirectory]


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def opened(staff: Staff) -> Iterator[Opener]:
    with ExitStack() as open_ones:

        def make(**other: object) -> StaffDirectory:
            made = open_directory("ccas", staff.settings(**other), _now)
            open_ones.callback(made.close)
            return made

        yield make


@pytest.fixture
def linked(staff: Staff) -> Iterator[Callable[..., Link]]:
    """A connection of its own at each call."""
    trust = Trust(staff.server.authority.ca, None, None)
    with ExitStack() as open_ones:

        def make(**other: str) -> Link:
            made = Link(staff.server.ldaps, trust, Patience(2, 2), **other)
            open_ones.callback(made.close)
            return made

        yield make


def test_1_a_refused_bind_is_no_success_with_the_strategy_in_use(
    staff: Staff, linked: Callable[[], Link]
) -> None:
    """Of ldap3's strategies one is in use; another returns a tuple, which is always true."""
    staff.add("karim")
    assert inspect.signature(Link).parameters["strategy"].default == link.ldap3.SYNC
    source = "".join(one.read_text() for one in Path(link.__file__).parent.glob("*.py"))
    assert re.findall(r"strategy\w*=(\S+?),", source) == ["strategy"], "nobody chooses another"
    one = linked()
    assert one.bind(staff.person("karim"), Secret(b"wrong")).code == Code.INVALID_CREDENTIALS
    assert one.bind(staff.person("karim"), RIGHT).code == Code.SUCCESS


@pytest.mark.parametrize("strategy", ["SAFE_SYNC", "SAFE_RESTARTABLE"])
def test_1_with_another_strategy_nobody_would_come_in(
    staff: Staff, linked: Callable[..., Link], strategy: str
) -> None:
    """A tuple is not True: it contradicts the result, which is unknown."""
    staff.add("karim")
    with pytest.raises(DirectoryAway):
        linked(strategy=getattr(link.ldap3, strategy)).bind(staff.person("karim"), RIGHT)


@pytest.mark.parametrize("password", [b"", b"\0", b"correct horse\0", b"x" * 1025, b"x" * 100_000])
def test_2_no_empty_cut_or_endless_password_goes_over_the_wire(
    staff: Staff, opened: Opener, password: bytes
) -> None:
    """The server here would take an empty one for an anonymous sign-in (RFC 4513 §5.1.2)."""
    staff.add("karim")
    staff.server.restart(more="allow bind_anon_cred")
    before = staff.server.binds()
    assert opened().authenticate("karim", Secret(password), ()) is Wrong.WRONG
    assert staff.server.binds() == before + 1


def test_2_nor_is_an_empty_one_taken_by_the_connection_itself(
    staff: Staff, linked: Callable[[], Link]
) -> None:
    one = linked()
    with pytest.raises(DirectoryAway):
        one.bind(staff.reader, Secret(b""))


def _strangers(_: Staff, folder: Path) -> Pair:
    return Authority(folder / "strangers", "Stranger").server()


def _named(staff: Staff, _: Path) -> Pair:
    return staff.server.authority.server("named", ["ldap.example.org", "127.0.0.2"])


def _old(staff: Staff, _: Path) -> Pair:
    return staff.server.authority.server("old", expired=True)


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
@pytest.mark.parametrize("pair", [_strangers, _named, _old])
def test_3_no_certificate_is_taken_that_is_not_the_servers(
    staff: Staff, opened: Opener, pair: Callable[[Staff, Path], Pair], scheme: str, tmp_path: Path
) -> None:
    staff.add("karim")
    staff.server.restart(pair(staff, tmp_path))
    url = staff.server.ldaps if scheme == "ldaps" else staff.server.ldap
    with pytest.raises(DirectoryAway, match="CERTIFICATE_VERIFY_FAILED"):
        opened(servers=(url,)).authenticate("karim", RIGHT, ())


def test_3_a_server_is_met_by_its_name_too(staff: Staff, opened: Opener) -> None:
    staff.add("karim")
    by_name = opened(servers=(f"ldaps://localhost:{staff.server.tls_port}",))
    assert isinstance(by_name.authenticate("karim", RIGHT, ()), Present)


def test_3_old_versions_of_tls_are_refused(staff: Staff, opened: Opener) -> None:
    staff.server.restart(more="TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT")
    with pytest.raises(DirectoryAway, match=r"TLS|SSL"):
        opened().ping()
    context = Trust(None, None, None).context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_3_a_renewed_authority_is_read_without_a_restart(
    staff: Staff, opened: Opener, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Authority(tmp_path / "old", "Old").ca.read_bytes())
    directory = opened(ca=ca)
    with pytest.raises(DirectoryAway):
        directory.ping()
    ca.write_bytes(staff.server.authority.ca.read_bytes())
    directory.ping()


def test_6_small_pieces_are_not_held_back(linked: Callable[[], Link]) -> None:
    raw = linked()._private().raw
    assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_6_nothing_is_waited_for_without_end(staff: Staff, opened: Opener) -> None:
    staff.server.pause()
    short = {"connecting": timedelta(seconds=0.2), "answering": timedelta(seconds=0.2)}
    for url in (staff.server.ldaps, staff.server.ldap):
        with pytest.raises(DirectoryAway):
            opened(servers=(url,), **short).authenticate("karim", RIGHT, ())


def test_6_a_name_that_does_not_resolve_in_time_is_unknown() -> None:
    """The system's resolver cannot be told to hurry."""
    asked = threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        asked.wait(60)
        return []

    with pytest.raises(TimeoutError):
        channel.resolved("directory.example.org", 636, 0.05, slow)
    asked.set()


def test_7_nothing_is_read_but_what_is_needed(staff: Staff, authority: Authority) -> None:
    asked: list[Request] = []
    with lying_ldap(authority.server("observed"), asked.append) as server:
        directory = open_directory(
            "ccas",
            staff.settings(servers=(server.url,), people="ou=people,dc=test"),
            _now,
        )
        assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
        directory.close()
    (search,) = (one for one in asked if one.op == SEARCH)
    asked_for = search.body.rpartition(b"\x04\x09entryUUID")[2]
    assert b"objectClass" not in asked_for
    assert b"userPassword" not in asked_for
    assert not any(b"subschema" in one.lower() for one in server.heard)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_7_no_kind_reads_passwords_or_everything(kind: object) -> None:
    attributes = kind.attributes  # type: ignore[attr-defined]
    assert len(attributes) < 12
    assert not {"*", "+", "userPassword", "unicodePwd", "member"} & set(attributes)


def test_8_trying_a_password_leaves_the_service_connection_as_it_was(
    staff: Staff, opened: Opener
) -> None:
    """Karim may read nothing: a shared connection that became his would find nobody."""
    staff.add("karim", "zoe")
    directory = opened(connections=1)
    known = staff.id("zoe")
    for password in (RIGHT, Secret(b"wrong")):
        directory.authenticate("karim", password, ())
        assert isinstance(directory.fetch(known, ()), Present)


def test_8_many_threads_share_few_connections(staff: Staff, opened: Opener) -> None:
    accounts = [f"p{number}" for number in range(12)]
    staff.add(*accounts)
    staff.add_group("even", *(staff.person(one) for one in accounts[::2]))
    directory = opened(connections=2)
    before = staff.server.binds()

    def sign_in(account: str) -> tuple[str, bool]:
        who = directory.authenticate(account, RIGHT, [staff.group("even")])
        assert isinstance(who, Present)
        return who.entry.account, bool(who.groups)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(sign_in, accounts * 3))
    assert answers == [(one, one in accounts[::2]) for one in accounts * 3]
    binds = staff.server.binds() - before - 1
    assert 36 < binds <= 36 + 2, "one for each password, and the service account's"


def test_8_a_connection_that_was_closed_while_idle_is_opened_again(
    staff: Staff, opened: Opener
) -> None:
    staff.add("karim")
    directory = opened(connections=1)
    for _ in range(2):
        assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
        staff.server.restart()


NAMES = [
    "*", "karim*", "k*m", "karim)(uid=*", "karim)(|(uid=*", "(uid=karim)", "kar\\69m", "\\6barim",
    "karim\0", "karim\n", "kar\u00adim", "\u200bkarim", "karim ", " karim", "uid=karim",
    "karim,ou=people", "karim+cn=Karim", "#6b6172696d", "", " ", "x" * 257, "x" * 4096, "&", "!",
    "karim\u202e", "kárim", "karım", "ｋarim",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_10_no_name_finds_somebody_else(staff: Staff, opened: Opener, name: str) -> None:
    staff.add("karim")
    assert opened().authenticate(name, RIGHT, ()) is Absent.ABSENT


@pytest.mark.parametrize(
    "account", ["o'brien", "jean-paul", "a.b+c", "josé", "(x)", "a*b", "a,b=c", "ø/æ", '"q"', "a#b"]
)
def test_10_unusual_names_are_found_as_they_are(staff: Staff, opened: Opener, account: str) -> None:
    """Names that must be escaped in a filter, in a DN, in both."""
    dn_part = account.replace(",", "\\2C").replace("+", "\\2B").replace('"', "\\22")
    staff.server.change(
        f"dn: uid={dn_part},ou=people,{staff.base}\nchangetype: add\nobjectClass: inetOrgPerson\n"
        f"uid: {account}\ncn: X\nsn: X\nuserPassword: {PASSWORD}\n"
    )
    staff.add_group("social", f"uid={dn_part},ou=people,{staff.base}")
    directory = opened()
    who = directory.authenticate(account, RIGHT, [staff.group("social")])
    assert isinstance(who, Present)
    assert (who.entry.account, len(who.groups)) == (account, 1)
    assert [one.id for page in directory.page(staff.group("social")) for one in page] == [
        who.entry.id
    ]


@pytest.mark.parametrize("typed", ["KARIM", "Karim"])
def test_10_case_is_no_matter_and_the_name_is_the_directorys(
    staff: Staff, opened: Opener, typed: str
) -> None:
    staff.add("karim")
    who = opened().authenticate(typed, RIGHT, ())
    assert isinstance(who, Present)
    assert who.entry.account == "karim"


def test_10_an_accent_may_come_in_two_pieces(staff: Staff, opened: Opener) -> None:
    staff.add("jose\u0301".encode().decode())
    assert isinstance(opened().authenticate("jos\u00e9", RIGHT, ()), Present)


def test_10_an_id_of_another_software_is_unknown(staff: Staff, opened: Opener) -> None:
    for strange in ("*", "karim", "", "1af0b3c5-aaaaaaaa-bbbbbbbb-cccccccc"):
        with pytest.raises(DirectoryAway):
            opened().fetch(strange, ())


def test_11_a_limit_of_the_server_is_no_end(staff: Staff, opened: Opener) -> None:
    """The service account may see two entries, whatever is asked."""
    staff.add("karim", "zoe", "noor")
    staff.add_group("social", *(staff.person(one) for one in ("karim", "zoe", "noor")))
    staff.server.restart(most="2")
    with pytest.raises(DirectoryAway):
        list(opened().page(staff.group("social")))


_CHAIN = b"1.2.840.113556.1.4.1941"
_SOCIAL = "CN=social,OU=groups,DC=test"
_GUID = "guid-of-16-bytes"


def _without_the_rule(request: Request) -> bytes | None:
    """Active Directory's rule finds nothing here, as where it is not known; karim is in a group."""
    if request.op == EXTENDED:
        return message(request.id, result(0x78, 2))
    if request.op != SEARCH:
        return None
    found = b""
    if _CHAIN not in request.body and b"objectCategory" in request.body:
        found = entry(KARIM, sAMAccountName="karim", objectGUID=_GUID, userAccountControl="512")
    elif _CHAIN not in request.body and (KARIM.encode() in request.body or request.number == 0):
        found = entry(_SOCIAL, cn="social", objectGUID=_GUID)
    return (message(request.id, found) if found else b"") + search_done(request)


def test_12_a_server_without_the_rule_is_walked_instead(staff: Staff, authority: Authority) -> None:
    with lying_ldap(authority.server("old-ad"), _without_the_rule) as server:
        settings = staff.settings(
            kind="active-directory",
            servers=(server.url,),
            people="ou=people,dc=test",
            groups="OU=groups,DC=test",
        )
        for _ in range(2):
            directory = open_directory("ccas", settings, _now)
            for _ in range(2):
                who = directory.authenticate("karim", RIGHT, [_SOCIAL])
                assert isinstance(who, Present)
                assert who.groups == {_SOCIAL}
            directory.close()


def test_12_so_are_those_in_a_group(staff: Staff, authority: Authority) -> None:
    with lying_ldap(authority.server("old-ad"), _without_the_rule) as server:
        settings = staff.settings(
            kind="active-directory",
            servers=(server.url,),
            people="ou=people,dc=test",
            groups="OU=groups,DC=test",
        )
        directory = open_directory("ccas", settings, _now)
        assert [one.account for page in directory.page(_SOCIAL) for one in page] == ["karim"]
        directory.close()
