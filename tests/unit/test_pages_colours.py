"""The colours of the pages, in light and in dark: text can be read (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from itertools import product
from pathlib import Path

import pytest

import davserver.web

STYLE = (Path(davserver.web.__file__).parent / "static" / "style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root {(.*?)}", STYLE, re.DOTALL)
)
TEXT = {
    *product(("ink", "soft", "main", "danger"), ("paper", "card")),
    *product(("ink", "main"), ("done", "wrong", "note", "chosen")),
    ("on-main", "main"),
}
"""What stands on what."""


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_white_and_black_are_21_apart() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(colours: dict[str, str]) -> None:
    poor = {pair: contrast(*(colours[name] for name in pair)) for pair in TEXT}
    assert {pair: found for pair, found in poor.items() if found < 4.5} == {}


def test_dark_has_every_colour_and_no_colour_stands_outside_of_the_two() -> None:
    assert set(DARK) == set(LIGHT)
    assert {name for pair in TEXT for name in pair} == set(LIGHT) - {"line"}
    rest = re.sub(r":root {.*?}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b", rest) == []


def test_what_a_field_suggests_can_be_read_too() -> None:
    """Browsers make it paler than text by themselves."""
    assert "::placeholder { color: var(--soft); opacity: 1; }" in STYLE
