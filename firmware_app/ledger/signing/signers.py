"""Which signer an appliance has: chosen by name in its configuration, opened with its options.

Rules this file obeys:

* A key is made only where there is no ledger yet: afterwards the chain names its key, and no other will do.
* Options are looked at without touching any hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

from firmware_app.ledger.signing.signer import Signer

SignerKind = Literal["file", "tpm", "atecc608"]
OPTIONS: dict[str, dict[str, tuple[type, str]]] = {
    "file": {},
    "tpm": {"tcti": (str, "a TSS TCTI such as device:/dev/tpmrm0")},
    "atecc608": {
        "bus": (int, "number of the I2C bus, 1 on a Raspberry Pi"),
        "address": (int, "7 bits, 96 (0x60) or what the chip was given"),
        "slot": (int, "of the key, 0 to 15"),
        "index": (int, "of the counter, 0 or 1"),
    },
}
"""Per signer its options, their type and what they mean."""


@runtime_checkable
class Counting(Protocol):
    """A signer whose hardware counts and cannot be made to count back."""

    def counter(self) -> int | None: ...

    def count(self) -> None: ...


def check_options(kind: str, options: Mapping[str, Any]) -> None:
    """Raises ValueError where an option is unknown or of another type."""
    known = OPTIONS[kind]
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"signer {kind} has no option {name!r}; known: {', '.join(known) or 'none'}")
        wanted, words = known[name]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ValueError(f"option {name} of signer {kind}: {words}")


def open_signer(kind: SignerKind, options: Mapping[str, Any], *, create: bool) -> Signer | None:
    """The signer in hardware; None for ``file``, whose key lies in the data directory.

    ``create``: makes the key where the hardware holds none. Raises as the signer does, ValueError.
    """
    check_options(kind, options)
    if kind == "tpm":
        from firmware_app.ledger.signing.tpm import TpmSigner

        return TpmSigner(**options, create=create)
    if kind == "atecc608":
        from firmware_app.ledger.signing.atecc608 import AteccSigner

        return AteccSigner(**options, create=create)
    return None
