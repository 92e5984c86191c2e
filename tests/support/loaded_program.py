"""What a worker has loaded, one line at its start and one after requests: their names.

`python -m tests.support.loaded_program CONFIG PASSWORD`, in a process of its own: whatever the
tests have loaded themselves would be there too.
"""

import sys
from base64 import b64encode
from pathlib import Path
from socket import create_connection

import admin.main
import admin.serve  # noqa: F401
from admin.served import served
from davserver.config import load
from davserver.serving.server import running_server

_REQUESTS = (
    ("PUT", "/dav/loaded.txt", b"x" * 200_000, ""),
    ("GET", "/dav/loaded.txt", b"", ""),
    ("GET", "/dav/loaded.txt", b"", "Range: bytes=5-70000\r\n"),
    ("PROPFIND", "/dav/", b"", "Depth: 1\r\n"),
    ("DELETE", "/dav/loaded.txt", b"", ""),
)


def main() -> None:
    config, password = sys.argv[1:]
    ours = served(load(Path(config)))
    with running_server(ours.app) as server:
        print(*sys.modules)
        word = b64encode(f"amina:{password}".encode()).decode()
        for method, path, body, field in _REQUESTS:
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {word}\r\n"
                f"{field}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            with create_connection(("127.0.0.1", server.port), timeout=60) as sock:
                sock.sendall(head.encode() + body)
                answer = b""
                while piece := sock.recv(1 << 16):
                    answer += piece
            assert answer.split(b" ", 2)[1][:1] == b"2", answer[:200]
        print(*sys.modules)
    ours.close()


if __name__ == "__main__":
    main()
