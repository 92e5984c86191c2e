"""Staff of a directory on a running server with two workers: OpenLDAP knows their passwords."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.server.test_sign_in_over_http import comparable
from tests.support.cast import CCAS, EITHER, Casts
from tests.support.http import Answer, Caller
from tests.support.instance import Instance, Server, serving
from tests.support.slapd import Slapd
from tests.support.staff import PASSWORD, Staff, some_staff

pytestmark = [pytest.mark.server, pytest.mark.slow]

PEOPLE, AT_ONCE, WORKERS = 60, 8, 2
CONNECTIONS = 4
TEAM = "team"
_numbers = count()


@dataclass
class Reception:
    """A running server, whose directory `ccas` has people; those in its team come in."""

    server: Server
    staff: Staff

    @property
    def instance(self) -> Instance:
        return self.server.instance

    def hired(self) -> str:
        """Somebody whom no other test knows."""
        name = f"staff-{next(_numbers)}"
        self.staff.add(name)
        self.staff.put_in(TEAM, self.staff.person(name))
        return name

    def ask(self, login: str, secret: str = PASSWORD, source: str = "127.0.0.1") -> Answer:
        with Caller(
            self.instance.port, login, secret, tls=self.instance.tls, again=False, source=source
        ) as caller:
            return caller.ask("PROPFIND", "/dav/", {"Depth": "0"})


def configure(instance: Instance, staff: Staff) -> None:
    """One directory, and whom its team makes professionals."""
    # Nobody waits for it here in vain: a busy machine may take its time.
    patient = staff.configuration("ccas").replace(": 2 s\n", ": 30 s\n")
    instance.config.write_text(instance.config.read_text().replace("directories: {}\n", patient))
    groups = instance.folder / "policies" / "directory-groups.csv"
    groups.write_text(f"m, ccas, professional, {CCAS}, {staff.group(TEAM)}\n")
    instance.abri("policy", "apply")


@pytest.fixture(scope="module", params=EITHER)
def desk(
    casts: Casts,
    slapd: Slapd,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Reception]:
    folder: Path = tmp_path_factory.mktemp("reception")
    copied = casts.copy(request.param, folder / "abri")
    with copied as instance, some_staff(slapd, folder) as staff:
        staff.add_group(TEAM)
        staff.add("somebody")
        configure(instance, staff)
        with serving(instance, workers=WORKERS) as server:
            yield Reception(server, staff)


def test_sixty_people_with_eight_requests_each_are_one_bind_per_person_and_worker(desk):
    people = [f"person-{number}" for number in range(PEOPLE)]
    desk.staff.add(*people)
    desk.staff.put_in(TEAM, *(desk.staff.person(one) for one in people))
    before = desk.staff.server.binds()
    with ThreadPoolExecutor(32) as pool:
        asked = [
            pool.submit(desk.ask, f"{one}@ccas.example") for one in people for _ in range(AT_ONCE)
        ]
        statuses = [one.result(120).status for one in asked]
    binds = desk.staff.server.binds() - before - 1
    assert set(statuses) == {207}
    # Besides: the connections for searches, and one for looking at the whole directory.
    assert PEOPLE <= binds <= PEOPLE * WORKERS + (CONNECTIONS + 1) * WORKERS


def test_whoever_is_not_let_in_gets_one_and_the_same_answer(desk):
    name, gone, visitor = desk.hired(), desk.hired(), f"visitor-{next(_numbers)}"
    assert desk.ask(f"{gone}@ccas.example").status == 207
    desk.staff.disable(gone)
    desk.staff.add(visitor)
    tries = [
        (f"{name}@ccas.example", "wrong horse"),
        (f"{name}@ccas.example", ""),
        ("nobody@ccas.example", PASSWORD),
        (f"{visitor}@ccas.example", PASSWORD),
        (f"{gone}@ccas.example", "wrong horse"),
        (f"{name}@ccas.example", f"abri_{'0' * 32}_{'a' * 32}"),
        ("*@ccas.example", PASSWORD),
        (f"{name})(uid=*@ccas.example", PASSWORD),
        (f"{desk.staff.person(name)}@ccas.example", PASSWORD),
        (f"{name}\x00@ccas.example", PASSWORD),
        (f"{name}\u202e@ccas.example", PASSWORD),
        (f"{name}\u00e9@ccas.example", PASSWORD),
        ("x" * 4096 + "@ccas.example", PASSWORD),
        (f"{name}@elsewhere.example", PASSWORD),
        (name, PASSWORD),
    ]
    answers = {comparable(desk.ask(*one)) for one in tries}
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert desk.ask(f"{name}@ccas.example").status == 207
    assert desk.ask(f"CCAS.EXAMPLE\\{name.upper()}").status == 207


def test_beyond_the_limit_the_answer_is_that_to_a_wrong_password(desk):
    name = desk.hired()
    login = f"{name}@ccas.example"
    assert desk.ask(login, source="127.0.0.2").status == 207
    sources = [f"127.0.0.{number}" for number in range(10, 16)]
    answers = {comparable(desk.ask(login, f"guess from {one}", one)) for one in sources}
    # Right, but from where nobody of that name ever was, after too many wrong ones.
    answers.add(comparable(desk.ask(login, source="127.0.0.20")))
    assert [one[0] for one in answers] == [401]
    locked = desk.staff.server.value(desk.staff.person(name), "pwdAccountLockedTime")
    assert locked is None
    assert desk.ask(login, source="127.0.0.2").status == 207


def test_while_the_directory_is_away_everybody_of_its_domain_waits(desk):
    warm, cold = desk.hired(), desk.hired()
    # One connection stays with one worker.
    caller = Caller(desk.instance.port, f"{warm}@ccas.example", PASSWORD, tls=desk.instance.tls)
    with caller as kept, desk.staff.server.healed():
        assert kept.ask("PROPFIND", "/dav/", {"Depth": "0"}).status == 207
        desk.staff.server.kill()
        tries = [
            (f"{cold}@ccas.example", PASSWORD),
            (f"{cold}@ccas.example", "wrong horse"),
            (f"{cold}@ccas.example", ""),
            ("nobody@ccas.example", PASSWORD),
            ("*@ccas.example", PASSWORD),
            ("nobody@ccas.example", f"abri_{'0' * 32}_{'a' * 32}"),
        ]
        found = [desk.ask(*one) for one in tries]
        assert len({comparable(one) for one in found}) == 1
        assert (found[0].status, found[0].header("Retry-After")) == (503, "30")
        assert kept.ask("PROPFIND", "/dav/", {"Depth": "0"}).status == 207
        with desk.instance.caller("amina") as amina:
            assert amina.ask("PROPFIND", "/dav/", {"Depth": "0"}).status == 207
        with Caller(desk.instance.port, tls=desk.instance.tls) as caller:
            health = caller.ask("GET", "/healthz")
        assert health.status == 200
        assert '"directories": {"configured": 1, "away": ' in health.text()
    log = desk.server.log_text()
    assert "directory-away" in log
    for secret in (PASSWORD, warm, cold, "wrong horse"):
        assert secret not in log
