"""Media types, as clients name them."""

import re

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(;[\x20\x21\x23-\x7e\"]{0,100})?", re.ASCII)


def clean_media_type(value: str | None) -> str | None:
    """It comes back in a header and in XML: what does not look like one is dropped."""
    text = (value or "").strip()
    return text if _MEDIA_TYPE.fullmatch(text) else None
