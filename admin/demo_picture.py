"""A photograph of sorts: a JPEG of flat squares of 8 pixels, written by hand (ITU-T T.81).

A flat square is its mean alone: one DC difference and “nothing more”, so no transform is needed.
"""

from collections.abc import Iterator, Sequence

_SQUARE = 8
_MIDDLE = 128
_DC_CODES = {
    0: "00",
    1: "010",
    2: "011",
    3: "100",
    4: "101",
    5: "110",
    6: "1110",
    7: "11110",
    8: "111110",
    9: "1111110",
    10: "11111110",
    11: "111111110",
}
"""Length of a DC difference in bits → its code: table K.3 of T.81."""
_NOTHING_MORE = "0"


def jpeg(squares: Sequence[Sequence[int]]) -> bytes:
    """A grey picture, 8 by 8 pixels for each number from 0 (black) to 255 (white)."""
    height, width = _SQUARE * len(squares), _SQUARE * len(squares[0])
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    codes_per_length = [0] * 16
    for code in _DC_CODES.values():
        codes_per_length[len(code) - 1] += 1
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            # Quantised by 8 throughout, so that a DC value is the square's mean.
            _segment(0xDB, b"\0" + bytes([_SQUARE] * 64)),
            _segment(0xC0, b"\x08" + size + b"\x01\x01\x11\0"),
            _segment(0xC4, b"\0" + bytes(codes_per_length) + bytes(_DC_CODES)),
            _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
            _segment(0xDA, b"\x01\x01\0\0\x3f\0"),
            _packed("".join(_codes(squares))),
            b"\xff\xd9",
        )
    )


def portrait() -> bytes:
    """Head and shoulders before a light wall, 160 by 200 pixels."""
    return jpeg([[_shade(x - 9.5, y - 9.0) for x in range(20)] for y in range(25)])


def _shade(x: float, y: float) -> int:
    if x * x / 20 + y * y / 34 < 1:
        return 190 if y > -3 else 60  # noqa: PLR2004 — hair above, face below
    if y > 6 and x * x / 64 + (y - 16) ** 2 / 80 < 1:  # noqa: PLR2004 — shoulders
        return 90
    return 235


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _codes(squares: Sequence[Sequence[int]]) -> Iterator[str]:
    before = 0
    for row in squares:
        for shade in row:
            mean = shade - _MIDDLE
            difference, before = mean - before, mean
            length = abs(difference).bit_length()
            # A negative number is written as its ones' complement (T.81 F.1.2.1).
            bits = difference if difference > 0 else difference + (1 << length) - 1
            yield _DC_CODES[length] + (f"{bits:0{length}b}" if length else "") + _NOTHING_MORE


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    raw = int(bits, 2).to_bytes(len(bits) // 8, "big")
    # After FF a zero says that no marker follows (T.81 F.1.2.3).
    return raw.replace(b"\xff", b"\xff\0")
