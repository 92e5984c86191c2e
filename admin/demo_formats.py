"""Small documents of the usual formats, made with the standard library: valid, and never twice
different.
"""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LONG_AGO = (1980, 1, 1, 0, 0, 0)

_ODT_MANIFEST = (
    f'{_XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    ' manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:version="1.2"'
    ' manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_ODT_CONTENT = (
    f"{_XML}<office:document-content"
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    '<office:body><office:text><text:h text:outline-level="1">{title}</text:h>{paragraphs}'
    "</office:text></office:body></office:document-content>"
)
_DOCX_TYPES = (
    f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_DOCX_RELATIONS = (
    f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)
_DOCX_DOCUMENT = (
    f'{_XML}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body>{paragraphs}</w:body></w:document>"
)


def text(title: str, lines: Sequence[str]) -> bytes:
    return "\n".join((title, "=" * len(title), "", *lines, "")).encode()


def odt(title: str, lines: Sequence[str]) -> bytes:
    """OpenDocument text 1.2. The media type comes first and is not compressed (ODF 1.2 §3.3)."""
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
    content = _ODT_CONTENT.format(title=escape(title), paragraphs=paragraphs)
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": content,
            "META-INF/manifest.xml": _ODT_MANIFEST,
        }
    )


def docx(title: str, lines: Sequence[str]) -> bytes:
    """Office Open XML (ECMA-376), the least that a word processor opens."""
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in (title, *lines)
    )
    return _zipped(
        {
            "[Content_Types].xml": _DOCX_TYPES,
            "_rels/.rels": _DOCX_RELATIONS,
            "word/document.xml": _DOCX_DOCUMENT.format(paragraphs=paragraphs),
        }
    )


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """PDF 1.4: one A4 page in Helvetica, with the letters of Western Europe (ISO 32000-1 §7.5)."""
    shown = [b"BT /F1 16 Tf 18 TL 72 770 Td", _shown(title), b"/F1 11 Tf T*"]
    shown += [_shown(line) for line in lines]
    stream = b"\n".join([*shown, b"ET"])
    resources = b"<< /Font << /F1 4 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources %b >>"
        % resources,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
    )
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _shown(line: str) -> bytes:
    quoted = line.encode("cp1252", "replace")
    for mark in (b"\\", b"(", b")"):
        quoted = quoted.replace(mark, b"\\" + mark)
    return b"(%b) Tj T*" % quoted


def _zipped(members: Mapping[str, str]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()
