"""Packed batches: the same batch, the same receipt; bombs and rubble are refused unread."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from county_gateway.doors.unpacking import unpack
from county_gateway.errors import TooLarge, WrongCoding
from firmware_app.ledger.county.contract import MAX_BATCH_BYTES

GZIP = {"Content-Encoding": "gzip"}


def body_of(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_a_packed_batch_is_taken_as_the_same_batch_and_the_answer_says_that_it_may_come_so(bench, device):
    device.check()
    plain = bench.post(device.lines)

    packed = bench.post(gzip.compress(body_of(device.lines)), headers=GZIP)

    assert plain.headers["Accept-Encoding"] == packed.headers["Accept-Encoding"] == "gzip"
    assert packed.json()["receipt"] == plain.json()["receipt"]
    assert (plain.json()["stored"], packed.json()["known"]) == (2, 2)


@pytest.mark.parametrize("named", ["gzip", "GZIP", " gzip "])
def test_a_body_comes_out_as_it_went_in(named):
    assert unpack(gzip.compress(b"one\ntwo\n"), named) == b"one\ntwo\n"
    assert unpack(b"one\n", "") == unpack(b"one\n", "identity") == b"one\n"


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join([*(packer.compress(piece) for _ in range(size >> 20)), packer.flush()])


def test_a_bomb_is_not_unpacked_beyond_the_bound(bench):
    small = bomb(512 << 20)
    assert len(small) < MAX_BATCH_BYTES
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpack(small, "gzip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    answer = bench.post(small, headers=GZIP)

    assert peak < 4 * MAX_BATCH_BYTES
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_body_of_just_the_size_is_taken_and_one_byte_more_is_not():
    assert len(unpack(gzip.compress(bytes(MAX_BATCH_BYTES)), "gzip")) == MAX_BATCH_BYTES
    with pytest.raises(TooLarge):
        unpack(gzip.compress(bytes(MAX_BATCH_BYTES + 1)), "gzip")


GOOD = gzip.compress(b"one\ntwo\n")
RUBBLE = {
    "not packed at all": b"one\ntwo\n",
    "nothing": b"",
    "cut off": GOOD[:-1],
    "one byte changed": GOOD[:-6] + bytes([GOOD[-6] ^ 1]) + GOOD[-5:],
    "something behind it": GOOD + b"x",
    "a second one behind it": GOOD + GOOD,
    "zlib's own framing": zlib.compress(b"one\n"),
}


@pytest.mark.parametrize("name", RUBBLE)
def test_what_cannot_be_unpacked_is_no_word_on_an_entry(bench, name):
    with pytest.raises(WrongCoding):
        unpack(RUBBLE[name], "gzip")

    answer = bench.post(RUBBLE[name], headers=GZIP)

    assert (answer.status_code, answer.json()["error"]) == (415, "wrong_coding")
    assert answer.headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd", "x" * 5000])
def test_a_coding_that_is_not_known_is_refused_with_the_one_that_is(bench, coding):
    answer = bench.post(GOOD, headers={"Content-Encoding": coding})

    assert (answer.status_code, answer.json()["error"]) == (415, "wrong_coding")
    assert answer.headers["Accept-Encoding"] == "gzip"
