"""The doors for appliances, and for whoever holds a slip in hand.

Rules this file obeys:

* Bodies and batches are bounded before anything looks at them.
* What a device says is believed because it signed it, and for no other reason.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import Body
from litestar.status_codes import HTTP_200_OK, HTTP_415_UNSUPPORTED_MEDIA_TYPE

from county_gateway.county import County, SlipAnswer
from county_gateway.doors.gate import address_of
from county_gateway.doors.types import refusals
from county_gateway.doors.unpacking import CODINGS, unpack
from county_gateway.log.receipts import read_seen
from county_gateway.rates import Rate
from firmware_app.ledger.county.contract import (
    ENTRIES_TYPE,
    Accepted,
    CountyAlive,
    Enrolled,
    EnrolRequest,
)
from firmware_app.ledger.county.receipt import LOG_HEADER
from firmware_app.ledger.shelf import OnShelf, ShelfRequest
from firmware_app.ledger.slip.claim import MAX_TEXT

JOINS_A_MINUTE, JOINS = 12, 20
"""Of one address: tokens of 192 bits are not guessed, and a market joins its appliances one by one."""


class SlipText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a slip's QR code."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


@dataclass
class BatchOperation(Operation):
    """Describes the NDJSON body, which is read as bytes and not by the framework."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True,
            description="Entries in order, one compact JWS a line, each line ended by a line feed; packed as"
            " Content-Encoding says, gzip or not at all.",
            content={ENTRIES_TYPE: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))},
        )


def doors(county: County) -> list[HTTPRouteHandler]:
    """The routes, bound to one county."""
    joins = Rate(JOINS_A_MINUTE, JOINS, "too many devices join from this address")

    @get(
        "/v1/alive",
        sync_to_thread=False,
        summary="Is the county in reach?",
        responses=refusals(),
        tags=["appliances"],
    )
    def alive() -> CountyAlive:
        return CountyAlive(county.name)

    @post(
        "/v1/enrol",
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="A device joins",
        responses=refusals(403, 408, 409, 413),
        tags=["appliances"],
    )
    def enrol(request: Request[Any, Any, Any], data: Annotated[EnrolRequest, Body()]) -> Enrolled:
        joins.take(address_of(request), time.monotonic())
        return county.enrol(data)

    @post(
        "/v1/entries",
        status_code=HTTP_200_OK,
        summary="A batch of entries",
        operation_class=BatchOperation,
        responses=refusals(403, 408, 409, 413, 415, 422),
        response_headers=[
            ResponseHeader(
                name="Accept-Encoding", value=CODINGS, description="Packed so the next body may come too."
            )
        ],
        tags=["appliances"],
    )
    async def accept(request: Request[Any, Any, Any]) -> Accepted:
        if request.content_type[0] != ENTRIES_TYPE:
            raise HTTPException(f"give {ENTRIES_TYPE}", status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE)
        seen = read_seen(request.headers.get(LOG_HEADER))
        coding = request.headers.get("Content-Encoding", "")
        body = await request.body()
        return await sync_to_thread(lambda: county.accept(unpack(body, coding), seen))

    @post(
        "/v1/shelf",
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="An entry that was refused",
        responses=refusals(403, 408, 409, 413, 422),
        tags=["appliances"],
    )
    def shelve(data: Annotated[ShelfRequest, Body()]) -> OnShelf:
        return county.shelve(data)

    @post(
        "/v1/slips",
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="Is a slip genuine?",
        responses=refusals(408, 413),
        tags=["slips"],
    )
    def slip(data: Annotated[SlipText, Body()]) -> SlipAnswer:
        return county.look_at_slip(data.text)

    return [alive, enrol, accept, shelve, slip]
