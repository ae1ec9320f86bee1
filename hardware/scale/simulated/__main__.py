"""``python -m hardware.scale.simulated``: a market scale on a pty, until SIGTERM."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hardware.scale.simulated.display import Plate, Shown, display_of
from hardware.scale.simulated.encoders import HID, UNITS, VARIANTS
from hardware.scale.simulated.models import MODELS
from hardware.scale.simulated.run import PROFILES, Setup, SimulatedScale

_MASS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(g|kg|t|lb)")
_GRAMS = {"g": Decimal(1), "kg": Decimal(1000), "t": Decimal(1_000_000), "lb": Decimal("453.59237")}


BENCH_KEYS = "load_g, position, press, remote, model, powered, plugged"
_EMPTY = Shown(grams=Decimal(0), stable=True, overload=False, underload=False)


class _ListModels(argparse.Action):
    """Prints the models and leaves."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        if self.dest.endswith("json"):
            known = [{"name": m.name, "tells": m.tells, "hands": dict(m.hands)} for m in MODELS.values()]
            sys.stdout.write(json.dumps(known, ensure_ascii=False) + "\n")
        else:
            width = max(map(len, MODELS))
            sys.stdout.writelines(f"{m.name:<{width}}  {m.tells}\n" for m in MODELS.values())
        parser.exit()


def _variants() -> str:
    return ", ".join(f"{name} of {profile}" for profile, names in VARIANTS.items() for name in names)


def grams(text: str) -> Decimal:
    """``15kg`` → 15000; raises ArgumentTypeError."""
    found = _MASS.fullmatch(text.strip())
    if found is None or Decimal(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a mass such as 15kg or 5g")
    return Decimal(found[1]) * _GRAMS[found[2]]


def rate(text: str) -> float:
    """Frames a second, 0.1 to 100; raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.1 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate from 0.1 to 100 a second")
    return number


def setup_from(arguments: Sequence[str]) -> Setup:
    """The Setup the command line asks for; leaves with exit code 2 when it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m hardware.scale.simulated",
        description="A simulated market scale on a pty.",
        epilog="example: --profile cas-22 --model honest --max 15kg --e 5g --link /tmp/scale --bench /tmp/b",
    )
    parser.add_argument("--profile", required=True, choices=PROFILES, metavar="ID", help=", ".join(PROFILES))
    parser.add_argument("--model", default="honest", choices=list(MODELS), help="see --list-models")
    parser.add_argument("--list-models", action=_ListModels, nargs=0, help="one line a model, and leave")
    parser.add_argument(
        "--list-models-json", action=_ListModels, nargs=0, help="the same as JSON, with the trader's hands"
    )
    parser.add_argument("--max", required=True, type=grams, help="Max of the data plate, e.g. 15kg")
    parser.add_argument("--e", required=True, type=grams, help="verification scale interval, e.g. 5g")
    parser.add_argument(
        "--link", required=True, type=Path, help="where the line is found; of a HID scale a folder"
    )
    parser.add_argument("--bench", type=Path, help=f"ipc socket of the bench: {BENCH_KEYS}")
    parser.add_argument("--rate-hz", type=rate, default=10.0, help="frames a second")
    parser.add_argument("--variant", help=f"another shape of the protocol: {_variants()}")
    wish = parser.parse_args(arguments)
    if wish.max < wish.e:
        parser.error("Max is smaller than e")
    if wish.profile in HID and wish.link.exists() and not wish.link.is_dir():
        parser.error(f"{wish.link} is there and is no folder: a HID scale stands in one")
    if wish.profile not in HID and wish.link.exists() and not wish.link.is_symlink():
        parser.error(f"{wish.link} is there and is no link")
    if wish.variant is not None and wish.variant not in VARIANTS.get(wish.profile, {}):
        parser.error(f"{wish.profile} has no variant {wish.variant!r}; known: {_variants()}")
    plate = Plate(max_g=wish.max, e_g=wish.e)
    try:
        display_of(_EMPTY, plate, UNITS.get(wish.profile, "kg"))
    except ValueError as error:
        parser.error(f"{wish.profile}: {error}")
    return Setup(
        profile=wish.profile,
        model=wish.model,
        plate=plate,
        link=wish.link,
        bench=wish.bench,
        rate_hz=wish.rate_hz,
        variant=wish.variant,
    )


def main() -> int:
    """Runs until SIGTERM or SIGINT."""
    try:
        scale = SimulatedScale(setup_from(sys.argv[1:]))
    except OSError as error:
        sys.stderr.write(f"simulated scale: {error}\n")
        return 3
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: scale.stop())
    scale.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
