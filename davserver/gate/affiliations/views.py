"""Affiliations and requests as people read them: logins and slugs for ids, a word for the state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from authn.rows import fetch, is_genuine
from davserver.db.tables import vault as vault_table
from davserver.domain.affiliations import (
    Affiliation,
    AffiliationRequest,
    AffiliationState,
    Answer,
)
from davserver.domain.ids import AffiliationId, PersonId, RequestId, VaultId
from davserver.domain.people import Role
from davserver.gate.affiliations.requesting import acts_for_all
from davserver.gate.people.desk import Desk
from davserver.vault import affiliation_requests, affiliations

_AT_ONCE = 500


class RequestState(StrEnum):
    """Nothing here tells whether the request is for anybody."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


class AffiliationViewState(StrEnum):
    LIVE = "live"
    OVER = "over"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RequestView:
    """`login`: as it was typed. `by`: who asked."""

    id: RequestId
    login: str
    structure: str
    by: str
    requested: datetime
    expires: datetime
    until: datetime | None
    state: RequestState
    structure_name: str = ""
    by_name: str = ""


@dataclass(frozen=True, slots=True)
class AffiliationView:
    id: AffiliationId
    login: str
    structure: str
    since: datetime
    until: datetime | None
    ended: datetime | None
    last_activity: datetime
    state: AffiliationViewState
    structure_name: str = ""


Seen = tuple[list[AffiliationView], list[RequestView]]


def seen_by(desk: Desk) -> Seen:
    """What `desk.who` may know of."""
    tx, keys, who = desk.tx, desk.tools.keys, desk.who
    if acts_for_all(who):
        desk.allow()
        every = affiliation_requests.of_everybody(tx, keys)
        return _affiliations(desk, affiliations.of_everybody(tx, keys)), _requests(desk, every)
    if who.person.role is Role.BENEFICIARY and who.vault is not None:
        asked = affiliation_requests.of_vault(tx, keys, who.vault)
        mine = affiliations.of_vault(tx, keys, who.vault)
        return _affiliations(desk, mine), _requests(desk, asked)
    desk.allow(who.person)
    asked = affiliation_requests.of_person(tx, keys, who.id)
    of_team = affiliations.of_structures(tx, keys, who.structures)
    live = [one for one in of_team if one.is_live(desk.now)]
    return _affiliations(desk, live), _requests(desk, asked)


def shown(desk: Desk, request: AffiliationRequest) -> RequestView:
    return _requests(desk, [request])[0]


def _requests(desk: Desk, requests: Sequence[AffiliationRequest]) -> list[RequestView]:
    """In two statements more, however many there are."""
    people = desk.registered.people(desk.tx, {one.by for one in requests})
    logins = {one.id: one.login for one in people.values()}
    names = {one.id: one.name for one in people.values()}
    structures = desk.registered.structures(desk.tx, {one.structure for one in requests})
    return [
        RequestView(
            id=one.id,
            login=one.login,
            structure=structures[one.structure].slug if one.structure in structures else "",
            by=logins.get(one.by, ""),
            requested=one.requested,
            expires=one.expires,
            until=one.ends,
            state=_state(one, desk.now),
            structure_name=structures[one.structure].name if one.structure in structures else "",
            by_name=names.get(one.by, ""),
        )
        for one in requests
    ]


def _state(request: AffiliationRequest, now: datetime) -> RequestState:
    if request.answer is Answer.CONFIRMED:
        return RequestState.CONFIRMED
    if request.answer is Answer.REFUSED:
        return RequestState.REFUSED
    return RequestState.OPEN if request.is_open(now) else RequestState.EXPIRED


def _affiliations(desk: Desk, found: Sequence[Affiliation]) -> list[AffiliationView]:
    owners = _owners(desk, {one.vault for one in found})
    structures = desk.registered.structures(desk.tx, {one.structure for one in found})
    return [
        AffiliationView(
            id=one.id,
            login=owners.get(one.vault, ""),
            structure=structures[one.structure].slug if one.structure in structures else "",
            since=one.confirmed,
            until=one.ends,
            ended=one.ended,
            last_activity=one.last_activity,
            state=_how(one, desk.now),
            structure_name=structures[one.structure].name if one.structure in structures else "",
        )
        for one in found
    ]


def _how(one: Affiliation, now: datetime) -> AffiliationViewState:
    if one.state is AffiliationState.ENDED:
        return AffiliationViewState.ENDED
    return AffiliationViewState.LIVE if one.is_live(now) else AffiliationViewState.OVER


def _owners(desk: Desk, vaults: Collection[VaultId]) -> dict[VaultId, str]:
    """Logins by vault; none where the vault's row was altered."""
    owners: dict[VaultId, PersonId] = {}
    every = sorted(vaults)
    for at in range(0, len(every), _AT_ONCE):
        wanted = select(vault_table).where(vault_table.c.id.in_(every[at : at + _AT_ONCE]))
        for row in fetch(desk.tx, wanted):
            if is_genuine(desk.tools.keys, vault_table, row):
                owners[VaultId(row["id"])] = PersonId(row["owner_id"])
    logins = desk.registered.logins(desk.tx, set(owners.values()))
    return {vault: logins[owner] for vault, owner in owners.items() if owner in logins}
