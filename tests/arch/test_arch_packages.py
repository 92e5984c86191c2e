"""Each package tells a newcomer what it is, and what each of its files holds, in reading order."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    path.parent
    for top in ("davserver", "authn", "policies", "admin")
    for path in (ROOT / top).rglob("__init__.py")
)
LINE = re.compile(r"^    (\w+)/?  +\S", re.MULTILINE)


def _named(package: Path) -> str:
    return str(package.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES, ids=_named)
def test_a_package_names_each_of_its_files_once(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text())
    told = LINE.findall(ast.get_docstring(tree) or "")
    assert sorted(told) == sorted(_inside(package))


def _inside(package: Path) -> list[str]:
    files = [path.stem for path in package.glob("*.py") if path.name != "__init__.py"]
    folders = {path.parent.name for path in package.glob("*/*.py")}
    return [*files, *folders]


@pytest.mark.parametrize("package", PACKAGES, ids=_named)
def test_each_of_its_files_says_what_it_is(package: Path) -> None:
    silent = [
        path.name
        for path in package.glob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_each_benchmark_is_listed() -> None:
    folder = ROOT / "benchmarks"
    told = re.findall(r"^\| `(\S+)`", (folder / "README.md").read_text(), re.MULTILINE)
    there = [path.name for path in folder.iterdir() if path.suffix in {".py", ".sh"}]
    assert sorted(told) == sorted([*there, "beside/"])


def test_each_file_that_tests_share_is_listed() -> None:
    folder = ROOT / "tests/support"
    rows = re.findall(r"^\| (`.*?) \|", (folder / "README.md").read_text(), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    there = [
        one.name.removesuffix(".py") for one in folder.iterdir() if one.suffix in {".py", ".js"}
    ]
    assert sorted(told) == sorted(there)
