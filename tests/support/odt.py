"""The smallest OpenDocument text that LibreOffice opens without a question."""

import io
import re
import zipfile

_MIME = "application/vnd.oasis.opendocument.text"
_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
 manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIME}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:text><text:p>{text}</text:p></office:text></office:body>
</office:document-content>"""


def odt(text: str) -> bytes:
    """A document of one paragraph."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", _MIME, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _CONTENT.format(text=text))
    return made.getvalue()


def text_of(document: bytes) -> str:
    """All text of a document, without its markup."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        content = archive.read("content.xml").decode()
    return re.sub(r"<[^>]+>", "", content.partition("<office:body>")[2])
