"""Whatever an administrator writes, nobody gets at anything without ownership or a live grant.

Hypothesis writes whole sets of policy files; each is put in force on a running server, and people
without a live grant try every verb on what is there and on what is not.
`pytest --hypothesis-profile thorough` plays many more sets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from davserver.wiring.services import Services
from tests.support.any_rules import THOROUGH, Files, allowing_everything, policy_files
from tests.support.cast import CCAS, EITHER, OTHER_STRUCTURE, Casts
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Instance, serving
from tests.support.rules import force

pytestmark = [pytest.mark.server, pytest.mark.slow]

THERE, ABSENT = "/Amina Benali", "/Anina Benali"
"""What those who have a live grant see at the root, and a name as long that nobody has."""

WITHOUT = {
    "ines": "no grant, and of a structure that has none",
    "omar": "a grant that was ended",
    "nadia": "who left the structure that has one",
    "mireille": "the manager of another structure",
    "marc": "the manager of the structure that has one",
    "alix": "the administrator",
    "bilal": "somebody else who owns a vault",
}
WITH = ("karim", "zoe")
_NEVER = {200, 201, 204, 206}
_OWN = {"date", "x-request-id"}


@dataclass(frozen=True)
class Verb:
    """What is asked of a path below a person's folder."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def sent(self, drive: Drive, top: str) -> Answer:
        headers = {name: value.format(drive.base + quote(top)) for name, value in self.headers}
        return drive.ask(self.method, top + self.path, headers, self.body)


FILE, FOLDER, NEW = "/Logement/bail.txt", "/Logement", "/Logement/nouveau.txt"
_LOCK = (
    b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/>'
    b"</D:locktype></D:lockinfo>"
)
_PATCH = (
    b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><n xmlns="urn:x">v</n></D:prop></D:set>'
    b"</D:propertyupdate>"
)
VERBS = (
    Verb("GET", FILE),
    Verb("HEAD", FILE),
    Verb("GET", FOLDER),
    Verb("GET", ""),
    Verb("PROPFIND", "", (("Depth", "1"),)),
    Verb("PROPFIND", FOLDER, (("Depth", "1"),)),
    Verb("PROPFIND", FILE, (("Depth", "0"),)),
    Verb("PROPPATCH", FILE, (), _PATCH),
    Verb("PUT", FILE, (), b"x"),
    Verb("PUT", NEW, (), b"x"),
    Verb("MKCOL", NEW),
    Verb("DELETE", FILE),
    Verb("DELETE", ""),
    Verb("LOCK", FILE, (), _LOCK),
    Verb("UNLOCK", FILE, (("Lock-Token", "<urn:x>"),)),
    Verb("COPY", FILE, (("Destination", "{}/Logement/copie.txt"),)),
    Verb("MOVE", FILE, (("Destination", "{}/Logement/autre.txt"),)),
    Verb("MOVE", FOLDER, (("Destination", "{}/Ailleurs"),)),
)


@dataclass(frozen=True)
class Stage:
    instance: Instance
    services: Services
    drives: dict[str, Drive]

    def force(self, files: Files) -> None:
        """Also what its own cases, or two administrators, would have stopped."""
        force(self.services.rulebook._tools, files)


@pytest.fixture(scope="module", params=EITHER)
def stage(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("any") / "abri"
    with casts.copy(request.param, folder) as instance:
        instance.set("policy.activation", "manual")
        for login in ("ines", "omar"):
            instance.add_person(login, "professional", login.title(), CCAS)
        instance.add_person("nadia", "professional", "Nadia Petit", OTHER_STRUCTURE)
        instance.add_person("marc", "manager", "Marc Petit", OTHER_STRUCTURE)
        instance.add_person("alix", "administrator", "Alix Martin")
        with serving(instance), instance.opened() as services:
            drives = {login: instance.drive(login) for login in (*WITHOUT, *WITH, "amina")}
            amina = drives["amina"]
            assert amina.mkcol("/Logement").status == 201
            assert amina.put(FILE, b"the lease").status == 201
            amina.proppatch("/Logement", "{urn:x-abri:properties}category", "housing")
            ended = instance.grant("amina", "omar", "/Logement", "write")
            for to in ("karim", f"structure:{OTHER_STRUCTURE}"):
                instance.grant("amina", to, "/Logement", "write")
            now = services.clock()
            operator = services.people.operator("tests", now)
            services.sharing.end(operator, bytes.fromhex(ended), now)
            services.people.end_membership(operator, "nadia", OTHER_STRUCTURE, now)
            yield Stage(instance, services, drives)
            for drive in drives.values():
                drive.caller.close()


def told(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _OWN]
    return answer.status, kept, answer.body


MANY = settings.get_current_profile_name() == THOROUGH


@settings(
    max_examples=settings().max_examples if MANY else 8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(files=allowing_everything(), verbs=VERBS)
@given(policy_files(), st.lists(st.sampled_from(VERBS), unique=True, min_size=4, max_size=4))
def test_no_rule_file_opens_anything_to_whoever_has_no_live_grant(stage, files, verbs) -> None:
    stage.force(files)
    for login in WITHOUT:
        drive = stage.drives[login]
        root = drive.propfind("/")
        assert root.status in {207, 403}
        assert root.status == 403 or set(drive.names("/")) == set(), (login, root)
        for verb in verbs:
            hidden, absent = (verb.sent(drive, top) for top in (THERE, ABSENT))
            assert hidden.status not in _NEVER | {207}, (login, verb, hidden)
            assert told(hidden) == told(absent), (login, verb)
    amina = stage.drives["amina"]
    if files == allowing_everything():
        # So that the above is no matter of course: with a live grant, the same file opens it.
        assert [stage.drives[login].get(THERE + FILE).status for login in WITH] == [200, 200]
        assert amina.get(FILE).body == b"the lease"
        assert amina.names("/Logement") == {"bail.txt"}
