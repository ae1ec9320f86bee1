"""Names the points that were set aside: which row, what it probably should have been, and whose mistake."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from firmware_app.calibrating.points import Finding, Point, Severity
from firmware_app.calibrating.result import Row
from firmware_app.calibrating.robust import Chosen
from firmware_app.calibrating.slips import WIDE, Kind, Slip, of_figure, of_missed_weight

SAME = 1e-6


def name_mistakes(
    rows: tuple[Row, ...],
    points: Sequence[Point],
    chosen: Chosen,
    slope: float,
    shared: frozenset[int] = frozenset(),
) -> tuple[tuple[Row, ...], list[Finding]]:
    """The rows with causes, and one finding for each row set aside.

    ``slope``: grams a count. ``shared``: rows that are wrong for another cell as well, so that it is the load
    that is misstated, not the counts.
    """
    away = [number for number, row in enumerate(rows) if not row.used]
    good = [row for row in rows if row.used]
    # The smallest load first: a sum carries the mistake of the weight in it, not the other way round.
    away.sort(key=lambda number: (abs(rows[number].load_g), number))
    named: dict[int, Row] = {}
    findings = []
    for number in away:
        row, point = rows[number], points[number]
        delta = -float(chosen.away[number])
        source = _carried(number, rows, chosen, named)
        if source is not None:
            cause = f"carries the mistake of row {source.row}"
            slips: tuple[Slip, ...] = (Slip(Kind.CARRIED, f"{row.load_g + delta:.6g}", cause),)
            named[number] = msgspec.structs.replace(row, cause=cause, slips=slips, carried_from=source.row)
        else:
            wanted, doubt = _pooled(number, rows, chosen)
            others = [(rows[other].row, rows[other].load_g) for other in away if other != number]
            own = 0.0 if point.row in shared else slope
            slips = tuple(_slips(point, (wanted, doubt), good, others, own))
            cause = slips[0].words if slips else _no_slip(point)
            named[number] = msgspec.structs.replace(row, cause=cause, slips=slips)
        findings.append(_finding(named[number], delta, float(chosen.spread[number])))
    changed = tuple(named.get(number, row) for number, row in enumerate(rows))
    return changed, sorted(findings, key=lambda one: one.rows)


def _slips(
    point: Point,
    said: tuple[float, float],
    good: Sequence[Row],
    others: Sequence[tuple[int, float]],
    slope: float,
) -> list[Slip]:
    """``said``: what the other points say of the load, and its doubt; ``others``: loads of wrong rows."""
    wanted, doubt = said
    weights = [abs(row.load_g) for row in good if row.load_g]
    text = point.load_text or f"{point.load_g:.12g}"
    slips = of_figure(text, wanted, doubt)
    slips += of_missed_weight(point.load_g, wanted, doubt, weights, others)
    if slope:
        counts = point.counts + (point.load_g - wanted) / slope
        written = point.counts_text or f"{point.counts:.0f}"
        slips += of_figure(written, counts, abs(doubt / slope), "counts")
    rank = {kind: place for place, kind in enumerate(Kind)}
    return sorted(slips, key=lambda slip: rank[slip.kind])[:3]


def _pooled(number: int, rows: Sequence[Row], chosen: Chosen) -> tuple[float, float]:
    """What the counts say of the load; with the same load in other rows set aside, of all of them."""
    load = rows[number].load_g
    said, weight = 0.0, 0.0
    for other, row in enumerate(rows):
        if row.used or not load or not math.isclose(abs(row.load_g), abs(load), rel_tol=SAME):
            continue
        value = (row.load_g - float(chosen.away[other])) * math.copysign(1, row.load_g * load)
        said += value / float(chosen.spread[other]) ** 2
        weight += 1 / float(chosen.spread[other]) ** 2
    if not weight:
        return load - float(chosen.away[number]), float(chosen.spread[number])
    pooled = said / weight
    # Rows that contradict each other share no mistake.
    own = load - float(chosen.away[number])
    if abs(pooled - own) > WIDE * float(chosen.spread[number]):
        return own, float(chosen.spread[number])
    return pooled, 1 / math.sqrt(weight)


def _carried(number: int, rows: Sequence[Row], chosen: Chosen, named: dict[int, Row]) -> Row | None:
    """The row whose weight is in this load too and is wrong by as much; None where there is none."""
    row = rows[number]
    mine = -float(chosen.away[number]) * math.copysign(1, row.load_g)
    for other, first in named.items():
        if first.carried_from is not None or not first.load_g:
            continue
        theirs = -float(chosen.away[other]) * math.copysign(1, first.load_g)
        reach = WIDE * math.hypot(float(chosen.spread[number]), float(chosen.spread[other]))
        if abs(theirs - mine) > reach or abs(mine) <= reach / 2:
            continue
        rest = abs(row.load_g) - abs(first.load_g)
        near = SAME * abs(row.load_g)
        good = (abs(one.load_g) for one in rows if one.used and one.load_g)
        if abs(rest) <= near or any(abs(load - rest) <= near for load in good):
            return first
    return None


def _no_slip(point: Point) -> str:
    if not point.load_g:
        return "something lay on the pan, or the zero had moved"
    return "no single slip explains it: the wrong weight, a load that touched something, or a moved zero"


def _finding(row: Row, delta: float, doubt: float) -> Finding:
    others = "; or ".join(slip.words for slip in row.slips[1:])
    likely = f"{row.cause}; or {others}" if others else row.cause
    return Finding(
        severity=Severity.WARN,
        code="set_aside",
        words=f"row {row.row}: {row.load_g:g} g at {row.counts:.0f} counts was set aside: the other rows say"
        f" {row.load_g + delta:.6g} g ± {2 * doubt:.2g} g (k = 2). Probably {likely}",
        rows=(row.row,),
    )
