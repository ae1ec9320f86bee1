"""Law packs from outside: whose word counts, what is refused, and what a power cut leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import msgspec
import pytest
from law_cutter import DATA, KEY, PACK, SIGNER, WORD, ledger

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.registry.person import Person, Role
from firmware_app.rules.bounds import MAX_PACK
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import BUILTIN, NoPackInForce, builtin_packs, load_pack, pack_in_force, pack_of
from firmware_app.rules.publisher import publisher_key, sign_pack, statement
from firmware_app.rules.rows import NawiPack, Stage, WeightsPack
from firmware_app.rules.shelf import SHELF, BadShelf, offered, put
from firmware_app.service.law.desk import ADDED, MISSING, UNREADABLE, LawDesk, law_parameters, shelf_packs
from firmware_app.service.messages import Refused
from firmware_app.service.messages.law import LawPackAdded

CUTTER = Path(__file__).with_name("law_cutter.py")
ON = date(2026, 11, 23)
OTHER = SoftwareKey(bytes(range(1, 33)))
WEIGHTS = (BUILTIN / "jjg99-2022.toml").read_bytes()
NAWI = (BUILTIN / "jjg539-2016.v2.toml").read_bytes()
PRICE = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), price_computing=True)
OTHER_SCALE = msgspec.structs.replace(PRICE, price_computing=False)
SCOPE = b"""
[scope]
price_computing = true
max_to_g = "100000"
clause = "JJG 1204-2025: price-computing scales up to 100 kg"
source = "A test"
confidence = "unconfirmed"

[adoption]"""


def signed(data: bytes, signer: SoftwareKey = SIGNER, name: str = "law.example.org") -> bytes:
    pack = load_pack(data)
    return sign_pack(statement(pack.id, pack.version, data), publisher_key(name, signer), signer).encode()


def words_for(pack_id: str, version: str, data: bytes) -> bytes:
    """The publisher's word on bytes that are no good pack."""
    return sign_pack(statement(pack_id, version, data), KEY, SIGNER).encode()


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def entries(book, kind: str) -> list[dict]:
    return [entry.payload.body for entry in book.of_kind(kind, 0)]


def test_an_added_pack_is_in_the_record_before_it_judges(data):
    keeper = Person("007", Role.KEEPER, "Zhaxi")
    told = []
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,), lambda: keeper, lambda source, packs: told.append((source, packs)))
        before = pack_in_force(WeightsPack, ON, desk.packs)

        answer = desk.add(DATA, WORD)

        assert answer == LawPackAdded("jjg99-2022", "2", PACK.sha256, "law.example.org", True)
        assert entries(book, ADDED) == [
            {
                "pack": "jjg99-2022",
                "version": "2",
                "sha256": PACK.sha256,
                "publisher": "law.example.org",
                "source": "added through the running program",
                "by": {"number": "007", "name": "Zhaxi", "role": "keeper"},
            }
        ]
        assert told[0][1]["law.jjg99-2022.2"] == PACK.sha256
        assert pack_in_force(WeightsPack, ON, desk.packs) == PACK
        # The one that judged before is there for its records.
        assert pack_of(WeightsPack, before.id, before.sha256, desk.packs) == before
        assert pack_of(WeightsPack, PACK.id, PACK.sha256, desk.packs) == PACK
        assert shelf_packs(data, book) == desk.packs


def test_a_pack_of_the_county_names_nobody_at_the_screen(data):
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,), lambda: Person("007", Role.KEEPER, "Zhaxi"))
        assert isinstance(desk.add_from_county(DATA, WORD), LawPackAdded)
        (body,) = entries(book, ADDED)
        assert body["source"] == "brought down from the county" and "by" not in body


def test_sent_twice_it_is_added_once(data):
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        desk.add(DATA, WORD)
        assert desk.add(DATA, WORD) == LawPackAdded("jjg99-2022", "2", PACK.sha256, "law.example.org", False)
        assert len(entries(book, ADDED)) == 1


def test_a_pack_that_the_record_names_counts_whoever_is_pinned_today(data):
    with ledger(data) as book:
        LawDesk(book, data, (KEY,)).add(DATA, WORD)
    with ledger(data) as book:
        desk = LawDesk(book, data, (publisher_key("new.example.org", OTHER),))
        desk.start()
        assert PACK in desk.packs and desk.code == ""
        assert len(entries(book, ADDED)) == 1


def test_a_pack_put_on_the_shelf_while_no_program_ran_is_named_and_then_counts(data):
    with pytest.raises(BadShelf, match="start the appliance once"):
        put(data, offered(DATA, WORD, (KEY,)))
    ledger(data).close()
    put(data, offered(DATA, WORD, (KEY,)))
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        assert PACK not in desk.packs, "not before the record names it"
        desk.start()
        assert PACK in desk.packs
        (body,) = entries(book, ADDED)
        assert body["source"] == "found on the shelf" and "by" not in body


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_adds_belongs_to_whom_the_data_belong_to(data):
    data.mkdir()
    os.chown(data, 12345, 12345)
    put(data, offered(DATA, WORD, (KEY,)))
    (file,) = (data / SHELF).iterdir()
    assert {(each.stat().st_uid, each.stat().st_gid) for each in (file, file.parent)} == {(12345, 12345)}


HUGE = WEIGHTS.replace(b'version = "1"', b'version = "2"') + b"\n#" + b"x" * MAX_PACK
WRONG_ROW = DATA.replace(b'M1 = "50"', b'M1 = "51"')
DEEP = b"a = " + b"[" * 5000
ENORMOUS = DATA.replace(b'M1 = "50"', b'M1 = "5E+900000000"')
LARGE = DATA.replace(b'M1 = "50"', b'M1 = "50000000000000"')
LONG = DATA.replace(b'title = "', b'title = "' + b"x" * 700)
UP = DATA.replace(b'id = "jjg99-2022"', b'id = "../../etc/passwd"')
NOUGHT = NAWI.replace(b'version = "2"', b'version = "3"').replace(b'divisor = "3"', b'divisor = "0"')
OTHER_KIND = (
    (BUILTIN / "legal-units-1991.toml")
    .read_bytes()
    .replace(b'id = "legal-units-1991"', b'id = "jjg99-2022"')
    .replace(b'version = "1"', b'version = "3"')
)
CHANGED = WEIGHTS.replace(b'title = "', b'title = "changed ')


@pytest.mark.parametrize(
    ("pack", "word", "words"),
    [
        (DATA, signed(DATA, OTHER, "mine.example.org"), "a key that is not pinned; pinned: law.example.org"),
        # The pinned name, with another key.
        (DATA, signed(DATA, OTHER), "a key that is not pinned"),
        (DATA + b"\n", WORD, "of other bytes than these"),
        (DATA, WORD[:-6] + b"AAAA\n", "signature"),
        (DATA, WORD.replace(b"jjg99-2022", b"jjg99-2023"), "does not fit"),
        (DATA, b"", "signature"),
        (DATA, b"\xff\xfe", "not UTF-8"),
        (DATA, b"x" * 5000, "more than 4096 bytes"),
        (HUGE, WORD, f"at most {MAX_PACK}"),
        (WRONG_ROW, words_for("jjg99-2022", "2", WRONG_ROW), "the vector wants 50"),
        (DEEP, words_for("jjg99-2022", "2", DEEP), "not a TOML file"),
        (b"\xff", words_for("jjg99-2022", "2", b"\xff"), "not UTF-8"),
        (ENORMOUS, words_for("jjg99-2022", "2", ENORMOUS), "no figure of this many places|give a number"),
        (LARGE, words_for("jjg99-2022", "2", LARGE), "no figure of this many places"),
        (LONG, words_for("jjg99-2022", "2", LONG), "at most 600"),
        (UP, words_for("../../etc/passwd", "2", UP), "id: 1 to 48 letters"),
        (NOUGHT, words_for("jjg539-2016", "3", NOUGHT), "cannot be evaluated|above zero"),
        (DATA, words_for("jjg99-2022", "3", DATA), "signature: of jjg99-2022 version 3; the pack is"),
        (OTHER_KIND, signed(OTHER_KIND), "that name belongs to rules on another matter"),
        (CHANGED, signed(CHANGED), "is there with other bytes .* a changed pack gets a higher version"),
    ],
)
def test_what_is_refused_is_refused_in_words_and_changes_nothing(data, pack, word, words):
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        seq = book.head.seq

        answer = desk.add(pack, word)

        assert isinstance(answer, Refused) and re.search(words, answer.words), answer
        assert desk.packs == builtin_packs() and book.head.seq == seq
        assert not (data / SHELF).exists()


def test_without_a_pinned_publisher_nobody_is_believed(data):
    with ledger(data) as book:
        answer = LawDesk(book, data, ()).add(DATA, WORD)
        assert isinstance(answer, Refused) and "no law publisher is pinned" in answer.words


def test_one_name_and_version_has_one_text_for_ever(data):
    changed = DATA.replace(b'title = "', b'title = "changed ')
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        desk.add(DATA, WORD)
        answer = desk.add(changed, signed(changed))
        assert isinstance(answer, Refused) and "other bytes" in answer.words


def test_where_the_record_cannot_be_written_nothing_stays_on_the_shelf(data, mocker):
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        mocker.patch.object(book, "append", side_effect=StoreFailed("disk_full", "the disk is full"))

        answer = desk.add(DATA, WORD)

        assert answer == Refused("disk_full", "the disk is full")
        assert PACK not in desk.packs and list((data / SHELF).iterdir()) == []


@pytest.mark.parametrize("harm", ["gone", "damaged", "emptied"])
def test_a_pack_that_was_judged_by_and_is_lost_stops_judging_until_it_is_put_back(data, harm):
    with ledger(data) as book:
        LawDesk(book, data, (KEY,)).add(DATA, WORD)
    (file,) = (data / SHELF).iterdir()
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes().replace(b'M1 = "50"', b'M1 = "90"') if harm == "damaged" else b"")

    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        desk.start()
        desk.start()
        assert desk.code == MISSING and [each.pack for each in desk.missing] == ["jjg99-2022"]
        assert len(entries(book, UNREADABLE)) == (harm != "gone"), "told once"

        answer = desk.add(DATA, WORD)

        assert isinstance(answer, LawPackAdded) and desk.code == ""
        assert len(entries(book, ADDED)) == 1, "it was named before"


def test_a_strange_file_on_the_shelf_takes_nothing_else_with_it(data):
    with ledger(data) as book:
        LawDesk(book, data, (KEY,)).add(DATA, WORD)
        (data / SHELF / "aaa_1.law").write_bytes(b"\x00" * 100)
        desk = LawDesk(book, data, (KEY,))
        desk.start()
        assert PACK in desk.packs and desk.code == ""
        (body,) = entries(book, UNREADABLE)
        assert body["file"] == "aaa_1.law"


def test_the_pack_in_force_on_the_day_judges(data):
    """A text of 2030 judges from its first day, and its rows before that no load."""
    later = NAWI.replace(b'version = "2"', b'version = "3"').replace(
        b"effective = 2017-05-30", b"effective = 2030-01-01"
    )
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        assert isinstance(desk.add(later, signed(later)), LawPackAdded)
        assert pack_in_force(NawiPack, date(2029, 12, 31), desk.packs).version == "2"
        assert pack_in_force(NawiPack, date(2030, 1, 1), desk.packs).version == "3"


def test_a_pack_about_price_computing_scales_takes_them_over_without_code(data):
    """What is to come: the rows of JJG 1204-2025, once somebody has read them."""
    own = (
        NAWI.replace(b'id = "jjg539-2016"', b'id = "jjg1204-2025-limits"')
        .replace(b'version = "2"', b'version = "1"')
        .replace(b"effective = 2017-05-30", b"effective = 2027-01-08")
        .replace(b"\n[adoption]", SCOPE, 1)
    )
    start = own.index(b"[[handovers]]")
    own = own[:start] + own[own.index(b"# ----", start) :]
    day = date(2027, 1, 8)
    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        old = pack_in_force(NawiPack, day, desk.packs, PRICE)
        assert mpe(old, PRICE, D(1000), Stage.INITIAL, day).superseded_by == "JJG 1204-2025"

        answer = desk.add(own, signed(own))

        assert isinstance(answer, LawPackAdded), answer
        new = pack_in_force(NawiPack, day, desk.packs, PRICE)
        assert new.id == "jjg1204-2025-limits"
        assert mpe(new, PRICE, D(1000), Stage.INITIAL, day).superseded_by == ""
        assert pack_in_force(NawiPack, day, desk.packs, OTHER_SCALE).id == "jjg539-2016"
        assert pack_in_force(NawiPack, day, desk.packs).id == "jjg539-2016"
        assert pack_in_force(NawiPack, date(2027, 1, 7), desk.packs, PRICE).id == "jjg539-2016"


def test_versions_count_as_numbers():
    tenth = load_pack(WEIGHTS.replace(b'version = "1"', b'version = "10"'))
    ninth = load_pack(WEIGHTS.replace(b'version = "1"', b'version = "9.9"'))
    assert pack_in_force(WeightsPack, ON, (tenth, ninth)) is tenth
    assert pack_in_force(WeightsPack, ON, (ninth, tenth)) is tenth
    with pytest.raises(NoPackInForce):
        pack_in_force(WeightsPack, date(2020, 1, 1), (ninth, tenth))


def test_parameters_name_every_pack_and_the_delivered_one_where_two_bear_one_name():
    twin = msgspec.structs.replace(builtin_packs()[0], sha256="00")
    names = law_parameters((*builtin_packs(), twin))
    assert names[f"law.{twin.id}.{twin.version}"] == builtin_packs()[0].sha256
    assert len(names) == len(builtin_packs())


def cuts(every: int) -> list[dict]:
    done = subprocess.run(
        [sys.executable, str(CUTTER), str(every)], capture_output=True, text=True, timeout=100, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(found: list[dict]) -> None:
    for cut in found:
        assert cut["whole"], "no half pack ever lies there"
        assert cut["lay"] == cut["after"], "what lies there counts from the next start, and nothing else does"
        assert cut["lay"] or not cut["before"], "nothing counts that is not there"
        assert cut["missing"] == 0, "the record never names what is not there"
        assert cut["again"] and cut["named_once"], "added again it is there, and named once"
        assert cut["parts"] == 0, "no litter"
    assert not found[-1]["killed"] and found[-1]["before"]
    assert {cut["before"] for cut in found} == {False, True}


def test_a_power_cut_while_a_pack_is_added_leaves_the_old_or_the_new():
    check(cuts(every=17))


@pytest.mark.slow
def test_a_power_cut_at_every_line_while_a_pack_is_added_leaves_the_old_or_the_new():
    started = time.monotonic()
    found = cuts(every=1)
    check(found)
    assert len(found) > 150, f"{len(found)} cuts in {time.monotonic() - started:.0f} s"
