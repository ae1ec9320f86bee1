"""The lead of whatever scale is being checked: by which line and which protocol it is read now.

Rules this file obeys:

* A protocol that a person confirmed is used in the very version that was confirmed.
* Where no lead is configured, everything is answered: there is none, and figures are typed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from firmware_app import parts
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.store import Ledger
from firmware_app.procedures.events import LineSilent
from firmware_app.registry.confirmations import BadConfirmations, load_confirmations
from firmware_app.registry.registry import Scale
from firmware_app.service.config import Lead as LeadConfig
from firmware_app.service.lead.line import LeadLine, line_for, open_line, refuse_wrong_pair
from firmware_app.service.lead.listener import Lead
from firmware_app.service.messages import LeadState
from firmware_app.service.settings.parameters import ParameterTrail, confirmed
from hardware.scale.confirm import Confirmation
from hardware.scale.contract import Indication, ProfileInfo, Profiles

SILENT_LINE_NS = 1_000_000_000
"""How often a line that says nothing is reported."""


class Checked(Protocol):
    """What of a visit decides how the lead is read."""

    @property
    def scale(self) -> Scale | None: ...

    @property
    def confirmed(self) -> Confirmation | None: ...


class LeadDesk:
    """The lead as configured, set to the scale of the visit that is open."""

    def __init__(
        self, configured: LeadConfig | None, ledger: Ledger, trail: ParameterTrail, data_dir: Path
    ) -> None:
        self._configured = configured
        self._ledger = ledger
        self._trail = trail
        self._data_dir = data_dir
        self._told_ns = 0
        self._line: LeadLine | None = None
        self._lead: Lead | None = None
        self._infos: dict[str, ProfileInfo] = {}
        if configured is None:
            return
        self._shelf: Profiles = parts.factory("steelyard.scale_profiles", "builtin")()
        self._infos = {profile.id: profile for profile in self._shelf.list()}
        fixed = self._infos.get(configured.profile)
        if fixed is not None:
            refuse_wrong_pair(configured.transport, fixed)
        line = line_for(configured, fixed)
        assert line is not None
        self._read_by(line)

    @property
    def line(self) -> LeadLine | None:
        """The line that is read now, None where there is no lead."""
        return self._line

    @property
    def profiles(self) -> tuple[str, ...]:
        """The protocols by which the lead can be read; none where there is no lead."""
        return tuple(self._infos)

    def take(self, now_ns: int) -> Iterator[Indication | LineSilent]:
        """What the scale has said since the last call, and now and then that it says nothing."""
        if self._lead is None:
            return
        yield from self._lead.take(now_ns)
        if self._lead.silent(now_ns) and now_ns - self._told_ns >= SILENT_LINE_NS:
            self._told_ns = now_ns
            yield LineSilent()

    def listen_for(self, visit: Checked | None) -> None:
        """Reads by the protocol of the scale that is being checked."""
        if self._lead is None or self._configured is None:
            return
        scale = None if visit is None else visit.scale
        wanted = self._configured.profile or (scale.profile if scale is not None else "")
        if visit is not None and scale is not None:
            line = line_for(self._configured, self._infos.get(wanted), visit.confirmed)
            if line is not None and line != self._line:
                self._lead.close()
                self._read_by(line)
            wanted = wanted if line is not None else ""
        self._lead.use(wanted if wanted in self._infos else None)

    def confirmations(self) -> tuple[Confirmation, ...]:
        """What operators have confirmed, of the very versions that the lead is decoded by."""
        # A confirmation may come while the program runs; the trail has it before it is used.
        with contextlib.suppress(StoreFailed, OSError):
            self._trail.note("confirmed at the terminal", confirmed(self._data_dir), among="confirmations.")
        try:
            known = load_confirmations(self._data_dir)
        except BadConfirmations as error:
            # Figures are then typed; the trail says why.
            with contextlib.suppress(StoreFailed):
                self._ledger.append("confirmations_unreadable", {"why": str(error)[:200]})
            return ()
        return tuple(
            each
            for each in known
            if each.profile in self._infos and self._infos[each.profile].version == each.version
        )

    def state(self) -> LeadState:
        """What a screen may show of the line."""
        return LeadState(state="absent") if self._lead is None else self._lead.state()

    def close(self) -> None:
        if self._lead is not None:
            self._lead.close()

    def _read_by(self, line: LeadLine) -> None:
        self._line = line
        self._lead = Lead(open_line(line), self._shelf)
