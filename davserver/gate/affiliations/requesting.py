"""Requests for affiliations, each step in one transaction. A request for somebody who does not
exist is stored, answered and listed like any other, in as many statements: nobody learns from it
who has a vault (DESIGN §2.2).
"""

import re
from datetime import datetime

from authn.login_name import login_key
from authn.registered import NOBODY
from authn.texts import clean_text, quoted
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.affiliations import (
    MOST_TRIES,
    UNANSWERED,
    Affiliation,
    AffiliationRequest,
    Answer,
)
from davserver.domain.decisions import Denial, Target
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason
from davserver.domain.ids import ID_BYTES, PersonId, RequestId, StructureId, VaultId
from davserver.domain.people import Principal, Role
from davserver.gate.acting import row_stamps
from davserver.gate.affiliations.affiliating import affirm, answered_side, owner_of, slug_of
from davserver.gate.consent import asks_owner
from davserver.gate.people.desk import Barred, Desk, workplace
from davserver.gate.people.notices import NoticeKind, tell, unsent
from davserver.trail import Event, What
from davserver.vault import affiliation_requests as requests
from davserver.vault.stamps import Stamp

MOST_WAITING = 200
"""How many requests of one person may wait at a time: each is a message to somebody."""


class TooManyWaiting(BadInput):
    """`MOST_WAITING` wait already."""


_DIGITS = 8
_ENTROPY = 16
"""Bytes for a code: far more than its digits hold, so that all are equally likely."""

_CODE = re.compile(rf"[0-9]{{{_DIGITS}}}")


def ask(desk: Desk, slug: str, typed: str, until: datetime | None) -> AffiliationRequest:
    """Raises NotFound for a structure that is not one's own, AlreadyThere while an earlier request
    of the same person for the same login waits.
    """
    structure = workplace(desk, slug, {Role.PROFESSIONAL})
    rule = desk.allow(desk.who.person)
    if until is not None and until <= desk.now:
        raise BadInput(f"until {until.isoformat()}: that is over; choose a moment to come")
    login = clean_text(typed, "login")
    _require_first(desk, structure.id, login)
    vault, owner = whose(desk, login)
    request, code = _made(desk, structure.id, vault, login, until)
    stamp = requests.add(desk.tx, desk.tools.keys, request)
    _record(desk, What.AFFILIATION_REQUEST, request, stamp, rule, also_theirs=True)
    says = {
        "request": request.id.hex(),
        "structure": structure.slug,
        "code": f"{code[:4]} {code[4:]}",
        "until": until.isoformat() if until else "",
        "expires": request.expires.isoformat(),
    }
    kind = NoticeKind.AFFILIATION_REQUESTED
    tell(desk.tx, desk.tools, kind, [owner if vault else NOBODY], says, desk.now)
    return request


def confirm(desk: Desk, identity: RequestId) -> Affiliation:
    """By the beneficiary. Raises NotFound for a request that is not theirs, or not open; Barred for
    an operator, where owners are to be asked.
    """
    request, vault = _mine(desk, identity)
    rule = require_own(desk, Action.GRANT)
    if asks_owner(desk.tools, desk.who):
        raise Barred(desk.who, Denial(Action.GRANT, Reason.NEEDS_OWNER))
    made = _confirmed(desk, request, vault, rule)
    tell_if_for_them(desk, request.structure, "confirm")
    return made


def confirm_with_code(desk: Desk, identity: RequestId, code: str) -> Affiliation | None:
    """By a professional of the structure to whom the beneficiary gave the code. None when it opens
    nothing, for whatever reason; a wrong one is counted then.
    """
    rule = desk.allow(desk.who.person)
    keys = desk.tools.keys
    request = requests.one(desk.tx, keys, identity)
    right = keys.is_code(identity, code, request.code_mac if request else bytes(32))
    if request is None or not request.takes_codes(desk.now) or not _is_theirs(desk, request):
        return None
    if request.vault is None or not right:
        counted, stamp = requests.count_try(desk.tx, keys, request)
        _record(desk, What.REFUSED, counted, stamp, rule, also_theirs=True)
        return None
    made = _confirmed(desk, request, request.vault, rule)
    owner = owner_of(desk.tx, desk.tools, request.vault, desk.now)
    _tell_owner(desk, owner, request.structure, "confirm", "code")
    return made


def refuse(desk: Desk, identity: RequestId) -> AffiliationRequest:
    """By the beneficiary. As `confirm`; no rule can keep anybody from saying no."""
    request, _ = _mine(desk, identity)
    rule = require_own(desk, Action.REVOKE)
    said, stamp = requests.answer(desk.tx, desk.tools.keys, request, Answer.REFUSED, desk.now)
    _record(desk, What.AFFILIATION_REFUSE, said, stamp, rule, also_theirs=True)
    side = answered_side(desk.tx, desk.tools, said.structure, said.by, desk.now)
    says = {"request": said.id.hex(), "structure": slug_of(desk.tx, desk.tools, said.structure)}
    tell(desk.tx, desk.tools, NoticeKind.AFFILIATION_REFUSED, side, says, desk.now)
    tell_if_for_them(desk, said.structure, "refuse")
    return said


def codes(desk: Desk) -> dict[RequestId, str]:
    """What a beneficiary can tell face to face instead of saying yes here, by request. Whoever acts
    in their name has their own way to confirm, and sees no code.
    """
    if desk.me is None or desk.who.vault is None:
        return {}
    target = Target(desk.who.vault, Relation.OWNER, Category.UNCLASSIFIED)
    if isinstance(desk.judged(Action.GRANT, target), Denial):
        return {}
    asked = requests.of_vault(desk.tx, desk.tools.keys, desk.who.vault)
    good = {one.id.hex(): one.id for one in asked if one.takes_codes(desk.now)}
    kind = NoticeKind.AFFILIATION_REQUESTED
    told = [one.says for one in unsent(desk.tx, desk.tools.keys, desk.who.id, kind)]
    return {good[one["request"]]: one["code"] for one in told if one["request"] in good}


def clean_code(text: str) -> str:
    """The eight digits, however they are grouped. Raises BadInput; no try is counted then."""
    code = re.sub(r"[\s-]", "", text)
    if not _CODE.fullmatch(code):
        raise BadInput(f"a code has {_DIGITS} digits: type it as it was sent")
    return code


def require_own(desk: Desk, action: Action) -> str:
    """The rule by which somebody does this with their own vault. Raises Barred."""
    target = Target(desk.who.vault, Relation.OWNER, Category.UNCLASSIFIED)
    decision = desk.judged(action, target)
    if isinstance(decision, Denial):
        raise Barred(desk.who, decision)
    return decision.rule


def tell_if_for_them(desk: Desk, structure: StructureId, what: str) -> None:
    """A beneficiary is told what an operator did in their name."""
    if desk.who.operator is not None:
        _tell_owner(desk, {desk.who.id}, structure, what, "operator")


def whose(desk: Desk, login: str) -> tuple[VaultId | None, PersonId]:
    """The vault of whoever has that login, in two statements whether there is anybody or not."""
    try:
        person = desk.registered.find_person(desk.tx, login).id
    except NotFound:
        person = NOBODY
    return desk.registered.vault_of(desk.tx, person, desk.now), person


# ── asking ──────────────────────────────────────────────────────────────────────────────────────


def _require_first(desk: Desk, structure: StructureId, login: str) -> None:
    earlier = requests.of_person(desk.tx, desk.tools.keys, desk.who.id)
    barring = [one for one in earlier if one.bars_another(desk.now)]
    if len(barring) >= MOST_WAITING:
        raise TooManyWaiting(
            f"{MOST_WAITING} requests wait for an answer: ask again when some have one"
        )
    for one in barring:
        if one.structure == structure and login_key(one.login) == login_key(login):
            raise AlreadyThere(
                f"{quoted(login)} was asked already: wait for the answer, or until "
                f"{one.expires.isoformat(timespec='minutes')}"
            )


def _made(
    desk: Desk,
    structure: StructureId,
    vault: VaultId | None,
    login: str,
    until: datetime | None,
) -> tuple[AffiliationRequest, str]:
    entropy = desk.tools.entropy
    identity = RequestId(entropy(ID_BYTES))
    number = int.from_bytes(entropy(_ENTROPY), "big") % 10**_DIGITS
    code = f"{number:0{_DIGITS}}"
    made = AffiliationRequest(
        id=identity,
        structure=structure,
        by=desk.who.id,
        vault=vault,
        login=login,
        code_mac=desk.tools.keys.code_mac(identity, code),
        tries=0,
        requested=desk.now,
        expires=desk.now + UNANSWERED,
        ends=until,
        answered=None,
        answer=None,
    )
    return made, code


# ── answering ───────────────────────────────────────────────────────────────────────────────────


def _mine(desk: Desk, identity: RequestId) -> tuple[AffiliationRequest, VaultId]:
    found = requests.one(desk.tx, desk.tools.keys, identity)
    vault = desk.who.vault
    if found is None or vault is None or found.vault != vault or not found.is_open(desk.now):
        raise NotFound("there is no such request that could be answered")
    return found, vault


def _is_theirs(desk: Desk, request: AffiliationRequest) -> bool:
    works_there = request.structure in desk.who.structures
    return works_there and desk.who.person.role is Role.PROFESSIONAL


def _confirmed(desk: Desk, request: AffiliationRequest, vault: VaultId, rule: str) -> Affiliation:
    said, stamp = requests.answer(desk.tx, desk.tools.keys, request, Answer.CONFIRMED, desk.now)
    _record(desk, What.AFFILIATION_CONFIRM, said, stamp, rule, also_theirs=False)
    return affirm(desk.tx, desk.tools, desk.who, vault, said.structure, desk.now, said)


def _record(
    desk: Desk,
    what: What,
    request: AffiliationRequest,
    stamp: Stamp,
    rule: str,
    *,
    also_theirs: bool,
) -> None:
    """The row's stamp stands in the instance's trail, because there may be no vault. The vault's
    owner is told in theirs, but where something else tells them there.
    """
    details = {
        "request": request.id.hex(),
        "structure": slug_of(desk.tx, desk.tools, request.structure),
    }
    if what is What.REFUSED:
        details |= {"action": "affiliation-code", "tries": f"{request.tries} of {MOST_TRIES}"}
    rows = row_stamps([stamp])
    events = [Event(vault=None, what=what, who=desk.who, rule=rule, rows=rows, details=details)]
    if request.vault is not None and also_theirs:
        theirs = Event(vault=request.vault, what=what, who=desk.who, rule=rule, details=details)
        events.append(theirs)
    desk.tools.trail.record_all(desk.tx, events, desk.now)


def _tell_owner(
    desk: Desk, owner: set[PersonId], structure: StructureId, what: str, how: str
) -> None:
    slug = slug_of(desk.tx, desk.tools, structure)
    says = {"structure": slug, "what": what, "how": how}
    tell(desk.tx, desk.tools, NoticeKind.AFFILIATION_FOR_YOU, owner, says, desk.now)


def acts_for_all(who: Principal) -> bool:
    """Somebody at the machine on nobody's behalf."""
    return who.operator is not None and who.id == NOBODY
