"""Why nothing comes from a scale: four levels, each in words with what to do about it.

Rules this file obeys:

* The level is the furthest the bytes have come; a remedy names something a hand can do.
* What is not known is not guessed: two causes that look the same on the line are both named.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from hardware.scale.bits import parity_share
from hardware.scale.listen import Heard, Proposal

TEXT_SHARE = 0.9
NOISE = 16
"""Bytes up to which what came may be the click of a plug or a lamp."""
_TEXT = frozenset(range(0x20, 0x7F)) | {0x02, 0x03, 0x0A, 0x0D}


class Level(enum.StrEnum):
    """How far what is heard has come."""

    NO_BYTES = "no_bytes"
    NO_FRAME = "no_frame"
    NO_VALUE = "no_value"
    STREAMING = "streaming"


class Diagnosis(msgspec.Struct, frozen=True):
    """The level, what it means, and what to try, the likeliest first."""

    level: Level
    words: str
    remedies: tuple[str, ...] = ()


def diagnose(heard: Sequence[Heard], proposal: Proposal) -> Diagnosis:
    """What stands between the scale and a value, after a sweep."""
    total = sum(len(each.data) for each in heard)
    valued = [one for one in proposal.candidates if one.value is not None]
    if valued:
        names = "one protocol reads" if len(valued) == 1 else f"{len(valued)} protocols read"
        return Diagnosis(Level.STREAMING, f"{names} values from this line")
    if proposal.candidates:
        names = ", ".join(one.profile for one in proposal.candidates[:3])
        return Diagnosis(
            Level.NO_VALUE,
            f"frames of {names}, but none holds a value",
            (
                "it may show overload, underload or an error: take the load off and look at the display",
                "a scale that warms up or has lost its zero sends no value: switch it on anew, empty",
                "it may send only when the load rests or a key is pressed: put a load on and wait",
            ),
        )
    if total:
        return _no_frame(heard, proposal, total)
    return _no_bytes(heard)


def why_not_open(why: str) -> Diagnosis:
    """What the system's words for a port that cannot be opened mean."""
    low = why.lower()
    if "permission" in low or "errno 13" in low:
        remedy = "let this user in: sudo usermod -aG dialout $USER, then sign in again"
        words = "the port is there, but this user may not open it"
    elif "lock" in low or "busy" in low or "errno 16" in low:
        remedy = "close the other program: `fuser -v PORT` names it (on the appliance: stop steelyard-core)"
        words = "another program holds the port"
    elif "no such" in low or "errno 2]" in low or "errno 6]" in low or "errno 19" in low:
        remedy = "plug the adapter in; `steelyard scale ports` lists what is there"
        words = "the port is not there"
    else:
        remedy = "plug the adapter out and in again; `dmesg` may say more"
        words = "the port cannot be opened"
    return Diagnosis(Level.NO_BYTES, f"{words}: {why}", (remedy,))


def _no_bytes(heard: Sequence[Heard]) -> Diagnosis:
    if heard and heard[0].transport == "hid":
        return _no_report(heard[0].why)
    if heard and heard[0].transport == "modbus" and heard[0].why.startswith("device "):
        return _no_answer(heard[0].why)
    closed = [each.why for each in heard if each.why]
    if closed and len(closed) == len(heard):
        return why_not_open(closed[0])
    return Diagnosis(
        Level.NO_BYTES,
        "not one byte at any setting",
        (
            "is the scale switched on, and the plug in its data socket (not in a printer's or a display's)?",
            "straight or crossed cable: try a null-modem adapter; what the scale sends must reach our pin 2",
            "RS-485 or current loop in place of RS-232: A and B exchanged, or another adapter needed",
            "the scale's menu: set its output to continuous (stream, con, tF=0), not to key or command",
            "a scale that only answers: name its protocol here or with --poll PROFILE; else nothing is sent",
        ),
    )


def _no_report(why: str) -> Diagnosis:
    words = why or "the USB scale is there, and not one report came"
    if "permission" in why.lower():
        return Diagnosis(
            Level.NO_BYTES, words, ("let this user in: a udev rule for hidraw (docs/listening.md)",)
        )
    return Diagnosis(
        Level.NO_BYTES,
        words,
        (
            "wake it: most USB scales sleep after two or three minutes and then send nothing",
            "put something on: some send only when the weight changes",
            "`steelyard scale ports` lists every USB device that calls itself a scale",
        ),
    )


def _no_answer(why: str) -> Diagnosis:
    return Diagnosis(
        Level.NO_BYTES,
        f"the transmitter does not answer as it must: {why}",
        (
            "rate, parity and address: read them in its menu (--baud, --line); the address here is 1",
            "RS-485: A and B exchanged, no common ground, or another master on the bus",
            "another map of registers: the maker's own profile, not the general one",
        ),
    )


def _no_frame(heard: Sequence[Heard], proposal: Proposal, total: int) -> Diagnosis:
    if proposal.damaged:
        return Diagnosis(
            Level.NO_FRAME,
            f"frames of {', '.join(proposal.damaged)} arrive, every one with a failed check",
            (
                "wrong parity, or noise: shorter cable, common ground, away from motors",
                "a variant of the protocol with another check: send a recording (`steelyard scale record`)",
            ),
        )
    if total <= NOISE:
        return Diagnosis(
            Level.NO_FRAME,
            f"{total} bytes in all: a click on the line, or a scale that sends on a key only",
            (
                "press the print key, or set the scale's output to continuous",
                "listen for longer: --seconds 5",
            ),
        )
    best = max(heard, key=lambda each: _text_share(each.data))
    share = _text_share(best.data)
    remedies = [
        "`steelyard scale record` keeps the bytes with your marks: a new protocol begins with such a file"
    ]
    if share >= TEXT_SHARE:
        words = f"{total} bytes, readable as text at {best.setting}, but no frame of a known protocol"
        remedies.insert(0, "the scale's menu may offer another output format that is known (`scale list`)")
    else:
        words = f"{total} bytes but no frame at any setting; at {best.setting} {share:.0%} look like text"
        remedies[:0] = [
            "baud rate: read it in the scale's menu or manual; rates outside the sweep are not heard",
            "inverted signal (TTL in place of RS-232): garbage at every rate means another adapter",
        ]
    parity = _parity_words(best)
    return Diagnosis(Level.NO_FRAME, words + parity, tuple(remedies))


def _text_share(data: bytes) -> float:
    return sum(byte & 0x7F in _TEXT for byte in data) / len(data) if data else 0.0


def _parity_words(heard: Heard) -> str:
    """What bit 7 says of the parity, as the end of a sentence."""
    if heard.setting.line != "8N1":
        return ""
    share = parity_share(heard.data)
    if not share or not share["set"]:
        return ""
    if share["even"] >= TEXT_SHARE:
        return f"; bit 7 is even parity in {share['even']:.0%} of them: the scale sends 7E1"
    if share["odd"] >= TEXT_SHARE:
        return f"; bit 7 is odd parity in {share['odd']:.0%} of them: the scale sends 7O1"
    return ""
