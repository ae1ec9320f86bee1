"""The model of a budget: agrees with Python on arithmetic, refuses everything else with its place."""

from __future__ import annotations

import contextlib
import math
import sys
import threading

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware_app.uncertainty.errors import BadExpression, BudgetError, NoValue
from firmware_app.uncertainty.expression import (
    FUNCTIONS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    NEGATIVE,
    evaluate,
    input_name,
    parse_expression,
)

VALUES = {"x": 1.25, "y": -0.5, "ρ_a": 3.0}
PYTHON = {**VALUES, **{name: getattr(math, name) for name in FUNCTIONS if name != "abs"}, "abs": abs}

leaves = st.one_of(
    st.sampled_from(sorted(VALUES)),
    st.integers(0, 50).map("{}.0".format),  # powers of whole numbers would never end in Python
    st.floats(0, 1e6, allow_subnormal=False).map(repr),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", " + ", " - \n"]), inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        st.tuples(st.sampled_from(FUNCTIONS), inner).map("{0[0]}({0[1]})".format),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", 0.5),
        ("8 / 4 / 2", 1),
        ("\n  sqrt(16)\n  + abs(-2)", 6),
        ("log(exp(2))", 2),
        ("x + y * ρ_a", -0.25),
        ("+x", 1.25),
        ("1e-3", 0.001),
    ],
)
def test_arithmetic(text, value):
    assert evaluate(parse_expression(text), VALUES) == pytest.approx(value)


def _stays_finite(text: str) -> bool:
    """Whether NumPy, which goes on with infinities and NaN, meets none on the way."""
    met = []

    def watched(operation):
        def call(*operands):
            met.append(result := operation(*map(np.float64, operands)))
            return result

        return call

    numpy = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.float_power}
    numpy |= {NEGATIVE: np.negative} | {name: getattr(np, name) for name in FUNCTIONS}
    with np.errstate(all="ignore"), contextlib.suppress(NoValue):
        evaluate(parse_expression(text), VALUES, {name: watched(each) for name, each in numpy.items()})
    return bool(np.isfinite(met).all())


@settings(max_examples=300)
@given(trees)
def test_it_agrees_with_python(text):
    try:
        value = evaluate(parse_expression(text), VALUES)
    except NoValue:
        assert not _stays_finite(text)
        return

    assert value == pytest.approx(eval(text.replace("\n", " "), {"__builtins__": {}}, PYTHON), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "character", "words"),
    [
        ("", 1, "missing"),
        ("x +", 4, "missing"),
        ("x y", 3, "missing"),
        ("(x", 1, "never closed"),
        ("2 ^ x", 3, "write ** instead"),
        ("2 × x", 3, "write * instead"),
        ("（x)", 1, "write ( instead"),
        ("1,5 * x", 2, "write . instead"),
        ("x // y", 1, "operator"),
        ("x % y", 3, "cannot be read"),
        ("f(x)", 1, "no function"),
        ("x(y)", 1, "no function"),
        ("(x)(y)", 1, "product"),
        ("sqrt", 1, "write sqrt(…)"),
        ("sqrt()", 1, "one argument"),
        ("sqrt(*x)", 1, "one argument"),
        ("ρ_a + x.real", 7, "not arithmetic"),
        ("True", 1, "not arithmetic"),
        ("1j", 1, "not arithmetic"),
        ("x if y else 1", 1, "not arithmetic"),
        ("(yield)", 2, "not arithmetic"),
        ("await x", 1, "not arithmetic"),
        ("not x", 1, "operator"),
        ("x and y", 1, "not arithmetic"),
        ("ﬁ + 1", 1, "'fi'"),
        ("2 * 1e999", 5, "too large"),
        ("__import__('os')", 12, "cannot be read"),
        ("[x]", 1, "cannot be read"),
        ("x # y", 3, "cannot be read"),
        ("x\x00", 2, "cannot be read"),
        ("x := 1", 3, "cannot be read"),
    ],
)
def test_anything_else_is_refused_with_its_place(text, character, words):
    with pytest.raises(BadExpression) as refused:
        parse_expression(text)

    assert f"character {character} " in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("1 + x / (y + 0.5)", "character 5 ('x / (y + 0.5)')", "division by zero"),
        ("sqrt(y)", "character 1 ('sqrt(y)')", "no value"),
        ("y ** 0.5", "character 1", "no value"),
        ("log(0)", "character 1", "no value"),
        ("0 ** -1", "character 1", "no value"),
        ("1 + exp(1000)", "character 5", "too large"),
        ("1e308 * 10", "character 1", "too large"),
        ("10 ** 400", "character 1", "too large"),
    ],
)
def test_a_model_without_a_value_says_where(text, place, words):
    with pytest.raises(NoValue) as none:
        evaluate(parse_expression(text), VALUES)

    assert place in str(none.value) and words in str(none.value)


@pytest.mark.parametrize(
    "text",
    [
        "+".join("x" * (MAX_DEPTH + 2)),
        "-" * 1500 + "1",
        "(" * 900 + "1" + ")" * 900,
        "1" * (MAX_CHARACTERS + 1),
    ],
)
def test_depth_and_length_are_bounded(text):
    with pytest.raises(BadExpression, match=r"at most|too many"):
        parse_expression(text)


def test_a_long_sum_of_inputs_is_read():
    assert evaluate(parse_expression("+".join("x" * (MAX_DEPTH - 1))), {"x": 1.0}) == MAX_DEPTH - 1


def test_names_are_in_the_order_of_appearance():
    assert parse_expression("b * a + sqrt(b) - ρ_a").names == ("b", "a", "ρ_a")


def test_the_same_steps_work_on_arrays():
    given = {"x": np.array([1.0, 4.0]), "y": 2.0}

    assert list(evaluate(parse_expression("x ** 2 / y"), given, {"**": np.float_power, "/": np.divide})) == [
        0.5,
        8,
    ]


@pytest.mark.parametrize("name", ["", "2x", "a b", "a.b", "lambda", "None", "sqrt", "ﬁ", "a" * 41, "x\n"])
def test_what_is_no_name_of_an_input(name):
    with pytest.raises(ValueError, match=r"name|read as"):
        input_name(name)


watched = threading.local()
seen: list[str] = []


def _audit(event: str, _args: tuple) -> None:
    if getattr(watched, "on", False) and event.partition(".")[0] in (
        "exec",
        "import",
        "open",
        "os",
        "subprocess",
        "socket",
        "ctypes",
    ):
        seen.append(event)


WORDS = "__import__ os system eval exec open x lambda for in if else await not"
SIGNS = "( ) . * ** + - / 1 1e9 'sh' , : [ ] = @"
words = st.lists(st.sampled_from([*WORDS.split(), *SIGNS.split(), " ", "\n"]), max_size=20).map("".join)


@given(st.one_of(words, st.text(max_size=60)))
@example("__import__(x)")
@example("exec(open(x))")
@example("x.__class__.__bases__")
def test_nothing_typed_is_executed(text):
    if not seen:
        parse_expression("x")  # whatever is loaded late is loaded before the watch begins
    watched.on = True
    try:
        expression = parse_expression(text)
        evaluate(expression, dict.fromkeys(expression.names, 1.5))
    except BudgetError as error:
        assert str(error)
    finally:
        watched.on = False

    assert seen == []


sys.addaudithook(_audit)
