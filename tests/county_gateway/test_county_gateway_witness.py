"""The witness by the words of its specification, killed and asked at once; and the county that asks it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest
import requests

from county_gateway.county import County
from county_gateway.log.merkle import TileAt, Tree, grow
from county_gateway.log.receipts import read_seen
from county_gateway.log.witnesses import BadWitness, Witness, read_witness
from county_gateway.witness.memory import Head, Memory
from county_gateway.witness.serve import make_server
from county_gateway.witness.witness import Answer, witness_key
from county_gateway.witness.witness import Witness as SecondBody
from firmware_app.ledger.county.merkle import leaf_hash
from firmware_app.ledger.county.note import (
    Checkpoint,
    Note,
    NoteSignature,
    b64encode,
    cosigned_at,
    log_key,
    read_note,
    read_signature,
    verified_by,
)
from firmware_app.ledger.county.receipt import read_receipt
from firmware_app.ledger.signing.signer import SoftwareKey

ORIGIN = "county.example/log"
NOW = 1_790_000_000


class Log:
    """A log that can sign whatever a test wants it to."""

    def __init__(self, key: SoftwareKey | None = None, flavour: str = "") -> None:
        self.key = key or SoftwareKey.generate()
        tiles: dict[TileAt, bytes] = {}
        leaves = [leaf_hash(f"{flavour}{n}".encode()) for n in range(40)]
        tiles.update(grow(0, leaves, lambda level, number: b""))
        self.tree = Tree(40, lambda level, number: tiles.get(TileAt(level, number), b""))

    @property
    def vkey(self):
        return log_key(ORIGIN, self.key.public_jwk)

    def note(self, size: int, origin: str = ORIGIN) -> str:
        text = Checkpoint(origin, size, self.tree.root(size)).text()
        key = log_key(origin, self.key.public_jwk)
        return str(Note(text, (NoteSignature(key.name, key.id, self.key.sign(text.encode())),)))

    def body(self, old: int, size: int, proof: list[bytes] | None = None) -> bytes:
        hashes = self.tree.consistency(old, size) if proof is None else proof
        lines = "".join(b64encode(each) + "\n" for each in hashes)
        return f"old {old}\n{lines}\n{self.note(size)}".encode()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def make_witness(log, tmp_path):
    key = SoftwareKey.generate()

    def make() -> SecondBody:
        return SecondBody(
            name="lab.example/w1",
            signer=key,
            logs={ORIGIN: log.vkey},
            memory=Memory(tmp_path / "witness.db"),
            now=lambda: NOW,
        )

    return make


@pytest.fixture
def witness(make_witness):
    return make_witness()


def cosigned(witness: SecondBody, log: Log, size: int, answer: Answer) -> bool:
    if answer.status != 200:
        return False
    signature = read_signature(answer.body[:-1])
    note = Note(read_note(log.note(size)).text, (signature,))
    return verified_by(note, witness.key) == signature and cosigned_at(signature) == NOW


def test_what_goes_on_from_the_last_is_cosigned(witness, log):
    for old, size in ((0, 5), (5, 5), (5, 6), (6, 40)):
        assert cosigned(witness, log, size, witness.add_checkpoint(log.body(old, size)))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_smaller_tree_is_never_cosigned_also_after_a_restart(witness, make_witness, log, restarted):
    witness.add_checkpoint(log.body(0, 20))
    asked = make_witness() if restarted else witness

    assert asked.add_checkpoint(log.body(0, 10)) == Answer(409, "20\n", "text/x.tlog.size")
    assert asked.add_checkpoint(log.body(10, 20)) == Answer(409, "20\n", "text/x.tlog.size")
    assert asked.add_checkpoint(log.body(20, 10, [])).status == 400
    assert cosigned(asked, log, 30, asked.add_checkpoint(log.body(20, 30)))


def test_a_fork_is_never_cosigned(witness, log):
    witness.add_checkpoint(log.body(0, 20))
    fork = Log(log.key, "fork")

    assert witness.add_checkpoint(fork.body(20, 30)).status == 422
    assert witness.add_checkpoint(fork.body(20, 20)).status == 409
    assert witness.add_checkpoint(log.body(20, 30, [])).status == 422
    assert witness.add_checkpoint(log.body(20, 20, [bytes(32)])).status == 422
    assert witness.add_checkpoint(log.body(20, 30)).status == 200


@pytest.mark.parametrize(
    ("status", "make"),
    [
        (404, lambda log: f"old 0\n\n{log.note(5, 'other.example/log')}".encode()),
        (403, lambda log: Log().body(0, 5)),
        (403, lambda log: log.body(0, 5).replace(b"\n5\n", b"\n6\n")),
        (400, lambda log: b""),
        (400, lambda log: log.body(0, 5).replace(b"old 0", b"old 00")),
        (400, lambda log: log.body(0, 5).replace(b"old 0", b"OLD 0")),
        (400, lambda log: log.body(0, 5).replace(b"old 0\n", b"old 0\nnothing\n")),
        (400, lambda log: log.body(0, 5).replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64)),
        (400, lambda log: b"\xff" + log.body(0, 5)),
        (400, lambda log: log.body(0, 5)[:-1]),
        (422, lambda log: log.body(0, 5, [bytes(32)])),
    ],
)
def test_what_is_no_request_is_refused_as_the_specification_says(witness, log, status, make):
    assert witness.add_checkpoint(make(log)).status == status
    assert witness.add_checkpoint(log.body(0, 5)).status == 200


def test_of_requests_at_the_same_time_one_is_cosigned_and_nothing_goes_back(make_witness, log):
    witnesses = [make_witness() for _ in range(8)]
    sizes = list(range(1, 41)) * 2
    start = threading.Barrier(8)

    def ask(nth: int) -> list[int]:
        start.wait()
        return [
            size for size in sizes[nth::8] if witnesses[nth].add_checkpoint(log.body(0, size)).status == 200
        ]

    with ThreadPoolExecutor(8) as pool:
        won = [size for sizes_won in pool.map(ask, range(8)) for size in sizes_won]

    assert len(won) == 1, "from the empty tree only one request can go on"
    assert witnesses[0]._memory.head(ORIGIN) == Head(won[0], log.tree.root(won[0]))


@contextmanager
def serving(witness: SecondBody):
    server = make_server(witness, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_its_door_speaks_http_and_bounds_what_comes_in(witness, log):
    with serving(witness) as url:
        good = requests.post(f"{url}/add-checkpoint", data=log.body(0, 5), timeout=5)
        known = requests.post(f"{url}/add-checkpoint", data=log.body(0, 4), timeout=5)
        large = requests.post(f"{url}/add-checkpoint", data=b"x" * 100_000, timeout=5)
        other = requests.post(f"{url}/", data=b"", timeout=5)
        told = requests.get(f"{url}/", timeout=5)

    assert (good.status_code, good.text.startswith("— lab.example/w1 ")) == (200, True)
    assert (known.status_code, known.text, known.headers["Content-Type"]) == (409, "5\n", "text/x.tlog.size")
    assert (large.status_code, other.status_code) == (413, 404)
    assert told.text == f"{witness.key}\n"


# ---------------------------------------------------------------------------------- the county that asks


@pytest.fixture
def cosigned_county(settings, tmp_path):
    """A county, and the second body that watches its log; the county is begun anew at each call."""
    county = County(settings)
    origin, key = county.log.key().name, county.log.key()
    county.close()
    return SecondBody(
        name="lab.example/w1",
        signer=SoftwareKey.generate(),
        logs={origin: key},
        memory=Memory(tmp_path / "second.db"),
        now=lambda: NOW,
    )


def with_witness(settings, *witnesses: Witness):
    return County(msgspec.structs.replace(settings, witnesses=witnesses))


def deliver(county: County, device, seen=None) -> str:
    return county.accept(f"{device.lines[-1]}\n".encode(), read_seen(seen or "0")).receipt


def test_a_receipt_brings_the_witnesses_word(settings, cosigned_county, bench, device):
    with serving(cosigned_county) as url:
        county = with_witness(settings, Witness(url, cosigned_county.key))
        receipt = read_receipt(deliver(county, device), county._signer.public_jwk)
        county.close()

    assert verified_by(read_note(receipt.checkpoint), cosigned_county.key) is not None


def test_a_witness_that_is_away_costs_no_receipt_and_is_left_alone(
    settings, cosigned_county, bench, device, mocker
):
    # Nobody listens on port 9 of this machine.
    county = with_witness(settings, Witness("http://127.0.0.1:9", cosigned_county.key))
    asked = mocker.spy(requests.Session, "post")
    for _ in range(3):
        device.check()
        county.accept("".join(f"{line}\n" for line in device.lines).encode(), read_seen("0"))
    county.close()

    assert asked.call_count == 1


def test_a_checkpoint_is_cosigned_later_where_a_witness_was_away(settings, cosigned_county, bench, device):
    away = with_witness(settings)
    deliver(away, device)
    away.close()

    with serving(cosigned_county) as url:
        county = with_witness(settings, Witness(url, cosigned_county.key))
        note = read_note(county.log.checkpoint())
        again = county.log.checkpoint()
        county.close()

    assert verified_by(note, cosigned_county.key) is not None
    assert read_note(again) == note


def test_a_county_that_begins_anew_finds_where_its_witness_stands(settings, cosigned_county, bench, device):
    with serving(cosigned_county) as url:
        for _ in range(3):
            county = with_witness(settings, Witness(url, cosigned_county.key))
            device.check()
            county.accept("".join(f"{line}\n" for line in device.lines).encode())
            note = read_note(county.log.checkpoint())
            county.close()
            assert verified_by(note, cosigned_county.key) is not None


@pytest.mark.parametrize("lie", [b"", b"nonsense\n", "— lab.example/w1 AAAA\n".encode(), b"\xff"])
def test_a_witness_that_lies_costs_no_receipt(settings, cosigned_county, bench, device, lie, mocker):
    mocker.patch.object(cosigned_county, "add_checkpoint", lambda body: Answer(200, lie.decode("latin-1")))
    with serving(cosigned_county) as url:
        county = with_witness(settings, Witness(url, cosigned_county.key))
        receipt = read_receipt(deliver(county, device), county._signer.public_jwk)
        county.close()

    assert len(read_note(receipt.checkpoint).signatures) == 1


@pytest.mark.parametrize("under_its_own_id", [False, True])
def test_a_well_formed_cosignature_by_another_key_counts_for_nothing(
    settings, cosigned_county, bench, device, under_its_own_id
):
    """Given somebody else in the witness's place, then the receipt comes without his word."""
    known, stranger = cosigned_county.key, SoftwareKey.generate()
    cosigned_county._signer = stranger
    if under_its_own_id:
        cosigned_county.key = witness_key(known.name, stranger)
    with serving(cosigned_county) as url:
        county = with_witness(settings, Witness(url, known))
        receipt = read_receipt(deliver(county, device), county._signer.public_jwk)
        county.close()

    assert len(read_note(receipt.checkpoint).signatures) == 1


@pytest.mark.parametrize("bad", ["", "x@http://w", "http://w", "lab+00000000+AAAA@http://w"])
def test_what_names_no_witness_is_refused(bad):
    with pytest.raises(BadWitness):
        read_witness(bad)


def test_a_log_is_no_witness(log, witness):
    assert read_witness(f"{witness.key}@https://lab.example/w1/") == Witness(
        "https://lab.example/w1", witness.key
    )
    for bad in (f"{log.vkey}@https://lab.example", f"{witness.key}@ftp://lab.example", str(witness.key)):
        with pytest.raises(BadWitness):
            read_witness(bad)


# ------------------------------------------------------------------------------------------ the process


def witness_process(state, vkey) -> tuple[subprocess.Popen, str, str]:
    program = [sys.executable, "-m", "county_gateway.witness", "serve", "--state", str(state)]
    process = subprocess.Popen(
        [*program, "--log", str(vkey), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    told = re.fullmatch(r"witness (\S+) at (\S+)\n", process.stdout.readline())
    return process, told[1], told[2]


def test_a_witness_killed_while_it_signs_never_signs_less(tmp_path, log):
    state = tmp_path / "witness"
    begun = subprocess.run(
        [sys.executable, "-m", "county_gateway.witness", "begin", "lab.example/w1", "--state", str(state)],
        capture_output=True,
        text=True,
        check=True,
    )
    signed = 0
    for size in (7, 19, 33):
        process, key, url = witness_process(state, log.vkey)
        try:
            assert key + "\n" == begun.stdout
            answer = requests.post(f"{url}/add-checkpoint", data=log.body(0, 1), timeout=10)
            known = 1 if answer.status_code == 200 else int(answer.text)
            assert known >= signed, "what was cosigned before the kill is remembered"
            answer = requests.post(f"{url}/add-checkpoint", data=log.body(known, size), timeout=10)
            assert answer.status_code == 200
            signed = size
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            process.stdout.close()
