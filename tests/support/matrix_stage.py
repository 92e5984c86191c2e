"""The people, grants and folders behind tests/policy/table.csv, made once through the gate."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from davserver import config
from davserver.domain.actions import Right
from davserver.domain.grants import Grantee
from davserver.domain.paths import DrivePath
from davserver.domain.people import Role
from davserver.gate.people.people import PersonToAdd
from davserver.gate.sharing.sharing import Sharing
from davserver.wiring.services import Services, build
from tests.policy.specification import SCENES, Scene
from tests.support.cast import CCAS, OTHER_STRUCTURE
from tests.support.dav import Drive
from tests.support.instance import Instance
from tests.support.rules import OneSet, shipped_files

OWNER, OWNER_NAME = "farah", "Farah Diallo"
OTHER_OWNER = "bilal"
FOLDERS = {"ordinary": "/Logement", "sensitive": "/Santé"}
WIDER = "large"
"""A folder in each scene that one more professional is shown."""
_FURTHER = "yann"

WHO = {
    "owner": OWNER,
    "stranger": OTHER_OWNER,
    "named": "karim",
    "via-structure": "lina",
    "other-structure": "zoe",
    "upcoming": "ines",
    "expired": "omar",
    "ended": "paul",
    "left": "nadia",
    "manages": "mireille",
    "none": "admin",
}
"""Whoever stands for a relation. zoe works in the other structure; nadia left this one."""

_PROFESSIONALS = {
    "lina": CCAS,
    "nadia": CCAS,
    "ines": OTHER_STRUCTURE,
    "omar": OTHER_STRUCTURE,
    "paul": OTHER_STRUCTURE,
    _FURTHER: OTHER_STRUCTURE,
}
_BY_NAME = {"named", "upcoming", "expired", "ended"}


@dataclass(frozen=True)
class Place:
    """What one scene was shared: a folder and a file, as the owner and as the other side see them.
    `other` is a folder of another vault, shared with the same person.
    """

    folder: str
    file: str
    seen_folder: str
    seen_file: str
    other: str


@dataclass
class Stage:
    """One running instance in which every scene can be played. `numbers`: for names that nobody
    has used. `whole`: whether every row is asked. On PostgreSQL, where changes take several times
    as long, each question with its answer is asked in one scene.
    """

    instance: Instance
    places: dict[Scene, Place]
    whole: bool
    numbers: "count[int]" = field(default_factory=count)

    def drive(self, login: str) -> Drive:
        return self.instance.drive(login)

    def viewer(self, scene: Scene) -> Drive:
        if scene.role == "nobody":
            stranger = self.instance.drive(OWNER)
            stranger.caller.login = None
            return stranger
        return self.drive(WHO[scene.relation])


@contextmanager
def staged(instance: Instance, scenes: Iterable[Scene] = SCENES) -> Iterator[Stage]:
    """Everybody and everything, on an instance with the usual cast that is being served."""
    services = build(config.load(instance.config))
    try:
        _Setting(instance, services).people()
        owner, other = instance.drive(OWNER), instance.drive(OTHER_OWNER)
        other.mkcol("/autre")
        setting = _Setting(instance, services)
        away = {
            relation: setting.share(OTHER_OWNER, "/autre", relation, "write")
            for relation in ("named", "via-structure")
        }
        places = {
            scene: setting.place(owner, scene, number, away.get(scene.relation, "/Bilal Haddad/x"))
            for number, scene in enumerate(scenes)
        }
        services.people.end_membership(setting.operator, "nadia", CCAS, setting.now)
        on_sqlite = services.settings.database.url.startswith("sqlite")
        yield Stage(instance, places, whole=on_sqlite)
    finally:
        services.close()


class _Setting:
    def __init__(self, instance: Instance, services: Services) -> None:
        self._instance = instance
        self._services = services
        self.now = services.clock()
        self.operator = services.people.operator("tests", self.now)

    def people(self) -> None:
        self._add(OWNER, Role.BENEFICIARY, OWNER_NAME)
        self._add("admin", Role.ADMINISTRATOR, "Alix Martin")
        for login, structure in _PROFESSIONALS.items():
            self._add(login, Role.PROFESSIONAL, login.title(), structure)

    def _add(self, login: str, role: Role, name: str, *structures: str) -> None:
        password = f"mot de passe de {login}"
        new = PersonToAdd(login, role, name, structures, password=password)
        self._services.people.add_person(self.operator, new, self.now)
        self._instance.passwords[login] = password

    def place(self, owner: Drive, scene: Scene, number: int, other: str) -> Place:
        """Shares what the scene is about, to whom and as it says."""
        above = FOLDERS[scene.category]
        folder, file = f"{above}/partage-{number}", f"{above}/piece-{number}.txt"
        _made(owner.mkcol(folder).status)
        _made(owner.mkcol(f"{folder}/{WIDER}").status)
        _made(owner.put(file, b"shared alone").status)
        self.share(OWNER, f"{folder}/{WIDER}", "further", "read")
        if scene.relation == "owner":
            return Place(folder, file, folder, file, other)
        right = "write" if scene.right == "none" else scene.right
        seen_folder = self.share(OWNER, folder, scene.relation, right)
        if right == "deposit":
            return Place(folder, file, seen_folder, "", other)
        seen_file = self.share(OWNER, file, scene.relation, right)
        return Place(folder, file, seen_folder, seen_file, other)

    def share(self, owner: str, path: str, relation: str, right: str) -> str:
        """Where the other side finds it, if they find it at all."""
        sharing = self._sharing(relation)
        grant = sharing.add(
            self._services.people.operator_for(owner, "tests", self.now),
            to=self._grantee(relation, away=owner == OTHER_OWNER),
            path=DrivePath.parse(path),
            right=Right(right),
            until=self.now - timedelta(days=1) if relation == "expired" else None,
            now=self.now,
        )
        if relation == "ended":
            self._services.sharing.end(self.operator, grant.id, self.now)
        return grant.seen_at

    def _grantee(self, relation: str, *, away: bool) -> Grantee:
        named = relation in _BY_NAME or away
        login = _FURTHER if relation == "further" else WHO[relation]
        text = login if named or relation == "further" else f"structure:{CCAS}"
        return self._services.sharing.grantee(text)

    def _sharing(self, relation: str) -> Sharing:
        """Sharing at the moment that the relation asks for. A grant to a structure on something
        sensitive was given while the rules allowed it: today's rules hide it.
        """
        tools = self._services.sharing._tools
        moved = {"upcoming": timedelta(days=1), "expired": timedelta(days=-2)}
        at = self.now + moved.get(relation, timedelta())
        clock = (lambda: at) if relation in moved else tools.clock
        return Sharing(
            replace(tools, policy=OneSet(tools.keys, _every_category()), clock=clock), 10_000_000
        )


def _every_category():
    files = shipped_files()
    team = b"via-structure, consult, ordinary"
    assert team in files["rules.csv"]
    files["rules.csv"] = files["rules.csv"].replace(team, b"via-structure, consult, *")
    return files


def _made(status: int) -> None:
    assert status == 201, status
