"""The WSGI environ of a request (PEP 3333), with Abri's own keys."""

from functools import lru_cache
from typing import TypedDict
from urllib.parse import unquote_to_bytes

from davserver.serving.head import Head
from davserver.serving.logs import Complaints

Environ = dict[str, object]


class Fixed(TypedDict):
    """What is the same for every request of a connection."""

    server_name: str
    server_port: str
    remote_addr: str
    remote_port: str
    scheme: str
    multiprocess: bool
    errors: Complaints
    certificate: bytes | None


_WITHOUT_PREFIX = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


@lru_cache(maxsize=512)
def environ_key(name: str) -> str:
    return _WITHOUT_PREFIX.get(name) or "HTTP_" + name.upper().replace("-", "_")


def connection_environ(fixed: Fixed) -> Environ:
    environ: Environ = {
        "SERVER_SOFTWARE": "Abri",
        "SERVER_NAME": fixed["server_name"],
        "SERVER_PORT": fixed["server_port"],
        "REMOTE_ADDR": fixed["remote_addr"],
        "REMOTE_PORT": fixed["remote_port"],
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": fixed["scheme"],
        "wsgi.errors": fixed["errors"],
        "wsgi.multithread": True,
        "wsgi.multiprocess": fixed["multiprocess"],
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    if fixed["scheme"] == "https":
        environ["HTTPS"] = "on"
    if fixed["certificate"] is not None:
        environ["abri.client_certificate"] = fixed["certificate"]
    return environ


def request_environ(base: Environ, head: Head) -> Environ:
    """`REQUEST_URI` is the target as sent: `PATH_INFO` has lost the difference of `/` and `%2F`."""
    environ = base.copy()
    environ["REQUEST_METHOD"] = head.method
    environ["REQUEST_URI"] = head.target
    path = head.path
    environ["PATH_INFO"] = _decoded(path) if "%" in path else path
    environ["QUERY_STRING"] = head.query
    environ["SERVER_PROTOCOL"] = head.version
    for name, value in head.headers.items():
        environ[environ_key(name)] = value
    return environ


def _decoded(path: str) -> str:
    return unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
