"""By hand: the record onto a stick, through the county and back, and what lies on hostile sticks."""

from __future__ import annotations

import errno
import os
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from county_gateway.__main__ import app as gateway
from county_gateway.county import County, Settings
from county_gateway.errors import GatewayError, UnknownDevice
from county_gateway.stick.taken import bundles_on, import_bundle
from firmware_app.ledger.county.bundle import BadBundle, bundle_name, receipts_name
from firmware_app.ledger.county.contract import County as CountyCard
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import messages
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.upload.stick import NotTaken, StickFailed, take_receipts, write_bundle

URL = "http://127.0.0.1:1"


class DeskCore:
    """The core's own desk behind its messages, without the sockets."""

    def __init__(self, ledger, clock) -> None:
        self.desk = DeliveryDesk(ledger, clock)

    def ask(self, command: messages.Command) -> messages.Reply:
        asked = messages.decode_command(messages.encode(command))
        return messages.decode_reply(messages.encode(self.desk.obey(asked, 0)))


class Market:
    """An appliance without a network, a county, and a stick."""

    def __init__(self, tmp_path, clock, name="KIOSK-7") -> None:
        self.stick = tmp_path / "stick"
        self.stick.mkdir(exist_ok=True)
        self.county = County(Settings(data_dir=tmp_path / "county", county="天祝县"))
        self.ledger = open_ledger(tmp_path / name, clock=clock, software="00", device=name)
        token = self.county.give_token(timedelta(hours=1))
        request = EnrolRequest(
            token=token, device=name, jwk=self.ledger.key, proof=self.ledger.enrol_proof(token)
        )
        card = self.county.enrol(request)
        join_county(tmp_path / name, self.ledger, CountyCard(county=card.county, url=URL, jwk=card.jwk))
        self.core = DeskCore(self.ledger, clock)
        self.bundle = self.stick / bundle_name(name)
        self.receipts = self.stick / receipts_name(name)

    def check(self, count: int) -> None:
        for _ in range(count):
            self.ledger.append("self_check", {"verdict": "conforms"})

    @property
    def held(self) -> int:
        with self.county.store.reading() as store:
            return store.devices()[0].entries

    def carry(self):
        """There and back."""
        write_bundle(self.core, self.stick)
        done = import_bundle(self.county, self.bundle, self.stick)
        take_receipts(self.core, self.stick)
        return done

    def close(self) -> None:
        self.ledger.close()
        self.county.close()


@pytest.fixture
def market(tmp_path, still_clock):
    market = Market(tmp_path, still_clock)
    yield market
    market.close()


def test_months_of_entries_go_there_and_their_receipts_come_back(market):
    market.check(1203)

    written = write_bundle(market.core, market.stick)
    done = import_bundle(market.county, market.bundle, market.stick)
    taken = take_receipts(market.core, market.stick)

    assert (written.first, written.last, written.new) == (1, 1205, 1205)
    assert (done.new, market.held) == (1205, 1205)
    assert (taken.before, taken.received) == (0, 1205)
    assert market.ledger.verify().receipted == 1205


def test_the_next_bundle_holds_only_what_came_since(market):
    market.check(10)
    market.carry()
    market.check(3)

    written = write_bundle(market.core, market.stick)

    assert (written.first, written.last, written.new) == (12, 15, 3)
    assert import_bundle(market.county, market.bundle, market.stick).new == 3
    assert take_receipts(market.core, market.stick).received == 15


def test_doing_any_step_twice_changes_nothing(market):
    market.check(5)
    write_bundle(market.core, market.stick)
    first = market.bundle.read_bytes()
    write_bundle(market.core, market.stick)
    assert market.bundle.read_bytes() == first
    import_bundle(market.county, market.bundle, market.stick)
    receipts = market.receipts.read_bytes()
    again = import_bundle(market.county, market.bundle, market.stick)
    assert (again.new, market.receipts.read_bytes()) == (0, receipts)
    assert take_receipts(market.core, market.stick).received == 7
    assert take_receipts(market.core, market.stick).before == 7


def test_the_network_and_the_stick_may_both_be_used(market):
    market.check(5)
    write_bundle(market.core, market.stick)
    lines = market.ledger.lines(0, 4)
    market.county.accept("".join(f"{line}\n" for line in lines).encode())

    assert import_bundle(market.county, market.bundle, market.stick).new == 3
    assert take_receipts(market.core, market.stick).received == 7


# ------------------------------------------------------------------- hostile and broken sticks


def spoil(data: bytes, how: str) -> bytes:
    lines = data.splitlines(keepends=True)
    return {
        "empty": b"",
        "torn within a line": data[:-30],
        "torn between lines": b"".join(lines[:-2]),
        "a line missing": b"".join(lines[:3] + lines[4:]),
        "two lines changed places": b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]),
        "a byte changed": data.replace(lines[3], lines[3].replace(b"a", b"b", 1)),
        "no manifest": b"".join(lines[1:]),
        "an endless line": lines[0] + b"x" * 200_000,
        "not text": lines[0] + b"\xff\xfe\n",
        "more than the manifest says": data + lines[-1].replace(b".", b"x"),
    }[how]


@pytest.mark.parametrize(
    "how",
    ["empty", "torn within a line", "torn between lines", "a line missing", "two lines changed places",
     "a byte changed", "no manifest", "an endless line", "not text", "more than the manifest says"],
)  # fmt: skip
def test_a_spoilt_bundle_is_refused_in_words_and_a_good_one_is_taken_afterwards(market, how):
    market.check(6)
    write_bundle(market.core, market.stick)
    good = market.bundle.read_bytes()
    market.bundle.write_bytes(spoil(good, how))

    with pytest.raises((BadBundle, GatewayError)) as refused:
        import_bundle(market.county, market.bundle, market.stick)
    assert str(refused.value)
    assert not market.receipts.exists(), "no receipt for what did not come"

    market.bundle.write_bytes(good)
    import_bundle(market.county, market.bundle, market.stick)
    assert market.held == 8


def test_a_bundle_of_a_stranger_or_with_anothers_manifest_is_refused(market, tmp_path, still_clock):
    market.check(2)
    write_bundle(market.core, market.stick)
    other = County(Settings(data_dir=tmp_path / "other", county="other"))
    with pytest.raises(UnknownDevice):
        import_bundle(other, market.bundle, market.stick)
    other.close()
    from firmware_app.ledger.county.bundle import make_manifest

    lines = market.bundle.read_bytes().split(b"\n")
    entry = market.ledger.entry(4)
    lines[0] = make_manifest(SoftwareKey.generate(), 1, entry).encode()
    market.bundle.write_bytes(b"\n".join(lines))
    with pytest.raises(BadBundle, match="manifest"):
        import_bundle(market.county, market.bundle, market.stick)


def test_no_link_is_followed_and_no_pipe_waited_for(market, tmp_path):
    market.check(1)
    write_bundle(market.core, market.stick)
    secret = tmp_path / "secret"
    secret.write_text("password\n")
    real = market.bundle.rename(tmp_path / "elsewhere")
    market.bundle.symlink_to(real)
    with pytest.raises(OSError) as refused:
        import_bundle(market.county, market.bundle, market.stick)
    assert refused.value.errno == errno.ELOOP
    market.bundle.unlink()
    os.mkfifo(market.bundle)
    with pytest.raises(BadBundle, match="no plain file"):
        import_bundle(market.county, market.bundle, market.stick)
    market.bundle.unlink()
    # Where the stick has a link in the place of what is written, the link goes and what it names stays.
    market.bundle.symlink_to(secret)
    write_bundle(market.core, market.stick)
    assert secret.read_text() == "password\n"
    assert not market.bundle.is_symlink()
    market.receipts.symlink_to(secret)
    with pytest.raises(StickFailed, match="link"):
        take_receipts(market.core, market.stick)


def test_a_stick_with_thousands_of_names_is_not_read_for_ever(market, mocker):
    mocker.patch("county_gateway.stick.taken.MOST_NAMES", 20)
    for number in range(50):
        (market.stick / f"steelyard-K{number}.bundle").write_bytes(b"")

    assert len(bundles_on(market.stick)) <= 20


def test_a_file_beyond_all_reason_is_refused_unread(market, mocker):
    mocker.patch("county_gateway.stick.taken.MAX_BUNDLE", 1000)
    market.bundle.write_bytes(b"x" * 1001)

    with pytest.raises(BadBundle, match="more than the 1000"):
        import_bundle(market.county, market.bundle, market.stick)


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "lock switch"), (errno.EIO, "put it in again"),
     (errno.ENODEV, "put it in again")],
)  # fmt: skip
def test_a_stick_that_fails_half_way_is_said_and_holds_what_it_held(market, mocker, code, words):
    market.check(3)
    write_bundle(market.core, market.stick)
    before = market.bundle.read_bytes()
    market.check(3)
    mocker.patch("firmware_app.durable.os.fsync", side_effect=OSError(code, os.strerror(code)))

    with pytest.raises(StickFailed, match=words):
        write_bundle(market.core, market.stick)

    assert market.bundle.read_bytes() == before
    assert [path.name for path in market.stick.iterdir()] == [market.bundle.name]


@pytest.mark.parametrize(
    "content", [b"", b"a.b.c\n", b"no line feed", b"x" * 100_000, b"\xff\n", b"x\n" * 100],
)  # fmt: skip
def test_nonsense_in_place_of_receipts_moves_nothing(market, content):
    market.check(2)
    market.receipts.write_bytes(content)

    with pytest.raises((BadBundle, NotTaken)):
        take_receipts(market.core, market.stick)
    assert market.ledger.receipted == 0


def test_receipts_of_another_county_are_refused(market, tmp_path, still_clock):
    market.check(2)
    write_bundle(market.core, market.stick)
    other = Market(tmp_path / "other", still_clock) if (tmp_path / "other").mkdir() is None else None
    other.check(2)
    write_bundle(other.core, other.stick)
    import_bundle(other.county, other.bundle, market.stick)

    with pytest.raises(NotTaken, match="no county that was joined"):
        take_receipts(market.core, market.stick)
    other.close()


def test_the_county_imports_a_whole_stick_at_the_command_line(market, tmp_path, still_clock):
    market.check(4)
    write_bundle(market.core, market.stick)
    (market.stick / "steelyard-BAD.bundle").write_bytes(b"nonsense\n")
    market.county.close()

    came = CliRunner().invoke(gateway, ["import", str(market.stick), "--data", str(tmp_path / "county")])

    assert came.exit_code == 1, "one of the two was bad, and the other is in"
    assert "KIOSK-7: entries 1 to 6, 6 of them new" in came.output
    assert take_receipts(market.core, market.stick).received == 6
