"""Recordings of a line: written whole, read back exactly, replayed with their gaps, refused when broken."""

from __future__ import annotations

import io
import json
import os
import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_hardware_scale_port import Pty
from typer.testing import CliRunner

from firmware_app.cli.scale import app
from hardware.scale.contract import BadOption, LineLost, LineState
from hardware.scale.ports import Adapter, ports
from hardware.scale.recorder import (
    HEADER,
    MAGIC,
    BadRecording,
    Recorded,
    Recorder,
    is_recording,
    read_recording,
)
from hardware.scale.replay import open_replay

MS = 1_000_000
HEAD = f"{MAGIC}\n# port: x\n{HEADER}\n"


def written(*events: Recorded) -> str:
    file = io.StringIO()
    recorder = Recorder(file, {"port": "/dev/x", "started": "2026-11-23"}, began_ns=5_000_000_000)
    for event in events:
        at_ns = 5_000_000_000 + event.at_ns
        if event.event == "bytes":
            recorder.heard(at_ns, event.data)
        elif event.event == "mark":
            recorder.mark(at_ns, event.words)
        else:
            recorder.line(at_ns, LineState(event.words))
    return file.getvalue()


EVENTS = st.lists(
    st.one_of(
        st.builds(Recorded, st.integers(0, 50), st.just("bytes"), st.binary(min_size=1, max_size=40)),
        st.builds(
            Recorded,
            st.integers(0, 50),
            st.just("mark"),
            st.just(b""),
            st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30),
        ),
        st.builds(
            Recorded, st.integers(0, 50), st.just("line"), st.just(b""), st.sampled_from(["open", "lost"])
        ),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(events=EVENTS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, events: list[Recorded]
) -> None:
    """Given bytes, marks with any character and losses, then all come back with their times."""
    at_ns, placed = 0, []
    for event in events:
        at_ns += event.at_ns * MS
        placed.append(Recorded(at_ns, event.event, event.data, event.words))
    path = tmp_path_factory.mktemp("recording") / "r.txt"
    path.write_text(written(*placed), encoding="utf-8")
    assert list(read_recording(path)) == placed
    assert is_recording(path)


def test_a_large_portion_is_written_in_lines_that_can_be_read(tmp_path: Path) -> None:
    data = bytes(range(256)) * 100
    path = tmp_path / "r.txt"
    path.write_text(written(Recorded(0, "bytes", data)), encoding="utf-8")
    assert b"".join(each.data for each in read_recording(path)) == data


def test_a_recording_cut_by_the_power_keeps_all_but_its_last_line(tmp_path: Path) -> None:
    text = written(Recorded(0, "bytes", b"one"), Recorded(MS, "bytes", b"two"))
    path = tmp_path / "r.txt"
    for cut in range(len(HEAD) + 20, len(text)):
        path.write_bytes(text.encode()[:cut])
        got = [each.data for each in read_recording(path)]
        assert got in ([b"one"], [])
    path.write_text(text, encoding="utf-8")
    assert [each.data for each in read_recording(path)] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"hello\n", "does not begin"),
        (MAGIC.encode() + b"\nport\n", "is due"),
        (HEAD.encode() + b"0.1,bytes,02\n", "line 4"),
        (HEAD.encode() + b"0.000000,bytes,2\n", "line 4"),
        (HEAD.encode() + b"0.000000,bytes,zz\n", "none of its"),
        (HEAD.encode() + b"0.000000,line,gone\n", "none of its"),
        (HEAD.encode() + b"0.000000,noise,02\n", "no event"),
        (HEAD.encode() + b"1.000000,bytes,02\n0.000000,bytes,02\n", "runs back"),
        (HEAD.encode() + b"0.000000,mark,\xff\n", "not UTF-8"),
        (HEAD.encode() + b"0.000000,mark," + b"x" * 20_000 + b"\n", "longer"),
        (HEAD.encode() + b"nan,bytes,02\n", "line 4"),
        (HEAD.encode() + b"0.000000,mark,on\rand off\n", "line 4"),
    ],
)
def test_a_broken_recording_is_refused_with_its_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "r.txt"
    path.write_bytes(content)
    with pytest.raises(BadRecording, match=complaint):
        list(read_recording(path))


def test_a_replay_keeps_the_original_gaps_and_losses(tmp_path: Path) -> None:
    """Given bytes, a gap of 0.3 s, a loss and its end, then all of it happens again at its time."""
    path = tmp_path / "r.txt"
    path.write_text(
        written(
            Recorded(0, "bytes", b"one"),
            Recorded(300 * MS, "bytes", b"two"),
            Recorded(350 * MS, "mark", words="pulled"),
            Recorded(400 * MS, "line", words="lost"),
            Recorded(500 * MS, "line", words="open"),
            Recorded(600 * MS, "bytes", b"three"),
        ),
        encoding="utf-8",
    )
    seen: list[tuple[float, str]] = []
    began = time.monotonic()
    with open_replay({"file": str(path)}) as line:
        state = line.state
        while line.state is not LineState.CLOSED:
            data = line.read(0.1)
            if data:
                seen.append((time.monotonic() - began, data.decode()))
            if line.state is not state:
                state = line.state
                seen.append((time.monotonic() - began, state.value))
        with pytest.raises(LineLost):
            line.write(b"x")
    assert [word for _, word in seen] == ["one", "two", "lost", "open", "three", "closed"]
    for (at_s, _), due_s in zip(seen, [0, 0.3, 0.4, 0.5, 0.6, 0.6], strict=True):
        assert due_s <= at_s < due_s + 0.25


def test_a_replay_may_be_faster_and_refuses_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text(written(Recorded(5_000 * MS, "bytes", b"late")), encoding="utf-8")
    began = time.monotonic()
    with open_replay({"file": str(path), "speed": 100.0}) as line:
        assert line.read(1.0) == b"late"
    assert time.monotonic() - began < 1
    with pytest.raises(BadOption, match="speed"):
        open_replay({"file": str(path), "speed": 0})
    path.write_text(MAGIC + "\nnothing\n", encoding="utf-8")
    with pytest.raises(BadRecording):
        open_replay({"file": str(path)})


# ------------------------------------------------------------------------------------ at the terminal


def test_record_and_replay_at_the_terminal(tmp_path: Path) -> None:
    """Given a scale on a pty and two marks typed, then the file holds both in order and decodes again."""
    pty, out = Pty(tmp_path / "tty"), tmp_path / "out.txt"
    stop = threading.Event()

    def stream() -> None:
        while not stop.wait(0.05):
            os.write(pty.near, b"ST,GS,+001.567kg\r\n")

    thread = threading.Thread(target=stream)
    thread.start()
    arguments = ["record", str(pty.path), str(out), "--seconds", "0.6"]
    try:
        result = CliRunner().invoke(app, arguments, input="empty\n\n")
        again = CliRunner().invoke(app, arguments)
    finally:
        stop.set()
        thread.join()
        pty.pull()
    assert result.exit_code == 0, result.stderr
    assert (again.exit_code, "never overwritten" in again.stderr) == (2, True)
    events = list(read_recording(out))
    assert [each.words for each in events if each.event == "mark"] == ["empty", "mark"]
    raw = b"".join(each.data for each in events)
    assert b"ST,GS,+001.567kg\r\n" in raw
    assert re.match(rf"{MAGIC}\n# port: {pty.path}\n# settings: 9600 8N1\n# started: 20", out.read_text())
    with open_replay({"file": str(out), "speed": 1000.0}) as line:
        replayed = b""
        while line.state is LineState.OPEN:
            replayed += line.read(0.1)
    assert replayed == raw
    decoded = CliRunner().invoke(app, ["decode", "--profile", "and-st-gs", str(out), "--json"])
    assert {json.loads(line)["value"] for line in decoded.stdout.splitlines()} == {"1.567"}


def test_a_recording_of_silence_says_so_with_its_exit_code(tmp_path: Path) -> None:
    pty = Pty(tmp_path / "tty")
    out = tmp_path / "out.txt"
    result = CliRunner().invoke(app, ["record", str(pty.path), str(out), "--seconds", "0.2"])
    pty.pull()
    assert result.exit_code == 1
    assert list(read_recording(out)) == []


# ------------------------------------------------------------------------------------------ port names


def test_ports_have_names_that_stay(tmp_path: Path) -> None:
    """Given one adapter with a serial number and two alike without, then id names one, path the others."""
    dev, root = tmp_path / "dev", tmp_path / "serial"
    for folder in (dev, root / "by-id", root / "by-path"):
        folder.mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1", "ttyUSB2"):
        (dev / name).touch()
    (root / "by-id" / "usb-FTDI_A1-if00").symlink_to(dev / "ttyUSB0")
    (root / "by-id" / "usb-1a86_USB_Serial-if00").symlink_to(dev / "ttyUSB2")
    for number in range(3):
        (root / "by-path" / f"pci-usb-0:1.{number}:1.0").symlink_to(dev / f"ttyUSB{number}")
        (root / "by-path" / f"pci-usbv2-0:1.{number}:1.0").symlink_to(dev / f"ttyUSB{number}")
    found = ports(
        root,
        [
            Adapter(str(dev / "ttyUSB2"), "1a86", "USB Serial"),
            Adapter(str(dev / "ttyUSB1"), "1a86", "USB Serial"),
            Adapter(str(dev / "ttyUSB0"), "FTDI", "FT232R", "A1"),
        ],
    )
    assert [Path(each.device).name for each in found] == ["ttyUSB0", "ttyUSB1", "ttyUSB2"]
    assert [Path(each.best).name for each in found] == [
        "usb-FTDI_A1-if00",
        "pci-usb-0:1.1:1.0",
        "pci-usb-0:1.2:1.0",
    ]
    assert all(each.usable for each in found)


def test_no_name_that_stays_leaves_the_device(tmp_path: Path) -> None:
    (found,) = ports(tmp_path, [Adapter("/dev/ttyAMA0")])
    assert (found.best, found.by_id, found.by_path) == ("/dev/ttyAMA0", "", "")


def test_ports_at_the_terminal() -> None:
    result = CliRunner().invoke(app, ["ports", "--json"])
    assert result.exit_code == 0
    for line in result.stdout.splitlines():
        assert {"device", "best", "usable"} <= set(json.loads(line))
