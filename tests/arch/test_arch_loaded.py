"""What running processes have loaded: each module is paid for by every worker of every server.

Both tables say why. What a table forbids may be loaded by commands, and by a worker once somebody
asks for what needs it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

KEEPER_OWN = {
    "davserver": "the package",
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


def test_the_supervisor_of_a_running_server_is_small() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import davserver.serving.keeper"
    loaded = _loaded("-S", "-P", "-c", f"{code}; print(*sys.modules)", str(ROOT))
    ours = {name for name in loaded if name.partition(".")[0] in {"davserver", "admin", "authn"}}
    assert ours == set(KEEPER_OWN)
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & set(KEEPER_WITHOUT)
    assert tops <= sys.stdlib_module_names | {"davserver", "__main__"}


def _loaded(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())
