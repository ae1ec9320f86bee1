"""What the processes say to each other: the only door of the core.

Rules this file obeys:

* One command, one function; there is no command that is not in ``Command`` (OIML D 31 6.2.3.2).
* Every command may be sent twice: an answer names the visit and the step it answers, so a repetition
  changes nothing.
* Sockets: the core answers on ``core.ipc`` (ROUTER, one frame request id, one frame body) and publishes
  ``State`` on ``state.ipc`` (PUB); samplers publish on ``loadcell-<name>.ipc``. All of them lie in the run
  directory, whose permissions are the access control.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TypeVar

import msgspec

from firmware_app.procedures import events, page, prompts
from firmware_app.procedures.events import Answer
from firmware_app.procedures.law import Law
from firmware_app.procedures.prompts import Prompt
from firmware_app.registry.person import Person, Role
from firmware_app.service.county.messages import (
    AskDownlink,
    CarryByStick,
    DownlinkAsk,
    FileState,
    HeldFile,
    StickNews,
    StickResult,
    StickState,
    StickTask,
    StickWish,
    TakeDownlink,
)
from firmware_app.service.law.messages import AddLawPack, LawPackAdded
from firmware_app.service.part_states import (
    CalibrationAt,
    CalibrationCard,
    CalibrationPoint,
    ControlStatus,
    CountyState,
    LeadState,
    PanState,
    PrinterStatus,
    SeenScan,
    SlipJob,
    WitnessState,
)
from firmware_app.service.people.messages import (
    AddPerson,
    ChangePin,
    Credentials,
    Parameter,
    Parameters,
    PersonState,
    RevokePerson,
    SetParameter,
    ShowParameters,
    SignIn,
    SignInState,
    SignOut,
    UnlockPerson,
    Witness,
    Working,
)
from firmware_app.service.recall.messages import Recalled, RecallWeight
from firmware_app.uncertainty.decision import Verdict
from hardware.loadcell.contract import Fault

# What a screen speaks of reaches it through this door and no other.
__all__ = [
    "CORE_SOCKET",
    "MAX_BYTES",
    "STATE_SOCKET",
    "AddLawPack",
    "AddPerson",
    "Answer",
    "AskDownlink",
    "AskHealth",
    "BadMessage",
    "Bundle",
    "CalibrationAt",
    "CalibrationCard",
    "CalibrationPoint",
    "CancelSlip",
    "CarryByStick",
    "ChangePin",
    "CloseVisit",
    "Command",
    "ControlStatus",
    "CountyState",
    "Credentials",
    "DownlinkAsk",
    "Entries",
    "Fault",
    "FileState",
    "ForShelf",
    "GiveAnswer",
    "Health",
    "HealthItem",
    "HeldFile",
    "KeepReceipt",
    "KioskAlive",
    "Law",
    "LawPackAdded",
    "LeadState",
    "NoteRead",
    "Ok",
    "PanState",
    "Parameter",
    "Parameters",
    "PartState",
    "Person",
    "PersonState",
    "PrintSlip",
    "PrinterStatus",
    "Prompt",
    "ReadEntries",
    "RecallWeight",
    "Recalled",
    "Refused",
    "Reply",
    "ReportDelivery",
    "RevokePerson",
    "Role",
    "ScreenState",
    "SeenScan",
    "SetParameter",
    "ShelveEntry",
    "ShowParameters",
    "SignBundle",
    "SignIn",
    "SignInState",
    "SignOut",
    "SlipJob",
    "StartVisit",
    "State",
    "StickNews",
    "StickResult",
    "StickState",
    "StickTask",
    "StickWish",
    "TakeDownlink",
    "UnlockPerson",
    "Verdict",
    "VisitKind",
    "VisitState",
    "Witness",
    "WitnessState",
    "Working",
    "decode_command",
    "decode_reply",
    "decode_state",
    "encode",
    "endpoint",
    "events",
    "page",
    "prompts",
]

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


# ---------------------------------------------------------------------------------------------- state


class VisitState(msgspec.Struct, frozen=True):
    """The visit in progress. ``step`` goes up with every other question, not with the details of one.

    ``waits_for``: who must sign in before it goes on, None where it can; it takes no answer until then.
    """

    visit: str
    step: int
    prompt: Prompt
    waits_for: Person | None = None


class PartState(msgspec.Struct, frozen=True):
    """One process or part, and the code of its trouble (empty when well)."""

    name: str
    problem: str = ""


class VisitKind(enum.StrEnum):
    SELF_CHECK = "self_check"
    CONTROL_CHECK = "control_check"
    """The daily check of the appliance's own pan."""
    FAIR_WEIGHING = "fair_weighing"
    """Anybody weighs again what was paid for."""
    CHALLENGE = "challenge"
    """An inspector tries whether a scale cheats."""
    VERIFICATION = "verification"
    """An inspector examines a scale on the spot, item by item."""


class ScreenState(msgspec.Struct, frozen=True):
    """How a keeper wants the screen: language of the home, seconds without a touch until the warning."""

    language: str
    idle_s: int


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen shows, whole, up to ten times a second and at least once a second."""

    at: str
    """RFC 3339, local time of the market."""
    clock: str
    pan: PanState
    lead: LeadState
    county: CountyState
    parts: tuple[PartState, ...]
    visit: VisitState | None
    device: str
    simulated: bool
    control: ControlStatus = ControlStatus(state="not_configured")
    scan: SeenScan | None = None
    printer: PrinterStatus | None = None
    """None where no printer is configured."""
    calibration: CalibrationCard | None = None
    person: PersonState | None = None
    """Who is signed in."""
    sign_in: SignInState | None = None
    """The latest attempt to give a PIN, for a while."""
    may: tuple[VisitKind, ...] = (VisitKind.SELF_CHECK,)
    """Kinds of visit that whoever stands there may begin now."""
    registered: tuple[Role, ...] = ()
    """Roles that somebody can sign in with."""
    screen: ScreenState | None = None
    files: tuple[FileState, ...] = ()
    """What came down from the county, by name."""
    stick: StickState | None = None
    """None where the appliance takes no stick."""


# ------------------------------------------------------------------------------------------- commands


class StartVisit(msgspec.Struct, frozen=True, tag="start_visit"):
    """Opens a visit under an id made by the caller (so that a repetition opens nothing twice)."""

    visit: str
    kind: VisitKind


class GiveAnswer(msgspec.Struct, frozen=True, tag="give_answer"):
    """Answers the prompt of ``step``; an answer to another step is ignored."""

    visit: str
    step: int
    answer: Answer


class CloseVisit(msgspec.Struct, frozen=True, tag="close_visit"):
    """The person is done with the verdict, or leaves: back to the home screen."""

    visit: str


class ReadEntries(msgspec.Struct, frozen=True, tag="read_entries"):
    """Up to ``limit`` entries (1 … 500) with seq > ``after``."""

    after: int
    limit: int


class KeepReceipt(msgspec.Struct, frozen=True, tag="keep_receipt"):
    """A county receipt to verify and keep. ``county_keys``: statements of keys, to be learnt before it."""

    receipt: str
    county_keys: tuple[str, ...] = ()


class ShowHeld(msgspec.Struct, frozen=True, tag="show_held"):
    """An entry of this device that the county holds, as it claims: the core compares it with its own."""

    text: str


class ReportDelivery(msgspec.Struct, frozen=True, tag="report_delivery"):
    """The uploader's own state: is the county in reach, and what is the trouble."""

    reachable: bool
    problem: str = ""


class ShelveEntry(msgspec.Struct, frozen=True, tag="shelve_entry"):
    """Entry ``seq`` is refused by the county for good: write that down and hand it out for the county's
    shelf. ``why``: the county's words. Refused unless it is the next that waits, or lies there already."""

    seq: int
    why: str = ""


class NoteRead(msgspec.Struct, frozen=True, tag="note_read"):
    """The county can read entry ``seq`` of its shelf now."""

    seq: int


class SignBundle(msgspec.Struct, frozen=True, tag="sign_bundle"):
    """Sign a manifest over what waits for a receipt, which is carried to the county on a stick.

    The last receipted entry goes along, so that the county sees from where it continues.
    """


class PrintSlip(msgspec.Struct, frozen=True, tag="print_slip"):
    """Prints the slip of an entry. ``job``: made by the caller, so that a repetition prints nothing twice."""

    job: str
    entry: int


class CancelSlip(msgspec.Struct, frozen=True, tag="cancel_slip"):
    """Takes back the slips of an entry that still wait; one that is being printed comes out."""

    entry: int


class AskHealth(msgspec.Struct, frozen=True, tag="ask_health"):
    """Every part in words."""


class KioskAlive(msgspec.Struct, frozen=True, tag="kiosk_alive"):
    """The screen is drawn and taking touches; sent once a second.

    ``touched``: somebody has touched it since the last.
    """

    touched: bool = False


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


# -------------------------------------------------------------------------------------------- replies


class Ok(msgspec.Struct, frozen=True, tag="ok"):
    """Done (or already done)."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Not done: ``code`` for programs, ``words`` for people."""

    code: str
    words: str


class Entries(msgspec.Struct, frozen=True, tag="entries"):
    """Entries in order, each a compact JWS; ``received`` is the highest seq with a receipt.

    ``shelved``: entries on the county's shelf; ``clock``: quality of the clock, and ``known_at`` the last
    moment known for good (RFC 3339, empty where there was none), by which certificates are dated.
    """

    jws: tuple[str, ...]
    first_seq: int
    received: int
    shelved: tuple[int, ...] = ()
    clock: str = "synchronised"
    known_at: str = ""
    log: str = "0"
    """What the device has seen of the county's log, to be told to the county (`receipt.LOG_HEADER`)."""


class ForShelf(msgspec.Struct, frozen=True, tag="for_shelf"):
    """A refused entry: its text, and the device's word that it is this entry."""

    claim: str
    text: str


class Bundle(msgspec.Struct, frozen=True, tag="bundle"):
    """The signed manifest of a bundle."""

    manifest: str


class HealthItem(msgspec.Struct, frozen=True):
    """One part in words: ``ok``, what was found and, where it is not well, the remedy."""

    part: str
    ok: bool
    finding: str
    remedy: str = ""


class Health(msgspec.Struct, frozen=True, tag="health"):
    items: tuple[HealthItem, ...]


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
