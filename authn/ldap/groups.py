"""Who is in which group, directly or through other groups, and who is in one.

Every walk remembers where it has been: groups that contain each other end it like any others.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from authn.ldap.answers import Code, Question, Raw, Scope, require_success
from authn.ldap.kinds import Kind, Nesting, Unreadable
from authn.ldap.link import Link
from authn.ldap.names import (
    all_of,
    any_of,
    dn_key,
    dn_key_or_none,
    equals,
    is_below,
    keyed,
    rdn_filter,
    value,
)  # fmt: skip
from authn.ldap.port import DirectoryAway

T = TypeVar("T")

_IN_CHAIN = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS §3.1.1.3.4.4.3)."""

_AT_ONCE = 50
"""Terms of one filter: a server compares each candidate with all of them."""
_MOST_GROUPS = 2000
_MOST_MEMBERS = 100_000


@dataclass(frozen=True, slots=True)
class Tree:
    """Where to look; `people` is the filter that everybody matches who counts."""

    people_base: str
    people: str
    groups_base: str


@dataclass(slots=True)
class Groups:
    """Thread-safe. Whether a server knows Active Directory's rule is found out once: one that
    does not gives an empty answer and no error (DESIGN §7.3).
    """

    kind: Kind
    tree: Tree
    _rule: bool | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _people_key: str = field(init=False)
    _groups_key: str = field(init=False)

    def __post_init__(self) -> None:
        """Raises ValueError when a base is no DN."""
        self._people_key = dn_key(self.tree.people_base)
        self._groups_key = dn_key(self.tree.groups_base)

    def of(self, link: Link, person: Raw, asked: Collection[str]) -> frozenset[str]:
        """Those of the groups asked about that this person is in."""
        if not asked:
            return frozenset()
        names = _known_as(asked)
        found = self._names_of(link, person)
        return frozenset(one for key in found for one in names.get(key, ()))

    def _names_of(self, link: Link, person: Raw) -> set[str]:
        """Every group of theirs, both by its DN and by its id."""
        match self.kind.nesting:
            case Nesting.FLAT:
                groups = self._these(link, keyed(person.all("memberOf")))
            case Nesting.RULE:
                groups = self._by_rule(link, person)
            case _:
                groups = self._upwards(link, person)
        return {name for one in groups for name in (dn_key(one.dn), self.kind.id_of(one))}

    def _by_rule(self, link: Link, person: Raw) -> list[Raw]:
        if self._rule is None:
            direct = self._groups(link, equals("member", person.dn))
            # Somebody who is in no group at all shows nothing.
            self._learn(bool(direct), bool(direct) and self._in_chain(link, person) != [])
        return self._upwards(link, person) if self._rule is False else self._in_chain(link, person)

    def _in_chain(self, link: Link, person: Raw) -> list[Raw]:
        return self._groups(link, f"(member:{_IN_CHAIN}:={value(person.dn)})")

    def _learn(self, there_is_something: bool, the_rule_finds_it: bool) -> None:  # noqa: FBT001 — both are named
        with self._turn:
            if there_is_something:
                self._rule = the_rule_finds_it

    def _upwards(self, link: Link, person: Raw) -> list[Raw]:
        found: dict[str, Raw] = {}
        steps = [person]
        while steps:
            met = [
                one
                for some in _in_lots(_AT_ONCE, steps)
                for one in self._groups(link, any_of(self._with_member(each) for each in some))
            ]
            fresh = {dn_key(one.dn): one for one in met}
            steps = [one for key, one in fresh.items() if key not in found]
            found |= fresh
            _within(len(found), _MOST_GROUPS)
        return list(found.values())

    def _with_member(self, one: Raw) -> str:
        """What finds the groups that list it."""
        account = one.first(self.kind.account)
        filters = [equals(name, one.dn) for name in self.kind.members if name != "memberUid"]
        if "memberUid" in self.kind.members and account is not None:
            filters.append(equals("memberUid", account))
        return any_of(filters)

    def members(self, link: Link, group: str) -> Iterator[list[Raw]]:
        """Everybody in it. Raises DirectoryAway when there is no such group."""
        top = self.one(link, group)
        match self.kind.nesting:
            case Nesting.MEMBERS:
                yield from self._listed(link, top)
            case Nesting.FLAT:
                yield from self._people(link, equals("memberOf", top.dn))
            case Nesting.RULE if self._knows_rule(link, top):
                yield from self._people(link, f"(memberOf:{_IN_CHAIN}:={value(top.dn)})")
            case _:
                yield from self._back(link, top)

    def _knows_rule(self, link: Link, top: Raw) -> bool:
        """Asked of a group that has somebody directly: the rule has to find them too."""
        if self._rule is None:
            direct = equals("memberOf", top.dn)
            there = self._is_some(link, direct)
            both = all_of([direct, f"(memberOf:{_IN_CHAIN}:={value(top.dn)})"])
            self._learn(there, there and self._is_some(link, both))
        return self._rule is True

    def _is_some(self, link: Link, filtered: str) -> bool:
        asked = Question(self.tree.people_base, all_of([self.tree.people, filtered]))
        answer, found = link.ask(asked, most=1)
        if answer.code != Code.SIZE_LIMIT:
            require_success(link.url, answer, asked.base)
        return bool(found)

    def _back(self, link: Link, top: Raw) -> Iterator[list[Raw]]:
        """Through memberOf of groups, then of people."""
        groups, steps = {dn_key(top.dn): top}, [top]
        while steps:
            met = self._groups(link, any_of(equals("memberOf", one.dn) for one in steps))
            fresh = {dn_key(one.dn): one for one in met}
            steps = [one for key, one in fresh.items() if key not in groups]
            groups |= fresh
            _within(len(groups), _MOST_GROUPS)
        for some in _in_lots(_AT_ONCE, groups.values()):
            yield from self._people(link, any_of(equals("memberOf", one.dn) for one in some))

    def _listed(self, link: Link, top: Raw) -> Iterator[list[Raw]]:
        """Members of the group and of groups in it, read from the lists themselves."""
        seen, accounts = self._named_by(link, top)
        # Whoever is elsewhere than below the people's base is not of this directory.
        people = {key: dn for key, dn in seen.items() if is_below(key, self._people_key)}
        wanted = [rdn_filter(dn) for dn in people.values()]
        wanted += [equals(self.kind.account, one) for one in accounts]
        for some in _in_lots(_AT_ONCE, wanted):
            for page in self._people(link, any_of(some)):
                yield [
                    one
                    for one in page
                    if one.first(self.kind.account) in accounts or dn_key(one.dn) in people
                ]
        # Somebody renamed meanwhile was looked for under a name that is gone.
        if self._named_by(link, self.one(link, top.dn)) != (seen, accounts):
            raise DirectoryAway(f"{link.url}: {top.dn} changed while it was read")

    def _named_by(self, link: Link, top: Raw) -> tuple[dict[str, str], set[str]]:
        """All that the group and groups in it list: DNs by their keys, and accounts."""
        seen, accounts = {dn_key(top.dn): top.dn}, set[str]()
        steps = [top]
        while steps:
            named = keyed(dn for one in steps for dn in self._member_dns(one))
            accounts |= {uid for one in steps for uid in one.all("memberUid")}
            fresh = {key: dn for key, dn in named.items() if key not in seen}
            seen |= fresh
            _within(len(seen) + len(accounts), _MOST_MEMBERS)
            steps = self._these(link, fresh, members=True)
        return seen, accounts

    def _member_dns(self, group: Raw) -> Iterator[str]:
        return (dn for name in self.kind.members if name != "memberUid" for dn in group.all(name))

    def one(self, link: Link, group: str) -> Raw:
        """A group by its DN or its id."""
        key = dn_key_or_none(group)
        if key is not None:
            found = self._at(link, key, group)
        else:
            ids = self.kind.ids
            found = self._groups(link, equals(ids.attribute, ids.filtered(group)), members=True)
            found = [one for one in found if self.kind.id_of(one) == group.lower()]
        if len(found) != 1:
            raise DirectoryAway(f"{link.url}: there is no group {group} under the groups' base")
        return found[0]

    def _at(self, link: Link, key: str, dn: str) -> list[Raw]:
        if not is_below(key, self._groups_key):
            return []
        asked = Question(dn, self.kind.group, self._read(members=True), Scope.BASE)
        answer, found = link.ask(asked)
        if answer.code == Code.NO_SUCH_OBJECT:
            return []
        require_success(link.url, answer, dn)
        return found

    def _these(self, link: Link, dns: Mapping[str, str], *, members: bool = False) -> list[Raw]:
        """The groups among these DNs, which come by their keys."""
        wanted = {key: dn for key, dn in dns.items() if is_below(key, self._groups_key)}
        return [
            one
            for some in _in_lots(_AT_ONCE, wanted.values())
            for one in self._groups(link, any_of(rdn_filter(dn) for dn in some), members=members)
            if dn_key(one.dn) in wanted
        ]

    def _groups(self, link: Link, filtered: str, *, members: bool = False) -> list[Raw]:
        both = all_of([self.kind.group, filtered])
        return link.everything(Question(self.tree.groups_base, both, self._read(members=members)))

    def _read(self, *, members: bool) -> tuple[str, ...]:
        own = (self.kind.ids.attribute, "cn")
        return (*own, *self.kind.members) if members else own

    def _people(self, link: Link, filtered: str) -> Iterator[list[Raw]]:
        both = all_of([self.tree.people, filtered])
        return link.pages(Question(self.tree.people_base, both, self.kind.attributes))


def _known_as(asked: Collection[str]) -> dict[str, list[str]]:
    """Each group asked about, under what it will be recognised by."""
    names: dict[str, list[str]] = {}
    for one in asked:
        names.setdefault(dn_key_or_none(one) or one.lower(), []).append(one)
    return names


def _in_lots(size: int, these: Iterable[T]) -> Iterator[list[T]]:
    every = list(these)
    return (every[at : at + size] for at in range(0, len(every), size))


def _within(number: int, most: int) -> None:
    if number > most:
        raise Unreadable(f"more than {most} groups or members hang together")
