"""The model of a budget: a formula that a person typed, read as data and worked out step by step.

Rules this file obeys:

* Nothing typed is ever executed: Python's parser makes a tree of the text, and what is not on the list
  below (numbers, names, + - * / **, minus, parentheses, seven functions) is refused with its place.
* Length and depth are bounded before and while the tree is walked; what remains is a flat list of steps,
  so that working it out needs no recursion.
* The same steps serve floats, uncertain numbers and arrays: the arithmetic is passed in.
* A model without a value is an error, never an infinity or NaN.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from firmware_app.uncertainty.errors import BadExpression, NoValue

MAX_CHARACTERS = 2000
MAX_DEPTH = 200
"""Operations inside one another; a sum of n terms is n deep."""

MAX_NAME_CHARACTERS = 40
SHOWN_CHARACTERS = 40

FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "tan", "abs")
"""Of one argument each; log is the natural one, angles are in radians."""

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
NEGATIVE = "negative"

Arithmetic = Mapping[str, Callable[..., Any]]
"""What stands for each operator, for ``negative`` and for each function."""

FLOATS: Arithmetic = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": math.pow,  # that of Python makes complex numbers of roots of negative ones
    NEGATIVE: operator.neg,
    "abs": abs,
    **{name: getattr(math, name) for name in FUNCTIONS if name != "abs"},
}

_STRANGE = re.compile(r"[^\w \t\r\n.+\-*/()]")
_INSTEAD = {
    "^": "**",
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "（": "(",
    "）": ")",
    "，": ".",
    ",": ".",
}
_BLANKS = str.maketrans("\t\r\n", "   ")


class Number(msgspec.Struct, frozen=True):
    """A number that stands in the model."""

    value: float


class Name(msgspec.Struct, frozen=True):
    """The name of an input."""

    name: str


class Apply(msgspec.Struct, frozen=True):
    """An operation on the last results; ``start`` and ``end`` say where it stands in the text."""

    operation: str
    operands: int
    start: int
    end: int


class Expression(msgspec.Struct, frozen=True):
    """A model that was read: ``steps`` in the order of working out, ``names`` in the order of appearance."""

    text: str
    steps: tuple[Number | Name | Apply, ...]
    names: tuple[str, ...]


def parse_expression(text: str) -> Expression:
    """The model in ``text``; raises BadExpression."""
    if len(text) > MAX_CHARACTERS:
        raise BadExpression(f"the model has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    if strange := _STRANGE.search(text):
        instead = _INSTEAD.get(strange.group())
        hint = (
            f"write {instead} instead" if instead else "only letters, digits and . + - * / ** ( ) may stand"
        )
        raise _bad(text, strange.start(), f"{strange.group()!r} cannot be read: {hint}")
    blank = text.translate(_BLANKS)
    indent = len(blank) - len(blank.lstrip(" "))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python finds odd is refused below, with its place
            tree = ast.parse(blank.strip(" "), mode="eval")
    except SyntaxError as error:
        said = error.msg.partition(". ")[0].replace("invalid syntax", "something is missing or too much here")
        # Place 0 is Python's way of saying that the text ended too early.
        at = indent + error.offset - 1 if error.offset else len(text)
        raise _bad(text, at, said) from error
    except (RecursionError, MemoryError) as error:
        raise _too_deep() from error
    reader = _Reader(text, blank.strip(" ").encode(), indent)
    reader.walk(tree.body, depth=1)
    names = dict.fromkeys(step.name for step in reader.steps if isinstance(step, Name))
    return Expression(text, tuple(reader.steps), tuple(names))


def evaluate(expression: Expression, values: Mapping[str, Any], arithmetic: Arithmetic = FLOATS) -> Any:
    """What the model gives for ``values``, one for every name of it, in the arithmetic of these.

    Raises NoValue where an operation has no finite result; arrays must be told to raise (``numpy.errstate``).
    """
    stack: list[Any] = []
    for step in expression.steps:
        if isinstance(step, Number):
            stack.append(step.value)
        elif isinstance(step, Name):
            stack.append(values[step.name])
        else:
            operands = stack[-step.operands :]
            del stack[-step.operands :]
            try:
                result = arithmetic[step.operation](*operands)
            except (ArithmeticError, ValueError) as error:
                raise _no_value(expression, step, error) from error
            if isinstance(result, float) and not math.isfinite(result):
                raise _no_value(expression, step, OverflowError())
            stack.append(result)
    return stack.pop()


def input_name(name: str) -> str:
    """``name`` where it may stand in a model; raises ValueError with a sentence."""
    if not name.isidentifier() or len(name) > MAX_NAME_CHARACTERS or keyword.iskeyword(name):
        raise ValueError(f"{name[:SHOWN_CHARACTERS]!r} is no name: give a letter, then letters, digits or _")
    if (usual := unicodedata.normalize("NFKC", name)) != name:
        raise ValueError(f"{name!r} is read as {usual!r} in a model: write it so")
    if name in FUNCTIONS:
        raise ValueError(f"{name!r} is a function: give the input another name")
    return name


class _Reader:
    """Walks a tree of Python once and writes down the steps it consists of."""

    def __init__(self, text: str, parsed: bytes, indent: int) -> None:
        self._text, self._parsed, self._indent = text, parsed, indent
        self.steps: list[Number | Name | Apply] = []

    def walk(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _too_deep()
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                self._number(value, node)
            case ast.Name(id=name) if name not in FUNCTIONS:
                self._name(name, node)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                self.walk(left, depth + 1)
                self.walk(right, depth + 1)
                self._apply(OPERATORS[type(op)], 2, node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.walk(operand, depth + 1)
                self._apply(NEGATIVE, 1, node)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                self.walk(operand, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                if isinstance(argument, ast.Starred):
                    raise self._refused(node)
                self.walk(argument, depth + 1)
                self._apply(name, 1, node)
            case _:
                raise self._refused(node)

    def _number(self, value: float, node: ast.expr) -> None:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _bad(self._text, self._place(node)[0], "too large a number")
        self.steps.append(Number(number))

    def _name(self, name: str, node: ast.expr) -> None:
        start, end = self._place(node)
        if self._text[start:end] != name:
            # Python reads ² or ﬁ as something plainer; whoever typed it means another name.
            raise _bad(self._text, start, f"this name is read as {name!r}: write it so")
        self.steps.append(Name(name))

    def _apply(self, operation: str, operands: int, node: ast.expr) -> None:
        self.steps.append(Apply(operation, operands, *self._place(node)))

    def _refused(self, node: ast.expr) -> BadExpression:
        start = self._place(node)[0]
        match node:
            case ast.Name(id=name):
                words = f"{name} is a function: write {name}(…)"
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                words = f"{name} takes one argument"
            case ast.Call(func=ast.Name(id=name)):
                known = ", ".join(FUNCTIONS)
                words = f"{name[:SHOWN_CHARACTERS]!r} is no function (a product has its *); known: {known}"
            case ast.Call():
                words = "this is called like a function; write * for a product"
            case ast.BinOp() | ast.UnaryOp():
                words = "this operator is not known; known: + - * / **"
            case _:
                words = (
                    f"this is not arithmetic; known: numbers, names, + - * / ** ( ), {', '.join(FUNCTIONS)}"
                )
        return _bad(self._text, start, words)

    def _place(self, node: ast.expr) -> tuple[int, int]:
        """First character and the one after the last; the parser counts bytes of UTF-8."""
        start, end = node.col_offset, node.end_col_offset or node.col_offset
        return (
            self._indent + len(self._parsed[:start].decode()),
            self._indent + len(self._parsed[:end].decode()),
        )


def _too_deep() -> BadExpression:
    return BadExpression(
        f"the model is nested too deeply; at most {MAX_DEPTH} operations may stand in one another"
    )


def _bad(text: str, at: int, words: str) -> BadExpression:
    return BadExpression(f"model, character {at + 1} ({_shown(text[at:])}): {words}")


def _no_value(expression: Expression, step: Apply, error: Exception) -> NoValue:
    if isinstance(error, ZeroDivisionError):
        words = "division by zero"
    elif isinstance(error, OverflowError):
        words = "too large a number"
    else:
        words = "has no value for these inputs"
    place = _shown(expression.text[step.start : step.end])
    return NoValue(f"model, character {step.start + 1} ({place}): {words}")


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return (
        repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…") if text else "the end"
    )
