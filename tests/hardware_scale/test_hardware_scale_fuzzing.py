"""Fuzzing: coverage-guided where atheris is installed, by hypothesis everywhere; and the witness of both."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hardware_scale_entrances import (
    ENTRANCES,
    FAMILIES,
    KEPT,
    OTHERS,
    SHELF,
    Meter,
    seeds_of,
    spliced,
    vectors_of,
)
from hardware_scale_witness import check_due, witness_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.scale.checks import CHECKS
from hardware.scale.contract import Check, Indication, Kind

ROOT = Path(__file__).parents[2]
SHORT_BYTES = 20_000
LONG_BYTES = 10_000_000
MOST_MEMORY = 200_000
"""Bytes that a decoder may have at its peak beside what it was given and what it gave."""
needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed: pip install -e '.[proofs]'"
)


# ------------------------------------------------------------------------------------- the families


def test_every_profile_is_of_one_family() -> None:
    told = [name for names in FAMILIES.values() for name in names]
    assert sorted(told) == SHELF.ids
    assert len(told) == len(set(told))
    assert set(FAMILIES) == {
        "counted",
        "hid",
        "in-phase",
        "length",
        "length-check",
        "lines",
        "modbus",
        "start-end",
    }
    assert not set(FAMILIES) & set(OTHERS)


# -------------------------------------------------------------------------------------- the witness


def _readings() -> list[tuple[str, bytes, Indication]]:
    found = []
    for name in SHELF.ids:
        for raw in vectors_of(name):
            decoder = SHELF.decoder(name)
            stream = raw * SHELF.profile(name).file.framing.in_phase
            found += [(name, stream, one) for one in decoder.feed(stream) + decoder.finish()]
    return found


READINGS = _readings()


def test_the_witness_bears_out_every_vector() -> None:
    assert len(READINGS) > 200
    assert [(name, one) for name, raw, one in READINGS if witness_of(name).against(raw, one)] == []


@pytest.mark.parametrize("name", SHELF.ids)
def test_the_witness_finds_what_was_changed(name: str) -> None:
    """Given a true reading, when any one fact of it is another, then the witness speaks against it."""
    for _, raw, one in (each for each in READINGS if each[0] == name and each[2].value is not None):
        assert one.value is not None
        other = Kind.TARE if one.kind is not Kind.TARE else Kind.NET
        lies: list[dict[str, object]] = [
            {"value": one.value + 1},
            {"value": one.value.scaleb(1)},
            {"value": Decimal(f"{one.value}0" if "." in str(one.value) else f"{one.value}.0")},
            {"unit": "ct" if one.unit != "ct" else "kg"},
            {"stable": not one.stable},
            {"kind": other},
            {"overload": True},
            {"check": Check.BAD},
            {"check": Check.NONE if one.check is Check.OK else Check.OK},
            {"at": one.at + 1},
        ]
        if name not in FAMILIES["in-phase"]:
            # There the shorter form of a frame is one of its own.
            lies.append({"raw": one.raw[:-1]})
        if one.value:
            lies.append({"value": -one.value})
        for lie in lies:
            wrong = msgspec.structs.replace(one, **lie)
            assert witness_of(name).against(raw, wrong), f"{one} passes as {lie}"


@given(st.binary(max_size=64))
def test_the_witness_does_checks_another_way_with_the_same_outcome(data: bytes) -> None:
    for kind, rule in CHECKS.items():
        assert check_due(kind, data) == rule.of(data)


# ------------------------------------------------------------------------------------------ fuzzing


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_seeds_and_what_is_near_them(entrance: str) -> None:
    """Given every seed and changes of it, when they come in, then nothing but a refusal comes of it."""
    chance, meter = random.Random(entrance), Meter()
    seeds = seeds_of(entrance)
    for data in seeds if len(seeds) < 200 else chance.sample(seeds, 40):
        ENTRANCES[entrance](data, meter)
        ENTRANCES[entrance](spliced(entrance, data, chance), meter)
        ENTRANCES[entrance](bytes(chance.choice((b, b, b, chance.randrange(256))) for b in data), meter)
    assert meter.bytes
    assert entrance not in FAMILIES or meter.values
    assert meter.kept <= KEPT


@st.composite
def streams(draw: st.DrawFn, names: tuple[str, ...]) -> bytes:
    """Frames of one protocol with other digits and sound checks, torn, joined, doubled, between noise."""
    place = draw(st.integers(0, len(names) - 1))
    vectors = vectors_of(names[place])
    data = bytes([place, draw(st.integers(0, 255))])
    for _ in range(draw(st.integers(1, 6))):
        piece = draw(st.sampled_from(vectors))
        if draw(st.booleans()):
            piece = witness_of(names[place]).variant(piece, random.Random(draw(st.integers(0, 2**32))))
        begin = draw(st.integers(0, len(piece))) if draw(st.booleans()) else 0
        data += piece[begin:] * draw(st.integers(1, 3)) + draw(st.binary(max_size=8))
    return data


@pytest.mark.parametrize("family", FAMILIES)
def test_hypothesis_finds_no_way_to_an_invented_value(family: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(streams(FAMILIES[family]))
    def hold(data: bytes) -> None:
        ENTRANCES[family](data, Meter())

    hold()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("family", FAMILIES)
def test_hypothesis_finds_no_way_to_an_invented_value_long(family: str) -> None:
    meter = Meter()

    @settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(streams(FAMILIES[family]))
    def hold(data: bytes) -> None:
        ENTRANCES[family](data, meter)

    hold()
    print(f"{family}: {meter.bytes:,} bytes, {meter.readings:,} readings, {meter.values:,} with a value")


@pytest.mark.parametrize("family", FAMILIES)
def test_hostile_bytes_take_no_memory(family: str) -> None:
    """Given frames and noise without end, when they are fed, then the peak of memory stays where it was."""
    chance = random.Random(family)
    name = chance.choice(FAMILIES[family])
    seed = bytes([0, 0]) + b"".join(vectors_of(name))
    stream = b"".join(spliced(family, seed, chance)[2:] + chance.randbytes(50) for _ in range(60))
    decoder = SHELF.decoder(name)
    decoder.feed(stream)
    tracemalloc.start()
    try:
        for at in range(0, len(stream), 100):
            decoder.feed(stream[at : at + 100])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY, f"{name}: {peak} bytes at the peak"


def _fuzzed(names: list[str], count: int) -> list[dict[str, int]]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fuzz_scales.py"), *names, f"--bytes={count}", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@needs_atheris
@pytest.mark.parametrize("entrance", [*FAMILIES, "present", "recording", "profile-file"])
def test_coverage_guided_short(entrance: str) -> None:
    told = _fuzzed([entrance], SHORT_BYTES)
    assert told[0]["bytes"] >= SHORT_BYTES // 10
    assert entrance not in FAMILIES or told[0]["edges"] > 100


@needs_atheris
@pytest.mark.slow
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_coverage_guided_long(entrance: str) -> None:
    told = _fuzzed([entrance], LONG_BYTES)
    assert entrance not in FAMILIES or told[0]["bytes"] >= LONG_BYTES
    print(told[0])


def test_the_tool_says_what_is_missing(tmp_path: Path) -> None:
    """Given no atheris, when the tool is started, then it says so and how to get it, with its own code."""
    (tmp_path / "atheris.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fuzz_scales.py"), "typed", "--bytes=10"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 3
    assert "pip install" in done.stderr
