"""One story across the fronts. Amina has a telephone: real Chromium, 360 × 640, French, no
JavaScript. Karim has the drive mounted by rclone and writes with LibreOffice.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.support.instance import Server, password_of
from tests.support.libreoffice import editing, ordered
from tests.support.odt import odt, text_of
from tests.support.outside import Outside, program
from tests.support.patience import until
from tests.support.rclone import Rclone

pytestmark = [pytest.mark.interop, pytest.mark.slow]

BUILD = Path(__file__).parents[2] / "build"
FOLDER, LETTER = "Dossier de logement", "lettre.odt"
FRESH = ("--dir-cache-time", "500ms")
"""As docs/clients.md says: nothing on the drive tells rclone that there is something new."""


@dataclass
class Telephone:
    """Amina's, signed in."""

    page: Page
    server: Server

    def go(self, path: str) -> None:
        answer = self.page.goto(self.server.instance.url + path)
        assert answer is not None

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label).first.click()

    def shows(self, *words: str) -> None:
        text = self.page.inner_text("main")
        assert all(one in text for one in words), (words, text)

    def happened(self) -> list[str]:
        """What she reads about what others did, latest first, without the hour."""
        self.go("/history")
        rows = self.page.locator("ol.history li").all_inner_texts()
        return [" ".join(one.split(" · ")[0].split()) for one in rows]


@pytest.fixture
def telephone(drive: Server) -> Iterator[Telephone]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=quiet)
        context = chromium.new_context(
            viewport={"width": 360, "height": 640}, locale="fr-FR", java_script_enabled=False,
            ignore_https_errors=True, has_touch=True, is_mobile=True,
        )  # fmt: skip
        found = Telephone(context.new_page(), drive)
        found.page.set_default_timeout(60_000)
        found.go("/")
        found.page.fill("#login", "amina")
        found.page.fill("#password", password_of("amina"))
        found.press("Se connecter")
        yield found
        chromium.close()


@pytest.mark.parametrize("drive", ["sqlite"], indirect=True)
def test_she_shares_he_writes_she_takes_it_back(
    telephone: Telephone,
    drive: Server,
    outside: Outside,
    tmp_path: Path,
) -> None:
    instance = drive.instance
    amina, karim = instance.drive("amina"), instance.drive("karim")
    rclone = Rclone(outside, drive, "karim", "")
    with rclone.mounted(tmp_path, *FRESH, "--low-level-retries", "1") as mount:
        before = found_in(mount)
        she_puts_a_letter_in(telephone, tmp_path)
        assert found_in(mount) == before, "nothing is shared yet"
        she_shares_the_folder(telephone)
        shared = time.monotonic()
        until(lambda: found_in(mount) != before, seconds=60)
        measured(f"{time.monotonic() - shared:.2f} s until the mount shows what is shared")
        (letter,) = found_in(mount) - before
        assert text_of(letter.read_bytes()).strip() == "Madame, Monsieur."

        url = instance.url + karim.url(f"/{letter.relative_to(mount)}")
        with editing(drive, outside, url, "Merci. ") as editor:
            assert ordered(editor, "go") == ["stored"]
            until(lambda: reads(letter) == "Merci. Madame, Monsieur.")
            she_reads_that_he_wrote(telephone)
            she_brings_the_earlier_one_back(telephone)
            telephone.shows("Quelqu’un y travaille")
            assert ordered(editor, "close") == ["closed"]
            she_brings_the_earlier_one_back(telephone)
            telephone.shows("de nouveau comme avant")
            until(lambda: reads(letter) == "Madame, Monsieur.")
            assert ordered(editor, "open", lines=2) == ["Madame, Monsieur.", "writable"]

            she_ends_the_share(telephone)
            until(lambda: found_in(mount) == before)
            kept = tmp_path / "chez moi.odt"
            assert ordered(editor, "go") == ["not stored"]
            assert ordered(editor, f"keep {kept}") == ["kept"]
        assert text_of(kept.read_bytes()).strip() == "Merci. Madame, Monsieur."
        until(lambda: not letter.parent.exists())  # the kernel, too, remembers folders for a second
        with pytest.raises(OSError, match="No such file"):
            letter.write_bytes(b"through the mount")
        there = f"/{FOLDER}/{LETTER}"
        assert text_of(amina.get(there).body).strip() == "Madame, Monsieur."
        assert amina.put(there, odt("À moi.")).status == 204, "his lock is gone"
        she_reads_the_whole_story(telephone)


def measured(told: str) -> None:
    """For docs/pages.md; nothing is asked of it here."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "story.txt").open("a") as file:
        file.write(f"{told}\n")


def found_in(mount: Path) -> set[Path]:
    """The letters that he sees."""
    return {one for one in mount.glob(f"*/*/{LETTER}") if FOLDER in one.parent.name}


def reads(letter: Path) -> str:
    """Nothing while rclone still reads by the size of before."""
    try:
        return text_of(letter.read_bytes()).strip()
    except (OSError, BadZipFile):
        return ""


def she_puts_a_letter_in(she: Telephone, folder: Path) -> None:
    file = folder / LETTER
    file.write_bytes(odt("Madame, Monsieur."))
    she.page.fill("#folder", FOLDER)
    she.press("Le créer")
    she.page.get_by_role("link", name=FOLDER).click()
    she.page.set_input_files("#files", file)
    she.press("Les déposer")
    she.shows(LETTER, "Vos documents sont dans le coffre")


def she_shares_the_folder(she: Telephone) -> None:
    she.page.get_by_role("link", name="Partager ce dossier").click()
    she.page.fill("#to", "karim")
    she.page.get_by_label("lire et modifier").check()
    she.press("Continuer")
    she.shows("Karim Roux pourra", "Vous pouvez l’arrêter à tout moment")
    she.press("Oui, partager")
    she.shows("Karim Roux")


def she_reads_that_he_wrote(she: Telephone) -> None:
    rows = she.happened()
    there = f"/{FOLDER}/{LETTER} par Karim Roux"
    assert f"Enregistré {there}" in rows, rows
    assert f"Ouvert pour y travailler {there}" in rows, rows


def she_brings_the_earlier_one_back(she: Telephone) -> None:
    she.go(f"/versions/{FOLDER}/{LETTER}")
    she.press("Reprendre celle-ci")


def she_ends_the_share(she: Telephone) -> None:
    she.go(f"/who/{FOLDER}")
    she.press("Arrêter ce partage")
    she.shows("Ce partage est arrêté")


def she_reads_the_whole_story(she: Telephone) -> None:
    """Each step is there, latest first; nobody opens anything after the share has ended."""
    rows, there = she.happened(), f"/{FOLDER}/{LETTER}"
    his = "par Karim Roux"
    told = [one for one in rows if not one.startswith("Ouvert /") and FOLDER in one]
    assert told == [
        f"Enregistré {there} par vous",
        f"Partage arrêté /{FOLDER} avec Karim Roux par vous",
        f"Ouvert pour y travailler {there} {his}",
        f"Repris {there} par vous",
        f"Travail terminé {there} {his}",
        f"Enregistré {there} {his}",
        f"Ouvert pour y travailler {there} {his}",
        f"Partagé /{FOLDER} avec Karim Roux par vous",
        f"Enregistré {there} par vous",
        f"Dossier créé /{FOLDER} par vous",
    ]
    ended = next(at for at, one in enumerate(rows) if one.startswith("Partage arrêté"))
    opened = [at for at, one in enumerate(rows) if one.startswith(f"Ouvert {there}") and his in one]
    assert opened
    assert min(opened) > ended
