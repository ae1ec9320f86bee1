"""From what a scale shows to the bytes it sends: one encoder a protocol, written from the manuals.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* Weights go out in kilograms with as many decimals as e has.
* A protocol without an overload frame sends nothing at overload, as its indicators do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from hardware.scale.simulated.physics import Plate, Shown

CAS_DEVICE = 0x0A
"""A device number that is a line feed: allowed, and met."""

Encoder = Callable[[Shown, Plate], bytes]


def decimals_of(plate: Plate) -> int:
    """Decimals of the display in kilograms: those of e."""
    exponent = (plate.e_g / 1000).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _kilograms(now: Shown, plate: Plate) -> str:
    return format(now.grams / 1000, f".{decimals_of(plate)}f")


def yaohua_tf0(now: Shown, plate: Plate) -> bytes:
    """STX, sign, six digits, number of decimals, XOR in two characters, ETX (A12E manual p.13)."""
    if now.overload or now.underload:
        return b""
    digits = _kilograms(abs_shown(now), plate).replace(".", "").rjust(6, "0")
    body = ("-" if now.grams < 0 else "+") + digits + str(decimals_of(plate))
    check = 0
    for character in body:
        check ^= ord(character)
    high, low = divmod(check, 16)
    return b"\x02" + body.encode() + bytes([_nibble(high), _nibble(low)]) + b"\x03"


def _nibble(number: int) -> int:
    return number + 0x30 if number <= 9 else number + 0x37


def and_st_gs(now: Shown, plate: Plate) -> bytes:
    """Header, kind, sign and seven characters, unit, CR LF (OP-05 manual p.60)."""
    if now.overload or now.underload:
        return b"OL,GS," + (b"+" if now.overload else b"-") + b"    .  kg\r\n"
    sign = "-" if now.grams < 0 else "+"
    head = "ST" if now.stable else "US"
    return f"{head},GS,{sign}{_kilograms(abs_shown(now), plate):0>7}kg\r\n".encode()


def mt_sics(now: Shown, plate: Plate) -> bytes:
    """``S``, status, ten characters, unit, CR LF (reference manual 11780711)."""
    if now.overload:
        return b"S +\r\n"
    if now.underload:
        return b"S -\r\n"
    return f"S {'S' if now.stable else 'D'} {_kilograms(now, plate):>10} kg\r\n".encode()


def toledo_continuous(now: Shown, plate: Plate, with_check: bool = True) -> bytes:
    """STX, three status bytes, weight, tare, CR and check (Jaguar manual); digits stay when out of range."""
    decimals = decimals_of(plate)
    mantissa = int(plate.e_g.scaleb(6).normalize().as_tuple().digits[0])
    increment = {1: 0b01, 2: 0b10, 5: 0b11}.get(mantissa, 0b01)
    out = now.overload or now.underload
    status_a = 0b0100000 | increment << 3 | (decimals + 2)
    status_b = 0b0110000 | (now.grams < 0) << 1 | out << 2 | (not now.stable) << 3
    digits = _kilograms(abs_shown(now), plate).replace(".", "").lstrip("0").rjust(1, "0")
    frame = bytes([2, status_a, status_b, 0b0100000]) + f"{digits[-6:]:>6}{'0':>6}".encode() + b"\r"
    return frame + bytes([(128 - sum(frame) % 128) % 128]) if with_check else frame


def toledo_without_check(now: Shown, plate: Plate) -> bytes:
    """The 17-byte form."""
    return toledo_continuous(now, plate, with_check=False)


def cas_22(now: Shown, plate: Plate) -> bytes:
    """Header, kind, two raw bytes, eight characters, unit, CR LF (CI-200 manual, F30 = 22)."""
    lamps = 0x84 | now.stable << 6 | now.zero
    out = now.overload or now.underload
    head = b"OL" if out else b"ST" if now.stable else b"US"
    digits = ("-" if now.underload else "") if out else _kilograms(now, plate)
    return head + b",GS," + bytes([CAS_DEVICE, lamps]) + b"," + f"{digits:>8} kg\r\n".encode()


def abs_shown(now: Shown) -> Shown:
    """The same without the sign, for protocols that send it apart."""
    return Shown(
        grams=abs(Decimal(now.grams)), stable=now.stable, overload=now.overload, underload=now.underload
    )


ENCODERS: Mapping[str, Encoder] = {
    "yaohua-tf0": yaohua_tf0,
    "and-st-gs": and_st_gs,
    "mt-sics": mt_sics,
    "toledo-continuous": toledo_continuous,
    "cas-22": cas_22,
}
