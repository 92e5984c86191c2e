"""Giving: an owner lets somebody, or a structure, reach one thing of theirs."""

from davserver.domain.actions import Action, Relation
from davserver.domain.decisions import Permit
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, NotFound, Reason
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.nodes import Node
from davserver.domain.people import Role
from davserver.gate.acting import refuse
from davserver.gate.affiliations.affiliating import affirm
from davserver.gate.consent import asks_owner
from davserver.gate.places import Place
from davserver.gate.sharing.ledger import ALONE, Beside, Ledger, Wish, overlap, require_sensible
from davserver.gate.sight import Sight
from davserver.trail import What


def give(
    ledger: Ledger, sight: Sight, place: Place, wish: Wish, beside: Beside = ALONE
) -> GrantView:
    """In one transaction. Raises as `require_givable`; Denied also where owners are asked."""
    permit, node = require_givable(ledger, sight, place, wish)
    if asks_owner(ledger.tools, sight.who):
        raise refuse(place, Action.GRANT, Reason.NEEDS_OWNER)
    if isinstance(wish.to, ToStructure):
        affirm(sight.tx, ledger.tools, sight.who, node.vault, wish.to.id, sight.now)
    row = ledger.insert(sight, wish, node, permit.who.person)
    return ledger.tell(sight.tx, What.GRANT, permit, [row], sight.now, beside)[0]


def require_givable(ledger: Ledger, sight: Sight, place: Place, wish: Wish) -> tuple[Permit, Node]:
    """That it could be given now, and by which permit. Raises NotFound, AlreadyThere, BadInput,
    Denied.
    """
    permit = sight.require(Action.GRANT, place)
    node = place.node
    if node is None or place.is_top:
        raise refuse(place, Action.GRANT, Reason.DRIVE_ROOT)
    require_sensible(wish, node, sight.now)
    require_grantee(ledger, sight, wish.to, place)
    there = ledger.tools.grants.standing(sight.tx, wish.to, node.id, sight.now)
    # What others shared on goes its own way: the owner may give the same, and longer.
    mine = [row for row in there if row.grant.parent is None]
    same = [row for row in mine if overlap(wish, row.grant, sight.now)]
    if any(row.resting for row in same):
        raise AlreadyThere(
            "that is shared with them already, and rests since they left a structure: end that "
            "first, and share it anew with them where they are now"
        )
    if same:
        raise AlreadyThere("that is shared with them already: end that first, or renew it")
    return permit, node


def require_grantee(ledger: Ledger, sight: Sight, to: Grantee, place: Place) -> None:
    """That there is such a side, and that the policy shows it such a document.

    Raises NotFound, Denied.
    """
    if isinstance(to, ToPerson):
        ledger.professional(sight.tx, to)
        return
    structure = ledger.registered.structures(sight.tx, {to.id}).get(to.id)
    if structure is None:
        raise NotFound("there is no such structure")
    policy = sight.judge.snapshot
    word = policy.structure_word(structure)
    if not policy.shows(Role.PROFESSIONAL, Relation.VIA_STRUCTURE, place.category, word):
        raise refuse(place, Action.GRANT, Reason.CATEGORY)
