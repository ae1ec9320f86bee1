"""`steelyard scale`: list, decode, watch."""

from __future__ import annotations

import json
import os
import threading
import tty
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from typer.testing import CliRunner, Result

from firmware_app.cli.scale import app

YAOHUA = "02 2B 30 30 31 35 36 30 30 31 39 03"
KEYS = {"profile", "value", "unit", "stable", "kind", "overload", "underload", "check", "raw", "at"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def records(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_list_names_every_profile() -> None:
    result = run("list", "--json")
    assert result.exit_code == 0
    assert {"yaohua-tf0", "and-st-gs", "mt-sics", "toledo-continuous", "cas-22"} <= {
        record["id"] for record in records(result)
    }
    assert "toledo-continuous" in run("list").stdout


def test_list_is_read_on_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given 80 columns, when the protocols are listed, then each has its id and confidence on one line."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("list").stdout.splitlines()
    assert max(sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in lines) <= 80
    infos = records(run("list", "--json"))
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[:2] for line in heads] == [[one["id"], f"{one['confidence']},"] for one in infos]
    assert len(lines) <= 4 * len(infos)
    told = " ".join(" ".join(lines).split())
    assert all(str(one["title"]).split()[0] in told for one in infos)


def test_decode_one_frame() -> None:
    result = run("decode", "--profile", "yaohua-tf0", "--hex", YAOHUA, "--json")
    (record,) = records(result)
    assert result.exit_code == 0
    assert set(record) >= KEYS
    assert {key: record[key] for key in KEYS} == {
        "profile": "yaohua-tf0",
        "value": "1560",
        "unit": None,
        "stable": None,
        "kind": "unknown",
        "overload": False,
        "underload": False,
        "check": "ok",
        "raw": YAOHUA,
        "at": 0,
    }


@pytest.mark.parametrize("text", [YAOHUA.lower(), YAOHUA.replace(" ", ""), "0x02,0x2b," + YAOHUA[6:]])
def test_decode_takes_hexadecimal_as_people_write_it(text: str) -> None:
    assert run("decode", "--profile", "yaohua-tf0", "--hex", text).exit_code == 0


@pytest.mark.parametrize("as_text", [True, False])
def test_decode_a_file_of_raw_bytes_or_of_hexadecimal(tmp_path: Path, as_text: bool) -> None:
    raw = b"\x39\x03" + bytes.fromhex(YAOHUA) * 3
    path = tmp_path / "log"
    path.write_bytes(raw.hex(" ", 1).encode() + b"\n" if as_text else raw)
    result = run("decode", "--profile", "yaohua-tf0", str(path), "--json")
    assert [record["at"] for record in records(result)] == [2, 14, 26]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--profile", "yaohua-tf0", "--hex", "30 31 32"), 1, "no frame"),
        (("--profile", "yaohua-tf0", "--hex", YAOHUA.replace("39 03", "38 03")), 1, "no frame"),
        (("--profile", "yaohua", "--hex", YAOHUA), 2, "yaohua-tf0"),
        (("--profile", "yaohua-tf0", "--hex", "02 2"), 2, "not hexadecimal"),
        (("--profile", "yaohua-tf0", "--hex", "xyz"), 2, "not hexadecimal"),
        (("--profile", "yaohua-tf0"), 2, "either"),
        (("--profile", "yaohua-tf0", "/nowhere/log"), 3, "No such file"),
    ],
)
def test_decode_says_what_is_wrong(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run("decode", *arguments)
    assert result.exit_code == code
    assert words in " ".join(result.stderr.split())


def test_a_bad_check_is_shown_without_a_value() -> None:
    result = run("decode", "--profile", "yaohua-tf0", "--hex", YAOHUA.replace("39 03", "38 03"), "--json")
    (record,) = records(result)
    assert (record["value"], record["check"]) == (None, "bad")


def test_what_only_a_protocol_says_stands_apart() -> None:
    """Given the device and lamp bytes of a CAS frame, then they are in an object of their own."""
    frame = "53 54 2C 47 53 2C 44 C5 2C 20 20 20 20 30 2E 30 30 00 20 74 0D 0A"
    (record,) = records(run("decode", "--profile", "cas-22", "--hex", frame, "--json"))
    assert record["extra"] == {"device_id": "44", "lamp": "C5"}
    assert set(record) >= KEYS
    (plain,) = records(run("decode", "--profile", "yaohua-tf0", "--hex", YAOHUA, "--json"))
    assert plain["extra"] == {}


def test_watch_shows_bytes_beside_the_value() -> None:
    near, far = os.openpty()
    tty.setraw(far)
    stop = threading.Event()

    def stream() -> None:
        while not stop.wait(0.05):
            os.write(near, bytes.fromhex(YAOHUA))

    thread = threading.Thread(target=stream)
    thread.start()
    try:
        result = run("watch", os.ttyname(far), "--profile", "yaohua-tf0", "--seconds", "0.5")
    finally:
        stop.set()
        thread.join()
        os.close(near)
        os.close(far)
    assert result.exit_code == 0
    assert f"{YAOHUA}  1560" in result.stdout


def test_watch_follows_several_scales_and_names_each(tmp_path: Path) -> None:
    """Given two scales of two protocols, then each line says which port it came from."""
    ends = [os.openpty() for _ in range(2)]
    for _, far in ends:
        tty.setraw(far)
    paths = [os.ttyname(far) for _, far in ends]
    stop = threading.Event()

    def stream() -> None:
        while not stop.wait(0.05):
            os.write(ends[0][0], bytes.fromhex(YAOHUA))
            os.write(ends[1][0], b"ST,GS,+001.567kg\r\n")

    thread = threading.Thread(target=stream)
    thread.start()
    both = ("--profile", "yaohua-tf0", "--profile", "and-st-gs")
    try:
        result = run("watch", *paths, *both, "--seconds", "0.6", "--json")
    finally:
        stop.set()
        thread.join()
        for pair in ends:
            for end in pair:
                os.close(end)
    assert result.exit_code == 0, result.stderr
    said = {(record["port"], record["value"]) for record in records(result)}
    assert said == {(paths[0], "1560"), (paths[1], "1.567")}


def test_watch_refuses_ports_and_protocols_that_do_not_pair() -> None:
    two = ("--profile", "yaohua-tf0", "--profile", "and-st-gs")
    assert run("watch", "/dev/null", *two).exit_code == 2
    assert run("watch", "/dev/null", "/dev/null", *two).exit_code == 2


def test_watch_refuses_a_line_that_is_none() -> None:
    assert run("watch", "/dev/null", "--profile", "yaohua-tf0", "--line", "8X1").exit_code == 2
    assert run("watch", "/dev/null", "--profile", "yaohua-tf0", "--baud", "1").exit_code == 3
