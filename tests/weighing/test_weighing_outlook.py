"""What a pan will know of a load before it lies there, against what it then knows."""

import random

import pytest

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.outlook import Outlook
from firmware_app.weighing.reading import Reading
from firmware_app.weighing.substitution import Reference, compare
from firmware_app.weighing.zero import Seen
from hardware.loadcell.contract import Sample

PERIOD_NS = 12_500_000


def calibration(relative=1e-4, **changes):
    fields = {
        "counts_per_gram": 300.0,
        "relative_standard_uncertainty": relative,
        "capacity_g": 15000.0,
        "resolution_g": 0.1,
        "id": "c",
        "at": "2026-11-01T09:00:00+08:00",
        "source": "test",
    }
    return Calibration(**{**fields, **changes})


def loaded(line, load_g, seconds=3.2, zero_s=40.0, seed=1):
    """The last reading of a load that has rested for so long, after an empty pan, and the instrument."""
    pan, chance, now_ns, last = Instrument(line, 80.0), random.Random(seed), 0, None
    for mass, length in ((0.0, zero_s), (load_g, seconds)):
        for _ in range(round(length * 80)):
            now_ns += PERIOD_NS
            counts = 84_000 + 300 * mass + chance.gauss(0, 15)
            for event in pan.feed(Sample(now_ns, round(counts))):
                last = event if isinstance(event, Reading) else last
    return last, pan


@pytest.mark.parametrize("load_g", [200.0, 1000.0, 2500.0, 5000.0, 12000.0])
@pytest.mark.parametrize("relative", [1e-5, 1e-4, 1e-3])
def test_the_outlook_is_what_the_reading_then_says_of_itself(load_g, relative):
    line = calibration(relative)
    reading, pan = loaded(line, load_g)
    outlook = Outlook(calibration=line, difference=pan.difference, noise_g=pan.terms.noise)

    assert reading.stable
    assert outlook.direct(load_g).standard == pytest.approx(reading.mass.standard, rel=0.15)


def test_of_an_assumed_calibration_only_its_own_terms_are_known():
    outlook = Outlook(calibration=Calibration.assumed(300.0), difference=lambda *_: 0.0, noise_g=0.05)
    assert outlook.direct(1000.0).standard == pytest.approx(0.05)


def test_a_reading_carries_what_a_comparison_needs():
    reading, pan = loaded(calibration(), 2000.0)
    seen = Seen(
        reading.counts, reading.conversions, reading.at_ns - round(reading.window_s * 0.5e9), reading.creep
    )
    assert seen == pan.seen


def test_goods_first_gives_the_same_as_the_weight_first():
    # BAB and ABA of the same loads, with a drift that is steady: both take it out.
    line, reference = calibration(), Reference(2000.0, 0.03)
    drift = 2.0

    def turns(letters):
        loads = {"A": 2000.0, "B": 2150.0}
        return [
            Seen(84_000 + 300 * loads[letter] + drift * 15 * n, 160, 15_000_000_000 * n)
            for n, letter in enumerate(letters)
        ]

    found = {
        scheme: compare(scheme, turns(scheme), reference, line, lambda *_: 9.0) for scheme in ("ABA", "BAB")
    }
    assert found["BAB"].mass.value == pytest.approx(2150.0, abs=1e-6)
    for term in ("noise", "creep", "span", "reference", "expanded"):
        assert getattr(found["BAB"], term) == pytest.approx(getattr(found["ABA"], term))
