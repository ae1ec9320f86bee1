"""When entries were really written, as far as the county's own evidence bounds it.

Rules this file obeys:

* That an entry is here bounds it from above: the county's time of its arrival is what its receipt says.
* Evidence far away changes nothing for people: so many entries around are enough.
"""

from __future__ import annotations

from sqlalchemy import select

from county_gateway import tables
from county_gateway.store import Reader
from firmware_app.ledger.dating.true_time import Placed, place
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.errors import BadFormat

AROUND = 1000


def entry_times(store: Reader, device: str, *, after: int, limit: int, around: int = AROUND) -> list[Placed]:
    """The bounds of a device's entries ``after + 1`` … ``after + limit``; none of a stranger.

    ``around``: so many entries before and after are looked at for evidence.

    Every entry was verified when it came; one that cannot be read (on the shelf) is left out.
    """
    table = tables.entries.c
    rows = store.connection.execute(
        select(table.seq, table.jws, table.received_at)
        .where(table.device == device, table.seq > after - around, table.seq <= after + limit + around)
        .order_by(table.seq)
    )
    payloads, received = [], {}
    for seq, jws, at in rows:
        try:
            payloads.append(unverified_payload(jws))
        except BadFormat:
            continue
        received[seq] = at
    return [placed for placed in place(payloads, received) if after < placed.seq <= after + limit]
