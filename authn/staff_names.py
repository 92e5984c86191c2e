r"""Whose a typed name is: a local login's, or that of somebody in a structure's directory.

People write `NAME@DOMAIN`, Windows writes `DOMAIN\NAME`, and one directory at most also takes NAME
alone. No name can belong to two directories, and no new local login may end in @DOMAIN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from authn.login_name import key_to_look_up, login_key
from authn.texts import quoted
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import BadInput
from davserver.sealing.index import folded, nfc

_MOST_READ = 1024
"""Names kept as they were read: the same programs sign in with every request."""


@dataclass(frozen=True, slots=True)
class StaffName:
    """`account` as the directory is asked for it; `key` is that of the login `account@domain`,
    empty when nobody can have such a login: then the directory need not be asked.
    """

    directory: str
    account: str
    key: str


@dataclass(frozen=True, slots=True)
class TypedName:
    """`local`: the key of the local login that it may be, empty for none; it wins over `staff`."""

    local: str
    staff: StaffName | None


class StaffNames:
    """Shared between threads. Without directories every name is a local login's."""

    def __init__(self, directories: Mapping[str, DirectorySettings]) -> None:
        self._domains = {one.domain: name for name, one in directories.items()}
        self._prefixes = {
            folded(word): name
            for name, one in directories.items()
            for word in (one.domain, one.netbios or one.domain)
        }
        self._plain = next((name for name, one in directories.items() if one.plain_names), None)
        self._domain_of = {name: domain for domain, name in self._domains.items()}
        self.read = lru_cache(_MOST_READ)(self._read)

    def _read(self, typed: str) -> TypedName:
        r"""Never raises, whatever was typed. The `MACHINE\` of a Windows that is in none of the
        directories means nothing.
        """
        before, backslash, rest = typed.strip().rpartition("\\")
        name = rest.strip()
        if backslash:
            named = self._prefixes.get(folded(before.strip()))
            if named is not None:
                return TypedName("", self._staff(named, name))
            return TypedName(key_to_look_up(name), None)
        account, at, domain = name.rpartition("@")
        if at:
            named = self._domains.get(folded(domain))
            local = key_to_look_up(name)
            return TypedName(local, self._staff(named, account) if named else None)
        staff = self._staff(self._plain, name) if self._plain is not None else None
        return TypedName(key_to_look_up(name), staff)

    def login(self, directory: str, account: str) -> str:
        """What somebody of that directory signs in with, as Abri shows it."""
        return f"{nfc(account)}@{self._domain_of[directory]}".lower()

    def require_local(self, login: str) -> None:
        """Raises BadInput for a new local login that would be taken for one of a directory."""
        domain = login_key(login).rpartition("@")[2]
        named = self._domains.get(domain) if "@" in login else None
        if named is not None:
            raise BadInput(
                f"login {quoted(login)}: names in @{domain} come from the directory {named}; "
                "choose one without it"
            )

    def _staff(self, directory: str, account: str) -> StaffName:
        # An account with an @ would read like a name of another domain.
        login = "" if "@" in account or not account else f"{account}@{self._domain_of[directory]}"
        return StaffName(directory, nfc(account), key_to_look_up(login))


NO_DIRECTORIES = StaffNames({})
