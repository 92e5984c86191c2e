"""What is in a folder: names at once, entries when they are asked for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from davserver.domain.drive import Entry
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.gate.entries.below import Below
from davserver.web.slices import AT_ONCE, sliced_below

NOW = datetime(2026, 11, 27, tzinfo=UTC)
FOLDER = DrivePath(("Dossier",))


def entry(name: str, *, is_folder: bool = False) -> Entry:
    kind = Kind.FOLDER if is_folder else Kind.FILE
    return Entry(DrivePath(("Dossier", name)), b"i" * 16, kind, "e", 1, "", NOW, NOW, frozenset())


@dataclass
class Made:
    """How many entries were made, and of what."""

    names: list[str] = field(default_factory=list)

    def below(self, *names: tuple[str, bool]) -> Below:
        return Below(names, self._entries)

    def _entries(self, members: list[tuple[str, bool]]) -> list[Entry]:
        self.names += [name for name, _ in members]
        return [entry(name, is_folder=is_folder) for name, is_folder in members]


def test_it_is_a_sequence_with_side_files_at_its_end() -> None:
    side = entry("~$a.docx")
    below = Made().below(("a", True), ("b", False), ("c", False)).with_beside([side])
    assert [one.path.name for one in below] == ["a", "b", "c", "~$a.docx"]
    assert below.names() == [("a", True), ("b", False), ("c", False), ("~$a.docx", False)]
    assert len(below) == 4
    assert [below[at].path.name for at in (0, -1, -2)] == ["a", "~$a.docx", "c"]
    assert [one.path.name for one in below[1:]] == ["b", "c", "~$a.docx"]
    assert list(Below.of([side])) == [side]
    assert not Below.of([])


def test_a_page_of_a_large_folder_makes_the_entries_that_it_shows() -> None:
    made = Made()
    names = [(f"paper {at:05}", at % 1000 == 999) for at in range(10_000)]
    below = made.below(*names)
    page = sliced_below(FOLDER, below, "1", lambda name, _: not name.endswith("7"))
    assert len(made.names) == len(page.rows) == AT_ONCE
    assert page.total == 9_000
    assert [one.is_folder for one in page.rows] == [True] * 10 + [False] * 90
    assert [one.path.name for one in page.rows][9:12] == [
        "paper 09999",
        "paper 00000",
        "paper 00001",
    ]


def test_a_page_has_fewer_rows_where_names_are_long() -> None:
    made = Made()
    below = made.below(*((f"{at:05}{'é' * 120}", False) for at in range(1000)))
    page = sliced_below(FOLDER, below, "2", lambda *_: True)
    assert 10 <= len(page.rows) < AT_ONCE
    assert page.total == 1000
    assert len(made.names) == len(page.rows)


def test_accents_and_capitals_stand_where_a_dictionary_has_them() -> None:
    names = ["avis", "École", "eau", "été", "Œuvres", "offre", "oeil", "Zoé", "zone", "ça", "cv"]
    shuffled = [(name, False) for name in sorted(names)]
    page = sliced_below(FOLDER, Made().below(*shuffled), "1", lambda *_: True)
    told = [one.path.name for one in page.rows]
    assert told == [
        "avis",
        "ça",
        "cv",
        "eau",
        "École",
        "été",
        "oeil",
        "Œuvres",
        "offre",
        "Zoé",
        "zone",
    ]
