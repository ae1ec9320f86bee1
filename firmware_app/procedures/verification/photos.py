"""Photos of what is looked at, where the appliance has a camera: aim, take, look at the next thing.

Rules this file obeys:

* No photo is ever needed: a camera that fails is said, is on record, and the list goes on.
* A photo counts once its file is on the disk; the record has its SHA-256, its size and its time.
* What was taken is never taken back: a photo that shows nothing may be followed by a better one.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, PhotoFailed, PhotoTaken, Picked
from firmware_app.procedures.page import Fact, Page, Pick, Picture, Shot
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.verification.closing import scale_id
from firmware_app.procedures.verification.facts import code_fact, option
from firmware_app.procedures.verification.moving import entry
from firmware_app.procedures.verification.state import Phase, Photo, VerificationState, changed

PHOTO, TAKE, DONE = "photo", "take_photo", "photos_done"
MOST_PHOTOS = 6
"""Nameplate, seal, three codes and one more; their lines in the record are a kilobyte together."""
MOST_FAILED = 20
"""Codes of photos that did not come about that are kept."""
TROUBLES = ("silent", "disk_full")
"""Reasons that have words of their own; whatever else went wrong is one sentence."""


def offered(context: Context) -> tuple[str, ...]:
    """What the list offers besides: a photo, where there is a camera."""
    return (PHOTO,) if context.camera else ()


def wanted(context: Context, state: VerificationState) -> VerificationState:
    """From the list to the camera; where there is none nothing changes."""
    return changed(state, phase=Phase.AIM, problem="") if context.camera else state


def aimed(_context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """Take one now, or go on with the list."""
    if event.option == TAKE and len(state.photos) < MOST_PHOTOS:
        return changed(state, phase=Phase.SHUTTER, problem="")
    return back_to_list(_context, state, event, _now_ns) if event.option == DONE else state


def back_to_list(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """To the list as it stood."""
    return changed(state, phase=entry(state, state.step), problem="")


def taken(_context: Context, state: VerificationState, event: PhotoTaken, _now_ns: int) -> VerificationState:
    """The photo is on the disk."""
    of = state.step.what if state.one_by_one else ""
    photo = Photo(of=of, sha256=event.sha256, size=event.size, at=event.at, clock=event.clock)
    return changed(state, phase=Phase.AIM, photos=(*state.photos, photo), problem="")


def failed(
    _context: Context, state: VerificationState, event: PhotoFailed, _now_ns: int
) -> VerificationState:
    """There is no photo; why is said and kept."""
    problem = f"verif_photo_{event.why if event.why in TROUBLES else 'failed'}"
    why = (*state.photos_failed, event.why)[-MOST_FAILED:]
    return changed(state, phase=Phase.AIM, photos_failed=why, problem=problem)


def given_up(_context: Context, state: VerificationState, _event: Event, _now_ns: int) -> VerificationState:
    """Not waited for any longer."""
    return changed(state, phase=Phase.AIM, problem="")


def resumed(state: VerificationState) -> VerificationState:
    """After a power cut nothing is before the lens that anybody has chosen."""
    if state.phase is not Phase.SHUTTER:
        return state
    return changed(state, phase=Phase.AIM, problem="verif_photo_failed")


def aim(_context: Context, state: VerificationState) -> Prompt:
    """What is to be before the lens, and what was taken so far."""
    full = "verif_photos_enough" if len(state.photos) >= MOST_PHOTOS else ""
    facts: tuple[Fact, ...] = (Fact(label="verif_photos", value=str(len(state.photos))),)
    if state.photos:
        last = state.photos[-1]
        facts = (
            *facts,
            Fact(label="verif_photo_last", value=f"{last.sha256[:12]}… · {last.size // 1000} kB"),
        )
    if state.one_by_one:
        facts = (code_fact("look", state.step.what), *facts)
    return Page(
        key="verif_photo",
        wants=Pick((option(TAKE, why_not=full), option(DONE))),
        number=state.place + 1,
        count=len(state.plan),
        facts=facts,
        picture=Picture.NAMEPLATE,
        problem=state.problem,
        held=True,
        scale=scale_id(state),
    )


def shutter(_context: Context, state: VerificationState) -> Prompt:
    """Hold still."""
    return Page(key="verif_shutter", wants=Shot(), held=True, scale=scale_id(state))
