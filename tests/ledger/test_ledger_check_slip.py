"""The independent checker of slips, which shares no line with the program."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.ledger.export import write_export
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.ledger.slip import digits
from firmware_app.ledger.slip.claim import claim_in

TOOLS = Path(__file__).resolve().parents[2] / "tools"
BODY = {"verdict": "conforms", "scale": {"serial": "TZ-1"}}


@pytest.fixture(scope="module")
def slips():
    sys.path.insert(0, str(TOOLS))
    try:
        spec = importlib.util.spec_from_file_location("check_slip", TOOLS / "check_slip.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(TOOLS))


@pytest.fixture
def exported(enrolled, tmp_path):
    """A slip and the export of the ledger that holds its entry."""
    slip = enrolled.slip_text(enrolled.append("self_check", BODY, visit="v1").seq)
    write_export(enrolled, tmp_path / "ledger.ndjson")
    return slip, tmp_path / "ledger.ndjson"


def checked(slips, file: Path):
    checker = slips.Checker(None, None)
    with file.open("rb") as opened:
        slips.check_lines(opened, checker)
    return checker


def test_a_genuine_slip_is_good_for_the_checker(exported):
    slip, file = exported

    done = subprocess.run(
        [sys.executable, TOOLS / "check_slip.py", file, slip], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "conforms, entry 3 of KIOSK-7" in done.stdout


def test_the_checker_refuses_every_bit_changed_in_a_slip(slips, exported):
    slip, file = exported
    checker = checked(slips, file)
    claim = digits.decode(claim_in(slip))
    assert slips.check_slip(slip, checker) == "conforms, entry 3 of KIOSK-7, scale TZ-1"

    for bit in range(8 * len(claim)):
        changed = bytearray(claim)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(slips.Wrong):
            slips.check_slip("STEELYARD2:" + digits.encode(bytes(changed)), checker)
    for end in range(len(claim)):
        with pytest.raises(slips.Wrong):
            slips.check_slip("STEELYARD2:" + digits.encode(claim[:end]), checker)


def test_the_checker_refuses_another_devices_slip_and_an_entry_that_is_not_there(slips, exported, ledger):
    slip, file = exported
    checker = checked(slips, file)
    entry = ledger.append("self_check", BODY, visit="v2")

    with pytest.raises(slips.Wrong, match="not in this file"):
        slips.check_slip(ledger.slip_text(entry.seq), checker)
    checker._key = slips.Key(SoftwareKey.generate().kid, "Ed25519", bytes(32), b"")
    with pytest.raises(slips.Wrong, match="another key"):
        slips.check_slip(slip, checker)


@pytest.mark.parametrize("text", ["", "hello", "STEELYARD2:", "STEELYARD2:9", "STEELYARD1:a.b.c", "9" * 17])
def test_the_checker_says_what_is_no_slip(slips, exported, text):
    with pytest.raises(slips.Wrong):
        slips.check_slip(text, checked(slips, exported[1]))
