"""What the record keeps of the instruments: the lead with every window, the pan with every turn.

Rules this file obeys:

* Every indication of a window is kept. Frames that are alike byte for byte are written once, with all their
  times, so that a hundred of them still fit an entry.
* An entry has a bound: where the windows of a visit outgrow theirs, the first ones stay whole and the later
  ones are given by count, extremes and the SHA-256 of what would have stood there.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.procedures.self_check.after import Changed
from firmware_app.procedures.self_check.state import Attempt, Compared, SelfCheckState
from firmware_app.procedures.settle import LEAD_SETTLED, LEAD_STILL, Policy, Window
from firmware_app.procedures.taken import MILLIGRAM, pan_evidence
from firmware_app.quantity import plain

ROOM = 20_000
"""Bytes of JSON for the windows of one visit; an entry takes about 48,000 in all."""
POLICIES = (LEAD_SETTLED, LEAD_STILL)


def lead_evidence(state: SelfCheckState) -> dict[str, Any]:
    """How the lead was read: protocol, what an operator confirmed of it, and the policies that were used."""
    assert state.scale is not None
    used = {attempt.figure.policy for attempt in state.attempts}
    confirmed = None if state.confirmed is None else msgspec.to_builtins(state.confirmed)
    return {
        "profile": state.scale.profile,
        "confirmation": confirmed,
        "policies": [_policy(policy) for policy in POLICIES if policy.label in used],
    }


def window_evidence(attempts: Sequence[Attempt]) -> list[dict[str, Any] | None]:
    """The window of each attempt (None for a figure that was typed), within ``ROOM`` altogether."""
    written: list[dict[str, Any] | None] = [None] * len(attempts)
    room = ROOM
    # What stands for the verdict has the first claim on the room.
    for place in sorted(range(len(attempts)), key=lambda place: (not attempts[place].counts, place)):
        window = attempts[place].figure.window
        if window is None:
            continue
        frames = _frames(window)
        data = msgspec.json.encode(frames)
        facts = {
            "since_ns": window.since_ns,
            "span_ms": _ms(window.last_ns - window.since_ns),
            "low_g": plain(window.low),
            "high_g": plain(window.high),
            "count": window.count,
        }
        if len(data) <= room:
            room -= len(data)
            written[place] = {**facts, "frames": frames}
        else:
            written[place] = {**facts, "frames_sha256": hashlib.sha256(data).hexdigest()}
    return written


def change_evidence(change: Changed) -> dict[str, Any]:
    """How the display changed after its figure was taken, with the frames before and after."""
    return {
        "policy": change.policy,
        "value_g": plain(change.value_g),
        "after_ms": _ms(change.after_ns),
        "frames": [
            {
                "raw": seen.raw,
                "value_g": plain(seen.value_g),
                "stable": seen.stable,
                "at_ms": _ms(seen.at_ns - change.before.at_ns),
            }
            for seen in (change.before, *change.after)
        ],
    }


def compared_evidence(compared: Compared, stands: bool) -> dict[str, Any]:
    """Goods and weights in turns: every reading, what they give and the budget; once dropped the result."""
    result = compared.result
    written: dict[str, Any] = {"scheme": compared.scheme, "why_not": compared.why_not}
    if result is not None:
        written |= {"mass_g": _milligrams(result.mass.value), "u_g": repr(compared.standard_g)}
    if not stands:
        return written
    written["weights"] = [piece.id for piece in compared.pieces]
    written["turns"] = [
        {
            "on": "weights" if number % 2 else "goods",
            **pan_evidence(turn),
            "counts": None if turn.seen is None else turn.seen.counts,
        }
        for number, turn in enumerate(compared.turns)
    ]
    first, last = compared.turns[-3].mass_g, compared.turns[-1].mass_g
    written["drift_g"] = plain(last - first)
    if result is not None:
        written["difference_g"] = _milligrams(result.difference_g)
        written["budget"] = {
            "reference": result.reference,
            "noise": result.noise,
            "creep": result.creep,
            "span": result.span,
            "placing": result.placing,
            "buoyancy": result.buoyancy,
            "moved": compared.moved_g / math.sqrt(3),
            "k": result.k,
        }
    return written


def _milligrams(value: float) -> str:
    return plain(Decimal(repr(value)).quantize(MILLIGRAM) + 0)


def _frames(window: Window) -> list[dict[str, Any]]:
    """The frames in order of their first time: bytes, figure, flag, and times since the window began."""
    alike: dict[str, dict[str, Any]] = {}
    for seen in window.seen:
        frame = alike.setdefault(
            seen.raw,
            {"raw": seen.raw, "value_g": plain(seen.value_g), "stable": seen.stable, "at_ms": []},
        )
        frame["at_ms"].append(_ms(seen.at_ns - window.since_ns))
    return list(alike.values())


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy.label,
        "flag": policy.flag.value,
        "window_ms": _ms(policy.window_ns),
        "band_intervals": plain(policy.band),
        "at_least": policy.at_least,
        "gap_ms": _ms(policy.gap_ns),
    }


def _ms(ns: int) -> int:
    return ns // 1_000_000
