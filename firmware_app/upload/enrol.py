"""Joining a county: the device shows a one-time token and its key, the county answers with its own."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from firmware_app.errors import SteelyardError
from firmware_app.ledger.clock import Clock, ClockQuality
from firmware_app.ledger.county.contract import County, EnrolRequest
from firmware_app.ledger.dating.known_time import KnownTime
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import Signer
from firmware_app.upload.client import CountyClient, county_url
from firmware_app.upload.tls import Present

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""What ``secrets.token_urlsafe`` makes at the county; an enrolment carries 16 to 128 characters."""


class BadToken(SteelyardError):
    """The text is no token: cut off, or with something else around it."""


def enrol(
    data_dir: Path,
    url: str,
    token: str,
    *,
    clock: Clock,
    software: str,
    device: str | None = None,
    ca: Path | None = None,
    signer: Signer | None = None,
) -> County:
    """Joins the county at ``url`` and records it in the ledger of ``data_dir``, which is made if new.

    ``signer``: a key that is not a file; ``ca``: PEM of the only authorities whose certificates count. May be
    repeated with the same token, so an answer lost on the way does no harm. Raises LedgerInUse while the core
    runs, BadToken, EnrolmentRefused, CountyOutOfReach, BadCountyUrl, BadCountyCa, and what opening a ledger
    raises.
    """
    address = county_url(url)
    if not TOKEN.fullmatch(token):
        raise BadToken(
            f"the token has {len(token)} characters and is none that a county gives: 16 to 128 letters,"
            " digits, - and _; copy the whole line that `steelyard gateway token` printed there"
        )
    client = CountyClient(address, ca=ca)
    with (
        closing(client),
        open_ledger(data_dir, clock=clock, software=software, device=device, signer=signer) as ledger,
    ):
        request = EnrolRequest(
            token=token,
            device=ledger.device,
            jwk=ledger.key,
            proof=ledger.enrol_proof(token),
        )
        client.know_time(Present(clock.quality() == ClockQuality.SYNCHRONISED, KnownTime(ledger).last()))
        enrolled = client.enrol(request)
        county = County(county=enrolled.county, url=address, jwk=enrolled.jwk)
        join_county(data_dir, ledger, county)
        if enrolled.closure:
            ledger.continue_chain(enrolled.closure)
        return county
