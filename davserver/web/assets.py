"""Files that pages use. Their address has their digest, so that they can be kept for a year."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    media_type: str
    content: bytes

    @property
    def path(self) -> str:
        return f"/static/{hashlib.sha256(self.content).hexdigest()[:16]}/{self.name}"


def _asset(name: str, media_type: str) -> Asset:
    return Asset(name, media_type, (files("davserver.web") / "static" / name).read_bytes())


_SVG = "image/svg+xml"
_PICTURES = tuple(_asset(name, _SVG) for name in ("icon.svg", "folder.svg", "file.svg"))
ICON, *_ = _PICTURES


def _style() -> Asset:
    """Where it names a picture, the picture's address with its digest."""
    plain = _asset("style.css", "text/css; charset=utf-8")
    content = plain.content.decode()
    for one in _PICTURES:
        content = content.replace(f'url("{one.name}")', f'url("{one.path}")')
    return Asset(plain.name, plain.media_type, content.encode())


STYLE = _style()
ASSETS: dict[str, Asset] = {one.path: one for one in (STYLE, *_PICTURES)}
