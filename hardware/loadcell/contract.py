"""What every load-cell driver is: something that yields Samples and never invents a value.

Rules this file obeys:

* No reading is ``None`` with a fault, never 0, False or -1.
* A fault travels in the Sample that it spoils; nothing is said in logs only.
* Time is monotonic nanoseconds, taken at the falling edge of DOUT (the moment the conversion was ready).
* The bytes on the sampler's socket are encoded here and nowhere else.
"""

from __future__ import annotations

import enum
from typing import Protocol, Self

import msgspec


class Fault(enum.StrEnum):
    """Why a sample, or the lack of one, must not become a weight."""

    LATE = "late"
    """No conversion within 1.5 periods of the last one."""
    RESET = "reset"
    """The chip restarted by itself (a gap of 4.45 periods); the sample before the gap is corrupt."""
    OVERLOAD = "overload"
    """Code 0x7FFFFF: the bridge is beyond the positive end of the range."""
    UNDERLOAD = "underload"
    """Code 0x800000: the bridge is beyond the negative end of the range."""
    BAD_TRANSFER = "bad_transfer"
    """DOUT did not stay high after the last pulse: clocks were lost or doubled."""
    SLOW_CLOCK = "slow_clock"
    """PD_SCK was high for more than 50 µs; the chip may have powered down inside the read."""
    DISCONNECTED = "disconnected"
    """No conversion for a second: cable, supply or chip."""
    NOT_A_CHIP = "not_a_chip"
    """DOUT is stuck low: the line is shorted or no chip drives it."""
    SETTLING = "settling"
    """One of the conversions after power-up or a channel change that are wrong though marked ready."""
    FLATLINE = "flatline"
    """The same code again and again: a real bridge has noise, so nothing behind this code is a bridge."""
    SILENT = "silent"
    """The sampler itself does not answer."""


class Sample(msgspec.Struct, frozen=True, tag="sample"):
    """One conversion, or the statement that there was none.

    ``at_ns``: monotonic nanoseconds. ``counts``: signed ADC counts, None where no valid reading exists
    (a recording scaled by its logger may hold fractions). ``faults``: every reason against using it.
    ``corners``: where several bridges carry one pan, the untrimmed counts of each at that moment.
    """

    at_ns: int
    counts: float | None
    faults: tuple[Fault, ...] = ()
    corners: tuple[float, ...] = ()


class BridgeInfo(msgspec.Struct, frozen=True, tag="bridge"):
    """What is being sampled; repeated once a second as the sampler's sign of life.

    ``session`` changes with every opening of the driver: the receiver then treats the stream as a
    power-up. ``rate_hz`` is nominal (10 or 80); the true period is learned from the stream. ``unfit``: why
    no verdict may rest on this bridge although it can be looked at, in words for the keeper; empty when fit.
    """

    name: str
    driver: str
    rate_hz: float
    gain: int
    session: str
    at_ns: int
    unfit: str = ""


StreamMessage = BridgeInfo | Sample

_decoder: msgspec.msgpack.Decoder[StreamMessage] = msgspec.msgpack.Decoder(StreamMessage)
_encoder = msgspec.msgpack.Encoder()


def encode(message: StreamMessage) -> bytes:
    """Bytes of one message on the sampler's socket (MessagePack, tagged)."""
    return _encoder.encode(message)


def decode(data: bytes) -> StreamMessage:
    """The message in ``data``; raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


class LoadCellError(Exception):
    """Root of what a driver raises; the message says what, where and what to do."""


class DriverUnavailable(LoadCellError):
    """The driver cannot run on this machine (no device node, no library, no permission)."""


class BadOption(LoadCellError):
    """An option of the driver is unknown, of the wrong type or out of range."""


class EndOfRecording(LoadCellError):
    """A replayed recording has no further sample."""


class LoadCell(Protocol):
    """One bridge, opened and ready to be read.

    A driver module has ``open_driver(options) -> LoadCell`` where options is a mapping of plain values
    from the configuration, validated beside the driver; it is registered as an entry point of the group
    ``steelyard.loadcell``.

    A driver that can be unfit for verdicts has an attribute ``unfit`` (see BridgeInfo), one that finds
    something out as it opens an attribute ``remarks``; ask by ``unfit_of`` and ``remarks_of``.
    """

    rate_hz: float
    gain: int

    def read(self) -> Sample:
        """The next conversion; within a second a Sample with DISCONNECTED if none comes.

        Raises LoadCellError when the driver can go no further, EndOfRecording at the end of a recording.
        """
        ...

    def close(self) -> None:
        """Leaves PD_SCK low and the bus free; may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


def unfit_of(cell: LoadCell) -> str:
    """Why no verdict may rest on the bridge now, in words; empty for a driver that says nothing of it."""
    return str(getattr(cell, "unfit", ""))


def remarks_of(cell: LoadCell) -> tuple[str, ...]:
    """What the driver found out about its machine as it opened, one sentence each."""
    return tuple(getattr(cell, "remarks", ()))
