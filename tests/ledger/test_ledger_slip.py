"""The slip: genuine or not, and readable."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageFont

from firmware_app import qr
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.signing.signer import SoftwareKey, seal
from firmware_app.ledger.slip import digits
from firmware_app.ledger.slip.claim import TYP, claim_in, names_key, slip_text, unverified_slip, verify_slip
from firmware_app.ledger.slip.image import WIDTH, qr_image, slip_png, wrapped
from firmware_app.qr import QUIET_MODULES

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
needs_font = pytest.mark.skipif(not FONT.exists(), reason="fonts-noto-cjk is not installed")
BODY = {"verdict": "conforms", "scale": {"serial": "TZ-2024-00017", "stall": "12"}, "inspector": "Li Lei"}


@pytest.fixture
def slip(ledger) -> str:
    return ledger.slip_text(ledger.append("self_check", BODY, visit="v1").seq)


def test_a_slip_says_which_entry_it_stands_for_and_names_nobody(ledger, slip):
    claim = verify_slip(slip, ledger.key)

    assert (claim.device, claim.seq, claim.verdict, claim.scale) == (
        "KIOSK-7",
        2,
        "conforms",
        "TZ-2024-00017",
    )
    assert claim.stands_for(ledger.entry(2).hash)
    assert not claim.stands_for(ledger.entry(1).hash)
    assert set(claim.__struct_fields__) == {"device", "seq", "entry", "verdict", "at", "scale", "clock"}
    assert (claim.at, claim.clock) == ("2026-03-01T08:00:02+00:00", "synchronised")


def test_before_a_county_was_joined_the_slip_is_plain_text(slip):
    assert slip.startswith("STEELYARD2:0") and slip.removeprefix("STEELYARD2:").isdigit()


def test_in_a_county_the_slip_is_a_link_whose_claim_stays_behind_the_hash(enrolled):
    slip = enrolled.slip_text(enrolled.append("self_check", BODY, visit="v1").seq)

    assert slip.startswith("https://county.example/slip#0")
    assert verify_slip(slip, enrolled.key).seq == 3


def test_any_character_changed_makes_the_slip_no_slip(ledger, slip):
    for place in range(len("STEELYARD2:"), len(slip)):
        letter = "0" if slip[place] != "0" else "1"
        with pytest.raises((BadFormat, BadSignature, WrongKey)):
            verify_slip(slip[:place] + letter + slip[place + 1 :], ledger.key)


def test_another_devices_slip_is_not_this_ones(slip):
    with pytest.raises(WrongKey):
        verify_slip(slip, SoftwareKey.generate().public_jwk)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "STEELYARD1:",
        "STEELYARD2:a.b.c",
        "https://county.example/slip",
        "ftp://x#a.b.c",
        "x" * 5000,
    ],
)
def test_what_is_no_slip_is_refused(text):
    with pytest.raises(BadFormat):
        unverified_slip(text)


FIRST = {
    "device": "KIOSK-7",
    "seq": 2,
    "entry": "ab" * 32,
    "verdict": "conforms",
    "at": "2026-03-01T08:00:00.000+08:00",
    "scale": "TZ-1",
}


def test_a_slip_of_the_first_generation_is_read_for_ever():
    key = SoftwareKey(bytes(range(32)))
    text = "STEELYARD1:" + seal(key, TYP, msgspec.json.encode(FIRST))

    claim = verify_slip(text, key.public_jwk)

    assert (claim.seq, claim.at, claim.clock) == (2, FIRST["at"], "")
    assert claim.stands_for("ab" * 32) and not claim.stands_for("ab" * 16 + "0" * 32)
    assert names_key(text, key.kid) and not names_key(text, SoftwareKey.generate().kid)


@pytest.mark.parametrize("kind", ["first", "second"])
def test_the_archived_slips_are_still_read(kind):
    lines = (Path(__file__).parent / "slips.txt").read_text(encoding="ascii").splitlines()
    text = dict(line.split(" ", 1) for line in lines)[kind]

    claim = verify_slip(text, SoftwareKey(bytes(range(32))).public_jwk)

    assert (claim.device, claim.seq, claim.verdict, claim.scale) == (
        "TZ-0001",
        1234,
        "conforms",
        "TZ-2024-00017",
    )
    assert claim.at.startswith("2026-03-01T08:00:00") and claim.entry.startswith(
        "e2968113ab35b02bb3ca7bb8492304f9"
    )


def test_a_slip_names_its_key_by_the_beginning_of_its_thumbprint(ledger, slip):
    assert names_key(slip, ledger.key.kid)
    assert not names_key(slip, SoftwareKey.generate().kid)


def test_any_bit_changed_in_the_claim_makes_it_no_slip(ledger, slip):
    claim = digits.decode(claim_in(slip))
    for bit in range(8 * len(claim)):
        changed = bytearray(claim)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((BadFormat, BadSignature, WrongKey)):
            verify_slip("STEELYARD2:" + digits.encode(bytes(changed)), ledger.key)


def test_a_claim_cut_off_or_longer_is_no_slip(ledger, slip):
    claim = digits.decode(claim_in(slip))
    for wrong in (*(claim[:end] for end in range(len(claim))), claim + b"\0"):
        with pytest.raises(BadFormat):
            verify_slip("STEELYARD2:" + digits.encode(wrong), ledger.key)


def test_an_entry_cannot_pass_for_a_slip(ledger):
    with pytest.raises(BadFormat, match="typ"):
        verify_slip("STEELYARD1:" + ledger.entry(1).jws, ledger.key)


def test_a_truly_signed_slip_with_more_in_it_is_refused(slip):
    key = SoftwareKey.generate()
    with pytest.raises(BadFormat):
        verify_slip("STEELYARD1:" + seal(key, TYP, b'{"device":"K","seq":1}'), key.public_jwk)


def test_an_entry_without_a_verdict_has_no_slip(ledger):
    with pytest.raises(BadFormat, match="no verdict"):
        ledger.slip_text(1)
    with pytest.raises(BadFormat, match="no entry"):
        ledger.slip_text(9)


def test_a_long_serial_number_is_cut_to_its_end(ledger):
    entry = ledger.append(
        "self_check", {"verdict": "conforms", "scale": {"serial": "0" * 30 + "END"}}, visit="v"
    )

    assert verify_slip(ledger.slip_text(entry.seq), ledger.key).scale == "0" * 21 + "END"


def test_the_code_of_a_usual_slip_has_modules_of_three_quarters_of_a_millimetre(slip):
    county = slip_text(claim_in(slip), "https://county.example")
    for text, version in ((slip, 8), (county, 9)):
        rows = qr.modules(text, "m")
        assert qr.version(rows) == version
        assert qr_image(text).width >= (len(rows) + 2 * QUIET_MODULES) * 6, "6 dots of 1/8 mm, correction M"


def test_the_longest_slip_there_can_be_still_fits_a_code_of_version_11(enrolled):
    long = "秤" * 24

    assert qr.version(qr.modules(slip_text("9" * 620, "https://county.example"), "l")) == 11
    entry = enrolled.append("self_check", {"verdict": "conforms", "scale": {"serial": long}}, visit="v")
    assert verify_slip(enrolled.slip_text(entry.seq), enrolled.key).scale == long


def test_the_code_on_paper_is_the_code_module_for_module():
    text = "STEELYARD1:" + "a" * 100
    image = qr_image(text)
    matrix, other = list(qr.modules(text, "l")), list(qr.modules(text, "m"))
    chosen = max((other, matrix), key=lambda rows: WIDTH // (len(rows) + 2 * QUIET_MODULES))
    dots = image.width // (len(chosen) + 2 * QUIET_MODULES)

    read = [
        bytes(
            image.getpixel(((x + QUIET_MODULES) * dots + dots // 2, (y + QUIET_MODULES) * dots + dots // 2))
            == 0
            for x in range(len(chosen))
        )
        for y in range(len(chosen))
    ]

    assert read == chosen
    assert all(image.getpixel((x, y)) for x in range(image.width) for y in range(QUIET_MODULES * dots))


def test_a_text_too_long_for_the_paper_is_refused():
    with pytest.raises(BadFormat):
        qr_image("x" * 1800)
    with pytest.raises(BadFormat):
        qr_image("x" * 5000)


@needs_font
def test_the_slip_is_one_bit_deep_and_as_wide_as_the_paper(slip):
    png = slip_png(["核查结果：符合", "", "Max 15\u00a0kg  e 5\u00a0g"], slip, FONT, 2)
    image = Image.open(io.BytesIO(png))

    assert (image.format, image.mode, image.width) == ("PNG", "1", WIDTH)
    assert image.crop((0, 8, WIDTH, 44)).getextrema() == (0, 255), "the first line is drawn"
    assert image.crop((0, 44, WIDTH, 80)).getextrema() == (255, 255), "the empty line is left white"


@needs_font
def test_a_number_never_parts_from_its_unit_and_no_line_begins_with_a_comma():
    face = ImageFont.truetype(str(FONT), 26, index=2)
    for fill in range(8, 18):
        rows = wrapped("核" * fill + "，误差 12.345\u00a0kg 的结论", face)
        assert any("12.345\u00a0kg" in row for row in rows)
        assert not any(row.startswith("，") for row in rows)
        assert all(face.getlength(row) <= WIDTH - 16 for row in rows)


@needs_font
def test_a_word_wider_than_the_paper_is_refused():
    with pytest.raises(BadFormat, match="wider"):
        wrapped("W" * 60, ImageFont.truetype(str(FONT), 26, index=2))
