"""Every profile's frames against every other profile: who takes whose frames for its own."""

from __future__ import annotations

import json
import os
import random
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from hardware.scale.checks import CHECKS
from hardware.scale.contract import Indication
from hardware.scale.profile import Shelf, builtin_profiles

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("STEELYARD_RECORDINGS", ROOT.parent / "shared" / "data")) / "serial"
PAIRS = tomllib.loads((Path(__file__).parent / "confusable_pairs.toml").read_text(encoding="utf-8"))["pair"]
SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
VARIANTS = 12
"""Frames made of each vector by putting other digits into its weight."""


class Taken(NamedTuple):
    """Another profile made a number of a frame."""

    frames_of: str
    read_by: str
    number: str


def decoded(profile_id: str, raw: bytes) -> list[Indication]:
    decoder = SHELF.decoder(profile_id)
    repeats = SHELF.profile(profile_id).file.framing.in_phase
    return decoder.feed(raw * repeats) + decoder.finish()


def with_other_digits(profile_id: str, raw: bytes, chance: random.Random) -> bytes:
    """The frame with other digits and, where it has a check, with the one that they ask for."""
    changed = bytes(chance.choice(b"0123456789") if 0x30 <= byte <= 0x39 else byte for byte in raw)
    check = SHELF.profile(profile_id).file.check
    columns = [c for s in SHELF.profile(profile_id).file.shape for c in s.column if c.meaning == "check"]
    if check is None or not columns or len(raw) != SHELF.profile(profile_id).file.framing.length:
        return changed
    place = columns[-1].begin
    covered = changed[check.first - 1 : check.to if check.to > 0 else len(raw) + check.to + 1]
    due = CHECKS[check.kind].of(covered)
    return changed[: place - 1] + due + changed[place - 1 + len(due) :] if place > 0 else changed


def frames() -> dict[str, set[bytes]]:
    """Frames that their own profile makes a number of: vectors, recordings, and both with other digits."""
    known: dict[str, set[bytes]] = {}
    for name in SHELF.ids:
        vectors = SHELF.profile(name).file.vector
        known[name] = {bytes.fromhex(v.hex) for v in vectors if v.value is not None}
    path = RECORDINGS / "frames.json"
    for row in json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []:
        known[row["protocol"]].add(bytes.fromhex(row["hex"]))
    chance = random.Random(20261123)
    for name, raws in known.items():
        for raw in sorted(raws):
            raws |= {with_other_digits(name, raw, chance) for _ in range(VARIANTS)}
    return {
        name: {raw for raw in raws if any(one.value is not None for one in decoded(name, raw))}
        for name, raws in known.items()
    }


def taken() -> set[Taken]:
    found: set[Taken] = set()
    for owner, raws in frames().items():
        for raw in raws:
            due = {(one.value, one.unit) for one in decoded(owner, raw)}
            repeated = raw * SHELF.profile(owner).file.framing.in_phase
            for reader in SHELF.ids:
                for one in decoded(reader, repeated) if reader != owner else ():
                    if one.value is not None:
                        number = "same" if (one.value, one.unit) in due else "another"
                        found.add(Taken(owner, reader, number))
    return found


def test_only_the_reviewed_pairs_take_each_others_frames() -> None:
    """Given frames of all profiles, when all others read them, then only known pairs make a number."""
    found = taken()
    worst = {Taken(t.frames_of, t.read_by, "another") for t in found if t.number == "another"}
    found = {t for t in found if Taken(t.frames_of, t.read_by, "another") not in worst} | worst
    assert found == {Taken(pair["frames_of"], pair["read_by"], pair["number"]) for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['frames_of']} by {pair['read_by']}")
def test_a_pair_has_its_reason(pair: dict[str, str]) -> None:
    assert set(pair) == {"frames_of", "read_by", "number", "why"}
    assert len(pair["why"]) > 20


def test_no_frame_of_a_pair_with_the_same_number_is_off_by_a_factor() -> None:
    """Given one block that two profiles read, then both read the same Decimal, to the last nought."""
    block = bytes.fromhex("01 02 53 20 30 30 2E 34 38 38 6B 67 65 03 04")
    values = [str(one.value) for name in ("cas-pd2", "aclas-push") for one in decoded(name, block)]
    assert values == [str(Decimal("0.488"))] * 2
