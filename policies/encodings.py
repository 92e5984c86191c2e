"""From the bytes of a policy file to its text. What is not plain UTF-8 is reported once, at its
place, and then read as what it most likely is, so that the rest of the file is looked at too.
"""

import codecs

from policies.problems import Code, Report

_BOM = "\ufeff"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(file: str, raw: bytes, report: Report) -> str:
    """The text of the file, with the line ends of Unix or Windows."""
    return _without_lone_returns(file, _decoded(file, raw, report), report)


def _decoded(file: str, raw: bytes, report: Report) -> str:
    if raw.startswith(_UTF16) or b"\0" in raw:
        message = "This is UTF-16 (“Unicode” in some editors) or no text; save the file as UTF-8."
        report.add(file, (1, 1), Code.NOT_UTF8, message)
        known = raw.startswith(_UTF16)
        return raw.decode("utf-16" if known else "latin-1", "replace").replace("\0", "")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        message = "The file is not UTF-8 text; save it as UTF-8."
        report.add(file, (line, column), Code.NOT_UTF8, message)
        return raw.decode("latin-1")
    if text.startswith(_BOM):
        message = "The file starts with a byte order mark; save it as UTF-8 without BOM."
        report.add(file, (1, 1), Code.BYTE_ORDER_MARK, message)
        return text[1:]
    return text


def _without_lone_returns(file: str, text: str, report: Report) -> str:
    """A carriage return that no line feed follows would hide the rest of its line in editors."""
    unix = text.replace("\r\n", "\n")
    at = unix.find("\r")
    if at == -1:
        return unix
    line = unix.count("\n", 0, at) + 1
    column = at - (unix.rfind("\n", 0, at) + 1) + 1
    message = "A carriage return alone ends no line here; save with line ends of Unix or Windows."
    report.add(file, (line, column), Code.CONTROL_CHARACTER, message)
    return unix.replace("\r", "\n")
