"""What the county publishes, put onto the stick that goes back to an appliance without a network.

Rules this file obeys:

* It is the same as over the network: of each name the highest version, a device's own before the one for all,
  each with the county's signed word; a device that is trusted no more gets nothing.
* A file takes the place of the one before it whole; one that the county has nothing for is left alone.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from county_gateway import downlink
from county_gateway.county import County
from county_gateway.errors import UnknownDevice
from firmware_app import durable
from firmware_app.ledger.county.carried import downlink_name, put_file


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the stick for a device. ``files``: their names; ``path``: empty where there are none."""

    device: str
    files: tuple[str, ...]
    path: str


def give_files(county: County, device: str, directory: Path) -> Given:
    """Puts the files for a device onto a stick.

    Raises UnknownDevice, Revoked, Replaced, KeyNotHere, OSError.
    """
    with county.store.reading() as store:
        chains = store.chains(device)
        if not chains:
            raise UnknownDevice(f"{device} has not joined this county")
        chains[-1].must_take()
        names = [each.name for each in downlink.offers(store, device).items]
    if not names:
        return Given(device=device, files=(), path="")
    path = directory / downlink_name(device)
    with durable.writing(path) as out:
        for name in names:
            file, statement = county.published(name, device)
            put_file(out, statement, file.content)
    return Given(device=device, files=tuple(names), path=str(path))


def trusted(county: County) -> tuple[str, ...]:
    """The ids of all devices that may have them."""
    with county.store.reading() as store:
        held = store.all_chains()
    return tuple(
        sorted({each.chain.device for each in held if each.revoked_why is None and each.closed_at is None})
    )
