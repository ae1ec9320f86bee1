"""One HX711 burst as bytes of an SPI transfer: MOSI is PD_SCK, MISO is DOUT. No I/O.

Rules this file obeys:

* One SPI bit is one phase of PD_SCK, and every byte ends low: whatever pauses between bytes lengthens only
  the low phase, which the datasheet does not limit (T4).
* A burst begins with one byte of silence, in which DOUT must be low: the chip is still ready.
* DOUT is looked at twice a pulse and must agree with itself, and be high in all of the last byte.

For gain 128 (25 pulses), each bit sampled in its middle (SPI modes 0 and 1 alike)::

    MOSI   0 0 0 0 0 0 0 0   1 0 1 0 1 0 1 0  ×6    1 0 0 0 0 0 0 0
    MISO   0 0 0 0 0 0 0 0   b b c c d d e e        1 1 1 1 1 1 1 1
                             | └ low phase: the data (mask 0x55)
                             └ high phase: half a bit after the edge, beyond T2 (0.1 µs); must equal the low

Source: Avia HX711 datasheet V2.0 figure 2 and table 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardware.loadcell import hx711
from hardware.loadcell.contract import Fault


def burst(gain: int) -> list[int]:
    """The bytes on MOSI that read one conversion and select ``gain`` for the next."""
    extra = hx711.PULSES[gain] - hx711.DATA_BITS
    return [0x00, *[0xAA] * (hx711.DATA_BITS // 4), 0xAA & 0xFF << (8 - 2 * extra) & 0xFF]


def decode(reply: Sequence[int], gain: int) -> hx711.Frame:
    """The frame in the bytes on MISO that answered ``burst(gain)``."""
    pulses = hx711.PULSES[gain]
    word = "".join(f"{byte:08b}" for byte in reply[1:])
    high, low = word[0 : 2 * pulses : 2], word[1 : 2 * pulses : 2]
    frame = hx711.decode([int(bit) for bit in low], gain)
    if reply[0] != 0x00 or high != low or reply[-1] != 0xFF:
        return hx711.Frame(frame.code, None, (Fault.BAD_TRANSFER,))
    return frame
