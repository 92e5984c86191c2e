"""Who is given what, by whom and until when."""

from datetime import datetime, timedelta
from urllib.parse import unquote

from davserver.domain.actions import Right
from davserver.domain.ids import GrantId, OfferId, RequestId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.affiliations.affiliations import Wish as AffiliationWish
from davserver.gate.sharing.ledger import Wish
from davserver.wiring.services import Services
from tests.support.cast import CCAS, OTHER_STRUCTURE
from tests.support.story import OWNERS, STAFF, TEAMS, Story


def operator_for(services: Services, login: str, now: datetime) -> Principal:
    return services.people.operator_for(login, "tests", now)


def in_minutes(now: datetime, minutes: int | None) -> datetime | None:
    return None if minutes is None else now + timedelta(minutes=minutes)


def share(story: Story, owner: str | None = None, what: str | None = None) -> None:
    giver = owner or story.dice.choice((*OWNERS, *OWNERS, *STAFF))
    to = story.dice.choice((*STAFF, *(f"structure:{slug}" for slug in TEAMS)))
    path = DrivePath.parse(what or unquote(story.path(giver)[len("/dav") :]).rstrip("/"))
    right = story.dice.choice(list(Right))
    begins, ends = story.dice.choice((None, None, 20)), story.dice.choice((None, None, 40, 300))
    by_offer = story.happens(0.2)

    def deed(services: Services, now: datetime) -> tuple[str, str, str]:
        who = operator_for(services, giver, now)
        wish = Wish(
            services.sharing.grantee(to), path, right, in_minutes(now, begins),
            in_minutes(now, ends), "entraide",
        )  # fmt: skip
        if by_offer:
            offered = services.offers.share(who, wish, now)
            return type(offered).__name__, offered.id.hex(), str(offered)
        made = services.sharing.add(
            who, to=wish.to, path=path, right=right, until=wish.until, now=now,
            purpose=wish.purpose, starts=wish.starts,
        )  # fmt: skip
        return "GrantView", made.id.hex(), str(made)

    found = story.deed(f"{giver} shares {path} {right.value} with {to}", deed)
    if isinstance(found, tuple) and found[0] == "GrantView":
        story.grants = [*story.grants[-12:], GrantId(bytes.fromhex(found[1]))]


def change_grant(story: Story) -> None:
    if not story.grants:
        return
    one, ends = story.dice.choice(story.grants), story.dice.choice((None, 5, 90))
    giver = story.dice.choice(OWNERS)

    def end(services: Services, now: datetime) -> str:
        return str(services.sharing.end(operator_for(services, giver, now), one, now))

    def renew(services: Services, now: datetime) -> str:
        who = operator_for(services, giver, now)
        return str(services.sharing.renew(who, one, in_minutes(now, ends), now))

    def end_all(services: Services, now: datetime) -> str:
        who = operator_for(services, giver, now)
        return str(services.sharing.end_all(who, now, purpose="entraide"))

    deed = story.dice.choices((end, renew, end_all), (6, 4, 1))[0]
    story.deed(f"{giver}: {deed.__name__} a grant", deed)


def affiliate(story: Story, owner: str | None = None, slug: str | None = None) -> None:
    theirs, team = owner or story.dice.choice(OWNERS), slug or story.dice.choice(TEAMS)
    asks = {CCAS: "karim", OTHER_STRUCTURE: "zoe"}[team]
    ends = None if owner else story.dice.choice((None, None, 120))

    def ask(services: Services, now: datetime) -> str:
        wish = AffiliationWish(team, theirs, in_minutes(now, ends))
        return services.affiliations.request(
            operator_for(services, asks, now), wish, now
        ).id.hex()  # fmt: skip

    found = story.deed(f"{asks} asks to accompany {theirs}", ask)
    if not isinstance(found, str):
        return
    request = RequestId(bytes.fromhex(found))
    story.deed(
        f"{theirs} confirms",
        lambda services, now: str(
            services.affiliations.confirm(operator_for(services, theirs, now), request, now)
        ),
    )


def part(story: Story) -> None:
    owner, slug = story.dice.choice(OWNERS), story.dice.choice(TEAMS)

    def deed(services: Services, now: datetime) -> str:
        return str(services.affiliations.leave(operator_for(services, owner, now), slug, now))

    story.deed(f"{owner} leaves {slug}", deed)


def answer_offer(story: Story) -> None:
    owner, yes = story.dice.choice(OWNERS), story.happens(0.7)

    def deed(services: Services, now: datetime) -> str:
        who = operator_for(services, owner, now)
        waiting = services.offers.waiting(who, now)
        if not waiting:
            return "nothing"
        one = waiting[0]
        if yes:
            return str(services.offers.accept(who, OfferId(one.id), one.shown, now))
        return str(services.offers.end(who, OfferId(one.id), now))

    story.deed(f"{owner} answers an offer", deed)


def code(story: Story) -> None:
    owner, slug = story.dice.choice(OWNERS), story.dice.choice(TEAMS)
    story.deed(
        f"{owner} makes a code",
        lambda services, now: str(
            services.sharing_codes.make(operator_for(services, owner, now), slug, now)
        ),
    )


def recall(story: Story) -> None:
    login = story.dice.choice(STAFF)
    path = DrivePath.from_url(story.path(login)[len("/dav") :])

    def deed(services: Services, now: datetime) -> str:
        return str(services.nets.recall(operator_for(services, login, now), path))

    story.deed(f"{login} takes back {path}", deed)
