"""Rest: why neither a flag nor equal neighbours alone are enough, on real logs; what the record keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from person import Person, context, honest, indication

from firmware_app.ledger.jose import MAX_JWS
from firmware_app.procedures.events import LoadIsOn
from firmware_app.procedures.prompts import PutWeights, Saving, Source, Way
from firmware_app.procedures.self_check.evidence import ROOM, window_evidence
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.self_check.state import Attempt, Planned
from firmware_app.procedures.settle import (
    LEAD_SETTLED,
    LEAD_STILL,
    MAX_SEEN,
    SECOND,
    Seen,
    Window,
    follow,
    lead_policy,
    settled,
)
from firmware_app.procedures.taken import Figure

D = Decimal
MS = 1_000_000
ROOT = Path(__file__).parents[2]
STREAMS_FILE = (
    Path(os.environ.get("STEELYARD_RECORDINGS", ROOT.parent / "shared" / "data")) / "serial/streams.json"
)
STREAMS = (
    {each["name"]: each for each in json.loads(STREAMS_FILE.read_text("utf-8"))}
    if STREAMS_FILE.is_file()
    else {}
)
needs_recordings = pytest.mark.skipif(not STREAMS, reason=f"no {STREAMS_FILE}: set STEELYARD_RECORDINGS")

Frame = tuple[Decimal, bool | None]
Rule = Callable[[list[Frame], int], bool]
"""Frames and the place of one: whether the rule takes that one."""


def frames_of(name: str) -> list[Frame]:
    return [(Decimal(each["value"]), each["stable"]) for each in STREAMS[name]["frames"]]


def flag_only(frames: list[Frame], at: int) -> bool:
    return bool(frames[at][1])


def equal_neighbours(count: int) -> Rule:
    def rule(frames: list[Frame], at: int) -> bool:
        return at + 1 >= count and len({value for value, _ in frames[at + 1 - count : at + 1]}) == 1

    return rule


def ours(rate_hz: float, interval: Decimal, stated: bool = True) -> Rule:
    """The policies of the program at so many frames a second (the logs carry no times)."""

    def rule(frames: list[Frame], at: int) -> bool:
        window: Window | None = None
        taken = False
        for place in range(at + 1):
            value, stable = frames[place]
            policy = lead_policy(stable if stated else None)
            if policy is None:
                window, taken = None, False
                continue
            window = follow(window, value, int(place / rate_hz * SECOND), policy, interval)
            taken = settled(window, policy)
        return taken

    return rule


def wrong(frames: list[Frame], at: int, horizon: int) -> bool:
    """Whether the scale was not at rest: it says so itself there, or does within the next frames."""
    return any(stable is False for _, stable in frames[at : at + 1 + horizon])


RATES = (5.0, 8.0, 10.0, 20.0)


@needs_recordings
def test_the_flag_alone_takes_a_zero_while_the_load_comes_on() -> None:
    """Given a load put on, when the flag decides alone, then 0.0 is taken just before it moves to 86.8."""
    frames = frames_of("spun-load-settle")
    taken = next(at for at in range(len(frames)) if flag_only(frames, at))
    assert frames[taken] == (D("0.0"), True)
    assert wrong(frames, taken, horizon=5)
    assert max(value for value, _ in frames) == D("86.8")


@needs_recordings
def test_the_flag_alone_takes_a_figure_between_two_motions() -> None:
    frames = frames_of("nhb-change")
    assert flag_only(frames, 0)
    assert wrong(frames, 0, horizon=5)


@needs_recordings
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", ["spun-load-settle", "nhb-change"])
def test_equal_neighbours_take_a_moving_figure(name: str, count: int) -> None:
    """Given an indicator that sends each conversion three times, then three equal frames are no rest."""
    frames = frames_of(name)
    rule = equal_neighbours(count)
    mistaken = [frames[at] for at in range(len(frames)) if rule(frames, at) and frames[at][1] is False]
    assert len(mistaken) >= 5
    assert len({value for value, _ in mistaken}) >= 4, "at several figures on the way"


@needs_recordings
def test_even_six_equal_neighbours_take_a_moving_figure() -> None:
    """Given 73.6 seven times and 96.8 six times, all flagged unstable, then no count of equals is safe."""
    for name, value in (("spun-load-settle", D("73.6")), ("nhb-change", D("96.8"))):
        frames = frames_of(name)
        rule = equal_neighbours(6)
        assert (value, False) in [frames[at] for at in range(len(frames)) if rule(frames, at)]


@needs_recordings
@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize(("name", "interval"), [("spun-load-settle", D("0.2")), ("nhb-change", D("0.1"))])
def test_flag_and_time_and_span_take_no_moving_figure(name: str, interval: Decimal, rate_hz: float) -> None:
    frames = frames_of(name)
    rule = ours(rate_hz, interval)
    taken = [at for at in range(len(frames)) if rule(frames, at)]
    assert all(frames[at][1] for at in taken)
    assert all(not wrong(frames, place, 0) for at in taken for place in range(at - int(rate_hz) + 1, at + 1))
    assert {frames[at][0] for at in taken} <= {D("85.5")}


@needs_recordings
@pytest.mark.parametrize("rate_hz", [5.0, 8.0, 10.0, 20.0])
def test_a_load_at_rest_is_taken(rate_hz: float) -> None:
    """Given 85.5 stable for 26 frames, and logs that rest throughout, then ours takes them too."""
    frames = frames_of("nhb-change")
    rule = ours(rate_hz, D("0.1"))
    assert any(rule(frames, at) for at in range(5, 31)), "the policy is no refusal of everything"


@needs_recordings
@pytest.mark.parametrize("rate_hz", RATES)
def test_without_a_flag_the_longer_window_takes_nothing_of_the_moving_load(rate_hz: float) -> None:
    """Given that log as a protocol that states no stability, then two seconds within 1 d are not in it."""
    frames = frames_of("spun-load-settle")
    rule = ours(rate_hz, D("0.2"), stated=False)
    assert not any(rule(frames, at) for at in range(len(frames)))


# -------------------------------------------------------------------------------------------- the policies


@pytest.mark.parametrize(
    ("label", "window_ns", "at_least", "flag"),
    [("lead-settled/2", SECOND, 4, "stable"), ("lead-still/1", 2 * SECOND, 5, "not_stated")],
)
def test_a_policy_has_a_name_a_version_and_numbers_that_stay(
    label: str, window_ns: int, at_least: int, flag: str
) -> None:
    """A changed number is a new version: this table changes with the label only."""
    (policy,) = [each for each in (LEAD_SETTLED, LEAD_STILL) if each.label == label]
    assert (policy.window_ns, policy.at_least, policy.flag.value, policy.band) == (
        window_ns,
        at_least,
        flag,
        D(1),
    )


def test_what_the_scale_says_chooses_the_policy() -> None:
    assert lead_policy(True) is LEAD_SETTLED
    assert lead_policy(None) is LEAD_STILL
    assert lead_policy(False) is None


def test_two_slow_frames_are_no_rest() -> None:
    window = follow(None, D(1000), 0, LEAD_SETTLED, D(5))
    for step in range(1, 4):
        assert not settled(window, LEAD_SETTLED)
        window = follow(window, D(1000), step * SECOND, LEAD_SETTLED, D(5))
    assert settled(window, LEAD_SETTLED)


def test_another_policy_begins_another_window() -> None:
    window = None
    for step in range(20):
        window = follow(window, D(1000), step * 100 * MS, LEAD_SETTLED, D(5))
    assert settled(window, LEAD_SETTLED)
    assert not settled(window, LEAD_STILL)
    assert follow(window, D(1000), 2000 * MS, LEAD_STILL, D(5)).count == 1


def test_what_a_window_keeps_is_bounded() -> None:
    window = None
    for step in range(MAX_SEEN * 2):
        seen = Seen(step, D(1000), True, f"{step:04x}")
        window = follow(window, D(1000), step, LEAD_SETTLED, D(5), seen=seen)
    assert window is not None
    assert (window.count, len(window.seen)) == (MAX_SEEN * 2, MAX_SEEN)


# ---------------------------------------------------------------------------------------------- the record


def visited(frame: Callable[[Decimal, int], Any], step_ms: int = 100) -> tuple[Person, dict[str, Any]]:
    """A check with weights over the lead, frame by frame, up to the body of its entry."""
    person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.WEIGHTS)
    while not isinstance(person.visit.prompt, Saving):
        asked = person.until(PutWeights)
        assert isinstance(asked, PutWeights) and asked.source is Source.LEAD
        person.tell(LoadIsOn())
        before = person.visit.prompt
        for tick in range(4000):
            person.now_ns += step_ms * MS
            person.tell(frame(D(asked.nominal_g), tick))
            if person.visit.prompt != before:
                break
    outcome = person.visit.outcome
    assert outcome is not None
    return person, outcome.body


def test_every_indication_of_the_window_is_in_the_record() -> None:
    """Given a figure that flickers by 1 d, then all eleven frames stand there with their times and bytes."""

    def flicker(mass: Decimal, tick: int) -> Any:
        raw = b"ST,GS,low" if tick % 3 else b"ST,GS,high"
        return indication(mass if tick % 3 else mass + 5, raw=raw)

    person, body = visited(flicker)
    first = body["attempts"][0]["figure"]
    window = first["window"]
    assert (first["policy"], window["count"], window["span_ms"]) == ("lead-settled/2", 11, 1000)
    assert sorted(at for frame in window["frames"] for at in frame["at_ms"]) == list(range(0, 1001, 100))
    by_raw = {bytes.fromhex(frame["raw"]): frame for frame in window["frames"]}
    assert set(by_raw) == {b"ST,GS,low", b"ST,GS,high"}
    assert D(window["high_g"]) - D(window["low_g"]) == 5
    assert all(frame["stable"] is True for frame in window["frames"])
    assert body["lead"]["policies"] == [
        {
            "policy": "lead-settled/2",
            "flag": "stable",
            "window_ms": 1000,
            "band_intervals": "1",
            "at_least": 4,
            "gap_ms": 3000,
        }
    ]
    assert body["lead"]["profile"] == "and-st-gs"
    assert len(body["attempts"]) == len(person.visit.state.attempts) > 1


def test_a_protocol_without_stability_says_so_in_the_record() -> None:
    _, body = visited(lambda mass, _tick: indication(mass, stable=None))
    assert body["attempts"][0]["figure"]["policy"] == "lead-still/1"
    assert [each["flag"] for each in body["lead"]["policies"]] == ["not_stated"]
    assert body["attempts"][0]["figure"]["window"]["span_ms"] == 2000


def test_the_record_fits_an_entry_even_where_no_two_frames_are_alike() -> None:
    """Given 100 frames a second, each with bytes of its own, then the entry stays within its bound."""
    _, body = visited(lambda mass, tick: indication(mass, raw=b"%060d" % tick), step_ms=10)
    assert len(msgspec.json.encode(body)) * 4 // 3 < MAX_JWS - 4096
    windows = [each["figure"]["window"] for each in body["attempts"]]
    assert all(window["count"] == 101 for window in windows)
    assert len(windows[0]["frames"]) == 101
    assert all(("frames" in window) != ("frames_sha256" in window) for window in windows)


def test_what_stands_for_the_verdict_has_the_first_claim_on_the_room() -> None:
    seen = tuple(Seen(place, D(1000), True, f"{place:0128x}") for place in range(MAX_SEEN))
    window = Window(0, SECOND, D(1000), D(1000), MAX_SEEN, "lead-settled/2", seen[:80])
    figure = Figure(source=Source.LEAD, text="1", unit="kg", value_g=D(1000), window=window)
    attempt = Attempt(number=1, way=Way.WEIGHTS, scale="s", load=Planned(number=1), figure=figure)
    dropped = msgspec.structs.replace(attempt, dropped="went_back")
    written = window_evidence([dropped, attempt])
    assert written[0] is not None and written[1] is not None
    assert "frames" in written[1]
    assert "frames_sha256" in written[0]
    assert len(msgspec.json.encode(written)) < ROOM + 2000
