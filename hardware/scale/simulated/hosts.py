"""What each protocol answers when it is spoken to, as its manual states it.

Rules this file obeys:

* A protocol is data: its commands, what each says and does; only requests in frames have code.
* Nothing that a manual does not state is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from hardware.scale.simulated import modbus
from hardware.scale.simulated.answers import LONGEST, Command, Commands, Framed, Heard, Host
from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders import ENCODERS, counter, laboratory, till, yaohua
from hardware.scale.simulated.encoders.checks import massa_crc, xor, xor_two_characters

SERIAL_NUMBER = "SIM0001"
ACK, NAK = b"\x06", b"\x15"
_PRICE = re.compile(rb"\x04\x0201\x1b[0-9]{5,6}\x1b\x03")
"""Record 01: the unit price (Ohaus Aviator 7000 service manual p.39)."""


class ModbusHost:
    """A Modbus slave as a host."""

    repeating = False

    def __init__(self, kind: str) -> None:
        self._slave = modbus.Slave(kind)

    def hear(self, data: bytes, now: Display) -> Heard:
        return Heard(*self._slave.hear(data, now))

    def rest(self, now: Display) -> bytes:
        del now
        return b""


def _yaohua(heard: bytes, now: Display) -> tuple[int, Heard]:
    """``STX address command XOR XOR ETX``: B gross, C tare, D net; the rest is not answered (A23p p.26)."""
    if heard[0] != 2:
        return 1, Heard()
    if len(heard) < 6:
        return 0, Heard()
    body = heard[1:3]
    if heard[3:5] != xor_two_characters(body) or heard[5] != 3 or body[:1] != b"A" or now.value is None:
        return (6 if heard[5] == 3 else 1), Heard()
    told = {
        b"B": now.value + now.tare,
        b"C": now.tare,
        b"D": now.value,
    }.get(body[1:])
    if told is None:
        return 6, Heard()
    shown = msgspec.structs.replace(now, value=told.quantize(now.value))
    return 6, Heard(yaohua.command_reply(shown, command=body[1:].decode()))


def _massa(heard: bytes, now: Display) -> tuple[int, Heard]:
    """23h asks for the mass; 72h sets zero, unanswered; the rest is not answered (protocol 100)."""
    head = b"\xf8\x55\xce"
    if not head.startswith(heard[:3]):
        return 1, Heard()
    if len(heard) < 5:
        return 0, Heard()
    length = int.from_bytes(heard[3:5], "little")
    if not 1 <= length <= 16:
        return 1, Heard()
    if len(heard) < 7 + length:
        return 0, Heard()
    body = heard[5 : 5 + length]
    if heard[5 + length : 7 + length] != massa_crc(body):
        return 1, Heard()
    keys = ("zero",) if body[0] == 0x72 else ()
    return 7 + length, Heard(counter.massa_100(now) if body == b"\x23" else b"", keys)


class DialogHost:
    """A scale in checkout dialogue 06: it takes a price, then gives a result once, or says why not.

    Records 03 to 05 (tare, text) and the checksums of certified tills are not answered.
    """

    repeating = False

    def __init__(self) -> None:
        self._priced = False
        self._heard = b""

    def hear(self, data: bytes, now: Display) -> Heard:
        self._heard = (self._heard + data)[-LONGEST:]
        answer = b""
        while (end := self._whole()) > 0:
            request, self._heard = self._heard[:end], self._heard[end:]
            answer += self._answer(request, now)
        return Heard(answer)

    def rest(self, now: Display) -> bytes:
        del now
        return b""

    def _whole(self) -> int:
        """Length of the request that is there, whatever stands before its EOT dropped; 0 for none yet."""
        at = self._heard.find(b"\x04")
        self._heard = self._heard[at:] if at >= 0 else b""
        if self._heard[1:2] == b"\x05":
            return 2
        return self._heard.find(b"\x03") + 1

    def _answer(self, request: bytes, now: Display) -> bytes:
        if request == b"\x04\x05":
            return (till.dialog_result(now) if self._priced else b"") or NAK
        if request == b"\x04\x0208\x03":
            return till.dialog_why(now)
        self._priced = self._priced or _PRICE.fullmatch(request) is not None
        return ACK if _PRICE.fullmatch(request) else NAK


def _dibal(heard: bytes, now: Display) -> tuple[int, Heard]:
    """``98``, five digits of price, XOR, CR LF: answered with the weight (note on G-310)."""
    if not b"98".startswith(heard[:2]):
        return 1, Heard()
    if len(heard) < 10:
        return 0, Heard()
    body = heard[:7]
    if heard[7] != xor(body) or heard[8:10] != b"\r\n":
        return 1, Heard()
    return 10, Heard(till.dibal_98(now))


def _about_itself(_now: Display) -> bytes:
    return f'I4 A "{SERIAL_NUMBER}"\r\n'.encode()


def _sics_tare(now: Display) -> bytes:
    if now.value is None or now.negative:
        return b"T I\r\n"
    gross = msgspec.structs.replace(now, value=now.value + now.tare, stable=True)
    return b"T" + laboratory.mt_sics(gross)[1:]


def _sics() -> Commands:
    weight = laboratory.mt_sics
    return Commands(
        {
            b"SI\r\n": Command(say=weight),
            b"S\r\n": Command(at_rest=weight),
            b"SIR\r\n": Command(repeats=True),
            b"@\r\n": Command(say=_about_itself, repeats=False),
            b"I4\r\n": Command(say=_about_itself),
            b"Z\r\n": Command(at_rest=lambda _now: b"Z A\r\n", key="zero"),
            b"T\r\n": Command(at_rest=_sics_tare, key="tare"),
        },
        end=b"\n",
        unknown=b"ES\r\n",
        repeating=True,
    )


def _and() -> Commands:
    weight = ENCODERS["and-standard"]
    return Commands(
        {
            b"Q\r\n": Command(say=weight),
            b"SI\r\n": Command(say=weight),
            b"S\r\n": Command(at_rest=weight),
            b"SIR\r\n": Command(repeats=True),
            b"C\r\n": Command(repeats=False),
            b"Z\r\n": Command(key="zero"),
            b"R\r\n": Command(key="zero"),
            b"T\r\n": Command(key="tare"),
        },
        end=b"\n",
        repeating=True,
    )


def _radwag() -> Commands:
    def later(command: str) -> Command:
        return Command(say=f"{command} A\r\n".encode(), at_rest=partial(laboratory.radwag, command=command))

    def now(command: str) -> Command:
        return Command(say=partial(laboratory.radwag, command=command))

    return Commands(
        {
            b"S\r\n": later("S"),
            b"SU\r\n": later("SU"),
            b"SI\r\n": now("SI"),
            b"SUI\r\n": now("SUI"),
            b"C1\r\n": Command(say=b"C1 A\r\n", repeats=True),
            b"C0\r\n": Command(say=b"C0 A\r\n", repeats=False),
            b"Z\r\n": Command(say=b"Z A\r\n", at_rest=lambda _now: b"Z D\r\n", key="zero"),
            b"T\r\n": Command(say=b"T A\r\n", at_rest=lambda _now: b"T D\r\n", key="tare"),
        },
        end=b"\n",
        unknown=b"ES\r\n",
        repeating=True,
    )


def _shimadzu() -> Commands:
    plain, lettered = laboratory.shimadzu_eb, partial(laboratory.shimadzu_eb, letter=True)
    return Commands(
        {
            b"D01\r": Command(repeats=True),
            b"D05\r": Command(say=plain),
            b"D07\r": Command(say=lettered),
            b"D08\r": Command(at_rest=lettered),
            b"D09\r": Command(repeats=False),
            b"T\r": Command(key="tare"),
            b"Z\r": Command(key="zero"),
        },
        end=b"\r",
        repeating=True,
    )


def _ohaus() -> Commands:
    weight = laboratory.ohaus_3000
    return Commands(
        {
            b"IP\r\n": Command(say=weight),
            b"P\r\n": Command(say=weight),
            b"SP\r\n": Command(at_rest=weight),
            b"CP\r\n": Command(repeats=True),
            b"0P\r\n": Command(repeats=False),
            b"Z\r\n": Command(say=b"OK!\r\n", key="zero"),
            b"T\r\n": Command(say=b"OK!\r\n", key="tare"),
        },
        end=b"\n",
        unknown=b"ES\r\n",
        repeating=True,
    )


def _toledo_8217() -> Commands:
    return Commands(
        {
            b"W": Command(say=ENCODERS["toledo-8217"]),
            b"Z": Command(key="zero"),
            b"T": Command(key="tare"),
            b"E": Command(say=b"\x02E\r", echo=True),
            b"F": Command(say=b"\x02F\r", echo=False),
        }
    )


def _enquired(profile: str) -> Commands:
    """ENQ is acknowledged, DC1 answered by the block."""
    return Commands({b"\x05": Command(say=ACK), b"\x11": Command(say=ENCODERS[profile])})


def _asked(profile: str, *requests: bytes, streams: bool = False) -> Commands:
    """Every request is answered by the weight."""
    return Commands(
        {request: Command(say=ENCODERS[profile]) for request in requests},
        repeating=streams,
    )


HOSTS: Mapping[str, Callable[[], Host]] = {
    "mt-sics": _sics,
    "and-standard": _and,
    "radwag": _radwag,
    "shimadzu-eb": _shimadzu,
    "ohaus-3000": _ohaus,
    "toledo-8217": _toledo_8217,
    "toledo-8213": lambda: _asked("toledo-8213", b"W"),
    "cas-pd2": lambda: _enquired("cas-pd2"),
    "avery-fx120": lambda: _enquired("avery-fx120"),
    "acs-p215": lambda: _asked("acs-p215", b"$", b"P", streams=True),
    "elzab-ext": lambda: _asked("elzab-ext", b"\x1bE"),
    "sartorius-sbi16": lambda: _asked("sartorius-sbi16", b"\x1bP", streams=True),
    "gng-14": lambda: _asked("gng-14", b"\x1bp", streams=True),
    "sterling-7600": lambda: _asked("sterling-7600", b"SGW", streams=True),
    "nci-ecr": lambda: _asked("nci-ecr", b"W\r"),
    "sma-scp0499": lambda: _asked("sma-scp0499", b"\nW\r"),
    "yaohua-command": lambda: Framed(_yaohua),
    "massa-100": lambda: Framed(_massa),
    "dialog-06": DialogHost,
    "dibal-98": lambda: Framed(_dibal),
    "dingsong-ds822": lambda: _asked("dingsong-ds822", bytes.fromhex("0241434003")),
    "modbus-rtu": lambda: ModbusHost("modbus-rtu"),
    "flintec-modbus": lambda: ModbusHost("flintec-modbus"),
    "laumas-modbus": lambda: ModbusHost("laumas-modbus"),
}
"""The command side of the protocols that have one; the others only send."""
