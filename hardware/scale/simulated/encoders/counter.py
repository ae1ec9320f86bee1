"""What scales on a shop's counter send: price-computing scales, checkout scales, platforms with a printer.

Rules this file obeys:

* No decoder's code, table or constant is used here.
* A maker whose overload is not described sends nothing then.
"""

from __future__ import annotations

from decimal import Decimal

from hardware.scale.simulated.display import GRAMS, Display
from hardware.scale.simulated.encoders.checks import massa_crc, xor


def _signed(now: Display) -> str:
    return f"{'-' if now.negative else ''}{now.digits}"


def _net_tare_gross(now: Display) -> tuple[Decimal, Decimal, Decimal]:
    net = now.value if now.value is not None else Decimal(0)
    return net, now.tare, net + now.tare


def cas_block(now: Display) -> bytes:
    """SOH STX, stability, sign, six characters, unit, XOR, ETX EOT (PD-II; Aclas OS2 sends it unasked)."""
    if now.underload:
        return b""
    if now.value is None:
        body = f"FF{Decimal(0).quantize(now.interval):0>6}{now.unit:>2}".encode()
    else:
        head = ("S" if now.stable else "U") + ("-" if now.negative else " ")
        body = f"{head}{now.digits:0>6}{now.unit:>2}".encode()
    return b"\x01\x02" + body + bytes([xor(body)]) + b"\x03\x04"


def avery_fx120(now: Display) -> bytes:
    """STX, status with bit 5 for stable, five digits in grams, US, ETX (confirmed on the device)."""
    if now.value is None or now.negative:
        return b""
    grams = int(now.value * GRAMS[now.unit])
    return bytes([2, 0x29 if now.stable else 0x09]) + b"%05d\x1f\x03" % grams if grams <= 99_999 else b""


def acs_p215(now: Display) -> bytes:
    """CR, blank, four digits, three decimals meant; once stable (ACS-P215, mode RS232-2)."""
    if now.value is None or now.negative or not now.stable:
        return b""
    grams = int(now.value * GRAMS[now.unit])
    return b"\r %04d" % grams if grams <= 9999 else b""


def elzab(now: Display) -> bytes:
    """ESC, S, blank or minus, six characters, CR LF; a weight at rest only (CAT 27 manual p.24)."""
    if now.value is None or not now.stable:
        return b""
    return f"\x1bS{'-' if now.negative else ' '}{now.digits:0>6}\r\n".encode()


def digi_ds781(now: Display) -> bytes:
    """Two status bytes, then net, tare, unit price and total behind their letters: 37 bytes (captures)."""
    if now.value is None or now.negative:
        return b""
    lines = (
        "@B",
        f"0{now.digits:0>6}",
        f"4{now.tare.quantize(now.interval):0>6}",
        f"U{now.unit_price:06.2f}",
        f"T{now.amount:07.2f}",
    )
    return "".join(f"{line}\r" for line in lines).encode() + b"\n"


def digi_multi(now: Display) -> bytes:
    """Twelve lines behind letters: A gross, 0 net, 4 tare, B a raw status; bytes above 7Fh (capture)."""
    if now.value is None:
        return b""
    net, tare, gross = (number.quantize(now.interval) for number in _net_tare_gross(now))
    nothing = Decimal(0).quantize(now.interval)
    lines = [f"{letter}{nothing:>9}" for letter in "FHQX"]
    lines += [f"A{gross:>9}", f"0{net:>9}", f"4{tare:>9}", f"1{nothing:>9}", f"2{0:>8}"]
    head = "".join(f"{line}\r" for line in lines).encode()
    return head + b"B\x81\rC20\xf4 02\xf3 2023\xf2 MON 09:18AM\rV1\r\n"


def bizerba_bcp(now: Display) -> bytes:
    """``GD01|kg;-3;1234``: net, tare and gross as unit, exponent and mantissa."""
    if now.value is None:
        return b""
    scaled = [int(number.scaleb(now.decimals)) for number in _net_tare_gross(now)]
    fields = [f"{now.unit};{-now.decimals};{mantissa}" for mantissa in scaled]
    return "I!LV01|GD01|{}|GD02|{}|GD07|{}|LX02\r\n".format(*fields).encode()


def qz_a_frame(now: Display) -> bytes:
    """STX, A, eight characters, CR, ETX (capture)."""
    return f"\x02A{_signed(now):>8}\r\x03".encode() if now.value is not None else b""


def sterling_7600(now: Display) -> bytes:
    """The echoed command glued before the text: ``SGWGross   0.010 lb`` (captures)."""
    if now.value is None:
        return b""
    if now.unit == "pcs":
        return f"SCOCount{_signed(now):>8} Pieces\r\n".encode()
    echo = "SNWNet  " if now.kind == "net" else "SGWGross"
    return f"{echo}{_signed(now):>8} {now.unit}\r\n".encode()


def fairbanks_6011(now: Display) -> bytes:
    """Status 1 stable, 2 in motion, weight, tare, CR LF; whole tens with their zero (capture)."""
    if now.value is None or now.negative:
        return b""
    tare = str(int(now.tare)) if now.tare else "00"
    return f"{1 if now.stable else 2}{_signed(now):>8}{tare:>6}\r\n".encode()


def jik_block(now: Display) -> bytes:
    """A print-out of a JIK-6: date, time, tare, gross, net, pieces (capture)."""
    if now.value is None:
        return b""
    net, tare, gross = (f"{number.quantize(now.interval):>6} {now.unit}" for number in _net_tare_gross(now))
    lines = (
        "^KJIK000",
        "2023-11-07",
        "17:19:26",
        tare,
        gross,
        "0",
        "0",
        net,
        net,
        "    0 pcs",
        " ",
        " ",
        "E",
        "~P1",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def jwi_block(now: Display) -> bytes:
    """A print-out of a JWI-586: net, tare, gross, a line each."""
    if now.value is None:
        return b""
    numbers = (number.quantize(now.interval) for number in _net_tare_gross(now))
    lines = (
        f"{name} : {'-' if number < 0 else '+'}{abs(number):>7} {now.unit}\r\n"
        for name, number in zip(("N.W.", "T.W.", "G.W."), numbers, strict=True)
    )
    return "".join(lines).encode()


MASSA_DIVISIONS = {4: 0, 3: 1, 2: 2, 1: 3, 0: 4}
"""Code of the division 0.1 g … 1 kg by the decimals of kilograms."""


def massa_frame(body: bytes) -> bytes:
    """F8 55 CE, length, body, CRC (Massa-K protocol 100)."""
    return b"\xf8\x55\xce" + len(body).to_bytes(2, "little") + body + massa_crc(body)


def massa_100(now: Display) -> bytes:
    """The answer 24h to GET_MASSA: mass, division, stable, net, zero, tare."""
    if now.value is None:
        return b""
    mass = int(now.value.scaleb(now.decimals)).to_bytes(4, "little", signed=True)
    tare = int(now.tare.scaleb(now.decimals)).to_bytes(4, "little", signed=True)
    flags = bytes([MASSA_DIVISIONS[now.decimals], now.stable, now.kind == "net", now.zero])
    return massa_frame(b"\x24" + mass + flags + tare)


def ff_bcd(now: Display, point: int = 0) -> bytes:
    """FF, flags, six digits as BCD, low byte first (JCS-B manual p.6).

    ``point``: added to the number of decimals in the flags; HT9800 sends one more.
    """
    digits = "0" * 6 if now.value is None else now.digits.replace(".", "").rjust(6, "0")
    flags = (now.decimals + point) | now.negative << 5 | now.stable << 6 | (now.value is None) << 7
    return bytes([0xFF, flags]) + bytes.fromhex(digits[-6:])[::-1]


def ff_bcd_minus_one(now: Display) -> bytes:
    """The same where 1 means no decimals (HT9800)."""
    return ff_bcd(now, point=1)


def nci(now: Display) -> bytes:
    """LF, weight and unit, CR LF, S, two status bytes, CR, ETX (Weigh-Tronix ECR)."""
    if now.value is None:
        text = "^^^^^^" if now.overload else "______"
    else:
        text = f"{'-' if now.negative else ''}{now.digits:0>{5 if now.negative else 6}}"
    first = 0x30 | (not now.stable) | now.zero << 1
    second = 0x30 | now.underload | now.overload << 1
    return f"\n{text}{now.unit.upper()}\r\nS".encode() + bytes([first, second]) + b"\r\x03"


def sma(now: Display) -> bytes:
    """LF, status, range, kind, motion, flag, ten characters, unit, CR (SMA SCP-0499)."""
    if now.value is None:
        status, digits = "O" if now.overload else "U", "-" * 10
    else:
        status, digits = "Z" if now.zero else " ", f"{_signed(now):>10}"
    kind = {"gross": "G", "net": "N", "tare": "T"}[now.kind]
    return f"\n{status}1{kind}{' ' if now.stable else 'M'} {digits}{now.unit:<3}\r".encode()


HID_UNITS = {"mg": 1, "g": 2, "kg": 3, "ct": 4, "gr": 6, "dwt": 7, "t": 8, "ozt": 10, "oz": 11, "lb": 12}


def usb_hid(now: Display) -> bytes:
    """Report 3: status, unit, exponent, 16-bit magnitude (USB HID point of sale tables, page 8Dh)."""
    value = now.value if now.value is not None else Decimal(0)
    magnitude = min(int(abs(value).scaleb(now.decimals)), 0xFFFF)
    if now.overload:
        status = 6
    elif now.underload or now.negative:
        status = 5
    elif not now.stable:
        status = 3
    else:
        status = 2 if now.zero else 4
    exponent = (-now.decimals) & 0xFF
    return bytes([3, status, HID_UNITS[now.unit], exponent]) + magnitude.to_bytes(2, "little")
