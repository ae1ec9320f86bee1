"""The doors against their own document: whatever is asked, no failure inside, and every answer as described.

schemathesis makes the requests from /schema/openapi.json, good and bad ones; the shortened run is the same
every time (no chance), the long one belongs to `make proofs`, STEELYARD_REQUESTS to each door each way.
"""

from __future__ import annotations

import os

import pytest
import schemathesis
from desk_bench import complaint, control_check, deliver, fair_weighing, recall, self_check
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import ServerError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from county_gateway.access import Role
from county_gateway.app import create_app
from county_gateway.county import County, Settings
from county_gateway.doors import appliances, downlink, gate
from firmware_app.ledger.county.contract import ENTRIES_TYPE
from firmware_app.ledger.county.downlink import Ask, make_ask

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer(ENTRIES_TYPE)(lambda _context, value: str(value).encode("utf-8", "replace"))
SHORT, LONG = 4, int(os.environ.get("STEELYARD_REQUESTS", "25"))
PATH = "/schema/openapi.json"


@pytest.fixture
def county_of(bench, mocker):
    """A county with one of everything, whose rates stand in nobody's way; its schema, and whom it knows."""
    for module in (appliances, downlink, gate):
        names = [name for name in vars(module) if name.endswith("_A_MINUTE") or name in BURSTS]
        mocker.patch.multiple(module, **dict.fromkeys(names, 10**9))
    (device,) = bench.joined("KIOSK-1")
    self_check(device, due="2026-01-01")
    control_check(device)
    fair_weighing(device)
    complaint(device, 4)
    recall(device, [2])
    device.append("clock_step", {"step_s": 1.5})
    deliver(bench, device)
    bench.post([device.sign(3, device.hashes[2], "note", {"other": 1})])
    bench.county.publish("registry", b'[[stall]]\ncode = "A-01"\n')
    old = bench.county_settings
    app = create_app(
        Settings(data_dir=old.data_dir, database=old.database, county=old.county, now=old.now,
                 requests_per_minute=10**9)
    )  # fmt: skip
    ask = make_ask(device.key, Ask(device=device.name, county=bench.county.kid, seq=len(device.lines)))
    token = {"Authorization": f"Bearer {bench.access('contract', Role.OFFICER)}"}
    return schemathesis.openapi.from_asgi(PATH, app), token, {"Authorization": f"Steelyard {ask}"}


BURSTS = ("GUESSES", "ASKED", "JOINS")


def drive(county_of, examples: int) -> dict[str, int]:
    """Calls every door that often, with good and with bad requests; how often by status."""
    schema, token, ask = county_of
    seen: dict[str, int] = {}
    broken: list[BaseException] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        headers = ask if operation.path.startswith("/v1/downlink") else token
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _calls(operation, mode, headers, examples, seen)
            except Unsatisfiable:
                # A door that takes nothing can be asked nothing bad.
                assert mode is GenerationMode.NEGATIVE
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all doors are tried first
                broken.append(error)
    if broken:
        raise BaseExceptionGroup(f"{len(broken)} doors are not as described", broken)
    return seen


def _calls(operation, mode, headers: dict[str, str], examples: int, seen: dict[str, int]) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case) -> None:
        answer = case.call(headers=headers)
        seen[str(answer.status_code)] = seen.get(str(answer.status_code), 0) + 1
        case.validate_response(answer, checks=CHECKS)

    call()


@pytest.mark.timeout(110)
def test_every_door_answers_as_its_document_says(county_of):
    seen = drive(county_of, SHORT)

    assert seen["200"] > 10
    assert seen["400"] > 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_door_answers_so_many_times(county_of, capsys):
    seen = drive(county_of, LONG)

    with capsys.disabled():
        print(f"\n{sum(seen.values())} requests: {dict(sorted(seen.items()))}")
    assert not [status for status in seen if status.startswith("5")]


def test_the_document_is_whole(county_of):
    """Every door has words, a schema for each answer, and says who may ask."""
    schema, _, _ = county_of
    for found in schema.get_all_operations():
        door = found.ok().definition.raw
        assert door["summary"], found.ok().path
        for status, answer in door["responses"].items():
            assert answer["description"], (found.ok().path, status)
            if status not in ("304",) and not found.ok().path.startswith("/log/"):
                assert answer["content"], (found.ok().path, status)


def test_a_failure_inside_is_told_as_one_and_would_be_noticed(county_of, bench, mocker):
    """The run above can fail: with a door that breaks it does."""
    mocker.patch("county_gateway.desk.lists.alarms", side_effect=ValueError("broken"))

    with pytest.raises(BaseExceptionGroup) as broken:
        drive(county_of, 1)
    assert broken.group_contains(ServerError)


def test_the_county_is_opened_twice_without_harm(bench):
    County(bench.county_settings).close()
