"""Health in words: many small checks, each with what it found and, where not well, the remedy.

A check is a function from facts to one HealthItem; adding one is writing it and naming it in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

import msgspec

from firmware_app.service.messages import FileState, HealthItem, Role, State
from firmware_app.standards.sets import WeightSet
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.last_zero import ZeroShift


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks look at. ``free_bytes``: room left for the ledger.

    ``zero_shift``: of the pan since it was last on; None where the two cannot be compared.
    """

    state: State
    weights: tuple[WeightSet, ...]
    calibration: Calibration
    free_bytes: int
    today: date
    zero_shift: ZeroShift | None = None
    law: tuple[int, int] = (0, 0)
    """Law packs that count, and how many of them came to the appliance after its program."""
    people_unreadable: str = ""
    """Why nobody can sign in, in words."""
    law_missing: tuple[str, ...] = ()
    """Packs that the record names and nobody can read."""


Check = Callable[[Facts], HealthItem]

LEAST_FREE_BYTES = 200 << 20
CALIBRATION_DAYS = 366


def _sampler(facts: Facts) -> HealthItem:
    silent = any(part.name == "sampler" and part.problem for part in facts.state.parts)
    if silent:
        return HealthItem(
            "sampler", False, "does not answer", "wait half a minute; then restart the appliance"
        )
    return HealthItem("sampler", True, "sends samples")


_FAULT_REMEDIES = {
    "disconnected": "check the white plug of the load cell",
    "not_a_chip": "check the plug of the load cell for a short circuit",
    "overload": "take the load off the pan",
    "underload": "put the pan on; check that nothing lifts it",
    "flatline": "the load cell gives no signal: check its plug, then have it replaced",
    "settling": "wait a second",
    "slow_clock": "this machine is too slow or too busy for its driver: wire the converter for driver spi",
    "silent": "the sampler is being restarted",
}


def _pan(facts: Facts) -> HealthItem:
    fault = facts.state.pan.fault
    if facts.state.pan.why_not == "not_empty":
        return HealthItem("pan", False, "was loaded when it was switched on", "take everything off the pan")
    if fault is None and facts.state.pan.unfit:
        finding = f"weighs, but no verdict may rest on it: {facts.state.pan.unfit}"
        return HealthItem("pan", False, finding, "wire the converter for the driver spi (hardware/docs)")
    if fault is None:
        return HealthItem("pan", True, f"weighs, calibration {facts.calibration.id}")
    remedy = _FAULT_REMEDIES.get(fault.value, "check the load cell and its cable")
    return HealthItem("pan", False, f"fault: {fault.value.replace('_', ' ')}", remedy)


def _calibration(facts: Facts) -> HealthItem:
    at = facts.calibration.at
    if not at:
        return HealthItem("calibration", False, "has no date", "calibrate the pan with reference weights")
    age = (facts.today - datetime.fromisoformat(at).date()).days
    if age > CALIBRATION_DAYS:
        return HealthItem(
            "calibration", False, f"is {age} days old", "calibrate the pan with reference weights"
        )
    return HealthItem("calibration", True, f"of {at[:10]}, {age} days old")


CONTROL_FINDINGS = {
    "control_due": ("the check of the day is missing", "check the pan with its control weight"),
    "control_weight_expired": (
        "the certificate of the control weight is out of date",
        "have the control weight verified",
    ),
    "control_weight_withdrawn": (
        "the control weight was recalled",
        "have the control weight verified and enter the new certificate",
    ),
    "calibration_weight_withdrawn": (
        "a weight that the pan was calibrated with was recalled",
        "calibrate the pan anew: steelyard calibrate",
    ),
    "control_failed": ("out of control", "clean the pan and the weight, then check again"),
    "control_unreadable": ("the record of the checks cannot be read", "run steelyard ledger verify"),
}
CONTROL_STEPS = {
    "clean_and_repeat": "clean the pan and the weight, then check again",
    "level_and_warm": "level the appliance, let it warm for half an hour, then check again",
    "calibrate": "calibrate the pan with reference weights, or have it repaired",
}


def _control(facts: Facts) -> HealthItem:
    control = facts.state.control
    if control.state == "not_configured" and not control.lock:
        return HealthItem("control", True, "not controlled: no control weight is configured")
    last = f"last check {control.at[:16].replace('T', ' ')}" if control.at else "never checked"
    if control.lock:
        finding, remedy = CONTROL_FINDINGS[control.lock]
        if control.lock == "control_failed":
            remedy = CONTROL_STEPS.get(control.next_step, remedy)
        return HealthItem("control", False, f"{finding}; {last}; nothing is judged by the pan", remedy)
    if control.state == "due":
        until = control.valid_until[:16].replace("T", " ")
        return HealthItem("control", True, f"today's check is due; {last} counts until {until}")
    return HealthItem("control", True, f"{control.state.replace('_', ' ')}; {last}")


def _people(facts: Facts) -> HealthItem:
    registered = facts.state.registered
    if facts.people_unreadable:
        remedy = "put a good copy of the file there, or register everybody anew"
        return HealthItem("people", False, facts.people_unreadable, remedy)
    if Role.KEEPER not in registered:
        more = "" if registered else ": anybody may check the pan, nobody may change settings"
        remedy = "enter one: steelyard people add NUMBER NAME --role keeper"
        return HealthItem("people", False, f"no keeper is registered{more}", remedy)
    if Role.INSPECTOR not in registered:
        return HealthItem("people", True, "a keeper can sign in; no inspector is registered")
    return HealthItem("people", True, "inspectors and keepers can sign in")


def _weights(facts: Facts) -> HealthItem:
    pieces = [piece for one in facts.weights for piece in one.pieces]
    usable = [piece for piece in pieces if not piece.unusable(facts.today)]
    if not usable:
        return HealthItem("weights", False, "no set has a certificate in date", "have the weights verified")
    withdrawn = [piece.id for piece in pieces if piece.withdrawn]
    recalled = f"; recalled: {', '.join(withdrawn)}" if withdrawn else ""
    found = f"{len(usable)} of {len(pieces)} pieces with a certificate in date{recalled}"
    return HealthItem("weights", True, found)


def _lead(facts: Facts) -> HealthItem:
    state = facts.state.lead.state
    if state == "lost":
        return HealthItem("lead", False, "the port is not there", "plug the USB lead in")
    return HealthItem("lead", True, {"absent": "none is fitted"}.get(state, state))


def _scanner(facts: Facts) -> HealthItem:
    part = next((part for part in facts.state.parts if part.name == "scanner"), None)
    if part is None:
        return HealthItem("scanner", True, "none is configured")
    if part.problem == "faulty":
        return HealthItem(
            "scanner", False, "cannot be used here", "steelyard run --check says what is missing"
        )
    if part.problem:
        return HealthItem(
            "scanner",
            False,
            "is not there",
            "plug it in; it is found again by itself, nothing else is needed",
        )
    return HealthItem("scanner", True, "reads codes")


_PRINTER: dict[str, tuple[str, str]] = {
    "gone": ("does not answer", "plug it in and switch it on"),
    "stuck": ("takes no data any more", "switch it off and on"),
    "paper_out": ("the paper is used up", "put in a new roll"),
    "paper_low": ("the paper is nearly used up", "have a new roll ready"),
    "cover_open": ("the cover is open", "close it"),
    "feeding": ("the feed button is held down", "let it go"),
    "knife": ("the knife is stuck", "open the cover and take the paper out"),
    "hot": ("the head is too hot", "wait: it goes on by itself"),
    "offline": ("is offline", "press its feed button, or switch it off and on"),
    "broken": ("has a fault that it cannot mend", "switch it off and on, or have it repaired"),
}


def _printer(facts: Facts) -> HealthItem:
    printer = facts.state.printer
    if printer is None:
        return HealthItem("printer", True, "none is configured")
    waiting = sum(job.phase == "waiting" for job in printer.jobs)
    waits = f"; {waiting} slips wait" if waiting else ""
    if printer.trouble in ("", "silent"):
        words = "prints, but does not say how it is" if printer.trouble else "is ready"
        return HealthItem("printer", True, words + waits)
    finding, remedy = _PRINTER.get(printer.trouble, (printer.trouble, "switch it off and on"))
    return HealthItem("printer", False, finding + waits, remedy)


def _county(facts: Facts) -> HealthItem:
    county = facts.state.county
    waiting = f"{county.unsent} entries wait" if county.unsent else "everything is delivered"
    if county.problem:
        return HealthItem(
            "county", False, f"{county.problem}; {waiting}", "nothing is lost; check the network"
        )
    if county.shelved:
        numbers = ", ".join(map(str, county.shelved))
        return HealthItem(
            "county",
            False,
            f"{waiting}; the county could not read entry {numbers} and holds it unread on its shelf",
            "nothing is lost; tell the county: its gateway may need an update",
        )
    return HealthItem("county", True, waiting)


def _witnesses(facts: Facts) -> HealthItem:
    seen = facts.state.county.witnesses
    if seen is None:
        return HealthItem("witnesses", True, "none is pinned, or no log of the county was seen yet")
    of = len(seen.cosigned) + len(seen.missing)
    found = f"{len(seen.cosigned)} of {of} have cosigned the county's log at entry {seen.receipt}"
    if seen.well:
        return HealthItem("witnesses", True, found)
    found += f", {seen.needed} are needed; missing: {', '.join(seen.missing)}"
    remedy = "nothing is refused; ask the witness whether it has seen this county's log go on"
    return HealthItem("witnesses", False, found, remedy)


def _files(facts: Facts) -> HealthItem:
    files = facts.state.files
    if not files:
        return HealthItem("downlink", True, "nothing has come down from the county yet")
    found = "; ".join(map(_file, files))
    if any(each.damaged for each in files):
        remedy = "it is fetched again by itself; until then the one before it is used"
        return HealthItem("downlink", False, found, remedy)
    if any(each.refused for each in files):
        remedy = "what was used before goes on; tell the county (steelyard downlink check)"
        return HealthItem("downlink", False, found, remedy)
    return HealthItem("downlink", True, found)


def _file(each: FileState) -> str:
    words = [f"{each.name} version {each.version} since {each.at[:10]}"] if each.version else [each.name]
    if each.waits:
        words.append("counts from the next start on")
    if each.damaged:
        words.append("is damaged here")
    if each.refused:
        words.append(f"version {each.refused} refused: {each.why}")
    return ", ".join(words)


def _stick(facts: Facts) -> HealthItem:
    stick = facts.state.stick
    if stick is None:
        return HealthItem("stick", True, "none is taken: no directory for sticks is configured")
    if stick.sticks is None:
        return HealthItem(
            "stick", False, "the uploader does not look for sticks", "it is restarted by itself"
        )
    return HealthItem("stick", True, {0: "none is in", 1: "one is in"}.get(stick.sticks, "several are in"))


def _uploader(facts: Facts) -> HealthItem:
    silent = any(part.name == "uploader" and part.problem for part in facts.state.parts)
    if silent:
        return HealthItem("uploader", False, "does not answer", "nothing is lost; it is restarted by itself")
    return HealthItem("uploader", True, "works")


def _software(facts: Facts) -> HealthItem:
    if any(part.name == "software" and part.problem for part in facts.state.parts):
        return HealthItem(
            "software",
            False,
            "is not the one that was installed; nothing is judged",
            "have the appliance installed anew; its record stays (steelyard ledger show says what was found)",
        )
    return HealthItem("software", True, "is the one that was started and installed")


def _law(facts: Facts) -> HealthItem:
    if facts.law_missing:
        return HealthItem(
            "law",
            False,
            f"missing: {', '.join(facts.law_missing)}; nothing is judged",
            "add them again: steelyard law add FILE",
        )
    packs, added = facts.law
    return HealthItem("law", True, f"{packs} packs, {added} of them added; see steelyard law list")


def _kiosk(facts: Facts) -> HealthItem:
    silent = any(part.name == "kiosk" and part.problem for part in facts.state.parts)
    if silent:
        return HealthItem(
            "kiosk", False, "does not draw", "it is restarted by itself; check the screen's cable"
        )
    return HealthItem("kiosk", True, "draws")


def _clock(facts: Facts) -> HealthItem:
    quality = facts.state.clock
    if quality == "unsynchronised":
        return HealthItem(
            "clock", False, "is not set by anything", "connect the network or fit the battery clock"
        )
    return HealthItem("clock", True, quality)


def _disk(facts: Facts) -> HealthItem:
    free = f"{facts.free_bytes >> 20} MiB free"
    if facts.free_bytes < LEAST_FREE_BYTES:
        return HealthItem("disk", False, free, "export the record to a USB stick and call the keeper")
    return HealthItem("disk", True, free)


def _zero(facts: Facts) -> HealthItem:
    shift = facts.zero_shift
    if shift is None:
        return HealthItem("zero", True, "has no zero of an earlier day to be compared with")
    found = f"moved by {shift.moved_g:+.1f} g since {shift.since[:10]}, {shift.allowed_g:.1f} g are allowed"
    if shift.well:
        return HealthItem("zero", True, found)
    return HealthItem(
        "zero",
        False,
        found,
        "see that nothing lies on the pan or touches it; restart; then check the pan with the weights",
    )


CHECKS: tuple[Check, ...] = (
    _sampler,
    _pan,
    _calibration,
    _zero,
    _control,
    _people,
    _weights,
    _lead,
    _scanner,
    _printer,
    _kiosk,
    _software,
    _law,
    _uploader,
    _county,
    _witnesses,
    _files,
    _stick,
    _clock,
    _disk,
)


def examine(facts: Facts) -> Iterator[HealthItem]:
    """Every check in order."""
    for check in CHECKS:
        yield check(facts)
