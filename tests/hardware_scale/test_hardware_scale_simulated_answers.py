"""What simulated scales answer: exchange lists of (sent, received), and hostile hosts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.simulated.answers import LONGEST, Commands
from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders.registers import framed, laumas_division
from hardware.scale.simulated.hosts import HOSTS
from hardware.scale.simulated.modbus import MAPS, Slave

NOW = Display(value=Decimal("1.235"), interval=Decimal("0.005"))
MOVING = Display(value=Decimal("0.742"), stable=False, interval=Decimal("0.001"))
OVER = Display(value=None, overload=True, interval=Decimal("0.005"))
NET = Display(value=Decimal("1.000"), tare=Decimal("0.235"), kind="net", interval=Decimal("0.005"))
ZERO = Display(value=Decimal("0.000"), interval=Decimal("0.001"))


def rtu(text: str) -> bytes:
    return framed(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("profile", "now", "exchanges"),
    [
        (
            "mt-sics",
            MOVING,
            [(b"SI\r\n", b"S D      0.742 kg\r\n"), (b"HELLO\r\n", b"ES\r\n"), (b"\r\n", b"")],
        ),
        ("mt-sics", NOW, [(b"I4\r\n", b'I4 A "SIM0001"\r\n')]),
        ("mt-sics", OVER, [(b"SI\r\n", b"S +\r\n")]),
        ("and-standard", NOW, [(b"Q\r\n", b"ST,+0001.235 kg\r\n"), (b"X\r\n", b"")]),
        (
            "radwag",
            NOW,
            [(b"SI\r\n", b"SI        1.235 kg \r\n"), (b"C1\r\n", b"C1 A\r\n"), (b"?\r\n", b"ES\r\n")],
        ),
        (
            "ohaus-3000",
            NOW,
            [(b"IP\r\n", b"   1.235 kg    G\r\n"), (b"Z\r\n", b"OK!\r\n"), (b"Y\r\n", b"ES\r\n")],
        ),
        ("shimadzu-eb", NOW, [(b"D05\r", b"    1.235kg\r"), (b"D07\r", b"S    1.235kg\r"), (b"D99\r", b"")]),
        ("toledo-8217", NOW, [(b"W", b"\x0201.235\r"), (b"Q", b""), (b"W", b"\x0201.235\r")]),
        ("toledo-8217", MOVING, [(b"W", b"\x02?a\r")]),
        ("toledo-8217", OVER, [(b"W", b"\x02?b\r")]),
        ("toledo-8217", NET, [(b"W", b"\x0201.000N\r")]),
        ("toledo-8217", NOW, [(b"Ehello", b"\x02E\rhello"), (b"F", b"F\x02F\r"), (b"x", b"")]),
        ("toledo-8213", MOVING, [(b"W", b"")]),
        ("cas-pd2", NOW, [(b"\x05", b"\x06"), (b"\x11", b"\x01\x02S 01.235kgd\x03\x04")]),
        ("avery-fx120", NOW, [(b"\x05", b"\x06"), (b"\x11", b"\x02\x2901235\x1f\x03")]),
        ("acs-p215", NOW, [(b"$", b"\r 1235"), (b"P", b"\r 1235"), (b"Q", b"")]),
        (
            "elzab-ext",
            NOW,
            [(b"\x1bE", b"\x1bS 01.235\r\n"), (b"\x1bX", b""), (b"\x1bE", b"\x1bS 01.235\r\n")],
        ),
        ("sartorius-sbi16", NOW, [(b"\x1bP\r\n", b"+    1.235 kg \r\n"), (b"\x1bP", b"+    1.235 kg \r\n")]),
        ("gng-14", NOW, [(b"\x1bp", b"    1.235 kg\r\n")]),
        ("sterling-7600", NOW, [(b"SGW", b"SGWGross   1.235 kg\r\n")]),
        ("nci-ecr", NOW, [(b"W\r", b"\n01.235KG\r\nS00\r\x03")]),
        ("nci-ecr", OVER, [(b"W\r", b"\n^^^^^^KG\r\nS02\r\x03")]),
        ("sma-scp0499", NOW, [(b"\nW\r", b"\n 1G       1.235kg \r")]),
        ("sma-scp0499", MOVING, [(b"\nW\r", b"\n 1GM      0.742kg \r")]),
        ("yaohua-command", NET, [(b"\x02AB03\x03", b"\x02AB+00123531E\x03")]),
        ("yaohua-command", NET, [(b"\x02AD05\x03", b"\x02AD+00100031C\x03")]),
        ("yaohua-command", NOW, [(b"\x02AA00\x03", b""), (b"\x02AB04\x03", b""), (b"\x02BB00\x03", b"")]),
        ("yaohua-command", OVER, [(b"\x02AB03\x03", b"")]),
        (
            "massa-100",
            ZERO,
            [
                (
                    bytes.fromhex("F855CE0100232300"),
                    bytes.fromhex("F855CE0D0024000000000101000100000000FC23"),
                ),
                (bytes.fromhex("F855CE0100232301"), b""),
                (bytes.fromhex("F855CE0100232300")[2:], b""),
            ],
        ),
        ("flintec-modbus", NOW, [(rtu("010300000002"), rtu("01 03 04 00 00 04 D3"))]),
        (
            "flintec-modbus",
            OVER,
            [(rtu("010300000002"), rtu("01 83 04")), (rtu("010300020001"), rtu("01 03 02 00 00"))],
        ),
        (
            "flintec-modbus",
            NOW,
            [(rtu("010300000009"), rtu("01 83 02")), (rtu("010300000000"), rtu("01 83 03"))],
        ),
        ("flintec-modbus", NOW, [(rtu("01 2B 0000 0001"), rtu("01 AB 01")), (rtu("020300000002"), b"")]),
        ("flintec-modbus", NOW, [(rtu("010300000002")[:-1] + b"\x00", b"")]),
        ("laumas-modbus", NET, [(rtu("010300060001"), rtu("01 03 02 0C 00"))]),
        ("laumas-modbus", NET, [(rtu("010300070004"), rtu("01 03 08 0000 04D3 0000 03E8"))]),
        ("laumas-modbus", NOW, [(rtu("0103000D0001"), rtu("01 03 02 00 0D"))]),
        ("laumas-modbus", OVER, [(rtu("010300060001"), rtu("01 03 02 08 0C"))]),
    ],
)
def test_an_exchange_is_the_one_of_the_manual(
    profile: str, now: Display, exchanges: list[tuple[bytes, bytes]]
) -> None:
    host = HOSTS[profile]()
    for sent, received in exchanges:
        assert host.hear(sent, now).answer == received


@pytest.mark.parametrize("profile", sorted(HOSTS))
def test_a_request_is_understood_however_it_is_cut(profile: str) -> None:
    """Given requests one byte at a time, then the answers are those of whole requests."""
    sent = (
        b"SI\r\nW\x05\x11\x1bE\x1bP$"
        + bytes.fromhex("F855CE0100232300")
        + b"\x02AB03\x03"
        + rtu("010300000002")
    )
    whole, parts = HOSTS[profile](), HOSTS[profile]()
    at_once = whole.hear(sent[:LONGEST], NOW)
    cut = [parts.hear(bytes([byte]), NOW) for byte in sent[:LONGEST]]
    assert at_once.answer == b"".join(each.answer for each in cut)
    assert at_once.keys == tuple(key for each in cut for key in each.keys)


@pytest.mark.parametrize(
    ("profile", "sent", "keys"),
    [
        ("mt-sics", b"Z\r\n", ("zero",)),
        ("mt-sics", b"T\r\n", ("tare",)),
        ("and-standard", b"R\r\nT\r\n", ("zero", "tare")),
        ("toledo-8217", b"ZT", ("zero", "tare")),
        ("flintec-modbus", rtu("01 10 0008 0001 02 0002"), ("tare",)),
        ("flintec-modbus", rtu("01 06 0008 0002"), ("tare",)),
        ("flintec-modbus", rtu("01 06 0008 0001"), ()),
        ("laumas-modbus", rtu("01 06 0005 0008"), ("zero",)),
        ("massa-100", bytes.fromhex("F855CE0100727200"), ("zero",)),
    ],
)
def test_a_host_can_press_keys(profile: str, sent: bytes, keys: tuple[str, ...]) -> None:
    assert HOSTS[profile]().hear(sent, NOW).keys == keys


def test_the_tare_of_the_manual_is_answered_as_in_the_manual() -> None:
    """Given the Flintec manual's tare request (p.48), then register and number of registers come back."""
    heard = HOSTS["flintec-modbus"]().hear(bytes.fromhex("01 10 00 08 00 01 02 00 02 26 D9"), NOW)
    assert heard.answer == rtu("01 10 0008 0001")


def test_a_stable_weight_is_waited_for() -> None:
    host = HOSTS["mt-sics"]()
    assert host.hear(b"S\r\nT\r\n", MOVING).answer == b""
    assert host.rest(NOW) == b"S S      1.235 kg\r\nT S      1.235 kg\r\n"
    assert host.rest(NOW) == b""
    radwag = HOSTS["radwag"]()
    assert radwag.hear(b"S\r\n", MOVING).answer == b"S A\r\n"
    assert radwag.rest(NOW) == b"S         1.235 kg \r\n"


def test_streams_are_switched_on_and_off() -> None:
    for profile, on, off in (
        ("mt-sics", b"SIR\r\n", b"@\r\n"),
        ("and-standard", b"SIR\r\n", b"C\r\n"),
        ("radwag", b"C1\r\n", b"C0\r\n"),
        ("shimadzu-eb", b"D01\r", b"D09\r"),
        ("ohaus-3000", b"CP\r\n", b"0P\r\n"),
    ):
        host = HOSTS[profile]()
        assert host.repeating
        host.hear(off, NOW)
        assert not host.repeating
        host.hear(on, NOW)
        assert host.repeating


@given(st.sampled_from(sorted(HOSTS)), st.lists(st.binary(max_size=300), max_size=8))
def test_no_bytes_whatever_make_a_scale_stumble_or_grow(profile: str, sent: list[bytes]) -> None:
    host = HOSTS[profile]()
    for data in sent:
        for now in (NOW, OVER):
            assert len(host.hear(data, now).answer) <= 64 * (len(data) + 1)
        host.rest(NOW)
    if isinstance(host, Commands):
        assert len(host._line) <= LONGEST
        assert not host._waiting


@given(st.sampled_from(sorted(MAPS)), st.integers(-20, 3009), st.integers(0, 300))
def test_registers_hold_what_is_displayed(kind: str, steps: int, tare: int) -> None:
    """Given any display, when its registers are read one by one as words, then they make the weight again."""
    value, tared = steps * Decimal("0.005"), tare * Decimal("0.005")
    shown = Display(value=value, tare=tared, kind="net" if tare else "gross", interval=Decimal("0.005"))
    registers = MAPS[kind](shown)
    first = 9 if kind == "laumas-modbus" else 0
    high, low = registers[first], registers[first + 1]
    assert high is not None
    assert low is not None
    number = high << 16 | low
    if kind == "laumas-modbus":
        status = registers[6]
        assert status is not None
        number = -number if status >> 8 & 1 else number
        assert bool(status >> 10 & 1) is bool(tare)
    else:
        number -= (number >> 31) << 32
    assert number == value * 1000


def test_the_divisions_of_laumas_are_in_its_order() -> None:
    assert [laumas_division(Decimal(d)) for d in ("100", "50", "1", "0.5", "0.001", "0.0001")] == [
        0,
        1,
        6,
        7,
        15,
        18,
    ]


def test_a_slave_drops_what_is_no_request() -> None:
    slave = Slave("modbus-rtu")
    assert slave.hear(b"\xff" * 5000, NOW) == (b"", ())
    assert slave.hear(rtu("010300000002"), NOW)[0] == rtu("01 03 04 00 00 04 D3")
