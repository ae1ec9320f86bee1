"""The encoders against frames of captures and manuals: given a reading, its very bytes come out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.simulated.display import GRAMS, Display, Plate, Shown, decimals_of, display_of
from hardware.scale.simulated.encoders import (
    ENCODERS,
    UNITS,
    VARIANTS,
    checks,
    laboratory,
    st_gs,
    toledo,
    yaohua,
)
from hardware.scale.simulated.encoders.registers import framed

FRAMES = Path(os.environ.get("STEELYARD_RECORDINGS", Path(__file__).parents[3] / "shared/data")) / (
    "serial/frames.json"
)

Encode = Callable[[Display], bytes]

SHAPES: dict[str, Encode] = {
    # Frames whose device was set differently from the encoder's default: by their text.
    "ST,GS    20.7g  <0D><0A>": st_gs.tscale_nhb,
    "US,GS   106.2g  <0D><0A>": st_gs.tscale_nhb,
    "ST,GS    85.5g  <0D><0A>": st_gs.tscale_nhb,
    "ww000.000lb": yaohua.a12_lower,
    "wn-0000.1kg": yaohua.a12_lower,
    "wn0003.17kg": yaohua.a12_lower,
    "<02>10    200    00<0D><1E>": partial(toledo.continuous, dummy_zero=True),
    "<02>,0   3862   000<0D>": toledo.continuous_17,
    "<02>?D<0D>": partial(toledo.reply_8217, fixed=0x40),
    "ST,OK,+0001.234 kg<0D><0A>": partial(st_gs.and_standard, compared="OK"),
    "ST,G ,+01234.5kg<0D><0A>": partial(st_gs.and_st_gs, gross="G "),
    "ST,NT,+  1.234kg<0D><0A>": partial(st_gs.and_st_gs, fill=" "),
    "   111.255 g  <0D><0A>": partial(laboratory.sartorius_sbi16, plus=" "),
    "+   27.350<0D><0A>": partial(laboratory.sartorius_sbi16, padded=False),
    "+   62.916 GN<0D><0A>": partial(laboratory.sartorius_sbi16, padded=False),
    "SUI        1.56 gr <0D><0A>": partial(laboratory.radwag, command="SUI"),
    "SUI?       2.18 gr <0D><0A>": partial(laboratory.radwag, command="SUI"),
    "S    -      8.5 g  <0D><0A>": partial(laboratory.radwag, command="S"),
    "    0.1818g <0D>": partial(laboratory.shimadzu_eb, width=9),
    "S- 1000.00g<0D>": partial(laboratory.shimadzu_eb, letter=True, unit_width=1),
    "ST,GS,<00><C5>,     0.0 kg<0D><0A>": partial(st_gs.cas_22, device=0x00),
    "ST,GS,D<C5>,    0.00<00> t<0D><0A>": partial(st_gs.cas_22, device=0x44, gap="\0"),
}

TAILS = {
    # Frames whose first bytes were lost on the way, and the block glued behind an ACK.
    "B<0D>000.190<0D>400.000<0D>U000.00<0D>T0000.00<0D><0A>",
    "<0D>000.070<0D>400.000<0D>U000.00<0D>T0000.00<0D><0A>",
    "OCount      15 Pieces<0D><0A>",
    "WGross   0.010 lb<0D><0A>",
}

NO_READING = {
    # Answers to commands: tested with the hosts.
    "S I<0D><0A>",
    "ES<0D><0A>",
    "Z A<0D><0A>",
    "<02>E<0D>hello",
    "<01><03><02><00><EB><F8><0B>",
}


def frames() -> list[dict[str, Any]]:
    return json.loads(FRAMES.read_text(encoding="utf-8")) if FRAMES.is_file() else []


def from_scale(row: dict[str, Any]) -> bool:
    damaged = any("disagree" in flag or "verify" in flag for flag in row.get("flags", ()))
    asked = row["expected"].get("direction") == "host->scale" or row["ascii"] == "D11KZ<0D><0A>"
    return not (asked or damaged or row["ascii"] in NO_READING)


def displayed(row: dict[str, Any]) -> Display:
    """What the display said when the frame was sent."""
    told = row["expected"]
    text = told.get("verified_value") or told["value"]
    if told.get("unit") == "lb:oz" and text:
        text = "199.50"
    value = None if text is None else Decimal(text)
    tare = Decimal(told.get("tare", 0))
    kind = told.get("kind") or ("net" if told.get("net") else "gross")
    interval = Decimal(1).scaleb(-decimals_of(value)) if value is not None else Decimal("0.001")
    return Display(
        value=value,
        unit=told.get("unit") or "kg",
        stable=told.get("stable") is not False,
        overload=bool(told.get("overload")),
        underload=bool(told.get("underload") or told.get("under_zero")),
        kind=kind,
        tare=tare,
        interval=interval * 20 if told.get("increment") == "x2" else interval,
        auxiliary=told.get("auxiliary_digit", ""),
        unit_price=Decimal(told.get("unit_price", "0.00")),
        amount=Decimal(told.get("amount", "0.00")),
    )


@pytest.mark.parametrize(
    "row",
    [row for row in frames() if from_scale(row)],
    ids=lambda row: f"{row['protocol']}:{row['ascii'][:24]}",
)
def test_an_encoder_gives_the_bytes_of_a_real_frame(row: dict[str, Any]) -> None:
    encode = SHAPES.get(row["ascii"]) or ENCODERS[row["protocol"]]
    real = bytes.fromhex(row["hex"])
    made = encode(displayed(row))
    if row["ascii"] in TAILS:
        assert made.endswith(real)
        assert len(made) <= len(real) + 2
    elif row["ascii"].startswith("<06>"):
        assert b"\x06" + made == real
    else:
        assert made == real or made.rstrip(b"\r\n") == real, "the line's end is not shown in some sources"


def test_every_protocol_of_the_recordings_is_simulated() -> None:
    if not (rows := frames()):
        pytest.skip(f"no recordings at {FRAMES}")
    known = {row["protocol"] for row in rows}
    assert known - set(ENCODERS) == set()


# The checks, each on an exchange that a maker's manual or a capture gives.


@pytest.mark.parametrize(
    ("made", "due"),
    [
        (checks.xor_two_characters(b"+0015600"), b"19"),
        (checks.xor_two_characters(b"AB"), b"03"),
        (checks.xor_two_characters(b"WG004.139kg"), b"3D"),
        (checks.seven_bit_sum(bytes.fromhex("0231302020202032303020202020 30300D")), b"\x1e"),
        (checks.massa_crc(b"\x23"), b"\x23\x00"),
        (checks.massa_crc(bytes.fromhex("24 00000000 01 01 00 01 00000000")), b"\xfc\x23"),
        (checks.modbus_crc(bytes.fromhex("010300000002")), b"\xc4\x0b"),
        (checks.modbus_crc(bytes.fromhex("01 10 0008 0001 02 0002")), b"\x26\xd9"),
        (framed(bytes.fromhex("01 03 02 00 EB"))[-2:], b"\xf8\x0b"),
    ],
)
def test_a_check_is_the_one_that_was_captured(made: bytes, due: bytes) -> None:
    assert made == due


def test_two_swapped_digits_have_the_same_yaohua_check() -> None:
    """Given 1560 and 1650, then the XOR cannot tell them apart: the simulator keeps that weakness."""
    one, two = (yaohua.tf0(Display(value=Decimal(number))) for number in (1560, 1650))
    assert one[-3:] == two[-3:]


# What every encoder owes.

SHAPES_OF_ALL = sorted(ENCODERS.items()) + [
    (f"{profile}/{name}", encode) for profile, shapes in VARIANTS.items() for name, encode in shapes.items()
]


@pytest.mark.parametrize(("name", "encode"), SHAPES_OF_ALL)
@pytest.mark.parametrize("over", [True, False])
def test_out_of_range_is_never_the_frame_of_a_weight(name: str, encode: Encode, over: bool) -> None:
    """Given overload or underload, when a frame is sent at all, then no weight is sent by the same bytes."""
    if over and name == "dibal-98":
        # Its manual says that overload is sent as noughts; the reader takes noughts for no weight.
        return
    interval = Decimal("0.005")
    frame = encode(Display(value=None, overload=over, underload=not over, interval=interval))
    for steps in (0, 1, 3000, 3009):
        for stable in (True, False):
            assert (
                frame != encode(Display(value=steps * interval, stable=stable, interval=interval))
                or not frame
            )


@given(
    st.sampled_from(SHAPES_OF_ALL),
    st.integers(-20, 3009),
    st.booleans(),
    st.sampled_from(["gross", "net"]),
)
def test_an_encoder_takes_all_that_a_scale_shows(
    named: tuple[str, Encode], steps: int, stable: bool, kind: str
) -> None:
    name, encode = named
    unit = UNITS.get(name.split("/", maxsplit=1)[0], "kg")
    e = Decimal(10) if unit == "lb" else Decimal("0.005")
    frame = encode(Display(value=steps * e, unit=unit, stable=stable, kind=kind, interval=e))
    assert len(frame) <= 160


@pytest.mark.parametrize(
    ("grams", "e", "unit", "text"),
    [
        (1235, "5", "kg", "1.235"),
        (1230, "10", "kg", "1.23"),
        (1200, "100", "kg", "1.2"),
        (20000, "20000", "kg", "20"),
        (1235, "5", "g", "1235"),
        (0, "5", "kg", "0.000"),
        (-5, "5", "kg", "-0.005"),
    ],
)
def test_a_display_has_the_decimals_of_its_interval(grams: int, e: str, unit: str, text: str) -> None:
    shown = Shown(grams=Decimal(grams), stable=True, overload=False, underload=False)
    display = display_of(shown, Plate(max_g=Decimal(10**7), e_g=Decimal(e)), unit)
    assert str(display.value) == text


def test_a_display_in_pounds_wants_an_interval_in_pounds() -> None:
    shown = Shown(grams=10 * GRAMS["lb"], stable=True, overload=False, underload=False)
    assert display_of(shown, Plate(max_g=Decimal(10**6), e_g=10 * GRAMS["lb"]), "lb").value == 10
    with pytest.raises(ValueError, match="no decimal number"):
        display_of(shown, Plate(max_g=Decimal(10**6), e_g=Decimal(5)), "lb")
