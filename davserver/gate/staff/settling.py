"""Doing what was planned for one person of a directory, recorded in the trail.

In the instance's trail, and in that of each vault where somebody shared with them by name, or where
their lock ended: its owner reads there who cannot, or can again, reach what is theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from authn.directory_accounts import DirectoryAccount, Standing, confirmation
from authn.register import bump_revocation
from authn.rows import Stamp
from authn.staff_register import Renewed, StaffRegister
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import Person, Structure, source_of
from davserver.gate.people.desk import row_stamps
from davserver.gate.people.resting import Resting, tell_in_vault
from davserver.gate.staff.roster_plan import Known, Plan
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault.locks.ends import forget_member, forget_person, vaults_locked_by


class Became(StrEnum):
    """What was done to somebody, or (the last three) could not be."""

    JOINED = "joined"
    LOGIN = "login"
    NAME = "name"
    ROLE = "role"
    BLOCKED = "blocked"
    BACK = "back"
    MEMBER = "member"
    MEMBER_NO_MORE = "member-no-more"
    GRANT_RESTS = "grant-rests"
    GRANT_RESUMES = "grant-resumes"
    LOGIN_KEPT = "login-kept"
    OTHER_ROLE = "other-role"
    NO_SUCH_STRUCTURE = "no-such-structure"


@dataclass(frozen=True, slots=True)
class Settled:
    """One thing that was changed, or would be. `person` None: they are not there yet. `says`: the
    new login or role, why they are blocked, the structure, the group; of a grant that rests its
    id, of a name nothing.
    """

    became: Became
    person: PersonId | None
    login: str
    says: str = ""
    structure: str = ""


@dataclass(frozen=True, slots=True)
class Settling:
    """One person of `directory`, in one transaction. `said_at`: when the directory spoke."""

    tools: Tools
    staff: StaffRegister
    tx: Connection
    directory: str
    entry: str
    said_at: datetime
    now: datetime

    def do(self, known: Known, plan: Plan) -> None:
        """Whoever `known` is becomes what the `plan` says. Raises as the trail does."""
        if plan.joins is not None:
            person = self._join(plan)
        elif known.person is not None and known.account is not None:
            person = known.person
            self._change(person, known.account, plan)
        else:
            return
        self._leave(person, plan)
        self._arrive(person, plan)
        if known.account is not None and plan.standing is None:
            # Whatever was said before this changes nothing any more.
            self.tx.execute(confirmation(self.tools.keys, known.account, self.said_at))

    def _join(self, plan: Plan) -> Person:
        assert plan.joins is not None  # noqa: S101 — asked before
        person, stamps = self.staff.add(
            self.tx, plan.joins, self.directory, self.entry, self.said_at
        )
        self._record(What.DIRECTORY_JOIN, person, stamps, {"role": person.role.value})
        return person

    def _change(self, person: Person, account: DirectoryAccount, plan: Plan) -> None:
        stamps = (
            [self.staff.renew(self.tx, person.id, plan.renewed, self.now)] if plan.renewed else []
        )
        words = _words(plan.renewed)
        if words:
            role = {"role": plan.renewed.role.value} if plan.renewed.role else {}
            details = {"changed": ",".join(words)} | role
            self._record(What.DIRECTORY_CHANGE, person, stamps, details)
            stamps = []
        if plan.renewed.role:
            bump_revocation(self.tx)
            forget_person(self.tx, person.id)
        if plan.standing is None and plan.renewed.state is None:
            return
        if plan.standing is not None:
            stamps.append(self.staff.stands(self.tx, account, plan.standing, self.said_at))
        if plan.offer.role is None:
            self._block(person, account, plan.offer.standing, stamps)
        else:
            self._record(What.DIRECTORY_BACK, person, stamps, {})
            self._tell_owners(What.DIRECTORY_BACK, person, self._sharing_with(person), {})

    def _block(
        self,
        person: Person,
        account: DirectoryAccount,
        standing: Standing,
        stamps: Sequence[Stamp],
    ) -> None:
        said = {"standing": standing.value}
        moved = self.staff.move_credential(self.tx, person.id)
        self._record(What.DIRECTORY_BLOCK, person, (*stamps, *moved), said)
        if account.standing is Standing.ACTIVE:
            vaults = self._sharing_with(person) | vaults_locked_by(self.tx, person.id)
            self._tell_owners(What.DIRECTORY_BLOCK, person, vaults, said)
        forget_person(self.tx, person.id)
        bump_revocation(self.tx)

    def _leave(self, person: Person, plan: Plan) -> None:
        for one in plan.ends:
            stamp = self.staff.end_membership(self.tx, one.id, self.now)
            self._record(What.MEMBERSHIP_END, person, [stamp], self._place(one.structure))
            forget_member(self.tx, person.id, one.structure.id)
        if plan.ends:
            bump_revocation(self.tx)
        if plan.left:
            Resting(self.tools, self.tx, self.now).rest(person.id, plan.left)
            bump_revocation(self.tx)

    def _arrive(self, person: Person, plan: Plan) -> None:
        made = self.staff.join(self.tx, person, plan.begins, self.directory, self.now)
        for one, stamp in made:
            details = self._place(one.structure) | {"membership": one.id.hex()}
            self._record(What.MEMBERSHIP_ADD, person, [stamp], details)
        if made:
            Resting(self.tools, self.tx, self.now).resume(person.id, plan.here)

    def _place(self, structure: Structure) -> dict[str, str]:
        return {"structure": structure.slug, "source": source_of(self.directory)}

    def _sharing_with(self, person: Person) -> set[VaultId]:
        folders = self.tools.grants.folders_for(self.tx, {person.id}, self.now)
        return {one.vault for one in folders}

    def _tell_owners(
        self, what: What, person: Person, vaults: Iterable[VaultId], said: dict[str, str]
    ) -> None:
        for vault in sorted(vaults):
            details = {"person": person.id.hex(), "directory": self.directory} | said
            event = Event(vault=vault, what=what, who=None, details=details)
            tell_in_vault(self.tools, self.tx, [event], self.now)

    def _record(
        self, what: What, person: Person, stamps: Sequence[Stamp], details: dict[str, str]
    ) -> None:
        about = {"person": person.id.hex(), "directory": self.directory}
        event = Event(
            vault=None, what=what, who=None, rows=row_stamps(stamps), details=about | details
        )
        self.tools.trail.record(self.tx, event, self.now)


def shown(plan: Plan, known: Known, moved: Iterable[Settled] = ()) -> tuple[Settled, ...]:
    """What the plan changes, in words; `moved`: the grants that rest or go on."""
    person = known.person.id if known.person else None
    login = known.person.login if known.person else plan.joins.login if plan.joins else ""
    found: list[tuple[Became, str, str]] = []
    if plan.joins:
        found.append((Became.JOINED, plan.joins.role.value, ""))
    found += _shown_renewed(plan.renewed)
    if plan.standing is not None or plan.renewed.state is not None:
        back = plan.offer.role is not None
        found.append((Became.BACK if back else Became.BLOCKED, plan.offer.standing.value, ""))
    found += [(Became.MEMBER_NO_MORE, "", one.structure.slug) for one in plan.ends]
    found += [(Became.MEMBER, "", one.slug) for one in plan.begins]
    done = [Settled(became, person, login, says, slug) for became, says, slug in found]
    return (*done, *moved, *remarks(plan, person, login))


def remarks(plan: Plan, person: PersonId | None, login: str) -> list[Settled]:
    """What is not as the directory and the policy files would have it."""
    found = [Settled(Became.LOGIN_KEPT, person, login, plan.kept_login)] if plan.kept_login else []
    found += [
        Settled(Became.OTHER_ROLE, person, login, one.group, one.structure or "")
        for one in plan.offer.others
    ]
    return found + [
        Settled(Became.NO_SUCH_STRUCTURE, person, login, structure=slug)
        for slug in plan.offer.unknown
    ]


def _shown_renewed(new: Renewed) -> list[tuple[Became, str, str]]:
    found = []
    if new.login is not None:
        found.append((Became.LOGIN, new.login, ""))
    if new.name is not None:
        found.append((Became.NAME, "", ""))
    if new.role is not None:
        found.append((Became.ROLE, new.role.value, ""))
    return found


def _words(new: Renewed) -> list[str]:
    return [became.value for became, _, _ in _shown_renewed(new)]
