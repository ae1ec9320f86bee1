"""The door itself: its sockets, everything that may be said there, and how it is written as bytes.

Rules this file obeys:

* There is no command that is not in ``Command`` (OIML D 31 6.2.3.2).
* Whatever comes in is bounded and decoded here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from firmware_app.service.messages.answer import Ok, Refused
from firmware_app.service.messages.county import AskDownlink, DownlinkAsk, TakeDownlink
from firmware_app.service.messages.delivery import (
    Bundle,
    Entries,
    ForShelf,
    KeepReceipt,
    NoteRead,
    ReadEntries,
    ReportDelivery,
    ShelveEntry,
    ShowHeld,
    SignBundle,
)
from firmware_app.service.messages.health import AskHealth, Health, KioskAlive
from firmware_app.service.messages.law import AddLawPack, LawPackAdded
from firmware_app.service.messages.people import (
    AddPerson,
    ChangePin,
    Parameters,
    RevokePerson,
    SetParameter,
    ShowParameters,
    SignIn,
    SignOut,
    UnlockPerson,
    Witness,
    Working,
)
from firmware_app.service.messages.recall import Recalled, RecallWeight
from firmware_app.service.messages.state import State
from firmware_app.service.messages.stick import CarryByStick, StickNews, StickWish
from firmware_app.service.messages.visit import CancelSlip, CloseVisit, GiveAnswer, PrintSlip, StartVisit

T = TypeVar("T")

CORE_SOCKET = "core.ipc"
STATE_SOCKET = "state.ipc"
PAN = "pan"
"""Name of the sampler of the appliance's own pan."""


def endpoint(run_dir: Path, socket: str) -> str:
    """ZeroMQ address of a socket file in the run directory; raises ValueError where the path is too long."""
    path = f"{run_dir}/{socket}"
    if len(path.encode()) > 100:
        raise ValueError(f"run directory {run_dir} is too long for a socket: keep it under 80 characters")
    return f"ipc://{path}"


Command = (
    StartVisit
    | GiveAnswer
    | CloseVisit
    | PrintSlip
    | CancelSlip
    | ReadEntries
    | KeepReceipt
    | ReportDelivery
    | ShowHeld
    | ShelveEntry
    | NoteRead
    | SignBundle
    | AskHealth
    | KioskAlive
    | SignIn
    | SignOut
    | Witness
    | AddPerson
    | ChangePin
    | RevokePerson
    | UnlockPerson
    | SetParameter
    | ShowParameters
    | RecallWeight
    | AddLawPack
    | AskDownlink
    | TakeDownlink
    | CarryByStick
    | StickNews
)

Reply = (
    Ok
    | Refused
    | Working
    | Entries
    | ForShelf
    | Bundle
    | Health
    | Parameters
    | Recalled
    | LawPackAdded
    | DownlinkAsk
    | StickWish
)

_encoder = msgspec.msgpack.Encoder()
_state: msgspec.msgpack.Decoder[State] = msgspec.msgpack.Decoder(State)
_command: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_reply: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)

MAX_BYTES = 1 << 20
"""A longer message is refused unread."""


class BadMessage(ValueError):
    """The bytes are no message of this door."""


def encode(message: State | Command | Reply) -> bytes:
    """The bytes of a message (MessagePack, tagged)."""
    return _encoder.encode(message)


def decode_state(data: bytes) -> State:
    """Raises BadMessage."""
    return _checked(_state, data)


def decode_command(data: bytes) -> Command:
    """Raises BadMessage."""
    return _checked(_command, data)


def decode_reply(data: bytes) -> Reply:
    """Raises BadMessage."""
    return _checked(_reply, data)


def _checked(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    if len(data) > MAX_BYTES:
        raise BadMessage(f"message of {len(data)} bytes: at most {MAX_BYTES}")
    try:
        return decoder.decode(data)
    except msgspec.DecodeError as error:
        raise BadMessage(str(error)) from error
