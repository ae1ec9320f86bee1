"""The doors by which the county's own people follow the record as it came in, number by number."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from county_gateway.doors.gate import Gate
from county_gateway.doors.types import DEVICE, TOKEN, After, Filter, Limit, Page, refusals
from county_gateway.store import DeviceView, EntryView, ForkView, Store
from county_gateway.times import entry_times
from firmware_app.ledger.dating.true_time import Placed

TAGS = ["record"]


def doors(store: Store, gate: Gate) -> list[HTTPRouteHandler]:
    """The routes, bound to one database."""
    asked = refusals(401)

    @get(
        "/v1/devices",
        sync_to_thread=True,
        summary="Devices that have joined",
        guards=[gate.reader],
        security=TOKEN,
        responses=asked,
        tags=TAGS,
    )
    def devices() -> list[DeviceView]:
        with store.reading() as reader:
            return reader.devices()

    @get(
        "/v1/entries",
        sync_to_thread=True,
        summary="Entries in the order of arrival",
        guards=[gate.reader],
        security=TOKEN,
        responses=asked,
        tags=TAGS,
    )
    def entries(
        device: Filter = None,
        kind: Filter = None,
        verdict: Filter = None,
        after: After = 0,
        limit: Limit = 100,
    ) -> Page[EntryView]:
        with store.reading() as reader:
            items = reader.entries(device=device, kind=kind, verdict=verdict, after=after, limit=limit)
        return Page(items, items[-1].id if len(items) == limit else None)

    @get(
        "/v1/times",
        sync_to_thread=True,
        summary="When entries were really written, by evidence",
        guards=[gate.reader],
        security=TOKEN,
        responses=asked,
        tags=TAGS,
    )
    def times(
        device: Annotated[str, Parameter(pattern=DEVICE)],
        after: Annotated[int, Parameter(ge=0, le=2**53)] = 0,
        limit: Limit = 100,
    ) -> Page[Placed]:
        with store.reading() as reader:
            items = entry_times(reader, device, after=after, limit=limit)
        return Page(items, items[-1].seq if len(items) == limit else None)

    @get(
        "/v1/forks",
        sync_to_thread=True,
        summary="Alarms: devices that signed two histories",
        guards=[gate.reader],
        security=TOKEN,
        responses=asked,
        tags=TAGS,
    )
    def forks(after: After = 0, limit: Limit = 100) -> Page[ForkView]:
        with store.reading() as reader:
            items = reader.forks(after=after, limit=limit)
        return Page(items, items[-1].id if len(items) == limit else None)

    return [devices, entries, times, forks]
