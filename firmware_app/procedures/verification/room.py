"""Makes the body fit an entry: what is evidence of evidence gives way first, and says so by its SHA-256.

Rules this file obeys:

* Figures, limits, conclusions, persons and weights are never touched.
* What is taken out is named with its count and hash: whoever kept it elsewhere can show that it is it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

ROOM = 46_000
"""Bytes of JSON; an entry of 64 KiB takes about 48,000, and its head is less than a thousand."""


def fitting(body: dict[str, Any]) -> dict[str, Any]:
    """The body, with the looks of the challenge, frames of the lead, or old tries by count and hash alone."""
    for shorter in (_without_looks, _without_frames, _without_tries):
        if len(msgspec.json.encode(body)) <= ROOM:
            break
        body = shorter(body)
    return body


def _without_looks(body: dict[str, Any]) -> dict[str, Any]:
    """Each look of the challenge goes; its readings, which were judged, stay."""
    challenge = body["challenge"]
    if challenge is None:
        return body
    return {**body, "challenge": {**challenge, "looks": _hashed(challenge["looks"])}}


def _without_frames(body: dict[str, Any]) -> dict[str, Any]:
    """The last frame of each settled window goes; text, policy and number of frames stay."""
    items = [
        {
            **item,
            "steps": [{key: value for key, value in step.items() if key != "raw"} for step in item["steps"]],
        }
        for item in body["items"]
    ]
    raws = [step["raw"] for item in body["items"] for step in item["steps"] if "raw" in step]
    return {**body, "items": items, "raw": _hashed(raws)}


def _without_tries(body: dict[str, Any]) -> dict[str, Any]:
    """What no longer counts goes last of all."""
    return {**body, "tries": _hashed(body["tries"])}


def _hashed(what: list[Any]) -> dict[str, Any]:
    return {"count": len(what), "sha256": hashlib.sha256(msgspec.json.encode(what)).hexdigest()}
