"""A professional works on the drive, mounted and with a document open, when their structure takes
them out of the group in its directory; later they are put back.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cast import CCAS, EITHER, Casts
from tests.support.instance import Server, serving
from tests.support.libreoffice import editing
from tests.support.odt import odt, text_of
from tests.support.outside import Outside
from tests.support.patience import until
from tests.support.rclone import Rclone
from tests.support.slapd import Slapd
from tests.support.staff import PASSWORD, Staff, some_staff

pytestmark = [pytest.mark.interop, pytest.mark.slow]

TEAM = "team"
TERM = 10
ANNA = "anna@ccas.example"
LETTER = "lettre.odt"


@pytest.fixture(params=EITHER)
def house(
    casts: Casts, slapd: Slapd, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Server, Staff]]:
    """An HTTPS drive whose directory is looked at within ten seconds; anna is in the team."""
    copied = casts.copy(request.param, tmp_path / "abri", tls=True)
    with copied as instance, some_staff(slapd, tmp_path) as staff:
        staff.add("anna", "ben", "clara", "dora", "emil")
        staff.add_group(TEAM, *(staff.person(one) for one in ("anna", "ben", "clara", "dora")))
        section = staff.configuration("ccas") + f"    term: {TERM} s\n"
        text = instance.config.read_text().replace("directories: {}\n", section)
        instance.config.write_text(text)
        groups = instance.folder / "policies" / "directory-groups.csv"
        groups.write_text(f"m, ccas, professional, {CCAS}, {staff.group(TEAM)}\n")
        instance.passwords[ANNA] = PASSWORD
        with serving(instance, workers=2) as server:
            until(lambda: server_knows(server))
            yield server, staff


def server_knows(server: Server) -> bool:
    return ANNA in {one["login"] for one in server.instance.json("person", "list")}


def test_who_leaves_loses_mount_document_and_lock_and_has_them_back_on_return(
    house: tuple[Server, Staff], outside: Outside, tmp_path: Path
) -> None:
    server, staff = house
    instance = server.instance
    amina = instance.drive("amina")
    original = odt("Madame, Monsieur.")
    assert amina.mkcol("/Courrier").status == 201
    assert amina.put(f"/Courrier/{LETTER}", original).status == 201
    seen = instance.seen_at(instance.grant("amina", ANNA, "/Courrier", "write"))
    rclone = Rclone(outside, server, ANNA, "")
    url = instance.url + amina.url(f"{seen}/{LETTER}")
    with rclone.mounted(tmp_path, "--dir-cache-time", "1s", "--low-level-retries", "1") as place:
        here = place / seen.lstrip("/")
        assert {one.name for one in here.iterdir()} == {LETTER}
        with editing(server, outside, url, "Trop tard. ", ANNA) as editor:
            assert amina.put(f"/Courrier/{LETTER}", b"not now").status == 423
            staff.take_out(TEAM, staff.person("anna"))
            until(lambda: listed(here) == set())
            said, _ = editor.communicate("go\n", timeout=180)
        assert "not stored" in said, said
        assert amina.get(f"/Courrier/{LETTER}").body == original
        assert amina.put(f"/Courrier/{LETTER}", original).status == 204, "the lock is gone"
        told = {one["what"] for one in instance.json("trail", "show", "amina")}
        assert "directory-block" in told

        staff.put_in(TEAM, staff.person("anna"))
        until(lambda: listed(here) == {LETTER})
        assert text_of((here / LETTER).read_bytes()).strip() == "Madame, Monsieur."
        (here / LETTER).write_bytes(odt("De retour."))
        until(lambda: text_of(amina.get(f"/Courrier/{LETTER}").body).strip() == "De retour.")


def listed(folder: Path) -> set[str]:
    """Nothing where the drive lets nobody in."""
    try:
        return {one.name for one in folder.iterdir()}
    except OSError:
        return set()
