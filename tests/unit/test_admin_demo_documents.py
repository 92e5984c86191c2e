"""The demonstration's documents are what their names say, and never twice different."""

import struct
import unicodedata
import zipfile
from collections import Counter
from io import BytesIO

import pytest
from lxml import etree

from admin.demo_documents import documents
from admin.demo_formats import docx, odt, pdf
from admin.demo_picture import jpeg, portrait
from davserver.domain.paths import clean_name
from davserver.vault.templates import TEMPLATES

LINES = ("Élève à Nîmes — 12 €", r"( ) \ & < >")


def test_there_are_a_dozen_for_two_people_in_every_usual_format():
    made = documents()
    assert len(made) >= 12
    assert len({one.owner for one in made}) == 2
    assert {one.name.rsplit(".", 1)[1] for one in made} == {"pdf", "odt", "docx", "jpg", "txt"}
    assert max(Counter((one.owner, one.folder, clean_name(one.name)) for one in made).values()) == 1


def test_each_lies_in_a_folder_of_the_french_template():
    template = {name for name, _ in TEMPLATES["fr"]}
    assert {one.folder for one in documents()} == template


def test_names_have_accents_and_one_is_sent_decomposed():
    names = [one.name for one in documents()]
    assert sum(not name.isascii() for name in names) >= 6
    assert [name for name in names if unicodedata.normalize("NFC", name) != name] == [
        unicodedata.normalize("NFD", "Reçu d'élection de domicile.pdf")
    ]


def test_making_them_again_gives_the_same_bytes():
    assert documents() == documents()


@pytest.mark.parametrize("one", documents(), ids=lambda one: one.name)
def test_each_begins_as_its_format_does(one):
    magic = {
        "pdf": b"%PDF-1.4",
        "odt": b"PK\x03\x04",
        "docx": b"PK\x03\x04",
        "jpg": b"\xff\xd8\xff\xe0",
        "txt": "À faire".encode(),
    }
    assert one.content.startswith(magic[one.name.rsplit(".", 1)[1]])


def test_an_opendocument_text_starts_with_its_media_type_uncompressed():
    raw = odt("Titre & <signe>", LINES)
    assert raw[30:38] == b"mimetype"
    assert raw[38:77] == b"application/vnd.oasis.opendocument.text"
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        assert archive.testzip() is None
        content = etree.fromstring(archive.read("content.xml"))
        manifest = etree.fromstring(archive.read("META-INF/manifest.xml"))
    text = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
    assert [p.text for p in content.iter(f"{text}p")] == list(LINES)
    assert content.find(f".//{text}h").text == "Titre & <signe>"
    listed = manifest.xpath("//@*[local-name()='full-path']")
    assert set(listed) == {"/", "content.xml"}


def test_a_word_document_has_its_three_parts_and_its_text():
    with zipfile.ZipFile(BytesIO(docx("Titre", LINES))) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "[Content_Types].xml", "_rels/.rels", "word/document.xml",
        }  # fmt: skip
        document = etree.fromstring(archive.read("word/document.xml"))
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    assert [t.text for t in document.iter(f"{word}t")] == ["Titre", *LINES]


def test_a_pdf_names_the_place_of_each_of_its_objects():
    raw = pdf("Titre", LINES)
    start = int(raw.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert raw[start:].startswith(b"xref\n0 6\n")
    entries = raw[start:].split(b"\n")[3:8]
    for number, entry in enumerate(entries, start=1):
        assert len(entry) == 19
        assert raw[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    length = int(raw.split(b"/Length ")[1].split(b" ")[0])
    begin = raw.index(b"stream\n") + len(b"stream\n")
    stream = raw[begin : begin + length]
    assert raw[begin + length :].startswith(b"\nendstream\nendobj")
    assert "(Élève à Nîmes — 12 €) Tj".encode("cp1252") in stream
    assert rb"(\( \) \\ & < >) Tj" in stream


def decoded(raw: bytes) -> list[int]:
    """The mean of each square: a reader of its own, for flat grey pictures only."""
    codes = {"00": 0, "010": 1, "011": 2, "100": 3, "101": 4, "110": 5, "1110": 6, "11110": 7,
             "111110": 8, "1111110": 9, "11111110": 10, "111111110": 11}  # fmt: skip
    body = raw[raw.index(b"\xff\xda") + 2 :]
    scan = body[struct.unpack(">H", body[:2])[0] : -2].replace(b"\xff\0", b"\xff")
    bits = f"{int.from_bytes(scan, 'big'):0{8 * len(scan)}b}"
    means, at, before = [], 0, 0
    height, width = struct.unpack(">HH", raw[raw.index(b"\xff\xc0") + 5 :][:4])
    while len(means) < height * width // 64:
        end = next(n for n in range(at + 2, at + 10) if bits[at:n] in codes)
        length = codes[bits[at:end]]
        value = int(bits[end : end + length] or "0", 2)
        before += value if not length or bits[end] == "1" else value - (1 << length) + 1
        means.append(before + 128)
        at = end + length + 1
        assert bits[at - 1] == "0"
    assert set(bits[at:]) <= {"1"}
    assert len(bits) - at < 8
    return means


def test_a_picture_reads_back_as_the_shades_it_was_made_of():
    shades = [[0, 255, 128], [127, 129, 1]]
    assert decoded(jpeg(shades)) == [0, 255, 128, 127, 129, 1]
    assert set(decoded(portrait())) == {60, 90, 190, 235}
