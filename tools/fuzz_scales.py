"""Coverage-guided fuzzing of everything that hostile bytes reach on the lead from the scale.

    python tools/fuzz_scales.py                           # 10 million bytes a family, one after the other
    python tools/fuzz_scales.py lines hid --bytes 1000000
    python tools/fuzz_scales.py --list

Needs atheris: pip install -e '.[dev,proofs]'. Rules this file obeys:

* Each entrance runs in a process of its own until so many bytes went in, or its time is over.
* A fault is kept as a file that runs again: python tools/fuzz_scales.py NAME --again FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "hardware_scale")]
LONGEST = {
    "profile-file": 12_000,
    "recording": 4000,
    "sweep": 1000,
    "typed": 100,
    "label": 100,
    "descriptor": 512,
}
SHARE = {"sweep": 100, "modbus-answers": 100}
"""By what the bytes are divided: the whole shelf looks at each, or a library waits between frames."""
OTHERS_SHARE = 10
NO_ATHERIS = 3
INSIDE = "--inside"


def main() -> int:
    if sys.argv[1:2] == [INSIDE]:
        return inside(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="families and entrances; all where none is named")
    parser.add_argument(
        "--bytes", type=int, default=10_000_000, help="hostile bytes a family; other entrances take fewer"
    )
    parser.add_argument("--seconds", type=int, default=86_400, help="longest time an entrance")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--keep", type=Path, default=None, help="where files of faults are put")
    parser.add_argument("--again", type=Path, default=None, help="runs one file through the entrance named")
    parser.add_argument("--json", action="store_true", help="one object an entrance")
    parser.add_argument("--list", action="store_true")
    wish = parser.parse_args()
    from hardware_scale_entrances import ENTRANCES, FAMILIES

    if wish.list:
        for name in ENTRANCES:
            print(f"{name:16}", ", ".join(FAMILIES.get(name, ())))
        return 0
    for name in wish.names:
        if name not in ENTRANCES:
            parser.error(f"no entrance {name!r}; known: {', '.join(ENTRANCES)}")
    if wish.again is not None:
        return again(wish.names, wish.again)
    return outside(wish.names or list(ENTRANCES), wish)


def again(names: list[str], file: Path) -> int:
    """One file through one entrance, with the whole trace of its fault."""
    from hardware_scale_entrances import ENTRANCES, Meter

    if len(names) != 1:
        print("name one entrance", file=sys.stderr)
        return 2
    ENTRANCES[names[0]](file.read_bytes(), Meter())
    return 0


def outside(names: list[str], wish: argparse.Namespace) -> int:
    """Each entrance in a process of its own; prints a table."""
    failed = 0
    if not wish.json:
        print("| entrance | bytes | runs | readings | values | kept | growth | MiB | edges | B/s |")
        print("|---|" + "---:|" * 9)
    for name in names:
        with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as folder:
            told, code, log = fuzzed(name, wish, Path(folder))
        if told is None:
            failed = NO_ATHERIS if code == NO_ATHERIS else 1
            print(log[-4000:], file=sys.stderr)
            if code == NO_ATHERIS:
                return NO_ATHERIS
            print(f"| {name} | **a fault was found** |", flush=True)
        elif wish.json:
            print(json.dumps(told), flush=True)
        else:
            kept = f"{told['kept']} | {told['growth']:+,} | {told['rss_mib']}"
            counts = " | ".join(f"{told[key]:,}" for key in ("bytes", "runs", "readings", "values"))
            print(f"| `{name}` | {counts} | {kept} | {told['edges']} | {told['rate']:,} |", flush=True)
    return failed


def fuzzed(name: str, wish: argparse.Namespace, folder: Path) -> tuple[dict[str, int] | None, int, str]:
    """The figures of one run, or None with what the child said."""
    from hardware_scale_entrances import FAMILIES, seeds_of

    wanted = wish.bytes if name in FAMILIES else wish.bytes // SHARE.get(name, OTHERS_SHARE)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds_of(name)):
        (corpus / str(number)).write_bytes(seed)
    keep = wish.keep or Path(tempfile.gettempdir())
    keep.mkdir(parents=True, exist_ok=True)
    child = subprocess.run(
        [
            sys.executable,
            __file__,
            INSIDE,
            name,
            str(wanted),
            str(wish.seconds),
            f"-seed={wish.seed}",
            f"-max_len={LONGEST.get(name, 2000)}",
            f"-artifact_prefix={keep}/steelyard-{name}-",
            "-len_control=0",
            "-timeout=60",
            "-rss_limit_mb=2048",
            str(corpus),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    found = re.search(r"^\{.*\}$", child.stdout, re.MULTILINE)
    if child.returncode or found is None:
        return None, child.returncode, child.stdout + child.stderr
    told = json.loads(found[0])
    edges = re.findall(r"cov: (\d+)", child.stderr)
    return {**told, "edges": int(edges[-1]) if edges else 0}, 0, ""


def inside(name: str, wanted: int, seconds: int, flags: list[str]) -> int:
    """Fuzzes until ``wanted`` bytes went in or the time is over; prints the figures as JSON and ends."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install -e '.[dev,proofs]'", file=sys.stderr)
        return NO_ATHERIS
    with atheris.instrument_imports(include=["hardware"]):
        import hardware_scale_entrances as room
    enter, meter = room.ENTRANCES[name], room.Meter()
    began, early, blocks = time.perf_counter(), wanted // 4, 0

    def one(data: bytes) -> None:
        nonlocal blocks
        enter(data, meter)
        meter.runs += 1
        if not blocks and meter.bytes >= early:
            blocks = sys.getallocatedblocks()
        if meter.bytes >= wanted or time.perf_counter() - began > seconds:
            taken = time.perf_counter() - began
            told = {
                "entrance": name,
                "bytes": meter.bytes,
                "runs": meter.runs,
                "readings": meter.readings,
                "values": meter.values,
                "kept": meter.kept,
                "growth": sys.getallocatedblocks() - blocks if blocks else 0,
                "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "rate": round(meter.bytes / taken),
            }
            print(json.dumps(told), flush=True)
            sys.stderr.flush()
            # libFuzzer has no end by bytes, and leaving it by an exception would be a finding.
            os._exit(0)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - chooses test data
        if chance.random() < 0.5:
            return room.spliced(name, data, chance)[:longest]
        return bytes(atheris.Mutate(data, longest))

    atheris.Setup([sys.argv[0], *flags], one, custom_mutator=mutate)
    atheris.Fuzz()
    return 1


if __name__ == "__main__":
    sys.exit(main())
