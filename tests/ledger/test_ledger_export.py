"""The export and its independent checker: no byte can be changed unseen."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import read_ledger
from firmware_app.ledger.signing.signer import SoftwareKey

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_ledger.py"


@pytest.fixture
def export(enrolled, county_key, give_receipt, tmp_path) -> bytes:
    """Four entries and two receipts, the last upon the last entry."""
    enrolled.append("self_check", {"verdict": "conforms"}, visit="v1")
    enrolled.keep_receipt(give_receipt(enrolled, 3, county_key))
    enrolled.append("self_check", {"verdict": "does_not_conform"}, visit="v2")
    enrolled.keep_receipt(give_receipt(enrolled, 4, county_key))
    assert write_export(enrolled, tmp_path / "ledger.ndjson") == 6
    return (tmp_path / "ledger.ndjson").read_bytes()


@pytest.fixture
def accepts(checker):
    """Whether the checker accepts these bytes."""

    def accepts(content: bytes, **pins: str) -> bool:
        try:
            checker.check(io.BytesIO(content), **pins)
        except checker.Wrong as wrong:
            assert str(wrong).startswith("line ")
            return False
        return True

    return accepts


def test_a_good_export_is_told_what_it_holds(export, checker, enrolled, county_key):
    found = checker.check(io.BytesIO(export), enrolled.key.kid, county_key.kid)

    assert (found.device, found.kid) == ("KIOSK-7", enrolled.key.kid)
    assert (found.entries, found.head) == (4, enrolled.head.hash)
    assert found.verdicts == {"conforms": 1, "does_not_conform": 1}
    assert (found.receipts, found.receipted) == (2, 4)
    assert found.counties == {county_key.kid: "天祝县"}


@pytest.mark.parametrize("flip", [0x01, 0x20], ids=["one bit", "case"])
def test_any_one_byte_changed_is_refused(export, accepts, flip):
    assert accepts(export)
    for place in range(len(export)):
        changed = bytearray(export)
        changed[place] ^= flip
        assert not accepts(bytes(changed)), f"byte {place}"


@pytest.mark.parametrize("value", [0x0A, 0x2E, 0x41, 0x80], ids=["line feed", "dot", "letter", "no ASCII"])
def test_many_a_byte_replaced_is_refused(export, accepts, value):
    for place in range(value % 7, len(export), 7):
        changed = bytearray(export)
        changed[place] = value
        assert bytes(changed) == export or not accepts(bytes(changed)), f"byte {place}"


def test_any_byte_taken_out_or_put_in_is_refused(export, accepts):
    for place in range(0, len(export), 9):
        assert not accepts(export[:place] + export[place + 1 :]), f"without byte {place}"
        assert not accepts(export[:place] + b"A" + export[place:]), f"with a byte before {place}"


def test_a_file_cut_inside_a_line_is_refused(export, accepts):
    ends = {place + 1 for place, byte in enumerate(export) if byte == ord("\n")}
    for length in range(0, len(export), 3):
        if length not in ends:
            assert not accepts(export[:length]), f"cut to {length} bytes"


def test_lines_taken_out_doubled_or_moved_are_refused(export, accepts):
    lines = export.splitlines(keepends=True)
    last_entry = 3
    for place, line in enumerate(lines):
        without = [*lines[:place], *lines[place + 1 :]]
        # A receipt less is less proof and no lie; an entry less is a lie as long as a receipt follows it.
        assert accepts(b"".join(without)) == (place > last_entry), f"without line {place + 1}"
        for other in range(len(lines) + 1):
            assert not accepts(b"".join([*lines[:other], line, *lines[other:]])), (
                f"{place + 1} again at {other}"
            )
        for other in range(len(without) + 1):
            if other != place:
                moved = [*without[:other], line, *without[other:]]
                assert not accepts(b"".join(moved)), f"line {place + 1} moved to {other + 1}"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("CRLF", lambda content: content.replace(b"\n", b"\r\n")),
        ("CR", lambda content: content.replace(b"\n", b"\r")),
        ("one CRLF", lambda content: content.replace(b"\n", b"\r\n", 1)),
        ("an empty line", lambda content: content + b"\n"),
        ("an empty line first", lambda content: b"\n" + content),
        ("a byte order mark", lambda content: b"\xef\xbb\xbf" + content),
        ("blank before", lambda content: b" " + content),
        ("blank at a line's end", lambda content: content.replace(b"\n", b" \n", 1)),
        ("padding", lambda content: content.replace(b"\n", b"==\n", 1)),
        ("nothing", lambda content: b""),
        ("one endless line", lambda content: b"A" * 200_000 + b"\n"),
        ("zeros", lambda content: content + bytes(512)),
    ],
)
def test_another_framing_is_refused(export, accepts, name, change):
    assert not accepts(change(export))


@settings(deadline=None, max_examples=150, database=None)
@given(content=st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(checker, content):
    with pytest.raises(checker.Wrong):
        checker.check(io.BytesIO(content))


def test_a_history_signed_anew_by_another_key_is_refused(export, accepts, good_chain, enrolled, county_key):
    forged = "".join(text + "\n" for text in good_chain(SoftwareKey.generate(), 4)).encode()
    lines = export.splitlines(keepends=True)

    assert accepts(forged), "by itself it is a ledger, of another key"
    assert not accepts(forged, device_kid=enrolled.key.kid)
    assert not accepts(lines[0] + b"".join(forged.splitlines(keepends=True)[1:]))
    assert not accepts(forged + b"".join(lines[4:]))


def test_a_history_rewritten_by_the_device_itself_does_not_fit_its_receipts(
    data, enrolled, export, accepts, county_key
):
    from firmware_app.ledger.signing.signer import open_key

    key = open_key(data / "device.key")
    lines = export.splitlines(keepends=True)
    third = enrolled.entry(3)
    stamp = Stamp(at="2026-03-01T10:00:00Z", clock=ClockQuality.BATTERY, boot="b", uptime_ns=1)
    prev, rewritten = third.payload.prev, []
    for seq in (3, 4):
        made = make_entry(
            key, device="KIOSK-7", seq=seq, prev=prev, stamp=stamp, software="00", kind="self_check",
            body={"verdict": "conforms"},
        )  # fmt: skip
        rewritten.append(made.jws.encode() + b"\n")
        prev = made.hash
    history = b"".join([*lines[:2], *rewritten])

    assert accepts(history), "without a receipt only the county could tell"
    assert not accepts(history + b"".join(lines[4:]))
    assert not accepts(export, county_kid=SoftwareKey.generate().kid)


def test_the_command_says_good_or_which_line_is_wrong(export, tmp_path):
    (tmp_path / "bad.ndjson").write_bytes(export.replace(b"\n", b"\r\n"))
    good, bad, missing = (
        subprocess.run(
            [sys.executable, str(TOOL), str(file)], capture_output=True, text=True, cwd="/", check=False
        )
        for file in (tmp_path / "ledger.ndjson", tmp_path / "bad.ndjson", tmp_path / "none")
    )

    assert (good.returncode, bad.returncode, missing.returncode) == (0, 1, 2)
    assert "entries  4" in good.stdout
    assert "1 x does_not_conform" in good.stdout
    assert "receipts 2, up to entry 4 of 4" in good.stdout
    assert "REFUSED" in bad.stdout
    assert "line 1:" in bad.stdout


def test_the_checker_imports_nothing_of_ours():
    source = TOOL.read_text()

    assert "firmware_app" not in source
    assert "hardware" not in source
    assert "county_gateway" not in source


def test_an_export_is_written_whole_or_not_at_all(enrolled, tmp_path, mocker):
    out = tmp_path / "usb" / "ledger.ndjson"
    out.parent.mkdir()
    out.write_bytes(b"an older export\n")
    mocker.patch("os.fsync", side_effect=OSError(28, "No space left on device"))

    with pytest.raises(OSError, match="No space"):
        write_export(enrolled, out)
    assert out.read_bytes() == b"an older export\n"
    assert [file.name for file in out.parent.iterdir()] == ["ledger.ndjson"]


def test_a_ledger_is_exported_while_it_grows(enrolled, data, tmp_path, accepts):
    with read_ledger(data) as reader:
        enrolled.append("note", {})
        write_export(reader, tmp_path / "one.ndjson")
    enrolled.append("note", {})

    assert accepts((tmp_path / "one.ndjson").read_bytes())
