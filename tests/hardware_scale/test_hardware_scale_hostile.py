"""Hostile bytes: whatever comes over the line, nothing is raised, nothing grows, no value is made up."""

from __future__ import annotations

import os
import random
import time

import pytest

from hardware.scale.contract import Check, Indication
from hardware.scale.profile import ProfileDecoder, Shelf, builtin_profiles

SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
IDS = SHELF.ids
SHORT = 3_000
LONG = int(os.environ.get("STEELYARD_HOSTILE_BYTES", "200000"))
"""Bytes a profile in the long run; docs/protocols/README.md has the figures and the command."""
KEPT = 2 * 256 + 1024
"""Two frames of the longest kind and the block being cut."""
TOO_SHORT_TO_TELL = {"usb-hid-8d", "acs-p215", "toledo-8213", "toledo-8217", "ff-bcd", "ff-bcd-minus-one"}
"""Six bytes, or five in phase: random bytes may hit a frame by chance, so that alone is not counted there."""


def decoder_of(name: str) -> ProfileDecoder:
    return SHELF.profile(name).decoder()


def mutated(name: str, chance: random.Random, size: int) -> bytes:
    """Frames of the protocol cut, glued, doubled, with bytes changed, between garbage."""
    known = [bytes.fromhex(vector.hex) for vector in SHELF.profile(name).file.vector]
    out = bytearray()
    while len(out) < size:
        piece = bytearray(chance.choice(known))
        kind = chance.randrange(6)
        if kind == 0:
            piece = piece[: chance.randrange(len(piece) + 1)]
        elif kind == 1:
            piece = piece[chance.randrange(len(piece)) :]
        elif kind == 2:
            piece[chance.randrange(len(piece))] = chance.randrange(256)
        elif kind == 3:
            piece = bytearray(chance.randbytes(chance.randrange(1, 40)))
        elif kind == 4:
            piece *= chance.randrange(2, 5)
        out += piece
    return bytes(out[:size])


def feed(name: str, stream: bytes, chance: random.Random) -> list[Indication]:
    """What comes out in portions at random; the buffer is looked at after each."""
    decoder, at, got = decoder_of(name), 0, []
    while at < len(stream):
        portion = chance.choice((1, 2, 7, 64, 997, 5000))
        got += decoder.feed(stream[at : at + portion], at)
        at += portion
        assert len(decoder._framer._buffer) <= KEPT
        assert len(decoder._framer._times) <= KEPT
    return got + decoder.finish()


def hold(name: str, stream: bytes, chance: random.Random) -> None:
    """Whatever came out stands in the stream, in order, and a value has no word against it."""
    end = 0
    for one in feed(name, stream, chance):
        assert stream[one.at : one.at + len(one.raw)] == one.raw
        assert one.at >= end
        end = one.at + (len(one.raw) if one.check is not Check.BAD else 1)
        if one.value is not None:
            assert one.value.is_finite()
            assert one.check is not Check.BAD
            assert not (one.overload or one.underload or one.error or one.answer)


@pytest.mark.parametrize("name", IDS)
def test_mutated_frames_short(name: str) -> None:
    chance = random.Random(name)
    hold(name, mutated(name, chance, SHORT), chance)


@pytest.mark.parametrize("name", IDS)
def test_noise_is_no_weight(name: str) -> None:
    """Given bytes at random, when they are fed, then nothing that has a value comes out."""
    chance = random.Random(f"noise {name}")
    got = feed(name, chance.randbytes(SHORT), chance)
    assert name in TOO_SHORT_TO_TELL or [one for one in got if one.value is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", IDS)
def test_mutated_frames_long(name: str) -> None:
    chance, left, begun = random.Random(f"long {name}"), LONG, time.perf_counter()
    while left > 0:
        hold(name, mutated(name, chance, min(left, 50_000)), chance)
        left -= 50_000
    print(f"{name}: {LONG} hostile bytes, {LONG / (time.perf_counter() - begun):,.0f} a second")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(IDS) - TOO_SHORT_TO_TELL))
def test_noise_is_no_weight_long(name: str) -> None:
    chance, left = random.Random(f"long noise {name}"), LONG
    while left > 0:
        got = feed(name, chance.randbytes(50_000), chance)
        assert [one for one in got if one.value is not None] == []
        left -= 50_000
