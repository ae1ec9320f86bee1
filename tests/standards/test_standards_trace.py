"""From a weight to all that rests on it: by an index that may be lost, damaged or of another chain."""

import json

import apsw
import pytest
from records import (
    CERTIFICATE,
    CONTROL_ID,
    HEAVY_ID,
    KILO_ID,
    calibration,
    control_body,
    controlled,
    opened,
    visit_body,
)

from firmware_app.calibrating.record import change, values
from firmware_app.procedures.prompts import Way
from firmware_app.standards.trace import NAME, Trace
from firmware_app.standards.uses import What, uses_of, weights_of_calibration


@pytest.fixture
def record(tmp_path):
    """Entries 2 to 6: a calibration, a check of the pan, self-checks by weights and by goods, a start."""
    with opened(tmp_path) as ledger:
        ledger.append("calibration", change(None, values(calibration(), "0" * 64)))
        ledger.append("control_check", control_body())
        ledger.append("self_check", visit_body())
        ledger.append("self_check", visit_body(way=Way.GOODS, controlled=controlled(3)))
        ledger.append("start", {"calibration_values": values(calibration(), "0" * 64)})
        yield ledger


def found(trace, what, name):
    trace.update()
    return [(each.seq, each.by.value) for each in trace.resting_on(what, name)]


def test_every_way_from_a_weight_to_a_verdict_is_found(record, tmp_path):
    with Trace.open(record, tmp_path / NAME) as trace:
        assert found(trace, What.WEIGHT, CONTROL_ID) == [
            (3, "weight"),
            (4, "weight"),
            (5, "control_check"),
        ]
        assert found(trace, What.WEIGHT, HEAVY_ID) == [(2, "weight"), (4, "weight"), (5, "calibration")]
        assert found(trace, What.WEIGHT, KILO_ID) == [(4, "weight")]
        assert [seq for seq, _ in found(trace, What.SET, "DEMO-M1")] == [3, 4, 5]
        assert [seq for seq, _ in found(trace, What.CERTIFICATE, CERTIFICATE)] == [2, 3, 4, 5]
        assert found(trace, What.WEIGHT, "another") == []
        traced = {each.seq: each for each in trace.resting_on(What.WEIGHT, CONTROL_ID)}
        assert (traced[3].verdict, traced[4].verdict, traced[4].kind) == (
            "in_control",
            "conforms",
            "self_check",
        )
        assert trace.counts(What.WEIGHT)[KILO_ID] == 1


def test_a_start_that_says_nothing_new_of_the_calibration_is_not_told_twice(record, tmp_path):
    with Trace.open(record, tmp_path / NAME) as trace:
        trace.update()
        assert trace.telling_of("cal-test-1") == (2,)
        other = values(calibration(weights=(HEAVY_ID, KILO_ID)), "1" * 64)
        record.append("calibration_changed", {"old": None, "new": other})
        assert trace.read_to != record.head_seq
        trace.update()
        assert trace.telling_of("cal-test-1") == (2, 7)


def test_it_grows_in_steps_and_goes_on_where_it_was(record, tmp_path):
    with Trace.open(record, tmp_path / NAME) as trace:
        assert not trace.update(2)
        assert trace.read_to == 2
    with Trace.open(record, tmp_path / NAME) as trace:
        assert trace.read_to == 2
        while not trace.update(1):
            pass
        assert trace.read_to == record.head_seq
        assert found(trace, What.WEIGHT, KILO_ID) == [(4, "weight")]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:64] + b"\xff\xff\xff\xff" + path.read_bytes()[68:]),
    ],
    ids=["deleted", "empty", "nonsense", "cut off", "another version"],
)
def test_a_lost_or_damaged_index_is_made_of_the_ledger_again(record, tmp_path, spoil):
    path = tmp_path / NAME
    with Trace.open(record, path) as trace:
        trace.update()
    spoil(path)
    with Trace.open(record, path) as trace:
        assert [seq for seq, _ in found(trace, What.WEIGHT, HEAVY_ID)] == [2, 4, 5]


def test_the_index_of_another_chain_is_never_believed(record, tmp_path):
    path = tmp_path / NAME
    with Trace.open(record, path) as trace:
        trace.update()
    with opened(tmp_path / "other") as other:
        other.append("start", {})
        with Trace.open(other, path) as trace:
            assert trace.read_to == 0
            assert found(trace, What.WEIGHT, HEAVY_ID) == []


def test_where_nothing_may_be_written_it_is_kept_in_memory(record, tmp_path):
    with Trace.open(record, tmp_path / "no" / "such" / "directory" / NAME) as trace:
        assert [seq for seq, _ in found(trace, What.WEIGHT, HEAVY_ID)] == [2, 4, 5]


def test_an_index_that_another_process_holds_is_left_as_it_is(record, tmp_path, monkeypatch):
    path = tmp_path / NAME
    with Trace.open(record, path) as trace:
        trace.update()
    monkeypatch.setattr("firmware_app.standards.trace.BUSY_MS", 10)
    holder = apsw.Connection(str(path))
    holder.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
    before = path.stat().st_ino
    with Trace.open(record, path) as trace:
        assert [seq for seq, _ in found(trace, What.WEIGHT, HEAVY_ID)] == [2, 4, 5]
    holder.close(True)
    assert path.stat().st_ino == before


@pytest.mark.parametrize(
    ("kind", "body", "names"),
    [
        ("self_check", {}, set()),
        ("self_check", {"weights": "many", "pan": 7, "weight": []}, set()),
        ("self_check", {"weights": [{"id": 5}, {"id": "w"}, "x", {}]}, {"w"}),
        ("fair_weighing", {"pan": {"calibration": "c", "control": {"entry": 9}}}, {"c", "9"}),
        ("self_check", {"way": "weights", "pan": {"calibration": "c", "control": {"entry": 9}}}, set()),
        ("self_check", {"pan": {"calibration": "", "control": {"entry": 0}}}, set()),
        ("control_check", {"procedure": "control_check", "weight": {"id": "w", "set": ""}}, {"w"}),
        ("control_check", {"procedure": "control_check", "pan": {"calibration": "c"}}, set()),
        ("start", {"calibration": "c"}, set()),
        ("start", {"calibration_values": {"id": "c", "weights": ["w to 2027-01-01", "odd"]}}, {"c", "w"}),
        ("calibration", {"new": {"id": "c", "weights": ["a to b to 2027-01-01"]}}, {"c", "a to b"}),
        ("calibration", {"new": {"id": "c", "weights": ["w to x"], "certificates": {"w": "Z"}}}, set("cwZ")),
        ("calibration", {"new": None}, set()),
        ("parameters_changed", {"changes": []}, set()),
    ],
)
def test_what_a_body_rests_on(kind, body, names):
    assert {use.name for use in uses_of(kind, body)} == names


def test_a_calibration_says_until_when_its_weights_were_valid():
    told = values(calibration(), "0" * 64)
    assert list(weights_of_calibration(told)) == [(HEAVY_ID, "2027-10-31", CERTIFICATE)]
    json.dumps(told)
