"""An entry says one thing, in one way."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.ledger import jose
from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.entry import TYP, make_entry, read_entry, read_genesis, verdict_of
from firmware_app.ledger.errors import BadBody, BadFormat
from firmware_app.ledger.signing.signer import SoftwareKey, seal

KEY = SoftwareKey(bytes(range(32)))
STAMP = Stamp(at="2026-03-01T08:00:00.000+08:00", clock=ClockQuality.BATTERY, boot="b1", uptime_ns=5)


def entry(body, *, kind="self_check", seq=2, stamp=STAMP, device="KIOSK-7"):
    return make_entry(
        KEY, device=device, seq=seq, prev=EMPTY.hash, stamp=stamp, software="00" * 32, kind=kind, body=body
    )


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(text, plain, max_size=5))
def test_any_plain_body_is_read_back_as_it_was(body):
    made = entry(body)
    read = read_entry(made.jws, KEY.public_jwk)

    assert read == made
    assert read.payload.body == body


def test_a_legal_value_keeps_its_digits():
    made = entry({"nominal_g": Decimal("1000.50")})

    assert made.payload.body == {"nominal_g": "1000.50"}


def test_a_struct_is_recorded_by_its_fields():
    class Body(msgspec.Struct):
        verdict: str
        loads: tuple[int, ...]

    made = entry(Body("conforms", (1, 2)))

    assert made.payload.body == {"verdict": "conforms", "loads": [1, 2]}
    assert made.verdict == "conforms"


@pytest.mark.parametrize(
    "body",
    [
        {"x": math.nan},
        {"x": [math.inf]},
        {"x": {"y": -math.inf}},
        {"x": 2**64},
        {"x": -(2**63) - 1},
        {"x": object()},
        {"x": "a" * 70_000},
        [1, 2],
        7,
    ],
    ids=["nan", "inf", "-inf", "too big", "too small", "no value", "too long", "a list", "a number"],
)
def test_a_body_that_cannot_be_recorded_faithfully_is_refused(body):
    with pytest.raises(BadBody):
        entry(body)


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises((BadBody, BadFormat)):
        entry({"x": "\ud800"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "Self Check"},
        {"kind": ""},
        {"kind": "genesis\n"},
        {"seq": 0},
        {"device": "a b"},
        {"device": ""},
        {"stamp": msgspec.structs.replace(STAMP, at="2026-03-01 08:00")},
        {"stamp": msgspec.structs.replace(STAMP, at="2026-13-01T08:00:00Z")},
        {"stamp": msgspec.structs.replace(STAMP, at="2026-03-01T08:00:00Z\n")},
        {"stamp": msgspec.structs.replace(STAMP, uptime_ns=-1)},
    ],
)
def test_a_field_out_of_its_range_is_refused(wrong):
    with pytest.raises(BadFormat):
        entry({}, **wrong)


RAW = msgspec.json.encode(entry({"a": 1}).payload)


@pytest.mark.parametrize(
    "raw",
    [
        RAW.replace(b'"seq":2', b'"seq": 2'),
        RAW.replace(b'"seq":2', b'"seq":3,"seq":2'),
        RAW.replace(b'"a":1', b'"a":0,"a":1'),
        RAW.replace(b'"a":1', b'"a":1.0e0'),
        RAW.replace(b'"seq":2', b'"seq":2,"more":1'),
        RAW.replace(b'"seq":2,', b""),
        RAW.replace(b'"battery"', b'"sundial"'),
        RAW.replace(b'"body":{"a":1}', b'"body":[1]'),
        RAW + b" ",
        b"\xff" + RAW,
        b"[" * 20_000,
    ],
    ids=[
        "space", "field twice", "member twice", "other digits", "field more", "field less",
        "clock", "body", "blank after", "no UTF-8", "deep",
    ],
)  # fmt: skip
def test_another_way_to_write_a_payload_is_refused_though_truly_signed(raw):
    with pytest.raises(BadFormat):
        read_entry(seal(KEY, TYP, raw), KEY.public_jwk)


def test_a_receipt_or_slip_cannot_pass_for_an_entry():
    for typ in ("steelyard-receipt+jws", "steelyard-slip+jws"):
        with pytest.raises(BadFormat, match="typ"):
            read_entry(seal(KEY, typ, RAW), KEY.public_jwk)


def test_a_genesis_is_verified_with_the_key_it_carries():
    made = entry({"jwk": KEY.public_jwk}, kind="genesis", seq=1)

    assert read_genesis(made.jws).kid == KEY.kid


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"verdict": "undecided"}, "undecided"),
        ({"verdict": "<b>"}, None),
        ({"verdict": 7}, None),
        ({}, None),
    ],
)
def test_a_verdict_is_a_code(body, verdict):
    assert verdict_of(body) == verdict


def test_an_entry_stays_under_the_bound_that_readers_keep():
    made = entry({"x": "a" * 48_000})

    assert len(made.jws) <= jose.MAX_JWS
