"""Bring-up of the bridge: range, life, start-up, noise, bursts, hum and drift.

Rules this file obeys:

* Robust figures only: one burst or one step of the load must not widen what is called noise.
* Noise is the scatter between conversions four apart: the chip averages three, so these share nothing.
"""

from __future__ import annotations

import math
import statistics
from itertools import groupby

import numpy as np
import numpy.typing as npt

from firmware_app.weighing.bring_up.facts import CODES, DATASHEET, ENOUGH, FIELD, Finding, Level, Seen
from firmware_app.weighing.bring_up.line import nominal
from firmware_app.weighing.gate import FLATLINE_RUN, POWER_UP_CONVERSIONS, SECOND
from hardware.loadcell.contract import Fault

Floats = npt.NDArray[np.float64]

NOISE_NV = {10.0: 50.0, 80.0: 90.0}
"""Input noise at gain 128 (datasheet table 1)."""
SOUND_NOISE, BEARABLE_NOISE, TOO_QUIET = 3.0, 6.0, 0.3
"""Times the datasheet's: modules in the field have 1 … 3; below 0.3 it is not what came off the wire."""
NEAR_RANGE = 0.9
FEWEST_CODES = 10
"""Different codes among a hundred conversions: with 20 codes of noise there are about 60."""
LOOKED_AT = 1000
"""Conversions among which different codes are counted; of a long recording the first ones."""
APART = 4
MAD_TO_SIGMA = 1.4826
TAIL_SIGMAS = 5.0
OUTLIER_SIGMAS = 8.0
KIN_LEAST = 0.15
"""Correlation of neighbours: 0.5 … 0.67 where every conversion is read, 0 where only every eighth is."""
LINE_RATIO = 30.0
"""A bin of a periodogram of noise exceeds its neighbours' median 30 times once in 10⁹."""
HUM_SHARE, HUM_MUCH = 0.5, 3.0
SLOWEST_HZ = 0.5
MAINS_HZ = (50.0, 100.0)
DRIFT_SIGMAS = 2.0
SLOPE_SIGMAS = 4.0
"""A slope that noise alone shows in a short look is none: seen by chance once in 16,000 looks."""


def in_range(seen: Seen) -> Finding:
    """Saturation, and how near the range the bridge is."""
    high, low = seen.count(Fault.OVERLOAD), seen.count(Fault.UNDERLOAD)
    source = f'{DATASHEET}, "Output data"'
    if high or low:
        words = (
            "take everything off the pan; if it stays, an input is open or shorted: check A+, A- and both "
            "excitation wires of the cell"
        )
        return Finding(
            what="range",
            level=Level.BAD,
            figure=f"{high} times above, {low} times below the range",
            value=high + low,
            limit="none",
            source=source,
            words=words,
        )
    if not seen.sound or not seen.bridge.codes:
        return Finding(what="range", level=Level.NOT_JUDGED, figure="no codes of the converter")
    used = max(abs(statistics.fmean(values)) for values in seen.series.values()) / (CODES / 2)
    words = "little is left before the converter saturates: is the cell bent, or the gain too high?"
    return Finding(
        what="range",
        level=Level.ATTENTION if used > NEAR_RANGE else Level.GOOD,
        figure=f"{used:.1%} of the range in use",
        value=used,
        limit=f"{NEAR_RANGE:.0%}",
        source=source,
        words=words if used > NEAR_RANGE else "",
    )


def alive(seen: Seen) -> Finding:
    """Whether the codes change as those of a live bridge do."""
    values = [s.counts for s in seen.converted if s.counts is not None]
    if len(values) < ENOUGH:
        if seen.count(Fault.FLATLINE):
            return _dead("the same code again and again", None)
        return Finding(what="codes", level=Level.NOT_JUDGED, figure="too few conversions")
    run = max(len(list(group)) for _, group in groupby(values))
    different = 100 * len(set(values[:LOOKED_AT])) / len(values[:LOOKED_AT])
    figure = f"different codes: {len(set(values))} in {len(values)} conversions, at most {run} equal in a row"
    if seen.count(Fault.FLATLINE) or run >= FLATLINE_RUN or different < FEWEST_CODES:
        return _dead(figure, float(len(set(values))))
    limit = f"at least {FEWEST_CODES} in 100, fewer than {FLATLINE_RUN} equal in a row"
    return Finding(
        what="codes",
        level=Level.GOOD,
        figure=figure,
        value=float(len(set(values))),
        limit=limit,
        source=FIELD,
    )


def _dead(figure: str, value: float | None) -> Finding:
    return Finding(
        what="codes",
        level=Level.BAD,
        figure=figure,
        value=value,
        limit=f"at least {FEWEST_CODES} in 100, fewer than {FLATLINE_RUN} equal in a row",
        source=FIELD,
        words="no live bridge is behind this: check the four wires of the cell; measure some 350 … 1000 Ω "
        "between A+ and A-, and the excitation at E+",
    )


def power_up(seen: Seen) -> Finding:
    """The conversions after power-up that are wrong though marked ready."""
    values = [s.counts for s in seen.converted[: POWER_UP_CONVERSIONS + ENOUGH] if s.counts is not None]
    what = "after power-up"
    if not seen.bridge.from_power_up or len(values) < ENOUGH:
        return Finding(what=what, level=Level.NOT_JUDGED, figure="the beginning was not seen")
    later = values[2 * POWER_UP_CONVERSIONS :]
    settled, sigma = statistics.median(later), scatter(np.array(later))
    off = [value - settled for value in values[: 2 * POWER_UP_CONVERSIONS]]
    tail = next((n for n, value in enumerate(off) if abs(value) <= TAIL_SIGMAS * sigma), len(off))
    shown = " ".join(f"{value:+.4g}" for value in off[: max(tail, POWER_UP_CONVERSIONS) + 1])
    first = "the first is" if tail == 1 else f"the first {tail} are"
    words = f"{first} wrong though marked ready; {POWER_UP_CONVERSIONS} are thrown away"
    late = "more than that: wait after switching on, and check the supply"
    return Finding(
        what=what,
        level=Level.ATTENTION if tail > POWER_UP_CONVERSIONS else Level.GOOD,
        figure=f"{shown} counts",
        value=float(tail),
        limit=f"back within {TAIL_SIGMAS:g}σ after {POWER_UP_CONVERSIONS} conversions",
        source=f"{FIELD} (+915 +939 +903 +443 +69 +28); {DATASHEET}: four periods",
        words="" if not tail else words if tail <= POWER_UP_CONVERSIONS else f"{words}; {late}",
    )


def noise(seen: Seen) -> Finding:
    """Noise of one conversion in counts and nanovolts, of the worst bridge."""
    sigma, name = max((scatter(np.array(values)), name) for name, values in seen.series.items())
    where = f"{name}: " if name else ""
    if not seen.bridge.codes:
        figure = f"{sigma:.4g} of the recording's own units"
        words = "the counts were scaled by whoever recorded them"
        return Finding(what="noise", level=Level.NOT_JUDGED, figure=figure, value=sigma, words=words)
    nanovolts = sigma * seen.bridge.nanovolts_per_count
    figure = f"{where}{sigma:.1f} counts rms, {nanovolts:.0f} nV at {seen.bridge.excitation_v:g} V"
    expected = NOISE_NV.get(nominal(SECOND / seen.period_ns) or 0.0) if seen.period_ns else None
    if expected is None or seen.bridge.gain != 128:
        words = "the datasheet names no noise for this rate and gain"
        return Finding(what="noise", level=Level.NOT_JUDGED, figure=figure, value=nanovolts, words=words)
    times = nanovolts / expected
    level, words = Level.GOOD, ""
    if times > SOUND_NOISE:
        level = Level.BAD if times > BEARABLE_NOISE else Level.ATTENTION
        words = (
            f"{times:.1f} times the datasheet's: feed the module from 5 V, shield to ground at the module "
            "only, twist the leads, keep away from switching supplies; and let nothing touch or shake the pan"
        )
    elif times < TOO_QUIET:
        level = Level.ATTENTION
        words = "quieter than the chip can be: the counts were averaged or scaled, or the input is shorted"
    return Finding(
        what="noise",
        level=level,
        figure=figure,
        value=nanovolts,
        limit=f"{expected:g} nV typical, at most {SOUND_NOISE:g} times that",
        source=f"{DATASHEET} table 1 (gain 128); {FIELD}: 1 … 3 times",
        words=words,
    )


def kinship(seen: Seen) -> Finding:
    """Whether neighbours share what the chip averaged, as they do where every conversion is read."""
    sound = [s.corners[0] if s.corners else s.counts for s in seen.sound if s.counts is not None]
    values = np.array(sound)
    sigma = scatter(values)
    what = "neighbours"
    if len(values) < 3 * ENOUGH or not sigma:
        return Finding(what=what, level=Level.NOT_JUDGED, figure="too few conversions")

    def variance(lag: int) -> float:
        apart = values[lag:] - values[:-lag]
        return float(np.mean(apart[abs(apart) < OUTLIER_SIGMAS * sigma] ** 2))

    kin = 1 - variance(1) / variance(APART)
    words = (
        "neighbours share nothing: only some of the conversions are read. Does the RATE pin say 80/s where "
        "rate_hz = 10?"
    )
    return Finding(
        what=what,
        level=Level.ATTENTION if kin < KIN_LEAST else Level.GOOD,
        figure=f"correlation {kin:+.2f}",
        value=kin,
        limit=f"at least {KIN_LEAST}",
        source=f"{FIELD}: a conversion is the mean of three periods, so 0.5 … 0.67",
        words=words if kin < KIN_LEAST else "",
    )


def bursts(seen: Seen) -> Finding:
    """Lone conversions far off those before and after, which agree with each other."""
    found = 0
    for series in seen.series.values():
        around = np.lib.stride_tricks.sliding_window_view(np.array(series), 13)
        before, after = np.median(around[:, :5], axis=1), np.median(around[:, 8:], axis=1)
        sigma = scatter(np.array(series))
        far = abs(around[:, 6] - (before + after) / 2) > OUTLIER_SIGMAS * sigma
        found += int((far & (abs(before - after) < OUTLIER_SIGMAS / 2 * sigma)).sum())
    count = len(seen.sound)
    words = (
        "bursts from outside: keep motors, relays, radios and their leads away; shorten and shield the "
        "cable; a hand or a knock on the pan does the same"
    )
    return Finding(
        what="bursts",
        level=Level.GOOD if not found else Level.ATTENTION if found <= 0.01 * count else Level.BAD,
        figure=f"{found} of {count} beyond {OUTLIER_SIGMAS:g}σ",
        value=float(found),
        limit="none",
        source="normal noise: once in 10¹⁵",
        words=words if found else "",
    )


def hum(seen: Seen) -> Finding:
    """A single frequency that stands out of the noise, and what may hum so."""
    values = np.array(next(iter(seen.series.values())))
    sigma, count = scatter(values), len(values)
    if (
        count < 2 * ENOUGH
        or not sigma
        or seen.period_ns is None
        or np.ptp(values) > 12 * OUTLIER_SIGMAS * sigma
    ):
        return Finding(what="hum", level=Level.NOT_JUDGED, figure="the load moved, or too few conversions")
    window = np.hanning(count)
    at = np.arange(count)
    flat = values - np.polyval(np.polyfit(at, values, 1), at)
    power = abs(np.fft.rfft(flat * window)) ** 2
    rate_hz = SECOND / seen.period_ns
    hertz = np.fft.rfftfreq(count, 1 / rate_hz)
    around = np.array([np.median(power[max(0, k - 15) : k + 16]) for k in range(len(power))])
    ratio = np.where((hertz > SLOWEST_HZ) & (around > 0), power / np.maximum(around, 1e-300), 0.0)
    peak = int(ratio.argmax())
    to_variance = 2 / (count * float((window**2).sum()))
    strength = math.sqrt(to_variance * float(power[max(0, peak - 2) : peak + 3].sum()))
    # What a strong line adds to the scatter is not in the medians of the bins; a median is ln 2 of the mean.
    sigma = math.sqrt(to_variance * float(around.sum()) / math.log(2))
    stands_out = ratio[peak] > LINE_RATIO and strength > HUM_SHARE * sigma
    if not stands_out:
        return Finding(what="hum", level=Level.GOOD, figure="no frequency stands out", source=FIELD)
    folded = next(
        (m for m in MAINS_HZ if abs(abs(m - round(m / rate_hz) * rate_hz) - hertz[peak]) < 0.3), None
    )
    words = (
        f"mains ({folded:g} Hz folds to this): move mains leads and power supplies away, shield to ground at "
        "the module only"
        if folded
        else "something shakes or sways at this frequency: the pan after a touch, a fan, a compressor nearby"
    )
    return Finding(
        what="hum",
        level=Level.BAD if strength > HUM_MUCH * sigma else Level.ATTENTION,
        figure=f"{strength:.1f} counts rms at {hertz[peak]:.2f} Hz",
        value=strength,
        limit=f"{HUM_SHARE:g} of the noise ({HUM_SHARE * sigma:.1f} counts)",
        source="a line of noise exceeds its surroundings so once in 10⁹",
        words=words,
    )


def drift(seen: Seen) -> Finding:
    """How far the counts wander in ten seconds."""
    values = np.array([s.counts for s in seen.sound])
    times = np.array([s.at_ns for s in seen.sound]) / SECOND
    sigma = scatter(values)
    length = float(times[-1] - times[0])
    if length < 1:
        return Finding(what="drift", level=Level.NOT_JUDGED, figure="too short")
    slope = float(np.polyfit(times - times[0], values, 1)[0])
    # Of a straight line through n independent values; conversions are so only APART from each other.
    unsure = sigma * math.sqrt(12 * APART / len(values)) / length
    moved = (abs(slope) - SLOPE_SIGMAS * unsure) * 10 > DRIFT_SIGMAS * sigma or np.ptp(
        values
    ) > 2 * OUTLIER_SIGMAS * sigma
    words = (
        "leave the pan alone and try again; if it stays: the electronics still warm up (half an hour), the "
        "cell is in a draught or in the sun, or something rubs"
    )
    return Finding(
        what="drift",
        level=Level.ATTENTION if moved else Level.GOOD,
        figure=f"{slope * 60:+.1f} counts a minute, range {np.ptp(values):.4g} counts",
        value=slope * 60,
        limit=f"{DRIFT_SIGMAS:g}σ in ten seconds beyond what noise shows, range {2 * OUTLIER_SIGMAS:g}σ",
        source=f"{FIELD}: 13.7 counts at the Allan minimum, 2.7 s",
        words=words if moved else "",
    )


def scatter(values: Floats) -> float:
    """Standard deviation of one conversion about a constant load, drift and steps left out."""
    if len(values) <= APART:
        return 0.0
    apart = values[APART:] - values[:-APART]
    return float(np.median(abs(apart))) * MAD_TO_SIGMA / math.sqrt(2)
