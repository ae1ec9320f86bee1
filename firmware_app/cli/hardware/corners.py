"""`steelyard hardware corners`: the corner test at the terminal or from a file, and the trims it gives.

Rules this file obeys:

* The arithmetic is weighing/corners.py, the limit is the pack's in force; here is only asking and telling.
* Figures of the law leave as decimal strings of grams under names ending in ``_g``.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from firmware_app.cli.common import DEVICE_FAILED, NO, WRONG_USE, console, fail, in_words, print_json
from firmware_app.cli.judge.common import On, day_of
from firmware_app.cli.samples import source
from firmware_app.quantity import grams, plain, show_mass
from firmware_app.rules.checks import eccentric_load
from firmware_app.rules.mpe import Instrument as Scale
from firmware_app.rules.mpe import mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.weighing import corner_file
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.corner_file import EMPTY
from firmware_app.weighing.corners import BadCornerTest, CornerReading, CornerTest, corner_test
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import BadOption, BridgeInfo, LoadCellError, Sample, StreamMessage

PLACES = ("middle", "front left", "back left", "back right", "front right")
"""The middle and the middle of each quarter, clockwise from the front left (cg-18; R 76-1 A.4.7)."""
WINDOW_S = 2.0
"""Length of the plateau that is averaged at each place: near the Allan minimum of a real cell."""
PATIENCE_S = 60.0
SECOND = 1_000_000_000
KERNEL = 3
"""A conversion averages three periods, so of N conversions N/3 are independent."""
NEAR_LOAD = Decimal("0.1")
"""The eccentric load may differ from the clause's by this share and still be called that."""

Ask = Callable[[str], None]


class Eccentricity(msgspec.Struct, frozen=True, kw_only=True):
    """The differences against the limit at one load; ``holds`` None where ``reason`` says why not told."""

    max_g: str
    e_g: str
    accuracy_class: str
    wanted_load_g: str
    limit_g: str
    holds_before: bool | None
    holds_after: bool | None
    reason: str
    clause: str
    pack: str
    confidence: str


class Answer(msgspec.Struct, frozen=True):
    """What `hardware corners --json` prints."""

    test: CornerTest
    eccentricity: Eccentricity | None
    options: dict[str, float]


@in_words
def corners(
    file: Annotated[
        Path | None, typer.Argument(help="Readings as CSV; else the test is guided.", show_default=False)
    ] = None,
    *,
    load: Annotated[str, typer.Option(help="The mass that is moved about, such as 5kg: about Max/3.")],
    driver: Annotated[str | None, typer.Option(help="Open this driver: bridges, spi …")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the driver.")] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Listen to the sampler that runs in this directory.")
    ] = None,
    name: Annotated[str, typer.Option(help="Bridge to listen to, with --run-dir.")] = "pan",
    out: Annotated[Path | None, typer.Option(help="Keep the readings of a guided test here (CSV).")] = None,
    max_: Annotated[str | None, typer.Option("--max", help="Max of the instrument, such as 15kg.")] = None,
    e: Annotated[str | None, typer.Option("--e", help="Its verification scale interval, such as 5g.")] = None,
    accuracy_class: Annotated[str, typer.Option("--class", help="Its accuracy class.")] = "III",
    on: On = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Finds the trim of each corner from one load moved about the plate.

    The readings come from a file (place,corner_1,corner_2,… and a row
    "empty"), or step by step from the driver. The trims are printed as
    options of the driver `bridges`; calibrate afterwards. With --max and --e
    the differences are held to R 76; leaves with 1 where they do not hold.
    """
    if file is not None and (driver or run_dir):
        fail("give a file, or where to read from, not both")
    if (max_ is None) != (e is None):
        fail("give --max and --e together: the limit needs both")
    load_g = grams(load)
    if file is not None:
        readings = corner_file.parse(file.read_bytes()[: corner_file.MAX_BYTES + 1], str(file))
    else:
        if out is not None and out.exists():
            fail(f"{out} is there already: choose another name")
        rows = _guided(driver, option or [], run_dir, name)
        if out is not None:
            out.write_text(corner_file.write(rows, f"load_g: {plain(load_g)}"), encoding="utf-8")
        readings = corner_file.less_empty(rows, "the test")
    test = corner_test(readings, float(load_g))
    legal = None
    if max_ is not None and e is not None:
        scale = Scale(accuracy_class=accuracy_class, max_g=grams(max_), e_g=grams(e))
        legal = eccentricity(test, scale, load_g, pack_in_force(NawiPack, day_of(on)), day_of(on))
    options = {f"trim_{n}": round(trim, 6) for n, trim in enumerate(test.trims, 1)}
    if as_json:
        print_json(Answer(test, legal, options))
    else:
        _show(test, legal, options)
    if legal is not None and (legal.holds_after if test.trims else legal.holds_before) is False:
        raise typer.Exit(NO)


def eccentricity(test: CornerTest, scale: Scale, load_g: Decimal, pack: NawiPack, on: date) -> Eccentricity:
    """The differences against the maximum permissible error on initial verification.

    R 76 asks for errors; these are differences from the mean of the places, which is what is left of the
    errors once the instrument is adjusted. Source: OIML R 76-1:2006 3.6.2, A.4.7.
    """
    limit = mpe(pack, scale, load_g, Stage.INITIAL, on)
    wanted = eccentric_load(pack, scale.max_g)
    reason = ""
    if abs(load_g - wanted) > NEAR_LOAD * wanted:
        reason = f"the clause asks for {show_mass(wanted.quantize(Decimal(1)))}, not {show_mass(load_g)}"
    elif test.standard_g is not None and 2 * test.standard_g * 3 > float(limit.limit_g):
        reason = f"U = {2 * test.standard_g:.2g} g is more than a third of the limit: read each place longer"

    def holds(largest_g: float | None) -> bool | None:
        return None if reason or largest_g is None else largest_g <= float(limit.limit_g)

    return Eccentricity(
        max_g=plain(scale.max_g),
        e_g=plain(scale.e_g),
        accuracy_class=scale.accuracy_class,
        wanted_load_g=plain(wanted.quantize(Decimal("0.1"))),
        limit_g=plain(limit.limit_g),
        holds_before=holds(test.largest_before_g),
        holds_after=holds(test.largest_after_g),
        reason=reason,
        clause=f"{pack.eccentricity.clause}; {limit.clause}",
        pack=f"{limit.pack} {limit.version}",
        confidence=limit.confidence.value,
    )


# ------------------------------------------------------------------------------------------ guided


def _guided(driver: str | None, option: list[str], run_dir: Path | None, name: str) -> list[CornerReading]:
    try:
        with closing(source(driver, option, run_dir, name)) as messages:
            return guided(messages, _ask, tell=console.print)
    except BadOption as error:
        fail(str(error), WRONG_USE)
    except LoadCellError as error:
        fail(str(error), DEVICE_FAILED)
    except (EOFError, KeyboardInterrupt):
        fail("the test was broken off: nothing is changed")


def _ask(words: str) -> None:
    console.input(f"{words}, then press Enter: ")


def guided(
    messages: Iterator[StreamMessage],
    ask: Ask,
    now_ns: Callable[[], int] = time.monotonic_ns,
    tell: Ask = lambda _: None,
) -> list[CornerReading]:
    """The plate empty, each place loaded, and empty again; raises BadCornerTest when the pan never rests.

    ``now_ns``: the clock of the samples. ``tell`` gets what was read, against the empty plate.
    """
    steps = [
        (EMPTY, "take everything off the plate"),
        *((place, f"put the load on the {place}") for place in PLACES),
        (EMPTY, "take the load off again"),
    ]
    next(messages)  # opens the driver: whoever stands at the plate shall not walk in vain
    rows: list[CornerReading] = []
    for number, (place, words) in enumerate(steps, 1):
        ask(f"{number} of {len(steps)}: {words}")
        rows.append(_plateau(messages, place, now_ns()))
        above = (counts - zero for counts, zero in zip(rows[-1].counts, rows[0].counts, strict=True))
        tell(f"   read: {', '.join(f'{each:+.0f}' for each in above)} counts")
    return rows


def _plateau(messages: Iterator[StreamMessage], place: str, from_ns: int) -> CornerReading:
    """The mean of each corner over the first stable window that began after ``from_ns``."""
    pan = Instrument(Calibration.assumed(1.0), zero=0.0, tracking=False)
    heard: deque[Sample] = deque(maxlen=4096)
    why = "no conversion came"
    for message in messages:
        if isinstance(message, BridgeInfo) or message.at_ns < from_ns:
            continue  # what waited while the person was asked is no answer
        heard.append(message)
        for event in pan.feed(message):
            if isinstance(event, PanFault):
                why = event.fault.value if event.lasting else why
            elif event.stable and event.window_s >= WINDOW_S:
                return _mean(place, heard, event)
            else:
                why = event.why_not.value if event.why_not else "too_short"
        if message.at_ns - from_ns > PATIENCE_S * SECOND:
            break
    raise BadCornerTest(f"{place}: the pan did not come to rest within {PATIENCE_S:g} s ({why})")


def _mean(place: str, heard: deque[Sample], reading: Reading) -> CornerReading:
    begun_ns = reading.at_ns - round(reading.window_s * SECOND)
    window = [
        s for s in heard if begun_ns <= s.at_ns <= reading.at_ns and s.counts is not None and not s.faults
    ]
    columns = list(zip(*(s.corners or (s.counts,) for s in window), strict=True))
    spreads = [statistics.stdev(float(v or 0) for v in column) for column in columns]
    return CornerReading(
        place,
        tuple(statistics.fmean(float(v or 0) for v in column) for column in columns),
        max(spreads) / (len(window) / KERNEL) ** 0.5,
    )


# ------------------------------------------------------------------------------------------ telling


def _show(test: CornerTest, legal: Eccentricity | None, options: dict[str, float]) -> None:
    out = Console(highlight=False, soft_wrap=True)
    doubt = "" if test.standard_g is None else f" ± {2 * test.standard_g:.2f}"
    out.print(
        f"{'place':<14}{'difference':>12}{'  trimmed' if options else ''}   (g, of {test.load_g:g} g{doubt})"
    )
    for place in test.places:
        after = "" if place.after_g is None else f"{place.after_g:+9.2f}"
        out.print(f"{escape(place.place):<14}{place.before_g:+12.2f}{after}")
    if legal is not None:
        out.print(_legal(legal))
    if not options:
        out.print(
            "Only the sum of the cells is wired: the differences are seen, but no program can trim them. "
            "Turn the potentiometers of the junction box, or give each cell its own HX711 and use the driver "
            "bridges."
        )
        return
    if test.twist_free:
        out.print("The plate is stiff: diagonal corners act as one, and their difference needs no trim.")
    doubts = [
        "" if test.standard is None else f"  # ± {2 * u:.6f} (k = 2)" for u in test.standard or [0.0] * 4
    ]
    out.print("\n[dim]# for the configuration; then calibrate the pan anew[/]\n\\[pan.options]")
    for (key, trim), doubt in zip(options.items(), doubts, strict=False):
        out.print(f"{key} = {trim:.6f}{doubt}")


def _legal(legal: Eccentricity) -> str:
    limit = f"limit {legal.limit_g} g at {legal.wanted_load_g} g ({legal.clause})"
    if legal.reason:
        return f"no verdict on eccentricity: {legal.reason}"
    words = {True: "held", False: "[bold red]not held[/]", None: "-"}
    before, after = words[legal.holds_before], words[legal.holds_after]
    return (
        f"eccentricity: {before}{'' if legal.holds_after is None else f', after trimming {after}'}; {limit}"
    )
