"""Nothing of WsgiDAV acts on a resource: a new version of it cannot open a way past the gate."""

from importlib.metadata import version

from wsgidav.request_server import RequestServer

from davserver.dav.bodies import METHODS
from davserver.dav.methods.options import ALLOW
from davserver.dav.provider import NoProvider
from davserver.dav.requests import Requests


def _methods(kind: type) -> set[str]:
    return {name.removeprefix("do_") for name in vars(kind) if name.startswith("do_")}


def test_every_method_of_wsgidav_is_replaced() -> None:
    assert _methods(RequestServer) - _methods(Requests) <= {"POST"}
    assert "POST" not in METHODS


def test_every_method_that_is_offered_is_ours() -> None:
    assert set(METHODS) == _methods(Requests)
    assert set(ALLOW[1].split(", ")) == set(METHODS)


def test_the_provider_of_wsgidav_finds_nothing() -> None:
    assert NoProvider().get_resource_inst("/", {}) is None


def test_wsgidav_is_one_whose_known_holes_are_closed() -> None:
    assert tuple(map(int, version("wsgidav").split(".")[:2])) >= (4, 4)
