"""What the log refuses, each with its HTTP status and code."""

from __future__ import annotations

from county_gateway.errors import GatewayError


class LogError(GatewayError):
    """Root of what the log refuses or cannot do."""

    status = 503
    code = "log_failed"


class LogWentBack(LogError):
    """The database holds less than, or something else than, what was published: nothing more is signed."""

    code = "log_went_back"


class NotLogged(LogError):
    """An entry has no place in the log."""


class BadLogHeader(GatewayError):
    """The device's word on what it has seen of the log is not one."""

    code = "bad_log_header"


class NoCheckpoint(GatewayError):
    """Nothing has been logged yet."""

    status = 404
    code = "not_found"
