"""Where the time of `steelyard demo --headless` goes: starting programs, the screen, and waiting.

    python -m benchmarks.demo_time          # as long as the demonstration itself, about a minute

Rules this file obeys:

* The demonstration is the one of the command; what its visitor does is timed, and nothing of it left out.
* A time stands once: what is done inside another is counted there and not above it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware_app.cli.demo import command
from firmware_app.cli.demo.stage import Stage
from firmware_app.cli.demo.visitor import Visitor

SAYS = {
    (Visitor, "state"): "waiting for the appliance (pans that come to rest, looks, receipts)",
    (Visitor, "_robot_says"): "the finger, the eye and the pictures at the screen",
    (Stage, "start_county"): "the gateway starts",
    (Stage, "_enrol"): "a token, and joining the county (two programs)",
    (Stage, "open"): "core, uploader and people",
    (Stage, "county_token"): "a token for the county's people (one program)",
    (Stage, "collect"): "the record is exported (one program)",
    (Stage, "close"): "everything is ended",
}


class Stopwatch:
    """Seconds by what was done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within: list[float] = []

    def around(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.monotonic()
            self._within.append(0.0)
            try:
                return do(*arguments, **named)
            finally:
                took = time.monotonic() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return timed


def main() -> None:
    """Plays the demonstration once and prints the table."""
    watch = Stopwatch()
    for (owner, name), words in SAYS.items():
        setattr(owner, name, watch.around(words, getattr(owner, name)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="demo-time-") as out:
        command._play(Path(out), "zh", "800x480", None, as_json=False)
    total = time.monotonic() - began
    print(f"| of {total:.0f} s (load average {os.getloadavg()[0]:.1f}) | s |")
    print("|---|---|")
    for words, seconds in sorted(watch.seconds.items(), key=lambda each: -each[1]):
        print(f"| {words} | {seconds:.1f} |")
    print(f"| the rest | {total - sum(watch.seconds.values()):.1f} |")


if __name__ == "__main__":
    main()
