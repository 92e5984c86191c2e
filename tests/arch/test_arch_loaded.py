"""What running processes have loaded: each module is paid for by every worker of every server.

Both tables say why. What a table forbids may be loaded by commands, and by a worker once somebody
asks for what needs it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cast import Casts
from tests.support.instance import password_of

ROOT = Path(__file__).parents[2]

KEEPER_OWN = {
    "davserver": "the package",
    "davserver.domain": "the package",
    "davserver.domain.instants": "when they died",
    "davserver.serving": "the package",
    "davserver.serving.keeper": "what it runs",
    "davserver.serving.logs": "tells that workers died",
    "davserver.serving.supervisor": "what it does",
}
"""All of ours that the supervisor of a running server may have. Of others', nothing."""

KEEPER_WITHOUT = {
    "asyncio": "runs nothing",
    "dataclasses": "1.4 MiB, with what it looks into code with",
    "email": "speaks no protocol",
    "http": "likewise",
    "logging": "writes its lines itself",
    "socket": "holds descriptors only",
    "ssl": "answers nobody",
    "typing_extensions": "no library is loaded",
}

WORKER_WITHOUT = {
    "alembic": "migrations are a command's",
    "babel": "for the pages",
    "cryptography.x509": "4 MiB; where somebody shows a certificate",
    "davserver.gate.policy.impact": "for pages and commands (`davserver.wiring.occasional`)",
    "davserver.gate.people.people": "likewise",
    "davserver.gate.sharing.sharing": "likewise",
    "davserver.vault.check": "likewise",
    "davserver.web": "9 MiB with what it is made with; where somebody opens a page",
    "flask": "for the pages",
    "http.client": "nobody is asked anything by HTTP",
    "jinja2": "for the pages",
    "ldap3": "where a directory is configured",
    "markupsafe": "for the pages",
    "multipart": "for the pages",
    "psycopg": "where the database is PostgreSQL",
    "pygments": "rich would bring it",
    "rich": "for commands that draw tables",
    "sqlalchemy.dialects.postgresql": "2 MiB; where the database is PostgreSQL",
    "structlog": "9 MiB with what it brings; Python's own logging does the same",
    "urllib.request": "nothing is fetched",
    "werkzeug": "for the pages",
    "wsgidav": "methods are ours (docs/decisions)",
}


def test_the_supervisor_of_a_running_server_is_small() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import davserver.serving.keeper"
    loaded = _loaded("-S", "-P", "-c", f"{code}; print(*sys.modules)", str(ROOT))
    ours = {name for name in loaded if name.partition(".")[0] in {"davserver", "admin", "authn"}}
    assert ours == set(KEEPER_OWN)
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & set(KEEPER_WITHOUT)
    assert tops <= sys.stdlib_module_names | {"davserver", "__main__"}


@pytest.mark.server
def test_a_worker_of_drives_has_loaded_nothing_else(casts: Casts, tmp_path: Path) -> None:
    with casts.copy("sqlite", tmp_path / "abri") as instance:
        words = [str(instance.config), password_of("amina")]
        at_start, after_requests = (
            frozenset(line.split())
            for line in _printed("-m", "tests.support.loaded_program", *words).splitlines()
        )
    assert "davserver.dav.app" in at_start
    for loaded in (at_start, after_requests):
        assert {name: WORKER_WITHOUT[name] for name in loaded & set(WORKER_WITHOUT)} == {}
    # What the first requests load would be loaded by each worker for itself.
    assert {name for name in after_requests - at_start if not _is_small(name)} == set()


def _is_small(name: str) -> bool:
    return name.startswith("encodings.")


def _loaded(*words: str) -> set[str]:
    return set(_printed(*words).split())


def _printed(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
