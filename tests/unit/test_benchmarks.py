"""What the comparison with other servers says of its numbers, and how its client reads answers."""

from dataclasses import fields

import pytest

from benchmarks import limits
from benchmarks.beside import bodies
from benchmarks.beside.client import Ask
from benchmarks.beside.measures import measures
from benchmarks.beside.replies import Reply, Wrong
from benchmarks.beside.report import Group, Results, number, table
from benchmarks.beside.works import WORKS

CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nseven\r\na;more=1\r\n ten bytes\r\n0\r\n\r\n"
)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nseven"
BODILESS = b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"


def read(raw: bytes, step: int) -> Reply:
    """All of it, in pieces of that size; only the last one ends it."""
    reply = Reply()
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    ends = [reply.take(memoryview(piece)) for piece in pieces]
    assert ends == [False] * (len(pieces) - 1) + [True]
    return reply


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [(CHUNKED, 207, b"seven ten bytes"), (SIZED, 200, b"seven"), (BODILESS, 204, b"")],
)
def test_an_answer_is_read_however_it_is_cut(raw: bytes, status: int, body: bytes, step: int):
    reply = read(raw, step)
    assert (reply.status, reply.body, reply.closes) == (status, body, raw is SIZED)


def test_an_answer_without_a_length_ends_with_its_connection():
    reply = Reply()
    assert not reply.take(memoryview(b"HTTP/1.1 200 OK\r\n\r\nall of it"))
    assert reply.ended()
    assert reply.body == b"all of it"
    cut = Reply()
    cut.take(memoryview(SIZED[:-1]))
    assert not cut.ended()


def test_a_wrong_status_and_other_bytes_are_no_result():
    reply = read(SIZED, 1000)
    assert Ask("GET", "/a", (200,), gives=b"seven").check(reply) is reply
    for ask in (Ask("GET", "/a", (206,)), Ask("GET", "/a", (200,), gives=b"eight")):
        with pytest.raises(Wrong, match="GET /a"):
            ask.check(reply)


def test_a_large_file_that_differs_in_one_byte_is_told_apart():
    size = (3 << 20) + 17
    whole = bytearray(b"".join(bodies.pieces(size)))
    assert len(whole) == size
    assert bodies.same(memoryview(whole))
    assert bodies.part(1000, 500) == whole[1000:1500]
    whole[-1] ^= 1
    assert not bodies.same(memoryview(whole))


def test_the_table_has_medians_and_ratios_and_no_empty_row():
    results = Results()
    for put, start in ((10, 0.5), (30, 0.25), (20, 0.25)):
        results.add("one", {"put": put, "start": start})
        results.add("other", {"put": put * 3})
    told = table(results, Group("", ["one", "other"], "one"), measures(256, [10])).splitlines()
    assert told == [
        "| measure | one | other |",
        "|---|---:|---:|",
        "| PUT of 256 MiB, MiB/s ↑ | 20.0 | 60.0 (3.00) |",
        "| start to first answer, s ↓ | 0.25 |  |",
    ]


def test_no_measure_is_told_twice():
    keys = [one.key for one in measures(256, [10, 1000])]
    assert len(set(keys)) == len(keys) > len(WORKS)


def machine() -> limits.Machine:
    names = [one.name for one in fields(limits.Machine)]
    return limits.Machine(**{name: float(number) for number, name in enumerate(names, 1)})


def test_all_that_the_machine_can_do_is_told():
    rows = limits.told(machine()).splitlines()[2:]
    told = [row.split("|")[2].strip() for row in rows]
    assert told == [number(float(value)) for value in range(1, len(fields(limits.Machine)) + 1)]


def test_every_limit_is_that_of_something_measured():
    keys = {one.key for one in measures(256, [limits.FOLDER])}
    assert {one.key for one in limits.limits(machine())} <= keys


def test_steps_that_wait_for_each_other_are_slower_than_each():
    assert limits.after_another(100, 100) == 50
    assert limits.after_another(1000, 10) == pytest.approx(9.9, abs=0.01)


def test_how_far_a_number_is_from_its_limit_is_told_as_a_share():
    asked = [
        limits.Limit("more", "a", "why", 100),
        limits.Limit("less", "b", "why", 2, more=False),
        limits.Limit("unknown", "c", "why", 1),
    ]
    told = limits.beside(asked, {"a": [20, 30, 25], "b": [4]}).splitlines()[2:]
    assert told == [
        "| more | 100 | 25.0 | 0.25 | why |",
        "| less | 2.00 | 4.00 | 0.50 | why |",
        "| unknown | 1.00 |  |  | why |",
    ]
