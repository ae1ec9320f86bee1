"""Substitution weighing: what drops out, what remains, what is refused, and when it is worth it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from weighing_data import bridge_stream

from firmware_app.cli.main import app
from firmware_app.quantity import Estimate
from firmware_app.uncertainty.coverage import factor_with_limit
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.substitution import (
    SCHEMES,
    BadComparison,
    Reference,
    Turns,
    Way,
    advise,
    compare,
    contrast,
)
from firmware_app.weighing.zero import Seen

PER_GRAM = 300.0
REFERENCE = Reference(2000.0, 0.03)


def scale(relative: float = 2e-5) -> Calibration:
    return Calibration(
        counts_per_gram=PER_GRAM,
        relative_standard_uncertainty=relative,
        zero_counts=84_000.0,
        capacity_g=15_000.0,
        resolution_g=5.0,
        id="x",
        at="2025-05-01T09:00:00+08:00",
        source="x",
    )


def turn(grams: float, at_s: float) -> Seen:
    return Seen(84_000 + PER_GRAM * grams, 25, round(at_s * 1e9))


def quiet(one: Seen, other: Seen) -> float:
    return 2 * 6.0**2


@given(
    scheme=st.sampled_from(SCHEMES),
    drift=st.floats(-0.05, 0.05),
    zero=st.floats(-500, 500),
    load=st.floats(1700, 2300),
)
def test_zero_and_steady_drift_drop_out(scheme: str, drift: float, zero: float, load: float) -> None:
    times = [13.0 * n + 0.4 * (n % 2) for n in range(len(scheme))]
    seen = [
        turn(zero + drift * t + (2000.0 if letter == "A" else load), t)
        for t, letter in zip(times, scheme, strict=True)
    ]

    found = compare(scheme, seen, REFERENCE, scale(), quiet)

    assert found.mass.value == pytest.approx(load, abs=1e-6)
    assert found.difference_g == pytest.approx(load - 2000, abs=1e-6)


def test_the_budget_adds_up_and_the_span_counts_for_the_difference_only() -> None:
    seen = [turn(m, t) for m, t in ((2000, 0), (2100, 13), (2000, 26))]

    found = compare("ABA", seen, REFERENCE, scale(1e-4), quiet)

    terms = (found.reference, found.noise, found.creep, found.span, found.placing, found.buoyancy)
    assert found.mass.standard == pytest.approx(math.hypot(*terms))
    assert found.span == pytest.approx(100 * math.hypot(1e-4, 1.75e-5 * 10 / 3), rel=1e-3)
    # independent readings of u = 6 counts: 6·√(1 + ½) counts
    assert found.noise == pytest.approx(6 * math.sqrt(1.5) / PER_GRAM, rel=1e-6)
    assert found.mass.standard < 2100 * 1e-4 / 3


def test_the_air_counts_by_the_difference_of_the_densities() -> None:
    """R 111-1 C.6.3: the air of 2500 m carries goods of 1000 kg/m³ more than steel."""
    seen = [turn(m, t) for m, t in ((2000, 0), (2000, 13), (2000, 26))]

    thin = compare("ABA", seen, REFERENCE, scale(), quiet, air_kg_m3=0.9, density_kg_m3=1000.0)
    shown = compare("ABA", seen, REFERENCE, scale(), quiet, air_kg_m3=0.9)

    assert shown.mass.value == pytest.approx(2000.0, abs=1e-9)
    assert thin.mass.value == pytest.approx(2000 / (1 + 0.3 * (1 / 1000 - 1 / 8000)), abs=1e-6)
    assert thin.buoyancy > 0.02 * 2000 * (1 / 1000 - 1 / 8000) * 0.99


@pytest.mark.parametrize(
    ("scheme", "loads", "times", "says"),
    [
        ("ABA", (2000, 3000, 2000), (0, 13, 26), "take a weight within 20%"),
        ("ABA", (2000, 2100), (0, 13), "2 turns are no ABA"),
        ("AAB", (2000, 2000, 2100), (0, 13, 26), "weigh one of ABA"),
        ("ABA", (2000, 2100, 2000), (0, 13, 700), "within 600 s"),
        ("ABA", (2000, 2100, 2000), (0, 13, 13), "within 600 s"),
        ("ABA", (2000, 2100, 2000), (0, 10, 60), "uneven in time"),
    ],
)
def test_a_comparison_outside_its_limits_is_refused_with_the_reason(
    scheme: str, loads: tuple[float, ...], times: tuple[float, ...], says: str
) -> None:
    seen = [turn(m, t) for m, t in zip(loads, times, strict=True)]

    with pytest.raises(BadComparison, match=says):
        compare(scheme, seen, REFERENCE, scale(), quiet)


@pytest.mark.parametrize(
    ("limited", "normal", "k"), [(1, 0, 1.653), (0, 1, 2.0), (1, 1, 1.98), (1, 0.2, 1.73)]
)
def test_k_of_a_weight_known_by_its_limit_only(limited: float, normal: float, k: float) -> None:
    """A rectangular distribution holds 95.45 % within 0.9545·√3."""
    assert factor_with_limit(limited, normal) == pytest.approx(k, abs=0.03)


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_k_lies_between_that_of_the_limit_and_that_of_the_normal(limited: float, normal: float) -> None:
    assert 1.65 < factor_with_limit(limited, normal) <= 2.001
    assert factor_with_limit(3 * limited, 3 * normal) == pytest.approx(factor_with_limit(limited, normal))


def test_the_weight_is_worth_it_where_it_helps_and_only_there() -> None:
    at_hand = [Reference(1000.0, 0.01), Reference(5000.0, 0.05), Reference(10_000.0, 0.1)]

    def asked(limit_g: float) -> tuple[Way, float | None]:
        found = advise(4800.0, Estimate(4800.0, 0.6), limit_g, at_hand, calibration=scale(1e-4), noise_g=0.05)
        return found.way, None if found.reference is None else found.reference.mass_g

    assert asked(10.0) == (Way.DIRECT, None)
    assert asked(1.5) == (Way.SUBSTITUTE, 5000.0)
    assert asked(0.1) == (Way.NEITHER, 5000.0)
    far = advise(2500.0, Estimate(2500.0, 0.6), 1.5, at_hand, calibration=scale(), noise_g=0.05)
    assert (far.way, far.reference) == (Way.NEITHER, None)


def test_uneven_turns_weigh_so_that_drift_still_drops_out() -> None:
    weights = contrast("ABBA", [0.0, 10.0, 22.0, 31.0])

    assert sum(weights) == pytest.approx(0)
    assert sum(w * t for w, t in zip(weights, [0.0, 10.0, 22.0, 31.0], strict=True)) == pytest.approx(0)
    assert weights[1] + weights[2] == pytest.approx(1)


def test_a_turn_is_taken_after_rest_and_the_next_only_after_the_pan_was_empty() -> None:
    turns = Turns("ABA", 2000.0, rest_s=2.0)
    taken = []
    for second in range(60):
        grams = {0: 0.0, 1: 2000.0, 2: 0.0, 3: 2100.0, 4: 0.0, 5: 2000.0}.get(second // 6, 0.0)
        if turns.feed(second * 10**9, grams, True, turn(grams, second)):
            taken.append(second)

    assert taken == [8, 20, 32]
    assert turns.wants is None


def test_another_weight_is_named_and_not_taken() -> None:
    turns = Turns("ABA", 2000.0, rest_s=1.0)
    for second in range(5):
        assert not turns.feed(second * 10**9, 1000.5, True, turn(1000.5, second))

    assert turns.wrong_g == 1000.5
    assert turns.wants == "A"


# ---------------------------------------------------------------------------------------- the command


def recorded(path: Path) -> list[str]:
    """Weight, load and weight again, on a pan that drifts."""

    def grams(t: float) -> float:
        load = {1: 2000.0, 3: 2050.0, 5: 2000.0}.get(int(t // 11), 0.0)
        return load + 0.01 * t

    stream = bridge_stream(lambda t: 84_000 + PER_GRAM * grams(t), 70, sigma=20.0)
    recording, calibration = path / "turns.csv", path / "pan.toml"
    recording.write_text("t_s,counts\n" + "".join(f"{s.at_ns / 1e9:.6f},{s.counts:.0f}\n" for s in stream))
    calibration.write_text(scale().dump())
    return ["weigh", "--replay", str(recording), "--calibration", str(calibration)]


def test_the_command_guides_and_gives_the_load(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*recorded(tmp_path), "--substitute", "2000"])

    assert result.exit_code == 0, result.output
    assert "put the weight of 2000 g on the pan" in result.output
    assert "put the load on the pan" in result.output
    mass = float(result.output.splitlines()[-1].split(" g ")[0])
    assert mass == pytest.approx(2050.0, abs=0.15)


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--substitute", "1000"], 1, "not near 1000"),
        (["--substitute", "-5"], 2, "give the mass"),
        (["--substitute", "nan"], 2, "give the mass"),
        (["--substitute", "2000", "--weight-u", "500"], 2, "hundredth"),
        (["--substitute", "2000", "--scheme", "AAB"], 2, "no scheme"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, more: list[str], code: int, says: str) -> None:
    result = CliRunner().invoke(app, [*recorded(tmp_path), *more])

    assert result.exit_code == code
    assert says in result.output
