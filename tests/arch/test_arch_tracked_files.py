"""What may be in the repository: nothing of one machine, no index address, nothing unfinished."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Put together here, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a package index": r"https?://[^\s\"'>]*(?:pypi|simple/|index-url|artifactory|nexus)",
    "an index option": r"--(?:extra-)?index" + r"-url|--find" + r"-links",
    "a folder of one machine": r"(?<![\w.\"'])/(?:work|root|home)" + r"/[\w.]",
    "something left to do": r"\bTO" + r"DO\b|\bFIX" + r"ME\b|\bX" + r"XX\b",
    "a test that is not run": r"pytest\.(?:mark\.)?skip" + r"|pytest\.(?:mark\.)?xfail",
    "a paper that is not here": r"\bresearch" + r"/[\w-]+\.md|\bcrypto" + r"-review\b",
    "a mock": r"unittest\.mo" + r"ck\b(?!\"\.msg)|\bMagic" + r"Mock\b",
}
BINARY = {".bin", ".pdf", ".jpg", ".png", ".odt", ".docx", ".db", ".blob"}


def _tracked() -> list[Path]:
    """Every file of the repository: as git knows them, or all where there is no git."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def _texts() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(errors="replace")
        for path in _tracked()
        if path.suffix not in BINARY
    }


def test_no_file_names_a_machine_an_index_or_unfinished_business() -> None:
    found = [
        f"{name}:{number}: {title}: {line.strip()[:100]}"
        for name, text in _texts().items()
        for title, pattern in FORBIDDEN.items()
        if re.search(pattern, text)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line) and not _allowed(name, title)
    ]
    assert found == []


def _allowed(name: str, title: str) -> bool:
    """pyproject.toml forbids mocks by naming them; a home folder is a person's in the examples."""
    return (name, title) == ("pyproject.toml", "a mock")


def test_requirements_are_pinned_with_hashes() -> None:
    for name in ("run", "dev", "peers"):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        pins = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==\S+.*\\$", text, re.MULTILINE)
        lines = [line for line in text.splitlines() if re.match(r"^[A-Za-z]", line)]
        assert len(pins) == len(lines) >= 10
        assert text.count("--hash=sha256:") >= len(pins)


def test_every_top_level_name_is_one_of_the_layout() -> None:
    layout = {
        "davserver", "policies", "authn", "admin", "tests", "docs", "benchmarks", "requirements",
        ".ci", ".gitignore", "config.yaml", "pyproject.toml", "Makefile", "LICENSE", "README.md",
        "README.fr.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md",
    }  # fmt: skip
    assert {path.relative_to(ROOT).parts[0] for path in _tracked()} <= layout
