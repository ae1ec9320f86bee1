"""From the table [poll] of a profile to what is sent, and why a profile may not ask so.

Rules this file obeys:

* Only commands that the profile itself calls harmless can be asked; zero and tare have no way in.
* A Modbus question is taken apart and put together again: only the functions that read come out whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from hardware.scale.checks import crc16_modbus
from hardware.scale.contract import Poll, Registers
from hardware.scale.schema import ProfileFile

READING = (3, 4)
"""Read holding registers and read input registers; every other function is none of ours."""
_QUESTION = 8


def poll_of(file: ProfileFile) -> Poll | None:
    """How the weight of this protocol is asked for; None where the profile states no way."""
    asking = file.poll
    if asking is None:
        return None
    steps = tuple(bytes.fromhex(step) for step in asking.ask)
    return Poll(
        steps=steps,
        every_ms=asking.every_ms,
        proceed=bytes.fromhex(asking.proceed or ""),
        answer_ms=asking.answer_ms,
        registers=registers_of(steps[0]) if file.transport == "modbus" else None,
    )


def registers_of(question: bytes) -> Registers | None:
    """The registers that a whole Modbus RTU question asks for; None for anything but a sound reading one."""
    if len(question) != _QUESTION or question[1] not in READING:
        return None
    if crc16_modbus(question[:-2]) != question[-2:]:
        return None
    count = int.from_bytes(question[4:6], "big")
    if not 1 <= question[0] <= 247 or not 1 <= count <= 125:
        return None
    return Registers(
        address=question[0],
        function=3 if question[1] == READING[0] else 4,
        first=int.from_bytes(question[2:4], "big"),
        count=count,
    )


def complaints_about_asking(file: ProfileFile) -> Iterable[str]:
    """Why the table [poll] cannot stand as it is."""
    asking = file.poll
    if file.transport == "hid" and (file.command or asking is not None or file.polled):
        yield "a HID scale sends by itself and is sent nothing: no 'command', no 'poll', 'polled' false"
    if file.transport == "modbus" and asking is None:
        yield "a Modbus device only answers: it needs a table [poll]"
    if asking is None:
        return
    harmless = {command.send for command in file.command if not command.changes_scale}
    for step in asking.ask:
        if step not in harmless:
            yield f"[poll] asks {step}, which is no command of the profile that leaves the scale unchanged"
    if asking.answer_ms > asking.every_ms:
        yield "[poll] asks again before the answer had its time: 'every_ms' is shorter than 'answer_ms'"
    if asking.proceed is not None and len(asking.ask) == 1:
        yield "[poll] has one step and nothing to proceed to: no 'proceed'"
    if file.transport == "modbus":
        questions = [registers_of(bytes.fromhex(step)) for step in asking.ask]
        if len(questions) != 1 or questions[0] is None:
            yield "[poll] of a Modbus profile asks one whole question of function 3 or 4 with its CRC"
