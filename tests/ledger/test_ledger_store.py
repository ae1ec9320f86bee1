"""The store: saved is saved, once, in order, and whatever fails leaves nothing half."""

from __future__ import annotations

import sqlite3

import apsw
import pytest

from firmware_app.ledger.chain import verify
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.errors import (
    BadBody,
    BadFormat,
    BadReceipt,
    BadSignature,
    KeyFileError,
    LedgerError,
    LedgerInUse,
    NewerLedger,
    NotEnrolled,
    StoreFailed,
    WrongKey,
)
from firmware_app.ledger.home import join_county, open_ledger, read_county, read_ledger
from firmware_app.ledger.signing.signer import SoftwareKey, create_key

SOFTWARE = "ab" * 32


def reopened(data, clock, **options):
    return open_ledger(data, clock=clock, software=SOFTWARE, **options)


# ------------------------------------------------------------------------------------------- entries


def test_a_new_ledger_begins_with_the_key_that_signs_it(ledger):
    genesis = ledger.entry(1)

    assert genesis.payload.kind == "genesis"
    assert genesis.payload.device == ledger.device == "KIOSK-7"
    assert genesis.payload.body["jwk"]["x"] == ledger.key.x
    assert ledger.head_seq == 1


def test_entries_continue_the_chain_across_openings(data, clock):
    with reopened(data, clock, device="KIOSK-7") as ledger:
        ledger.append("start", {"n": 1})
    with reopened(data, clock) as ledger:
        ledger.append("start", {"n": 2})
        texts = list(ledger.all_lines())

    chain = verify(texts)
    assert (chain.device, chain.head.seq) == ("KIOSK-7", 3)


def test_an_entry_says_when_how_sure_and_by_which_software(ledger):
    payload = ledger.append("start", {}).payload

    assert payload.at == "2026-03-01T08:00:02.000+00:00"
    assert payload.clock == "synchronised"
    assert payload.software == SOFTWARE
    assert payload.uptime_ns == 2_000_000_000


def test_a_device_without_a_name_is_named_after_its_key(data, clock):
    with reopened(data, clock) as ledger:
        first = ledger.device
    with reopened(data, clock) as ledger:
        assert ledger.device == first
    assert first.startswith("steelyard-")


def test_pages_are_bounded_by_number_and_size(ledger):
    for _ in range(5):
        ledger.append("note", {"x": "a" * 1000})

    assert [entry.seq for entry in ledger.entries(2, 3)] == [3, 4, 5]
    assert len(ledger.lines(1, 500, max_bytes=4500)) == 2
    assert len(ledger.lines(1, 500, max_bytes=1)) == 1
    assert ledger.lines(6, 10) == ()


@pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, 0), (0, 501)])
def test_a_page_out_of_bounds_is_refused(ledger, after, limit):
    with pytest.raises(BadFormat):
        ledger.lines(after, limit)


def test_a_body_that_cannot_be_recorded_leaves_nothing(ledger):
    with pytest.raises(BadBody):
        ledger.append("note", {"x": float("nan")})

    assert ledger.head_seq == 1
    assert ledger.append("note", {}).seq == 2


# -------------------------------------------------------------------------------------------- visits


def test_a_visit_is_open_until_its_outcome(ledger):
    ledger.keep_visit("v1", "self_check", b"one")
    ledger.keep_visit("v1", "self_check", b"two")
    assert ledger.open_visit().state == b"two"

    entry = ledger.append("self_check", {"verdict": "conforms"}, visit="v1")

    assert ledger.open_visit() is None
    assert ledger.entry_of("v1") == entry


def test_the_same_visit_is_saved_once(ledger):
    first = ledger.append("self_check", {"verdict": "conforms"}, visit="v1")
    again = ledger.append("self_check", {"verdict": "does_not_conform"}, visit="v1")

    assert again == first
    assert ledger.head_seq == 2


def test_a_visit_that_is_over_does_not_come_back(ledger):
    ledger.append("self_check", {"verdict": "conforms"}, visit="v1")
    ledger.keep_visit("v1", "self_check", b"late")

    assert ledger.open_visit() is None


def test_the_outcome_of_one_visit_leaves_another_open(ledger):
    ledger.keep_visit("v2", "self_check", b"x")
    ledger.append("self_check", {}, visit="v1")
    ledger.drop_visit("v1")

    assert ledger.open_visit().visit == "v2"
    ledger.drop_visit("v2")
    assert ledger.open_visit() is None


def test_an_open_visit_survives_the_process(data, clock):
    with reopened(data, clock) as ledger:
        ledger.keep_visit("v1", "self_check", b"\x00state")
    with reopened(data, clock) as ledger:
        kept = ledger.open_visit()

    assert (kept.visit, kept.kind, kept.state) == ("v1", "self_check", b"\x00state")


@pytest.mark.parametrize(("visit", "state"), [("", b""), ("v" * 65, b""), ("v", b"x" * 300_000)])
def test_a_visit_out_of_bounds_is_refused(ledger, visit, state):
    with pytest.raises(BadFormat):
        ledger.keep_visit(visit, "self_check", state)


# ------------------------------------------------------------------------------------------ receipts


def test_a_true_receipt_moves_the_cursor_once(enrolled, county_key, give_receipt):
    receipt = give_receipt(enrolled, 2, county_key)

    enrolled.keep_receipt(receipt)
    enrolled.keep_receipt(receipt)
    enrolled.keep_receipt(give_receipt(enrolled, 1, county_key))

    assert enrolled.receipted == 2
    assert enrolled.verify().receipts == 2


def test_the_first_receipt_for_an_entry_stays(enrolled, county_key, give_receipt):
    first = give_receipt(enrolled, 2, county_key)
    enrolled.keep_receipt(first)
    enrolled.keep_receipt(give_receipt(enrolled, 2, county_key, at="2027-01-01T00:00:00Z"))

    assert list(enrolled.receipt_lines()) == [first]


def test_a_receipt_that_is_not_the_countys_word_is_refused(enrolled, county_key, give_receipt):
    wrong = [
        give_receipt(enrolled, 2, SoftwareKey.generate()),
        give_receipt(enrolled, 2, county_key, device="KIOSK-8"),
        give_receipt(enrolled, 2, county_key, entry="ab" * 32),
        give_receipt(enrolled, 1, county_key, seq=2),
        give_receipt(enrolled, 3, county_key),
        give_receipt(enrolled, 2, county_key)[:-4] + "AAAA",
        enrolled.entry(2).jws,
        "",
        "x" * 100_000,
    ]
    for receipt in wrong:
        with pytest.raises(BadReceipt):
            enrolled.keep_receipt(receipt)
    assert enrolled.receipted == 0


def test_no_receipt_counts_before_a_county_was_joined(ledger, county_key, give_receipt):
    with pytest.raises(BadReceipt, match="no county"):
        ledger.keep_receipt(give_receipt(ledger, 1, county_key))


def test_receipts_of_a_former_county_stay_good(enrolled, data, county_key, give_receipt):
    enrolled.keep_receipt(give_receipt(enrolled, 2, county_key))
    new_key = SoftwareKey.generate()
    join_county(data, enrolled, County(county="武威", url="https://new.example", jwk=new_key.public_jwk))
    enrolled.keep_receipt(give_receipt(enrolled, 3, new_key))

    assert enrolled.verify().receipted == 3
    assert enrolled.county.county == read_county(data).county == "武威"


def test_joining_the_same_county_twice_is_one_entry(enrolled, data):
    join_county(data, enrolled, enrolled.county)

    assert enrolled.head_seq == 2


def test_a_lost_card_of_the_county_is_written_again(enrolled, data, clock):
    county = enrolled.county
    enrolled.close()
    (data / "county.json").unlink()
    with pytest.raises(NotEnrolled):
        read_county(data)

    reopened(data, clock).close()

    assert read_county(data) == county


# ------------------------------------------------------------------------------------- what may fail


def test_a_full_disk_saves_nothing_and_says_so(ledger):
    ledger.keep_visit("v1", "self_check", b"x")
    pages = ledger._connection.pragma("page_count")
    ledger._connection.pragma("max_page_count", pages + 8)

    with pytest.raises(StoreFailed) as caught:
        for number in range(200):
            saved = ledger.append("note", {"number": number, "x": "a" * 2000})
    assert caught.value.code == "disk_full"
    full_at = saved.seq
    with pytest.raises(StoreFailed):
        ledger.append("self_check", {"x": "a" * 20_000}, visit="v1")

    assert ledger.head_seq == full_at
    assert ledger.open_visit().visit == "v1"
    assert ledger.verify().head.seq == full_at
    ledger._connection.pragma("max_page_count", 100_000)
    assert ledger.append("self_check", {}, visit="v1").seq == full_at + 1


def test_a_signature_that_does_not_fit_is_never_saved(ledger, monkeypatch):
    ledger.keep_visit("v1", "self_check", b"x")
    real = ledger._signer

    class Faulty:
        alg, kid, public_jwk = real.alg, real.kid, real.public_jwk

        def sign(self, message):
            return bytes([real.sign(message)[0] ^ 1]) + real.sign(message)[1:]

    with monkeypatch.context() as faulty:
        faulty.setattr(ledger, "_signer", Faulty())
        with pytest.raises(BadSignature):
            ledger.append("self_check", {}, visit="v1")

    assert ledger.open_visit().visit == "v1"
    assert ledger.append("self_check", {}, visit="v1").seq == 2
    assert ledger.verify().head.seq == 2


def test_a_read_only_ledger_says_so(ledger):
    ledger._connection.pragma("query_only", True)

    with pytest.raises(StoreFailed) as caught:
        ledger.append("note", {})
    assert caught.value.code == "read_only"
    assert ledger.head_seq == 1


def test_a_second_writer_is_refused(ledger, data, clock):
    with pytest.raises(LedgerInUse, match="another process"):
        reopened(data, clock)


def test_readers_look_on_while_the_writer_works(ledger, data):
    with read_ledger(data) as reader:
        ledger.append("note", {})
        assert reader.head_seq == 2
        assert reader.verify().head.seq == 2


def test_a_reader_cannot_write(ledger, data):
    with read_ledger(data) as reader, pytest.raises(apsw.ReadOnlyError):
        reader._connection.execute("DELETE FROM receipts")


def test_nothing_there_is_said_in_words(tmp_path):
    with pytest.raises(StoreFailed, match="no ledger"):
        read_ledger(tmp_path)


def test_entries_cannot_be_changed_through_the_database(ledger):
    for statement in ("DELETE FROM entries", "UPDATE entries SET jws = ''"):
        with pytest.raises(apsw.ConstraintError):
            ledger._connection.execute(statement)


def tampered(data, *statements):
    with sqlite3.connect(data / "ledger.db") as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 1",
        "UPDATE entries SET jws = replace(jws, '.', '.A') WHERE seq = 4",
        "UPDATE entries SET jws = (SELECT jws FROM entries WHERE seq = 3) WHERE seq = 4",
        "UPDATE entries SET hash = 'x' WHERE seq = 4",
        "UPDATE entries SET jws = (SELECT jws FROM entries WHERE seq = 2) WHERE seq = 3",
    ],
)
def test_a_ledger_changed_from_outside_is_found_out(data, clock, statement):
    with reopened(data, clock) as ledger:
        for number in range(3):
            ledger.append("note", {"number": number})
    tampered(data, statement)

    # what opening does not look at, the full verification does
    with pytest.raises(LedgerError), reopened(data, clock) as ledger:
        ledger.verify()


def test_a_cut_off_tail_is_found_by_nobody_but_the_county(data, clock):
    with reopened(data, clock) as ledger:
        ledger.append("note", {})
        ledger.append("note", {})
    tampered(data, "DELETE FROM entries WHERE seq = 3")

    with reopened(data, clock) as ledger:
        assert ledger.verify().head.seq == 2


def test_a_newer_ledger_is_left_alone(data, clock):
    reopened(data, clock).close()
    tampered(data, "PRAGMA user_version = 99")

    for opening in (lambda: reopened(data, clock), lambda: read_ledger(data)):
        with pytest.raises(NewerLedger, match="update the program"):
            opening()


def test_another_database_is_left_alone(data, clock):
    data.mkdir()
    create_key(data / "device.key")
    with sqlite3.connect(data / "ledger.db") as connection:
        connection.execute("CREATE TABLE mine (x)")

    with pytest.raises(StoreFailed, match="not a ledger") as caught:
        reopened(data, clock)
    assert caught.value.code == "damaged"


def test_a_file_that_is_no_database_is_left_alone(data, clock):
    data.mkdir()
    create_key(data / "device.key")
    (data / "ledger.db").write_bytes(b"not a database, " * 300)

    with pytest.raises(StoreFailed) as caught:
        reopened(data, clock)
    assert caught.value.code == "damaged"


def test_a_ledger_without_its_key_gets_no_new_one(data, clock):
    reopened(data, clock).close()
    (data / "device.key").unlink()

    with pytest.raises(KeyFileError, match="restore the key"):
        reopened(data, clock)
    assert not (data / "device.key").exists()


def test_a_ledger_of_another_key_or_device_is_refused(data, clock):
    reopened(data, clock, device="KIOSK-7").close()

    with pytest.raises(BadFormat, match="KIOSK-7"):
        reopened(data, clock, device="KIOSK-8")
    (data / "device.key").unlink()
    create_key(data / "device.key")
    with pytest.raises((WrongKey, BadSignature)):
        reopened(data, clock)


def test_the_lock_is_free_again_after_a_failed_opening(data, clock):
    reopened(data, clock, device="KIOSK-7").close()
    with pytest.raises(BadFormat):
        reopened(data, clock, device="KIOSK-8")

    reopened(data, clock).close()
