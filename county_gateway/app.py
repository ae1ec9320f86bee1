"""The gateway as an ASGI application: its doors, what stands before them, and how they refuse.

Rules this file obeys:

* It puts parts together and does nothing itself: doors are in ``doors``, one file a sort of caller.
* Bodies, their duration and the rate of requests are bounded before anything looks at them.
* The OpenAPI document at /schema is kept as docs/openapi.json.
"""

from __future__ import annotations

from litestar import Litestar
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

from county_gateway.county import County, Settings
from county_gateway.doors import appliances, desk, downlink, pages, record
from county_gateway.doors.gate import Gate, in_time
from county_gateway.doors.refusals import HANDLERS, harden
from county_gateway.log.doors import doors as log_doors
from firmware_app.ledger.county.contract import MAX_BATCH_BYTES

SCHEMES: dict[str, SecurityScheme | Reference] = {
    "token": SecurityScheme(
        type="http",
        scheme="bearer",
        description="A token as `python -m county_gateway access create` prints it.",
    ),
    "password": SecurityScheme(
        type="http", scheme="basic", description="The same token as the password, for a browser; any name."
    ),
    "device": SecurityScheme(
        type="http",
        scheme="Steelyard",
        description="A JWS of typ steelyard-ask+jws by the device's key: see docs/record-format.md.",
    ),
}


def create_app(settings: Settings) -> Litestar:
    """The gateway as an ASGI application; raises KeyFileError, NewerDatabase, OSError."""
    county = County(settings)
    gate = Gate(county.store, settings.now)
    rate = RateLimitConfig(rate_limit=("minute", settings.requests_per_minute), exclude=["/static/"])
    return Litestar(
        route_handlers=[
            *appliances.doors(county),
            *record.doors(county.store, gate),
            *desk.doors(county.store, gate, settings.now),
            *downlink.doors(county),
            *pages.doors(county, gate),
            *log_doors(county.log.checkpoint, county.log.file),
            create_static_files_router(
                "/static", directories=[pages.HERE / "static"], include_in_schema=False
            ),
        ],
        exception_handlers=HANDLERS,
        on_shutdown=[county.close],
        openapi_config=OpenAPIConfig(
            title="Steelyard county gateway",
            version="2",
            description="Devices join, deliver their signed records and get signed receipts; the county's own"
            " people ask what came.",
            path="/schema",
            components=Components(security_schemes=SCHEMES),
            # The document alone: the framework's pages would fetch their scripts from elsewhere.
            render_plugins=[JsonRenderPlugin()],
        ),
        middleware=[rate.middleware, in_time],
        request_max_body_size=MAX_BATCH_BYTES,
        after_request=harden,
        template_config=TemplateConfig(directory=pages.HERE / "templates", engine=JinjaTemplateEngine),
    )
