"""A further language is one catalogue in a folder; what is wrong with one is told at the start."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from davserver.domain.advice import advice
from davserver.domain.errors import BadInput, Reason
from davserver.domain.moments import day
from davserver.web.languages import SHIPPED, Spoken, languages_with
from davserver.web.sentences import of_pages, of_tables
from davserver.web.texts import Texts
from tests.support.pseudo import pseudo, write_catalogue


def test_without_a_folder_there_are_those_that_are_shipped(tmp_path: Path) -> None:
    assert languages_with(None) == SHIPPED
    assert languages_with(tmp_path) == SHIPPED


def test_a_catalogue_in_the_folder_is_a_language_with_its_name_and_direction(
    tmp_path: Path,
) -> None:
    write_catalogue(tmp_path)
    *_, arabic = languages_with(tmp_path)
    texts = Texts(arabic, ZoneInfo("Europe/Paris"))
    assert (arabic.code, arabic.name, texts.direction) == ("ar", "العربية", "rtl")
    assert texts.gettext("My documents") == pseudo("My documents")
    assert advice(Reason.READ_ONLY, texts.speech) != advice(Reason.READ_ONLY, "en")
    moment = datetime(2027, 5, 3, tzinfo=UTC)
    assert day(moment, None, texts.speech) == f"3 {pseudo('May')} 2027"


SIZES = {
    "en": {0: "0 bytes", 1: "1 byte", 2: "2 bytes", 340_000: "340 kB", 1_500_000: "1.5 MB"},
    "fr": {0: "0 octet", 1: "1 octet", 2: "2 octets", 340_000: "340 ko", 1_500_000: "1,5 Mo"},
}


@pytest.mark.parametrize("spoken", SHIPPED, ids=lambda one: one.code)
def test_sizes_are_written_as_people_do(spoken: Spoken) -> None:
    texts = Texts(spoken, ZoneInfo("Europe/Paris"))
    said = {size: texts.size(size).replace("\N{NO-BREAK SPACE}", " ") for size in SIZES["en"]}
    assert said == SIZES[spoken.code]


def test_what_a_catalogue_lacks_is_said_in_english(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text('msgid "Trash"\nmsgstr "Papelera"\n')
    *_, spanish = languages_with(tmp_path)
    texts = Texts(spanish, ZoneInfo("Europe/Paris"))
    assert spanish.name == "Español"
    assert [texts.gettext(one) for one in ("Trash", "Menu")] == ["Papelera", "Menu"]
    assert advice(Reason.READ_ONLY, texts.speech) == advice(Reason.READ_ONLY, "en")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("fr.po", "", "Abri has this language already"),
        ("klingon.po", "", "klingon is no language"),
        ("es.po", "msgid nothing", "es.po"),
        ("es.po", 'msgid "by %(who)s"\nmsgstr "por %(quien)s"\n', "%(quien)s"),
        ("es.po", 'msgid "{owner} has"\nmsgstr "{dueño} tiene"\n', "{dueño}"),
        ("es.po", 'msgid "by %(who)s"\nmsgstr "100 % por %(who)s"\n', "with %"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_told(
    tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=says.replace("(", r"\(").replace(")", r"\)")):
        languages_with(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"pages\.catalogues"):
        languages_with(tmp_path / "none")


def test_a_translator_gets_the_sentences_of_pages_and_of_tables() -> None:
    assert "My documents" in of_pages()
    assert {"May", "{owner} has not shared it with them", "housing"} <= of_tables()


def test_the_language_of_tests_is_longer_and_keeps_its_blanks() -> None:
    turned = pseudo("Share “%(name)s” with {team}?")
    assert "“%(name)s”" in turned
    assert "{team}?" in turned
    assert "Share" not in turned
    long = "everything that somebody reads"
    assert len(pseudo(long)) > 1.25 * len(long)
