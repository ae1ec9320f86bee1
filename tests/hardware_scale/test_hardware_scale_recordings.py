"""Real frames and streams, walked where the recordings are present."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hardware.scale.contract import Indication, Kind, ProfileError
from hardware.scale.profile import Profile, Shelf, builtin_profiles, read_profile

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("STEELYARD_RECORDINGS", ROOT.parent / "shared" / "data")) / "serial"
EXPECTED_KEYS = {
    "value", "unit", "stable", "net", "overload", "underload", "zero", "tare", "error", "ack", "direction",
    "command", "increment", "device_id", "lamp",
}  # fmt: skip


def load(name: str) -> list[dict[str, Any]]:
    path = RECORDINGS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


FRAMES = load("frames.json")
STREAMS = load("streams.json")
SHELF = builtin_profiles()
assert isinstance(SHELF, Shelf)
OURS = {info.id for info in SHELF.list()}
ROWS = [row for row in FRAMES if row["protocol"] in OURS]

needs_recordings = pytest.mark.skipif(
    not FRAMES, reason=f"no recordings in {RECORDINGS}: set STEELYARD_RECORDINGS"
)


def decoded(profile_id: str, raw: bytes) -> list[Indication]:
    decoder = SHELF.decoder(profile_id)
    return decoder.feed(raw) + decoder.finish()


@needs_recordings
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['protocol']} {row['ascii']}")
def test_a_recorded_frame_decodes_to_what_is_known_of_it(row: dict[str, Any]) -> None:
    got = decoded(row["protocol"], bytes.fromhex(row["hex"]))
    due = row["expected"]
    assert set(due) <= EXPECTED_KEYS
    if row.get("flags") or due.get("direction") == "host->scale":
        assert all(each.value is None for each in got)
        return
    (one,) = got
    if due.get("unit") == "lb:oz":
        # The compound is given exactly in its smaller unit.
        due = {**due, "value": "199.50", "unit": "oz"}
        assert one.raw_text == "12:07.50"
    assert one.raw == bytes.fromhex(row["hex"])
    assert (None if one.value is None else str(one.value)) == due.get("value")
    assert one.unit == due.get("unit", one.unit)
    assert one.stable is due.get("stable", one.stable)
    assert one.overload is due.get("overload", one.overload)
    assert one.underload is due.get("underload", False)
    if "net" in due:
        assert one.kind is {True: Kind.NET, False: Kind.GROSS, None: Kind.UNKNOWN}[due["net"]]
    assert one.zero is due.get("zero", one.zero)
    assert (None if one.tare is None else str(one.tare)) == due.get("tare")
    assert one.error == due.get("error")
    assert one.answer == due.get("ack")
    checked = row["checksum"]["ok"]
    assert one.check.value == {True: "ok", None: "none"}[checked]


@needs_recordings
@pytest.mark.parametrize("row", FRAMES, ids=lambda row: f"{row['protocol']} {row['ascii'][:40]}")
def test_no_profile_makes_a_wrong_number_of_a_foreign_frame(row: dict[str, Any]) -> None:
    """Given a frame of any protocol, when another profile reads it, then no number or the right one."""
    for profile_id in OURS - {row["protocol"]}:
        for one in decoded(profile_id, bytes.fromhex(row["hex"])):
            assert one.value is None or str(one.value) == row["expected"].get("value"), profile_id


@needs_recordings
def test_all_recorded_frames_of_a_protocol_in_one_stream() -> None:
    """Given all frames of a protocol in a row, when they are decoded, then none swallows its neighbour."""
    for profile_id in sorted(OURS):
        rows = [r for r in ROWS if r["protocol"] == profile_id and not r.get("flags")]
        rows = [r for r in rows if r["expected"].get("direction") != "host->scale"]
        stream = b"".join(bytes.fromhex(row["hex"]) for row in rows)
        assert [one.raw for one in decoded(profile_id, stream)] == [bytes.fromhex(r["hex"]) for r in rows]


# Streams of real logs; protocols that are not on the shelf are told by a profile made here.

COMMON = """
version = "1"
title = "made for a test"
confidence = "captured"
sources = ["chumpon-asaneerat/NSerialCommTools @ea92cf0 (MIT)"]
polled = false
line = { baud_rates = [9600], settings = ["8N1"] }
"""

OHAUS = (
    COMMON
    + """
id = "ohaus-3000"
framing = { kind = "terminator", end = "0D 0A", longest = 40 }
[[shape]]
name = "weight"
column = [
  { name = "digits", from = 1, to = 8, meaning = "weight", form = "decimal" },
  { name = "blank", from = 9, meaning = "fixed", equals = [" "] },
  { name = "unit", from = 10, to = 11, meaning = "map", map = { "kg" = { unit = "kg" } } },
  { name = "blanks", from = 12, to = 14, meaning = "fixed", equals = ["   "] },
  { name = "motion", from = 15, meaning = "map", map = { " " = { stable = true }, "?" = { stable = false }}},
  { name = "kind", from = 16, meaning = "map", map = { "G" = { kind = "gross" }, "N" = { kind = "net" } } },
  { name = "CR LF", from = 17, to = 18, meaning = "fixed", equals = ["\\r\\n"] },
]
[[vector]]
hex = "20 20 20 30 2E 33 36 30 20 6B 67 20 20 20 20 47 0D 0A"
source = "capture, Defender 3000"
value = "0.360"
unit = "kg"
stable = true
kind = "gross"
"""
)

TSCALE = (
    COMMON
    + """
id = "tscale-st-gs"
framing = { kind = "length", start = ["53 54 2C", "55 53 2C"], length = 18 }
[[shape]]
name = "weight"
column = [
  { name = "motion", from = 1, meaning = "map", map = { "S" = { stable = true }, "U" = { stable = false } } },
  { name = "header", from = 2, meaning = "fixed", equals = ["T", "S"] },
  { name = "kind", from = 3, to = 5, meaning = "map", map = { ",GS" = { kind = "gross" } } },
  { name = "digits", from = 6, to = 13, meaning = "weight", form = "decimal" },
  { name = "unit", from = 14, to = 16, meaning = "map", map = { "g  " = { unit = "g" } } },
  { name = "CR LF", from = 17, to = 18, meaning = "fixed", equals = ["\\r\\n"] },
]
[[vector]]
hex = "53 54 2C 47 53 20 20 20 20 38 35 2E 35 67 20 20 0D 0A"
source = "capture, T-Scale NHB"
value = "85.5"
unit = "g"
stable = true
kind = "gross"
"""
)


def profile_for(protocol: str) -> Profile:
    made = {"ohaus-3000": OHAUS, "tscale-st-gs": TSCALE}
    try:
        return SHELF.profile(protocol)
    except ProfileError:
        if protocol not in made:
            pytest.skip(f"no profile for {protocol} yet")
        return read_profile(made[protocol])


@pytest.mark.skipif(not STREAMS, reason=f"no recordings in {RECORDINGS}: set STEELYARD_RECORDINGS")
@pytest.mark.parametrize("portion", [1, 7, 18, 4096])
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["name"])
def test_a_recorded_stream_gives_every_frame_at_its_place(stream: dict[str, Any], portion: int) -> None:
    raw = bytes.fromhex(stream["hex"])
    decoder = profile_for(stream["protocol"]).decoder()
    got = [one for i in range(0, len(raw), portion) for one in decoder.feed(raw[i : i + portion])]
    got += decoder.finish()
    due = [(f["at"], f["len"], f["value"], f["stable"]) for f in stream["frames"]]
    assert [(g.at, len(g.raw), str(g.value), g.stable) for g in got] == due
