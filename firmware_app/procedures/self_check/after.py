"""What the display does after its figure was taken, while the load still lies: it must not change.

Rules this file obeys:

* Only a change that no hand can make is a finding: from one frame to the next, by more than d, to a figure
  of Min or more that stays, and never flagged in motion. A load that is lifted, in one piece or in several,
  moves the display through other figures or is flagged.
* What may be a hand ends the watch: nobody is accused of it, and nothing is made of it.
* Pure: figures and times in, findings out.
"""

from __future__ import annotations

import msgspec

from firmware_app.procedures.settle import SECOND, Seen
from firmware_app.quantity import Grams

POLICY = "changed-after-settling/1"
"""A changed number below is a new version, and the record says which was used."""
WATCH_NS = 10 * SECOND
"""How long is looked. A buyer reads the display within seconds; later the load is seldom still there."""
JUMP_NS = 3 * SECOND // 10
"""The longest time between two frames that are next to each other: a platform that is loaded or unloaded
takes longer to come to rest, so that one frame at least shows a figure between."""
REST_NS = SECOND // 2
AT_LEAST = 4
"""How long, and in how many frames, the other figure must stay within d."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The display changed while the load lay: to what, how long after the figure was taken, and the frames.

    ``before``: the last frame with the figure that was taken. ``after``: those with the other.
    """

    value_g: Grams
    after_ns: int
    before: Seen
    after: tuple[Seen, ...]
    policy: str = POLICY


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that was taken, and the display since. ``attempt``: its place among the attempts."""

    attempt: int
    since_ns: int
    figure_g: Grams
    last: Seen
    other: tuple[Seen, ...] = ()


def look(watch: Watch, seen: Seen, *, min_g: Grams, d_g: Grams) -> Watch | Changed | None:
    """The watch with one more frame, the finding that it completes, or None: the watch is over."""
    last = watch.other[-1] if watch.other else watch.last
    gap_ns = seen.at_ns - last.at_ns
    if seen.stable is False or gap_ns < 0 or seen.at_ns - watch.since_ns > WATCH_NS:
        return None
    if not watch.other and abs(seen.value_g - watch.figure_g) <= d_g:
        return msgspec.structs.replace(watch, last=seen)
    if gap_ns > JUMP_NS or seen.value_g < min_g:
        return None
    if watch.other and abs(seen.value_g - watch.other[0].value_g) > d_g:
        return None
    other = (*watch.other, seen)
    if len(other) < AT_LEAST or seen.at_ns - other[0].at_ns < REST_NS:
        return msgspec.structs.replace(watch, other=other)
    return Changed(
        value_g=seen.value_g,
        after_ns=other[0].at_ns - watch.since_ns,
        before=watch.last,
        after=other[:AT_LEAST],
    )
