"""The true times of a ledger's entries, as `steelyard ledger show` tells them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.dating.placing import place_entries
from firmware_app.ledger.home import join_county, open_ledger

TRUE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Lost:
    """A clock that lost the time and gets it back. ``true_s``: what nobody here knows."""

    boot = "boot-1"
    set = False
    true_s = 0

    def now(self) -> datetime:
        return (TRUE if self.set else datetime(1970, 1, 1, tzinfo=UTC)) + timedelta(seconds=self.true_s)

    def quality(self) -> str:
        return "synchronised" if self.set else "unsynchronised"

    def uptime_ns(self) -> int:
        return self.true_s * 10**9


@pytest.fixture
def lost(data, county_key, give_receipt):
    clock = Lost()
    with open_ledger(data, clock=clock, software="s", device="KIOSK-7") as ledger:
        join_county(
            data, ledger, County(county="天祝县", url="https://county.example", jwk=county_key.public_jwk)
        )
        for clock.true_s in (60, 120):
            ledger.append("note", {})
        yield clock, ledger


def shown(data) -> tuple[str, list[dict]]:
    told = CliRunner().invoke(app, ["ledger", "show", "--data", str(data)])
    lines = CliRunner().invoke(app, ["ledger", "show", "--data", str(data), "--json"])
    assert told.exit_code == lines.exit_code == 0
    return told.output, [json.loads(line) for line in lines.stdout.splitlines()]


def test_a_ledger_without_evidence_says_that_nobody_knows(lost, data):
    told, lines = shown(data)
    assert told.count("really written: unknown") == 4
    assert lines[3]["placed"] == {"seq": 4, "earliest": None, "latest": None, "contradiction": False}


def test_a_receipt_places_from_above(lost, data, county_key, give_receipt):
    _, ledger = lost
    ledger.keep_receipt(give_receipt(ledger, 4, county_key))

    told, lines = shown(data)

    assert "entry 4: really written: … to 2026-03-01 09:00:01+08:00" in told
    assert lines[2]["placed"]["latest"] < lines[3]["placed"]["latest"]


def test_a_synchronisation_places_what_came_before_it(lost, data):
    clock, ledger = lost
    clock.set, clock.true_s = True, 300
    ledger.append("note", {})

    placed = place_entries(ledger, 0, 10)

    for seq, true_s in ((1, 0), (3, 60), (4, 120), (5, 300)):
        truth = TRUE + timedelta(seconds=true_s)
        assert placed[seq].earliest <= truth <= placed[seq].latest
        assert placed[seq].latest - placed[seq].earliest < timedelta(seconds=3)
    assert "entry 5: " not in shown(data)[0]
