"""GNOME's file manager, without its window: gvfs through `gio`, over HTTPS.

Like a person at the screen, the test says once that it trusts the certificate.
"""

from pathlib import Path

import pytest

from tests.support.instance import Server
from tests.support.outside import Outside, program

pytestmark = pytest.mark.interop

SCRIPT = """
set -e
printf '1\\n%s\\n%s\\n' "$LOGIN" "$PASSWORD" | gio mount "$PLACE/"
gio mkdir "$PLACE/gvfs"
gio copy "$FOLDER/note.txt" "$PLACE/gvfs/note.txt"
gio list -l "$PLACE/gvfs"
printf 'nouvelle version' | gio save "$PLACE/gvfs/note.txt"
gio cat "$PLACE/gvfs/note.txt" > "$FOLDER/saved.txt"
gio copy "$PLACE/gvfs/note.txt" "$PLACE/gvfs/copie é.txt"
gio move "$PLACE/gvfs/copie é.txt" "$PLACE/gvfs/lettre é.txt"
gio remove "$PLACE/gvfs/note.txt"
gio list "$PLACE/gvfs"
gio mount -u "$PLACE/"
"""


def test_a_file_manager_mounts_copies_saves_moves_and_removes(
    drive: Server, outside: Outside, tmp_path: Path
) -> None:
    program("gio")
    instance = drive.instance
    script = tmp_path / "session.sh"
    script.write_text(SCRIPT)
    (tmp_path / "note.txt").write_text("première version")
    output = outside.must(
        program("dbus-run-session"), "--", "sh", str(script),
        environment={
            "LOGIN": "amina", "PASSWORD": instance.passwords["amina"],
            "PLACE": f"davs://localhost:{instance.port}/dav", "FOLDER": str(tmp_path),
            "GIO_USE_VOLUME_MONITOR": "unix",
        },
    )  # fmt: skip
    assert (tmp_path / "saved.txt").read_text() == "nouvelle version", output
    amina = instance.drive("amina")
    assert amina.names("/gvfs") == {"lettre é.txt"}, output
    assert amina.get("/gvfs/lettre é.txt").text() == "nouvelle version"
