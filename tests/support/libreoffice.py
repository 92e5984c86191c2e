"""LibreOffice with a document open from the drive, moved by orders over UNO."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.support.instance import Server
from tests.support.outside import Outside, program, trusting
from tests.support.ports import free_port

EDITOR = Path(__file__).parents[1] / "interop" / "libreoffice_edit.py"


@contextmanager
def office(outside: Outside, certificate: Path, port: int) -> Iterator[None]:
    """A LibreOffice without window, listening for orders on `port`."""
    command = trusting(
        certificate, program("soffice"), "--headless", "--norestore",
        f"-env:UserInstallation=file://{outside.home}/profile",
        f"--accept=socket,host=127.0.0.1,port={port};urp;",
    )  # fmt: skip
    log = (outside.home / "office.log").open("wb")
    process = subprocess.Popen(
        command, env=outside.environment(), stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        log.close()


def ordered(
    editor: "subprocess.Popen[str]", order: str, lines: int = 1, seconds: float = 60
) -> list[str]:
    """What they say to one order of `interop/libreoffice_edit.py`."""
    assert editor.stdin is not None
    assert editor.stdout is not None
    editor.stdin.write(f"{order}\n")
    editor.stdin.flush()
    said: list[str] = []
    heard = threading.Thread(target=_hear, args=(editor.stdout, lines, said), daemon=True)
    heard.start()
    heard.join(seconds)
    assert len(said) == lines, (order, said)
    return said


def _hear(stream: IO[str], lines: int, said: list[str]) -> None:
    said.extend(stream.readline().strip() for _ in range(lines))


@contextmanager
def editing(
    drive: Server, outside: Outside, url: str, text: str, login: str = "karim"
) -> Iterator["subprocess.Popen[str]"]:
    """They have the document open: its text and its state were said. `go` makes them store."""
    port, certificate = free_port(), drive.instance.folder / "keys/tls.crt"
    with office(outside, certificate, port):
        command = [
            "/usr/bin/python3", str(EDITOR), str(port), url, login,
            drive.instance.passwords[login], text,
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=outside.environment(),
        ) as editor:  # fmt: skip
            assert editor.stdout is not None
            try:
                opened = [editor.stdout.readline().strip() for _ in range(2)]
                told = (opened, drive.log_text()[-3000:])
                assert opened == ["Madame, Monsieur.", "writable"], told
                yield editor
                if editor.returncode is None:
                    editor.communicate(timeout=180)
            finally:
                editor.kill()
