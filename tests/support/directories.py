"""Settings of directories for tests that ask none."""

from datetime import timedelta

from davserver.config.directory_settings import DirectorySettings


def directory_of(domain: str, **other: object) -> DirectorySettings:
    usual: dict[str, object] = {
        "kind": "openldap",
        "servers": ("ldaps://localhost",),
        "domain": domain,
        "people": "ou=people",
        "groups": "ou=groups",
        "netbios": None,
        "plain_names": False,
        "term": timedelta(minutes=5),
        "wrong_passwords": 3,
        "wrong_within": timedelta(minutes=30),
    }
    return DirectorySettings(**usual | other)  # type: ignore[arg-type]
