"""What went to the county and what came from it, for the keeper."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.view.bar import Tone
from kiosk.view.say import Say

MOST_FILES = 6
RULES = "rules-"


class FileView(msgspec.Struct, frozen=True):
    """A file by name, and how it is with it; ``tone`` WAIT where somebody should look at it."""

    name: str
    words: str
    tone: Tone


class CountyView(msgspec.Struct, frozen=True):
    """``problem``: the trouble of delivery, empty when well. ``none``: nothing has come down."""

    title: str
    delivery: str
    problem: str
    files_title: str
    none: str
    files: tuple[FileView, ...]
    more: str


def county(state: messages.State, say: Say) -> CountyView:
    """Those that somebody should look at stand first."""
    at, files = state.county, sorted(state.files, key=lambda each: not _looked_at(each))
    if at.unsent:
        delivery = say("county_page.waiting", count=str(at.unsent), received=str(at.received))
    else:
        delivery = say("county_page.delivered", count=str(at.last_entry))
    more = len(files) - MOST_FILES
    return CountyView(
        title=say("county_page.title"),
        delivery=delivery,
        problem=_problem(at, say),
        files_title=say("county_page.files"),
        none="" if files else say("county_page.none"),
        files=tuple(_file(each, say) for each in files[:MOST_FILES]),
        more=say("county_page.more", count=str(more)) if more > 0 else "",
    )


def _problem(at: messages.CountyState, say: Say) -> str:
    """Delivery that fails is said first: it is why nothing else can be known."""
    if at.problem:
        return say.code("county_problem", at.problem)
    seen = at.witnesses
    if seen is None or seen.well:
        return ""
    return say("county_page.witnesses", cosigned=str(len(seen.cosigned)), needed=str(seen.needed))


def file_name(name: str, say: Say) -> str:
    """A file of the county as people call it."""
    if name.startswith(RULES):
        return say("county_file.rules", name=name.removeprefix(RULES))
    return say.code("county_file", name)


def _looked_at(each: messages.FileState) -> bool:
    return each.damaged or bool(each.refused)


def _file(each: messages.FileState, say: Say) -> FileView:
    name, date = file_name(each.name, say), each.at[:10]
    if not each.version:
        return FileView(name, say("county_file_is.never"), Tone.WAIT)
    if each.damaged:
        return FileView(name, say("county_file_is.damaged"), Tone.WAIT)
    if each.refused:
        return FileView(name, say("county_file_is.refused", date=date), Tone.WAIT)
    if each.waits:
        return FileView(name, say("county_file_is.waits", date=date), Tone.MUTE)
    return FileView(name, say("county_file_is.used", date=date), Tone.GOOD)
