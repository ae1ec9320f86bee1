"""The doors at which appliances fetch what the county publishes.

Rules this file obeys:

* Who asks shows its device's key; what it gets is signed by the county's, so no cache has to be trusted.
* What an appliance has already is answered with 304 and no body.
"""

from __future__ import annotations

import hashlib
import time
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, Parameter
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from county_gateway import downlink
from county_gateway.county import County
from county_gateway.doors.types import DEVICE_KEY, refusals
from county_gateway.rates import Rate
from firmware_app.ledger.county.downlink import MAX_STATEMENT, SCHEME, STATEMENT_HEADER, Ask, Offers, etag

ASKED_A_MINUTE, ASKED = 30, 80
"""Of one device: the list, and once all the names that there may be."""
DOWNLINK_NAME = r"^(registry|weights|inspectors|rules-[a-z0-9][a-z0-9.-]{0,49})$"
TAGS = ["appliances"]
OCTETS = "application/octet-stream"
Tag = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", max_length=200, description="`ETag` of what is held already"),
]


def doors(county: County) -> list[HTTPRouteHandler]:
    """The routes, bound to one county."""
    store = county.store
    asked = Rate(ASKED_A_MINUTE, ASKED, "this device asks too often")
    told = {**refusals(401, 403, 404), 304: ResponseSpec(None, description="The device has it already")}

    def let_in(request: Request[Any, Any, Any]) -> Ask:
        kind, _, jws = request.headers.get("Authorization", "").partition(" ")
        with store.reading() as reader:
            ask = downlink.check_ask(reader, jws if kind == SCHEME and len(jws) <= MAX_STATEMENT else "")
        asked.take(ask.device, time.monotonic())
        return ask

    @get(
        "/v1/downlink",
        sync_to_thread=True,
        summary="What there is for appliances",
        security=DEVICE_KEY,
        responses=told,
        tags=TAGS,
    )
    def offered(request: Request[Any, Any, Any], held: Tag = None) -> Response[Offers]:
        device = let_in(request).device
        with store.reading() as reader:
            offers = downlink.offers(reader, device)
        tag = f'"{hashlib.sha256(msgspec.json.encode(offers)).hexdigest()[:32]}"'
        if held == tag:
            return _not_modified(tag)
        return Response(offers, media_type=MediaType.JSON, headers={"ETag": tag})

    @get(
        "/v1/downlink/{name:str}",
        sync_to_thread=True,
        summary="One file for appliances, with the county's statement of it in a header",
        security=DEVICE_KEY,
        responses=told,
        tags=TAGS,
        media_type=OCTETS,
    )
    def fetched(
        request: Request[Any, Any, Any],
        name: Annotated[str, Parameter(pattern=DOWNLINK_NAME)],
        held: Tag = None,
    ) -> Response[bytes]:
        file, statement = county.published(name, let_in(request).device)
        tag = etag(file.version, file.sha256)
        if held == tag:
            return _not_modified(tag)
        headers = {"ETag": tag, STATEMENT_HEADER: statement}
        return Response(file.content, media_type=OCTETS, headers=headers)

    return [offered, fetched]


def _not_modified(tag: str) -> Response[Any]:
    return Response(b"", status_code=HTTP_304_NOT_MODIFIED, media_type=OCTETS, headers={"ETag": tag})
