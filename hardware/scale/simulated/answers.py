"""What an MT-SICS scale answers when it is spoken to: pure, no I/O.

Rules this file obeys:

* Only the commands of the manual are known; anything else is answered ``ES``.
* Input is bounded: a line that does not end is dropped.
"""

from __future__ import annotations

LONGEST = 80
SERIAL_NUMBER = "SIM0001"


class SicsHost:
    """The command side of an MT-SICS scale.

    ``repeating``: whether weights are sent without being asked (SIR). ``stable_due``: how many S requests
    wait for a stable weight.
    """

    def __init__(self) -> None:
        self.repeating = True
        self.stable_due = 0
        self._line = bytearray()

    def hear(self, data: bytes, weight_now: bytes) -> bytes:
        """The answer to ``data``, given the frame of the weight at this moment."""
        answer = b""
        for byte in data:
            if byte == 0x0A:
                answer += self._obey(bytes(self._line).rstrip(b"\r"), weight_now)
                self._line.clear()
            elif len(self._line) < LONGEST:
                self._line.append(byte)
        return answer

    def stable(self, weight_now: bytes) -> bytes:
        """The answers that waited for a stable weight."""
        answer = weight_now * self.stable_due
        self.stable_due = 0
        return answer

    def _obey(self, command: bytes, weight_now: bytes) -> bytes:
        match command:
            case b"SI":
                return weight_now
            case b"S":
                self.stable_due = min(self.stable_due + 1, 4)
            case b"SIR":
                self.repeating = True
            case b"@":
                self.repeating, self.stable_due = False, 0
                return _about_itself()
            case b"I4":
                return _about_itself()
            case b"":
                return b""
            case _:
                return b"ES\r\n"
        return b""


def _about_itself() -> bytes:
    return f'I4 A "{SERIAL_NUMBER}"\r\n'.encode()
