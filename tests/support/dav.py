"""A drive as its WebDAV clients see it: verbs by plain path, and what a multistatus says."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from lxml import etree

from tests.support.http import Answer, Caller

DAV = "{DAV:}"
OC = "{http://owncloud.org/ns}"
_ALLPROP = b'<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>'


@dataclass(frozen=True)
class Listed:
    """One response of a multistatus: a decoded path without the drive's prefix, and properties."""

    path: str
    folder: bool
    properties: dict[str, etree._Element]

    def text(self, name: str) -> str | None:
        element = self.properties.get(name)
        return None if element is None else "".join(map(str, element.itertext()))

    @property
    def etag(self) -> str | None:
        return self.text(f"{DAV}getetag")


@dataclass(frozen=True)
class Drive:
    """What one person does on the drive at `base`."""

    caller: Caller
    base: str = "/dav"

    def url(self, path: str) -> str:
        return self.base + quote(path, safe="/~")

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        return self.caller.ask(method, self.url(path), headers or {}, body)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, _named(headers))

    def put(self, path: str, body: bytes, **headers: str) -> Answer:
        return self.ask("PUT", path, _named(headers), body)

    def mkcol(self, path: str) -> Answer:
        return self.ask("MKCOL", path)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.ask("DELETE", path, _named(headers))

    def move(self, path: str, to: str, **headers: str) -> Answer:
        return self.ask("MOVE", path, {"Destination": self.url(to), **_named(headers)})

    def copy(self, path: str, to: str, **headers: str) -> Answer:
        return self.ask("COPY", path, {"Destination": self.url(to), **_named(headers)})

    def propfind(self, path: str, depth: str = "1", *names: str) -> Answer:
        """All properties, or those with the given Clark names."""
        body = _asking_for(names) if names else _ALLPROP
        headers = {"Depth": depth, "Content-Type": "application/xml"}
        return self.ask("PROPFIND", path, headers, body)

    def listing(self, path: str, depth: str = "1", *names: str) -> dict[str, Listed]:
        answer = self.propfind(path, depth, *names)
        if answer.status != 207:
            raise AssertionError(f"PROPFIND {path}: {answer}")
        return {one.path: one for one in multistatus(answer, self.base)}

    def names(self, path: str) -> set[str]:
        """The names in a folder."""
        own = path.rstrip("/")
        inside = (place.removeprefix(own).strip("/") for place in self.listing(path))
        return {name for name in inside if name}

    def property(self, path: str, name: str) -> str | None:
        return next(iter(self.listing(path, "0", name).values())).text(name)

    def id_of(self, path: str) -> str:
        """The stable identity of a file or folder, as sync clients read it."""
        found = self.property(path, f"{OC}id")
        if not found:
            raise AssertionError(f"{path} has no oc:id")
        return found

    def proppatch(self, path: str, name: str, value: str | None) -> Answer:
        space, local = etree.QName(name).namespace, etree.QName(name).localname
        verb = "remove" if value is None else "set"
        body = (
            f'<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:"><D:{verb}><D:prop>'
            f'<x:{local} xmlns:x="{space}">{value or ""}</x:{local}>'
            f"</D:prop></D:{verb}></D:propertyupdate>"
        )
        return self.ask("PROPPATCH", path, {"Content-Type": "application/xml"}, body.encode())

    def lock(
        self,
        path: str,
        owner: str = "a test",
        *,
        scope: str = "exclusive",
        depth: str = "0",
        **headers: str,
    ) -> Answer:
        body = (
            f'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{scope}/>'
            f"</D:lockscope><D:locktype><D:write/></D:locktype><D:owner>{owner}</D:owner>"
            "</D:lockinfo>"
        )
        asked = {"Depth": depth, "Timeout": "Second-180", "Content-Type": "application/xml"}
        return self.ask("LOCK", path, {**asked, **_named(headers)}, body.encode())

    def unlock(self, path: str, token: str) -> Answer:
        return self.ask("UNLOCK", path, {"Lock-Token": f"<{token}>"})


def token_of(answer: Answer) -> str:
    """The token that a LOCK gave."""
    found = re.fullmatch(r"<(.+)>", answer.header("Lock-Token") or "")
    if not found:
        raise AssertionError(f"no lock token: {answer}")
    return found[1]


def multistatus(answer: Answer, base: str = "/dav") -> list[Listed]:
    """The responses in their order; properties are those that were found."""
    root = etree.fromstring(answer.body)
    if root.tag != f"{DAV}multistatus":
        raise AssertionError(f"not a multistatus: {answer}")
    return [_listed(element, base) for element in root.iterfind(f"{DAV}response")]


def _listed(response: etree._Element, base: str) -> Listed:
    path = unquote(response.findtext(f"{DAV}href", "")).removeprefix(base).rstrip("/") or "/"
    found: dict[str, etree._Element] = {}
    for propstat in response.iterfind(f"{DAV}propstat"):
        if " 200 " in propstat.findtext(f"{DAV}status", ""):
            found |= {str(one.tag): one for prop in propstat.iterfind(f"{DAV}prop") for one in prop}
    kind = found.get(f"{DAV}resourcetype")
    folder = kind is not None and kind.find(f"{DAV}collection") is not None
    return Listed(path, folder, found)


def _asking_for(names: tuple[str, ...]) -> bytes:
    wanted = "".join(
        f'<p{i}:{etree.QName(name).localname} xmlns:p{i}="{etree.QName(name).namespace}"/>'
        for i, name in enumerate(names)
    )
    body = f'<?xml version="1.0"?><propfind xmlns="DAV:"><prop>{wanted}</prop></propfind>'
    return body.encode()


def _named(headers: dict[str, str]) -> dict[str, str]:
    """`If_Match="x"` becomes the header `If-Match: x`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
