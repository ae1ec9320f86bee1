"""EAN-13 and scale labels: check digits of published examples, layouts, and nothing repaired."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.ean13 import Carries, Ean13Error, Layout, check_digit, checked, label, price_check_digit

PRICE = Layout(prefixes=("20", "21"), carries=Carries.PRICE, decimals=2)
WEIGHT = Layout(prefixes=("22",), carries=Carries.WEIGHT, decimals=3)
CHECKED = Layout(
    prefixes=("23",), carries=Carries.PRICE, item_digits=5, value_digits=4, decimals=2, inner_check=True
)
CHECKED_5 = Layout(
    prefixes=("24",), carries=Carries.WEIGHT, item_digits=4, value_digits=5, decimals=3, inner_check=True
)
SHOP = (PRICE, WEIGHT, CHECKED, CHECKED_5)

digits = st.text("0123456789", min_size=1)


def whole(body: str) -> str:
    return body + check_digit(body)


@pytest.mark.parametrize(
    "code",
    ["6901234567892", "4006381333931", "9501101531000", "6291041500213", "5901234123457", "0000000000000"],
)
def test_published_codes_have_their_check_digit(code: str) -> None:
    assert checked(code) == code


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, more: int) -> None:
    code = whole(body)
    wrong = code[:place] + str((int(code[place]) + more) % 10) + code[place + 1 :]
    with pytest.raises(Ean13Error, match="scan again"):
        checked(wrong)


@pytest.mark.parametrize(
    "code", ["", "690123456789", "69012345678922", "69012345６7892", "690123456789x", " 6901234567892"]
)
def test_what_is_no_ean_13_is_refused(code: str) -> None:
    with pytest.raises(Ean13Error):
        checked(code)


@pytest.mark.parametrize(
    ("value", "due"),
    [("2875", "9"), ("14685", "6"), ("0000", "0"), ("00000", "0"), ("9999", "6"), ("99999", "6")],
)
def test_inner_check_digits_of_the_gs1_examples(value: str, due: str) -> None:
    """GS1 General Specifications 7.9.3 (2875) and 7.9.4 (14685).

    By hand: 9999 weighs 7 + 7 + 7 + 1 = 22, times 3 ends in 6; 99999 weighs 9 + 7 + 1 + 9 + 7 = 33, 7 are
    missing to 40, and 7 is the product of 6.
    """
    assert price_check_digit(value) == due


@given(st.sampled_from([4, 5]), st.integers(0, 99999), st.integers(0, 4), st.integers(1, 9))
def test_an_inner_check_finds_every_wrong_digit(width: int, number: int, place: int, more: int) -> None:
    value, place = f"{number % 10**width:0{width}d}", place % width
    wrong = value[:place] + str((int(value[place]) + more) % 10) + value[place + 1 :]
    assert price_check_digit(wrong) != price_check_digit(value)


@pytest.mark.parametrize("value", ["", "123", "123456", "12x4"])
def test_an_inner_check_is_over_four_or_five_digits(value: str) -> None:
    with pytest.raises(Ean13Error):
        price_check_digit(value)


@pytest.mark.parametrize(
    ("body", "item", "carries", "value"),
    [
        ("200012301234", "00123", Carries.PRICE, "12.34"),
        ("219999999999", "99999", Carries.PRICE, "999.99"),
        ("220004200750", "00042", Carries.WEIGHT, "0.750"),
        ("23000429" + "2875", "00042", Carries.PRICE, "28.75"),
        ("240042" + "6" + "14685", "0042", Carries.WEIGHT, "14.685"),
    ],
)
def test_a_label_says_item_and_value(body: str, item: str, carries: Carries, value: str) -> None:
    told = label(whole(body), SHOP)
    assert (told.item, told.carries, str(told.value)) == (item, carries, value)


def test_a_label_is_its_layout_read_backwards() -> None:
    @given(st.integers(0, 99999), st.integers(0, 99999), st.sampled_from([PRICE, WEIGHT]))
    def back(item: int, value: int, layout: Layout) -> None:
        told = label(whole(f"{layout.prefixes[0]}{item:05d}{value:05d}"), SHOP)
        assert (int(told.item), told.value) == (item, Decimal(value).scaleb(-layout.decimals))

    back()


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (whole("690123456789"), "belongs to no layout"),
        (whole("250000000000"), "belongs to no layout"),
        (whole("23000428" + "2875"), "inner check digit"),
        ("2000123012340", "check digit"),
    ],
)
def test_a_label_that_fits_no_layout_is_refused(code: str, complaint: str) -> None:
    with pytest.raises(Ean13Error, match=complaint):
        label(code, SHOP)


def test_a_prefix_that_two_layouts_claim_is_refused() -> None:
    rival = Layout(prefixes=("22",), carries=Carries.PRICE, decimals=2)
    with pytest.raises(Ean13Error, match="several layouts"):
        label(whole("220004200750"), [WEIGHT, rival])


@pytest.mark.parametrize(
    "wrong",
    [
        {"prefixes": ()},
        {"prefixes": ("19",)},
        {"prefixes": ("2",)},
        {"prefixes": ("２０",)},
        {"item_digits": 6},
        {"item_digits": 10, "value_digits": 0},
        {"decimals": 6},
        {"decimals": -1},
        {"inner_check": True},
        {"item_digits": 6, "value_digits": 3, "inner_check": True},
    ],
)
def test_a_layout_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"prefixes": ("20",), "carries": Carries.PRICE, "decimals": 2}
    with pytest.raises(Ean13Error):
        Layout(**{**right, **wrong})  # type: ignore[arg-type]
