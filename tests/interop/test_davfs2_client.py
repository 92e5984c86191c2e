"""davfs2 over HTTPS: mount, copy, read, rename, remove.

Listing a folder fails with “Invalid argument” on newer kernels, whatever the server: this test
names its files instead.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Server
from tests.support.outside import Outside, as_root

pytestmark = pytest.mark.interop


@pytest.fixture
def workplace() -> Iterator[Path]:
    """davfs2's daemon runs as a user of its own, which cannot enter pytest's folders."""
    folder = Path(tempfile.mkdtemp(prefix="abri-davfs2-"))
    folder.chmod(0o755)
    (folder / "cache").mkdir()
    (folder / "mnt").mkdir()
    subprocess.run(as_root("chgrp", "davfs2", str(folder / "cache")), check=True)
    subprocess.run(as_root("chmod", "1775", str(folder / "cache")), check=True)
    yield folder
    subprocess.run(as_root("rm", "-rf", str(folder / "cache")), check=True)
    shutil.rmtree(folder)


def test_a_mounted_drive_takes_and_gives_files(
    drive: Server, outside: Outside, workplace: Path
) -> None:
    instance = drive.instance
    amina = instance.drive("amina")
    amina.mkcol("/davfs2")
    amina.put("/davfs2/from-the-drive.txt", b"venu du coffre")
    url, place = f"{instance.url}/dav/davfs2/", workplace / "mnt"
    secrets, settings = workplace / "secrets", workplace / "davfs2.conf"
    secrets.write_text(f'{url} amina "{instance.passwords["amina"]}"\n')
    secrets.chmod(0o600)
    shutil.copy(instance.folder / "keys/tls.crt", workplace / "tls.crt")
    (workplace / "tls.crt").chmod(0o644)
    settings.write_text(
        f"trust_ca_cert {workplace}/tls.crt\nsecrets {secrets}\n"
        f"cache_dir {workplace}/cache\nask_auth 0\ndelay_upload 0\n"
    )
    subprocess.run(as_root("chown", "root:root", str(secrets), str(settings)), check=True)
    outside.must(*as_root("mount", "-t", "davfs", "-o", f"conf={settings}", url, str(place)))
    try:
        read = outside.must(*as_root("cat", f"{place}/from-the-drive.txt"))
        outside.must(*as_root("sh", "-c", f"echo copied > {place}/copy.txt"))
        outside.must(*as_root("mkdir", f"{place}/dossier"))
        outside.must(*as_root("cp", f"{place}/from-the-drive.txt", f"{place}/dossier/b.txt"))
        outside.must(*as_root("rm", f"{place}/from-the-drive.txt"))
    finally:
        outside.must(*as_root("umount", str(place)))
    assert read == "venu du coffre"
    assert amina.names("/davfs2") == {"copy.txt", "dossier"}
    assert amina.get("/davfs2/copy.txt").body == b"copied\n"
    assert amina.get("/davfs2/dossier/b.txt").text() == "venu du coffre"
