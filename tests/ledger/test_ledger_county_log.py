"""The device and the county's log: it goes on from what was seen, or an entry says that it did not."""

from __future__ import annotations

import pytest

from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.log import ALARM_KIND
from firmware_app.ledger.county.merkle import entry_leaf, leaf_hash, node_hash
from firmware_app.ledger.county.note import Checkpoint, Note, NoteSignature, b64encode, log_key
from firmware_app.ledger.county.receipt import LoggedReceipt, make_receipt
from firmware_app.ledger.errors import BadReceipt, LogInconsistent
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey

LATER = "2026-03-01T10:00:00+08:00"


def path(leaves: list[bytes], index: int) -> list[bytes]:
    """The audit path, written down as RFC 6962 2.1.1 has it."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*path(leaves[:split], index), root(leaves[split:])]
    return [*path(leaves[split:], index - split), root(leaves[:split])]


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def proof(leaves: list[bytes], old: int, whole: bool = True) -> list[bytes]:
    """The consistency proof, written down as RFC 6962 2.1.2 has it."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if old <= split:
        return [*proof(leaves[:split], old, whole), root(leaves[split:])]
    return [*proof(leaves[split:], old - split, False), root(leaves[:split])]


class Log:
    """A county's log in a list, which may be told to lie."""

    def __init__(self, key: SoftwareKey, origin: str = "county.example/log") -> None:
        self.key, self.origin = key, origin
        self.leaves: list[bytes] = []

    def others(self, count: int) -> None:
        self.leaves += [leaf_hash(len(self.leaves).to_bytes(4, "big") + bytes([n])) for n in range(count)]

    def note(self, size: int | None = None) -> str:
        text = Checkpoint(self.origin, size or len(self.leaves), root(self.leaves[:size])).text()
        key = log_key(self.origin, self.key.public_jwk)
        return str(Note(text, (NoteSignature(key.name, key.id, self.key.sign(text.encode())),)))

    def receipt(self, ledger, seq: int, since: int = 0, **changes: object) -> str:
        """The receipt upon an entry, which is logged where it was not."""
        entry = ledger.entry(seq).hash
        if entry_leaf(entry) not in self.leaves:
            self.leaves.append(entry_leaf(entry))
        index = self.leaves.index(entry_leaf(entry))
        fields = {
            "device": ledger.device,
            "seq": seq,
            "entry": entry,
            "at": "2026-03-01T09:00:00+08:00",
            "county": "天祝县",
            "index": index,
            "inclusion": tuple(map(b64encode, path(self.leaves, index))),
            "checkpoint": self.note(),
            "since": since,
            "consistency": tuple(map(b64encode, proof(self.leaves, since))) if since else (),
        }
        return make_receipt(self.key, LoggedReceipt(**{**fields, **changes}))


@pytest.fixture
def log(county_key):
    kept = Log(county_key)
    kept.others(5)
    return kept


def alarms(ledger) -> list[dict]:
    return [entry.payload.body for entry in ledger.of_kind(ALARM_KIND, 0)]


def grown(ledger, log: Log) -> None:
    """A first receipt is kept, and then everybody delivers more."""
    ledger.keep_receipt(log.receipt(ledger, 2))
    ledger.append("self_check", {"verdict": "conforms"})
    log.others(7)


def test_a_log_that_grows_is_followed_and_outlives_a_restart(enrolled, log, data, clock):
    assert enrolled.log_seen() is None
    grown(enrolled, log)
    enrolled.keep_receipt(log.receipt(enrolled, 3, since=6))
    enrolled.close()

    with open_ledger(data, clock=clock, software="ab" * 32) as ledger:
        assert ledger.log_seen().claim == "14 county.example/log"
        assert ledger.verify().receipts == 2
        assert alarms(ledger) == []


def test_a_log_that_went_back_is_refused_and_written_down_once(enrolled, log):
    grown(enrolled, log)
    enrolled.keep_receipt(log.receipt(enrolled, 3, since=6))
    kept = enrolled.log_seen()
    enrolled.append("self_check", {"verdict": "conforms"})
    log.leaves = log.leaves[:6]

    for _ in range(3):
        with pytest.raises(LogInconsistent, match="smaller than it was") as caught:
            enrolled.keep_receipt(log.receipt(enrolled, 4, since=0, at=LATER))

    assert caught.value.cause == "went_back"
    (alarm,) = alarms(enrolled)
    assert (alarm["cause"], alarm["kept"], alarm["receipt"]) == ("went_back", str(kept.note), 4)
    assert alarm["seen"] == log.note()
    assert enrolled.receipted == 3
    assert enrolled.log_seen() == kept


@pytest.mark.parametrize("same_size", [True, False])
def test_a_log_that_forked_is_refused_and_written_down(enrolled, log, same_size):
    grown(enrolled, log)
    log.leaves = [leaf_hash(b"another past"), *log.leaves[1:5]]
    if not same_size:
        log.others(9)

    with pytest.raises(LogInconsistent, match="another one than it was"):
        enrolled.keep_receipt(log.receipt(enrolled, 3, since=0 if same_size else 6, at=LATER))

    assert [alarm["cause"] for alarm in alarms(enrolled)] == ["forked"]


def test_a_proof_that_begins_elsewhere_is_none(enrolled, log):
    grown(enrolled, log)

    with pytest.raises(LogInconsistent, match="does not show"):
        enrolled.keep_receipt(log.receipt(enrolled, 3, since=0))

    assert [alarm["cause"] for alarm in alarms(enrolled)] == ["not_proven"]


def test_a_county_that_has_begun_another_log_is_written_down_and_believed(enrolled, log, county_key):
    grown(enrolled, log)
    other = Log(county_key, "county.example/log2")

    enrolled.keep_receipt(other.receipt(enrolled, 3))

    assert [alarm["cause"] for alarm in alarms(enrolled)] == ["replaced"]
    assert enrolled.log_seen().claim == "1 county.example/log2"


def test_a_county_that_keeps_its_log_back_is_written_down(enrolled, log, give_receipt, county_key):
    grown(enrolled, log)

    enrolled.keep_receipt(give_receipt(enrolled, 3, county_key))

    assert [alarm["cause"] for alarm in alarms(enrolled)] == ["withheld"]
    assert enrolled.receipted == 3
    assert enrolled.log_seen().claim == "6 county.example/log"


def test_another_county_may_keep_another_log_or_none(enrolled, log, data, give_receipt):
    grown(enrolled, log)
    key = SoftwareKey.generate()
    county = County(county="邻县", url="https://other.example", jwk=key.public_jwk)
    join_county(data, enrolled, county)

    enrolled.keep_receipt(give_receipt(enrolled, 4, key, county="邻县"))
    enrolled.append("self_check", {"verdict": "conforms"})
    enrolled.keep_receipt(Log(key, "other.example/log").receipt(enrolled, 5, county="邻县"))

    assert alarms(enrolled) == []


def test_a_receipt_that_was_overtaken_on_the_way_is_no_lie(enrolled, log):
    enrolled.append("self_check", {"verdict": "conforms"})
    enrolled.append("self_check", {"verdict": "conforms"})
    carried = log.receipt(enrolled, 4)
    log.others(3)
    enrolled.keep_receipt(log.receipt(enrolled, 3, at=LATER))

    with pytest.raises(BadReceipt, match="later one"):
        enrolled.keep_receipt(carried)

    assert alarms(enrolled) == []


def test_the_same_receipt_kept_twice_changes_nothing(enrolled, log):
    receipt = log.receipt(enrolled, 2)

    enrolled.keep_receipt(receipt)
    log.others(4)
    enrolled.keep_receipt(receipt)

    assert alarms(enrolled) == []
    assert enrolled.verify().receipts == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 0},
        {"index": 6},
        {"inclusion": ()},
        {"inclusion": ("A" * 43 + "=",) * 3},
        {"inclusion": ("A" * 44,)},
        {"checkpoint": "county.example/log\n6\n" + "A" * 43 + "=\n"},
        {"entry": "0" * 64},
        {"consistency": ("no base64",)},
    ],
)
def test_a_receipt_that_does_not_show_its_place_is_refused(enrolled, log, changes):
    with pytest.raises(BadReceipt):
        enrolled.keep_receipt(log.receipt(enrolled, 2, **changes))

    assert alarms(enrolled) == []
    assert enrolled.receipted == 0


def test_a_true_place_under_a_checkpoint_that_the_log_has_not_signed_is_none(enrolled, log):
    """Without the county's signature a checkpoint shows nobody what the county has said."""
    log.receipt(enrolled, 2)
    stranger = Log(SoftwareKey.generate(), log.origin)
    stranger.leaves = log.leaves

    with pytest.raises(BadReceipt, match="not signed by its log"):
        enrolled.keep_receipt(log.receipt(enrolled, 2, checkpoint=stranger.note()))


def test_nobody_but_the_county_can_raise_an_alarm(enrolled, log):
    grown(enrolled, log)
    stranger = Log(SoftwareKey.generate())
    stranger.others(1)

    # Another's receipt, and the county's receipt around another's checkpoint.
    for bad in (
        stranger.receipt(enrolled, 3),
        log.receipt(enrolled, 3, since=6, checkpoint=stranger.note()),
    ):
        with pytest.raises(BadReceipt) as caught:
            enrolled.keep_receipt(bad)
        assert not isinstance(caught.value, LogInconsistent)

    assert alarms(enrolled) == []
