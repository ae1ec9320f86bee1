"""Loads profiles, proves them and keeps them on a shelf.

Rules this file obeys:

* A profile that does not decode its own vectors exactly does not load.
* Every mistake in a profile file is named with its place and, for a word, the nearest known one.
* A profile lists commands; nothing here sends one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from hardware.scale.asking import poll_of
from hardware.scale.contract import Decoder, Indication, ProfileError, ProfileInfo, Profiles, Request
from hardware.scale.decode import FrameReader
from hardware.scale.framing import Cut, Framed, Framer, Lane
from hardware.scale.schema import CheckRange, Framing, ProfileFile, Shape, Vector
from hardware.scale.soundness import refuse_unsound
from hardware.scale.strict import convert, nearest

SHELF = Path(__file__).parent / "profiles"
MAX_FILE = 100_000
ASKED_TWICE = " (not confirmed by any capture: the operator is asked twice)"


class ProfileDecoder:
    """Decodes a stream by one profile (hardware.scale.contract.Decoder)."""

    def __init__(self, lanes: Sequence[Lane[Indication]]) -> None:
        self._framer: Framer[Indication] = Framer(lanes)

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
        self._lanes = _lanes(file)
        for number, vector in enumerate(file.vector, start=1):
            self._prove(number, vector)

    @property
    def info(self) -> ProfileInfo:
        file = self.file
        return ProfileInfo(
            id=file.id,
            version=file.version,
            title=file.title + ("" if file.confidence == "captured" else ASKED_TWICE),
            baud_rates=file.line.baud_rates,
            line=" or ".join(file.line.settings),
            confidence=file.confidence,
            polled=file.polled,
            transport=file.transport,
            poll=poll_of(file),
            requests=tuple(
                Request(bytes.fromhex(command.send), command.does)
                for command in file.command
                if not command.changes_scale
            ),
        )

    def decoder(self) -> ProfileDecoder:
        return ProfileDecoder(self._lanes)

    def _prove(self, number: int, vector: Vector) -> None:
        decoder = self.decoder()
        raw = bytes.fromhex(vector.hex)
        # Where frames are believed only in phase, one alone proves nothing: it is repeated.
        repeats = max(lane.cut.in_phase for lane in self._lanes)
        got = decoder.feed(raw * repeats) + decoder.finish()
        where = f"{self.file.id}: vector {number}"
        if vector.refused:
            if got:
                raise ProfileError(f"{where}: {vector.hex} must be refused and gave {got[0]}")
            return
        if len(got) != repeats or any(each.raw != raw for each in got):
            raise ProfileError(f"{where}: {vector.hex} must be one frame; {len(got)} came out")
        due = _expected(self.file.id, vector, got[0])
        # As text, so that 20.0 is not taken for 20.00.
        if repr(got[0]) != repr(due):
            raise ProfileError(f"{where}: {vector.hex}\n  must be {due}\n  and is  {got[0]}")


class Shelf:
    """Profiles by id (hardware.scale.contract.Profiles); those of a folder are read when first asked for."""

    def __init__(self, profiles: Iterable[Profile] = (), folder: Path | None = None) -> None:
        self._profiles: dict[str, Profile] = {}
        self._files = {} if folder is None else {path.stem: path for path in sorted(folder.glob("*.toml"))}
        for profile in profiles:
            if profile.file.id in {*self._profiles, *self._files}:
                raise ProfileError(f"profile {profile.file.id!r} stands on the shelf twice")
            self._profiles[profile.file.id] = profile

    @property
    def ids(self) -> list[str]:
        """Every id on the shelf, sorted."""
        return sorted({*self._profiles, *self._files})

    def list(self) -> Iterable[ProfileInfo]:
        return [self.profile(name).info for name in self.ids]

    def decoder(self, profile_id: str) -> Decoder:
        return self.profile(profile_id).decoder()

    def profile(self, profile_id: str) -> Profile:
        """The profile of that id; raises ProfileError naming the nearest known id."""
        if profile_id not in self._profiles:
            if profile_id not in self._files:
                raise ProfileError(f"no profile {profile_id[:40]!r}; {nearest(profile_id[:40], self.ids)}")
            self._profiles[profile_id] = load_profile(self._files[profile_id])
        return self._profiles[profile_id]


def builtin_profiles() -> Profiles:
    """The profiles that come with the program; each is proven when it is first asked for."""
    return Shelf(folder=SHELF)


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
    except (ValueError, RecursionError) as error:
        # Besides its own error the parser lets out those of numbers and of nestings without end.
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
        extra=got.extra if vector.extra is None else tuple(sorted(vector.extra.items())),
        check=vector.check,
        raw=got.raw,
    )


def _lanes(file: ProfileFile) -> tuple[Lane[Indication], ...]:
    """The shapes cut in their own way in the order of the file, then those of the common framing."""
    own = [(shape.framing, (shape,), shape.check) for shape in file.shape if shape.framing is not None]
    common = tuple(shape for shape in file.shape if shape.framing is None)
    ways = [*own, (file.framing, common, file.check)] if common else own
    return tuple(_lane(file.id, framing, shapes, check) for framing, shapes, check in ways)


def _lane(
    profile: str, framing: Framing, shapes: tuple[Shape, ...], check: CheckRange | None
) -> Lane[Indication]:
    length = framing.length or 0
    optional = check is not None and check.optional
    count = framing.count
    cut = Cut(
        kind=framing.kind,
        starts=tuple(bytes.fromhex(start) for start in framing.start),
        end=bytes.fromhex(framing.end or ""),
        lengths=(length, length - 1) if optional else (length,),
        longest=framing.longest or length,
        count_at=(count.first, count.to) if count else (0, 0),
        order=count.order if count else "little",
        more=count.more if count else 0,
        gap_ns=(framing.gap_ms or 0) * 1_000_000,
        in_phase=framing.in_phase,
        whole_lines=framing.kind == "terminator",
    )
    return Lane(cut, FrameReader(profile, shapes, check, length if optional else None).judge)
