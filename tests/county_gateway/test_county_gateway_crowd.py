"""Ten thousand who come in one second: how many are let in, and when the others come back."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random

import msgspec
import pytest

from county_gateway.crowd import EAGER, FIRST_PACE, FURTHEST_S, INSIDE_S, LEAST, SOONEST_S, Crowd
from county_gateway.doors.admission import DELIVERING, admitted
from firmware_app.ledger.county.contract import Rejection
from firmware_app.upload.loop import Uploader, Wait
from firmware_app.upload.outcome import Failed, Trouble


def half() -> float:
    return 0.5


class County:
    """So many answers a second, one after another, and appliances with their uploader's mind; no I/O."""

    def __init__(self, pace: float, most: int = DELIVERING, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.crowd = Crowd(most, self.chance.random)
        self.pace = pace
        self.served: list[float] = []
        self.waits: list[tuple[float, float]] = []
        """When one was let in, and how long he was inside."""
        self.refused = 0

    def serve(self, devices: int, until_s: float) -> None:
        order = itertools.count()
        events: list[tuple[float, int, str, Uploader]] = [
            (self.chance.random(), next(order), "comes", Uploader(self.chance.random)) for _ in range(devices)
        ]
        heapq.heapify(events)
        free_s = 0.0
        while events and events[0][0] < until_s:
            now_s, _, what, mind = heapq.heappop(events)
            if what == "leaves":
                self.crowd.leave(now_s)
                self.served.append(now_s)
            elif self.crowd.enter(now_s):
                free_s = max(free_s, now_s) + 1 / self.pace
                self.waits.append((now_s, free_s - now_s))
                heapq.heappush(events, (free_s, next(order), "leaves", mind))
            else:
                self.refused += 1
                mind.heard_entries(("entry",), 1, 0)
                mind.heard_entries(("entry",), 1, 0)
                mind.heard_county(Failed(Trouble.BUSY, self.crowd.come_back_in(now_s)))
                wait = mind.next_action()
                assert isinstance(wait, Wait)
                mind.heard_time()
                heapq.heappush(events, (now_s + wait.seconds, next(order), "comes", mind))


@pytest.mark.parametrize("pace", [20.0, 60.0, 200.0])
@pytest.mark.parametrize("devices", [300, 2000, 10_000])
def test_goodput_does_not_fall_as_the_crowd_grows(devices, pace):
    county = County(pace)
    # What is given out lies within 5 min; at 20 a second ten thousand do not fit into that.
    ideal_s = devices / pace

    county.serve(devices, until_s=10 * ideal_s + 60)

    assert len(county.served) == devices
    whole_s = max(county.served)
    nearly_s = sorted(county.served)[int(0.9 * devices)]
    assert nearly_s < 1.2 * ideal_s + 5, "nine of ten are served as fast as answers can be given"
    assert whole_s < 1.5 * ideal_s + 30
    longest = max(wait for _, wait in county.waits)
    assert longest <= DELIVERING / pace + 0.001, "nobody waits longer than for those who are inside"
    assert county.refused < 12 * devices


@pytest.mark.parametrize("pace", [1.0, 2.0, 5.0])
def test_a_slow_county_lets_in_only_whom_it_can_answer_in_time(pace):
    county = County(pace)

    county.serve(1000, until_s=120.0)

    settled = max(wait for at, wait in county.waits if at > 2 * LEAST / pace)
    assert settled <= max(1.5 * INSIDE_S, (LEAST + 1) / pace)
    assert len(county.served) > 0.9 * 120 * pace, "and it is never without work"


def test_a_whole_house_of_a_fast_county_is_let_in():
    county = County(60.0)

    county.serve(2000, until_s=20.0)

    assert max(wait for _, wait in county.waits) > 0.8 * DELIVERING / 60


def test_those_who_are_refused_are_given_one_turn_after_another():
    crowd = Crowd(1, half)
    assert crowd.enter(0.0)

    told = [crowd.come_back_in(0.0) for _ in range(1000)]

    assert told[0] == SOONEST_S
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1000 / (EAGER * FIRST_PACE), abs=2.0)


def test_nobody_is_told_to_come_later_than_he_would_anyhow():
    crowd = Crowd(1, half)

    told = [crowd.come_back_in(0.0) for _ in range(100_000)]

    assert max(told) <= FURTHEST_S
    assert told[-1] == pytest.approx(0.75 * FURTHEST_S), "the rest spread over the far half"


def test_turns_follow_the_pace_at_which_answers_leave():
    crowd = Crowd(1, half)
    now = 0.0
    for _ in range(400):
        assert crowd.enter(now)
        assert not crowd.enter(now), "one is let in at a time"
        now += 0.1
        crowd.leave(now)

    told = [crowd.come_back_in(now) for _ in range(300)]

    assert told[-1] == pytest.approx(300 / (EAGER * 10.0), rel=0.1)


def test_a_quiet_hour_is_not_taken_for_a_slow_gateway():
    crowd = Crowd(8, half)
    for second in range(0, 3600, 5):
        assert crowd.enter(float(second))
        crowd.leave(second + 0.01)

    told = [crowd.come_back_in(3600.0) for _ in range(1000)]

    assert told[-1] < 10


# ------------------------------------------------------------------------------------------------ the door


class Door:
    """An application that holds everybody who comes in until it is told to let go."""

    def __init__(self) -> None:
        self.inside = 0
        self.go = asyncio.Event()
        self.app = admitted(self._hold, half, lambda: 0.0)

    async def _hold(self, scope, receive, send) -> None:
        self.inside += 1
        await self.go.wait()
        self.inside -= 1
        if scope["path"] == "/v1/fails":
            raise RuntimeError("as a handler may")

    async def call(self, method: str, path: str) -> list[dict]:
        """What is sent in answer; the body comes in two pieces, and not before it is asked for."""
        said: list[dict] = []
        pieces = [
            {"type": "http.request", "body": b"x", "more_body": True},
            {"type": "http.request", "body": b"x", "more_body": False},
        ]

        async def receive():
            said.append({"type": "asked for the body"})
            return pieces.pop(0)

        async def send(message):
            said.append(message)

        await self.app({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
        return said


async def until_inside(door: Door, count: int) -> None:
    async with asyncio.timeout(5):
        while door.inside < count:
            await asyncio.sleep(0)


async def fill(door: Door, method: str) -> list[asyncio.Task]:
    """As many as there is room for before anything was counted."""
    tasks = [asyncio.create_task(door.call(method, "/v1/entries")) for _ in range(LEAST)]
    await until_inside(door, LEAST)
    return tasks


def in_a_full_house(method: str, check) -> None:
    async def run() -> None:
        door = Door()
        tasks = await fill(door, method)
        await check(door)
        door.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_one_too_many_is_told_when_to_come_back_before_his_body_is_heard():
    async def check(door: Door) -> None:
        first, second, *heard, last = await door.call("POST", "/v1/entries")

        assert first["type"] == "http.response.start", "answered before the body is asked for"
        assert door.inside == LEAST
        headers = dict(first["headers"])
        assert (first["status"], headers[b"retry-after"]) == (503, b"1")
        assert headers[b"connection"] == b"close"
        rejection = msgspec.json.decode(second["body"], type=Rejection)
        assert rejection.error == "busy"
        assert int(headers[b"content-length"]) == len(second["body"])
        assert heard == [{"type": "asked for the body"}] * 2, "heard out, so that the answer arrives"
        assert last == {"type": "http.response.body", "body": b"", "more_body": False}

    in_a_full_house("POST", check)


def test_appliances_do_not_shut_out_the_countys_people_nor_a_knock():
    async def check(door: Door) -> None:
        reader = asyncio.create_task(door.call("GET", "/v1/desk/verdicts"))
        knock = asyncio.create_task(door.call("GET", "/v1/alive"))
        await until_inside(door, LEAST + 2)
        door.go.set()
        assert await reader == await knock == []

    in_a_full_house("POST", check)


def test_a_desk_that_asks_much_does_not_shut_out_appliances():
    async def check(door: Door) -> None:
        refused = await door.call("GET", "/v1/desk/verdicts")
        assert refused[0]["status"] == 503
        delivering = asyncio.create_task(door.call("POST", "/v1/entries"))
        await until_inside(door, LEAST + 1)
        door.go.set()
        assert await delivering == []

    in_a_full_house("GET", check)


def test_whoever_fails_inside_leaves_too():
    async def run() -> None:
        door = Door()
        door.go.set()
        for _ in range(3 * DELIVERING):
            with pytest.raises(RuntimeError):
                await door.call("POST", "/v1/fails")
        assert await door.call("POST", "/v1/entries") == []

    asyncio.run(run())
