"""Whatever stands in config.yaml or on the command line is understood, or refused in words."""

from datetime import UTC
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from admin.ids import parse_id
from admin.instants import parse_end
from admin.listen import parse_listen
from davserver.config import Problem, Settings, WrongSettings, load, written
from davserver.config.setting import Declared, DeclaredNamed, DeclaredSection, declared
from davserver.domain.errors import BadInput

ONE_FOLDER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=150,
    deadline=None,
)


def names_of(section: type, path: str = "") -> list[str]:
    found = []
    for one in declared(section):
        match one:
            case DeclaredSection(name=name, of=inner):
                found += names_of(inner, f"{path}{name}.")
            case DeclaredNamed(name=name, of=inner):
                found += names_of(inner, f"{path}{name}.one.")
            case Declared(name=name):
                found.append(f"{path}{name}")
    return found


NAMES = names_of(Settings)
TEXTS = some.text(some.characters(exclude_categories=["C"]), min_size=1, max_size=30)
SCALARS = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=20),
    some.lists(some.text(max_size=5), max_size=3),
    some.sampled_from(["10 min", "64 KiB", "none", "cores", "1e9 GB", "-1 s", "9" * 400 + " s"]),
)  # fmt: skip


def told(file: Path) -> tuple[Problem, ...] | None:
    try:
        load(file)
    except WrongSettings as wrong:
        return wrong.problems
    return None


def loaded(folder: Path, content: bytes) -> None:
    file = folder / "config.yaml"
    file.write_bytes(content)
    problems = told(file)
    assert problems is None or problems
    assert all(one.file == file and one.says for one in problems or ())


@given(some.binary(max_size=300))
@ONE_FOLDER
def test_any_bytes_are_settings_or_problems(tmp_path: Path, content: bytes):
    loaded(tmp_path, content)


@given(some.text(alphabet="ab:{}[]-#&*!|>'\"%@`, \n\t0?~", max_size=60))
@ONE_FOLDER
def test_any_yaml_is_settings_or_problems(tmp_path: Path, text: str):
    loaded(tmp_path, text.encode())


@pytest.mark.slow
@given(some.dictionaries(some.sampled_from(NAMES), SCALARS, max_size=6))
@ONE_FOLDER
def test_any_value_of_any_setting_is_read_or_told(tmp_path: Path, values: dict[str, object]):
    tree: dict[str, object] = {}
    for name, value in values.items():
        *sections, last = name.split(".")
        at = tree
        for section in sections:
            at = at.setdefault(section, {})  # type: ignore[assignment]
        at[last] = value
    loaded(tmp_path, yaml.safe_dump(tree, allow_unicode=True).encode())


@pytest.mark.slow
@given(TEXTS.filter(str.strip))
@ONE_FOLDER
def test_any_text_is_written_so_that_it_is_read_back(tmp_path: Path, text: str):
    file = tmp_path / "config.yaml"
    file.write_text(written({"policies": text}), encoding="utf-8")
    assert load(file).policies == tmp_path / text


@given(some.text(max_size=40))
def test_any_listen_address_is_one_or_is_refused(text: str):
    try:
        host, port = parse_listen(text)
    except BadInput as refused:
        assert text in str(refused)  # noqa: PT017
    else:
        assert host
        assert 1 <= port <= 65_535


@given(some.text(max_size=40) | some.datetimes().map(str) | some.dates().map(str))
def test_any_moment_is_one_in_utc_or_is_refused(text: str):
    try:
        instant = parse_end("--until", text)
    except BadInput as refused:
        assert str(refused).startswith("--until ")  # noqa: PT017
    else:
        assert instant is not None
        assert instant.tzinfo is UTC


@given(some.text(max_size=40) | some.binary(min_size=16, max_size=16).map(bytes.hex))
def test_any_id_is_sixteen_bytes_or_is_refused(text: str):
    try:
        assert len(parse_id("grant", text)) == 16
    except BadInput as refused:
        assert str(refused).startswith("grant ")  # noqa: PT017


def test_a_date_alone_means_the_end_of_that_day():
    at = parse_end("--until", "2026-12-31")
    assert at == parse_end("--until", "20261231")
    next_day = parse_end("--until", "2027-01-01T00:00:00")
    assert at == next_day
    assert parse_end("--until", "2026-12-31T18:00+01:00").isoformat() == (
        "2026-12-31T17:00:00+00:00"
    )
    assert parse_end("--until", None) is None
    with pytest.raises(BadInput, match=r"--until 9999-12-31: write a date"):
        parse_end("--until", "9999-12-31")
