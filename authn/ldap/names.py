"""Names on their way to a directory and back: what may be asked, escaped for where it goes.

A value in a filter is escaped byte by byte, all of it: nothing in it can be syntax, and ldap3
cannot take a part of it for an escape of its own (a GUID with a byte 5C, a DN with an escaped
comma: DESIGN §7.2).
"""

import unicodedata
from collections.abc import Iterable

LONGEST_NAME = 256
LONGEST_PASSWORD = 1024
_HEX = frozenset("0123456789abcdefABCDEF")

Rdn = tuple[tuple[str, str], ...]


def is_name(text: str) -> bool:
    """Whether somebody could be called that: no control characters, nothing that shows as nothing.

    A backslash parts DOMAIN from NAME and is in no name (neither AD nor POSIX have it).
    """
    return (
        0 < len(text) <= LONGEST_NAME
        and text.isprintable()
        and text == text.strip()
        and "\\" not in text
    )


def is_password(raw: bytes) -> bool:
    """Whether it may go over the wire. An empty one would sign in anonymously (RFC 4513 §5.1.2);
    servers written in C may stop reading at a zero byte.
    """
    return 0 < len(raw) <= LONGEST_PASSWORD and b"\0" not in raw


def same_name(one: str, other: str) -> bool:
    """Whatever the case and the encoding of accents, but no more: AD takes é for e."""
    return folded(one) == folded(other)


def folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def value(of: str | bytes) -> str:
    """As it stands in a filter (RFC 4515 §3)."""
    raw = of.encode() if isinstance(of, str) else of
    return "".join(f"\\{byte:02x}" for byte in raw)


def equals(attribute: str, of: str | bytes) -> str:
    return f"({attribute}={value(of)})"


def all_of(filters: Iterable[str]) -> str:
    return _together("&", filters)


def any_of(filters: Iterable[str]) -> str:
    return _together("|", filters)


def _together(sign: str, filters: Iterable[str]) -> str:
    several = list(filters)
    return several[0] if len(several) == 1 else f"({sign}{''.join(several)})"


def dn_key(dn: str) -> str:
    """The same for every way of writing the same DN. Raises ValueError for what is none."""
    return ",".join(
        "+".join(sorted(f"{name}={_quoted(folded(of))}" for name, of in rdn))
        for rdn in dn_parts(dn)
    )


def dn_key_or_none(text: str) -> str | None:
    try:
        return dn_key(text)
    except ValueError:
        return None


def keyed(dns: Iterable[str]) -> dict[str, str]:
    """Those that are DNs, by their keys."""
    return {key: dn for dn in dns if (key := dn_key_or_none(dn)) is not None}


def _quoted(text: str) -> str:
    return "".join(f"\\{one}" if one in ",+=\\" else one for one in " ".join(text.split()))


def is_below(key: str, base: str) -> bool:
    """Both are keys."""
    return f",{key}".endswith(f",{base}")


def rdn_filter(dn: str) -> str:
    """What finds the entry again by the first part of its DN, with others of that name."""
    return all_of(equals(name, of) for name, of in dn_parts(dn)[0])


def dn_parts(dn: str) -> list[Rdn]:
    """Names of attributes in lower case and their values, from the entry up (RFC 4514 §3)."""
    return [tuple(_assertion(one) for one in _split(rdn, "+")) for rdn in _split(dn, ",;")]


def _assertion(text: str) -> tuple[str, str]:
    name, sign, raw = text.partition("=")
    name = name.strip().casefold()
    if not sign or not name.replace("-", "").replace(".", "").isalnum():
        raise ValueError("not a DN")
    return name, _unescaped(_trimmed(raw))


def _trimmed(raw: str) -> str:
    """Without the spaces around it, but with one that is escaped."""
    stripped = raw.strip(" ")
    return f"{stripped} " if stripped.endswith("\\") and raw.endswith(" ") else stripped


def _split(text: str, at: str) -> list[str]:
    """At characters that are neither escaped nor quoted (RFC 2253 knew quotes)."""
    found, piece, quoted, escaped = [], "", False, False
    for one in text:
        if not escaped and not quoted and one in at:
            found.append(piece)
            piece = ""
            continue
        quoted ^= one == '"' and not escaped
        escaped = one == "\\" and not escaped
        piece += one
    if quoted or escaped:
        raise ValueError("not a DN")
    return [*found, piece]


def _unescaped(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if text.startswith("#"):
        return text.casefold()
    raw, at = bytearray(), 0
    while at < len(text):
        if text[at] == "\\" and set(text[at + 1 : at + 3]) <= _HEX and at + 2 < len(text):
            raw.append(int(text[at + 1 : at + 3], 16))
            at += 3
            continue
        at += text[at] == "\\"
        raw += text[at].encode()
        at += 1
    return raw.decode(errors="replace")
