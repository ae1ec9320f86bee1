"""The key in a Microchip ATECC608 on the I2C bus: made there, never leaves it. Untested on silicon.

Rules this file obeys:

* The chip signs P-256, so entries are ES256.
* Nothing is locked here: locking the configuration cannot be undone and is done once, with the maker's tool,
  by somebody who means it. A chip that is not locked is refused with words.
* A key is made only where there is no ledger yet and the slot gives no public key; never over another one.

Source: ATECC608B data sheet DS40002239 (summary), CryptoAuthLib's basic API ``atcab_*``. What the program
relies on is proved with a stand-in for the library; no chip has been seen.
"""

from __future__ import annotations

import hashlib
from types import ModuleType
from typing import Any

from firmware_app.ledger.errors import SignerFailed, SignerUnavailable
from firmware_app.ledger.jose import ES256, PublicJwk, b64url_encode, lower_s

BUS, ADDRESS, SLOT, COUNTER = 1, 0x60, 0, 0
ATCA_SUCCESS = 0
CONFIG_ZONE, DATA_ZONE = 0, 1
"""Zones of ``atcab_is_locked``: LOCK_ZONE_CONFIG, LOCK_ZONE_DATA."""


class AteccSigner:
    """The device's key in a slot of the chip.

    ``bus``, ``address``: on the I2C bus, 7 bits; ``slot``: of the key, 0 … 15; ``index``: of the counter.
    ``library``: stands in for CryptoAuthLib in tests. Raises SignerUnavailable, SignerFailed.
    """

    alg = ES256

    def __init__(
        self,
        *,
        bus: int = BUS,
        address: int = ADDRESS,
        slot: int = SLOT,
        index: int = COUNTER,
        create: bool = True,
        library: Any = None,
    ) -> None:
        self._chip = library or _library()
        self._slot, self._index = slot, index
        wanted = self._chip.cfg_ateccx08a_i2c_default()
        wanted.cfg.atcai2c.bus = bus
        # The library takes the address as it goes over the wire, with the bit for reading.
        wanted.cfg.atcai2c.address = address << 1
        status = self._chip.atcab_init(wanted)
        if status != ATCA_SUCCESS:
            raise SignerUnavailable(
                f"no ATECC608 answers on I2C bus {bus} at {address:#04x} (status {int(status):#04x}): is it"
                " wired, I2C switched on, and this user in the group i2c?"
            )
        self.public_jwk = self._public(create)
        self.kid = self.public_jwk.kid

    def close(self) -> None:
        """Lets the bus go."""
        self._chip.atcab_release()

    def sign(self, message: bytes) -> bytes:
        made = bytearray(64)
        self._do("sign", self._chip.atcab_sign(self._slot, hashlib.sha256(message).digest(), made))
        return lower_s(int.from_bytes(made[:32], "big"), int.from_bytes(made[32:64], "big"))

    def counter(self) -> int | None:
        """The counter as it stands (21 bits and no way back: DS40002239 4.4.5); raises SignerFailed."""
        value = self._chip.AtcaReference(0)
        self._do("read its counter", self._chip.atcab_counter_read(self._index, value))
        return int(value.value)

    def count(self) -> None:
        """Moves the counter on by one; raises SignerFailed."""
        value = self._chip.AtcaReference(0)
        self._do("move its counter", self._chip.atcab_counter_increment(self._index, value))

    def _public(self, create: bool) -> PublicJwk:
        point = bytearray(64)
        if self._chip.atcab_get_pubkey(self._slot, point) != ATCA_SUCCESS:
            if not create:
                raise SignerUnavailable(
                    f"slot {self._slot} of this ATECC608 holds no key; the disk belongs to another machine:"
                    " see docs/deployment.md, Replacing a device's key"
                )
            for zone in (CONFIG_ZONE, DATA_ZONE):
                locked = self._chip.AtcaReference(False)
                self._do("say whether it is locked", self._chip.atcab_is_locked(zone, locked))
                if not locked.value:
                    raise SignerUnavailable(
                        "this ATECC608 is not locked, so it makes no keys: lock its configuration with the"
                        " maker's tool first, which cannot be undone"
                    )
            self._do("make a key", self._chip.atcab_genkey(self._slot, point))
        try:
            return PublicJwk(
                crv="P-256",
                kty="EC",
                x=b64url_encode(bytes(point[:32])),
                y=b64url_encode(bytes(point[32:64])),
            )
        except ValueError as error:
            raise SignerFailed(f"the ATECC608 gives a public key that is none: {error}") from error

    def _do(self, what: str, status: int) -> None:
        if status != ATCA_SUCCESS:
            raise SignerFailed(f"the ATECC608 does not {what} (status {int(status):#04x})")


def _library() -> ModuleType:
    try:
        import cryptoauthlib

        cryptoauthlib.load_cryptoauthlib()
    except (ImportError, OSError) as error:
        raise SignerUnavailable(
            "cryptoauthlib is not installed: pip install 'steelyard[atecc608]'"
        ) from error
    library: ModuleType = cryptoauthlib
    return library
