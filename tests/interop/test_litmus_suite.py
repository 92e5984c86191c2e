"""litmus, the WebDAV test suite, as Debian ships it: every one of its 104 tests, twice.

Over loopback HTTP, because over TLS litmus leaves out one of its tests (expect100).
"""

import re

import pytest

from tests.support.instance import Server
from tests.support.outside import Outside, program

SUITES = {"basic": 16, "copymove": 13, "props": 30, "locks": 41, "http": 4}
_SUMMARY = re.compile(r"summary for `(\w+)': of (\d+) tests run: (\d+) passed")

pytestmark = pytest.mark.interop


def _litmus(outside: Outside, server: Server, login: str, path: str) -> str:
    instance = server.instance
    url = f"http://127.0.0.1:{instance.port}{instance.drive(login).url(path)}/"
    password = instance.passwords[login]
    return outside.run(program("litmus"), "-k", url, login, password).stdout


def _assert_clean(output: str) -> None:
    ran = {suite: (int(run), int(passed)) for suite, run, passed in _SUMMARY.findall(output)}
    assert ran == {suite: (count, count) for suite, count in SUITES.items()}, output
    assert "WARNING" not in output, output


def test_a_beneficiary_passes_all_of_litmus(plain_drive: Server, outside: Outside) -> None:
    _assert_clean(_litmus(outside, plain_drive, "amina", ""))


def test_a_professional_passes_all_of_litmus_inside_a_folder_granted_to_write(
    plain_drive: Server, outside: Outside
) -> None:
    grants = plain_drive.instance.json("grant", "list")
    seen_at = next(one["seen_at"] for one in grants if one["to"] == "karim")
    _assert_clean(_litmus(outside, plain_drive, "karim", seen_at))


def test_a_shallow_copy_of_a_folder_leaves_its_members_behind(plain_drive: Server) -> None:
    """As litmus 0.14 and later check it."""
    amina = plain_drive.instance.drive("amina")
    amina.mkcol("/shallow")
    amina.put("/shallow/member.txt", b"stays")
    assert amina.copy("/shallow", "/shallow-copy", Depth="0").status == 201
    assert amina.names("/shallow-copy") == set()
    assert amina.names("/shallow") == {"member.txt"}


def test_a_file_is_not_put_where_no_folder_is(plain_drive: Server) -> None:
    """As litmus 0.14 and later check it."""
    amina = plain_drive.instance.drive("amina")
    assert amina.put("/no-such-folder/file.txt", b"lost").status == 409
    assert amina.get("/no-such-folder/file.txt").status == 404
