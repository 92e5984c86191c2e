"""Sharing: a beneficiary lets a professional or a structure see one thing, and takes it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.directory import Directory
from authn.register import bump_revocation
from davserver.domain.actions import Action, Category, Relation, Right
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason, Refused
from davserver.domain.grants import Grant, Grantee, ToPerson, ToStructure
from davserver.domain.ids import ID_BYTES, GrantId
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Role
from davserver.gate.acting import change, refuse
from davserver.gate.affiliating import affirm
from davserver.gate.places import Place
from davserver.gate.shares import STRUCTURE, Shares
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from davserver.vault.grant_rows import GrantRow
from davserver.vault.grants import Naming

MOST_PURPOSE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Wish:
    to: Grantee
    path: DrivePath
    right: Right
    until: datetime | None
    purpose: str


class Sharing:
    """What is given here is judged again at every request that uses it (DESIGN §2.1)."""

    def __init__(self, tools: Tools, allowance: int) -> None:
        """`allowance`: how many bytes the other side may add through one grant (DESIGN §4)."""
        self._tools = tools
        self._allowance = allowance
        self._directory = Directory(tools.keys)
        self._shares = Shares(tools, self._directory)

    def grantee(self, text: str) -> Grantee:
        """`structure:SLUG`, or a professional's login. Raises NotFound, the same for an unknown
        login and for somebody who is no professional.
        """
        with self._tools.db.read() as tx:
            if text.startswith(STRUCTURE):
                slug = text.removeprefix(STRUCTURE)
                return ToStructure(self._directory.find_structure(tx, slug).id)
            try:
                person = self._directory.find_person(tx, text)
            except NotFound:
                person = None
        if person is None or person.role is not Role.PROFESSIONAL:
            raise NotFound(f"there is no professional with the login “{text[:64]}”")
        return ToPerson(person.id)

    def add(
        self,
        who: Principal,
        *,
        to: Grantee,
        path: DrivePath,
        right: Right,
        until: datetime | None,
        now: datetime,
        purpose: str = "",
    ) -> GrantView:
        """Shares what lies at `path` on the drive of `who`, until then (excluded, UTC).

        Raises NotFound (path or grantee), AlreadyThere when they have it already, BadInput for an
        end that is past and for deposits into a file, Refused: for a whole drive, for what is not
        one's own, for a category that the policy shows to no team.
        """
        del now  # judged and made in one transaction, by its own clock
        wish = _Wish(to, path, right, until, purpose.strip())
        return change(self._tools, who, lambda sight: self._add(sight, wish))

    def end(self, who: Principal, grant: GrantId, now: datetime) -> GrantView:
        """Ends it at once: the next request is refused, running transfers stop, locks are gone.

        Nothing happens, and nothing is recorded, when it was ended before. Raises NotFound for a
        grant that `who` did not give, unless somebody at the machine asks.
        """
        del now
        return self._tools.db.write(lambda tx: self._end(tx, who, grant))

    def list(self, who: Principal, now: datetime) -> list[GrantView]:
        """All that `who` ever gave, oldest first; everybody's for somebody at the machine."""
        grants = self._tools.grants
        with self._tools.db.read() as tx:
            fresh = self._tools.login.still(tx, who, now)
            if fresh.vault is not None:
                rows = grants.of_vault(tx, fresh.vault, ended=True)
            elif fresh.operator is not None:
                rows = grants.of_everybody(tx)
            else:
                rows = []
            return self._shares.views(tx, rows, fresh.epoch.keys, now)

    # ── giving ──────────────────────────────────────────────────────────────────────────────────

    def _add(self, sight: Sight, wish: _Wish) -> GrantView:
        place = sight.place(wish.path)
        if not place.exists or place.vault is None:
            raise NotFound(f"nothing is at {wish.path}")
        permit = sight.require(Action.GRANT, place)
        node = place.node
        if node is None or place.is_top:
            raise refuse(place, Action.GRANT, Reason.DRIVE_ROOT)
        _require_sensible(wish, node, sight.now)
        self._require_grantee(sight, wish.to, place)
        if self._tools.grants.standing(sight.tx, wish.to, node.id, sight.now):
            raise AlreadyThere("that is shared with them already: end that first")
        if isinstance(wish.to, ToStructure):
            affirm(sight.tx, self._tools, sight.who, node.vault, wish.to.id, sight.now)
        row = self._insert(sight, wish, permit, node)
        view = self._shares.views(sight.tx, [row], sight.who.epoch.keys, sight.now)[0]
        event = _event(What.GRANT, sight.who, permit, row, view)
        self._tools.trail.record(sight.tx, event, sight.now)
        return view

    def _require_grantee(self, sight: Sight, to: Grantee, place: Place) -> None:
        """Raises NotFound, Turned."""
        if isinstance(to, ToPerson):
            person = self._directory.people(sight.tx, {to.id}).get(to.id)
            if person is None or person.role is not Role.PROFESSIONAL:
                raise NotFound("there is no such professional")
            return
        structure = self._directory.structures(sight.tx, {to.id}).get(to.id)
        if structure is None:
            raise NotFound("there is no such structure")
        policy = sight.judge.snapshot
        word = policy.structure_word(structure)
        if not policy.shows(Role.PROFESSIONAL, Relation.VIA_STRUCTURE, place.category, word):
            raise refuse(place, Action.GRANT, Reason.CATEGORY)

    def _insert(self, sight: Sight, wish: _Wish, permit: Permit, node: Node) -> GrantRow:
        owner, grants = permit.who.person, self._tools.grants
        naming = Naming(node.vault, owner.name, node.id, node.name, wish.to)
        folder, name = grants.free_names(sight.tx, naming, sight.now)
        grant = Grant(
            id=GrantId(self._tools.entropy(ID_BYTES)),
            vault=node.vault,
            node=node.id,
            to=wish.to,
            right=wish.right,
            starts=sight.now,
            until=wish.until,
            ended=None,
            folder=folder,
            name=name,
            allowance=self._allowance,
            created=sight.now,
        )
        return grants.insert(sight.tx, grant, by=owner.id, purpose=wish.purpose)

    # ── taking back ─────────────────────────────────────────────────────────────────────────────

    def _end(self, tx: Connection, who: Principal, grant: GrantId) -> GrantView:
        """Not by way of `Sight`: no network and no hour can lock anybody into a share."""
        tools, now = self._tools, self._tools.clock()
        asking = tools.login.still(tx, who, now)
        before = tools.grants.one(tx, grant)
        owner = self._owner(tx, asking, before.grant, now)
        target = Target(before.grant.vault, Relation.OWNER, Category.UNCLASSIFIED)
        decision = tools.decider.decide(owner, Action.REVOKE, target, now)
        if isinstance(decision, Denial):
            raise Refused(decision.reason)
        row = tools.grants.end(tx, grant, by=owner.id, now=now)
        view = self._shares.views(tx, [row], owner.epoch.keys, now)[0]
        if before.grant.ended is None:
            bump_revocation(tx)
            tools.trail.record(tx, _event(What.END_GRANT, owner, decision, row, view), now)
        return view

    def _owner(self, tx: Connection, asking: Principal, grant: Grant, now: datetime) -> Principal:
        """Who gave it: the person who asks, or the one for whom somebody at the machine acts."""
        if asking.vault == grant.vault:
            return asking
        if asking.operator is not None and asking.vault is None:
            login = self._shares.owner_login(tx, grant.vault, asking.epoch.keys, now)
            return self._directory.operator_for(tx, login, asking.operator, now)
        raise NotFound("there is no such grant")


def _require_sensible(wish: _Wish, node: Node, now: datetime) -> None:
    """Raises BadInput."""
    if wish.right is Right.DEPOSIT and not node.is_folder:
        raise BadInput(f"{wish.path} is a file: documents can only be deposited in a folder")
    if wish.until is not None and wish.until <= now:
        raise BadInput(f"until {wish.until.isoformat()}: that is over; choose a moment to come")
    if len(wish.purpose) > MOST_PURPOSE_CHARACTERS:
        raise BadInput(f"purpose: at most {MOST_PURPOSE_CHARACTERS} characters")


def _event(what: What, who: Principal, permit: Permit, row: GrantRow, view: GrantView) -> Event:
    """The names of people stay out of the trail: their ids can be forgotten."""
    grant = row.grant
    named = isinstance(grant.to, ToPerson)
    to = {"to-person": grant.to.id.hex()} if named else {"to-structure": view.to}
    until = {"until": grant.until.isoformat()} if grant.until else {}
    purpose = {"purpose": row.purpose} if row.purpose else {}
    return Event(
        vault=grant.vault,
        what=what,
        who=who,
        node=grant.node,
        path=view.path,
        grant=grant.id,
        rule=permit.rule,
        rows=(RowStamp("grant", grant.id, row.version, row.mac),),
        details={**to, "right": grant.right.value, **until, **purpose},
    )
