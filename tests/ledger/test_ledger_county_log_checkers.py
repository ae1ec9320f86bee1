"""The checkers that import nothing of ours, against an export with a county's log and against its tiles."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from county_gateway.log.merkle import TileAt, Tree, grow
from county_gateway.log.tiles import bundle, paths_of
from firmware_app.ledger.county.merkle import HASH_BYTES, leaf_hash
from firmware_app.ledger.county.note import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Note,
    NoteSignature,
    VerifierKey,
    b64encode,
    cosigned_message,
    log_key,
    read_note,
)
from firmware_app.ledger.county.receipt import LoggedReceipt, make_receipt
from firmware_app.ledger.export import export_lines
from firmware_app.ledger.signing.signer import SoftwareKey

TOOLS = Path(__file__).resolve().parents[2] / "tools"
ORIGIN = "county.example/log"


class Published:
    """A county's log with its tiles, cosigned by a witness."""

    def __init__(self, key: SoftwareKey, origin: str = ORIGIN) -> None:
        self.key, self.origin = key, origin
        self.witness_key = SoftwareKey.generate()
        raw = base64.urlsafe_b64decode(self.witness_key.public_jwk.x + "=")
        self.witness = VerifierKey("lab.example/w1", COSIGNATURE_TYPE, raw)
        self.entries: list[bytes] = []
        self.tiles: dict[TileAt, bytes] = {}

    def log(self, *hashes: str) -> None:
        new = [bytes.fromhex(each) for each in hashes]
        self.tiles.update(grow(len(self.entries), [leaf_hash(each) for each in new], self.read))
        self.entries += new

    def read(self, level: int, number: int) -> bytes:
        return self.tiles.get(TileAt(level, number), b"")

    @property
    def tree(self) -> Tree:
        return Tree(len(self.entries), self.read)

    @property
    def vkey(self) -> VerifierKey:
        return log_key(self.origin, self.key.public_jwk)

    def note(self, time: int = 1_790_000_000) -> str:
        text = Checkpoint(self.origin, len(self.entries), self.tree.root()).text()
        own = NoteSignature(self.vkey.name, self.vkey.id, self.key.sign(text.encode()))
        value = time.to_bytes(8, "big") + self.witness_key.sign(cosigned_message(text, time))
        return str(Note(text, (own, NoteSignature(self.witness.name, self.witness.id, value))))

    def receipt(self, ledger, seq: int, since: int, **changes: object) -> str:
        entry = ledger.entry(seq).hash
        index = self.entries.index(bytes.fromhex(entry))
        fields = {
            "device": ledger.device,
            "seq": seq,
            "entry": entry,
            "at": "2026-03-01T09:00:00+08:00",
            "county": "天祝县",
            "index": index,
            "inclusion": tuple(map(b64encode, self.tree.inclusion(index))),
            "checkpoint": self.note(),
            "since": since,
            "consistency": tuple(map(b64encode, self.tree.consistency(since))),
        }
        return make_receipt(self.key, LoggedReceipt(**{**fields, **changes}))

    def write(self, folder: Path) -> Path:
        (folder / "tile").mkdir(parents=True)
        (folder / "checkpoint").write_text(self.note(), encoding="utf-8")
        for path in paths_of(len(self.entries)):
            if path.level is None:
                first = path.number * 256
                content = bundle(self.entries[first : first + path.width])
            else:
                content = self.read(path.level, path.number)[: path.width * HASH_BYTES]
            file = folder / str(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return folder


def filler(name: str, count: int) -> list[str]:
    return [hashlib.sha256(f"{name} {n}".encode()).hexdigest() for n in range(count)]


@pytest.fixture
def county(county_key):
    return Published(county_key)


@pytest.fixture
def export(enrolled, county):
    """An export with three receipts from the log, each going on from the one before; as lines."""
    since = 0
    for seq in (2, 3, 4):
        if seq > enrolled.head.seq:
            enrolled.append("self_check", {"verdict": "conforms"})
        county.log(*filler(f"others {seq}", 5), enrolled.entry(seq).hash)
        enrolled.keep_receipt(county.receipt(enrolled, seq, since))
        since = len(county.entries)
    return list(export_lines(enrolled))


@pytest.fixture
def folder(county, enrolled, tmp_path):
    county.log(*filler("first", 255), *(enrolled.entry(seq).hash for seq in (1, 2)), *filler("last", 50))
    return county.write(tmp_path / "log")


def refused(checker, lines: list[bytes], **how: object) -> bool:
    try:
        checker.check(io.BytesIO(b"".join(lines)), **how)
    except checker.Wrong:
        return True
    return False


def resigned(county: Published, line: bytes, **changes: object) -> bytes:
    raw = line.split(b".")[1]
    fields = json.loads(base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)))
    fields.update(changes)
    for name in ("inclusion", "consistency"):
        fields[name] = tuple(fields[name])
    return make_receipt(county.key, LoggedReceipt(**fields)).encode() + b"\n"


def test_a_good_export_is_good_and_tells_of_the_log(checker, export, county):
    witness = checker.check_log.read_vkey(str(county.witness))

    found = checker.check(io.BytesIO(b"".join(export)), witnesses=[witness])

    assert (found.entries, found.receipts, found.receipted, found.witnessed) == (4, 3, 4, 3)
    assert found.logs == {ORIGIN: 18}


def test_every_changed_byte_of_an_export_is_refused(checker, export):
    whole = b"".join(export)
    start = len(b"".join(export[:4]))
    for at in range(start, len(whole), 7):
        for flip in (1, 0x20, 0x80):
            changed = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
            assert refused(checker, [changed]), (at, flip)


def test_an_export_reordered_cut_or_added_to_is_refused(checker, export, county, enrolled):
    entries, receipts = export[:4], export[4:]
    assert refused(checker, [*entries, receipts[1], receipts[2]]), "the first receipt taken out"
    assert refused(checker, [*entries, receipts[0], receipts[2]]), "the middle receipt taken out"
    assert refused(checker, [*entries, receipts[1], receipts[0], receipts[2]])
    assert refused(checker, [*entries, *receipts, receipts[2]])
    assert refused(checker, [*entries[:3], *receipts])
    assert refused(checker, [*export[:-1], export[-1][:-1]])
    assert not refused(checker, [*entries, *receipts[:2]])


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 0},
        {"inclusion": []},
        {"since": 6},
        {"since": 0, "consistency": []},
        {"consistency": []},
        {"consistency": ["A" * 43 + "="] * 4},
    ],
)
def test_a_receipt_that_shows_something_else_is_refused_though_the_county_signed_it(
    checker, export, county, changes
):
    assert refused(checker, [*export[:-1], resigned(county, export[-1], **changes)])
    assert not refused(checker, [*export[:-1], resigned(county, export[-1])])


def test_a_receipt_of_another_log_is_refused(checker, export, county, enrolled, county_key):
    other = Published(county_key, "county.example/other")
    other.log(*filler("other", 7), enrolled.entry(4).hash)
    line = other.receipt(enrolled, 4, 0).encode() + b"\n"

    assert refused(checker, [*export[:-1], line]), "a log of another name, and the chain says nothing of it"
    stranger = Published(SoftwareKey.generate())
    stranger.log(*filler("other", 7), enrolled.entry(4).hash)
    assert refused(checker, [*export[:-1], stranger.receipt(enrolled, 4, 0).encode() + b"\n"])
    mixed = resigned(county, export[-1], checkpoint=stranger.note())
    assert refused(checker, [*export[:-1], mixed])


def test_another_log_is_taken_where_the_chain_says_so(checker, enrolled, county, county_key):
    county.log(enrolled.entry(2).hash)
    enrolled.keep_receipt(county.receipt(enrolled, 2, 0))
    enrolled.append("self_check", {"verdict": "conforms"})
    other = Published(county_key, "county.example/other")
    other.log(enrolled.entry(3).hash)
    enrolled.keep_receipt(other.receipt(enrolled, 3, 0))

    found = checker.check(io.BytesIO(b"".join(export_lines(enrolled))))

    assert found.logs == {"county.example/other": 1, ORIGIN: 1}


def test_a_forked_log_is_refused_though_the_county_signed_every_part(checker, export, county, enrolled):
    fork = Published(county.key)
    fork.log(*filler("a forged past", 30), enrolled.entry(4).hash)

    for since in (0, 12):
        line = fork.receipt(enrolled, 4, since).encode() + b"\n"
        assert refused(checker, [*export[:-1], line])


def test_a_witness_line_that_does_not_fit_is_refused_only_by_who_knows_the_witness(checker, export, county):
    note = read_note(county.note())
    forged = NoteSignature(note.signatures[1].name, note.signatures[1].id, bytes(72))
    bad = str(Note(note.text, (note.signatures[0], forged)))
    lines = [*export[:-1], resigned(county, export[-1], checkpoint=bad)]
    witness = checker.check_log.read_vkey(str(county.witness))

    assert refused(checker, lines, witnesses=[witness])
    assert not refused(checker, lines)


# ------------------------------------------------------------------------------------- tools/check_log.py


def run(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, TOOLS / "check_log.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_good_log_is_good(folder, county, enrolled, tmp_path):
    older = Published(county.key)
    older.log(*(entry.hex() for entry in county.entries[:100]))
    (tmp_path / "older").write_text(older.note(), encoding="utf-8")
    (tmp_path / "ledger.ndjson").write_bytes(b"".join(export_lines(enrolled)))

    code, said = run(
        folder,
        *("--log", county.vkey, "--witness", county.witness, "--need", 1, "--older", tmp_path / "older"),
        *("--ledger", tmp_path / "ledger.ndjson", "--entry", county.entries[0].hex()),
    )

    assert code == 0, said
    assert f"GOOD     log {ORIGIN}, 307 entries" in said
    assert "witness  lab.example/w1 at 2026-09-21T14:13:20+00:00" in said
    assert "older    100 entries: the same beginning" in said
    assert "entries  3 of those asked for are in it" in said


def test_it_imports_nothing_of_ours():
    source = (TOOLS / "check_log.py").read_text(encoding="utf-8")

    assert "firmware_app" not in source
    assert "county_gateway" not in source


def test_every_changed_byte_of_a_log_is_refused(checker, folder, county):
    check_log, vkey = checker.check_log, checker.check_log.read_vkey(str(county.vkey))
    witness = check_log.read_vkey(str(county.witness))
    check_log.check(folder, vkey, [witness], need=1)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        good = path.read_bytes()
        step = 1 if path.name == "checkpoint" else 331
        for at in range(0, len(good), step):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            with pytest.raises(check_log.Wrong):
                check_log.check(folder, vkey, [witness], need=1)
        for bad in (good[:-1], good + b"\n", b""):
            path.write_bytes(bad)
            with pytest.raises(check_log.Wrong):
                check_log.check(folder, vkey, [witness], need=1)
        path.unlink()
        with pytest.raises(check_log.Wrong):
            check_log.check(folder, vkey, [witness], need=1)
        path.write_bytes(good)


def test_a_log_that_is_another_is_refused(folder, county, tmp_path, enrolled):
    fork = Published(county.key)
    fork.log(*filler("fork", 100))
    (tmp_path / "fork").write_text(fork.note(), encoding="utf-8")
    longer = Published(county.key)
    longer.log(*(entry.hex() for entry in county.entries), *filler("more", 1))
    (tmp_path / "longer").write_text(longer.note(), encoding="utf-8")
    stranger = Published(SoftwareKey.generate())

    for words, arguments in (
        ("does not begin with the 100", ("--log", county.vkey, "--older", tmp_path / "fork")),
        ("an older checkpoint speaks of 308", ("--log", county.vkey, "--older", tmp_path / "longer")),
        ("not signed by its log", ("--log", stranger.vkey)),
        ("not in the log", ("--log", county.vkey, "--entry", "00" * 32)),
        ("0 of the witnesses", ("--log", county.vkey, "--witness", stranger.witness, "--need", 1)),
    ):
        code, said = run(folder, *arguments)
        assert (code, words in said) == (1, True), said


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere", "--log", "x"),
        ("nowhere",),
        (
            "nowhere",
            "--log",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "--entry",
            "0",
        ),
    ],
)
def test_wrong_use_is_said(arguments):
    code, said = run(*arguments)

    assert code == 2
    assert said
