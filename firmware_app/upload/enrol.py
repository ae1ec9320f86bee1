"""Joining a county: the device shows a one-time token and its key, the county answers with its own."""

from __future__ import annotations

import re
from pathlib import Path

from firmware_app.errors import SteelyardError
from firmware_app.ledger.clock import Clock
from firmware_app.ledger.county import County, EnrolRequest
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.upload.client import CountyClient, county_url

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
"""What ``secrets.token_urlsafe`` makes at the county; an enrolment carries 16 to 128 characters."""


class BadToken(SteelyardError):
    """The text is no token: cut off, or with something else around it."""


def enrol(
    data_dir: Path, url: str, token: str, *, clock: Clock, software: str, device: str | None = None
) -> County:
    """Joins the county at ``url`` and records it in the ledger of ``data_dir``, which is made if new.

    May be repeated with the same token, so an answer lost on the way does no harm. Raises LedgerInUse
    while the core runs, BadToken, EnrolmentRefused, CountyOutOfReach, BadCountyUrl, and what opening a ledger
    raises.
    """
    address = county_url(url)
    if not TOKEN.fullmatch(token):
        raise BadToken(
            f"the token has {len(token)} characters and is none that a county gives: 16 to 128 letters,"
            " digits, - and _; copy the whole line that `steelyard gateway token` printed there"
        )
    with open_ledger(data_dir, clock=clock, software=software, device=device) as ledger:
        request = EnrolRequest(
            token=token,
            device=ledger.device,
            jwk=ledger.key,
            proof=ledger.enrol_proof(token),
        )
        client = CountyClient(address)
        try:
            enrolled = client.enrol(request)
        finally:
            client.close()
        county = County(county=enrolled.county, url=address, jwk=enrolled.jwk)
        join_county(data_dir, ledger, county)
        return county
