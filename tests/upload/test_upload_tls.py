"""Whose certificate counts, and when: real handshakes on loopback, under authorities of ours."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tls_county import DAY, NOW, Authority, TlsCounty

from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.upload.client import CountyClient, CountyOutOfReach, EnrolmentRefused
from firmware_app.upload.outcome import Failed, Reached, Trouble
from firmware_app.upload.tls import BadCountyCa, Present

REFUSED = Failed(Trouble.CERTIFICATE)
SYNCHRONISED = Present()
LOST = Present(believed=False, not_before=NOW - 30 * DAY)
"""An appliance that has lost the time and was last in touch with the county a month ago."""


@pytest.fixture(scope="module")
def own():
    return Authority("county")


@pytest.fixture(scope="module")
def foreign():
    return Authority("anybody")


@pytest.fixture
def pinned(tmp_path, own):
    path = tmp_path / "county-ca.pem"
    path.write_bytes(own.pem)
    return path


@contextmanager
def knocking(certificate, ca, present=SYNCHRONISED):
    county = TlsCounty(certificate)
    client = CountyClient(county.url, ca=ca)
    client.know_time(present)
    try:
        yield client, county
    finally:
        client.close()
        county.close()


def knock(certificate, ca, present=SYNCHRONISED):
    with knocking(certificate, ca, present) as (client, county):
        outcome = client.knock()
        assert county.requests == isinstance(outcome, Reached), "nothing is said to whom is not believed"
        return outcome


def test_the_pinned_authority_is_believed(tmp_path, own, pinned):
    assert knock(own.issue(tmp_path), pinned) == Reached()


@pytest.mark.parametrize("present", [SYNCHRONISED, LOST, Present(believed=False)])
def test_no_other_authority_is_not_even_one_of_the_system(tmp_path, foreign, pinned, present, mocker):
    bundle = tmp_path / "system.pem"
    bundle.write_bytes(foreign.pem)
    mocker.patch("certifi.where", return_value=str(bundle))
    mocker.patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(bundle))
    mocker.patch.dict("os.environ", {"REQUESTS_CA_BUNDLE": str(bundle), "SSL_CERT_FILE": str(bundle)})
    certificate = foreign.issue(tmp_path)

    assert knock(certificate, None, present) == Reached(), "the bundle would do, were none pinned"
    assert knock(certificate, pinned, present) == REFUSED


@pytest.mark.parametrize("present", [SYNCHRONISED, LOST])
def test_the_name_is_checked_whatever_the_clock_says(tmp_path, own, pinned, present):
    assert knock(own.issue(tmp_path, host="county.example"), pinned, present) == REFUSED


@pytest.mark.parametrize("present", [SYNCHRONISED, LOST])
def test_an_authority_below_the_root_may_be_pinned_and_the_root_alone_too(tmp_path, own, present):
    below = Authority("gateways", above=own)
    certificate = below.issue(tmp_path, chain=(below,))
    for authority in (own, below):
        path = tmp_path / "ca.pem"
        path.write_bytes(authority.pem)
        assert knock(certificate, path, present) == Reached()


DATES = {
    # name: begin, end (from now), with a synchronised clock, with a lost one
    "in date": (-DAY, 90 * DAY, Reached(), Reached()),
    "not yet valid": (DAY, 90 * DAY, REFUSED, Reached()),
    "run out since the last contact": (-90 * DAY, -DAY, REFUSED, Reached()),
    "run out before the last contact": (-90 * DAY, -31 * DAY, REFUSED, REFUSED),
}


@pytest.mark.parametrize("name", DATES)
def test_dates_are_read_by_what_is_known_of_the_time(tmp_path, own, pinned, name):
    """Who has lost the time cannot tell the first three apart; what had run out before is out in any case."""
    begin, end, synchronised, lost = DATES[name]
    certificate = own.issue(tmp_path, begin=begin, end=end)

    assert knock(certificate, pinned, SYNCHRONISED) == synchronised
    assert knock(certificate, pinned, LOST) == lost


def test_an_appliance_that_thinks_it_is_1970_reaches_its_county(tmp_path, own, pinned):
    """A Raspberry Pi without a clock of its own, new: nobody ever vouched for any time."""
    nineteen_seventy = Present(believed=False, not_before=datetime(1970, 1, 1, tzinfo=UTC))

    # To such a machine every certificate lies in the future, as this one does to ours.
    certificate = own.issue(tmp_path, begin=DAY)

    assert knock(certificate, pinned, nineteen_seventy) == Reached()
    assert knock(certificate, pinned, Present(believed=False)) == Reached()


def test_once_the_clock_is_set_dates_count_again(tmp_path, own, pinned):
    certificate = own.issue(tmp_path, begin=-90 * DAY, end=-DAY)
    with knocking(certificate, pinned, LOST) as (client, _county):
        assert client.knock() == Reached()
    with knocking(certificate, pinned, LOST) as (client, _county):
        client.know_time(Present(believed=True))
        assert client.knock() == REFUSED


EMPTY_PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe", EMPTY_PEM, b"#" * 300_000])
def test_a_file_that_pins_nothing_is_refused_in_words(tmp_path, content):
    path = tmp_path / "ca.pem"
    path.write_bytes(content)

    with pytest.raises(BadCountyCa, match=r"ca\.pem"):
        CountyClient("https://county.example", ca=path)
    with pytest.raises(BadCountyCa, match="cannot be read"):
        CountyClient("https://county.example", ca=tmp_path / "none.pem")


def test_no_secret_reaches_a_log_or_an_error(tmp_path, own, pinned, caplog):
    token = "tok-3xUJ-secret-9f8e7d"
    key = SoftwareKey.generate()
    request = EnrolRequest(token=token, device="K", jwk=key.public_jwk, proof="proof-secret")
    said = ""
    with caplog.at_level(logging.DEBUG):
        for certificate in (own.issue(tmp_path), own.issue(tmp_path, host="county.example")):
            with (
                knocking(certificate, pinned) as (client, _county),
                pytest.raises((EnrolmentRefused, CountyOutOfReach)) as refused,
            ):
                client.enrol(request)
            said += str(refused.value)

    for secret in (token, "proof-secret"):
        assert secret not in caplog.text + said


NOT_BELIEVED = {
    "another authority": ("foreign", {}, "pin the county's own"),
    "expired": ("own", {"begin": -90 * DAY, "end": -DAY}, "has expired"),
    "not yet valid": ("own", {"begin": DAY}, "not valid yet"),
    "another name": ("own", {"host": "county.example"}, "for another name"),
}


@pytest.mark.parametrize("name", NOT_BELIEVED)
def test_whoever_joins_is_told_why_the_county_is_not_believed(tmp_path, request, pinned, caplog, name):
    authority, how, words = NOT_BELIEVED[name]
    certificate = request.getfixturevalue(authority).issue(tmp_path, **how)
    key = SoftwareKey.generate()
    asked = EnrolRequest(token="t" * 24, device="K", jwk=key.public_jwk, proof="p")

    with (
        knocking(certificate, pinned) as (client, _county),
        pytest.raises(CountyOutOfReach, match=words) as refused,
    ):
        client.knock()
        client.enrol(asked)

    assert "the token stays good" in str(refused.value)
    assert "try again later" not in str(refused.value), "waiting mends no certificate"
    assert len([line for line in caplog.messages if words in line]) == 1, "said once, not at each try"


def test_a_plain_door_is_told_from_a_certificate(tmp_path, liar, pinned):
    client = CountyClient(liar.url.replace("http:", "https:"), ca=pinned)
    key = SoftwareKey.generate()

    with pytest.raises(CountyOutOfReach, match="does not speak TLS"):
        client.enrol(EnrolRequest(token="t" * 24, device="K", jwk=key.public_jwk, proof="p"))


def test_what_ran_out_before_the_last_known_time_is_said_with_both_days(tmp_path, own, pinned):
    certificate = own.issue(tmp_path, begin=-90 * DAY, end=-31 * DAY)
    key = SoftwareKey.generate()

    with knocking(certificate, pinned, LOST) as (client, _county), pytest.raises(CountyOutOfReach) as refused:
        client.enrol(EnrolRequest(token="t" * 24, device="K", jwk=key.public_jwk, proof="p"))

    assert "has expired" in str(refused.value)


def test_dates_are_those_of_the_last_known_good_time_and_not_of_the_machine(tmp_path, own, pinned):
    """The bound is inclusive at the moment itself: what ran out with it could still have been in date."""
    end = timedelta(days=-10)
    certificate = own.issue(tmp_path, begin=-90 * DAY, end=end)
    at = (NOW + end).replace(microsecond=0)

    assert knock(certificate, pinned, Present(believed=False, not_before=at)) == Reached()
    later = Present(believed=False, not_before=at + timedelta(seconds=1))
    assert knock(certificate, pinned, later) == REFUSED
