"""Who may sign in, by what, and in which teams they are."""

from datetime import datetime, timedelta

from authn.credentials import from_login_and_secret
from davserver.domain.ids import CredentialId
from davserver.domain.people import Principal, Role
from davserver.gate.people.people import PersonToAdd
from davserver.wiring.services import Services
from tests.support.http import basic
from tests.support.story import EVERYBODY, PEOPLE_AT_HOME, STAFF, TEAMS, WORDS, Story


def operator(services: Services, now: datetime) -> Principal:
    return services.people.operator("tests", now)


def lea_arrives(services: Services, now: datetime) -> str:
    new = PersonToAdd("lea", Role.PROFESSIONAL, "Léa Morel", TEAMS, "none", WORDS[0])
    return str(services.people.add_person(operator(services, now), new, now))


def new_device(story: Story, login: str) -> None:
    read_only = story.happens(0.15)
    hours = story.dice.choice((None, None, 2))

    def deed(services: Services, now: datetime) -> tuple[str, str]:
        until = now + timedelta(hours=hours) if hours else None
        made = services.people.add_app_password(
            operator(services, now), login, "une machine", now,
            read_only=read_only, until=until,
        )  # fmt: skip
        return made.id.hex(), made.text

    found = story.deed(f"a device for {login}", deed)
    if isinstance(found, tuple) and len(found[0]) == 32:
        story.people[login].says[found[0]] = found[1]


def devices(story: Story) -> None:
    login = story.anybody()
    says = story.people[login].says
    devices = [way for way in says if way != "password"]
    if len(devices) < 3 or story.happens(0.3):
        new_device(story, login)
        return
    one = story.dice.choice(devices)
    story.deed(
        f"{login} loses a device",
        lambda services, now: services.people.revoke_app_password(
            operator(services, now), CredentialId(bytes.fromhex(one)), now
        ),
    )
    if story.happens(0.5):
        del says[one]


def password(story: Story) -> None:
    login = story.dice.choice(EVERYBODY)
    words = story.dice.choice(WORDS)
    before = story.people[login].says["password"]
    if story.people[login].is_blocked:
        return
    for worker in range(2):
        once(story, login, before, worker)
    story.deed(
        f"another password for {login}",
        lambda services, now: services.people.set_password(
            operator(services, now), login, words, now
        ),
    )
    story.people[login].says["password"] = words
    # What is wrong is counted once by each who remembers it: so it is said once.
    once(story, login, before, story.dice.randrange(2))


def once(story: Story, login: str, words: str, worker: int) -> None:
    story.told.append(f"{login} says {words} to {worker}")
    answer = story.worlds.request(worker, basic(login, words), "GET", "/dav/")
    story.told[-1] += f" → {answer[0]}"


def state(story: Story) -> None:
    login = story.dice.choice(EVERYBODY)
    word = story.dice.choice(("disable", "enable", "enable", "enable"))
    story.people[login].is_blocked = word == "disable"
    story.deed(
        f"{word} {login}",
        lambda services, now: str(
            getattr(services.people, word)(operator(services, now), login, now)
        ),
    )


def everybody_enabled(story: Story) -> None:
    for login in EVERYBODY:
        story.people[login].is_blocked = False
        story.deed(
            f"enable {login}",
            lambda services, now, login=login: str(  # type: ignore[misc]
                services.people.enable(operator(services, now), login, now)
            ),
        )


def membership(story: Story) -> None:
    login, slug = story.dice.choice((*STAFF, "mireille")), story.dice.choice(TEAMS)
    begins, ends = story.dice.choice((0, 0, 30)), story.dice.choice((None, None, 60, 600))

    def join(services: Services, now: datetime) -> str:
        return str(services.people.add_membership(
            operator(services, now), login, slug, now,
            starts=now + timedelta(minutes=begins),
            ends=now + timedelta(minutes=begins + ends) if ends else None,
        ))  # fmt: skip

    def leave(services: Services, now: datetime) -> str:
        return str(services.people.end_membership(operator(services, now), login, slug, now))

    deed = story.dice.choice((join, join, leave))
    story.deed(f"{login} {deed.__name__} {slug}", deed)


def lists(story: Story) -> None:
    login = story.anybody()

    def deed(services: Services, now: datetime) -> str:
        who = services.login.sign_in(from_login_and_secret(login, said), PEOPLE_AT_HOME, now)
        received = services.sharing.received(who, now)
        given = services.sharing.list(who, now)
        documents = services.reading.documents_beyond(who, (), now)
        return f"{received} {given} {[str(one) for one in documents]}"

    devices = [one for way, one in story.people[login].says.items() if way != "password"]
    if devices:
        said = story.dice.choice(devices)
        story.deed(f"{login} looks at their pages", deed)
