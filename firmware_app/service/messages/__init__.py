"""What the processes say to each other: the only door of the core.

Rules this file obeys:

* One command, one function.
* Every command may be sent twice: an answer names the visit and the step it answers, so a repetition
  changes nothing.
* Sockets: the core answers on ``core.ipc`` (ROUTER, one frame request id, one frame body) and publishes
  ``State`` on ``state.ipc`` (PUB); samplers publish on ``loadcell-<name>.ipc``. All of them lie in the run
  directory, whose permissions are the access control.
"""

from __future__ import annotations

from firmware_app.procedures import events, page, prompts
from firmware_app.procedures.events import Answer
from firmware_app.procedures.law import Law
from firmware_app.procedures.prompts import Prompt
from firmware_app.registry.person import Person, Role
from firmware_app.service.messages.answer import Ok, Refused
from firmware_app.service.messages.county import AskDownlink, DownlinkAsk, FileState, HeldFile, TakeDownlink
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
from firmware_app.service.messages.health import AskHealth, Health, HealthItem, KioskAlive
from firmware_app.service.messages.law import AddLawPack, LawPackAdded
from firmware_app.service.messages.parts import (
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
from firmware_app.service.messages.people import (
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
from firmware_app.service.messages.recall import Recalled, RecallWeight
from firmware_app.service.messages.state import PartState, ScreenState, State, VisitKind, VisitState
from firmware_app.service.messages.stick import (
    CarryByStick,
    StickNews,
    StickResult,
    StickState,
    StickTask,
    StickWish,
)
from firmware_app.service.messages.visit import CancelSlip, CloseVisit, GiveAnswer, PrintSlip, StartVisit
from firmware_app.service.messages.wire import (
    CORE_SOCKET,
    MAX_BYTES,
    PAN,
    STATE_SOCKET,
    BadMessage,
    Command,
    Reply,
    decode_command,
    decode_reply,
    decode_state,
    encode,
    endpoint,
)
from firmware_app.uncertainty.decision import Verdict
from hardware.loadcell.contract import Fault

# What a screen speaks of reaches it through this door and no other.
__all__ = [
    "CORE_SOCKET",
    "MAX_BYTES",
    "PAN",
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
    "ShowHeld",
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
