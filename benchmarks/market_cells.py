"""Pans as a market might hold them, for proving uncertainties: every parameter drawn, none of them ours.

Rules this file obeys:

* Nothing is imported from the program: noise, creep and temperature are synthesised by other means than the
  budget reckons with (spectra by Fourier transform, exponentials with drawn times, drawn courses of the air).
* What a cell is like is drawn from what its class and the datasheet of the converter allow.
* One generator makes everything, so every pan can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DATASHEET_COUNTS = {10: 21.5, 80: 38.7}
"""Noise of one conversion at gain 128 (HX711 datasheet V2.0: 50 and 90 nV); boards have 1 … 3 times that."""
C3_CREEP = 0.7 * 0.7 * 1.5 / 3000
"""R 60-1:2021 5.3.2, class C3: 0.7 of the MPE at E_max over half an hour."""
C3_CREEP_LATE = 0.15 * 0.7 * 1.5 / 3000
"""Of which from the 20th to the 30th minute at most this."""
C3_ZERO_PER_K = 0.7 / 10_000 / 5
"""R 60-1:2021 5.5.1.3, class C3 with E_max/v_min = 10 000."""
C3_SPAN_PER_K = 0.7 * 1.5 / 3000 / 20
"""R 60-1:2021 5.5.1.1: the temperature effect on span lies within the MPE between 20 and 40 °C."""


@dataclass(frozen=True)
class Bridge:
    """One pan: chip, cell and air. Loads and ``zero`` in grams, times in s."""

    rate_hz: float
    counts_per_gram: float
    emax_g: float
    white: float
    flicker: float
    walk: float
    kernel: tuple[float, ...]
    creep: tuple[tuple[float, float], ...]
    zero_per_k: float
    span_per_k: float
    air_offset_k: float
    air_k_per_h: float
    air_swing_k: float
    air_swing_s: float
    natural_hz: float
    damping: float
    zero: float
    read_after_s: float
    phase: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, rate: int) -> Bridge:
        """A pan of nominal ``rate`` 10 or 80; each draw has its ground in the comment beside it."""
        emax = float(rng.choice([3_000.0, 6_000.0, 15_000.0, 30_000.0]))
        # A cell of 1 … 2 mV/V at 4.2 V excitation: 2 … 4·10⁶ counts at E_max.
        per_gram = float(rng.uniform(2e6, 4.3e6)) / emax
        sigma = DATASHEET_COUNTS[rate] * float(np.exp(rng.uniform(0, np.log(3))))
        # Floor of the Allan deviation over σ: 0.27 on the static log, 0.25 … 0.45 by datasheet.
        floor = sigma * float(rng.uniform(0.15, 0.45))
        # Kernels that fit real records: the ideal mean of three, of two, and one with a fast part left.
        kernel = [(1 / 3, 1 / 3, 1 / 3), (0.5, 0.5), (0.2, 0.6, 0.2)][int(rng.integers(3))]
        limit = float(rng.uniform(-1, 1)) * C3_CREEP
        return cls(
            # Oscillators are 5 … 17 % fast.
            rate_hz=rate * float(rng.uniform(1.03, 1.17)),
            counts_per_gram=per_gram,
            emax_g=emax,
            white=sigma / float(np.sqrt(np.sum(np.square(kernel)))),
            flicker=floor,
            # Draughts and thermal voltages: as much as the floor within one to ten minutes.
            walk=floor / float(np.sqrt(rng.uniform(60, 600))),
            kernel=kernel,
            creep=_creep(rng, limit),
            zero_per_k=emax * C3_ZERO_PER_K * float(rng.uniform(-1, 1)),
            span_per_k=C3_SPAN_PER_K * float(rng.uniform(-1, 1)),
            # A hall between 10 and 30 °C, and a calibration at 20.
            air_offset_k=float(rng.uniform(-10, 10)),
            air_k_per_h=float(rng.uniform(-5, 5)),
            # A heater or a door: some tenths of a kelvin in some minutes at the cell body.
            air_swing_k=float(rng.uniform(0, 0.15)),
            air_swing_s=float(rng.uniform(300, 1200)),
            natural_hz=float(rng.uniform(8, 25)),
            damping=float(rng.uniform(0.05, 0.25)),
            zero=float(rng.uniform(50_000, 400_000)),
            # A calibration reads a weight when it is stable and the keeper has looked.
            read_after_s=float(rng.uniform(3, 30)),
            phase=float(rng.uniform(0, 1)),
        )


def _creep(rng: np.random.Generator, limit: float) -> tuple[tuple[float, float], ...]:
    """Two or three exponentials whose sum over half an hour is ``limit`` and late part within the class."""
    while True:
        count = int(rng.integers(2, 4))
        times = np.exp(rng.uniform(np.log(5.0), np.log(1500.0), count))
        shares = rng.dirichlet(np.ones(count))
        inside = -np.expm1(-1800 / times)
        shares = shares * limit / float(np.sum(shares * inside))
        late = np.sum(shares * (np.exp(-1200 / times) - np.exp(-1800 / times)))
        if abs(late) <= C3_CREEP_LATE:
            return tuple(zip(shares.tolist(), times.tolist(), strict=True))


def flicker(rng: np.random.Generator, count: int, floor: float) -> Floats:
    """Noise whose power falls as 1/f, with this floor of the Allan deviation, made from its spectrum."""
    # Longer than asked for, so that the lowest frequencies are there and the ends do not meet.
    length = 1 << (4 * count - 1).bit_length()
    frequency = np.fft.rfftfreq(length)
    # One-sided density h/f gives an Allan variance of 2 ln 2 · h; each component has the variance h/f · Δf.
    amplitude = np.zeros(len(frequency))
    amplitude[1:] = floor * np.sqrt(1 / (2 * np.log(2)) / frequency[1:] / length) / 2
    turns = rng.normal(size=len(frequency)) + 1j * rng.normal(size=len(frequency))
    return np.fft.irfft(turns * amplitude, length)[:count] * length


def counts(
    bridge: Bridge, rng: np.random.Generator, steps: list[tuple[float, float, float]], seconds: float
) -> tuple[Floats, Floats]:
    """Times and codes of a session; ``steps``: when, to which load, and how long the hand takes."""
    count = int(seconds * bridge.rate_hz)
    at = (np.arange(count) + bridge.phase) / bridge.rate_hz
    load = _seen(bridge, at, steps)
    warmer = bridge.air_k_per_h * at / 3600 + bridge.air_swing_k * np.sin(
        2 * np.pi * (at / bridge.air_swing_s + bridge.phase)
    )
    grams = load * (1 + bridge.span_per_k * (bridge.air_offset_k + warmer)) + bridge.zero_per_k * warmer
    white = rng.normal(0, bridge.white, count + len(bridge.kernel) - 1)
    noise = np.convolve(white, bridge.kernel, "valid") + flicker(rng, count, bridge.flicker)
    noise += np.cumsum(rng.normal(0, bridge.walk / np.sqrt(bridge.rate_hz), count))
    return at, np.round(bridge.zero + bridge.counts_per_gram * grams + noise)


def _seen(bridge: Bridge, at: Floats, steps: list[tuple[float, float, float]]) -> Floats:
    """The load as the chip sees it: hand, swing of the pan, creep, and a mean of three periods."""
    period = 1 / bridge.rate_hz
    moments = at[:, None] - period * (0.18 + np.arange(24) / 8)[None, :]
    total = np.zeros_like(moments)
    before = 0.0
    for when, load, hand_s in steps:
        since = moments - when
        total += (load - before) * (_step(bridge, since, hand_s) + _crept(bridge, since))
        before = load
    return total.mean(axis=1)


def _step(bridge: Bridge, since: Floats, hand_s: float) -> Floats:
    """The pan after a unit load is lowered in ``hand_s`` and let go."""
    down = np.clip(since / hand_s, 0, 1)
    lowered = down * down * (3 - 2 * down)
    omega = 2 * np.pi * bridge.natural_hz
    free = np.maximum(since - hand_s, 0)
    # Letting go leaves a push of some percent that rings out.
    ring = 0.03 * np.exp(-bridge.damping * omega * free) * np.sin(omega * free) * (since > hand_s)
    return np.where(since > 0, lowered + ring, 0.0)


def _crept(bridge: Bridge, since: Floats) -> Floats:
    """Creep of a unit load less what it had crept when the calibration read its weights."""
    loaded = since > 0
    free = np.maximum(since, 0)
    return sum(
        share * (-np.expm1(-free / tau) + np.expm1(-bridge.read_after_s / tau)) * loaded
        for share, tau in bridge.creep
    )
