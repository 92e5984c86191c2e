"""The documentation names everything that a person may meet: settings, commands, codes, reasons."""

import ast
import re
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
import typer

from admin.exits import Exit
from admin.main import COMMANDS, application
from davserver.config import Settings, defaults, written
from davserver.config.setting import DeclaredNamed, DeclaredSection, declared
from davserver.domain.errors import Reason
from davserver.serving.settings import Listener

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
ALL = "\n".join(path.read_text() for path in DOCS)
FORMAT = ROOT / "davserver/sealing/FORMAT.md"
OTHERS = (
    "README.md",
    "README.fr.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "tests/README.md",
    "tests/support/README.md",
    "benchmarks/README.md",
)
PAGES = [*DOCS, FORMAT, *(ROOT / name for name in OTHERS)]
CITING = [
    path
    for folder in ("davserver", "authn", "policies", "admin", "tests", "benchmarks", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md"}
]
"""Whatever may name a paragraph of DESIGN (docs/design.md) or of FORMAT.md."""


def test_config_yaml_of_the_repository_is_the_one_that_the_settings_make() -> None:
    assert (ROOT / "config.yaml").read_text() == written()
    assert defaults(ROOT)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    assert [name for name in _settings(Settings) if f"`{name}`" not in page] == []


def _settings(of: type, path: str = "") -> list[str]:
    found = []
    for one in declared(of):
        if isinstance(one, DeclaredSection):
            found += _settings(one.of, f"{path}{one.name}.")
        elif isinstance(one, DeclaredNamed):
            found += [f"{path}{one.name}", *_settings(one.of, f"{path}{one.name}.NAME.")]
        else:
            found.append(f"{path}{one.name}")
    return found


def test_every_limit_of_a_listener_is_documented() -> None:
    page = (ROOT / "docs/serving.md").read_text().partition("| field | default |")[2]
    page = page.partition("\n## ")[0]
    told = {
        field: default
        for names, defaults in re.findall(r"(?m)^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \|", page)
        for field, default in zip(re.findall(r"`(\w+)`", names), defaults.split(", "), strict=True)
    }
    numbers = {
        one.name: one.default for one in fields(Listener) if type(one.default) in {int, float}
    }
    assert {name: _number(told[name]) for name in numbers if name != "port"} == {
        name: number for name, number in numbers.items() if name != "port"
    }


def _number(written: str) -> float:
    number, _, unit = written.partition(" ")
    return float(number) * {"": 1, "s": 1, "KiB": 2**10, "KiB/s": 2**10, "TiB": 2**40}[unit]


def test_every_command_is_documented() -> None:
    missing = [words for words in _commands() if f"abri {words}" not in ALL]
    assert missing == []


def _commands() -> list[str]:
    found = []
    for name in COMMANDS:
        command = typer.main.get_command(application([name]))
        found += _words("", command)
    return found


def _words(prefix: str, command: object) -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [prefix.strip()]
    return [word for name, one in inner.items() for word in _words(f"{prefix} {name}", one)]


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs/commands.md").read_text()
    listed = re.findall(r"^\| *`?(\d+)`? *\|", text, re.MULTILINE)
    assert {str(code.value) for code in Exit} <= set(listed)


def test_every_reason_for_a_refusal_is_documented() -> None:
    assert [reason for reason in Reason if f"`{reason.value}`" not in ALL] == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}#{part}"
        for page in PAGES
        for target, part in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text())
        if "://" not in target and not _leads(page.parent / target if target else page, part)
    ]
    assert broken == []


def _leads(page: Path, part: str) -> bool:
    """`part`: a heading, as pages of a repository are shown."""
    if not page.exists():
        return False
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL) if part else ""
    titles = (
        re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one) for one in re.findall(r"(?m)^#+ (.+)$", text)
    )
    return not part or part in {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }


def test_every_file_that_a_page_names_is_there() -> None:
    named = (
        (page, name)
        for page in PAGES
        for name in re.findall(
            r"`([a-z][\w/-]*/[\w-]+\.(?:py|md|csv|toml|yaml|sh))`", page.read_text()
        )
    )
    lost = [
        f"{page.relative_to(ROOT)}: {name}"
        for page, name in named
        if not any((ROOT / base / name).exists() for base in ("", "davserver", "tests", "docs"))
    ]
    assert lost == []


def test_every_page_is_reached_from_the_first_one() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert {page for page in pages if f"({page})" not in readme} == set()


def test_the_layers_are_drawn_as_they_are_held() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one["layers"] for one in contracts["contracts"] if one["type"] == "layers")
    drawn = re.search(
        r"```text\n(admin →.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL
    )
    assert drawn is not None
    assert [" ".join(one.split()) for one in drawn[1].split("→")] == layers


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(
        r"^\| \[[^]]+\]\(([^)]+)\)", (folder / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(listed) == sorted(p.name for p in folder.glob("*.md") if p.name != "README.md")


def test_every_paragraph_that_the_code_names_is_there() -> None:
    design, layout = (ROOT / "docs/design.md").read_text(), FORMAT.read_text()
    there = {"DESIGN": _numbers(design), "FORMAT.md": _numbers(layout) | _numbered(layout)}
    wrong = [
        f"{path.relative_to(ROOT)}: {page} §{number}"
        for path in CITING
        for page, number in re.findall(r"(DESIGN|FORMAT\.md)\s§(\d+(?:\.\d+)?)", path.read_text())
        if number not in there[page]
    ]
    assert wrong == []


def _numbers(page: str) -> set[str]:
    """Of paragraphs as they begin: in a heading, or in bold."""
    return set(re.findall(r"^(?:#+ |\W*\*\*)§(\d+(?:\.\d+)?)", page, re.MULTILINE))


def _numbered(page: str) -> set[str]:
    return set(re.findall(r"^## (\d+)\.", page, re.MULTILINE))


@pytest.mark.slow
def test_the_known_faults_lead_to_tests_that_are_there() -> None:
    assert _told_of_faults() - set(_tests()) == set()


def test_every_test_of_a_fault_of_wsgidav_is_told_of() -> None:
    marked = {name for name, words in _tests().items() if words.startswith("W: ")}
    assert marked - _told_of_faults() == set()
    assert len(marked) > 20


def _told_of_faults() -> set[str]:
    page = (ROOT / "docs/webdav.md").read_text()
    return set(re.findall(r"`(test_\w+)`", page.partition("## Where stock WsgiDAV")[2]))


@cache
def _tests() -> dict[str, str]:
    """Every test function of the repository, with what its text says."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py")]
    return {
        node.name: ast.get_docstring(node) or ""
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
