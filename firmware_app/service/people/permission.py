"""Who may do what: the one place that says so, for every command there is.

Rules this file obeys:

* Every command stands in `WHO`; a new one without a line does not pass its test.
* Nothing is permitted by a screen that hides a button: the door itself refuses.
* Whoever has not signed in is the public. Programs of the appliance come as the public too: the run directory
  decides who reaches the door at all.
"""

from __future__ import annotations

from typing import NamedTuple

from firmware_app.procedures.events import Cancel
from firmware_app.registry.person import EVERYBODY, Person, Role
from firmware_app.service import messages
from firmware_app.service.messages import Command, VisitKind

INSPECTOR, KEEPER = frozenset({Role.INSPECTOR}), frozenset({Role.KEEPER})
STAFF = INSPECTOR | KEEPER

ALLOWED: dict[VisitKind, frozenset[Role]] = {
    VisitKind.SELF_CHECK: EVERYBODY,
    VisitKind.FAIR_WEIGHING: EVERYBODY,
    VisitKind.VERIFICATION: INSPECTOR,
    VisitKind.CHALLENGE: INSPECTOR,
    VisitKind.CONTROL_CHECK: STAFF,
}
"""Who may begin which kind of visit.

Where nobody at all is registered the control check and the recall of a weight are open: both can only take
something out of use.
"""

WHO: dict[type[Command], frozenset[Role]] = {
    # Which kinds: ALLOWED. Whose visit: Facts.
    messages.StartVisit: EVERYBODY,
    messages.GiveAnswer: EVERYBODY,
    messages.CloseVisit: EVERYBODY,
    messages.PrintSlip: EVERYBODY,
    messages.CancelSlip: EVERYBODY,
    messages.SignIn: EVERYBODY,
    messages.SignOut: EVERYBODY,
    messages.Witness: EVERYBODY,
    messages.ChangePin: KEEPER,
    messages.AddPerson: KEEPER,
    messages.RevokePerson: KEEPER,
    messages.UnlockPerson: KEEPER,
    messages.SetParameter: KEEPER,
    messages.ShowParameters: EVERYBODY,
    messages.CarryByStick: KEEPER,
    messages.RecallWeight: KEEPER,
    # What the programs of the appliance ask.
    messages.AskHealth: EVERYBODY,
    messages.KioskAlive: EVERYBODY,
    messages.ReadEntries: EVERYBODY,
    messages.KeepReceipt: EVERYBODY,
    messages.ReportDelivery: EVERYBODY,
    messages.ShowHeld: EVERYBODY,
    messages.ShelveEntry: EVERYBODY,
    messages.NoteRead: EVERYBODY,
    messages.SignBundle: EVERYBODY,
    messages.StickNews: EVERYBODY,
    # What permits it is the county's signature.
    messages.AskDownlink: EVERYBODY,
    messages.TakeDownlink: EVERYBODY,
    # What permits it is the signature of a publisher whom the configuration names.
    messages.AddLawPack: EVERYBODY,
}
BY_PIN: frozenset[type[Command]] = frozenset(
    {
        messages.SignIn,
        messages.Witness,
        messages.AddPerson,
        messages.ChangePin,
        messages.RevokePerson,
        messages.UnlockPerson,
        messages.SetParameter,
        messages.RecallWeight,
    }
)
"""Commands that bring a PIN, or may: asked about once it is known whose."""

SIGN_IN_FIRST, NOT_INSPECTOR, NOT_KEEPER, NOT_STAFF = (
    "sign_in_first",
    "not_inspector",
    "not_keeper",
    "not_staff",
)
NO_INSPECTOR, NO_KEEPER, NOT_YOURS = "no_inspector", "no_keeper", "not_yours"
WORDS = {
    SIGN_IN_FIRST: "sign in first with your working number and PIN",
    NOT_INSPECTOR: "this is for inspectors",
    NOT_KEEPER: "this is for keepers",
    NOT_STAFF: "this is for keepers and inspectors",
    NO_INSPECTOR: "no inspector is registered on this appliance: a keeper adds one (steelyard people add)",
    NO_KEEPER: "no keeper is registered on this appliance: add one first (steelyard people add)",
    NOT_YOURS: "this visit waits for the person who began it",
}


class Facts(NamedTuple):
    """What a permission depends on beside the person. ``registered``: roles that somebody can sign in with.

    ``anybody``: whether somebody was ever registered. ``visit_by``: who leads the open visit, None where
    nobody had to sign in for it.
    """

    registered: tuple[Role, ...]
    anybody: bool
    visit_by: Person | None = None


def refusal(command: Command, who: Person | None, facts: Facts) -> str:
    """Code of why ``who`` may not do that, empty where they may; see `WORDS`."""
    match command:
        case messages.StartVisit(kind=kind):
            return why_not(kind, who, facts)
        case messages.GiveAnswer(answer=answer):
            return _of_visit(who, facts, leaving=isinstance(answer, Cancel))
        case messages.CloseVisit():
            return _of_visit(who, facts, leaving=True)
        case messages.ChangePin(number=number) if who is not None and who.number == number:
            return ""
        case messages.RecallWeight() if not facts.anybody:
            return ""
    return _among(WHO[type(command)], who, facts)


def why_not(kind: VisitKind, who: Person | None, facts: Facts) -> str:
    """Code of why ``who`` may not begin that kind of visit, empty where they may."""
    if kind is VisitKind.CONTROL_CHECK and not facts.anybody:
        return ""
    return _among(ALLOWED[kind], who, facts)


def waits_for(who: Person | None, facts: Facts) -> Person | None:
    """Who must sign in before the open visit goes on, None where it can."""
    led = facts.visit_by
    return led if led is not None and (who is None or who.number != led.number) else None


def _of_visit(who: Person | None, facts: Facts, *, leaving: bool) -> str:
    if waits_for(who, facts) is None:
        return ""
    # Another inspector or a keeper may end what somebody has left behind; nobody may go on with it.
    if leaving and who is not None and who.role in STAFF:
        return ""
    return SIGN_IN_FIRST if who is None else NOT_YOURS


def _among(roles: frozenset[Role], who: Person | None, facts: Facts) -> str:
    if (Role.PUBLIC if who is None else who.role) in roles:
        return ""
    if who is None and roles.isdisjoint(facts.registered):
        return NO_INSPECTOR if roles == INSPECTOR else NO_KEEPER
    if who is None:
        return SIGN_IN_FIRST
    return {INSPECTOR: NOT_INSPECTOR, KEEPER: NOT_KEEPER}.get(roles, NOT_STAFF)
