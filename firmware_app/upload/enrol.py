"""Joining a county: the device shows a one-time token and its key, the county answers with its own."""

from __future__ import annotations

from pathlib import Path

from firmware_app.ledger.clock import Clock
from firmware_app.ledger.county import County, EnrolRequest
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.upload.client import CountyClient, county_url


def enrol(
    data_dir: Path, url: str, token: str, *, clock: Clock, software: str, device: str | None = None
) -> County:
    """Joins the county at ``url`` and records it in the ledger of ``data_dir``, which is made if new.

    May be repeated with the same token, so an answer lost on the way does no harm. Raises LedgerInUse
    while the core runs, EnrolmentRefused, BadCountyUrl, and what opening a ledger raises.
    """
    address = county_url(url)
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
