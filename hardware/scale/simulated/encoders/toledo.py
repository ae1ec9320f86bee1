"""What Toledo indicators and checkout scales send, and T-Scale's relative of it.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* Six digits without point or sign, leading zeros blank as far as the display blanks them.
* Out of range is told by a bit while the digits say nothing: they are zeros.
"""

from __future__ import annotations

from decimal import Decimal

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.checks import seven_bit_sum

STX, CR = b"\x02", b"\r"
_STEP_BITS = {"1": 0b01_000, "2": 0b10_000, "5": 0b11_000}


def continuous(now: Display, *, with_check: bool = True, dummy_zero: bool = False) -> bytes:
    """STX, status A, B, C, six digits, six of tare, CR, check (Jaguar manual; check of the IND245).

    ``dummy_zero``: decimal code 1, the last zero printed on the display's frame and already in the digits.
    """
    frame = STX + _head(now, dummy_zero=dummy_zero) + _digits(now) + _tare(now, dummy_zero=dummy_zero) + CR
    return frame + seven_bit_sum(frame) if with_check else frame


def continuous_17(now: Display) -> bytes:
    """The form without check."""
    return continuous(now, with_check=False)


def short(now: Display) -> bytes:
    """The same head, the weight only, CR."""
    return STX + _head(now, dummy_zero=False) + _digits(now) + CR


def _head(now: Display, *, dummy_zero: bool) -> bytes:
    step = str(now.interval.normalize().as_tuple().digits[0])
    code = 1 if dummy_zero else 2 + now.decimals
    status_a = 0b0100000 | _STEP_BITS[step] | code
    status_b = (
        0b0100000
        | (now.kind == "net")
        | (now.negative or now.underload) << 1
        | (now.value is None) << 2
        | (not now.stable) << 3
        | (now.unit != "lb") << 4
    )
    unit = {"g": 1, "t": 2, "oz": 3}.get(now.unit, 0)
    return bytes([status_a, status_b, 0b0100000 | unit])


def _digits(now: Display) -> bytes:
    value = Decimal(0).quantize(now.interval) if now.value is None else now.value
    return _six(value)


def _tare(now: Display, *, dummy_zero: bool) -> bytes:
    return b"    00" if dummy_zero and not now.tare else _six(now.tare.quantize(now.interval))


def _six(number: Decimal) -> bytes:
    """The zeros behind and right before the point stay, as on the display."""
    return format(abs(number), "f").replace(".", "").rjust(6)[-6:].encode()


def con2(now: Display) -> bytes:
    """T-Scale ROW "con2": STX, decimals, status, unit, weight, tare, CR LF (ROW manual p.17)."""
    status = (
        0x20
        | (now.kind == "net")
        | (now.negative or now.underload) << 1
        | (now.value is None) << 2
        | (not now.stable) << 3
        | (now.unit == "kg") << 4
    )
    unit = {"g": 0x21, "oz": 0x23}.get(now.unit, 0x20)
    tare = _six(now.tare.quantize(now.interval))
    return STX + bytes([0x22 + now.decimals, status, unit]) + _digits(now) + tare + b"\r\n"


def reply_8217(now: Display, fixed: int = 0x60) -> bytes:
    """``STX WW.WWW CR``, or ``STX ? status CR`` in motion and out of range (Odoo's and Diva's description).

    ``fixed``: the bits that are always set, by model.
    """
    if now.value is not None and now.stable and not now.negative:
        return STX + f"{now.digits:0>6}{'N' if now.kind == 'net' else ''}".encode() + CR
    under = now.underload or now.negative
    status = fixed | (not now.stable and not now.underload and not now.overload)
    return STX + b"?" + bytes([status | now.overload << 1 | under << 2]) + CR


def reply_8213(now: Display) -> bytes:
    """``STX xxx.xx CR``, nothing else; nothing in motion and out of range."""
    if now.value is None or not now.stable or now.negative:
        return b""
    return STX + f"{now.digits:0>6}".encode() + CR
