"""LibreOffice over WebDAV: a professional opens a granted document, edits it, stores it back."""

import pytest

from tests.support.instance import Server
from tests.support.libreoffice import editing
from tests.support.odt import odt, text_of
from tests.support.outside import Outside

pytestmark = [pytest.mark.interop, pytest.mark.slow]


def test_a_professional_edits_a_granted_document_under_a_lock(
    drive: Server, outside: Outside
) -> None:
    instance = drive.instance
    amina, karim = instance.drive("amina"), instance.drive("karim")
    assert amina.put("/Partage/lettre.odt", odt("Madame, Monsieur.")).status == 201
    identity = amina.id_of("/Partage/lettre.odt")
    seen_at = next(one["seen_at"] for one in instance.json("grant", "list") if one["to"] == "karim")
    url = instance.url + karim.url(f"{seen_at}/lettre.odt")
    with editing(drive, outside, url, "Bonjour. ") as editor:
        while_open = amina.put("/Partage/lettre.odt", b"not now").status
        said, _ = editor.communicate("go\n", timeout=180)
    assert while_open == 423
    assert "stored" in said, said
    stored = amina.get("/Partage/lettre.odt").body
    assert text_of(stored).strip() == "Bonjour. Madame, Monsieur."
    assert amina.id_of("/Partage/lettre.odt") == identity
    assert amina.names("/Partage") == {"lettre.odt"}
    assert amina.put("/Partage/lettre.odt", stored).status == 204, "the lock is gone"
    written = [entry for entry in instance.json("trail", "show", "amina") if _by_karim(entry)]
    assert "write" in {entry["what"] for entry in written}


def _by_karim(entry: dict[str, str]) -> bool:
    return "karim" in str(entry.get("who", "")) and str(entry.get("path", "")).endswith(".odt")


def test_a_save_fails_cleanly_after_the_grant_was_ended(drive: Server, outside: Outside) -> None:
    instance = drive.instance
    amina, karim = instance.drive("amina"), instance.drive("karim")
    assert amina.mkcol("/Retiré").status == 201
    original = odt("Madame, Monsieur.")
    assert amina.put("/Retiré/lettre.odt", original).status == 201
    etag = amina.get("/Retiré/lettre.odt").header("ETag")
    grant = instance.grant("amina", "karim", "/Retiré", "write")
    url = instance.url + karim.url(f"{instance.seen_at(grant)}/lettre.odt")
    with editing(drive, outside, url, "Trop tard. ") as editor:
        assert amina.put("/Retiré/lettre.odt", b"not now").status == 423
        instance.abri("grant", "end", grant)
        said, _ = editor.communicate("go\n", timeout=180)
    assert "not stored" in said, said
    there = amina.get("/Retiré/lettre.odt")
    assert (there.body, there.header("ETag")) == (original, etag)
    assert amina.names("/Retiré") == {"lettre.odt"}
    assert amina.put("/Retiré/lettre.odt", original).status == 204, "the lock is gone"


@pytest.mark.parametrize("drive", ["sqlite"], indirect=True)
def test_a_save_fails_cleanly_after_the_lock_was_taken_away_and_the_owner_wrote(
    drive: Server, outside: Outside
) -> None:
    """What LibreOffice does then is the same on both databases: SQLite alone."""
    instance = drive.instance
    amina, karim = instance.drive("amina"), instance.drive("karim")
    assert amina.mkcol("/Repris").status == 201
    assert amina.put("/Repris/lettre.odt", odt("Madame, Monsieur.")).status == 201
    seen_at = instance.seen_at(instance.grant("amina", "karim", "/Repris", "write"))
    url = instance.url + karim.url(f"{seen_at}/lettre.odt")
    hers = odt("La mienne.")
    with editing(drive, outside, url, "Trop tard. ") as editor:
        held = [one for one in instance.json("lock", "list") if one["holder"] == "karim"]
        instance.abri("lock", "break", str(held[0]["id"]))
        assert amina.put("/Repris/lettre.odt", hers).status == 204
        said, _ = editor.communicate("go\n", timeout=60)
    assert "not stored" in said, said
    assert amina.get("/Repris/lettre.odt").body == hers
    assert amina.names("/Repris") == {"lettre.odt"}
