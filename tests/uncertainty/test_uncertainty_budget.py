"""Budgets from files, to first order: what is known of inputs, degrees of freedom, shares, complaints."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uncertainty_files import shown, written

from firmware_app.uncertainty.budget import parse_budget
from firmware_app.uncertainty.errors import BadBudget, NotDifferentiable, NoValue
from firmware_app.uncertainty.first_order import first_order


@pytest.mark.parametrize(
    ("lines", "value", "standard", "dof"),
    [
        ("value = 3\nstandard = 0.2", 3, 0.2, math.inf),
        ("value = 3\nstandard = 0.2\ndof = 4", 3, 0.2, 4),
        ("value = 3\nexpanded = 0.2\nk = 2", 3, 0.1, math.inf),
        ("value = 3\nexpanded = 0.3\nk = 3\ndof = 7.5", 3, 0.1, 7.5),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'rectangular'", 3, 0.6 / math.sqrt(3), math.inf),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'triangular'", 3, 0.6 / math.sqrt(6), math.inf),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'u_shaped'", 3, 0.6 / math.sqrt(2), math.inf),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'normal'", 3, 0.2, math.inf),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'normal'\nk = 2", 3, 0.3, math.inf),
        ("observations = [1, 2, 3, 4]", 2.5, math.sqrt(5 / 12), 3),
        ("observations = [5, 5]", 5, 0, 1),
    ],
)
def test_what_is_known_of_an_input(lines, value, standard, dof):
    (known,) = written("x", x=lines).inputs

    assert (known.estimate, known.standard, known.dof) == pytest.approx((value, standard, dof))


def test_a5_first_order_misses_what_only_the_product_shows():
    result = first_order(parse_budget(shown("Mass by comparison in air")))

    assert result.value == pytest.approx(1.234, abs=1e-6)
    assert result.standard_uncertainty == pytest.approx(0.0539, abs=5e-5)
    assert result.interval_95 == pytest.approx((1.1285, 1.3395), abs=1e-4)
    assert "rho_a, rho_w, rho_r" in result.notes[0]


def test_a9_error_of_a_scale_by_change_point():
    result = first_order(parse_budget(shown("Error of a scale at 3 kg by change point")))

    found = [part.contribution for part in result.contributions if part.contribution]
    assert found == pytest.approx([0.1443, 0.1443, 0.6, 0.3464, 0.0866, 0.0476, 0.0289], abs=6e-5)
    assert result.standard_uncertainty == pytest.approx(0.7296, abs=5e-5)
    assert (result.k, result.effective_dof) == (2.0, None)
    assert result.expanded == pytest.approx(1.459, abs=5e-4)


def test_end_gauge_of_gum_h1():
    """JCGM 100 H.1: u = 32 nm, ν_eff = 16, U99 = 93 nm; here with k of 95.45 % and t of the exact ν_eff."""
    result = first_order(parse_budget(shown("End gauge of JCGM 100 H.1")))

    assert result.value == pytest.approx(50_000_838)
    assert result.standard_uncertainty == pytest.approx(32, abs=0.5)
    assert result.effective_dof == pytest.approx(16.7, abs=0.3)


def test_welch_satterthwaite():
    result = first_order(
        written("a + b", a="value = 1\nstandard = 3\ndof = 5", b="value = 1\nstandard = 4\ndof = 10")
    )

    assert result.standard_uncertainty == pytest.approx(5)
    assert result.effective_dof == pytest.approx(5**4 / (3**4 / 5 + 4**4 / 10))
    assert result.k > 2 and result.expanded == pytest.approx(result.k * 5)


def test_an_input_used_twice_is_one_input():
    assert first_order(written("x - x", x="value = 1\nstandard = 1")).standard_uncertainty == 0
    assert first_order(written("x + x", x="value = 1\nstandard = 1")).standard_uncertainty == 2


def test_a_coverage_factor_that_is_asked_for_is_kept():
    result = first_order(parse_budget(b'model = "x"\nk = 2\n[[input]]\nname = "x"\nobservations = [1, 2, 3]'))

    assert result.k == 2 and result.effective_dof == 2


@pytest.mark.parametrize(
    ("model", "slope"),
    [
        ("2 * x", 2),
        ("x ** 3", 0.75),
        ("2 ** x", math.sqrt(2) * math.log(2)),
        ("x ** x", 0.5**0.5 * (math.log(0.5) + 1)),
        ("sqrt(x)", 1 / math.sqrt(2)),
        ("exp(x)", math.exp(0.5)),
        ("log(x)", 2),
        ("sin(x)", math.cos(0.5)),
        ("cos(x)", -math.sin(0.5)),
        ("tan(x)", 1 / math.cos(0.5) ** 2),
        ("abs(-x)", 1),
        ("abs(x - 1)", -1),
        ("1 / x", -4),
        ("x ** 0", 0),
        ("(-x) ** 2 + abs(-3) - sqrt(4)", 1),
    ],
)
def test_sensitivities(model, slope):
    text = model if "x" in model else f"{model} + x"
    (part,) = first_order(written(text, x="value = 0.5\nstandard = 0.01")).contributions

    assert part.sensitivity == pytest.approx(slope)
    assert part.contribution == pytest.approx(abs(slope) * 0.01)


def test_an_exact_input_has_no_sensitivity_and_may_stand_where_there_is_no_slope():
    result = first_order(
        written("abs(zero) + sqrt(zero) + x", zero="value = 0\nstandard = 0", x="value = 1\nstandard = 1")
    )

    assert result.contributions[0].sensitivity is None
    assert result.standard_uncertainty == 1


def test_only_exact_inputs():
    result = first_order(written("x * 2", x="value = 4\nstandard = 0"))

    assert (result.value, result.expanded, result.effective_dof, result.interval_95) == (8, 0, None, (8, 8))


@pytest.mark.parametrize("model", ["sqrt(x)", "abs(x)", "(x - 1) ** y", "x ** 0.5"])
def test_no_slope_is_no_first_order(model):
    with pytest.raises(NotDifferentiable, match="no first order"):
        first_order(written(f"{model} + y * 0", x="value = 0\nstandard = 1", y="value = 2\nstandard = 1"))


@pytest.mark.parametrize("model", ["x * 1e200 * 1e200", "x * 1e240", "x * 1e100"])
def test_too_steep_is_no_first_order(model):
    with pytest.raises(NotDifferentiable, match="no first order"):
        first_order(
            written(f"{model} + y", x="value = 0\nstandard = 1e60\ndof = 3", y="observations = [1, 2]")
        )


def test_no_value():
    with pytest.raises(NoValue, match="division by zero"):
        first_order(written("1 / x", x="value = 0\nstandard = 1"))


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(0, 5)), min_size=1, max_size=8))
def test_a_sum_adds_in_quadrature(terms):
    names = [f"x{n}" for n in range(len(terms))]
    inputs = {n: f"value = {v!r}\nstandard = {u!r}" for n, (v, u) in zip(names, terms, strict=True)}
    result = first_order(written(" + ".join(names), **inputs))

    assert result.standard_uncertainty == pytest.approx(math.hypot(*(u for _, u in terms)))
    assert sum(part.share for part in result.contributions) == pytest.approx(
        1 if result.standard_uncertainty else 0
    )


X = '\n[[input]]\nname = "x"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "model is missing"),
        ('model = "x"', "input is missing"),
        (f'model = "x"{X}', "input 1 (x): nothing says how well it is known"),
        (f'model = "x"{X}value = 1', "nothing says how well"),
        (f'model = "x"{X}standard = 1', "value is missing"),
        (f'model = "x"{X}value = 1\nstandard = -1', "0 … 1e+60"),
        (f'model = "x"{X}value = 1\nstandard = nan', "give a number"),
        (f'model = "x"{X}value = inf\nstandard = 1', "give a number"),
        (
            f'model = "x"{X}value = 1\nstandard = 1\nexpanded = 2\nk = 2',
            "standard and expanded stand together",
        ),
        (f'model = "x"{X}value = 1\nexpanded = 2', "expanded needs its k"),
        (f'model = "x"{X}value = 1\nstandard = 2\nk = 2', "k belongs to expanded"),
        (f'model = "x"{X}value = 1\nhalf_width = 2', "go together"),
        (f'model = "x"{X}value = 1\nhalf_width = 2\ndistribution = "flat"', "rectangular, triangular"),
        (f'model = "x"{X}value = 1\nobservations = [1, 2]', "leave these out"),
        (f'model = "x"{X}dof = 3\nobservations = [1, 2]', "leave these out"),
        (f'model = "x"{X}observations = [1]', "2 … 10000 entries"),
        (f'model = "x"{X}value = 1\nstandard = 1\ndof = 0', "1 … 1e+09"),
        (f'model = "x"{X}value = 1e61\nstandard = 1', "-1e+60 … 1e+60"),
        (f'model = "x"{X}value = 1\nstandart = 1', "did you mean 'standard'?"),
        (f'model = "x"{X}value = 1\nstandard = 1{X}value = 1\nstandard = 1', "given twice"),
        (f'model = "x + y"{X}value = 1\nstandard = 1', "'y' stands in the model"),
        (f'model = "1"{X}value = 1\nstandard = 1', "does not stand in the model"),
        (f'model = "x +"{X}value = 1\nstandard = 1', "character 4"),
        (f'model = "x"\nunit = "\\u001b[2J"{X}value = 1\nstandard = 1', "cannot be shown"),
        ('model = "x"\n[[input]]\nname = "sqrt"\nvalue = 1\nstandard = 1', "is a function"),
    ],
)
def test_a_complaint_says_what_to_write(text, words):
    with pytest.raises(BadBudget) as refused:
        parse_budget(text.encode(), "my.toml")

    assert str(refused.value).startswith("my.toml: ")
    assert words in str(refused.value)
