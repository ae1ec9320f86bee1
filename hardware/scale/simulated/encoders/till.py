"""What scales say in a dialogue with a till, and displays that are copied to somewhere else.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* What a maker does not describe is not sent.
"""

from __future__ import annotations

from hardware.scale.simulated.display import GRAMS, Display
from hardware.scale.simulated.encoders.checks import xor

ESC = "\x1b"
MOVING, TOO_LIGHT, BELOW_ZERO, OVERLOADED = "20", "30", "31", "32"
"""Status of record 09 (Ohaus Aviator 7000 service manual p.40)."""


def _grams(now: Display) -> int | None:
    """Whole grams from 1 to 99,999; None where five digits cannot say it."""
    grams = 0 if now.value is None else int(now.value * GRAMS[now.unit])
    return grams if 1 <= grams <= 99_999 else None


def dialog_status(now: Display) -> str:
    """Why there is no result; empty where there is one."""
    if now.value is None:
        return OVERLOADED if now.overload else BELOW_ZERO
    if now.negative:
        return BELOW_ZERO
    if not now.stable:
        return MOVING
    return "" if _grams(now) else TOO_LIGHT


def dialog_result(now: Display) -> bytes:
    """Record 02: kilograms in five digits, unit price, amount; empty where there is no result."""
    if dialog_status(now):
        return b""
    price, amount = int(now.unit_price * 100), int(now.amount * 100)
    return f"\x0202{ESC}3{ESC}{_grams(now):05d}{ESC}{price:06d}{ESC}{amount:06d}\x03".encode()


def dialog_why(now: Display) -> bytes:
    """Record 09: why there is no result, 00 where there is one."""
    return f"\x0209{ESC}{dialog_status(now) or '00'}\x03".encode()


def dialog_06(now: Display) -> bytes:
    """What a till has in the end: the result, or why there is none."""
    return dialog_result(now) or dialog_why(now)


def dibal_98(now: Display) -> bytes:
    """``99``, 0, five digits of weight, price, amount, XOR, CR LF (note on G-310; DPOS400 manual p.45).

    Overload is sent as noughts and motion as blanks, as the manual says; five digits have no place for the
    minus of its -00.000, so nothing is sent below zero.
    """
    if now.underload or now.negative:
        return b""
    if now.value is None:
        weight = "00000"
    else:
        grams = int(now.value * GRAMS[now.unit])
        if grams > 99_999:
            return b""
        weight = f"{grams:05d}" if now.stable else " " * 5
    body = f"990{weight}{int(now.unit_price * 100):05d}{int(now.amount * 100):06d}".encode()
    return body + bytes([xor(body)]) + b"\r\n"


def dingsong_ds822(now: Display) -> bytes:
    """STX, A, c, six pairs of digit and attribute, XOR with bit 6 set, ETX (DS822-A8KTF manual p.36).

    The five digits of the display; the sixth pair and every attribute are as in the one capture, which shows
    no point and no minus: neither can be sent.
    """
    if now.value is None or now.negative:
        return b""
    digits = now.digits.replace(".", "")
    if len(digits) > 5:
        return b""
    body = b"\x02Ac" + b"".join(bytes([digit, 0x20]) for digit in digits.zfill(5).encode()) + b"<0"
    return body + bytes([xor(body) | 0x40]) + b"\x03"


def brecknell_wi110(now: Display) -> bytes:
    """Blank, G or N, sign, five characters, blank, unit, CR LF (RD65 manual p.6)."""
    if now.value is None or len(now.digits) > 5:
        return b""
    kind = "N" if now.kind == "net" else "G"
    return f" {kind}{'-' if now.negative else '+'}{now.digits:0>5} {now.unit:>2}\r\n".encode()


def con3(now: Display) -> bytes:
    """T-Scale ROW "con3": SOH, sign, seven characters with the point, unit, status 0 or 1, CR LF (p.17).

    Which status means rest is not stated; 0 is taken for it, and the reader must not rely on that.
    """
    if now.value is None:
        return b""
    sign = "-" if now.negative else "+"
    return f"\x01{sign}{now.digits:>7}{now.unit:>2}{0 if now.stable else 1}\r\n".encode()
