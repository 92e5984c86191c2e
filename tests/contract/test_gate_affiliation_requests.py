"""Asking for an affiliation, confirming and refusing it; nobody learns who has a vault."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authn.credentials import from_login_and_secret
from davserver.db import tables as t
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason, Refused
from davserver.domain.ids import RequestId
from davserver.gate.affiliations.affiliations import WRONG_CODE, Wish
from davserver.gate.affiliations.views import AffiliationViewState, RequestState
from davserver.gate.people.notices import NoticeKind
from tests.support.accounts import HOME, statements_of
from tests.support.affiliating import DAY, House
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow

MOST_TRIES, UNANSWERED = 5, timedelta(days=30)
"""What docs/sharing.md says, and not what the code does: a limit that grows is seen here."""


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with safekeeping(database_url, tmp_path) as world:
        yield House(world)


# ── asking ──────────────────────────────────────────────────────────────────────────────────────


def test_a_professional_asks_and_only_the_beneficiary_gets_the_code(house: House) -> None:
    until = house.world.clock() + DAY * 300
    asked = house.ask(until=until)
    assert (asked.login, asked.structure, asked.by) == ("amina", "ccas", "karim")
    assert (asked.state, asked.until) == (RequestState.OPEN, until)
    (notice,) = house.world.notices()
    assert notice.person == house.drives["amina"].person.id
    assert notice.says["request"] == asked.id.hex()
    digits = notice.says["code"].replace(" ", "")
    assert (len(digits), digits.isdecimal()) == (8, True)
    assert digits not in repr(asked)
    assert house.state() == []
    assert "affiliation-request" in house.trail()
    assert house.seen("amina")[1] == house.seen("karim")[1] == [asked]


@pytest.mark.parametrize("typed", ["nobody", "zoe", "no login: <at all>", "mireille"])
def test_nothing_shows_whether_somebody_has_a_vault(house: House, typed: str) -> None:
    house.ask("bilal"), house.ask("nobody else")
    told, listed, sent = [], [], []
    for login in ("amina", typed):
        with statements_of(house.world.db) as seen:
            view = house.ask(login)
        told.append((view.structure, view.by, view.requested, view.expires, view.state))
        sent.append(len(seen))
        with statements_of(house.world.db) as seen:
            (_, requests) = house.seen("karim")
        listed.append((len(seen), requests[-1].state))
    assert told[0] == told[1]
    assert sent[0] == sent[1]
    assert listed[0] == listed[1]
    wrong = []
    for request in house.seen("karim")[1][-2:]:
        with statements_of(house.world.db) as seen, pytest.raises(NotFound) as refused:
            house.with_code(request.id, "0000 0000")
        wrong.append((str(refused.value), len(seen)))
    assert wrong[0] == wrong[1]
    with pytest.raises(AlreadyThere) as twice:
        house.ask(typed.upper())
    with pytest.raises(AlreadyThere) as real:
        house.ask("AMINA")
    assert str(twice.value).replace(typed.upper(), "X") == str(real.value).replace("AMINA", "X")


def test_nobody_asks_for_a_structure_where_they_do_not_work(house: House) -> None:
    for by, slug in (
        ("karim", "other"),
        ("karim", "none"),
        ("mireille", "ccas"),
        ("amina", "ccas"),
    ):
        with pytest.raises(NotFound) as refused:
            house.ask("bilal", by, slug=slug)
        assert slug in str(refused.value)
    assert house.world.rows(t.affiliation_request) == []


def test_nobody_has_more_than_two_hundred_requests_waiting(house: House) -> None:
    for number in range(200):
        house.ask(f"somebody {number}")
    with pytest.raises(BadInput, match="200 requests wait"):
        house.ask()
    assert house.world.notices() == []
    house.world.clock.now += UNANSWERED
    house.ask()


def test_a_device_neither_asks_nor_confirms(house: House) -> None:
    world, request = house.world, house.ask()
    for login in ("karim", "amina"):
        made = world.people.add_app_password(world.operator, login, "phone", world.clock())
        credential = from_login_and_secret(login, made.text)
        device = world.accounts.login.sign_in(credential, HOME, world.clock())
        tried: dict[str, Callable[[], Any]] = {
            "karim": lambda who=device: house.use.request(who, Wish("ccas", "x"), world.clock()),
            "amina": lambda who=device: house.use.confirm(who, request.id, world.clock()),
        }
        with pytest.raises(Refused) as refused:
            tried[login]()
        assert refused.value.reason is Reason.AUTH_TOO_WEAK
    assert house.state() == []


def test_an_end_that_is_past_cannot_be_asked_for(house: House) -> None:
    with pytest.raises(BadInput, match="that is over"):
        house.ask(until=house.world.clock())


# ── answering ───────────────────────────────────────────────────────────────────────────────────


def test_the_beneficiary_confirms_and_whoever_asked_is_told(house: House) -> None:
    until = house.world.clock() + DAY
    asked = house.ask(until=until)
    made = house.confirm(asked)
    assert (made.ends, made.requested_by) == (until, house.who("karim").id)
    assert house.state() == house.state("karim") == house.state("mireille")
    assert house.state("zoe") == []
    (told,) = house.world.notices(house.drives["karim"])
    assert (told.kind, told.says["structure"]) == (NoticeKind.AFFILIATION_CONFIRMED, "ccas")
    assert house.kinds("amina") == [NoticeKind.AFFILIATION_REQUESTED]
    assert house.seen("karim")[1][0].state is RequestState.CONFIRMED


def test_a_code_confirms_too_and_then_the_beneficiary_is_told(house: House) -> None:
    asked = house.ask()
    house.with_code(asked.id, house.code(asked).replace(" ", "-"), by="paul")
    assert house.state() == [AffiliationViewState.LIVE]
    told = house.world.notices(house.drives["amina"])
    assert [n.says["how"] for n in told if n.kind is NoticeKind.AFFILIATION_FOR_YOU] == ["code"]


def codes(house: House, login: str) -> dict[RequestId, str]:
    return house.use.codes(house.who(login), house.world.clock())


def test_whom_it_is_for_sees_the_code_as_long_as_it_is_good(house: House) -> None:
    world, asked = house.world, house.ask()
    good = {asked.id: house.code(asked)}
    assert codes(house, "amina") == good
    for login in ("bilal", "karim", "paul", "mireille"):
        assert codes(house, login) == {}
    assert house.use.codes(world.for_(house.drives["amina"]), world.clock()) == {}
    for _ in range(MOST_TRIES):
        assert codes(house, "amina") == good
        wrong_for(house, asked.id, "1111 1111")
    assert codes(house, "amina") == {}
    other = house.ask(by="paul")
    assert codes(house, "amina") == {other.id: house.code(other)}
    house.with_code(other.id, house.code(other))
    assert codes(house, "amina") == {}


def test_a_device_shows_no_code(house: House) -> None:
    world = house.world
    house.ask()
    made = world.people.add_app_password(world.operator, "amina", "phone", world.clock())
    credential = from_login_and_secret("amina", made.text)
    device = world.accounts.login.sign_in(credential, HOME, world.clock())
    assert house.use.codes(device, world.clock()) == {}


def test_only_the_professionals_of_that_structure_use_a_code(house: House) -> None:
    asked = house.ask()
    code = house.code(asked)
    for by in ("zoe", "mireille", "amina", "bilal"):
        with pytest.raises(NotFound) as refused:
            house.with_code(asked.id, code, by)
        assert str(refused.value) == WRONG_CODE
    assert house.world.row(t.affiliation_request)["tries"] == 0
    house.with_code(asked.id, code)


def test_a_code_is_good_for_its_own_request_only(house: House) -> None:
    first, second = house.ask(), house.ask(by="paul")
    code = house.code(first)
    assert house.code(second) != code
    with pytest.raises(NotFound):
        house.with_code(second.id, code)
    house.with_code(first.id, code)


def wrong_for(house: House, request: RequestId, code: str) -> str:
    with pytest.raises(NotFound) as refused:
        house.with_code(request, code)
    return str(refused.value)


def test_every_way_in_which_a_code_fails_is_answered_alike(house: House) -> None:
    asked = house.ask()
    code = house.code(asked)
    answers = {wrong_for(house, RequestId(bytes(16)), code)}
    for _ in range(MOST_TRIES):
        answers.add(wrong_for(house, asked.id, "00000000"))
    answers.add(wrong_for(house, asked.id, code))
    used = house.ask(by="paul")
    good = house.code(used)
    house.with_code(used.id, good)
    answers.add(wrong_for(house, used.id, good))
    old = house.ask("bilal")
    old_code = house.code(old)
    house.world.clock.now = old.expires
    answers.add(wrong_for(house, old.id, old_code))
    assert answers == {WRONG_CODE}


def test_after_five_wrong_codes_only_the_beneficiary_confirms(house: House) -> None:
    asked = house.ask()
    code = house.code(asked)
    for _ in range(MOST_TRIES):
        wrong_for(house, asked.id, "1111 1111")
    wrong_for(house, asked.id, code)
    row = house.world.row(t.affiliation_request)
    assert (row["tries"], row["row_version"]) == (MOST_TRIES, MOST_TRIES + 1)
    assert house.trail().count("refused") == MOST_TRIES
    assert house.world.troubles() == []
    with pytest.raises(AlreadyThere):
        house.ask()
    house.confirm(asked)


def test_tries_at_the_same_moment_all_count(house: House) -> None:
    asked = house.ask()
    code = house.code(asked)
    house.who("karim")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: wrong_for(house, asked.id, f"0000000{n}"), range(8)))
    assert house.world.row(t.affiliation_request)["tries"] == MOST_TRIES
    assert wrong_for(house, asked.id, code) == WRONG_CODE
    assert house.world.troubles() == []


def test_what_cannot_be_a_code_costs_no_try(house: House) -> None:
    asked = house.ask()
    for code in ("", "1234567", "123456789", "12 34 56 7x", "١٢٣٤٥٦٧٨"):
        with pytest.raises(BadInput, match="8 digits"):
            house.with_code(asked.id, code)
    assert house.world.row(t.affiliation_request)["tries"] == 0


def test_a_refusal_is_told_and_final_until_the_request_expires(house: House) -> None:
    asked = house.ask()
    code = house.code(asked)
    house.refuse(asked)
    assert house.kinds("karim") == [NoticeKind.AFFILIATION_REFUSED]
    assert house.seen("karim")[1][0].state is RequestState.REFUSED
    assert wrong_for(house, asked.id, code) == WRONG_CODE
    for again in (house.confirm, house.refuse):
        with pytest.raises(NotFound):
            again(asked)
    with pytest.raises(AlreadyThere):
        house.ask()
    house.world.clock.now = asked.expires
    house.ask()
    assert house.state() == []


def test_whoever_left_meanwhile_is_not_told_but_the_managers_are(house: House) -> None:
    asked = house.ask()
    world = house.world
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    house.refuse(asked)
    assert house.kinds("karim") == []
    assert house.kinds("mireille") == [NoticeKind.AFFILIATION_REFUSED]


@pytest.mark.parametrize("by", ["bilal", "karim", "mireille"])
def test_nobody_else_answers_a_request(house: House, by: str) -> None:
    asked, before = house.ask(), house.world.rows(t.affiliation_request)
    for answer in (house.confirm, house.refuse):
        with pytest.raises(NotFound) as refused:
            answer(asked, by)
        with pytest.raises(NotFound) as unknown:
            house.use.confirm(house.who(by), RequestId(bytes(16)), house.world.clock())
        assert str(refused.value) == str(unknown.value)
    assert house.world.rows(t.affiliation_request) == before


def test_a_request_expires(house: House) -> None:
    asked = house.ask()
    house.world.clock.now += UNANSWERED - timedelta(microseconds=1)
    assert house.seen("karim")[1][0].state is RequestState.OPEN
    house.world.clock.now += timedelta(microseconds=1)
    assert house.seen("karim")[1][0].state is RequestState.EXPIRED
    with pytest.raises(NotFound):
        house.confirm(asked)
    house.confirm(house.ask())


def test_an_operator_answers_in_somebodys_name_and_they_are_told(house: House) -> None:
    world = house.world
    house.use.confirm(world.for_(house.drives["amina"]), house.ask().id, world.clock())
    house.use.refuse(world.for_(house.drives["amina"]), house.ask(by="paul").id, world.clock())
    house.use.leave(world.for_(house.drives["amina"]), "ccas", world.clock())
    said = [n.says for n in world.notices(house.drives["amina"]) if "how" in n.says]
    assert {one["what"] for one in said} == {"confirm", "refuse", "leave"}
    assert {one["how"] for one in said} == {"operator"}


def test_another_request_gives_a_live_affiliation_another_end(house: House) -> None:
    now = house.world.clock()
    first = house.confirm(house.ask(until=now + DAY))
    share = house.world.share(house.drives["amina"], house.ccas, "/Travail")
    house.world.clock.passes(hours=1)
    again = house.confirm(house.ask(until=now + 3 * DAY))
    assert (again.id, again.confirmed, again.ends) == (first.id, first.confirmed, now + 3 * DAY)
    house.world.clock.passes(days=2)
    assert house.drives["karim"].names("/Name of amina") == ["Travail"]
    assert share.id
    assert house.world.troubles() == []


@pytest.mark.parametrize(
    "columns",
    [
        {"tries": 0},
        {"expires_at": 2**62},
        {"code_mac": bytes(32)},
        {"structure_id": "other"},
        {"vault_id": "bilal"},
        {"vault_id": None},
    ],
    ids=str,
)
def test_a_request_that_was_tampered_with_confirms_nothing(
    house: House, columns: dict[str, Any]
) -> None:
    world, asked = house.world, house.ask()
    code = house.code(asked)
    for _ in range(MOST_TRIES - 1):
        wrong_for(house, asked.id, "1111 1111")
    values = {
        "other": house.other.id,
        "bilal": world.vault_of(house.drives["bilal"]),
    }
    changed = {name: values.get(value, value) for name, value in columns.items()}
    world.tamper(t.affiliation_request, t.affiliation_request.c.id == asked.id, **changed)
    for by in ("karim", "zoe"):
        with pytest.raises(NotFound):
            house.with_code(asked.id, code, by)
    for by in ("amina", "bilal"):
        with pytest.raises(NotFound):
            house.confirm(asked, by)
    assert ("forged", "affiliation_request") in world.troubles()
    assert world.rows(t.affiliation) == []
