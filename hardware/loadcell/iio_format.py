"""What the Linux IIO subsystem says, in words and bytes: scan elements, records, scales. No I/O.

Rules this file obeys:

* Nothing of a record is assumed: place, width, sign and order of bytes are what the kernel says they are.
* A value outside the bits that the kernel says are real is no value: the driver avia,hx711 puts the negative
  number of an error where a conversion belongs.
* The driver's codes are offset binary: zero is 0x800000.
* Sources: Documentation/ABI/testing/sysfs-bus-iio and drivers/iio/adc/hx711.c of Linux 6.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from hardware.loadcell import hx711
from hardware.loadcell.contract import Fault, LoadCellError

OFFSET = 0x800000
"""Code of zero: the driver turns the chip's two's complement over (value XOR 0x800000)."""
LARGEST_ERRNO = 4095
"""Error numbers in the kernel are -1 … -4095 (MAX_ERRNO of include/linux/err.h)."""
MOST_RECORD_BYTES = 64

TYPE = re.compile(r"(?P<order>[bl]e):(?P<sign>[su])(?P<real>\d{1,2})/(?P<stored>\d{1,2})>>(?P<shift>\d{1,2})")


class BadFormat(LoadCellError):
    """The kernel describes its data in a way that this driver does not understand."""


class Element(msgspec.Struct, frozen=True):
    """One element of a scan: its place among the others and how its bits are stored."""

    index: int
    order: str
    signed: bool
    real_bits: int
    stored_bits: int
    shift: int

    @property
    def size(self) -> int:
        return self.stored_bits // 8


class Layout(msgspec.Struct, frozen=True):
    """Where value and time stand in a record of ``size`` bytes."""

    value: Element
    value_at: int
    stamp: Element
    stamp_at: int
    size: int


class Record(msgspec.Struct, frozen=True):
    """One record: the stored word of the value as a signed number, and its time in ns."""

    word: int
    stamp_ns: int


class Judged(msgspec.Struct, frozen=True):
    """What a word says: ``counts``, or ``faults``; ``error`` is the number of a kernel error, else 0."""

    counts: int | None
    faults: tuple[Fault, ...] = ()
    error: int = 0


def element(index_text: str, type_text: str) -> Element:
    """The element of ``…_index`` and ``…_type``, as ``le:u24/32>>0``; raises BadFormat."""
    match = TYPE.fullmatch(type_text.strip())
    index = index_text.strip()
    if match is None or not re.fullmatch(r"\d{1,2}", index):
        raise BadFormat(f"iio: scan element {type_text.strip()[:40]!r} at {index[:10]!r} is not understood")
    real, stored, shift = int(match["real"]), int(match["stored"]), int(match["shift"])
    if stored not in (8, 16, 32, 64) or not 0 < real <= stored - shift:
        raise BadFormat(f"iio: scan element {type_text.strip()!r} cannot be: {real} bits in {stored}")
    order = "little" if match["order"] == "le" else "big"
    return Element(int(index), order, match["sign"] == "s", real, stored, shift)


def layout(value: Element, stamp: Element) -> Layout:
    """The record of these two: by index, each at a multiple of its size, the whole one of the largest."""
    if value.index == stamp.index:
        raise BadFormat("iio: value and timestamp have the same scan index")
    if (value.real_bits, value.signed, value.stored_bits) != (hx711.DATA_BITS, False, 32):
        raise BadFormat(f"iio: the value has {value.real_bits} of {value.stored_bits} bits: not an HX711")
    at, places = 0, {}
    for part in sorted((value, stamp), key=lambda one: one.index):
        at = -(-at // part.size) * part.size
        places[part.index] = at
        at += part.size
    largest = max(value.size, stamp.size)
    return Layout(value, places[value.index], stamp, places[stamp.index], -(-at // largest) * largest)


def unpack(data: bytes, form: Layout) -> Record:
    """The record in ``data`` of exactly ``form.size`` bytes."""

    def number(part: Element, at: int) -> int:
        order = "little" if part.order == "little" else "big"
        return int.from_bytes(data[at : at + part.size], order, signed=True)  # type: ignore[arg-type]

    return Record(number(form.value, form.value_at) >> form.value.shift, number(form.stamp, form.stamp_at))


def judge(word: int) -> Judged:
    """What the word of a conversion says.

    >>> judge(0x800000 + 4116).counts
    4116
    >>> judge(-5).error
    5
    """
    if -LARGEST_ERRNO <= word < 0:
        return Judged(None, (Fault.BAD_TRANSFER,), -word)
    if not 0 <= word < 1 << hx711.DATA_BITS:
        return Judged(None, (Fault.BAD_TRANSFER,))
    code = word ^ OFFSET
    if code == hx711.OVERLOAD_CODE:
        return Judged(None, (Fault.OVERLOAD,))
    if code == hx711.UNDERLOAD_CODE:
        return Judged(None, (Fault.UNDERLOAD,))
    return Judged(hx711.signed(code))


def scale_of(gain: int, available: str) -> str:
    """The text in ``…_scale_available`` that selects ``gain``; raises BadFormat.

    Input A has two scales, the smaller for gain 128; input B one.
    """
    texts = available.split()
    try:
        values = {Decimal(text): text for text in texts if Decimal(text) > 0}
    except InvalidOperation:
        values = {}
    if gain == 32 and len(values) == 1:
        return next(iter(values.values()))
    # 128 to 64 is one to two; the kernel rounds to 10⁻⁹ mV, one part in a thousand.
    if gain != 32 and len(values) == 2 and abs(max(values) / min(values) - 2) < Decimal("0.01"):
        return values[min(values) if gain == 128 else max(values)]
    raise BadFormat(f"iio: scales {available.strip()[:60]!r} do not tell gain {gain}: is avdd-supply given?")


def same_scale(one: str, other: str) -> bool:
    """Whether two texts of a scale are the same number."""
    try:
        return Decimal(one.strip()) == Decimal(other.strip())
    except InvalidOperation:
        return False


REASONS: Mapping[int, str] = {
    errno.ENODEV: "the device is gone (driver unbound or overlay removed)",
    errno.ENOENT: "the device is gone (driver unbound or overlay removed)",
    errno.EACCES: "no permission: let the sampler's user write it (rule for udev on the driver's page)",
    errno.EPERM: "no permission: let the sampler's user write it (rule for udev on the driver's page)",
    errno.EBUSY: "it is in use: another program reads this device",
}


def reason(error: OSError) -> str:
    """Words for an error of the kernel."""
    return REASONS.get(error.errno or 0, error.strerror or str(error))
