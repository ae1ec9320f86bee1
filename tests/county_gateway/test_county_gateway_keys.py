"""Keys over the years: a device is revoked, a broken one replaced, the county goes over to another key."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from county_gateway.county import County
from county_gateway.errors import KeyNotHere
from firmware_app.ledger.chain import EMPTY
from firmware_app.ledger.county.contract import ENTRIES_TYPE, Enrolled, EnrolRequest
from firmware_app.ledger.county.contract import County as Joined
from firmware_app.ledger.county.receipt import LOG_HEADER, NO_LOG, read_receipt
from firmware_app.ledger.county.statements import CountyKey, make_county_key, read_closure, read_county_key
from firmware_app.ledger.entry import read_entry
from firmware_app.ledger.errors import BadReceipt, BadStatement
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey, open_key
from firmware_app.ledger.slip.claim import make_slip, slip_text
from firmware_app.service.clock import SystemClock

CHECKER = "tools/check_ledger.py"


class Appliance:
    """The device's side of it all, with a real ledger."""

    def __init__(self, bench, home, name: str = "KIOSK-7", token: str | None = None) -> None:
        self._bench = bench
        self.ledger = open_ledger(home, clock=SystemClock("Asia/Shanghai"), software="s", device=name)
        self.token = token or bench.token()
        self.home = home

    def join(self) -> Enrolled:
        ledger = self.ledger
        request = EnrolRequest(
            token=self.token, device=ledger.device, jwk=ledger.key, proof=ledger.enrol_proof(self.token)
        )
        enrolled = msgspec.json.decode(self._bench.enrol(request).content, type=Enrolled)
        join_county(
            self.home, ledger, Joined(county=enrolled.county, url="https://c.example", jwk=enrolled.jwk)
        )
        if enrolled.closure:
            ledger.continue_chain(enrolled.closure)
        return enrolled

    def check(self) -> None:
        self.ledger.append("self_check", {"verdict": "conforms", "scale": {"serial": "TZ-1"}})

    def deliver(self):
        seen = self.ledger.log_seen()
        answer = self._bench.client.post(
            "/v1/entries",
            content="".join(f"{line}\n" for line in self.ledger.lines(self.ledger.receipted, 500)).encode(),
            headers={"Content-Type": ENTRIES_TYPE, LOG_HEADER: NO_LOG if seen is None else seen.claim},
        )
        if answer.status_code == 200:
            for statement in answer.json().get("county_keys", ()):
                self.ledger.learn_county_key(statement)
            self.ledger.keep_receipt(answer.json()["receipt"])
        return answer

    def checked(self) -> str:
        path = self.home / "export.ndjson"
        write_export(self.ledger, path)
        done = subprocess.run([sys.executable, CHECKER, str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def appliance(bench, tmp_path):
    opened = []

    def make(place: str = "device", **options) -> Appliance:
        opened.append(Appliance(bench, tmp_path / place, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.ledger.close()


# ---------------------------------------------------------------------------------------- revocation


def test_nothing_new_is_taken_from_a_revoked_key_and_nothing_is_lost(bench, device):
    device.check()
    first = bench.post(device.lines)
    bench.county.revoke("KIOSK-7", "stolen")
    device.check()

    answer = bench.post(device.lines)

    assert (answer.status_code, answer.json()["error"]) == (403, "revoked")
    assert "stolen" in answer.json()["why"]
    assert bench.post(device.lines[:2]).json()["receipt"] == first.json()["receipt"]
    (view,) = bench.client.get("/v1/devices").json()
    assert (view["entries"], view["revoked_why"]) == (2, "stolen")


def test_a_revoked_key_that_tells_two_histories_is_still_an_alarm(bench, device):
    device.check()
    bench.post(device.lines)
    bench.county.revoke("KIOSK-7", "stolen")

    bench.post([device.sign(2, device.hashes[1], "self_check", {"other": 1})])

    assert len(bench.client.get("/v1/forks").json()["items"]) == 1


def test_the_first_revocation_stays(bench, device):
    bench.county.revoke("KIOSK-7", "stolen")
    bench.county.revoke("KIOSK-7", "found again")

    assert bench.client.get("/v1/devices").json()[0]["revoked_why"] == "stolen"


def test_a_revoked_device_does_not_join_again(bench, new_device):
    device, token = new_device("KIOSK-7"), bench.token()
    bench.enrol(device.request(token))
    bench.county.revoke("KIOSK-7", "stolen")

    answer = bench.enrol(device.request(token))

    assert (answer.status_code, answer.json()["error"]) == (403, "revoked")


def test_a_slip_of_a_revoked_key_is_good_only_where_its_entry_is_here(bench, device):
    def slip(line: str) -> str:
        return slip_text(make_slip(device.key, read_entry(line, device.key.public_jwk)), "https://c.example")

    before = device.check()
    bench.post(device.lines)
    bench.county.revoke("KIOSK-7", "stolen")
    after = device.check()

    states = [
        bench.client.post("/v1/slips", json={"text": slip(line)}).json()["state"] for line in (before, after)
    ]
    assert states == ["genuine", "revoked"]


# --------------------------------------------------------------------------------------- replacement


def replacement(bench, hours: int = 1) -> str:
    return bench.county.give_token(timedelta(hours=hours), replaces="KIOSK-7")


def test_a_new_appliance_takes_a_broken_ones_place_and_cites_its_chain(bench, appliance, settings):
    old = appliance("old")
    old.join()
    old.check()
    assert old.deliver().status_code == 200
    new = appliance("new", token=replacement(bench))

    enrolled = new.join()
    new.check()

    assert new.deliver().status_code == 200
    closure = read_closure(enrolled.closure, open_key(settings.data_dir / "county.key").public_jwk)
    head = old.ledger.head
    assert (closure.kid, closure.seq, closure.entry) == (old.ledger.key.kid, head.seq, head.hash)
    assert closure.next == new.ledger.key.kid
    cited = new.ledger.last_of(("continues",))
    assert cited is not None
    assert cited.payload.body == {"closure": enrolled.closure}
    assert f"after    entry {head.seq} of key {old.ledger.key.kid}" in new.checked()
    views = bench.client.get("/v1/devices").json()
    assert [(view["device"], view["id"], view["closed_at"] is None) for view in views] == [
        ("KIOSK-7", "KIOSK-7", False),
        ("KIOSK-7~2", "KIOSK-7", True),
    ]


def test_nothing_new_is_taken_upon_a_closed_chain_and_nothing_is_lost(bench, appliance):
    old = appliance("old")
    old.join()
    old.deliver()
    new = appliance("new", token=replacement(bench))
    new.join()
    old.check()

    answer = bench.post(old.ledger.lines(0, 500))

    assert (answer.status_code, answer.json()["error"]) == (403, "replaced")
    assert bench.post(old.ledger.lines(0, 2)).status_code == 200
    assert new.deliver().status_code == 200


def test_an_answer_to_a_replacement_that_was_lost_may_be_asked_for_again(bench, appliance):
    appliance("old").join()
    new = appliance("new", token=replacement(bench))

    assert new.join() == new.join()
    assert len(list(new.ledger.of_kind("continues", 0))) == 1
    assert len(bench.client.get("/v1/devices").json()) == 2


def test_a_device_may_be_replaced_again(bench, appliance):
    for number, place in enumerate(("one", "two", "three")):
        last = appliance(place, token=replacement(bench) if number else None)
        last.join()
        assert last.deliver().status_code == 200

    names = [view["device"] for view in bench.client.get("/v1/devices").json()]
    assert names == ["KIOSK-7", "KIOSK-7~2", "KIOSK-7~3"]


def test_a_revoked_device_is_replaced_like_a_broken_one(bench, appliance):
    appliance("old").join()
    bench.county.revoke("KIOSK-7", "stolen")
    new = appliance("new", token=replacement(bench))

    new.join()

    assert new.deliver().status_code == 200


def test_a_token_for_a_replacement_lets_nobody_else_in(bench, new_device, device):
    token = replacement(bench)
    others = [new_device("KIOSK-8"), device]

    for other in others:
        answer = bench.enrol(other.request(token))
        assert (answer.status_code, answer.json()["error"]) == (403, "bad_token")
    assert bench.enrol(new_device("KIOSK-7").request(token)).status_code == 200
    assert bench.enrol(new_device("KIOSK-7").request(token)).json()["error"] == "device_taken"


def test_a_key_of_a_closed_chain_does_not_come_back(bench, new_device, device):
    bench.enrol(new_device("KIOSK-7").request(replacement(bench)))

    assert bench.enrol(device.request(replacement(bench))).json()["error"] == "device_taken"
    assert (
        bench.enrol(new_device("KIOSK-9", device.key).request(bench.token())).json()["error"]
        == "device_taken"
    )


def test_a_closure_of_another_chain_is_not_written_down(bench, appliance):
    appliance("old").join()
    enrolled = appliance("new", token=replacement(bench)).join()
    stranger = appliance("stranger", name="KIOSK-9")
    stranger.join()

    with pytest.raises(BadStatement, match="not for"):
        stranger.ledger.continue_chain(enrolled.closure)


# ----------------------------------------------------------------------------------- the county's key


def test_a_device_learns_the_countys_new_key_and_its_old_receipts_stay_good(bench, appliance, settings):
    device = appliance()
    device.join()
    device.check()
    old = device.deliver().json()["receipt"]
    bench.county.rotate_key()
    bench.county.rotate_key()
    device.check()

    answer = device.deliver()

    assert len(answer.json()["county_keys"]) == 2
    new = SoftwareKeyOf(settings.data_dir, bench.county.kid)
    read_receipt(answer.json()["receipt"], new)
    assert device.ledger.check_receipt(old).seq == 2 + 1
    assert device.ledger.verify().receipts == 2
    assert len(list(device.ledger.of_kind("county_key", 0))) == 2
    device.check()
    assert device.deliver().status_code == 200
    assert len(list(device.ledger.of_kind("county_key", 0))) == 2
    assert "GOOD" in device.checked()


def test_a_receipt_asked_for_after_a_rotation_shows_a_log_signed_with_the_same_key(bench, appliance):
    device, other = appliance(), appliance("other", name="KIOSK-8")
    device.join()
    other.join()
    assert bench.post(device.ledger.lines(0, 500)).status_code == 200
    # The tree that this receipt shows has the other's entries in it, and is signed with the old key.
    assert other.deliver().status_code == 200
    bench.county.rotate_key()

    assert device.deliver().status_code == 200
    assert device.ledger.receipted == 2


def SoftwareKeyOf(data_dir, kid):
    return open_key(data_dir / f"county-{kid}.key").public_jwk


def test_a_device_that_joins_later_is_told_of_no_older_key(bench, appliance):
    bench.county.rotate_key()
    device = appliance()
    device.join()

    assert "county_keys" not in device.deliver().json()


def test_a_receipt_by_a_key_that_no_known_key_introduces_is_refused(bench, appliance):
    device = appliance()
    device.join()
    bench.county.rotate_key()
    thief = SoftwareKey.generate()
    forged = make_county_key(
        thief, CountyKey(county="天祝县", jwk=SoftwareKey.generate().public_jwk, at="2026-03-01T08:00:00Z")
    )

    answer = bench.post(device.ledger.lines(0, 500)).json()

    with pytest.raises(BadReceipt, match="no county"):
        device.ledger.keep_receipt(answer["receipt"])
    with pytest.raises(BadStatement, match="no key known here"):
        device.ledger.learn_county_key(forged)
    device.ledger.learn_county_key(answer["county_keys"][0])
    device.ledger.keep_receipt(answer["receipt"])


def test_every_gateway_of_a_database_goes_over_to_the_new_key(bench, device, settings):
    other = County(settings)
    try:
        bench.county.rotate_key()
        accepted = other.accept(f"{device.lines[0]}\n".encode())
        assert other.kid == bench.county.kid
    finally:
        other.close()
    read_receipt(accepted.receipt, SoftwareKeyOf(settings.data_dir, bench.county.kid))


def test_a_gateway_without_the_key_gives_no_receipts_and_keeps_nothing(bench, device, settings, tmp_path):
    bench.county.rotate_key()
    new = settings.data_dir / f"county-{bench.county.kid}.key"
    away = tmp_path / "away.key"
    new.rename(away)

    answer = bench.post(device.lines)

    assert answer.status_code == 503
    assert bench.client.get("/v1/entries").json()["items"] == []
    with pytest.raises(KeyNotHere, match="copy county-"):
        County(settings)
    away.rename(new)
    assert bench.post(device.lines).status_code == 200


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(bench, device, settings, mocker):
    kid = bench.county.kid
    mocker.patch("county_gateway.county.make_county_key", side_effect=OSError("power cut"))
    with pytest.raises(OSError, match="power cut"):
        bench.county.rotate_key()
    mocker.stopall()

    assert bench.post(device.lines).status_code == 200
    assert bench.county.kid == kid
    new = bench.county.rotate_key()
    statement = bench.county.store
    with statement.reading() as store:
        assert [key.kid for key in store.county_keys()] == [kid, new]
        introduced = read_county_key(
            store.county_keys()[1].statement, open_key(settings.data_dir / "county.key").public_jwk
        )
    assert introduced.jwk.kid == new


# ------------------------------------------------------------------------------------------ commands


def test_the_commands_do_what_they_say(tmp_path, new_device):
    def run(*arguments: str) -> subprocess.CompletedProcess:
        line = [sys.executable, "-m", "county_gateway", *arguments, "--data", str(tmp_path), "--json"]
        return subprocess.run(line, capture_output=True, text=True)

    unknown = [run("revoke", "KIOSK-7", "--why", "stolen"), run("replace", "KIOSK-7")]
    token = json.loads(run("token").stdout)["token"]
    from county_gateway.county import Settings

    county = County(Settings(data_dir=tmp_path))
    county.enrol(new_device("KIOSK-7").request(token))
    replaced = json.loads(run("replace", "KIOSK-7").stdout)
    revoked = json.loads(run("revoke", "KIOSK-7", "--why", "stolen").stdout)
    rotated = json.loads(run("rotate-key").stdout)
    county.enrol(new_device("KIOSK-7").request(replaced["token"]))

    assert [(done.returncode, "has not joined" in done.stderr) for done in unknown] == [(2, True)] * 2
    assert revoked == {"revoked": "KIOSK-7", "why": "stolen"}
    assert rotated["kid"] == county.kid
    with county.store.reading() as store:
        assert store.chains("KIOSK-7")[1].chain.head == EMPTY
    county.close()
