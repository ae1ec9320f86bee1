"""The independent checkers refuse whatever was changed: each byte, each line, each key, each log.

What each checks is small here, so that nothing needs to be left out; where a file is too long for the normal
suite, `make proofs` goes through all of it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from test_ledger_county_log_checkers import ORIGIN, Published, filler

from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.county.bundle import make_manifest
from firmware_app.ledger.county.downlink import Statement, make_statement
from firmware_app.ledger.county.note import log_key
from firmware_app.ledger.county.statements import CountyKey, make_county_key
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.export import export_lines
from firmware_app.ledger.shelf import ShelfRequest
from firmware_app.ledger.signing.signer import SoftwareKey, open_key, seal
from firmware_app.ledger.slip import digits
from firmware_app.ledger.slip.claim import claim_in
from firmware_app.rules.publisher import publisher_key, sign_pack, statement

TOOLS = Path(__file__).resolve().parents[2] / "tools"
if str(TOOLS) not in sys.path:
    sys.path.append(str(TOOLS))

import check_bundle  # noqa: E402
import check_law  # noqa: E402
import check_ledger  # noqa: E402
import check_log  # noqa: E402
import check_slip  # noqa: E402
from check_bytes import Wrong, lines  # noqa: E402

FLIPS = (0x01, 0x20)
"""One bit; and the bit that makes a letter another letter of the same look to a careless reader."""
BODY = {"verdict": "conforms", "scale": {"serial": "TZ-1"}}
PACK = b'kind = "units"\nid = "a-1"\nversion = "1"\n'


@pytest.fixture
def county(county_key):
    return Published(county_key)


@pytest.fixture
def logged(enrolled, county) -> list[bytes]:
    """An export of four entries and three receipts, each with its place in the log and a cosignature."""
    since = 0
    for seq in (2, 3, 4):
        if seq > enrolled.head.seq:
            enrolled.append("self_check", BODY, visit=f"v{seq}")
        county.log(*filler(f"others {seq}", 2), enrolled.entry(seq).hash)
        enrolled.keep_receipt(county.receipt(enrolled, seq, since))
        since = len(county.entries)
    return list(export_lines(enrolled))


def refuses(look, *given: object) -> bool:
    try:
        look(*given)
    except Wrong:
        return True
    return False


def changed(content: bytes, step: int = 1):
    """Each byte changed, each cut, each byte doubled; with what was done."""
    for at in range(0, len(content), step):
        for flip in FLIPS:
            yield f"byte {at} ^ {flip}", content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :]
        yield f"cut to {at}", content[:at]
        yield f"byte {at} twice", content[:at] + content[at : at + 1] + content[at:]
        yield f"byte {at} out", content[:at] + content[at + 1 :]


def rearranged(texts: list[bytes]):
    """Each pair of lines swapped, each line doubled, each taken out."""
    for one, other in combinations(range(len(texts)), 2):
        swapped = list(texts)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        yield f"lines {one} and {other} swapped", swapped
    for at, line in enumerate(texts):
        yield f"line {at} twice", [*texts[: at + 1], *texts[at:]]
        yield f"line {at} again at the end", [*texts, line]
        yield f"line {at} out", [*texts[:at], *texts[at + 1 :]]


def signed_by(line: bytes, key: SoftwareKey) -> bytes:
    """The same record, sealed by another key."""
    header, payload, _ = line.rstrip(b"\n").split(b".")
    typ = json.loads(base64.urlsafe_b64decode(header + b"=="))["typ"]
    return seal(key, typ, base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))).encode() + b"\n"


def with_signature_of(line: bytes, key: SoftwareKey) -> bytes:
    """The header left as it was, only the signature is another key's."""
    signed = line.rpartition(b".")[0]
    return signed + b"." + base64.urlsafe_b64encode(key.sign(signed)).rstrip(b"=") + b"\n"


# ------------------------------------------------------------------------------------------------ ledger


@pytest.fixture
def look(county):
    """The checker of exports, with all that an outsider may know."""
    witness = check_log.read_vkey(str(county.witness))

    def look(content: bytes):
        return check_ledger.check(io.BytesIO(content), None, county.key.kid, [witness], need=1)

    return look


def is_a_shorter_truth(what: str, count: int) -> bool:
    """The last line left out whole is less proof and no lie (docs/record-format.md)."""
    return what == f"line {count - 1} out"


@pytest.mark.parametrize("step", [pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]), 61])
def test_an_export_with_anything_changed_is_refused(look, logged, step, capsys):
    whole, tried = b"".join(logged), 0
    ends = {len(b"".join(logged[: count + 1])) for count in range(3, len(logged))}
    assert look(whole).receipts == 3
    for what, content in changed(whole, step):
        if what.startswith("cut") and len(content) in ends:
            continue
        tried += 1
        assert refuses(look, content), what
    with capsys.disabled():
        print(f"\nledger of {len(whole)} bytes: {tried} changes, all refused")


def test_an_export_with_its_lines_rearranged_is_refused(look, logged):
    for what, content in rearranged(logged):
        assert refuses(look, b"".join(content)) or is_a_shorter_truth(what, len(logged)), what


@pytest.mark.parametrize("again", [signed_by, with_signature_of])
def test_an_export_with_any_line_signed_by_another_key_is_refused(look, logged, again):
    stranger = SoftwareKey.generate()
    for at, line in enumerate(logged):
        forged = [*logged[:at], again(line, stranger), *logged[at + 1 :]]
        assert refuses(look, b"".join(forged)), f"line {at}"


def test_an_entry_exchanged_by_the_device_itself_is_refused(look, logged, enrolled, data):
    """Given the device's own key, then what follows still names the entry that was there."""
    third = enrolled.entry(3)
    now = Stamp(at="2026-03-01T10:00:00Z", clock=ClockQuality.BATTERY, boot="b", uptime_ns=1)
    other = make_entry(
        open_key(data / "device.key"), device="KIOSK-7", seq=3, prev=third.payload.prev, stamp=now,
        software="00", kind="self_check", body={"verdict": "does_not_conform"},
    )  # fmt: skip
    exchanged = [*logged[:2], other.jws.encode() + b"\n", logged[3]]

    assert refuses(lambda: check_ledger.check(io.BytesIO(b"".join(exchanged))))
    assert check_ledger.check(io.BytesIO(b"".join(logged[:4]))).entries == 4


def test_a_receipt_of_another_log_is_refused(look, logged, county, enrolled):
    """Of another county, of another log of this county, of a fork of this log, of another device."""
    others = [
        Published(SoftwareKey.generate()),
        Published(county.key, "county.example/other"),
        Published(county.key),
    ]
    for other in others:
        other.log(*filler("elsewhere", 8), *(enrolled.entry(seq).hash for seq in (2, 3, 4)))
        for at, seq in ((4, 2), (5, 3), (6, 4)):
            for since in (0, len(county.entries)):
                line = other.receipt(enrolled, seq, min(since, len(other.entries))).encode() + b"\n"
                if at == 4 and other is others[2] and since == 0:
                    continue  # The first receipt alone: only those after it show which of the two it was.
                assert refuses(look, b"".join([*logged[:at], line, *logged[at + 1 :]])), (other.origin, at)
    fork = [*logged[:4], others[2].receipt(enrolled, 2, 0).encode() + b"\n", *logged[5:]]
    assert refuses(look, b"".join(fork))
    for field, value in (("device", "KIOSK-8"), ("entry", "00" * 32)):
        line = county.receipt(enrolled, 4, 6, **{field: value}).encode() + b"\n"
        assert refuses(look, b"".join([*logged[:6], line]))


def test_the_log_shown_last_must_bear_as_many_cosignatures_as_are_asked_for(logged, county):
    known = check_log.read_vkey(str(county.witness))
    stranger = check_log.read_vkey(str(Published(county.key).witness))
    whole = b"".join(logged)

    def look(witnesses, need):
        return check_ledger.check(io.BytesIO(whole), witnesses=witnesses, need=need)

    assert look([known], 1).cosigned == 4
    assert refuses(look, [known], 2)
    assert refuses(look, [stranger], 1)
    assert refuses(look, [], 1)
    entries = b"".join(logged[:4])
    assert refuses(lambda: check_ledger.check(io.BytesIO(entries), witnesses=[known], need=1))


@pytest.mark.parametrize(
    ("kind", "body", "good"),
    [
        ("delivery_shelved", lambda entry: {"seq": 3, "entry": entry.hash}, True),
        ("delivery_shelved", lambda entry: {"seq": 3, "entry": "00" * 32}, False),
        ("delivery_shelved", lambda entry: {"seq": 4, "entry": entry.hash}, False),
        ("delivery_shelved", lambda entry: {"seq": 0, "entry": entry.hash}, False),
        ("delivery_shelved", lambda _: {"seq": [], "entry": {}}, False),
        ("delivery_read", lambda entry: {"seq": 3, "entry": entry.hash}, False),
    ],
)
def test_what_the_trail_says_of_the_shelf_must_be_true(enrolled, kind, body, good):
    third = enrolled.append("note", {})
    enrolled.append(kind, body(third))
    content = b"".join(export_lines(enrolled))

    assert refuses(lambda: check_ledger.check(io.BytesIO(content))) is not good
    if good:
        enrolled.append("delivery_read", body(third))
        assert check_ledger.check(io.BytesIO(b"".join(export_lines(enrolled)))).entries == 5


# -------------------------------------------------------------------------------------------------- slip


def test_a_slip_with_any_character_changed_cut_or_doubled_is_refused(enrolled, tmp_path):
    slip = enrolled.slip_text(enrolled.append("self_check", BODY, visit="v").seq)
    checker = read(export_lines(enrolled))
    claim = claim_in(slip)
    assert check_slip.check_slip(slip, checker) == "conforms, entry 3 of KIOSK-7, scale TZ-1"
    for what, content in changed(claim.encode()):
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError:
            continue
        if text != claim:
            assert refuses(check_slip.check_slip, f"STEELYARD2:{text}", checker), what


def test_a_slip_that_says_something_else_than_its_entry_is_refused_though_the_device_signed_it(
    enrolled, data, monkeypatch
):
    """The verdict and the serial number on the paper are those of the entry, or it is no slip upon it."""
    entry = enrolled.append("self_check", {"verdict": "does_not_conform", "scale": {"serial": "TZ-1"}})
    key, checker = open_key(data / "device.key"), read(export_lines(enrolled))
    from firmware_app.ledger.slip import compact_claim as slip_claim

    honest = slip_claim.unverified_claim(digits.decode(claim_in(enrolled.slip_text(entry.seq))))[1]
    for lie in ({"verdict": 0}, {"scale": "TZ-2"}, {"seq": 2}, {"entry": bytes(16)}, {"device": "KIOSK-8"}):
        claim = digits.encode(slip_claim.seal_claim(key, honest._replace(**lie)))
        assert refuses(check_slip.check_slip, f"STEELYARD2:{claim}", checker), lie
    stranger = digits.encode(slip_claim.seal_claim(SoftwareKey.generate(), honest))
    assert refuses(check_slip.check_slip, f"STEELYARD2:{stranger}", checker)


def read(texts) -> check_ledger.Checker:
    checker = check_ledger.Checker(None, None)
    check_ledger.check_lines(io.BytesIO(b"".join(texts)), checker)
    return checker


# --------------------------------------------------------------------------------------------------- log


@pytest.fixture
def folder(county, tmp_path):
    """A log of nine entries: a checkpoint, one tile, one bundle."""
    county.log(*filler("entry", 9))
    return county.write(tmp_path / "log")


@pytest.mark.parametrize("step", [pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]), 13])
def test_a_log_with_anything_changed_is_refused(folder, county, step, capsys):
    vkey, witness = (check_log.read_vkey(str(each)) for each in (county.vkey, county.witness))

    def look():
        return check_log.check(folder, vkey, [witness], need=1)

    assert look().head.unread == 0
    tried = 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        good = path.read_bytes()
        for what, content in changed(good, step):
            if content != good:
                tried += 1
                path.write_bytes(content)
                assert refuses(look), f"{path.name}: {what}"
        path.write_bytes(good)
    hashes = folder / "tile/0/000.p/9"
    rows = [hashes.read_bytes()[at : at + 32] for at in range(0, 9 * 32, 32)]
    for what, content in rearranged(rows):
        hashes.write_bytes(b"".join(content))
        assert refuses(look), what
    with capsys.disabled():
        print(f"\nlog of 9 entries: {tried} changes, all refused")


def test_a_checkpoint_of_another_key_log_or_witness_is_refused(folder, county):
    vkey, witness = (check_log.read_vkey(str(each)) for each in (county.vkey, county.witness))
    for other in (Published(SoftwareKey.generate()), Published(county.key, "county.example/other")):
        other.log(*filler("entry", 9))
        (folder / "checkpoint").write_text(other.note(), encoding="utf-8")
        assert refuses(lambda: check_log.check(folder, vkey, [witness]))
    (folder / "checkpoint").write_text(Published.note(county), encoding="utf-8")
    stranger = check_log.read_vkey(str(Published(county.key).witness))
    assert refuses(lambda: check_log.check(folder, vkey, [stranger], need=1))
    assert check_log.check(folder, vkey).head.unread == 1, (
        "a cosignature of somebody unknown is told as unread"
    )


# ------------------------------------------------------------------------------------------------- stick


@pytest.fixture
def stick(enrolled, county, data):
    """A bundle of four entries, its receipts with a new key of the county, and the keys behind them."""
    for seq in (3, 4):
        enrolled.append("self_check", BODY, visit=f"v{seq}")
    county.log(*filler("others", 3), *(enrolled.entry(seq).hash for seq in (1, 2, 3, 4)))
    last = enrolled.entry(4)
    bundle = [enrolled.bundle_manifest(1, last), *enrolled.lines(0, 4)]
    return bundle, [county.receipt(enrolled, 4, 0)]


def carried(bundle, receipts, **pins: object):
    checker = check_ledger.Checker(pins.get("device_kid"), pins.get("county_kid"))
    manifest = check_bundle.check_bundle(lines(io.BytesIO(as_file(bundle))), checker)
    return check_bundle.check_receipts(lines(io.BytesIO(as_file(receipts))), checker, manifest)


def as_file(texts) -> bytes:
    return texts if isinstance(texts, bytes) else "".join(f"{text}\n" for text in texts).encode()


@pytest.mark.parametrize("step", [pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]), 41])
def test_a_stick_with_anything_changed_is_refused(stick, step, capsys):
    bundle, receipts = map(as_file, stick)
    tried = 0
    assert carried(bundle, receipts) == 4
    for what, content in changed(bundle, step):
        tried += 1
        assert refuses(carried, content, receipts), f"bundle: {what}"
    for what, content in changed(receipts, step):
        tried += 1
        assert refuses(carried, bundle, content), f"receipts: {what}"
    with capsys.disabled():
        print(f"\nstick of {len(bundle) + len(receipts)} bytes: {tried} changes, all refused")


def test_a_stick_with_its_lines_rearranged_or_signed_anew_is_refused(stick):
    bundle, receipts = ([f"{text}\n".encode() for text in texts] for texts in stick)
    stranger = SoftwareKey.generate()
    for what, content in rearranged(bundle):
        assert refuses(carried, b"".join(content), b"".join(receipts)), what
    for again in (signed_by, with_signature_of):
        for at, line in enumerate(bundle):
            forged = b"".join([*bundle[:at], again(line, stranger), *bundle[at + 1 :]])
            assert refuses(carried, forged, b"".join(receipts)), f"line {at}"
        assert refuses(carried, b"".join(bundle), again(receipts[0], stranger))
    assert refuses(carried, b"".join(bundle), b"".join(receipts * 2))
    assert refuses(carried, b"".join(bundle), b"")


def test_a_stick_that_promises_something_else_is_refused_though_the_device_signed_it(stick, enrolled, data):
    key, (bundle, receipts) = open_key(data / "device.key"), stick
    other = make_manifest(key, 1, msgspec.structs.replace(enrolled.entry(4), hash="0" * 64), "0")
    assert refuses(carried, [other, *bundle[1:]], receipts)
    for first, upon in ((2, 4), (1, 3), (1, 2)):
        assert refuses(carried, [make_manifest(key, first, enrolled.entry(upon), "0"), *bundle[1:]], receipts)
    assert refuses(
        carried, [make_manifest(SoftwareKey.generate(), 1, enrolled.entry(4), "0"), *bundle[1:]], receipts
    )
    fewer = [make_manifest(key, 1, enrolled.entry(3), "0"), *bundle[1:4]]
    assert refuses(carried, fewer, receipts), "a receipt upon an entry that this bundle did not bring"


def test_a_bundle_goes_on_from_the_export_before_it(enrolled, county, data, tmp_path, capsys, good_chain):
    """Given receipts from before, then bundle and receipts are checked upon them, also by the command."""
    county.log(*(enrolled.entry(seq).hash for seq in (1, 2)))
    enrolled.keep_receipt(county.receipt(enrolled, 2, 0))
    (tmp_path / "ledger.ndjson").write_bytes(b"".join(export_lines(enrolled)))
    enrolled.append("self_check", BODY, visit="v")
    bundle = [enrolled.bundle_manifest(2, enrolled.entry(3)), *enrolled.lines(1, 2)]
    county.log(enrolled.entry(3).hash)
    receipt = county.receipt(enrolled, 3, 2)
    new = SoftwareKey.generate()
    told = CountyKey(county="天祝县", jwk=new.public_jwk, at="2026-03-01T09:00:00+08:00")
    (tmp_path / "b").write_bytes(as_file(bundle))
    (tmp_path / "r").write_bytes(as_file([make_county_key(county.key, told), receipt]))
    (tmp_path / "fork").write_bytes(as_file([bundle[0], *good_chain(open_key(data / "device.key"), 3)[1:]]))
    (tmp_path / "late").write_bytes(as_file([receipt, make_county_key(county.key, told)]))
    ledger = ["--ledger", str(tmp_path / "ledger.ndjson")]

    def run(*words: str) -> int:
        return check_bundle.main([str(tmp_path / words[0]), *words[1:], *ledger])

    receipts = ("--receipts", str(tmp_path / "r"))
    assert run("b", *receipts, "--witness", str(county.witness), "--need", "1") == 0
    assert "receipts up to entry 3 of 3" in capsys.readouterr().out
    assert check_bundle.main([str(tmp_path / "b")]) == 1
    assert "--ledger" in capsys.readouterr().out
    assert run("fork") == 1
    assert run("b", "--receipts", str(tmp_path / "late")) == 1
    assert run("b", "--device-kid", "x" * 43) == 1
    assert run("b", *receipts, "--county-kid", "x" * 43) == 1


def given(county_key, name: str, version: int, content: bytes, device: str = "", **lies: object) -> bytes:
    """A file as the county puts it onto the stick."""
    said = Statement(
        county="天祝县", device=device, name=name, version=version, size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), at="2026-03-01T09:00:00+08:00",
    )  # fmt: skip
    signed = make_statement(county_key, msgspec.structs.replace(said, **lies))
    return signed.encode() + b"\n" + content + b"\n"


def test_what_the_county_gives_back_on_a_stick_is_its_word_to_the_byte_or_refused(
    enrolled, county_key, tmp_path, capsys
):
    registry = given(county_key, "registry", 5, b"[[scale]]\nid = 'TZ-1'\n", "KIOSK-7")
    weights = given(county_key, "weights", 3, b"[[set]]\n\n")
    checker = read(export_lines(enrolled))

    def look(content: bytes) -> list[str]:
        return check_bundle.check_downlink(io.BytesIO(content), checker)

    good = registry + weights
    assert [each.partition(",")[0] for each in look(good)] == ["registry version 5", "weights version 3"]
    for what, content in changed(good):
        assert refuses(look, content) or content in (registry, weights), what
    stranger = SoftwareKey.generate()
    for bad in (
        weights + registry,
        good + weights,
        registry + given(stranger, "weights", 3, b"[[set]]\n"),
        given(county_key, "registry", 5, b"x", "KIOSK-8"),
        given(county_key, "registry", 5, b"x", sha256="0" * 64),
        given(county_key, "registry", 5, b"xy", size=1),
        b"",
    ):
        assert refuses(look, bad)
    (tmp_path / "ledger.ndjson").write_bytes(b"".join(export_lines(enrolled)))
    (tmp_path / "d").write_bytes(good)
    words = ["--downlink", str(tmp_path / "d"), "--ledger", str(tmp_path / "ledger.ndjson")]
    assert check_bundle.main(words) == 0
    assert "file     weights version 3" in capsys.readouterr().out
    assert check_bundle.main([*words, "--county-kid", "x" * 43]) == 1
    with pytest.raises(SystemExit):
        check_bundle.main(words[:2])


def test_an_entry_handed_over_for_the_shelf_is_the_ledgers_own_or_refused(enrolled, data):
    entry = enrolled.append("note", {"n": 1})
    checker = read(export_lines(enrolled))
    request = {"claim": enrolled.shelf_claim(entry), "text": entry.jws}
    good = json.dumps(request).encode()
    assert check_bundle.check_shelf(good, checker) == (3, entry.hash)
    for what, content in changed(good):
        if parsed(content) != request:
            assert refuses(check_bundle.check_shelf, content, checker), what
    key = SoftwareKey.generate()
    forged = {**request, "claim": signed_by(request["claim"].encode(), key).decode().strip()}
    other = {**request, "text": enrolled.entry(2).jws}
    for each in (forged, other, {"claim": request["text"], "text": request["text"]}, {"claim": 1, "text": 2}):
        assert refuses(check_bundle.check_shelf, json.dumps(each).encode(), checker)
    assert ShelfRequest(**request), "as the county takes it"


def parsed(content: bytes):
    try:
        return json.loads(content)
    except ValueError:
        return None


# --------------------------------------------------------------------------------------------- law packs


@pytest.fixture
def published():
    """A file of the shelf, and the publisher's key."""
    key = SoftwareKey.generate()
    publisher = publisher_key("law.example", key)
    return sign_pack(statement("a-1", "1", PACK), publisher, key).encode() + b"\n" + PACK, publisher


def test_a_law_pack_with_anything_changed_is_refused(published):
    content, publisher = published
    vkey = check_log.read_vkey(str(publisher))
    assert check_law.check_pack(content, vkey).id == "a-1"
    for what, other in changed(content):
        assert refuses(check_law.check_pack, other, vkey), what
    for other in (SoftwareKey.generate(), SoftwareKey.generate()):
        assert refuses(
            check_law.check_pack, content, check_log.read_vkey(str(publisher_key("law.example", other)))
        )
    key = SoftwareKey.generate()
    named_otherwise = (
        sign_pack(statement("a-2", "1", PACK), publisher_key("p", key), key).encode() + b"\n" + PACK
    )
    assert refuses(check_law.check_pack, named_otherwise, check_log.read_vkey(str(publisher_key("p", key))))
    assert refuses(check_law.check_pack, content, check_log.read_vkey(str(log_key(ORIGIN, key.public_jwk))))


@pytest.mark.parametrize("nested", [False, True])
def test_a_ledger_that_judged_by_other_bytes_of_that_name_is_refused(published, enrolled, tmp_path, nested):
    content, publisher = published
    vkey = check_log.read_vkey(str(publisher))
    pack, ledger = check_law.check_pack(content, vkey), tmp_path / "ledger.ndjson"
    law = {"pack": "a-1", "version": "1", "sha256": pack.sha256}
    enrolled.append("law_pack_added", {**law, "publisher": "law.example", "source": "stick"})
    enrolled.append("self_check", {"verdict": "conforms", "law": law})
    enrolled.append("self_check", {"verdict": "conforms", "law": {**law, "version": "2", "sha256": "1" * 64}})
    ledger.write_bytes(b"".join(export_lines(enrolled)))
    assert check_law.check_use(pack, str(ledger)) == (1, 1)

    lie = {**law, "sha256": "0" * 64}
    enrolled.append("verification", {"items": [{"law": lie}]} if nested else lie)
    ledger.write_bytes(b"".join(export_lines(enrolled)))
    assert refuses(check_law.check_use, pack, str(ledger))
