"""rclone as one person: its commands, and its mount in the file system."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.instance import Server
from tests.support.outside import Outside, as_root, program

RCLONE = str(Path(sys.executable).with_name("rclone"))


class Rclone:
    """rclone as one person."""

    def __init__(self, outside: Outside, server: Server, login: str, folder: str) -> None:
        self.outside = outside
        instance = server.instance
        hidden = outside.must(RCLONE, "obscure", instance.passwords[login]).strip()
        url = f"https://localhost:{instance.port}/dav"
        self.remote = f":webdav,url='{url}',vendor=owncloud,user={login},pass={hidden}:{folder}"
        self.common = [RCLONE, "--config", "/dev/null", "--ca-cert"]
        self.common.append(str(instance.folder / "keys/tls.crt"))

    def must(self, *arguments: str) -> str:
        return self.outside.must(*self.common, *arguments, timeout=600)

    @contextmanager
    def mounted(self, folder: Path, *options: str) -> Iterator[Path]:
        """The drive as a folder, until the block ends."""
        program("fusermount3")
        place = folder / "mnt"
        place.mkdir()
        command = [*self.common, "mount", self.remote, str(place), "--vfs-cache-mode", "writes"]
        command += ["--cache-dir", str(folder / "cache"), "--vfs-write-back", "0s", "--daemon"]
        subprocess.run([*command, *options], check=True, env=self.outside.environment(), timeout=60)
        try:
            yield place
        finally:
            subprocess.run(as_root("fusermount3", "-u", str(place)), check=True)
