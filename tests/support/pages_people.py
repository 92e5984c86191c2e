"""Who plays the pages on each screen: made at once, so that no screen meets another's doings."""

from datetime import timedelta

from authn.credentials import Password, password_bytes
from authn.sessions import as_cookie
from davserver.domain.actions import Right
from davserver.domain.paths import DrivePath
from davserver.domain.people import Role, StructureKind
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.people.people import PersonToAdd
from davserver.wiring.services import Services
from tests.support.cast import CCAS, OTHER_STRUCTURE
from tests.support.dav import Drive
from tests.support.instance import Instance, password_of
from tests.support.screens import Screen

PAPERS = "/Papiers"
MANY = "/Archives"
PURPOSE = "Dalo"
ROLES: dict[str, tuple[Role, str, tuple[str, ...]]] = {
    "amina": (Role.BENEFICIARY, "Amina Benali", ()),
    "karim": (Role.PROFESSIONAL, "Karim Roux", (CCAS, OTHER_STRUCTURE)),
    "zoe": (Role.PROFESSIONAL, "Zoé Petit", ()),
    "mireille": (Role.MANAGER, "Mireille Blanc", ()),
    "admin": (Role.ADMINISTRATOR, "Ada Minh", ()),
}
"""By the first part of their login; the second is the screen. To play somebody else, add a row."""

OWN = [
    *(name for _, name, _ in ROLES.values()), PAPERS[1:], MANY[1:], PURPOSE,
    "CCAS de Lyon", "Association du Rhône", "Foyer", "tests", CCAS, OTHER_STRUCTURE,
    "reçu de loyer", "Loyers", "bail", "Réf", "pdf", "txt", "jpg", "gpj", "xx",
]  # fmt: skip
"""What they call their things; their logins come to it."""


def logins(screen: Screen) -> list[str]:
    return [f"{name}-{screen.name}" for name in ROLES]


def prepare(instance: Instance, screen: Screen) -> dict[str, str]:
    """Everybody's cookie, by login."""
    instance.passwords.update((login, password_of(login)) for login in logins(screen))
    with instance.opened() as services:
        operator = services.people.operator("tests", services.clock())
        foyer, sort = f"foyer-{screen.name}", StructureKind.ASSOCIATION
        services.people.add_structure(operator, foyer, "Foyer", sort, services.clock())
        return {f"{name}-{screen.name}": _cookie(services, screen, name) for name in ROLES}


def _cookie(services: Services, screen: Screen, name: str) -> str:
    role, shown, structures = ROLES[name]
    login, now = f"{name}-{screen.name}", services.clock()
    inside = (f"foyer-{screen.name}",) if role is Role.MANAGER else structures
    new = PersonToAdd(login, role, shown, inside, "none", password_of(login))
    services.people.add_person(services.people.operator("tests", now), new, now)
    known = Password(login, password_bytes(password_of(login)))
    who = services.login.sign_in(known, "127.0.0.1", now)
    if name == "karim":
        for slug in structures:
            asked = Wish(slug, f"amina-{screen.name}", now + timedelta(days=400))
            services.affiliations.request(who, asked, now)
    return as_cookie(services.sessions.begin(who, now))


def fill(instance: Instance, login: str, reader: str) -> None:
    """A safe with a document that has versions, many folders, and shares."""
    drive: Drive = instance.drive(login)
    for path in (PAPERS, MANY, *(f"{MANY}/{number:02}" for number in range(1, 56))):
        assert drive.mkcol(path).status == 201
    for content in (b"first", b"second"):
        assert drive.put(f"{PAPERS}/bail.pdf", content).status in {201, 204}
    assert drive.put(f"{PAPERS}/{'xx' * 60} \u202egpj.txt", b"x").status == 201
    share(instance, login, reader, [(PAPERS, ""), (f"{MANY}/01", PURPOSE), (f"{MANY}/02", PURPOSE)])


def share(instance: Instance, giver: str, reader: str, what: list[tuple[str, str]]) -> None:
    """Each folder, for its purpose."""
    with instance.opened() as services:
        now, sharing = services.clock(), services.sharing
        who = services.people.operator_for(giver, "tests", now)
        to = sharing.grantee(reader)
        for path, purpose in what:
            sharing.add(
                who, to=to, path=DrivePath.parse(path), right=Right.WRITE, until=None, now=now,
                purpose=purpose,
            )  # fmt: skip
