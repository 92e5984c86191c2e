"""An instance that moves to PostgreSQL before anybody is in it. What it does then: every other file
here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from davserver.config import load
from davserver.config.reading import WrongSettings
from davserver.wiring.opening import database_url
from tests.support.instance import Instance, new_instance, serving
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def moved(postgres: PostgresServer, tmp_path: Path) -> Iterator[Instance]:
    instance = new_instance(tmp_path / "abri", tls=False)
    with postgres.fresh_database() as url:
        instance.set("database.url", url)
        yield instance


def test_an_empty_database_is_set_up_once(moved: Instance):
    empty = moved.run("person", "list")
    assert empty.returncode == 8
    assert "the database is empty: set it up with `abri database upgrade`" in empty.stderr
    keyring = (moved.folder / "keys" / "keyring").read_bytes()
    for _ in range(2):
        moved.abri("database", "upgrade")
    assert (moved.folder / "keys" / "keyring").read_bytes() == keyring
    findings = moved.json("doctor")
    assert {one["state"] for one in findings} == {"well"}
    assert any("PostgreSQL" in one["says"] for one in findings)
    with serving(moved):
        assert moved.json("person", "list") == []


def test_the_password_comes_from_its_file_and_is_never_shown(tmp_path: Path):
    config, secret = tmp_path / "config.yaml", tmp_path / "secret"
    config.write_text(
        "database: {url: 'postgresql://abri@127.0.0.1:1/abri', password_file: secret}\n"
    )
    settings = load(config)
    with pytest.raises(WrongSettings, match=r"password_file: cannot be read: No such file"):
        database_url(settings)
    secret.write_text("p@ss/word é\nnot this\n")
    assert database_url(settings) == "postgresql://abri:p%40ss%2Fword %C3%A9@127.0.0.1:1/abri"
    assert "p@ss" not in repr(settings)
