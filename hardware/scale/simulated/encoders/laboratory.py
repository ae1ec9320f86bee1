"""What laboratory and shipping scales send: mostly a line of fixed columns.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* A maker whose overload is not described sends nothing then.
"""

from __future__ import annotations

from decimal import Decimal

from hardware.scale.simulated.display import Display


def _signed(now: Display) -> str:
    return f"{'-' if now.negative else ''}{now.digits}"


def _blank_or_minus(now: Display) -> str:
    return "-" if now.negative else " "


def _plus_or_minus(now: Display) -> str:
    return "-" if now.negative else "+"


def mt_sics(now: Display) -> bytes:
    """``S``, status, ten characters, unit, CR LF (MT-SICS reference manual 11780711)."""
    if now.value is None:
        return b"S +\r\n" if now.overload else b"S -\r\n"
    status = "S" if now.stable else "D"
    if now.unit == "lb:oz":
        pounds, ounces = divmod(now.value, Decimal(16))
        return f"S {status} {int(pounds)}:{ounces:05.2f} lb:oz\r\n".encode()
    return f"S {status} {_signed(now):>10} {now.unit}\r\n".encode()


def mettler_label(now: Display) -> bytes:
    """What the print key of an MS204TS sends: ``N``, the weight, the unit (capture)."""
    if now.value is None:
        return b""
    return f"     N{_signed(now):>13} {now.unit:<4}\r\n".encode()


def sartorius_sbi16(now: Display, *, plus: str = "+", padded: bool = True) -> bytes:
    """Sign, eight characters of value, unit once stable, CR LF (Quintix manual p.87).

    ``plus``: sign of a positive value, by setting. The auxiliary digit stands in brackets.
    """
    if now.value is None:
        return b""
    value = f"{now.digits}[{now.auxiliary}" if now.auxiliary else now.digits
    behind = "]" if now.auxiliary else " "
    unit = _SARTORIUS.get(now.unit, now.unit) if now.stable else ""
    line = f"{'-' if now.negative else plus} {value:>8}{behind}{unit:<3}"
    return f"{line if padded else line.rstrip()}\r\n".encode()


_SARTORIUS = {"gr": "GN"}


def ohaus_3000(now: Display) -> bytes:
    """``    24.2 kg   ?G`` (captures of Defender 3000)."""
    if now.value is None:
        return b""
    letter = "N" if now.kind == "net" else "G"
    return f"{_signed(now):>8} {now.unit:<5}{' ' if now.stable else '?'}{letter}\r\n".encode()


def ohaus_scout(now: Display) -> bytes:
    """``       12.73 g    ?``."""
    if now.value is None:
        return b""
    unit = "PCS" if now.unit == "pcs" else now.unit
    return f"{_signed(now):>12} {unit:<5}{' ' if now.stable else '?'}\r\n".encode()


def shinko_pdus(now: Display) -> bytes:
    """``+00123.4 G S``: sign, seven characters (eight with a slash), unit, status (Kern PES manual)."""
    if now.value is None:
        return b""
    digits = f"{now.digits:0>6}/{now.auxiliary}" if now.auxiliary else f"{now.digits:0>7}"
    status = "S" if now.stable else "U"
    return f"{_plus_or_minus(now)}{digits}{now.unit.upper():>2} {status}\r\n".encode()


def radwag(now: Display, command: str = "SI") -> bytes:
    """Command, stability, sign, nine characters, unit, CR LF: 21 bytes (WTB manual p.56)."""
    if now.value is None:
        mark, digits = "^" if now.overload else "v", format(Decimal(0).quantize(now.interval), "f")
    else:
        mark, digits = " " if now.stable else "?", now.digits
    return f"{command:<3}{mark} {_blank_or_minus(now)}{digits:>9} {now.unit:<3}\r\n".encode()


def creedmoor(now: Display) -> bytes:
    """``+009.198 g  `` (captures)."""
    if now.value is None:
        return b""
    return f"{_plus_or_minus(now)}{now.digits:0>7} {now.unit:<3}\r\n".encode()


def ussolid(now: Display) -> bytes:
    """``+   20.758g  `` (captures)."""
    if now.value is None:
        return b""
    unit = _SARTORIUS.get(now.unit, now.unit)
    return f"{_plus_or_minus(now)}{now.digits:>9}{unit:<3}\r\n".encode()


def steinberg(now: Display) -> bytes:
    """``SD   -467.16 GN``: S, D in motion, ten characters, unit."""
    if now.value is None:
        return b""
    unit = _SARTORIUS.get(now.unit, now.unit)
    return f"S{' ' if now.stable else 'D'}{_signed(now):>10} {unit}\r\n".encode()


def gng_14(now: Display) -> bytes:
    """Sign, eight characters, unit in three, CR LF (notes on G&G balances; captures)."""
    if now.value is None:
        return b""
    unit = _SARTORIUS.get(now.unit, now.unit)
    return f"{_blank_or_minus(now)}{now.digits:>8} {unit:<2}\r\n".encode()


def kern_16(now: Display) -> bytes:
    """``       0.000 g  `` (captures)."""
    if now.value is None:
        return b""
    unit = "gn" if now.unit == "gr" else now.unit
    return f"{_signed(now):>12} {unit:<3}\r\n".encode()


def shimadzu_eb(now: Display, *, letter: bool = False, width: int = 8, unit_width: int = 2) -> bytes:
    """Sign, value, unit, CR; S or U in front if asked for (UP1023X p.95, CBL p.30: widths by model)."""
    if now.value is None:
        return b""
    head = ("S" if now.stable else "U") if letter else ""
    return f"{head}{_blank_or_minus(now)}{now.digits:>{width}}{now.unit:<{unit_width}}\r".encode()
