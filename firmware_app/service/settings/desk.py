"""The settings that a keeper may change while the appliance runs.

::

    DATA/settings.json     mode 0600: what was changed, by name

Rules this file obeys:

* A bounded list: what stands in `OPEN`, and nothing else. Drivers, ports, files, keys and addresses are not
  among them; they belong to whoever installs the appliance.
* A value is validated by the type that the configuration has for it, and refused with the same words.
* The record has the old value, the new one and who before the new one counts; then it is on the disk; then it
  counts. Where the power is cut between, the next start finds the old value and records that.
* What was changed stands over the configuration file. A file of changes that cannot be read changes nothing,
  and the record says so.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from firmware_app import durable, settings_file
from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.store import Ledger
from firmware_app.registry.person import Person
from firmware_app.service.config import Config, Control, Device, Loaded, People, Printer, Screen
from firmware_app.service.door import Commands
from firmware_app.service.messages import (
    Ok,
    Parameter,
    Parameters,
    Refused,
    Reply,
    SetParameter,
    ShowParameters,
)
from firmware_app.service.settings.parameters import ParameterTrail

NAME = "settings.json"
MODE = 0o600
MAX_FILE = 1 << 16
UNREADABLE = "settings_unreadable"
"""Kind of the entry."""


class Setting(NamedTuple):
    """Where a setting stands in the configuration. ``at_once``: a change counts without a restart."""

    table: str
    kind: type[msgspec.Struct]
    key: str
    at_once: bool

    @property
    def name(self) -> str:
        return f"{self.table}.{self.key}"


OPEN: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("device", Device, "time_zone", False),
        Setting("control", Control, "every_h", True),
        Setting("printer", Printer, "automatic", True),
        Setting("screen", Screen, "language", True),
        Setting("screen", Screen, "idle_s", True),
        Setting("people", People, "idle_s", True),
        Setting("people", People, "sign_out_after_visit", True),
    )
}

Effects = Mapping[str, Callable[[Any], None]]
"""What makes the value of a setting count, by its name; all that count at once are there."""


class BadSetting(settings_file.BadSettings):
    """There is no such setting, or it cannot have that value; the message says what to give."""


def with_changes(loaded: Loaded, ledger: Ledger) -> Loaded:
    """The configuration with what keepers have changed over it."""
    config = loaded.config
    try:
        for name, text in _read(loaded.data_dir).items():
            # A table that was taken out of the file since takes its changes with it.
            if name in OPEN and getattr(config, OPEN[name].table) is not None:
                config = _changed(config, name, text)[0]
    except (OSError, settings_file.BadSettings, msgspec.DecodeError, UnicodeDecodeError) as error:
        with contextlib.suppress(LedgerError):
            ledger.append(UNREADABLE, {"why": str(error)[:200]})
        return loaded
    return msgspec.structs.replace(loaded, config=config)


class SettingsDesk:
    """Shows and changes settings. ``loaded``: as the file says; ``now``: with the changes over it."""

    def __init__(
        self, loaded: Loaded, now: Config, trail: ParameterTrail, effects: Callable[[], Effects]
    ) -> None:
        self._file = loaded.config
        self._data_dir = loaded.data_dir
        self._now = now
        self._trail = trail
        self._effects = effects

    def commands(self) -> Commands:
        """What this desk is asked without a PIN."""
        return {ShowParameters: lambda _command, _now_ns: self.show()}

    def show(self) -> Parameters:
        """Every setting of this appliance."""
        return Parameters(tuple(self._shown(setting) for setting in OPEN.values() if self._has(setting)))

    def change(self, command: SetParameter, who: Person) -> Reply:
        """Changes one, for somebody who may."""
        try:
            config, value = _changed(self._now, command.name, command.value)
            kept = _read(self._data_dir)
        except settings_file.BadSettings as error:
            return Refused("bad_setting", str(error))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            # What cannot be read counts for nothing: this change is the first again.
            kept = {}
        try:
            self._trail.change(command.name, value, who)
            data = msgspec.json.encode({**kept, command.name: _text(value)})
            durable.write(self._data_dir / NAME, data, MODE)
        except (LedgerError, OSError) as error:
            return Refused("not_recorded", f"nothing is changed, the disk takes nothing: {error}")
        self._now = config
        if OPEN[command.name].at_once:
            self._effects()[command.name](value)
        return Ok()

    def _has(self, setting: Setting) -> bool:
        return getattr(self._now, setting.table) is not None

    def _shown(self, setting: Setting) -> Parameter:
        def stands(config: Config) -> str:
            return _text(getattr(getattr(config, setting.table), setting.key))

        kind = _one(setting)
        return Parameter(
            name=setting.name,
            value=stands(self._now),
            file=stands(self._file),
            at_once=setting.at_once,
            wanted=settings_file.wanted(kind, setting.key),
        )


def _read(data_dir: Path) -> dict[str, str]:
    """What was changed, by name; raises OSError, DecodeError."""
    try:
        with (data_dir / NAME).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FILE), type=dict[str, str])
    except FileNotFoundError:
        return {}


def _changed(config: Config, name: str, text: str) -> tuple[Config, object]:
    """The configuration with another value of one setting, and the value; raises BadSetting."""
    setting = OPEN.get(name)
    if setting is None:
        raise BadSetting(f"{name}: a keeper cannot change that; what can be: {', '.join(OPEN)}")
    table = getattr(config, setting.table)
    if table is None:
        raise BadSetting(f"{name}: this appliance has no [{setting.table}] in its configuration")
    value = _value(setting, text, is_text=isinstance(getattr(table, setting.key), str))
    # The whole table is made anew, so that what it refuses as a whole is refused here too.
    changed = msgspec.structs.replace(table, **{setting.key: value})
    return msgspec.structs.replace(config, **{setting.table: changed}), value


def _value(setting: Setting, text: str, *, is_text: bool) -> object:
    """The value in a text; raises BadSetting."""
    kind, bare = _one(setting), text.strip()
    if not bare or not bare.isprintable():
        raise BadSetting(f"{setting.name}: give {settings_file.wanted(kind, setting.key)}")
    literal = json.dumps(bare, ensure_ascii=False) if is_text else bare
    one = settings_file.parse(f"{setting.key} = {literal}".encode(), kind, setting.table, BadSetting)
    value: object = getattr(one, setting.key)
    if setting.name == "device.time_zone":
        _known_zone(str(value))
    return value


@cache
def _one(setting: Setting) -> type[msgspec.Struct]:
    """A table of this key alone, with the type that the configuration gives it."""
    field = next(each for each in msgspec.structs.fields(setting.kind) if each.name == setting.key)
    return msgspec.defstruct(setting.kind.__name__, [(setting.key, field.type)])


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSetting(
            f"device.time_zone: no time zone {name!r}: give one such as Asia/Shanghai"
        ) from error


def _text(value: object) -> str:
    """A value as people write it."""
    return value if isinstance(value, str) else json.dumps(value)
