"""USB scales of HID usage page 8Dh by names that stay: by maker, product and serial number, or by socket.

Rules this file obeys:

* A scale is known by its report descriptor, never by a list of makers.
* The number behind /dev/hidraw is whoever came first; a name that a configuration keeps is none of those.
* What cannot be read, or goes while it is looked at, is not there.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from hardware.scale.hid_descriptor import LONGEST, ScaleReport, facts_of

STANDARD = ScaleReport(3, 6)
"""Report 3: status, unit, exponent, weight in two bytes. The layout that the profile usb-hid-8d reads."""
MOST_DEVICES = 64
LONGEST_WORD = 120


class HidScale(msgspec.Struct, frozen=True, kw_only=True):
    """A HID scale that is plugged in. ``by_socket``/``by_id``: names that stay, empty where there is none.

    ``report``: the report with the weight, None where the descriptor names none.
    """

    device: str
    name: str
    by_socket: str
    by_id: str
    report: ScaleReport | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name by which it may be asked for."""
        return tuple(name for name in (self.device, self.by_socket, self.by_id) if name)

    @property
    def best(self) -> str:
        """The name to write into a configuration: two scales of one make without numbers share their id."""
        return self.by_id or self.by_socket or self.device

    @property
    def readable(self) -> bool:
        """Whether its reports have the layout that is decoded."""
        return self.report == STANDARD


def hid_scales(root: Path = Path("/")) -> tuple[HidScale, ...]:
    """Every HID device that calls itself a scale, in order of device."""
    folder = root / "sys/class/hidraw"
    try:
        entries = sorted(folder.iterdir())[:MOST_DEVICES]
    except OSError:
        return ()
    found = (_scale(entry, root) for entry in entries)
    return tuple(one for one in found if one is not None)


def _scale(entry: Path, root: Path) -> HidScale | None:
    """The scale behind an entry of /sys/class/hidraw; None for one that is none or has just gone."""
    try:
        with (entry / "device/report_descriptor").open("rb") as file:
            facts = facts_of(file.read(LONGEST))
        told = _uevent((entry / "device/uevent").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    if not facts.is_scale:
        return None
    # HID_ID is bus:vendor:product in hexadecimal of eight digits (include/linux/hid.h).
    _, _, kind = told.get("HID_ID", "").partition(":")
    maker, _, product = kind.partition(":")
    unique = told.get("HID_UNIQ", "")
    return HidScale(
        device=str(root / "dev" / entry.name),
        name=told.get("HID_NAME", "HID scale"),
        by_socket=told.get("HID_PHYS", ""),
        by_id=f"{maker[-4:]}:{product[-4:]}".lower() + f":{unique}" if unique and product else "",
        report=facts.report,
    )


def _uevent(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text[:LONGEST].splitlines())
    return {key: value.strip()[:LONGEST_WORD] for key, _, value in pairs}
