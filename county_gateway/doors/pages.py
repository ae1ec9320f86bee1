"""The pages: an overview for the county's own people, and the public page of a slip."""

from __future__ import annotations

from pathlib import Path

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Template

from county_gateway.county import County
from county_gateway.doors.gate import Gate

HERE = Path(__file__).resolve().parents[1]
PAGE_ENTRIES = 50
VERDICT_WORDS = {
    "conforms": "符合",
    "does_not_conform": "不符合(建议送检)",
    "undecided": "需复核",
    "cannot_judge": "无法判定",
}


def doors(county: County, gate: Gate) -> list[HTTPRouteHandler]:
    """The routes, bound to one county."""

    @get("/", sync_to_thread=True, include_in_schema=False, guards=[gate.reader])
    def overview() -> Template:
        with county.store.reading() as store:
            context = {
                "county": county.name,
                "kid": county.kid,
                "devices": store.devices(),
                "verdicts": store.verdicts(),
                "judged": store.judged(limit=PAGE_ENTRIES),
                "entries": store.entries(limit=PAGE_ENTRIES, newest_first=True),
                "forks": store.forks(limit=PAGE_ENTRIES),
                "words": VERDICT_WORDS,
            }
        return Template("overview.html", context=context)

    @get("/slip", sync_to_thread=False, include_in_schema=False)
    def slip_page() -> Template:
        return Template("slip.html", context={"county": county.name})

    return [overview, slip_page]
