"""The gateway's HTTP: every route in one place, each a thin call into `County`.

Rules this file obeys:

* Bodies, batches and the rate of requests are bounded here, before anything looks at them.
* Every refusal is a `Rejection` in JSON with a code; pages are the only thing that is not JSON.
* The OpenAPI document at /schema is kept as docs/openapi.json.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import Body, Parameter
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_200_OK, HTTP_415_UNSUPPORTED_MEDIA_TYPE
from litestar.template.config import TemplateConfig

from county_gateway.county import County, Settings, SlipAnswer
from county_gateway.errors import GatewayError
from county_gateway.log.doors import doors as log_doors
from county_gateway.log.receipts import read_seen
from county_gateway.store import DeviceView, EntryView, ForkView
from county_gateway.times import entry_times
from firmware_app.ledger.county import (
    ENTRIES_TYPE,
    MAX_BATCH_BYTES,
    Accepted,
    CountyAlive,
    Enrolled,
    EnrolRequest,
    Rejection,
)
from firmware_app.ledger.receipt import LOG_HEADER
from firmware_app.ledger.shelf import OnShelf, ShelfRequest
from firmware_app.ledger.slip import MAX_TEXT
from firmware_app.ledger.true_time import Placed

log = logging.getLogger("steelyard.county")
T = TypeVar("T")
HERE = Path(__file__).parent
PAGE_ENTRIES = 50

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

VERDICT_WORDS = {
    "conforms": "符合",
    "does_not_conform": "不符合(建议送检)",
    "undecided": "需复核",
    "cannot_judge": "无法判定",
}


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list. ``next``: what to give as ``after`` for the page after it, None at the end."""

    items: list[T]
    next: int | None


class SlipText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a slip's QR code."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


After = Annotated[int, Parameter(ge=0, le=2**63 - 1, description="only what came after this id")]
Limit = Annotated[int, Parameter(ge=1, le=200, description="at most so many")]
Filter = Annotated[str | None, Parameter(max_length=64)]


@dataclass
class BatchOperation(Operation):
    """Describes the NDJSON body, which is read as bytes and not by the framework."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True,
            description="Entries in order, one compact JWS a line, each line ended by a line feed.",
            content={ENTRIES_TYPE: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))},
        )


def doors(county: County) -> list[Any]:
    """The routes, bound to one county."""

    @get("/v1/alive", sync_to_thread=False, summary="Is the county in reach?")
    def alive() -> CountyAlive:
        return CountyAlive(county.name)

    @post("/v1/enrol", sync_to_thread=True, status_code=HTTP_200_OK, summary="A device joins")
    def enrol(data: Annotated[EnrolRequest, Body()]) -> Enrolled:
        return county.enrol(data)

    @post(
        "/v1/entries",
        status_code=HTTP_200_OK,
        summary="A batch of entries",
        operation_class=BatchOperation,
    )
    async def accept(request: Request[Any, Any, Any]) -> Accepted:
        if request.content_type[0] != ENTRIES_TYPE:
            raise HTTPException(f"give {ENTRIES_TYPE}", status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE)
        seen = read_seen(request.headers.get(LOG_HEADER))
        return await sync_to_thread(county.accept, await request.body(), seen)

    @post("/v1/shelf", sync_to_thread=True, status_code=HTTP_200_OK, summary="An entry that was refused")
    def shelve(data: Annotated[ShelfRequest, Body()]) -> OnShelf:
        return county.shelve(data)

    @get("/v1/devices", sync_to_thread=True, summary="Devices that have joined")
    def devices() -> list[DeviceView]:
        with county.store.reading() as store:
            return store.devices()

    @get("/v1/entries", sync_to_thread=True, summary="Entries in the order of arrival")
    def entries(
        device: Filter = None,
        kind: Filter = None,
        verdict: Filter = None,
        after: After = 0,
        limit: Limit = 100,
    ) -> Page[EntryView]:
        with county.store.reading() as store:
            items = store.entries(device=device, kind=kind, verdict=verdict, after=after, limit=limit)
        return Page(items, items[-1].id if len(items) == limit else None)

    @get("/v1/times", sync_to_thread=True, summary="When entries were really written, by evidence")
    def times(
        device: Annotated[str, Parameter(max_length=80)], after: After = 0, limit: Limit = 100
    ) -> Page[Placed]:
        with county.store.reading() as store:
            items = entry_times(store, device, after=after, limit=limit)
        return Page(items, items[-1].seq if len(items) == limit else None)

    @get("/v1/forks", sync_to_thread=True, summary="Alarms: devices that signed two histories")
    def forks(after: After = 0, limit: Limit = 100) -> Page[ForkView]:
        with county.store.reading() as store:
            items = store.forks(after=after, limit=limit)
        return Page(items, items[-1].id if len(items) == limit else None)

    @post("/v1/slips", sync_to_thread=True, status_code=HTTP_200_OK, summary="Is a slip genuine?")
    def slip(data: Annotated[SlipText, Body()]) -> SlipAnswer:
        return county.look_at_slip(data.text)

    @get("/", sync_to_thread=True, include_in_schema=False)
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

    return [alive, enrol, accept, shelve, devices, entries, times, forks, slip, overview, slip_page]


def create_app(settings: Settings) -> Litestar:
    """The gateway as an ASGI application; raises KeyFileError, NewerDatabase, OSError."""
    county = County(settings)
    rate = RateLimitConfig(rate_limit=("minute", settings.requests_per_minute), exclude=["/static/"])
    return Litestar(
        route_handlers=[
            *doors(county),
            *log_doors(county.log.checkpoint, county.log.file),
            create_static_files_router("/static", directories=[HERE / "static"], include_in_schema=False),
        ],
        exception_handlers={
            GatewayError: _refuse,
            HTTPException: _refuse_http,
            RecursionError: _refuse_deep,
            Exception: _fail,
        },
        on_shutdown=[county.close],
        openapi_config=OpenAPIConfig(
            title="Steelyard county gateway",
            version="1",
            description="Devices join, deliver their signed records and get signed receipts.",
            path="/schema",
            # The document alone: the framework's pages would fetch their scripts from elsewhere.
            render_plugins=[JsonRenderPlugin()],
        ),
        middleware=[rate.middleware],
        request_max_body_size=MAX_BATCH_BYTES,
        after_request=_harden,
        template_config=TemplateConfig(directory=HERE / "templates", engine=JinjaTemplateEngine),
    )


def _refuse(_request: Request[Any, Any, Any], error: GatewayError) -> Response[Rejection]:
    return Response(error.rejection(), status_code=error.status, media_type=MediaType.JSON)


_CODES: dict[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "not_allowed",
    413: "too_large",
    415: "wrong_type",
    429: "too_often",
}


def _refuse_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Rejection]:
    code = _CODES.get(error.status_code, "failed")
    why = "" if error.status_code >= 500 else error.detail
    return Response(
        Rejection(error=code, why=why),
        status_code=error.status_code,
        media_type=MediaType.JSON,
        headers=error.headers,
    )


def _refuse_deep(_request: Request[Any, Any, Any], _error: RecursionError) -> Response[Rejection]:
    return Response(
        Rejection(error="bad_request", why="nested too deeply"), status_code=400, media_type=MediaType.JSON
    )


def _fail(_request: Request[Any, Any, Any], error: Exception) -> Response[Rejection]:
    log.error("request failed", exc_info=error)
    return Response(Rejection(error="failed"), status_code=500, media_type=MediaType.JSON)


def _harden(response: Response[Any]) -> Response[Any]:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
