"""GNOME's file manager, without its window: gvfs through `gio`, over HTTPS.

Like a person at the screen, the test says once that it trusts the certificate.
"""

from pathlib import Path
from urllib.parse import quote

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


DEPOSIT = """
set -e
printf '1\\n%s\\n%s\\n' "$LOGIN" "$PASSWORD" | gio mount "$PLACE/"
gio copy "$FOLDER/note.txt" "$INTO/note.txt"
printf 'nouvelle version' | gio save "$INTO/note.txt"
gio copy "$FOLDER/note.txt" "$INTO/brouillon.txt"
gio move "$INTO/brouillon.txt" "$INTO/lettre.txt"
gio copy "$FOLDER/note.txt" "$INTO/erreur.txt"
gio remove "$INTO/erreur.txt"
gio list "$INTO" > "$FOLDER/listed.txt"
if gio cat "$INTO/note.txt"; then exit 1; fi
gio mount -u "$PLACE/"
"""


def test_a_file_manager_deposits_replaces_renames_and_removes_without_reading(
    drive: Server, outside: Outside, tmp_path: Path
) -> None:
    instance, amina = drive.instance, drive.instance.drive("amina")
    assert amina.mkcol("/Dépôt").status == 201
    assert amina.put("/Dépôt/note.txt", b"the owner's").status == 201
    into = instance.seen_at(instance.grant("amina", "karim", "/Dépôt", "deposit"))
    script = tmp_path / "session.sh"
    script.write_text(DEPOSIT)
    (tmp_path / "note.txt").write_text("première version")
    place = f"davs://localhost:{instance.port}/dav"
    output = outside.must(
        program("dbus-run-session"), "--", "sh", str(script),
        environment={
            "LOGIN": "karim", "PASSWORD": instance.passwords["karim"],
            "PLACE": place, "INTO": place + quote(into), "FOLDER": str(tmp_path),
            "GIO_USE_VOLUME_MONITOR": "unix",
        },
    )  # fmt: skip
    assert set((tmp_path / "listed.txt").read_text().split()) == {"note.txt", "lettre.txt"}, output
    assert amina.get("/Dépôt/note.txt").body == b"the owner's"
    assert amina.get("/Dépôt/note (2).txt").text() == "nouvelle version"
    assert amina.get("/Dépôt/lettre.txt").text() == "première version"
