"""`steelyard scale listen`, at the terminal: what it proposes, asks, and keeps of a confirmation."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hardware_scale_spoken import YAOHUA, st_gs
from typer.testing import CliRunner, Result

from firmware_app.cli.scale import app
from firmware_app.registry.confirmations import NAME, load_confirmations
from hardware.bench import ask
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.run import Setup, SimulatedScale


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_decode_auto_prints_candidates() -> None:
    result = run("decode", "--profile", "auto", "--hex", (YAOHUA * 3).hex(), "--json")
    assert result.exit_code == 0, result.stderr
    best = records(result)[0]
    assert (best["profile"], best["value"]) == ("yaohua-tf0", "1560")
    assert {"score", "unit", "stable", "raw", "why"} <= set(best)
    assert run("decode", "--profile", "auto", "--hex", YAOHUA.hex()).exit_code == 0
    assert run("decode", "--profile", "auto", "--hex", "30 31 32").exit_code == 1


class Scale(threading.Thread):
    """A scale on a pty that streams frames, or answers a request, and keeps whatever is sent to it."""

    def __init__(self, frame: Callable[[], bytes], answers: bytes = b"") -> None:
        super().__init__(daemon=True)
        self.frame, self.answers = frame, answers
        self.got = b""
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        os.set_blocking(self.near, False)
        self.path = os.ttyname(self.far)
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(0.03):
            try:
                got = os.read(self.near, 100)
            except BlockingIOError:
                got = b""
            self.got += got
            try:
                if not self.answers or self.answers in got:
                    os.write(self.near, self.frame())
            except BlockingIOError:
                continue

    def stop(self) -> None:
        self.stopping.set()
        self.join()
        os.close(self.near)
        os.close(self.far)


@pytest.fixture
def on_pty() -> Iterator[Callable[..., Scale]]:
    started: list[Scale] = []

    def start(frame: Callable[[], bytes], answers: bytes = b"") -> Scale:
        started.append(Scale(frame, answers))
        started[-1].start()
        return started[-1]

    yield start
    for scale in started:
        scale.stop()


def test_listen_proposes_and_sends_nothing(on_pty: Callable[..., Scale]) -> None:
    scale = on_pty(lambda: st_gs(1567))
    result = run("listen", scale.path, "--seconds", "0.5", "--json")
    assert result.exit_code == 0, result.stderr
    *candidates, found = records(result)
    assert candidates[0]["profile"] == "and-st-gs"
    assert found["diagnosis"]["level"] == "streaming"
    assert len(found["heard"]) == 1, "a clear candidate ends the sweep"
    assert scale.got == b""


def test_listen_says_why_nothing_comes(on_pty: Callable[..., Scale]) -> None:
    scale = on_pty(lambda: b"")
    result = run("listen", scale.path, "--seconds", "0.2", "--baud", "9600")
    assert result.exit_code == 1
    assert "not one byte" in result.stdout
    assert "null-modem" in result.stdout
    gone = run("listen", "/dev/nowhere", "--seconds", "0.2")
    assert (gone.exit_code, "scale ports" in gone.stdout) == (1, True)


def test_polling_sends_the_one_harmless_request_and_only_then(on_pty: Callable[..., Scale]) -> None:
    scale = on_pty(lambda: b"S S      1.567 kg\r\n", answers=b"SI\r\n")
    result = run("listen", scale.path, "--seconds", "1.6", "--poll", "mt-sics", "--json")
    assert result.exit_code == 0, (result.stdout, result.stderr)
    assert records(result)[0]["profile"] == "mt-sics"
    assert set(re.findall(rb"[^\r\n]+", scale.got)) == {b"SI"}
    refused = run("listen", scale.path, "--poll", "toledo-continuous")
    assert refused.exit_code == 2
    assert "no harmless request" in " ".join(refused.stderr.split())


class Loads:
    """Changes what the scale shows when the person says so."""

    def __init__(self, *grams: int) -> None:
        self.grams = list(grams)

    def frame(self) -> bytes:
        body = b"+%06d3" % self.grams[0]
        check = 0
        for byte in body:
            check ^= byte
        return b"\x02" + body + b"%02X" % check + b"\x03"


def test_a_confirmation_at_two_loads_is_kept_with_the_model(
    on_pty: Callable[..., Scale], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given Yaohua frames, whose point no check sees, when two loads agree, then it is kept."""
    loads = Loads(1560, 2345)
    scale = on_pty(loads.frame)
    typed = iter(["0.156 kg", "1.560 kg", "1.560 kg", "next", "2.345 kg"])

    def prompt(text: str, **_options: object) -> str:
        time.sleep(0.4)
        word = next(typed)
        if word == "next":
            loads.grams.pop(0)
            time.sleep(1.6)
            word = next(typed)
        return word

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", lambda *_words, **_options: True)
    result = run(
        *("listen", scale.path, "--seconds", "0.5", "--confirm"),
        *("--maker", "上海耀华", "--model", "XK3190-A9", "--data", str(tmp_path)),
    )
    assert result.exit_code == 0, (result.stdout, result.stderr)
    assert "another protocol" in result.stdout
    assert "compared before" in result.stdout
    (kept,) = load_confirmations(tmp_path)
    assert (kept.maker, kept.model, kept.profile, kept.unit) == ("上海耀华", "XK3190-A9", "yaohua-tf0", "kg")
    assert [shown.value for shown in kept.shown] == ["1.560", "2.345"]
    assert (tmp_path / NAME).is_file()
    assert scale.got == b""


def test_a_scale_of_the_registry_gives_maker_and_model(
    on_pty: Callable[..., Scale], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a configuration, when --scale names one of its registry, then it is kept as that model."""
    demo = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
    (tmp_path / "data").mkdir()
    file = tmp_path / "steelyard.toml"
    file.write_text(
        f"""
        registry = "{demo / "registry.toml"}"
        weights = "{demo / "weights.toml"}"
        [device]
        id = "T-1"
        data_dir = "data"
        [pan]
        driver = "simulated"
        calibration = "{demo / "pan.toml"}"
        """,
        encoding="utf-8",
    )
    scale = on_pty(lambda: st_gs(1567))

    def prompt(_text: str, **_options: object) -> str:
        time.sleep(1.2)
        return "1.567 kg"

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", lambda *_words, **_options: True)
    listen = ("listen", scale.path, "--seconds", "0.5", "--confirm", "--config", str(file), "--scale")
    unknown = run(*listen, "nobody")
    assert (unknown.exit_code, "no scale of the registry" in " ".join(unknown.stderr.split())) == (2, True)
    result = run(*listen, "TZ-DEMO-0071")
    assert result.exit_code == 0, (result.stdout, result.stderr)
    (kept,) = load_confirmations(tmp_path / "data")
    assert (kept.maker, kept.model, kept.profile, len(kept.shown)) == (
        "上海耀华",
        "DEMO-XK30",
        "and-st-gs",
        1,
    )


def test_whoever_does_not_agree_keeps_nothing(on_pty: Callable[..., Scale], tmp_path: Path) -> None:
    scale = on_pty(Loads(1560).frame)
    result = run("listen", scale.path, "--seconds", "0.5", "--confirm", "--data", str(tmp_path), typed="q\n")
    assert result.exit_code == 1
    assert load_confirmations(tmp_path) == ()


# --------------------------------------------------------------- scales that must be asked, or are on USB


def _scripted(monkeypatch: pytest.MonkeyPatch, *words: str, yes: bool = True) -> list[str]:
    """Types ``words`` in turn, the display's figure after a rest; gives what was asked."""
    typed, asked = iter(words), list[str]()

    def prompt(text: str, **options: object) -> object:
        asked.append(text)
        if "display" in text:
            time.sleep(1.7)
        word = next(typed)
        return options.get("default", "") if word == "" else word

    def confirm(text: str, **_options: object) -> bool:
        asked.append(text)
        return yes

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("typer.confirm", confirm)
    return asked


def test_a_silent_line_is_asked_only_when_a_person_names_the_protocol_and_says_yes(
    on_pty: Callable[..., Scale], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a scale that only answers, when its protocol is named and allowed, then it is kept as asked."""
    scale = on_pty(lambda: b"S S      1.567 kg\r\n", answers=b"SI\r\n")
    plate = ("--maker", "Kern", "--model", "KB", "--data", str(tmp_path))
    asked = _scripted(monkeypatch, "?", "nonsense", "dibal-98", "mt-sics", "", "1.567 kg")
    result = run("listen", scale.path, "--seconds", "1", "--baud", "9600", "--confirm", *plate)
    assert result.exit_code == 0, (result.stdout, result.stderr)
    assert "cannot be asked without changing the scale" in " ".join(result.stdout.split())
    assert "no profile 'nonsense'" in " ".join(result.stdout.split())
    assert any("Send this every 250 ms at 9600 8N1" in text for text in asked)
    assert set(re.findall(rb"[^\r\n]+", scale.got)) == {b"SI"}
    (kept,) = load_confirmations(tmp_path)
    assert (kept.profile, kept.transport, kept.asked, kept.line) == ("mt-sics", "serial", True, "8N1")


@pytest.mark.parametrize(("words", "yes"), [((""), True), (("mt-sics", ""), False)])
def test_whoever_does_not_choose_sends_nothing(
    on_pty: Callable[..., Scale], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], yes: bool
) -> None:
    scale = on_pty(lambda: b"S S      1.567 kg\r\n", answers=b"SI\r\n")
    _scripted(monkeypatch, *(words or ("",)), yes=yes)
    result = run("listen", scale.path, "--seconds", "0.3", "--baud", "9600", "--confirm")
    assert (result.exit_code, scale.got) == (1, b"")


def test_a_program_is_not_asked_and_sends_nothing(on_pty: Callable[..., Scale]) -> None:
    scale = on_pty(lambda: b"S S      1.567 kg\r\n", answers=b"SI\r\n")
    result = run("listen", scale.path, "--seconds", "0.3", "--baud", "9600", "--json")
    assert (result.exit_code, scale.got) == (1, b"")
    assert records(result)[-1]["diagnosis"]["level"] == "no_bytes"


@contextmanager
def simulated(profile: str, load_g: float) -> Iterator[Path]:
    """A simulated scale with a load on it; gives where its line is."""
    folder = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    setup = Setup(
        profile=profile,
        model="honest",
        plate=Plate(max_g=Decimal(15000), e_g=Decimal(5)),
        link=folder / "line",
        bench=folder / "bench",
        rate_hz=20,
    )
    scale = SimulatedScale(setup)
    thread = threading.Thread(target=scale.run, daemon=True)
    thread.start()
    try:
        ask(folder / "bench", load_g=load_g)
        yield folder / "line"
    finally:
        scale.stop()
        thread.join(5)
        shutil.rmtree(folder)


def test_registers_are_asked_for_and_confirmed_as_modbus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a Laumas transmitter, unconfirmed, when two loads agree, then its transport is kept with it."""
    with simulated("laumas-modbus", 1235.0) as line:
        bench = line.parent / "bench"
        monkeypatch.setattr("typer.prompt", _two_loads(bench))
        monkeypatch.setattr("typer.confirm", lambda *_words, **_options: True)
        plate = ("--maker", "Laumas", "--model", "W100", "--data", str(tmp_path))
        result = run("listen", str(line), "--seconds", "1", "--poll", "laumas-modbus", "--confirm", *plate)
        assert result.exit_code == 0, (result.stdout, result.stderr)
    (kept,) = load_confirmations(tmp_path)
    assert (kept.profile, kept.transport, kept.asked, kept.unit) == ("laumas-modbus", "modbus", True, "kg")


def test_a_transmitter_that_does_not_answer_is_said_in_words() -> None:
    near, far = os.openpty()
    tty.setraw(far)
    result = run("listen", os.ttyname(far), "--seconds", "0.6", "--poll", "flintec-modbus")
    os.close(near)
    os.close(far)
    assert result.exit_code == 1
    assert "does not answer as it must" in " ".join(result.stdout.split())
    assert "A and B exchanged" in " ".join(result.stdout.split())


def test_a_usb_scale_is_listened_to_watched_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated("usb-hid-8d", 1235.0) as root:
        monkeypatch.setattr("firmware_app.cli.scale.common.HID_ROOT", root)
        (port,) = [each for each in records(run("ports", "--json")) if each.get("transport") == "hid"]
        assert (port["best"], port["usable"]) == ("1209:0001:SIM0001", True)
        seen = run("watch", "hid", "--profile", "usb-hid-8d", "--seconds", "0.8", "--json")
        assert records(seen)[-1]["value"] == "1.235"
        wrong = run("watch", "hid", "--profile", "mt-sics", "--seconds", "0.2")
        assert (wrong.exit_code, "spoken over transport 'serial'" in " ".join(wrong.stderr.split())) == (
            2,
            True,
        )
        plate = ("--maker", "Dymo", "--model", "M25", "--data", str(tmp_path))
        monkeypatch.setattr("typer.prompt", _two_loads(root.parent / "bench"))
        monkeypatch.setattr("typer.confirm", lambda *_words, **_options: True)
        result = run("listen", "1209:0001:SIM0001", "--seconds", "0.8", "--confirm", *plate)
        assert result.exit_code == 0, (result.stdout, result.stderr)
    (kept,) = load_confirmations(tmp_path)
    assert (kept.profile, kept.transport, kept.asked, kept.baud, kept.line) == (
        "usb-hid-8d",
        "hid",
        False,
        0,
        "",
    )


def _two_loads(bench: Path) -> Callable[..., str]:
    words = iter(["1.235 kg", "2.500 kg"])

    def prompt(_text: str, **_options: object) -> str:
        word = next(words)
        ask(bench, load_g=float(word.split()[0]) * 1000)
        time.sleep(2)
        return word

    return prompt


def test_no_usb_scale_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_app.cli.scale.common.HID_ROOT", tmp_path)
    result = run("listen", "hid", "--seconds", "0.3")
    assert result.exit_code == 1
    assert "no HID scale is plugged in" in " ".join(result.stdout.split())


def test_watch_asks_only_when_it_is_told_to(on_pty: Callable[..., Scale]) -> None:
    scale = on_pty(lambda: b"S S      1.567 kg\r\n", answers=b"SI\r\n")
    watch = ("watch", scale.path, "--profile", "mt-sics", "--seconds", "0.8", "--json")
    assert (records(run(*watch)), scale.got) == ([], b"")
    assert {each["value"] for each in records(run(*watch, "--ask"))} == {"1.567"}
    refused = run("watch", scale.path, "--profile", "yaohua-tf0", "--ask")
    assert refused.exit_code == 2
