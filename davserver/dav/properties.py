"""Live properties: one table, name → how it looks on an entry. Everything else is a dead one.

A renderer gives the complete element, or None where the entry has no such property. Most look the
same on all entries of one shape; those that do not (`varying`) say what of them differs.
"""

from functools import lru_cache

from davserver.dav.live import Live, each
from davserver.dav.urls import Mount
from davserver.dav.xmltext import has_special, xml_text
from davserver.domain.actions import Action
from davserver.domain.drive import Entry, LockView
from davserver.domain.several import Several
from davserver.http.dates import http_date, iso_date

OWNCLOUD = "http://owncloud.org/ns"
OFFICE = "http://ucb.openoffice.org/dav/props/"
ABRI = "urn:x-abri:properties"
CATEGORY = f"{{{ABRI}}}category"
PREFIXES = {"DAV:": "D", OWNCLOUD: "oc", OFFICE: "ucb", ABRI: "abri"}
"""Declared once, on the multistatus."""

ROOT_NAME = "Abri"


def _displaynames(several: Several) -> list[str]:
    names = [name or ROOT_NAME for name in several.names()]
    if has_special("".join(names)):
        return [xml_text(name) for name in names]
    return names


def _getcontenttype(entry: Entry, _: Mount) -> str | None:
    if entry.is_folder:
        return None
    return f"<D:getcontenttype>{xml_text(entry.media_type)}</D:getcontenttype>"


def _resourcetype(entry: Entry, _: Mount) -> str:
    if entry.is_folder:
        return "<D:resourcetype><D:collection/></D:resourcetype>"
    return "<D:resourcetype/>"


def _lock_entry(scope: str) -> str:
    return (
        f"<D:lockentry><D:lockscope><D:{scope}/></D:lockscope>"
        "<D:locktype><D:write/></D:locktype></D:lockentry>"
    )


_BOTH_SCOPES = (
    f"<D:supportedlock>{_lock_entry('exclusive')}{_lock_entry('shared')}</D:supportedlock>"
)


def _supportedlock(entry: Entry, _: Mount) -> str:
    # LibreOffice takes an offer for a promise and shows an error when LOCK is then refused.
    offered = entry.lockable and Action.LOCK in entry.may
    return _BOTH_SCOPES if offered else "<D:supportedlock/>"


def _lockdiscovery(entry: Entry, mount: Mount) -> str:
    if not entry.locks:
        return "<D:lockdiscovery/>"
    # A lock that is seen from below was taken on a folder.
    active = "".join(
        active_lock(lock, mount, folder=entry.is_folder or lock.root != entry.path)
        for lock in entry.locks
    )
    return f"<D:lockdiscovery>{active}</D:lockdiscovery>"


def active_lock(lock: LockView, mount: Mount, *, folder: bool) -> str:
    """RFC 4918 §14.1. `folder`: the lock's root is one."""
    token = (
        f"<D:locktoken><D:href>{xml_text(lock.token)}</D:href></D:locktoken>" if lock.token else ""
    )
    return (
        "<D:activelock><D:locktype><D:write/></D:locktype>"
        f"<D:lockscope><D:{'exclusive' if lock.exclusive else 'shared'}/></D:lockscope>"
        f"<D:depth>{'infinity' if lock.deep else '0'}</D:depth>{_owner(lock.owner)}"
        f"<D:timeout>Second-{max(lock.seconds_left, 0)}</D:timeout>{token}"
        f"<D:lockroot><D:href>{mount.href(lock.root, folder=folder)}</D:href></D:lockroot>"
        "</D:activelock>"
    )


def _owner(owner: str) -> str:
    """A DAV:owner element as it came with LOCK, or plain text from elsewhere."""
    if owner.startswith("<"):
        return owner
    return f"<D:owner>{xml_text(owner)}</D:owner>" if owner else ""


def _quota_used(entry: Entry, _: Mount) -> str | None:
    if entry.used is None:
        return None
    return f"<D:quota-used-bytes>{entry.used}</D:quota-used-bytes>"


def _quota_available(entry: Entry, _: Mount) -> str | None:
    if entry.available is None:
        return None
    return f"<D:quota-available-bytes>{entry.available}</D:quota-available-bytes>"


PRIVILEGES: tuple[tuple[Action, bool | None, tuple[str, ...]], ...] = (
    (Action.LIST, True, ("read",)),
    (Action.GET, False, ("read",)),
    (Action.PUT, False, ("write-content", "write-properties")),
    (Action.PUT, True, ("bind", "write-properties")),
    (Action.MKCOL, True, ("bind",)),
    (Action.DELETE, None, ("unbind",)),
    (Action.RECALL, None, ("unbind",)),
)
"""Action → privileges of RFC 3744 §3, for folders (True), files (False) or both (None).

Whoever sees a thing may read this set: so `read-current-user-privilege-set` is added to all.
`unbind` is said of the thing itself, where RFC 3744 says it of its folder: here the right to
remove differs from child to child.
"""

LETTERS: tuple[tuple[Action, bool | None, str], ...] = (
    (Action.GRANT, None, "R"),
    (Action.LIST, True, "G"),
    (Action.GET, False, "G"),
    (Action.DELETE, None, "D"),
    (Action.RECALL, None, "D"),
    (Action.MOVE, None, "NV"),
    (Action.PUT, False, "W"),
    (Action.PUT, True, "C"),
    (Action.MKCOL, True, "K"),
)
"""Action → letters of `oc:permissions`, in the order in which clients expect them."""


def _privileges(entry: Entry, _: Mount) -> str:
    return _privilege_set(entry.may, entry.is_folder, entry.describable)


@lru_cache(maxsize=256)
def _privilege_set(
    may: frozenset[Action],
    is_folder: bool,  # noqa: FBT001 — a cache key
    describable: bool,  # noqa: FBT001 — likewise
) -> str:
    names = dict.fromkeys(
        name
        for action, folder, words in PRIVILEGES
        if action in may and folder in {None, is_folder}
        for name in words
        if describable or name != "write-properties"
    )
    all_names = (*names, "read-current-user-privilege-set")
    inner = "".join(f"<D:privilege><D:{name}/></D:privilege>" for name in all_names)
    return f"<D:current-user-privilege-set>{inner}</D:current-user-privilege-set>"


def _permissions(entry: Entry, _: Mount) -> str:
    return _letters(entry.may, entry.is_folder)


@lru_cache(maxsize=256)
def _letters(may: frozenset[Action], is_folder: bool) -> str:  # noqa: FBT001 — a cache key
    letters = dict.fromkeys(
        letter
        for action, folder, word in LETTERS
        if action in may and folder in {None, is_folder}
        for letter in word
    )
    return f"<oc:permissions>{''.join(letters)}</oc:permissions>"


def _fileids(several: Several) -> list[int]:
    # Clients keep it as a signed 64-bit number.
    return [int.from_bytes(one[:8], "big") >> 1 for one in several.ids()]


def _digests(several: Several) -> list[str]:
    return [one.hex() if one else "" for one in several.digests()]


def _has_size(entry: Entry) -> bool:
    return entry.size is not None


def _has_checksum(entry: Entry) -> bool:
    # Whoever may not read a document must not learn whether it is one that they know. Whoever may
    # take it back wrote it themselves: to them it is a receipt.
    return entry.sha256 is not None and not entry.may.isdisjoint(_READ_OR_OWN)


_READ_OR_OWN = frozenset({Action.GET, Action.RECALL})


def _is_read_only(entry: Entry, _: Mount) -> str:
    value = "false" if Action.PUT in entry.may else "true"
    return (
        f"<ucb:IsReadOnly><ucbprop><type>boolean</type><value>{value}</value></ucbprop>"
        "</ucb:IsReadOnly>"
    )


def _category(entry: Entry, _: Mount) -> str | None:
    if entry.category is None:
        return None
    return f"<abri:category>{entry.category.value}</abri:category>"


_CHECKSUM = ("<oc:checksum>SHA256:", "</oc:checksum>")

LIVE: dict[str, Live] = {
    "{DAV:}creationdate": each("D:creationdate", lambda some: [*map(iso_date, some.created())]),
    "{DAV:}displayname": each("D:displayname", _displaynames),
    "{DAV:}getcontentlength": each("D:getcontentlength", lambda some: some.sizes(), _has_size),
    "{DAV:}getcontenttype": Live(_getcontenttype),
    "{DAV:}getetag": each("D:getetag", lambda some: some.etags(), around=('"', '"')),
    "{DAV:}getlastmodified": each(
        "D:getlastmodified", lambda some: [*map(http_date, some.modified())]
    ),
    "{DAV:}resourcetype": Live(_resourcetype),
    "{DAV:}supportedlock": Live(_supportedlock),
    "{DAV:}lockdiscovery": Live(_lockdiscovery),
    # RFC 4331 §2 and RFC 3744 §5.5 keep theirs out of allprop
    "{DAV:}quota-used-bytes": Live(_quota_used, in_all=False),
    "{DAV:}quota-available-bytes": Live(_quota_available, in_all=False),
    "{DAV:}current-user-privilege-set": Live(_privileges, in_all=False),
    f"{{{OWNCLOUD}}}id": each(
        "oc:id", lambda some: [one.hex() for one in some.ids()], in_all=False
    ),
    f"{{{OWNCLOUD}}}fileid": each("oc:fileid", _fileids, in_all=False),
    f"{{{OWNCLOUD}}}permissions": Live(_permissions, in_all=False),
    f"{{{OWNCLOUD}}}size": each("oc:size", lambda some: some.sizes(), _has_size, in_all=False),
    f"{{{OWNCLOUD}}}checksums": each(
        "oc:checksums", _digests, _has_checksum, around=_CHECKSUM, in_all=False
    ),
    f"{{{OFFICE}}}IsReadOnly": Live(_is_read_only, in_all=False),
    CATEGORY: Live(_category, in_all=False),
}

LOCKS = frozenset({"{DAV:}lockdiscovery"})
QUOTAS = frozenset({"{DAV:}quota-used-bytes", "{DAV:}quota-available-bytes"})
RIGHTS = frozenset(
    {
        "{DAV:}supportedlock",
        "{DAV:}current-user-privilege-set",
        f"{{{OWNCLOUD}}}permissions",
        f"{{{OWNCLOUD}}}checksums",
        f"{{{OFFICE}}}IsReadOnly",
    }
)
