"""The OpenLDAP of the tests is what the other tests take it for."""

import ssl
from pathlib import Path

import pytest

from tests.support.authority import Authority
from tests.support.ports import answers
from tests.support.serving import eventually
from tests.support.slapd import Slapd
from tests.support.staff import Staff, crowded

pytestmark = pytest.mark.slow


def test_people_have_an_id_and_know_their_groups(staff: Staff) -> None:
    staff.add("karim", "zoe")
    staff.add_group("inner", staff.person("karim"))
    staff.add_group("outer", staff.group("inner"))
    assert len(staff.id("karim")) == 36
    assert staff.id("karim") != staff.id("zoe")
    assert staff.server.value(staff.person("karim"), "memberOf") == staff.group("inner")
    assert staff.server.value(staff.group("inner"), "memberOf") == staff.group("outer")


def test_somebody_renamed_keeps_their_id(staff: Staff) -> None:
    staff.add("karim")
    before = staff.id("karim")
    staff.rename("karim", "karim.b")
    assert staff.id("karim.b") == before


def test_each_test_finds_an_empty_base(staff: Staff) -> None:
    staff.add("karim")
    with pytest.raises(RuntimeError, match="Already exists"):
        staff.add("karim")


@pytest.mark.parametrize("how", ["kill", "pause", "stop"])
def test_whatever_happened_it_serves_again(staff: Staff, how: str) -> None:
    with staff.server.healed():
        getattr(staff.server, how)()
    staff.add("karim")


def test_it_can_show_another_certificate(staff: Staff, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "Somebody else")
    ours = ssl.create_default_context(cafile=str(staff.server.authority.ca))
    address = ("127.0.0.1", staff.server.tls_port)
    assert ssl.get_server_certificate(address, ca_certs=str(staff.server.authority.ca))
    staff.server.restart(other.server())
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.get_server_certificate(address, ca_certs=str(staff.server.authority.ca))
    assert ours.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_binds_are_counted(staff: Staff) -> None:
    before = staff.server.binds()
    assert staff.server.binds() == before + 1


def test_a_replica_has_what_the_first_has(staff: Staff, replica: Slapd) -> None:
    staff.add("karim")
    assert eventually(lambda: replica.has(staff.person("karim")))
    assert replica.value(staff.person("karim"), "entryUUID") == staff.id("karim")
    staff.server.kill()
    assert not answers(staff.server.tls_port)
    assert replica.has(staff.person("karim"))


def test_a_crowd_is_there_at_once(authority: Authority, tmp_path: Path) -> None:
    with crowded(authority, tmp_path, 20) as many:
        assert many.server.value(many.person("p0019"), "memberOf") == many.group("everybody")
