"""What indicators of Shanghai Yaohua, and the many that copy their frames, send.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* A frame without room for "out of range" is not sent then: the indicators fall silent.
"""

from __future__ import annotations

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.checks import xor_two_characters


def tf0(now: Display) -> bytes:
    """STX, sign, six digits, number of decimals, XOR in two characters, ETX (A12E manual p.13)."""
    body = _sign_digits_decimals(now)
    return b"\x02" + body + xor_two_characters(body) + b"\x03" if body else b""


def command_reply(now: Display, address: str = "A", command: str = "") -> bytes:
    """STX, address, command, sign, six digits, decimals, XOR in two characters, ETX (A23p manual p.26).

    ``command``: what is answered; by the kind displayed where none is given.
    """
    body = _sign_digits_decimals(now)
    if not body:
        return b""
    command = command or {"gross": "B", "tare": "C", "net": "D"}[now.kind]
    body = f"{address}{command}".encode() + body
    return b"\x02" + body + xor_two_characters(body) + b"\x03"


def _sign_digits_decimals(now: Display) -> bytes:
    if now.value is None:
        return b""
    digits = now.digits.replace(".", "").rjust(6, "0")
    if len(digits) > 6:
        return b""
    return f"{'-' if now.negative else '+'}{digits}{now.decimals}".encode()


def _eight(now: Display) -> str:
    """Eight characters with the point; the first is the minus or a zero (A26 manual p.13)."""
    if now.value is None or len(now.digits) > 7:
        return ""
    return ("-" if now.negative else "0") + now.digits.rjust(7, "0")


def eq_forward(now: Display) -> bytes:
    """``=0003.000`` (A26 manual p.13, continuous format 2)."""
    text = _eight(now)
    return f"={text}".encode() if text else b""


def eq_reversed(now: Display) -> bytes:
    """``=000.3000``: the same, least significant digit first (A26 manual p.13, continuous format 1)."""
    text = _eight(now)
    return f"={text[::-1]}".encode() if text else b""


def eq_reversed_suffix(now: Display) -> bytes:
    """``543.210=``: seven characters, reversed, the equals sign behind (Keli D2008F, TF 2 and 3)."""
    text = _eight(now)
    if not text:
        return b""
    seven = f"-{text[2:]}" if now.negative else text[1:]
    return f"{seven[::-1]}=".encode()


def eq_price(now: Display) -> bytes:
    """``=0002.000kg;0001.00;0002.00``: weight, unit price, amount (A23p manual p.25)."""
    text = _eight(now)
    if not text:
        return b""
    return f"={text}{now.unit};{now.unit_price:07.2f};{now.amount:07.2f}".encode()


def a12(now: Display) -> bytes:
    """``W``, gross or net, seven characters, unit, XOR in two characters, CR LF (A12E manual p.13)."""
    if now.value is None:
        body = b"         OL" if now.overload else b"         LO"
    else:
        body = f"W{'N' if now.kind == 'net' else 'G'}{_seven(now)}{now.unit:<2}".encode()
    return body + xor_two_characters(body) + b"\r\n"


def a12_lower(now: Display) -> bytes:
    """``wn-0000.1kg``: the lower-case family, without check (driver of an XK3190-A12)."""
    if now.value is None:
        return b""
    letter = {"gross": "w", "net": "n", "tare": "t"}[now.kind]
    return f"w{letter}{_seven(now)}{now.unit:<2}".encode()


def _seven(now: Display) -> str:
    """Seven characters with the point; a minus takes the first place."""
    return f"-{now.digits:0>6}" if now.negative else f"{now.digits:0>7}"
