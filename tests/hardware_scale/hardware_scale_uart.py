"""A serial line at the level of bits: what a receiver set to 8N1 makes of a sender at any rate and parity."""

from __future__ import annotations

DATA_BITS = {"7": 7, "8": 8}


def levels(data: bytes, line: str = "8N1", idle: int = 3) -> list[int]:
    """The line bit by bit: start 0, data from the lowest bit, parity, stop bits 1, and some idle."""
    bits, parity, stop = DATA_BITS[line[0]], line[1], int(line[2])
    out = [1] * idle
    for byte in data:
        sent = [byte >> place & 1 for place in range(bits)]
        out += [0, *sent]
        if parity != "N":
            out.append((sum(sent) + (parity == "O")) & 1)
        out += [1] * stop
    return out + [1] * idle


def received(sent: list[int], sender_baud: int, receiver_baud: int) -> bytes:
    """The bytes an 8N1 receiver samples in the middle of its own bit times; framing errors are delivered."""
    ratio = sender_baud / receiver_baud
    end = len(sent)
    got = bytearray()
    at = 0.0
    while True:
        start = next((place for place in range(int(at), end) if not sent[place]), None)
        if start is None:
            return bytes(got)
        begin = max(float(start), at)
        byte = 0
        for bit in range(8):
            place = int(begin + (1.5 + bit) * ratio)
            byte |= (sent[place] if place < end else 1) << bit
        got.append(byte)
        at = begin + 9.5 * ratio


def heard_as_8n1(data: bytes, line: str = "8N1", sender_baud: int = 9600, receiver_baud: int = 9600) -> bytes:
    """What arrives at a port set to 8N1."""
    return received(levels(data, line), sender_baud, receiver_baud)
