"""The doors of the county's desk: the record as questions, a page at a time.

Rules this file obeys:

* Every door asks for a token; the audit, and saying that an alarm was seen, is for officers.
* A list is bounded, ordered and gone on with by a cursor; a filter that fits nothing gives an empty page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, Parameter
from litestar.status_codes import HTTP_200_OK

from county_gateway import access
from county_gateway.access import Done
from county_gateway.desk import lists
from county_gateway.desk.alarms_seen import MAX_NOTE, see_alarm
from county_gateway.desk.cursor import make_cursor, read_number_cursor
from county_gateway.desk.facts import COMPLAINT, RECALL
from county_gateway.desk.lists import Wanted
from county_gateway.desk.trail import trail
from county_gateway.desk.views import (
    Alarm,
    ChartPoint,
    Count,
    DayCount,
    DeviceRow,
    Found,
    Overdue,
    Seen,
    Trail,
)
from county_gateway.doors.gate import Gate, somebody_of
from county_gateway.doors.types import (
    DAY,
    DEVICE,
    TOKEN,
    CodeFilter,
    Cursor,
    DayFilter,
    DeviceFilter,
    Limit,
    NameFilter,
    Sheet,
    refusals,
)
from county_gateway.errors import NothingThere
from county_gateway.store import Store

TAGS = ["desk"]
Id = Annotated[int, Parameter(ge=1, le=2**63 - 1, description="the county's number of the entry or alarm")]
DeviceName = Annotated[str, Parameter(pattern=DEVICE)]
Said = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_NOTE, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$", description="what was made of it"
    ),
]


class SeenNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an officer made of an alarm."""

    note: Said = ""


class DeviceSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A device: its chains, the newest last, and how many entries there are of each kind and verdict."""

    chains: list[DeviceRow]
    counts: list[Count]


def doors(store: Store, gate: Gate, now: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """The routes, bound to one database."""
    guarded: dict[str, Any] = {
        "sync_to_thread": True,
        "guards": [gate.reader],
        "security": TOKEN,
        "tags": TAGS,
    }
    officers: dict[str, Any] = {**guarded, "guards": [gate.officer]}
    listed, one = refusals(401), refusals(401, 404)

    @get(
        "/v1/desk/verdicts",
        summary="Entries that carry a verdict, the latest first",
        responses=listed,
        **guarded,
    )
    def verdicts(
        *,
        device: DeviceFilter = None,
        stall: NameFilter = None,
        scale: NameFilter = None,
        verdict: CodeFilter = None,
        kind: CodeFilter = None,
        since: DayFilter = None,
        until: DayFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Found]:
        wanted = Wanted(
            device=device, stall=stall, scale=scale, verdict=verdict, kind=kind, since=since, until=until
        )
        with store.reading() as reader:
            return Sheet(*lists.entries(reader.connection, wanted, judged=True, cursor=after, limit=limit))

    @get("/v1/desk/entries/{number:int}", summary="One entry with its trail", responses=one, **guarded)
    def entry(number: Id) -> Trail:
        with store.reading() as reader:
            return trail(reader, number)

    @get(
        "/v1/desk/entries",
        summary="Entries about scales and stalls, of any kind, the latest first",
        responses=listed,
        **guarded,
    )
    def entries(
        *,
        device: DeviceFilter = None,
        stall: NameFilter = None,
        scale: NameFilter = None,
        kind: CodeFilter = None,
        since: DayFilter = None,
        until: DayFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Found]:
        wanted = Wanted(device=device, stall=stall, scale=scale, kind=kind, since=since, until=until)
        return entries_page(wanted, after, limit)

    @get("/v1/desk/complaints", summary="Complaints, the latest first", responses=listed, **guarded)
    def complaints(
        *,
        device: DeviceFilter = None,
        stall: NameFilter = None,
        scale: NameFilter = None,
        since: DayFilter = None,
        until: DayFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Found]:
        wanted = Wanted(device=device, stall=stall, scale=scale, kind=COMPLAINT, since=since, until=until)
        return entries_page(wanted, after, limit)

    @get(
        "/v1/desk/complaints/{number:int}",
        summary="A complaint, the weighing that it names, and what came later of the same scale or stall",
        responses=one,
        **guarded,
    )
    def complaint(number: Id) -> Trail:
        with store.reading() as reader:
            return trail(reader, number, kind=COMPLAINT)

    @get("/v1/desk/recalls", summary="Recalls of weights, the latest first", responses=listed, **guarded)
    def recalls(
        device: DeviceFilter = None,
        since: DayFilter = None,
        until: DayFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Found]:
        return entries_page(Wanted(device=device, kind=RECALL, since=since, until=until), after, limit)

    @get(
        "/v1/desk/recalls/{number:int}",
        summary="A recall, and the entries that it judges again",
        responses=one,
        **guarded,
    )
    def recall(number: Id) -> Trail:
        with store.reading() as reader:
            return trail(reader, number, kind=RECALL)

    @get(
        "/v1/desk/devices", summary="Devices' chains with their health, by name", responses=listed, **guarded
    )
    def devices(after: Cursor = None, limit: Limit = 100) -> Sheet[DeviceRow]:
        with store.reading() as reader:
            return Sheet(*lists.devices(reader.connection, cursor=after, limit=limit))

    @get("/v1/desk/devices/{device:str}", summary="One device", responses=one, **guarded)
    def device(device: DeviceName) -> DeviceSheet:
        with store.reading() as reader:
            chains, _ = lists.devices(reader.connection, cursor=None, limit=200, device=device)
            if not chains:
                raise NothingThere("no device of that id has joined")
            return DeviceSheet(chains=chains, counts=lists.totals(reader.connection, device=device))

    @get(
        "/v1/desk/devices/{device:str}/chart",
        summary="Points of a device's control chart, the latest first",
        responses=listed,
        **guarded,
    )
    def chart(device: DeviceName, after: Cursor = None, limit: Limit = 100) -> Sheet[ChartPoint]:
        with store.reading() as reader:
            return Sheet(*lists.chart(reader.connection, device, cursor=after, limit=limit))

    @get(
        "/v1/desk/days",
        summary="How many entries of each kind and verdict there were on each day",
        responses=listed,
        **guarded,
    )
    def days(
        device: DeviceFilter = None,
        since: DayFilter = None,
        until: DayFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[DayCount]:
        with store.reading() as reader:
            return Sheet(
                *lists.days(
                    reader.connection, device=device, since=since, until=until, cursor=after, limit=limit
                )
            )

    @get(
        "/v1/desk/overdue",
        summary="Scales whose verification was due before a day, the longest overdue first",
        responses=listed,
        **guarded,
    )
    def overdue(
        on: Annotated[str | None, Parameter(pattern=DAY, description="the day, today if left out")] = None,
        stall: NameFilter = None,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Overdue]:
        day = on or now().date().isoformat()
        with store.reading() as reader:
            return Sheet(*lists.overdue(reader.connection, day, cursor=after, limit=limit, stall=stall))

    @get(
        "/v1/desk/alarms",
        summary="What somebody should look at, the latest first",
        responses=listed,
        **guarded,
    )
    def alarms(
        cause: CodeFilter = None,
        device: DeviceFilter = None,
        unseen: Annotated[bool, Parameter(description="only what nobody has seen yet")] = False,
        after: Cursor = None,
        limit: Limit = 100,
    ) -> Sheet[Alarm]:
        with store.reading() as reader:
            return Sheet(
                *lists.alarms(
                    reader.connection, cause=cause, device=device, unseen=unseen, cursor=after, limit=limit
                )
            )

    @post(
        "/v1/desk/alarms/{number:int}/seen",
        summary="An officer has seen an alarm; whoever was first stays",
        responses=refusals(401, 403, 404, 408, 413),
        status_code=HTTP_200_OK,
        **officers,
    )
    def see(request: Request[Any, Any, Any], number: Id, data: Annotated[SeenNote, Body()]) -> Seen:
        return see_alarm(store, number, somebody_of(request).name, data.note, now())

    @get(
        "/v1/desk/audit",
        summary="What was done at the county and by whom, the latest first",
        responses=refusals(401, 403),
        **officers,
    )
    def audit(after: Cursor = None, limit: Limit = 100) -> Sheet[Done]:
        before = None if after is None else read_number_cursor(after)
        lines = access.audit(store, before=before, limit=limit + 1)
        more = len(lines) > limit
        return Sheet(lines[:limit], make_cursor(lines[limit - 1].id) if more else None)

    def entries_page(wanted: Wanted, after: str | None, limit: int) -> Sheet[Found]:
        with store.reading() as reader:
            return Sheet(*lists.entries(reader.connection, wanted, judged=False, cursor=after, limit=limit))

    return [
        verdicts,
        entry,
        entries,
        complaints,
        complaint,
        recalls,
        recall,
        devices,
        device,
        chart,
        days,
        overdue,
        alarms,
        see,
        audit,
    ]
