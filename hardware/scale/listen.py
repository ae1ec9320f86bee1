"""From bytes heard under each setting of a sweep: which protocols are possible, and what they would read.

Rules this file obeys:

* No I/O: nothing is ever sent, because there is nothing here to send with.
* It proposes and never decides: every protocol that reads the bytes is named, with its reasons.
* Two protocols that read the same bytes differently are shown side by side with both values.
* What is heard is bounded; what is beyond the bound is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

import msgspec

from hardware.scale.bits import Setting, lines_heard, lines_of, read_as
from hardware.scale.contract import Check, Indication, ProfileInfo, Profiles
from hardware.scale.side_by_side import Confusable, confusables, hexadecimal, side_of, speaks

MAX_HEARD = 8192
"""Bytes kept a setting: 8 s of a full line at 9600 baud."""
NO_RATE = 0
"""The rate of bytes that came from a file."""
NO_SETTING = Setting(0, "")
"""Of reports that came over USB."""
FEWEST_FRAMES = 2
"""One frame may be chance, or the torn end of another; logs begin in the middle of frames."""
LEAST_COVERAGE = 0.3
LONGEST_EDGE = 128
MOST_CANDIDATES = 12
NO_CHECK = 0.85
NO_CHANGE = 0.9
UNLISTED = 0.9
SMOOTH, ROUGH = 0.05, 0.3
"""Median step of a moving scale as a share of its largest value: below the first plausible, above the other
as good as chance, which is what digits read from the wrong end look like."""
FEWEST_CHANGES = 3
CLOSE = 0.4
"""Share of the best score from which a candidate is set beside the others: the rest read scraps."""
_CONFIDENCES = ("captured", "manual", "code", "unconfirmed")


class Chunk(msgspec.Struct, frozen=True):
    """Bytes, and the monotonic time at which they were read."""

    at_ns: int
    data: bytes


class Heard(msgspec.Struct, frozen=True):
    """What came while the port was set so. ``why``: why the port could not be opened, else empty.

    ``transport``: the kind of line; only protocols of that kind are tried. A file may be of any: empty.
    """

    setting: Setting
    chunks: tuple[Chunk, ...] = ()
    why: str = ""
    transport: str = "serial"

    @property
    def data(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)[:MAX_HEARD]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol that reads what was heard.

    ``score``: 0 to 100. ``frames``: how many. ``frames_ok``: share of the bytes that stand in its frames.
    ``checks_ok``: share of frames whose check holds, None where the protocol has none. ``plausible``: 0 to 1
    for a sequence that moves like a scale, None while the load has not changed. ``value``/``unit``: of the
    last frame with a non-zero value, as text. ``loads``: how many different loads must be compared with the
    display. ``asked_twice``: no capture confirms the protocol, so the person is asked once more at the end.
    ``why``: what stands behind the score, in words.
    """

    profile: str
    version: str
    title: str
    confidence: str
    polled: bool
    transport: Literal["serial", "hid", "modbus"] = "serial"
    setting: Setting
    score: float
    frames: int
    frames_ok: float
    checks_ok: float | None
    plausible: float | None
    value: str | None
    unit: str | None
    stable: bool | None
    raw: str
    factor_ten: bool
    loads: int
    asked_twice: bool
    why: tuple[str, ...]


class Trial(msgspec.Struct, frozen=True):
    """One protocol tried on one reading of what was heard."""

    info: ProfileInfo
    setting: Setting
    heard: int
    good: tuple[Indication, ...]
    bad: int
    frames_ok: float
    score: float
    plausible: float | None

    @property
    def values(self) -> list[Indication]:
        return [one for one in self.good if one.value is not None]

    @property
    def example(self) -> Indication:
        """The last frame with a non-zero value, else the last with any value, else the last."""
        return next((one for one in reversed(self.good) if one.value), (self.values or self.good)[-1])


class Proposal(msgspec.Struct, frozen=True):
    """The candidates, the best first, and the pairs among them that read the same bytes differently.

    ``damaged``: protocols whose frames came, every one with a failed check.
    """

    candidates: tuple[Candidate, ...]
    confusables: tuple[Confusable, ...]
    damaged: tuple[str, ...] = ()


class Listening:
    """Collects what each setting of a sweep brought; no byte is looked through twice."""

    def __init__(self, profiles: Profiles, fewest: int = FEWEST_FRAMES) -> None:
        """``fewest``: frames from which a protocol is proposed."""
        self._profiles = profiles
        self._fewest = fewest
        self._heard = 0
        self._trials: list[Trial] = []

    def add(self, heard: Heard) -> None:
        """Tries every protocol of the shelf on what came under one setting."""
        for info in self._profiles.list():
            if not _may_be_heard(info.transport, heard.transport):
                continue
            for trial in _tried(self._heard, heard, info, self._profiles):
                if len(trial.good) >= self._fewest or (not trial.good and trial.bad >= self._fewest):
                    self._trials.append(trial)
        self._heard += 1

    def proposal(self) -> Proposal:
        """Every protocol that reads enough frames of what was heard under one setting."""
        sound = [trial for trial in self._trials if trial.good]
        best: dict[str, Trial] = {}
        for trial in sound:
            if trial.info.id not in best or trial.score > best[trial.info.id].score:
                best[trial.info.id] = trial
        ranked = sorted(best.values(), key=_rank)[:MOST_CANDIDATES]
        pairs = confusables(_read_of_one_stream(ranked, sound)) if ranked else ()
        damaged = {trial.info.id for trial in self._trials if not trial.good}
        return Proposal(tuple(_candidate(trial, pairs) for trial in ranked), pairs, tuple(sorted(damaged)))


def propose(heard: Iterable[Heard], profiles: Profiles, fewest: int = FEWEST_FRAMES) -> Proposal:
    """Every protocol of the shelf that reads ``fewest`` frames or more of what was heard."""
    listening = Listening(profiles, fewest)
    for each in heard:
        listening.add(each)
    return listening.proposal()


def _may_be_heard(spoken: str, line: str) -> bool:
    """Whether a protocol can come over that kind of line: a Modbus bus is a serial line, USB is none."""
    return line in ("", spoken) or (line, spoken) == ("serial", "modbus")


def _tried(number: int, heard: Heard, info: ProfileInfo, profiles: Profiles) -> Iterable[Trial]:
    lines = lines_heard(heard.data) if heard.setting.line == "8N1" else (heard.setting.line,)
    for line in lines:
        trial = _trial(number, heard, Setting(heard.setting.baud, line), info, profiles)
        if trial is not None:
            yield trial


def _trial(
    number: int, heard: Heard, setting: Setting, info: ProfileInfo, profiles: Profiles
) -> Trial | None:
    decoder = profiles.decoder(info.id)
    found: list[Indication] = []
    room = MAX_HEARD
    for chunk in heard.chunks:
        data = chunk.data[:room]
        room -= len(data)
        sent = read_as(data, setting.line) if heard.setting.line == "8N1" else data
        found += decoder.feed(sent, chunk.at_ns)
    found += decoder.finish()
    good = tuple(one for one in found if one.check is not Check.BAD)
    bad = len(found) - len(good)
    if not good and bad:
        return Trial(info, setting, number, (), bad, 0.0, 0.0, None)
    if not good:
        return None
    share = _coverage(good, MAX_HEARD - room)
    if share < LEAST_COVERAGE:
        return None
    plausible = plausibility(good)
    score = 100 * share * (NO_CHECK if not _checked(good) else len(good) / len(found))
    score *= 0.4 + 0.6 * plausible if plausible is not None else NO_CHANGE
    score *= 0.5 + 0.5 * sum(speaks(one) for one in good) / len(good)
    if not _listed(setting, info):
        score *= UNLISTED
    return Trial(info, setting, number, good, bad, share, score, plausible)


def _listed(setting: Setting, info: ProfileInfo) -> bool:
    """Whether the profile knows the setting; bytes of a file have no rate that could speak against it."""
    return setting == NO_SETTING or (
        setting.line in lines_of(info) and setting.baud in (NO_RATE, *info.baud_rates)
    )


def _coverage(good: Sequence[Indication], length: int) -> float:
    """Share of the bytes in frames; a torn frame at either end counts against nobody."""
    begin = good[0].at if good[0].at <= LONGEST_EDGE else 0
    end = good[-1].at + len(good[-1].raw)
    end = end if length - end <= LONGEST_EDGE else length
    return min(1.0, sum(len(one.raw) for one in good) / (end - begin)) if end > begin else 0.0


def _checked(good: Sequence[Indication]) -> bool:
    return any(one.check is Check.OK for one in good)


def plausibility(indications: Sequence[Indication]) -> float | None:
    """How far the sequence moves like a scale, 0 to 1; None while too little has changed to tell."""
    valued = [one for one in indications if one.value is not None]
    values = [one.value for one in valued if one.value is not None]
    steps = [abs(after - before) for before, after in pairwise(values) if after != before]
    if len(steps) < FEWEST_CHANGES:
        return None
    rough = float(median(steps) / max(abs(value) for value in values))
    smooth = min(1.0, max(0.0, (ROUGH - rough) / (ROUGH - SMOOTH)))
    one_place = len({value.as_tuple().exponent for value in values}) == 1
    one_unit = len({one.unit for one in valued}) == 1
    return smooth if one_place and one_unit else smooth / 2


def _read_of_one_stream(
    ranked: Sequence[Trial], trials: Sequence[Trial]
) -> Mapping[str, Sequence[Indication]]:
    """What each candidate makes of the bytes under the best candidate's setting."""
    there: dict[str, Trial] = {}
    for trial in trials:
        known = there.get(trial.info.id)
        if trial.heard == ranked[0].heard and (known is None or trial.score > known.score):
            there[trial.info.id] = trial
    close = [each for each in ranked if each.score >= CLOSE * ranked[0].score]
    return {each.info.id: there[each.info.id].good for each in close if each.info.id in there}


def _rank(trial: Trial) -> tuple[float, int, str]:
    return (-round(trial.score, 1), _CONFIDENCES.index(trial.info.confidence), trial.info.id)


# -------------------------------------------------------------------------------------- the candidate


def _candidate(trial: Trial, pairs: Sequence[Confusable]) -> Candidate:
    info, example = trial.info, trial.example
    mine = [pair for pair in pairs if any(side.profile == info.id for side in pair.sides)]
    # Digits without a point among them are scaled by a status byte, a register or a custom.
    pointless = not any(character in one.raw_text for one in trial.values for character in ".,:")
    ten = pointless or any(pair.factor_ten for pair in mine)
    return Candidate(
        profile=info.id,
        version=info.version,
        title=info.title,
        confidence=info.confidence,
        polled=info.polled,
        transport=info.transport,
        setting=trial.setting,
        score=round(trial.score, 1),
        frames=len(trial.good),
        frames_ok=round(trial.frames_ok, 3),
        checks_ok=round(len(trial.good) / (len(trial.good) + trial.bad), 3) if _checked(trial.good) else None,
        plausible=None if trial.plausible is None else round(trial.plausible, 2),
        value=side_of(example).value,
        unit=example.unit,
        stable=example.stable,
        raw=hexadecimal(example.raw),
        factor_ten=ten,
        loads=2 if ten or mine or info.asked_twice else 1,
        asked_twice=info.asked_twice,
        why=tuple(_reasons(trial, mine)),
    )


def _reasons(trial: Trial, pairs: Sequence[Confusable]) -> Iterable[str]:
    info = trial.info
    yield f"{len(trial.good)} frames hold {trial.frames_ok:.0%} of the bytes"
    if not _checked(trial.good):
        yield "no check in the frame"
    elif trial.bad:
        yield f"{trial.bad} frames fail their check"
    else:
        yield "every check holds"
    if trial.plausible is None:
        yield "the load has hardly changed: put something on and take it off"
    elif trial.plausible < 1:
        yield "the values jump as those of a scale do not"
    if not trial.values:
        yield "no frame holds a value"
    if not _listed(trial.setting, info):
        yield f"{trial.setting} is not among its settings"
    if info.asked_twice:
        yield "no capture confirms this protocol"
    for pair in pairs:
        other = next(side.profile for side in pair.sides if side.profile != info.id)
        yield f"{other} reads the same bytes differently"
