"""The recording format: exact round trips, hostile files refused with file and line, replay as a driver."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import (
    BadOption,
    DriverUnavailable,
    EndOfRecording,
    Fault,
    LoadCellError,
    Sample,
)
from hardware.loadcell.recording import ReplayLoadCell, open_driver
from hardware.loadcell.recording_format import BadRecording, Meta, RecordingWriter, read_recording

faults = st.lists(st.sampled_from(Fault), max_size=3).map(tuple)
counts = st.one_of(
    st.integers(-8_388_607, 8_388_606),
    st.floats(-8_388_607, 8_388_606, allow_nan=False, allow_subnormal=True),
)
sample_lists = st.lists(
    st.one_of(
        st.builds(Sample, at_ns=st.integers(0, 10**18), counts=counts, faults=faults),
        st.builds(
            Sample,
            at_ns=st.integers(0, 10**18),
            counts=st.none(),
            faults=faults.filter(lambda why: why != ()),
        ),
    ),
    max_size=20,
).map(lambda samples: sorted(samples, key=lambda sample: sample.at_ns))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
metas = st.builds(
    Meta,
    rate_hz=st.none() | st.floats(0.01, 1000),
    gain=st.sampled_from([None, 32, 64, 128]),
    counts_per_gram=st.none() | st.floats(0.01, 1e5),
    source=st.none() | texts,
    others=st.dictionaries(st.from_regex(r"x_[a-z]{1,8}", fullmatch=True), texts, max_size=5),
)


def file_of(tmp_path, data: str | bytes):
    path = tmp_path / "r.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read_all(path):
    with read_recording(path) as recording:
        return recording.meta, list(recording)


@given(metas, sample_lists)
def test_what_is_written_is_read_back(tmp_path_factory, meta, samples):
    out = io.StringIO()
    writer = RecordingWriter(out, meta, origin_ns=0)
    for sample in samples:
        writer.write(sample)

    read_meta, read = read_all(file_of(tmp_path_factory.mktemp("r"), out.getvalue()))

    assert (read_meta, read) == (meta, samples)


def test_times_count_from_the_first_sample():
    out = io.StringIO()
    writer = RecordingWriter(out, Meta())

    for at_ns in (5_000_000_000, 5_012_191_400):
        writer.write(Sample(at_ns, 7))

    assert out.getvalue() == "t_s,counts,faults\n0.000000000,7,\n0.012191400,7,\n"


def test_writer_refuses_what_is_no_reading_and_what_breaks_the_head():
    writer = RecordingWriter(io.StringIO(), Meta())

    with pytest.raises(ValueError, match="not a reading"):
        writer.write(Sample(0, float("inf")))
    with pytest.raises(ValueError, match="one line"):
        RecordingWriter(io.StringIO(), Meta(source="a\nt_s,counts"))


def test_recording_of_another_logger_is_understood(tmp_path):
    # given UNIX times, fractions, blank readings, saturation, further columns, remarks, CRLF and a BOM
    path = file_of(
        tmp_path,
        "\ufeff# made by hand\r\n# rate_hz: 10.5\r\n# gain: 64\r\n# counts_per_gram: -1540.25\r\n"
        "# place: 天祝\r\nt_s,counts,temperature_c\r\n"
        "1616853624.1700504,-0.8847283,20\r\n1616853624.1700504,+12,20\r\n1616853625,,\r\n"
        "1616853626,8388607,\r\n1616853627,-8388608,\r\n1616853628.5,-9e6,x\r\n\r\n",
    )

    meta, samples = read_all(path)

    assert meta == Meta(rate_hz=10.5, gain=64, counts_per_gram=-1540.25, others={"place": "天祝"})
    assert samples == [
        Sample(1616853624_170050400, -0.8847283),
        Sample(1616853624_170050400, 12),
        Sample(1616853625 * SECOND, None, (Fault.LATE,)),
        Sample(1616853626 * SECOND, None, (Fault.OVERLOAD,)),
        Sample(1616853627 * SECOND, None, (Fault.UNDERLOAD,)),
        Sample(1616853628_500000000, None, (Fault.UNDERLOAD,)),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "no header"),
        ("\n\n", "no header"),
        ("# rate_hz: 10\n", "no header"),
        ("time,data\n1,2\n", r":1: the header must begin with t_s,counts"),
        ("0.0,1\n", r":1: the header"),
        ("t_s,counts,counts\n", r":1: a column is named twice"),
        ("t_s,counts\n0,1\n0.1\n", r":3: 1 columns where the header has 2"),
        ("t_s,counts\n0,1,2\n", r":2: 3 columns"),
        ("t_s,counts\n0,nan\n", r":2: counts 'nan' is not a number that a recording can hold"),
        ("t_s,counts\n0,inf\n", r":2: counts 'inf'"),
        ("t_s,counts\ninfinity,1\n", r":2: t_s 'infinity'"),
        ("t_s,counts\n0,1_000\n", r":2: counts '1_000'"),
        ("t_s,counts\n0,0x10\n", r":2: counts"),
        ("t_s,counts\n0,١٢\n", r":2: counts"),
        ("t_s,counts\n,1\n", r":2: t_s ''"),
        ("t_s,counts\n1e13,1\n", r":2: t_s '1e13' is beyond"),
        ("t_s,counts\n0,1e999\n", r":2: counts '1e999' is beyond"),
        ("t_s,counts\n0,1e99999\n", r":2: counts '1e99999' is not"),
        ("t_s,counts\n1,1\n0.5,1\n", r":3: time goes back by 0.5 s"),
        ("t_s,counts,faults\n0,1,broken\n", r":2: fault 'broken' is not known"),
        ("# gain: 100\nt_s,counts\n", r":1: gain '100' is none of"),
        ("# rate_hz: fast\nt_s,counts\n", r":1: rate_hz 'fast'"),
        ("# rate_hz: 0\nt_s,counts\n", r":1: rate_hz cannot be 0"),
        ("# counts_per_gram: 0\nt_s,counts\n", r":1: counts_per_gram cannot be 0"),
        ("# gain: 64\n# gain: 64\nt_s,counts\n", r":2: 'gain' is said twice"),
        ("".join(f"# k{n}: 1\n" for n in range(70)) + "t_s,counts\n", r":65: more than 64"),
        (b"t_s,counts\n0,\xff\n", r":2: not UTF-8"),
        (b"t_s,counts\n0,1\x00\n", r":2: counts"),
        (b"t_s,counts\n" + b"9" * 5000, r":2: longer than 4096"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9000), r":1: "),
    ],
)
def test_hostile_file_is_refused_with_its_line(tmp_path, data, words):
    with pytest.raises(BadRecording, match=words) as refused:
        read_all(file_of(tmp_path, data))
    assert "r.csv" in str(refused.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = file_of(tmp_path_factory.mktemp("r"), b"t_s,counts\n" + data)
    try:
        _, samples = read_all(path)
    except BadRecording:
        return
    assert all(sample.counts is not None or sample.faults for sample in samples)


THREE = "# gain: 64\nt_s,counts\n100,1\n100.1,2\n103,3\n"


def test_fast_replay_gives_every_row_and_nothing_else(tmp_path):
    with open_driver({"file": str(file_of(tmp_path, THREE)), "pace": "fast"}) as cell:
        samples = [cell.read() for _ in range(3)]
        with pytest.raises(EndOfRecording, match="ends here"):
            cell.read()
        with pytest.raises(EndOfRecording):
            cell.read()

    assert [(s.at_ns / SECOND, s.counts) for s in samples] == [(100, 1), (100.1, 2), (103, 3)]
    assert cell.gain == 64
    assert cell.meta.gain == 64


def test_real_replay_keeps_the_pace_and_tells_holes_as_a_live_driver_would(tmp_path):
    clock = VirtualClock(7 * SECOND)
    cell = ReplayLoadCell(read_recording(file_of(tmp_path, THREE)), clock, real=True)

    samples = []
    for _ in range(6):
        begun_ns = clock.now_ns()
        samples.append(cell.read())
        assert clock.now_ns() - begun_ns < SECOND
        assert samples[-1].at_ns == clock.now_ns()

    assert [round(s.at_ns / SECOND, 6) for s in samples] == [7, 7.1, 8.0, 8.9, 9.8, 10]
    assert [s.counts for s in samples] == [1, 2, None, None, None, 3]
    assert {s.faults for s in samples[2:5]} == {(Fault.DISCONNECTED,)}


@pytest.mark.parametrize(
    ("rows", "rate"), [("0,1\n0.1,1\n0.2,1\n5,1\n", 10), ("0,1\n", 10), ("", 10), ("0,1\n0,2\n", 10)]
)
def test_rate_is_learned_where_it_is_not_said(tmp_path, rows, rate):
    path = file_of(tmp_path, "t_s,counts\n" + rows)

    assert open_driver({"file": str(path), "pace": "fast"}).rate_hz == pytest.approx(rate)


def test_closed_replay_says_so(tmp_path):
    cell = open_driver({"file": str(file_of(tmp_path, THREE))})
    cell.close()
    cell.close()

    with pytest.raises(LoadCellError, match="closed"):
        cell.read()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, BadOption, "file"),
        ({"file": "/nowhere/x.csv"}, DriverUnavailable, "No such file"),
        ({"file": "x", "pace": "slow"}, BadOption, "pace: is none of real, fast"),
        ({"path": "x"}, BadOption, "no option 'path'"),
    ],
)
def test_wrong_replay_options_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        open_driver(options)


@pytest.mark.parametrize(
    "text",
    ["-0.0017131669114119196", "0.00010000000000000000479", "1e-07", "-161.67547723935456", "5E+3", ".5"],
)
def test_every_way_in_which_a_logger_writes_a_number_is_read(tmp_path, text):
    path = file_of(tmp_path, f"t_s,counts\n0,{text}\n")

    assert [sample.counts for sample in read_recording(path)] == [float(text)]
