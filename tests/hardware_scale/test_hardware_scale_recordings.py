"""Real frames and streams, walked where the recordings are present."""

from __future__ import annotations

import json
import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hardware.scale.contract import Indication, Kind
from hardware.scale.profile import Shelf, builtin_profiles

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("STEELYARD_RECORDINGS", ROOT.parent / "shared" / "data")) / "serial"
EXPECTED_KEYS = {
    "value", "unit", "stable", "net", "overload", "underload", "zero", "tare", "error", "ack", "direction",
    "command", "increment", "device_id", "lamp", "under_zero", "auxiliary_digit", "kind",
    "verified_value", "status", "division", "compare", "unit_price", "amount", "gross",
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
    partial = any(flag.startswith("partial") for flag in row.get("flags", ()))
    if due.get("direction") == "host->scale":
        assert got == []
        return
    if row.get("flags") and not partial:
        assert all(each.value is None for each in got)
        return
    (one,) = got
    if due.get("unit") == "lb:oz":
        # The compound is given exactly in its smaller unit.
        due = {**due, "value": "199.50", "unit": "oz"}
        assert (one.raw_text, one.extra) == ("12:07.50", (("compound", "lb:oz"),))
    assert one.raw == bytes.fromhex(row["hex"])
    assert (None if one.value is None else str(one.value)) == _exact(due.get("value"))
    assert one.unit == due.get("unit", one.unit)
    assert one.stable is due.get("stable", one.stable)
    assert one.overload is due.get("overload", one.overload)
    assert one.underload is due.get("underload", due.get("under_zero", False))
    if "net" in due:
        assert one.kind is {True: Kind.NET, False: Kind.GROSS, None: Kind.UNKNOWN}[due["net"]]
    if due.get("kind") == "tare":
        assert one.kind is Kind.TARE
    assert one.zero is due.get("zero", one.zero)
    if "tare" in due:
        assert (None if one.tare is None else str(one.tare)) == due["tare"]
    assert one.auxiliary == due.get("auxiliary_digit")
    if one.auxiliary is not None:
        assert str(one.value) == due["verified_value"] + one.auxiliary
    assert one.error == due.get("error")
    assert one.answer == ("echo" if due.get("kind") == "echo-reply" else due.get("ack"))
    extra = dict(one.extra)
    if row["protocol"].startswith("toledo-continuous") and "increment" in due:
        assert f"x{extra['increment']}" == due["increment"]
    for key, name in (("device_id", "device_id"), ("lamp", "lamp")):
        if key in due:
            assert f"0x{extra[name]}" == due[key]
    checked = row["checksum"]["ok"]
    assert one.check.value == {True: "ok", None: "none"}[checked]


def _exact(text: str | None) -> str | None:
    """The same digits and the same decimals; noughts in front do not make another value."""
    return None if text is None else str(Decimal(text))


@needs_recordings
def test_there_is_a_profile_for_every_protocol_that_was_recorded() -> None:
    assert {row["protocol"] for row in FRAMES} <= OURS


@needs_recordings
def test_all_recorded_frames_of_a_protocol_in_one_stream() -> None:
    """Given all frames of a protocol in a row, when they are decoded, then none swallows its neighbour."""
    for profile_id in sorted(OURS):
        rows = [r for r in ROWS if r["protocol"] == profile_id and not r.get("flags")]
        rows = [r for r in rows if r["expected"].get("direction") != "host->scale"]
        stream = b"".join(bytes.fromhex(row["hex"]) for row in rows)
        assert [one.raw for one in decoded(profile_id, stream)] == [bytes.fromhex(r["hex"]) for r in rows]


# Streams of real logs.


@pytest.mark.skipif(not STREAMS, reason=f"no recordings in {RECORDINGS}: set STEELYARD_RECORDINGS")
@pytest.mark.parametrize("portion", [1, 7, 18, 4096])
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["name"])
def test_a_recorded_stream_gives_every_frame_at_its_place(stream: dict[str, Any], portion: int) -> None:
    raw = bytes.fromhex(stream["hex"])
    decoder = SHELF.decoder(stream["protocol"])
    got = [one for i in range(0, len(raw), portion) for one in decoder.feed(raw[i : i + portion])]
    got += decoder.finish()
    due = [(f["at"], f["len"], f["value"], f["stable"]) for f in stream["frames"]]
    assert [(g.at, len(g.raw), str(g.value), g.stable) for g in got] == due


@pytest.mark.skipif(not STREAMS, reason=f"no recordings in {RECORDINGS}: set STEELYARD_RECORDINGS")
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["name"])
def test_a_recorded_stream_from_any_byte_on_gives_every_later_frame(stream: dict[str, Any]) -> None:
    """Given a start anywhere and portions at random, then every frame that begins later is at its place."""
    raw, chance = bytes.fromhex(stream["hex"]), random.Random(stream["name"])
    for begin in range(1, min(len(raw), 120)):
        decoder, at, got = SHELF.decoder(stream["protocol"]), begin, []
        while at < len(raw):
            portion = chance.randint(1, 40)
            got += decoder.feed(raw[at : at + portion])
            at += portion
        got += decoder.finish()
        due = [(f["at"] - begin, f["value"]) for f in stream["frames"] if f["at"] >= begin]
        assert [(one.at, str(one.value)) for one in got] == due
