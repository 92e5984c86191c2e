"""Text as XML holds it. Python's own functions for that are beside those that fetch addresses from
the network: 15 modules of HTTP and mail, 30 ms of each start.
"""

import re

_SPECIAL = re.compile("[<>&\ufffe\uffff]")
_UNSAYABLE = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
_IN_QUOTES = str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


def has_special(text: str) -> bool:
    """Whether it would look otherwise in XML."""
    return _SPECIAL.search(text) is not None


def xml_text(text: str) -> str:
    """Escaped, with the two characters that a name may have and XML 1.0 may not replaced."""
    return escape(text.translate(_UNSAYABLE)) if has_special(text) else text


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """An attribute's value, with the quotes."""
    return f'"{escape(text).translate(_IN_QUOTES)}"'
