"""Nobody honest is called short, and whoever is short by much is: simulated visits, a short version."""

import importlib.util
import sys
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.procedures.fair_weighing.judging import CERTAIN, certain
from firmware_app.uncertainty.decision import Verdict
from tests.procedures.customer import Customer

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
VISITS = 80


@pytest.fixture(scope="module")
def simulated():
    spec = importlib.util.spec_from_file_location("fair_weighing", BENCHMARKS / "fair_weighing.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("common", [1.0, 0.5])
def test_no_honest_seller_is_called_short(simulated, common):
    for name, seller in simulated.SELLERS.items():
        if seller.honest:
            row = simulated.measure(seller, 3.05, common, VISITS, seed=7)
            assert row.short == 0.0, name
            assert row.conforms + row.undecided + row.cannot == pytest.approx(1.0)


def test_the_plain_way_calls_a_seller_at_the_limit_short_every_second_time(simulated):
    row = simulated.measure(simulated.SELLERS["at the limit"], 3.05, 1.0, VISITS, seed=7)
    assert row.plain > 0.3 > row.short


@pytest.mark.parametrize("name", ["short by 2 limits", "short by 3 limits", "short by a tenth"])
def test_who_is_short_by_much_is_found(simulated, name):
    for ratio in simulated.PANS.values():
        row = simulated.measure(simulated.SELLERS[name], ratio, 0.5, VISITS, seed=7)
        assert row.short >= 0.99, ratio


def test_the_guard_of_a_shortage_is_once_in_a_thousand_at_one_side():
    # JCGM 106:2012 8.3.3 and its 99.9 %: the seller exactly at the limit, by one weighing.
    assert NormalDist().cdf(-float(CERTAIN)) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [("8.09", Verdict.UNDECIDED), ("8.091", Verdict.DOES_NOT_CONFORM), ("-8.091", Verdict.UNDECIDED)],
)
def test_short_is_said_beyond_the_guard_only_and_at_one_side_only(error, verdict):
    given = Verdict.DOES_NOT_CONFORM
    assert certain(given, Decimal(error), Decimal(5), Decimal(1)) is verdict


@pytest.mark.slow
def test_ten_thousand_visits_of_the_worst_honest_seller(simulated):
    for common in simulated.COMMON:
        row = simulated.measure(simulated.SELLERS["at the limit"], 3.05, common, 10_000)
        assert row.short <= 2e-3, "once in a thousand is the rule; this leaves room for chance"


@settings(max_examples=60, deadline=None)
@given(
    settled=st.integers(100, 14_000),
    share=st.floats(0.0, 1.0),
    kind=st.sampled_from(["low", "mid", "high"]),
    bag=st.sampled_from(["bare", "weighed", "typed", "unknown"]),
    u=st.sampled_from([0.01, 0.1, 0.3]),
)
def test_what_lies_within_the_permitted_deviation_is_never_called_short(settled, share, kind, bag, u):
    """Whatever is sold, weighed truly: only a shortage beyond the table is a shortage."""
    limits = {"low": 20, "mid": 5, "high": 2}
    missing = share * limits[kind]
    customer = Customer(settled - missing, str(settled), "g", kind=kind, price=None, bag=bag, bag_g=6.0, u=u)
    customer.bag_says = "6"
    customer.empty_g = 0.0
    assert customer.outcome().verdict is not Verdict.DOES_NOT_CONFORM
