"""Addresses of pages about a place on somebody's drive."""

from davserver.domain.paths import DrivePath


def path_link(page: str, path: DrivePath) -> str:
    """`/share/Sant%C3%A9/bilan.pdf`."""
    return f"/{page}{path.to_url()}"


def document_link(path: DrivePath) -> str:
    return path_link("documents", path)


def ancestors(path: DrivePath) -> list[DrivePath]:
    """The folders above it, from the top, without the first one."""
    return [DrivePath(path.parts[:depth]) for depth in range(1, len(path.parts))]


def local(target: str) -> str:
    r"""Where to go after signing in: a page of ours, else the first one (open redirect, CWE-601).

    A browser takes `//host`, `/\host` and tabs inside of either for another server.
    """
    plain = target.isascii() and target.isprintable()
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and inside and "\\" not in target else "/"
