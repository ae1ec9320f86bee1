"""Appliance, county, export and independent checkers together; a county restored from a copy is found out."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from county_gateway.county import County, Settings
from county_gateway.log.publisher import MARK
from county_gateway.log.receipts import read_seen
from firmware_app.ledger.county.contract import County as Joined
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.county.log import ALARM_KIND
from firmware_app.ledger.county.receipt import NO_LOG
from firmware_app.ledger.errors import LogInconsistent
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.service.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "county", county="天祝县")


@pytest.fixture
def county(settings):
    opened = County(settings)
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path, county):
    with open_ledger(
        tmp_path / "device", clock=SystemClock("Asia/Shanghai"), software="ab" * 32, device="KIOSK-7"
    ) as opened:
        token = county.give_token(timedelta(hours=1))
        request = EnrolRequest(
            token=token, device=opened.device, jwk=opened.key, proof=opened.enrol_proof(token)
        )
        jwk = county.enrol(request).jwk
        join_county(
            tmp_path / "device", opened, Joined(county="天祝县", url="https://county.example", jwk=jwk)
        )
        yield opened


def check_and_deliver(ledger, county, count: int = 1) -> None:
    for _ in range(count):
        ledger.append("self_check", {"verdict": "conforms"})
    lines = ledger.lines(ledger.receipted, 500)
    seen = ledger.log_seen()
    header = NO_LOG if seen is None else seen.claim
    accepted = county.accept("".join(f"{line}\n" for line in lines).encode(), read_seen(header))
    ledger.keep_receipt(accepted.receipt)


def run(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return done.returncode, done.stdout + done.stderr


def alarms(ledger) -> list[str]:
    return [entry.payload.body["cause"] for entry in ledger.of_kind(ALARM_KIND, 0)]


def test_an_export_and_the_published_log_are_good_to_checkers_of_another_hand(
    ledger, county, settings, tmp_path
):
    for count in (3, 260, 1):
        check_and_deliver(ledger, county, count)
    write_export(ledger, tmp_path / "ledger.ndjson")
    data = ("--data", settings.data_dir)

    code, vkey = run("-m", "county_gateway.log", "key", *data)
    exported = run("-m", "county_gateway.log", "export", tmp_path / "log", *data)
    known = run(
        TOOLS / "check_log.py",
        *(tmp_path / "log", "--log", vkey.strip(), "--ledger", tmp_path / "ledger.ndjson"),
    )
    record = run(TOOLS / "check_ledger.py", tmp_path / "ledger.ndjson", "--county-kid", county.kid)

    assert (code, exported[0]) == (0, 0), exported
    assert known == (0, known[1]), known[1]
    assert f"entries  {ledger.head_seq} of those asked for are in it" in known[1]
    assert record[0] == 0, record[1]
    assert f"steelyard/log/{county.kid}, {ledger.head_seq} entries" in record[1]


def test_a_county_restored_from_a_copy_signs_nothing_and_without_its_mark_is_found_out(
    ledger, county, settings, tmp_path, new_device
):
    check_and_deliver(ledger, county, 3)
    county.close()
    shutil.copytree(settings.data_dir, tmp_path / "copy")
    county = County(settings)
    check_and_deliver(ledger, county, 3)
    county.close()

    shutil.copy(tmp_path / "copy" / "county.db", settings.data_dir / "county.db")
    for side in ("county.db-wal", "county.db-shm"):
        (settings.data_dir / side).unlink(missing_ok=True)
    code, said = run("-m", "county_gateway", "token", "--data", settings.data_dir)
    assert code == 2
    assert "8 leaves were published, 5 are in the database" in said

    # Somebody helps himself by removing the mark: every appliance finds it out.
    (settings.data_dir / MARK).unlink()
    county = County(settings)
    # Another appliance delivers first; from one alone everything would come in the old order again.
    other = new_device("KIOSK-8")
    county.enrol(other.request(county.give_token(timedelta(hours=1))))
    county.accept(f"{other.lines[0]}\n".encode())
    ledger.append("self_check", {"verdict": "conforms"})
    answer = county.accept(
        "".join(f"{line}\n" for line in ledger.lines(5, 500)).encode(), read_seen(ledger.log_seen().claim)
    )
    with pytest.raises(LogInconsistent):
        ledger.keep_receipt(answer.receipt)
    assert len(alarms(ledger)) == 1
    county.close()

    # The honest way: the log is renewed, and every record says so.
    code, said = run("-m", "county_gateway.log", "renew", "county.example/log2", "--data", settings.data_dir)
    assert code == 0, said
    county = County(settings)
    check_and_deliver(ledger, county)
    assert alarms(ledger)[-1] == "replaced"
    check_and_deliver(ledger, county, 2)
    county.close()
    write_export(ledger, tmp_path / "ledger.ndjson")
    code, said = run(TOOLS / "check_ledger.py", tmp_path / "ledger.ndjson")
    assert code == 0, said
    assert "county.example/log2" in said


def test_tiles_are_made_anew_and_wrong_use_is_said(ledger, county, settings, tmp_path):
    check_and_deliver(ledger, county, 2)
    before = county.log.checkpoint()

    assert run("-m", "county_gateway.log", "rebuild", "--data", settings.data_dir)[0] == 0
    assert county.log.checkpoint() == before
    code, said = run("-m", "county_gateway.log", "renew", "two words", "--data", settings.data_dir)
    assert (code, "is no name" in said) == (2, True)
    code, said = run("-m", "county_gateway.log", "rebuild", "--data", tmp_path / "nowhere")
    assert (code, "no log yet" in said) == (2, True)


def test_an_appliance_restarted_in_the_middle_goes_on(ledger, county, tmp_path, checker_of_ledgers):
    check_and_deliver(ledger, county, 2)
    ledger.append("self_check", {"verdict": "conforms"})
    lines = "".join(f"{line}\n" for line in ledger.lines(ledger.receipted, 500)).encode()
    county.accept(lines, read_seen(ledger.log_seen().claim))  # the answer is lost on the way
    check_and_deliver(ledger, county, 2)

    write_export(ledger, tmp_path / "ledger.ndjson")
    found = checker_of_ledgers.check(io.BytesIO((tmp_path / "ledger.ndjson").read_bytes()))
    assert found.receipted == ledger.head_seq
    assert alarms(ledger) == []


@pytest.fixture
def checker_of_ledgers(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import check_ledger

    return check_ledger
