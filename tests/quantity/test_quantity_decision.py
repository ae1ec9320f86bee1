"""Decision rules as tables on and beside every limit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.uncertainty.decision import Verdict, capable, guarded, simple, worst

C, N, U, X = Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED, Verdict.CANNOT_JUDGE


@pytest.mark.parametrize(
    ("error", "expanded", "limit", "verdict"),
    [
        ("0", "0", "0", C),
        ("5", "0", "5", C),
        ("5.0001", "0", "5", N),
        ("4", "1", "5", C),
        ("-4", "1", "5", C),
        ("4.01", "1", "5", U),
        ("6", "1", "5", U),  # |E| − U = limit is not beyond it
        ("-6", "1", "5", U),
        ("6.01", "1", "5", N),
        ("-6.01", "1", "5", N),
        ("0", "6", "5", U),
    ],
)
def test_guarded(error: str, expanded: str, limit: str, verdict: Verdict) -> None:
    assert guarded(Decimal(error), Decimal(expanded), Decimal(limit)) is verdict


@pytest.mark.parametrize(
    ("error", "limit", "verdict"), [("5", "5", C), ("-5", "5", C), ("5.01", "5", N), ("-5.01", "5", N)]
)
def test_simple_acceptance_is_inclusive(error: str, limit: str, verdict: Verdict) -> None:
    assert simple(Decimal(error), Decimal(limit)) is verdict


@pytest.mark.parametrize(
    ("expanded", "limit", "able"),
    [("1", "3", True), ("1.0001", "3", False), ("0", "0", True), ("0.1", "0", False)],
)
def test_the_reference_side_must_know_a_third_of_the_limit(expanded: str, limit: str, able: bool) -> None:
    assert capable(Decimal(expanded), Decimal(limit)) is able


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([], X),
        ([C], C),
        ([C, U], U),
        ([U, X], U),
        ([C, X], X),
        ([C, U, X, N], N),
    ],
)
def test_the_worst_part_is_the_verdict_on_the_whole(parts: list[Verdict], whole: Verdict) -> None:
    assert worst(parts) is whole
    assert worst(parts[::-1]) is whole


numbers = st.decimals(min_value=0, max_value=1000, places=3)


@given(st.decimals(min_value=-1000, max_value=1000, places=3), numbers, numbers)
def test_nobody_is_accused_or_cleared_by_chance(error: Decimal, expanded: Decimal, limit: Decimal) -> None:
    verdict = guarded(error, expanded, limit)

    if verdict is N:
        assert abs(error) - expanded > limit
    if verdict is C:
        assert abs(error) + expanded <= limit
    if expanded == 0:
        assert verdict is simple(error, limit)
    assert guarded(-error, expanded, limit) is verdict
