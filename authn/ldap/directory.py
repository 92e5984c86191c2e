"""A structure's directory over LDAP: the port, as ldap3 and the tables of `kinds` make it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from authn.ldap.answers import (
    Answer,
    Code,
    Question,
    Raw,
    Scope,
    require_success,
)
from authn.ldap.channel import Trust
from authn.ldap.groups import Groups, Tree
from authn.ldap.kinds import KINDS, POLICY, Unreadable
from authn.ldap.link import Link, Patience, is_filter
from authn.ldap.names import all_of, any_of, dn_parts, equals, is_name, is_password, same_name
from authn.ldap.pool import Pool, Service
from authn.ldap.port import (
    Absent,
    BeforeTrying,
    DirectoryAway,
    Entry,
    EntryState,
    Present,
    Wrong,
    try_all,
)
from authn.ldap.servers import Servers
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.secret import Secret

_TRY_ANYWAY = {EntryState.ACTIVE, EntryState.LOCKED}
"""A lock-out may be over without the directory having noted it: a sign-in shows."""


class LdapDirectory:
    """Thread-safe. `now` is the clock on the wall, for what expires; `monotonic` counts seconds."""

    def __init__(
        self,
        name: str,
        settings: DirectorySettings,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._kind = KINDS[settings.kind]
        self._people = all_of([self._kind.person, *([settings.only] if settings.only else [])])
        self._groups = Groups(self._kind, Tree(settings.people, self._people, settings.groups))
        # A filter that is none must not keep the server from starting: its people wait.
        self._can_ask = settings.only is None or is_filter(settings.only)
        self._pool = _pool(settings, monotonic)

    @property
    def name(self) -> str:
        return self._name

    def authenticate(
        self,
        account: str,
        password: Secret,
        groups: Collection[str],
        before: BeforeTrying = try_all,
    ) -> Present | Absent | Wrong:
        if not is_name(account):
            return Absent.ABSENT
        if not is_password(password.reveal()):
            return Wrong.WRONG
        with self._told():
            found = self._pool.run(lambda link: self._person(link, self._named(account)))
            if found is None or not self._is_called(found, account):
                return Absent.ABSENT
            entry = self._entry(found)
            if entry.state in _TRY_ANYWAY:
                before(entry)
                tried = self._tried(entry, self._pool.try_password(found.dn, password))
                if isinstance(tried, Wrong):
                    return tried
                entry = replace(entry, state=tried)
            return Present(entry, self._groups_of(found, groups))

    def _tried(self, entry: Entry, answer: Answer) -> EntryState | Wrong:
        """What their password's bind says about them."""
        if answer.policy is not None and answer.policy in POLICY:
            return POLICY[answer.policy]
        if answer.code == Code.SUCCESS:
            return EntryState.ACTIVE
        if answer.code in self._kind.refusals:
            return self._kind.refusals[answer.code]
        if answer.code not in {Code.INVALID_CREDENTIALS, Code.INAPPROPRIATE_AUTHENTICATION}:
            raise DirectoryAway(f"a password was answered with: {answer.what}")
        detail = answer.says.partition("data ")[2].partition(",")[0].strip().lower()
        if detail in self._kind.details:
            return self._kind.details[detail]
        return EntryState.LOCKED if entry.state is EntryState.LOCKED else Wrong.WRONG

    def fetch(self, entry: str, groups: Collection[str]) -> Present | Absent:
        with self._told():
            ids = self._kind.ids
            filtered = equals(ids.attribute, ids.filtered(entry))
            found = self._pool.run(lambda link: self._person(link, filtered))
            if found is None:
                return Absent.ABSENT
            now = self._entry(found)
            if now.id != entry.lower():
                raise DirectoryAway("it answered with somebody else than was asked for")
            return Present(now, self._groups_of(found, groups))

    def groups(self, entry: Entry, groups: Collection[str]) -> frozenset[str]:
        answer = self.fetch(entry.id, groups)
        return answer.groups if isinstance(answer, Present) else frozenset()

    def _groups_of(self, person: Raw, groups: Collection[str]) -> frozenset[str]:
        return self._pool.run(lambda link: self._place(link, person, groups))

    def _place(self, link: Link, person: Raw, groups: Collection[str]) -> frozenset[str]:
        found = self._groups.of(link, person, groups)
        if groups and not found:
            # Somebody renamed since they were found is in no group by their old name.
            base = Question(person.dn, self._people, (self._kind.ids.attribute,), Scope.BASE)
            answer, same = link.ask(base)
            require_success(link.url, answer, "such person any more")
            if [self._kind.id_of(one) for one in same] != [self._kind.id_of(person)]:
                raise DirectoryAway("somebody was moved while they were looked at")
        return found

    def page(self, group: str) -> Iterator[list[Entry]]:
        met: set[str] = set()
        with self._told(), self._pool.of_its_own() as link:
            for some in self._groups.members(link, group):
                entries = [self._entry(one) for one in some]
                fresh = [one for one in entries if one.id not in met]
                met |= {one.id for one in fresh}
                if fresh:
                    yield fresh

    def ping(self) -> None:
        base = self._settings.people
        with self._told(), self._pool.of_its_own() as link:
            answer, _ = link.ask(Question(base, "(objectClass=*)", scope=Scope.BASE))
            require_success(link.url, answer, base)

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What Abri cannot read in an entry is unknown, like all that a directory does not say."""
        if not self._can_ask:
            raise DirectoryAway(f"only: “{self._settings.only}” is not an LDAP filter")
        try:
            yield
        except (Unreadable, ValueError) as error:
            # A ValueError is of a DN that is none.
            raise DirectoryAway(f"it answers what cannot be: {error}") from error

    def _named(self, account: str) -> str:
        """Filters those who sign in by that name."""
        full = f"{account}@{self._settings.domain}"
        also = [equals(alias, full) for alias in self._kind.aliases]
        return any_of([equals(self._kind.account, account), *also])

    def _person(self, link: Link, filtered: str) -> Raw | None:
        """Exactly one or none. None only of a directory that shows people at all: one that lost
        its entries, or its service account's rights, says nothing about anybody.
        """
        asked = Question(
            self._settings.people, all_of([self._people, filtered]), self._kind.attributes
        )
        answer, found = link.ask(asked)
        if answer.code == Code.SIZE_LIMIT or len(found) > 1:
            raise DirectoryAway("more than one person answers to one name or id")
        require_success(link.url, answer, asked.base)
        if not found:
            self._require_people(link)
            return None
        return found[0]

    def _require_people(self, link: Link) -> None:
        answer, some = link.ask(Question(self._settings.people, self._people), most=1)
        if answer.code != Code.SIZE_LIMIT:
            require_success(link.url, answer, self._settings.people)
        if not some:
            raise DirectoryAway(
                f"{link.url}: it shows nobody at all under {self._settings.people}: "
                "the service account may have lost its rights"
            )

    def _is_called(self, found: Raw, account: str) -> bool:
        """Servers find by less than the whole name: AD without accents, others without spaces."""
        full = f"{account}@{self._settings.domain}"
        own = found.all(self._kind.account)
        aliases = [one for alias in self._kind.aliases for one in found.all(alias)]
        return any(same_name(one, account) for one in own) or any(
            same_name(one, full) for one in aliases
        )

    def _entry(self, raw: Raw) -> Entry:
        account = _account(raw, self._kind.account)
        state = self._kind.state(raw, self._now(), self._settings.wrong_within)
        # Several values have no order (RFC 4511 §4.1.7): the fullest, the same each time.
        common = max(raw.all("cn"), key=lambda one: (len(one), one), default=account)
        name = raw.first("displayName") or common
        return Entry(self._kind.id_of(raw), raw.dn, account, name, state)


def _account(raw: Raw, attribute: str) -> str:
    """Of several, the one in their DN, or else the same one each time."""
    accounts = [one for one in raw.all(attribute) if one]
    if not accounts or not raw.dn:
        raise Unreadable(f"an entry shows no {attribute}")
    named = [value for name, value in dn_parts(raw.dn)[0] if name == attribute.casefold()]
    return next((one for one in sorted(accounts) if one in named), min(accounts))


def _pool(settings: DirectorySettings, monotonic: Callable[[], float]) -> Pool:
    service = None
    if settings.bind_dn is not None and settings.bind_password_file is not None:
        service = Service(settings.bind_dn, settings.bind_password_file)
    return Pool(
        Servers(settings.servers, monotonic),
        Trust(settings.ca, settings.certificate, settings.key),
        Patience(settings.connecting.total_seconds(), settings.answering.total_seconds()),
        service,
        settings.connections,
    )
