"""By which line a lead is read: the protocol decides, a person's choice asks, a wrong pair is refused."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from firmware_app import parts
from firmware_app.errors import SteelyardError
from firmware_app.service import config
from firmware_app.service.check import check
from firmware_app.service.config import Lead
from firmware_app.service.lead.line import LeadLine, WrongPair, line_for, open_line, refuse_wrong_pair
from hardware.scale.confirm import Confirmation, Shown
from hardware.scale.contract import ProfileInfo
from hardware.scale.polling import PolledTransport

INFOS: dict[str, ProfileInfo] = {
    info.id: info for info in parts.factory("steelyard.scale_profiles", "builtin")().list()
}
PORT = {"port": "/dev/ttyUSB0", "baud": 9600}
REGISTERS = {"address": 1, "function": 3, "first": 6, "count": 8, "every_ms": 200, "answer_ms": 150}
SET = {"baud": 2400, "bytesize": 7, "parity": "E", "stopbits": 1}
DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"


def confirmed(profile: str, asked: bool = False) -> Confirmation:
    info = INFOS[profile]
    usb = info.transport == "hid"
    return Confirmation(
        maker="m",
        model="m",
        profile=profile,
        version=info.version,
        baud=0 if usb else 2400,
        line="" if usb else "7E1",
        unit="kg",
        at="2026-11-23T06:00:00+00:00",
        shown=(Shown(text="1 kg", value="1", unit="kg", raw="00"),),
        transport=info.transport,
        asked=asked,
    )


@pytest.mark.parametrize(
    ("transport", "ask", "profile", "by_hand", "line"),
    [
        # Listened to, whatever the protocol, until a person chose to ask.
        ("serial", False, "yaohua-tf0", None, LeadLine("serial", PORT)),
        ("serial", False, "nci-ecr", None, LeadLine("serial", PORT)),
        ("serial", False, "nci-ecr", False, LeadLine("serial", PORT | SET)),
        ("serial", False, "nci-ecr", True, LeadLine("serial", PORT | SET, INFOS["nci-ecr"].poll)),
        ("serial", True, "nci-ecr", None, LeadLine("serial", PORT, INFOS["nci-ecr"].poll)),
        ("serial", True, "yaohua-tf0", None, LeadLine("serial", PORT)),
        # Registers are asked for over their own transport, on the same port.
        ("serial", False, "laumas-modbus", None, LeadLine("serial", PORT)),
        ("serial", True, "laumas-modbus", None, LeadLine("modbus", PORT | REGISTERS)),
        ("modbus", False, "laumas-modbus", None, LeadLine("modbus", PORT | REGISTERS)),
        ("modbus", False, "yaohua-tf0", None, LeadLine("serial", PORT)),
        ("modbus", False, None, None, LeadLine("serial", PORT)),
        # A scale on USB needs no port, and a serial one is not to be had where only USB is configured.
        ("serial", False, "usb-hid-8d", False, LeadLine("hid", {})),
        ("hid", False, "usb-hid-8d", None, LeadLine("hid", PORT)),
        ("hid", False, "yaohua-tf0", None, None),
        ("hid", False, None, None, LeadLine("hid", PORT)),
        # A recording is what it is.
        ("replay", True, "nci-ecr", True, LeadLine("replay", PORT)),
    ],
)
def test_the_line_of_a_protocol(
    transport: str, ask: bool, profile: str | None, by_hand: bool | None, line: LeadLine | None
) -> None:
    lead = Lead(transport=transport, options=dict(PORT), ask=ask)
    info = None if profile is None else INFOS[profile]
    known = None if by_hand is None or profile is None else confirmed(profile, asked=by_hand)
    assert line_for(lead, info, known) == line


def test_a_confirmation_of_a_modbus_scale_gives_its_setting_too() -> None:
    line = line_for(
        Lead(transport="serial", options=dict(PORT)),
        INFOS["flintec-modbus"],
        confirmed("flintec-modbus", asked=True),
    )
    assert line is not None
    assert (line.transport, line.options["baud"], line.options["count"]) == ("modbus", 2400, 2)


@pytest.mark.parametrize(
    ("transport", "profile", "words"),
    [
        ("serial", "usb-hid-8d", "spoken over transport 'hid', not 'serial'"),
        ("hid", "cas-22", "spoken over transport 'serial', not 'hid'"),
        ("modbus", "cas-22", "spoken over transport 'serial', not 'modbus'"),
        ("serial", "laumas-modbus", 'write transport = "modbus"'),
    ],
)
def test_a_wrong_pair_is_refused_in_words(transport: str, profile: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(WrongPair, match=words):
        refuse_wrong_pair(transport, INFOS[profile])
    for name in ("registry.toml", "weights.toml", "pan.toml"):
        shutil.copy(DATA / name, tmp_path)
    options = "" if transport == "hid" else 'options = { port = "/dev/ttyUSB0" }'
    file = tmp_path / "steelyard.toml"
    file.write_text(
        f"""
        registry = "registry.toml"
        weights = "weights.toml"
        [device]
        id = "T-1"
        data_dir = "data"
        run_dir = "run"
        [pan]
        driver = "simulated"
        calibration = "pan.toml"
        [lead]
        transport = "{transport}"
        profile = "{profile}"
        {options}
        """,
        encoding="utf-8",
    )
    with pytest.raises(SteelyardError, match=words):
        check(config.load(file), date(2026, 11, 23))


@pytest.mark.parametrize("profile", ["usb-hid-8d", "cas-22"])
def test_a_replay_carries_any_protocol(profile: str) -> None:
    refuse_wrong_pair("replay", INFOS[profile])


def test_only_a_line_with_a_poll_asks(tmp_path: Path) -> None:
    there = {"port": str(tmp_path / "none")}
    with open_line(LeadLine("serial", there)) as listening:
        assert not isinstance(listening, PolledTransport)
    with open_line(LeadLine("serial", there, INFOS["nci-ecr"].poll)) as asking:
        assert isinstance(asking, PolledTransport)
    with open_line(LeadLine("modbus", {**there, **REGISTERS})) as modbus:
        assert modbus.read(0.01) == b""


@pytest.mark.parametrize(
    ("transport", "baud", "line"), [("serial", 0, ""), ("hid", 9600, "8N1"), ("modbus", 0, "")]
)
def test_a_confirmation_that_contradicts_itself_is_refused(transport: str, baud: int, line: str) -> None:
    known = confirmed("cas-22")
    with pytest.raises(ValueError, match="a line of kind"):
        Confirmation(
            **{
                **{name: getattr(known, name) for name in known.__struct_fields__},
                "transport": transport,
                "baud": baud,
                "line": line,
            }
        )
