"""Loads profiles, proves them and keeps them on a shelf.

Rules this file obeys:

* A profile that does not decode its own vectors exactly does not load.
* Every mistake in a profile file is named with its place and, for a word, the nearest known one.
* A profile lists commands; nothing here sends one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from hardware.scale.contract import Decoder, Indication, ProfileError, ProfileInfo, Profiles, Request
from hardware.scale.decode import FrameReader
from hardware.scale.framing import Cut, Framed, Framer
from hardware.scale.schema import ProfileFile, Vector
from hardware.scale.soundness import refuse_unsound
from hardware.scale.strict import convert, nearest

SHELF = Path(__file__).parent / "profiles"
MAX_FILE = 100_000


class ProfileDecoder:
    """Decodes a stream by one profile (hardware.scale.contract.Decoder)."""

    def __init__(self, cut: Cut, reader: FrameReader) -> None:
        self._framer: Framer[Indication] = Framer(cut, reader.judge)

    @property
    def skipped(self) -> int:
        """Bytes that belonged to no frame so far."""
        return self._framer.skipped

    def feed(self, data: bytes, at_ns: int = 0) -> list[Indication]:
        return [_placed(framed) for framed in self._framer.feed(data, at_ns)]

    def finish(self) -> list[Indication]:
        return [_placed(framed) for framed in self._framer.finish()]

    def reset(self) -> None:
        self._framer.reset()


def _placed(framed: Framed[Indication]) -> Indication:
    return msgspec.structs.replace(
        framed.what, raw=framed.raw, at=framed.at, first_ns=framed.first_ns, last_ns=framed.last_ns
    )


class Profile:
    """One protocol variant, proven against its own vectors."""

    def __init__(self, file: ProfileFile) -> None:
        """Raises ProfileError when ``file`` contradicts itself or a vector does not decode."""
        self.file = file
        refuse_unsound(file)
        self._cut = _cut(file)
        full = max(self._cut.lengths) if len(self._cut.lengths) > 1 else None
        self._reader = FrameReader(file.id, file.shape, file.check, full)
        for number, vector in enumerate(file.vector, start=1):
            self._prove(number, vector)

    @property
    def info(self) -> ProfileInfo:
        file = self.file
        return ProfileInfo(
            id=file.id,
            version=file.version,
            title=file.title,
            baud_rates=file.line.baud_rates,
            line=" or ".join(file.line.settings),
            confidence=file.confidence,
            polled=file.polled,
            requests=tuple(
                Request(bytes.fromhex(command.send), command.does)
                for command in file.command
                if not command.changes_scale
            ),
        )

    def decoder(self) -> ProfileDecoder:
        return ProfileDecoder(self._cut, self._reader)

    def _prove(self, number: int, vector: Vector) -> None:
        decoder = self.decoder()
        raw = bytes.fromhex(vector.hex)
        got = decoder.feed(raw) + decoder.finish()
        where = f"{self.file.id}: vector {number}"
        if vector.refused:
            if got:
                raise ProfileError(f"{where}: {vector.hex} must be refused and gave {got[0]}")
            return
        if len(got) != 1 or got[0].raw != raw:
            raise ProfileError(f"{where}: {vector.hex} must be one frame; {len(got)} came out")
        due = _expected(self.file.id, vector, got[0])
        # As text, so that 20.0 is not taken for 20.00.
        if repr(got[0]) != repr(due):
            raise ProfileError(f"{where}: {vector.hex}\n  must be {due}\n  and is  {got[0]}")


class Shelf:
    """Profiles by id (hardware.scale.contract.Profiles)."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles: dict[str, Profile] = {}
        for profile in profiles:
            if profile.file.id in self._profiles:
                raise ProfileError(f"profile {profile.file.id!r} stands on the shelf twice")
            self._profiles[profile.file.id] = profile

    def list(self) -> Iterable[ProfileInfo]:
        return [self._profiles[name].info for name in sorted(self._profiles)]

    def decoder(self, profile_id: str) -> Decoder:
        return self.profile(profile_id).decoder()

    def profile(self, profile_id: str) -> Profile:
        """The profile of that id; raises ProfileError naming the nearest known id."""
        if profile_id not in self._profiles:
            raise ProfileError(f"no profile {profile_id[:40]!r}; {nearest(profile_id[:40], self._profiles)}")
        return self._profiles[profile_id]


def builtin_profiles() -> Profiles:
    """The profiles that come with the program; raises ProfileError when one of them is not in order."""
    return Shelf(load_profile(path) for path in sorted(SHELF.glob("*.toml")))


def load_profile(path: Path) -> Profile:
    """The profile in the file ``path``, which is named after its id; raises ProfileError."""
    if path.stat().st_size > MAX_FILE:
        raise ProfileError(f"{path}: larger than {MAX_FILE} bytes")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: not UTF-8: {error}") from error
    profile = read_profile(text, str(path))
    if profile.file.id != path.stem:
        raise ProfileError(f"{path}: the id is {profile.file.id!r}: name the file {profile.file.id}.toml")
    return profile


def read_profile(text: str, where: str = "profile") -> Profile:
    """The profile in the TOML ``text``; raises ProfileError with ``where`` in front."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{where}: not TOML: {error}") from error
    return Profile(convert(raw, ProfileFile, where, ProfileError))


def _expected(profile: str, vector: Vector, got: Indication) -> Indication:
    """The Indication a vector asks for; what it does not speak of (place, time, wording) is as decoded."""
    return Indication(
        profile=profile,
        value=None if vector.value is None else Decimal(vector.value),
        unit=vector.unit,
        raw_text=got.raw_text if vector.raw_text is None else vector.raw_text,
        kind=vector.kind,
        stable=vector.stable,
        overload=vector.overload,
        underload=vector.underload,
        zero=vector.zero,
        tare=None if vector.tare is None else Decimal(vector.tare),
        auxiliary=vector.auxiliary,
        error=vector.error,
        answer=vector.answer,
        check=vector.check,
        raw=got.raw,
    )


def _cut(file: ProfileFile) -> Cut:
    framing = file.framing
    length = framing.length or 0
    optional = file.check is not None and file.check.optional
    return Cut(
        kind=framing.kind,
        starts=tuple(bytes.fromhex(start) for start in framing.start),
        end=bytes.fromhex(framing.end or ""),
        lengths=(length, length - 1) if optional else (length,),
        longest=framing.longest or length,
    )
