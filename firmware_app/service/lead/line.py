"""By which line the lead of a scale is read: the transport, its options, and whether the scale is asked.

Rules this file obeys:

* The protocol decides the kind of line; a configuration that fixes a pair that cannot be is refused in words.
* A scale is asked only where a person chose that: in the confirmation of its model, or by ``ask`` in the
  configuration. Else its line is listened to, whatever it says.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from firmware_app import parts
from firmware_app.errors import SteelyardError
from firmware_app.service.config import Lead
from hardware.scale.bits import Setting
from hardware.scale.confirm import Confirmation
from hardware.scale.contract import Poll, ProfileInfo, Registers, Transport
from hardware.scale.polling import PolledTransport

GROUP = "steelyard.scale_transport"
SERIAL, HID, MODBUS, REPLAY = "serial", "hid", "modbus", "replay"
LINE_KEYS = frozenset({"port", "baud", "bytesize", "parity", "stopbits"})


class WrongPair(SteelyardError):
    """The protocol and the transport do not belong together; the message says which do."""


class LeadLine(msgspec.Struct, frozen=True):
    """One way to read a lead. ``poll``: how the scale is asked, None where it is listened to."""

    transport: str
    options: Mapping[str, object]
    poll: Poll | None = None


def refuse_wrong_pair(transport: str, info: ProfileInfo) -> None:
    """Raises WrongPair where a line of ``transport`` cannot carry the protocol; a replay carries any."""
    if transport not in (REPLAY, info.transport) and transport in (SERIAL, HID, MODBUS):
        raise WrongPair(
            f"{info.id} is spoken over transport {info.transport!r}, not {transport!r}: "
            f'write transport = "{info.transport}", or another profile'
        )


def line_for(lead: Lead, info: ProfileInfo | None, confirmed: Confirmation | None = None) -> LeadLine | None:
    """The line by which a scale of this protocol is read; None where none is configured that could be.

    ``info``: None while no protocol is known; then the port is only listened to. ``confirmed``: of this very
    protocol, by an operator.
    """
    configured = LeadLine(lead.transport, dict(lead.options))
    if lead.transport not in (SERIAL, HID, MODBUS):
        return configured
    if info is not None and info.transport == HID:
        # A scale on USB needs no port that a configuration would have to name.
        return configured if lead.transport == HID else LeadLine(HID, {})
    if lead.transport == HID:
        return configured if info is None else None
    return _wired(lead, info, confirmed)


def _wired(lead: Lead, info: ProfileInfo | None, confirmed: Confirmation | None) -> LeadLine:
    """The serial port, set as it was confirmed, listened to or asked."""
    line: dict[str, object] = {key: value for key, value in lead.options.items() if key in LINE_KEYS}
    if confirmed is not None and confirmed.line:
        line |= Setting(confirmed.baud, confirmed.line).options()
    asked = lead.ask or (confirmed is not None and confirmed.asked)
    if info is None or info.poll is None:
        return LeadLine(SERIAL, line)
    if info.transport == SERIAL:
        return LeadLine(SERIAL, line, info.poll if asked else None)
    if info.poll.registers is None or not (asked or lead.transport == MODBUS):
        return LeadLine(SERIAL, line)
    return LeadLine(MODBUS, line | registers_as_options(info.poll, info.poll.registers))


def registers_as_options(poll: Poll, registers: Registers) -> dict[str, object]:
    """What the transport ``modbus`` must know besides its port."""
    return {
        "address": registers.address,
        "function": registers.function,
        "first": registers.first,
        "count": registers.count,
        "every_ms": poll.every_ms,
        "answer_ms": poll.answer_ms,
    }


def open_line(line: LeadLine) -> Transport:
    """The line, present or not yet; raises BadOption and UnknownPart."""
    opened: Transport = parts.factory(GROUP, line.transport)(line.options)
    return opened if line.poll is None else PolledTransport(opened, line.poll)
