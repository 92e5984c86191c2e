"""Walks through a directory as sign-in does, and says at each step what is wrong.

The steps go from near to far; one that fails ends those which need it.
"""

import ssl
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from authn.ldap.answers import Code, Question, Raw, Scope, require_success
from authn.ldap.channel import Trust
from authn.ldap.groups import Groups, Tree
from authn.ldap.kinds import KINDS, Kind, Unreadable
from authn.ldap.link import Link, is_filter
from authn.ldap.names import all_of, dn_key_or_none, equals, is_name
from authn.ldap.pool import Service
from authn.ldap.port import DirectoryAway, EntryState
from authn.ldap.reach import reach
from authn.ldap.steps import Looked, Step, Verdict
from davserver.config.directory_settings import DirectorySettings


def diagnose(
    settings: DirectorySettings,
    person: str | None,
    groups: Collection[str],
    now: Callable[[], datetime],
) -> Iterator[Step]:
    """`person`: the name that somebody signs in with, without domain. `groups`: those that are
    mapped, each by DN or id. Nothing is changed anywhere.
    """
    wrong = list(_settings(settings))
    yield from wrong
    if any(step.verdict is Verdict.WRONG for step in wrong):
        return
    yield Step(Looked.SETTINGS, Verdict.GOOD, "The settings can be read.")
    working = None
    for url in settings.servers:
        link = yield from reach(url, settings, now)
        working = _first(working, link)
    if working is None:
        return
    try:
        yield from _contents(_Visit(working, settings, now), person, groups)
    finally:
        working.close()


def _first(working: Link | None, link: Link | None) -> Link | None:
    if working is not None and link is not None:
        link.close()
    return working or link


def _settings(settings: DirectorySettings) -> Iterator[Step]:
    for name in ("people", "groups"):
        dn = getattr(settings, name)
        if dn_key_or_none(dn) is None:
            yield _wrong(
                Looked.SETTINGS,
                f"“{dn}” is not the name of a place in a directory.",
                f"Set `{name}` to a DN such as ou={name},dc=example,dc=org.",
            )
    if settings.bind_dn is not None and not _may_bind(settings.bind_dn):
        yield _wrong(
            Looked.SETTINGS,
            f"“{settings.bind_dn}” is not the name of a service account.",
            "Set `bind_dn` to its DN (in Active Directory, NAME@DOMAIN will do).",
        )
    if settings.only is not None and not is_filter(settings.only):
        yield _wrong(
            Looked.SETTINGS,
            f"“{settings.only}” is not an LDAP filter.",
            "Set `only` to one such as (employeeType=agent), or to none.",
        )
    yield from _files(settings)


def _may_bind(name: str) -> bool:
    """Active Directory takes NAME@DOMAIN; that the software is another comes out later."""
    return "@" in name or "\\" in name or dn_key_or_none(name) is not None


def _files(settings: DirectorySettings) -> Iterator[Step]:
    try:
        Trust(settings.ca, settings.certificate, settings.key).context()
    except (OSError, ssl.SSLError) as error:
        yield _wrong(
            Looked.SETTINGS,
            f"The certificates cannot be read: {error}.",
            "Check the files that `ca`, `certificate` and `key` name: PEM, readable by Abri.",
        )
    if settings.bind_dn is None or settings.bind_password_file is None:
        return
    try:
        Service(settings.bind_dn, settings.bind_password_file).password()
    except DirectoryAway as error:
        yield _wrong(
            Looked.SETTINGS,
            f"{error}.",
            "Write the service account's password into the first line of the file that "
            "`bind_password_file` names.",
        )


def _contents(visit: "_Visit", person: str | None, groups: Collection[str]) -> Iterator[Step]:
    """Each part for itself: people can be right where groups are wrong."""
    yield from _told(Looked.SOFTWARE, visit.software)
    yield from _told(Looked.PEOPLE, visit.people)
    yield from _told(Looked.GROUPS, visit.groups)
    for group in groups:
        yield from _told(Looked.MAPPED, partial(visit.mapped, group))
    if person is not None:
        yield from _told(Looked.PERSON, partial(visit.person, person, groups))


def _told(looked: Looked, part: Callable[[], Iterator[Step]]) -> Iterator[Step]:
    try:
        yield from part()
    except (DirectoryAway, Unreadable, ValueError) as error:
        yield _wrong(looked, f"{error}.", _CHANGES[looked])


_CHANGES = {
    Looked.SOFTWARE: "Look at the server's own log: it broke off when it was asked what it is.",
    Looked.PEOPLE: "Correct `people`, or let the service account read what is there.",
    Looked.GROUPS: "Correct `groups`, or let the service account read what is there.",
    Looked.MAPPED: "Correct the group in directory-groups.csv: its DN, or better its id.",
    Looked.PERSON: "Let the service account read people and groups.",
}
_AD = "1.2.840.113556.1.4.800"
_STATES = {
    EntryState.ACTIVE: "may sign in",
    EntryState.DISABLED: "is disabled there",
    EntryState.EXPIRED: "has an account that has expired there",
    EntryState.LOCKED: "is locked out there, for wrong passwords",
    EntryState.MUST_CHANGE: "has to choose a new password there first",
}


@dataclass(slots=True)
class _Visit:
    link: Link
    settings: DirectorySettings
    now: Callable[[], datetime]

    @property
    def _kind(self) -> Kind:
        return KINDS[self.settings.kind]

    @property
    def _everybody(self) -> str:
        only = self.settings.only
        return all_of([self._kind.person, *([only] if only else [])])

    @property
    def _groups(self) -> Groups:
        return Groups(self._kind, Tree(self.settings.people, self._everybody, self.settings.groups))

    def software(self) -> Iterator[Step]:
        """Only where it can be told: most directories do not say what they are."""
        asked = Question(
            "", "(objectClass=*)", ("supportedCapabilities", "vendorName", "vendorVersion"),
            Scope.BASE,
        )  # fmt: skip
        answer, found = self.link.ask(asked)
        capable = found[0].all("supportedCapabilities") if found else []
        is_ad, says_ad = _AD in capable, self.settings.kind == "active-directory"
        if answer.code != Code.SUCCESS or is_ad is says_ad:
            return
        really = "is Active Directory" if is_ad else "is not Active Directory"
        yield _wrong(
            Looked.SOFTWARE,
            f"The server {really}, and `kind` is {self.settings.kind}.",
            "Set `kind` to active-directory." if is_ad else "Set `kind` to what it is.",
        )

    def people(self) -> Iterator[Step]:
        base, kind = self.settings.people, self._kind
        asked = Question(base, self._everybody, (kind.ids.attribute,))
        found = self.link.everything(asked)
        if not found:
            yield _wrong(
                Looked.PEOPLE,
                f"There is nobody under {base} for the service account to see.",
                "Correct `people` (and `only`), or let the service account read them.",
            )
            return
        for one in found:
            kind.id_of(one)
        yield Step(Looked.PEOPLE, Verdict.GOOD, f"{_people(len(found))} under {base}.")

    def groups(self) -> Iterator[Step]:
        base = self.settings.groups
        found = self.link.everything(Question(base, self._kind.group))
        if not found:
            yield _wrong(
                Looked.GROUPS,
                f"There is no group under {base} for the service account to see.",
                _CHANGES[Looked.GROUPS],
            )
            return
        yield Step(Looked.GROUPS, Verdict.GOOD, f"{len(found)} groups are under {base}.")

    def mapped(self, group: str) -> Iterator[Step]:
        ids: set[str] = set()
        for page in self._groups.members(self.link, group):
            ids |= {self._kind.id_of(one) for one in page}
        says = f"{_people(len(ids))} in {group}."
        if ids:
            yield Step(Looked.MAPPED, Verdict.GOOD, says)
            return
        yield Step(
            Looked.MAPPED, Verdict.DOUBTFUL, says,
            "Map another group, if this one is not meant to be empty. (In Active Directory, nobody "
            "counts as in their primary group, such as Domain Users.)",
        )  # fmt: skip

    def person(self, account: str, groups: Collection[str]) -> Iterator[Step]:
        found = self._found(account) if is_name(account) else []
        if len(found) != 1:
            yield _wrong(
                Looked.PERSON,
                f"{_people(len(found))} called {account} there.",
                "Check the name, `people`, and `only`.",
            )
            return
        state = self._kind.state(found[0], self.now(), self.settings.wrong_within)
        verdict = Verdict.GOOD if state is EntryState.ACTIVE else Verdict.DOUBTFUL
        named = f"{account} has the id {self._kind.id_of(found[0])}"
        yield Step(Looked.PERSON, verdict, f"{named} and {_STATES[state]}.")
        yield self._place(account, self._groups.of(self.link, found[0], groups))

    def _found(self, account: str) -> list[Raw]:
        filtered = all_of([self._everybody, equals(self._kind.account, account)])
        asked = Question(self.settings.people, filtered, self._kind.attributes)
        answer, found = self.link.ask(asked)
        require_success(self.link.url, answer, asked.base)
        return found

    def _place(self, account: str, groups: frozenset[str]) -> Step:
        if groups:
            says = f"{account} is in {', '.join(sorted(groups))}."
            return Step(Looked.PERSON, Verdict.GOOD, says)
        return Step(
            Looked.PERSON, Verdict.DOUBTFUL, f"{account} is in no group that is mapped.",
            "Put them in one, or map one of theirs in directory-groups.csv.",
        )  # fmt: skip


def _people(number: int) -> str:
    return {0: "Nobody is", 1: "One person is"}.get(number, f"{number} people are")


def _wrong(looked: Looked, says: str, change: str) -> Step:
    return Step(looked, Verdict.WRONG, says, change)
