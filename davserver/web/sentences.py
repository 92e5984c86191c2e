"""All that the pages say: what a translator of a further language is given.

`python -m davserver.web.sentences CODE` prints a catalogue, with what `CODE.po` has already.
"""

import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from davserver.domain import advice, moments
from davserver.domain.refusals import REASONS
from davserver.domain.wording import said
from davserver.gate.sharing import seeing_texts

_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS: Final = {"N_": None, "gettext": None, "_": None, "ngettext": (1, 2)}

TABLES: tuple[Mapping[Any, Any], ...] = (
    REASONS, advice.STRENGTHS, advice.ZONES, advice.HOURS, advice.AND, moments.MONTHS,
    moments.WEEKDAYS, moments.AT, seeing_texts.CAN, seeing_texts.BECAUSE, seeing_texts.CATEGORIES,
    seeing_texts.PHRASES,
)  # fmt: skip
"""Tables of domain and gate that pages show sentences of; they have French and English."""


def of_pages() -> set[str]:
    """Those that stand in templates and pages: what each catalogue has."""
    found = extract_from_dir(Path(__file__).parent, method_map=_METHODS, keywords=_KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def of_tables() -> set[str]:
    """Those that a further language has in its catalogue besides."""
    found: set[str] = set()

    def collect(text: str) -> str:
        found.add(text)
        return text

    for table in TABLES:
        said(table["en"], collect)
    return found


def catalogue(code: str, so_far: Catalog) -> bytes:
    """A `.po` with everything, the translations that are there, and empty ones."""
    made = Catalog(locale=code)
    for text in sorted(of_pages() | of_tables()):
        known = so_far.get(text)
        flags = ["python-format"] if "%(" in text else []
        made.add(text, known.string if known else "", flags=flags)
    written = BytesIO()
    write_po(written, made, width=100)
    return written.getvalue()


def main(code: str) -> None:
    so_far = Catalog()
    if (file := Path(f"{code}.po")).exists():
        so_far = read_po(BytesIO(file.read_bytes()), locale=code)
    sys.stdout.buffer.write(catalogue(code, so_far))


if __name__ == "__main__":
    main(sys.argv[1])
