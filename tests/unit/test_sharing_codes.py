"""Eight letters of Crockford's base32, as people write and mistake them."""

import pytest

from davserver.domain.sharing_codes import grouped, letters_from, letters_in


@pytest.mark.parametrize(
    ("entropy", "letters"),
    [
        (bytes(5), "00000000"),
        (b"\xff" * 5, "ZZZZZZZZ"),
        (b"\x00\x44\x32\x14\xc7", "01234567"),
        (b"\x80" + bytes(4), "G0000000"),
    ],
)
def test_forty_bits_are_eight_letters(entropy: bytes, letters: str) -> None:
    assert letters_from(entropy) == letters
    assert letters_in(grouped(letters)) == letters


@pytest.mark.parametrize(
    "typed",
    ["01AB OILX", "oiab oilx", " 0lAb-01Ix ", "OI-AB-O1-LX", "0 1 A B 0 1 1 X", "01ab\u00a0011x"],
)
def test_they_are_read_as_they_are_taken_for(typed: str) -> None:
    assert letters_in(typed) == "01AB011X"


@pytest.mark.parametrize(
    "typed",
    ["", "01AB011", "01AB011XX", "01ABU11X", "01AB_11X", "é1AB011X", "０１ＡＢ０１１Ｘ", "karim"],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert letters_in(typed) is None
