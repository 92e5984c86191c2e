"""Who pays for stored bytes: the vault's quota, or the fixed allowance of one grant (DESIGN §4).

What is counted are stored bytes (header and tags included: 128 bytes and 0.024 % more than plain
ones), because those can be counted again from the blob rows alone.
"""

from functools import partial

from sqlalchemy import Connection, bindparam, select, update

from davserver.db.postgres.assumed import disproved, is_assumed
from davserver.db.prepared import Prepared
from davserver.db.tables import grant as grant_table
from davserver.db.tables import vault as vault_table
from davserver.domain.actions import Relation
from davserver.domain.decisions import Target
from davserver.domain.errors import NoSpace
from davserver.domain.grants import Grant
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.stamps import Stamp
from davserver.vault.thinning import thin

_CHARGE_VAULT = Prepared(
    update(vault_table)
    .where(
        vault_table.c.id == bindparam("payer"),
        vault_table.c.used + bindparam("size") <= vault_table.c.quota,
    )
    .values(used=vault_table.c.used + bindparam("size"))
)
_CHARGE_GRANT = Prepared(
    update(grant_table)
    .where(
        grant_table.c.id == bindparam("payer"),
        grant_table.c.used + bindparam("size") <= grant_table.c.allowance,
    )
    .values(used=grant_table.c.used + bindparam("size"))
)

_GRANT_LEFT = Prepared(
    select((grant_table.c.allowance - grant_table.c.used).label("room")).where(
        grant_table.c.id == bindparam("payer")
    )
)
_VAULT_FULL = "the vault is full"
_SHARE_FULL = "what this share may add is used up"
_USED = Prepared(
    select(vault_table.c.used, vault_table.c.quota).where(vault_table.c.id == bindparam("vault"))
)


def payer_of(target: Target) -> bytes | None:
    """The grant that pays for what is written there; None where the vault itself does."""
    grant = _paying(target)
    return None if grant is None else grant.id


def _paying(target: Target) -> Grant | None:
    return None if target.relation is Relation.OWNER else target.grant


def charge(tx: Connection, vault: OpenVault, target: Target, size: int) -> tuple[Stamp, ...]:
    """Book `size` stored bytes. When it is tight the oldest versions make room that are paid from
    the same purse, for an owner the oldest trash too: the rows that went are given back, for the
    trail.

    Raises NoSpace, and then nothing was booked.
    """
    grant = payer_of(target)
    if grant is not None:
        booked, booking, full = _CHARGE_GRANT, {"payer": grant, "size": size}, _SHARE_FULL
    else:
        booked, booking, full = _CHARGE_VAULT, {"payer": vault.id, "size": size}, _VAULT_FULL
        has_room = "room", vault.id
        if is_assumed(tx, has_room):
            booked.must_change(tx, booking, partial(disproved, tx, has_room))
            return ()
    if booked.run(tx, booking) == 1:
        return ()
    thinned = thin(tx, vault, size, grant)
    if booked.run(tx, booking) != 1:
        raise NoSpace(full)
    return thinned


def most_for(vault: OpenVault, target: Target) -> int:
    """How many stored bytes one file may have there at most: older versions can make room for it,
    so that only the whole quota or the whole allowance bounds it.
    """
    grant = _paying(target)
    return vault.quota if grant is None else grant.allowance


def left_for(tx: Connection, target: Target) -> int:
    """How many stored bytes the target's grant has left; as `used_and_quota` tells it of a vault,
    earlier versions count as used up.
    """
    row = _GRANT_LEFT.first(tx, {"payer": payer_of(target)})
    return max(0, int(row["room"])) if row else 0


def used_and_quota(tx: Connection, vault: OpenVault) -> tuple[int, int]:
    """Bytes booked on the vault, and its quota."""
    row = _USED.first(tx, {"vault": vault.id})
    return (row["used"], row["quota"]) if row else (0, vault.quota)
