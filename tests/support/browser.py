"""A browser without a screen: keeps cookies, follows redirects, fills in the forms that it was
sent. What it shows is what the server said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from lxml import html

from authn.sessions import form_mark, from_cookie
from davserver.web.cookies import FORM, LANGUAGE, SESSION
from tests.support.http import Answer, Caller

BOUNDARY = "--------a-boundary-of-tests"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
FILES_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@dataclass
class Browser:
    port: int
    tls: bool = False
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=lambda: {LANGUAGE: "en"})
    path: str = "/"
    answer: Answer | None = None
    source: str = "127.0.0.1"
    _caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        if self._caller is None:
            self._caller = Caller(self.port, tls=self.tls, source=self.source)
        return self._caller

    # ── going places ────────────────────────────────────────────────────────────────────────────

    def send(
        self, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None
    ) -> Answer:
        """One request, as it is: nothing is followed."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Accept-Language": self.language, **({"Cookie": jar} if jar else {}), **headers}
        answer = self.caller.ask(method, path, sent, body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._keep(value)
        self.answer = answer
        return answer

    def go(self, path: str) -> Answer:
        """To a page, and on to where it sends us."""
        answer = self.send("GET", path)
        self.path = path
        for _ in range(5):
            target = answer.header("Location")
            if target is None:
                return answer
            self.path = urljoin(self.path, target)
            answer = self.send("GET", self.path)
        raise AssertionError(f"sent round in a circle: {self.path}")

    @property
    def mark(self) -> str:
        """What the forms of this browser carry, without a look at one; "" before it has one."""
        kept = self.cookies.get(SESSION) or self.cookies.get(FORM, "")
        token = from_cookie(kept)
        return form_mark(token) if token else ""

    def send_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """As a page of this browser sends it: with its mark. Nothing is followed."""
        body = urlencode({"mark": self.mark, **fields}).encode()
        return self.send("POST", path, FORM_TYPE, body)

    def send_files(self, path: str, *files: tuple[str, bytes]) -> Answer:
        return self.send("POST", path, FILES_TYPE, multipart({"mark": self.mark}, files))

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """A form that a page of this browser could send, then on to where it sends us."""
        answer = self.send("POST", path, FORM_TYPE, urlencode(fields).encode())
        target = answer.header("Location")
        return answer if target is None else self.go(target)

    def submit(self, action: str, **fields: str) -> Answer:
        """The form of this page with that address, its hidden fields as they came."""
        return self.post(action, self.form(action) | fields)

    def upload(self, action: str, *files: tuple[str, bytes]) -> Answer:
        body = multipart(self.form(action), files)
        answer = self.send("POST", action, FILES_TYPE, body)
        target = answer.header("Location")
        return answer if target is None else self.go(target)

    def sign_in(self, login: str, password: str) -> Answer:
        self.go("/")
        return self.submit("/sign-in", login=login, password=password)

    # ── looking ─────────────────────────────────────────────────────────────────────────────────

    @property
    def page(self) -> html.HtmlElement:
        assert self.answer is not None
        return html.fromstring(self.answer.body)

    @property
    def text(self) -> str:
        return " ".join(self.page.text_content().split())

    @property
    def title(self) -> str:
        found = self.page.find(".//h1")
        return "" if found is None else " ".join(found.text_content().split())

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the first form with that address."""
        for form in self.page.iter("form"):
            if urlsplit(form.get("action")).path == action:
                hidden = form.xpath('.//input[@type="hidden"]')
                return {one.get("name"): one.get("value", "") for one in hidden if one.get("name")}
        raise AssertionError(f"no form for {action} on {self.path}: {self.text}")

    def links(self) -> list[str]:
        return [str(one) for one in self.page.xpath("//main//a/@href")]

    def _keep(self, cookie: str) -> None:
        first, *attributes = [part.strip() for part in cookie.split(";")]
        name, _, value = first.partition("=")
        assert {"Path=/", "Secure", "HttpOnly"} <= set(attributes), cookie
        assert name.startswith("__Host-")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def multipart(fields: Mapping[str, str], files: tuple[tuple[str, bytes], ...]) -> bytes:
    """RFC 7578, as browsers write it: fields before files, names in UTF-8."""
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    parts = [f'{start}name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, content in files:
        quoted = (
            name.replace("%", "%25").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        )
        head = (
            f'{start}name="files"; filename="{quoted}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
