"""The family ``ST,GS,+0001260kg``: A&D, and every maker that spaces it differently; CAS with its raw bytes.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* A maker whose overload is not described sends nothing then.
"""

from __future__ import annotations

from hardware.scale.simulated.display import Display

CAS_DEVICE = 0x0A
"""A device number that is a line feed: allowed, and met."""
KINDS = {"gross": "GS", "net": "NT", "tare": "TR"}


def _head(now: Display) -> str:
    if now.value is None:
        return "OL"
    return "ST" if now.stable else "US"


def _sign(now: Display) -> str:
    return "-" if now.negative or now.underload else "+"


def _right(now: Display, width: int) -> str:
    return f"{'-' if now.negative else ''}{now.digits}".rjust(width)


def and_standard(now: Display, compared: str = "") -> bytes:
    """Header, sign, eight characters, unit in three, CR LF (GX-300 manual p.46; ``compared``: OK, HI, LO)."""
    if now.value is None:
        return f"OL,{_sign(now)}9999999E+19\r\n".encode()
    second = f",{compared}" if compared else ""
    return f"{_head(now)}{second},{_sign(now)}{now.digits:0>8}{now.unit:>3}\r\n".encode()


def and_csv(now: Display) -> bytes:
    """The same with a comma before the unit."""
    if now.value is None:
        return f"OL,{_sign(now)}9999999E+19\r\n".encode()
    return f"{_head(now)},{_sign(now)}{now.digits:0>8},{now.unit:>3}\r\n".encode()


def and_st_gs(now: Display, fill: str = "0", gross: str = "GS") -> bytes:
    """Header, kind, sign and seven characters, unit in two, CR LF (OP-05 manual p.60)."""
    kind = gross if now.kind == "gross" else KINDS[now.kind]
    digits = "    .  " if now.value is None else now.digits.rjust(7, fill)
    return f"{_head(now)},{kind},{_sign(now)}{digits}{now.unit:>2}\r\n".encode()


def excell_general(now: Display) -> bytes:
    """Header, kind, sign and eight characters, unit in four, CR LF (H3 manual p.67)."""
    rest = " " * 12 if now.value is None else f"{now.digits:0>8}{now.unit:>4}"
    return f"{_head(now)},{KINDS[now.kind]},{_sign(now)}{rest}\r\n".encode()


def tscale_nhb(now: Display) -> bytes:
    """``ST,GS    20.7g  ``: no second comma, no plus (capture)."""
    if now.value is None:
        return b""
    return f"{_head(now)},{KINDS[now.kind]}{_right(now, 8)}{now.unit:<3}\r\n".encode()


def tscale_qhw(now: Display) -> bytes:
    """``ST,GS,   245.6 g`` (capture)."""
    if now.value is None:
        return b""
    return f"{_head(now)},{KINDS[now.kind]},{_right(now, 8)}{now.unit:>2}\r\n".encode()


def dini_argeo(now: Display) -> bytes:
    """``ST,GS,     0.0,kg``: a third comma."""
    if now.value is None:
        return b""
    return f"{_head(now)},{KINDS[now.kind]},{_right(now, 8)},{now.unit}\r\n".encode()


def cas_22(now: Display, device: int = CAS_DEVICE, gap: str = " ") -> bytes:
    """Header, kind, two raw bytes, eight characters, unit, CR LF (CI-200 manual, F30 = 22).

    ``gap``: what stands behind the digits; a CAS 6000 sends NUL there.
    """
    net = now.kind == "net"
    lamps = 0x80 | (now.stable << 6) | ((not net) << 2) | (net << 1) | now.zero
    text = ("-" if now.underload else "").rjust(8) if now.value is None else _right(now, 8)
    head = f"{_head(now)},{KINDS[now.kind]},".encode()
    return head + bytes([device, lamps]) + f",{text}{gap}{now.unit:>2}\r\n".encode()
