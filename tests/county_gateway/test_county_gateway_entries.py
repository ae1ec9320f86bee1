"""Entries arrive once, in order, whole; a second history is an alarm."""

from __future__ import annotations

import pytest

from firmware_app.ledger.county.receipt import read_receipt
from firmware_app.ledger.signing.signer import SoftwareKey, open_key


@pytest.fixture
def county_jwk(settings, bench):
    return open_key(settings.data_dir / "county.key").public_jwk


def test_a_batch_is_kept_and_receipted_upon_its_last_entry(bench, device, county_jwk):
    device.check()
    device.check("does_not_conform")

    answer = bench.post(device.lines)

    assert answer.status_code == 200
    body = answer.json()
    receipt = read_receipt(body["receipt"], county_jwk)
    assert (receipt.device, receipt.seq, receipt.entry) == ("KIOSK-7", 3, device.hashes[3])
    assert receipt.county == "天祝县"
    assert (body["head"], body["stored"], body["known"]) == (3, 3, 0)


def test_what_is_known_is_acknowledged_again_with_the_same_receipt(bench, device):
    device.check()
    first = bench.post(device.lines).json()

    again = bench.post(device.lines).json()

    assert again["receipt"] == first["receipt"]
    assert (again["stored"], again["known"]) == (0, 2)
    assert len(bench.client.get("/v1/entries").json()["items"]) == 2


def test_a_batch_may_begin_with_what_is_known(bench, device):
    bench.post(device.lines)
    device.check()
    device.check()

    body = bench.post(device.lines).json()

    assert (body["stored"], body["known"], body["head"]) == (2, 1, 3)


def test_a_part_that_is_known_is_receipted_upon_its_own_last_entry(bench, device, county_jwk):
    device.check()
    device.check()
    bench.post(device.lines)

    receipt = read_receipt(bench.post(device.lines[:2]).json()["receipt"], county_jwk)

    assert (receipt.seq, receipt.entry) == (2, device.hashes[2])


def test_a_gap_is_answered_with_the_number_that_should_come(bench, device):
    for _ in range(4):
        device.check()
    bench.post(device.lines[:2])

    answer = bench.post(device.lines[3:])

    assert answer.status_code == 409
    assert answer.json()["error"] == "gap"
    assert answer.json()["expected"] == 3
    assert len(bench.client.get("/v1/entries").json()["items"]) == 2


def test_a_gap_inside_a_batch_takes_nothing_of_it(bench, device):
    device.check()
    device.check()

    answer = bench.post([device.lines[0], device.lines[2]])

    assert (answer.status_code, answer.json()["expected"]) == (409, 2)
    assert bench.client.get("/v1/entries").json()["items"] == []


def forked(device, name):
    """Histories that the device signed beside its own, after entries 1 … 3 were delivered."""
    if name == "an old number":
        return [device.sign(2, device.hashes[1], "self_check", {"other": 1})], 2
    if name == "the last number":
        return [device.sign(3, device.hashes[2], "self_check", {"other": 1})], 3
    if name == "upon another past":
        return [device.sign(4, "ab" * 32, "self_check", {"other": 1})], 4
    return [device.sign(1, "0" * 64, "genesis", {"jwk": device.key.public_jwk, "again": 1})], 1


@pytest.mark.parametrize("name", ["an old number", "the last number", "upon another past", "a new beginning"])
def test_a_second_history_is_an_alarm_and_changes_nothing(bench, device, name):
    device.check()
    device.check()
    bench.post(device.lines)
    lines, seq = forked(device, name)

    answers = [bench.post(lines), bench.post(lines)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["error"], answers[0].json()["seq"]) == ("fork", seq)
    (fork,) = bench.client.get("/v1/forks").json()["items"]
    assert (fork["device"], fork["seq"], fork["jws"]) == ("KIOSK-7", seq, lines[0])
    assert fork["known_hash"] in device.hashes
    assert [entry["jws"] for entry in bench.client.get("/v1/entries").json()["items"]] == device.lines
    assert bench.client.get("/v1/devices").json()[0]["forks"] == 1


def test_who_has_stolen_a_key_cannot_fill_the_county_with_histories(bench, device, mocker):
    mocker.patch("county_gateway.store.MOST_FORKS", 5)
    device.check()
    bench.post(device.lines)

    for number in range(12):
        answer = bench.post([device.sign(2, device.hashes[0], "self_check", {"other": number})])
        assert (answer.status_code, answer.json()["error"]) == (409, "fork"), "every one is refused as one"

    assert len(bench.client.get("/v1/forks").json()["items"]) == 5
    alarms = bench.client.get("/v1/desk/alarms?cause=fork").json()["items"]
    assert len(alarms) == 6, "and that it goes on is an alarm of its own, once a day"
    assert sum("more_than" in alarm["told"] for alarm in alarms) == 1
    assert bench.post(device.lines).status_code == 200, "the device's own history stands"


def test_a_device_with_an_alarm_may_still_deliver_its_first_history(bench, device):
    bench.post(device.lines)
    device.check()
    bench.post([device.sign(2, "ab" * 32, "self_check", {})])

    assert bench.post(device.lines).status_code == 200


def test_nobody_else_can_raise_an_alarm_against_a_device(bench, device, new_device):
    device.check()
    bench.post(device.lines)
    thief = new_device("KIOSK-7", SoftwareKey.generate())
    thief.check()

    answer = bench.post(thief.lines)

    assert answer.status_code == 422
    assert answer.json()["seq"] == 1
    assert bench.client.get("/v1/forks").json()["items"] == []


@pytest.mark.parametrize(
    ("spoil", "seq"),
    [
        (lambda device: [*device.lines[:2], device.lines[2][:-4] + "AAAA"], 3),
        (lambda device: [*device.lines[:2], "nonsense"], 3),
        (lambda device: [*device.lines[:2], ""], 3),
        (lambda device: [*device.lines[:2], "A" * 70_000], 3),
        (lambda device: [device.sign(1, "0" * 64, "start", {})], 1),
        (lambda device: [device.lines[0], device.sign(2, device.hashes[1], "note", {}, device="KIOSK-8")], 2),
    ],
    ids=["signature", "nonsense", "empty line", "endless line", "no genesis", "another device"],
)
def test_one_bad_entry_refuses_the_batch_and_is_named(bench, device, spoil, seq):
    device.check()
    device.check()

    answer = bench.post(spoil(device))

    assert answer.status_code == 422
    assert (answer.json()["error"], answer.json()["seq"]) == ("bad_entry", seq)
    assert answer.json()["why"]
    assert bench.client.get("/v1/entries").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "bad_batch"),
        (b"no line feed", 400, "bad_batch"),
        (b"nonsense\n", 400, "bad_batch"),
        ("é\n".encode(), 400, "bad_batch"),
        (b"\n" * 501, 400, "bad_batch"),
        (b"x" * ((1 << 20) + 1), 413, "too_large"),
    ],
    ids=["empty", "cut off", "nonsense", "no ASCII", "too many", "too large"],
)
def test_what_is_no_batch_is_refused(bench, device, body, status, error):
    answer = bench.post(body)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_only_ndjson_is_taken(bench, device):
    answer = bench.post(device.lines, content_type="application/json")

    assert (answer.status_code, answer.json()["error"]) == (415, "wrong_type")


def test_a_stranger_is_turned_away(bench, new_device):
    answer = bench.post(new_device("KIOSK-9").lines)

    assert (answer.status_code, answer.json()["error"]) == (403, "unknown_device")


def test_devices_do_not_touch_each_other(bench):
    one, two = bench.joined("KIOSK-1", "KIOSK-2")
    one.check()
    two.check("undecided")

    assert bench.post(one.lines).json()["head"] == 2
    assert bench.post(two.lines).json()["head"] == 2
    assert bench.post([*one.lines, two.lines[1]]).status_code == 422
    assert [view["entries"] for view in bench.client.get("/v1/devices").json()] == [2, 2]


def test_entries_are_found_by_device_kind_and_verdict_page_by_page(bench):
    one, two = bench.joined("KIOSK-1", "KIOSK-2")
    for verdict in ("conforms", "does_not_conform", "conforms"):
        one.check(verdict)
        two.check(verdict)
    bench.post(one.lines)
    bench.post(two.lines)

    def seqs(query: str) -> list[tuple[str, int]]:
        items = bench.client.get(f"/v1/entries?{query}").json()["items"]
        return [(item["device"], item["seq"]) for item in items]

    assert seqs("device=KIOSK-2") == [("KIOSK-2", seq) for seq in (1, 2, 3, 4)]
    assert seqs("verdict=does_not_conform") == [("KIOSK-1", 3), ("KIOSK-2", 3)]
    assert seqs("kind=genesis&device=KIOSK-1") == [("KIOSK-1", 1)]
    first = bench.client.get("/v1/entries?limit=5").json()
    second = bench.client.get(f"/v1/entries?limit=5&after={first['next']}").json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [5, 3, None]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "after=-1", "after=x", "after=" + "9" * 23, "kind=" + "x" * 65]
)
def test_a_question_out_of_bounds_is_refused(bench, query):
    answer = bench.client.get(f"/v1/entries?{query}")

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_what_was_receipted_survives_the_process(settings, device, bench):
    from county_gateway.county import County

    device.check()
    receipt = bench.post(device.lines).json()["receipt"]

    again = County(settings)
    try:
        accepted = again.accept("".join(f"{line}\n" for line in device.lines).encode())
    finally:
        again.close()

    assert accepted.receipt == receipt


def test_a_failure_in_the_middle_keeps_nothing(bench, device, mocker):
    device.check()
    mocker.patch("county_gateway.county.make_receipt", side_effect=RuntimeError("the key is gone"))

    with pytest.raises(RuntimeError):
        bench.county.accept("".join(f"{line}\n" for line in device.lines).encode())

    assert bench.client.get("/v1/entries").json()["items"] == []
    assert bench.client.get("/v1/devices").json()[0]["entries"] == 0
