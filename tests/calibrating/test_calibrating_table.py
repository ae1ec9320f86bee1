"""Files of points as people write them, and as they should not."""

from __future__ import annotations

from pathlib import Path

import pytest
from calibrating_data import real
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.calibrating.points import Direction
from firmware_app.calibrating.table import BadPoints, parse_points, read_points


def test_the_real_files_are_read_as_they_are() -> None:
    (beam,) = read_points(real("calibration_single_beam_hx711.csv"))
    cells = read_points(real("calibration_values_gmF.csv"))

    assert (beam.name, len(beam.points)) == ("Reading", 17)
    assert [(cell.name, len(cell.points)) for cell in cells] == [
        ("tal220", 14),
        ("degraw", 13),
        ("CZL635", 13),
    ]
    assert (beam.points[0].row, beam.points[0].load_g, beam.points[0].counts) == (2, -1500.52, -549_260)
    assert all(point.direction is Direction.UNKNOWN for point in beam.points)


@pytest.mark.parametrize(
    "text",
    [
        "grams,counts\n0,100\n500,1100\n",
        "counts,grams\n100,0\n1100,500\n",
        "\ufeffWeight (g) ; Reading\r\n0;100\r\n500;1100\r\n",
        "# by hand\n\nload\tadc\n0\t100\n500,0\t1100\n",
        "mass [kg],raw\n0,100\n0.5,1100\n",
        "raw,Known mass (g)\n100,0\n1100,500\n",
        "Counts ,kg\n100,0\n1100,.5\n,7\n",
        "重量(克),读数\n0,100\n500,1100\n",
        "公斤,读数\n0,100\n0.5,1100\n",
        "grams,counts\n0.00000000000000,100.000000000000000\n500,1100\n",
    ],
)
def test_columns_are_known_by_their_headings_in_any_order(text: str) -> None:
    (column,) = parse_points(text.encode())

    assert [(point.load_g, point.counts) for point in column.points] == [(0, 100), (500, 1100)]


def test_a_mean_that_a_script_wrote_in_full_is_a_figure() -> None:
    (column,) = parse_points(b"grams,counts\n87.16799999999999,84770.99171660475\n")

    assert [(point.load_g, point.counts) for point in column.points] == [
        (87.16799999999999, 84770.99171660475)
    ]


def test_all_that_a_point_may_carry() -> None:
    text = (
        "grams,counts,u,load_u,direction,cycle,time,temperature_c,pieces\n"
        "0,84000,12,0,up,1,3.5,20.5,\n500,234000,,0.014,DOWN,2,,,M1-500g M1-1\n"
    )

    (column,) = parse_points(text.encode())
    first, second = column.points

    assert (first.counts_u, first.direction, first.cycle, first.at_s, first.temperature_c) == (
        12,
        "up",
        1,
        3.5,
        20.5,
    )
    assert (second.counts_u, second.direction, second.load_u_g, second.pieces) == (
        None,
        "down",
        0.014,
        ("M1-500g", "M1-1"),
    )
    assert (second.load_text, second.counts_text, second.row) == ("500", "234000", 3)


def test_directions_are_seen_where_the_same_loads_rise_and_fall() -> None:
    rising = "grams,counts\n0,1\n500,2\n1000,3\n1500,4\n1000,3\n500,2\n0,1\n"

    (both,) = parse_points(rising.encode())
    (one,) = parse_points(rising[: rising.index("1500") + 7].encode())

    assert [point.direction.value for point in both.points] == [
        "up",
        "up",
        "up",
        "up",
        "down",
        "down",
        "down",
    ]
    assert {point.direction for point in one.points} == {Direction.UNKNOWN}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"grams,counts\n0,1\0\n", "NUL"),
        (b"1,2\n3,4\n", "without a heading"),
        (b"size,counts\n1,2\n", "no column of loads"),
        (b"grams\n1\n", "no column of counts"),
        (b"weight (lb),counts\n1,2\n", "row 1: loads in 'lb'"),
        (b"mass_mg,counts\n1,2\n", "row 1: loads in 'mg'"),
        (b"load [N],counts\n1,2\n", "row 1: loads in 'n'"),
        ("重量(斤),读数\n1,2\n".encode(), "row 1: loads in '斤'"),
        (b"grams,a,a\n1,2,3\n", "same name"),
        (b"grams,counts\n", "no row"),
        (b"grams,counts\n1,2\nx,3\n", "row 3: load 'x' is no figure"),
        (b"grams,counts\n1,2\n5,nan\n", "row 3: counts 'nan' is no figure"),
        (b"grams,counts\n1e99,2\n", "row 2: load 1e99 is beyond"),
        (b"grams,counts\n1,9999999999\n", "row 2: counts 9999999999 is beyond"),
        (b"grams,counts\n,5\n", "row 2: counts without a load"),
        (b"grams,counts,u\n1,2,-3\n", "row 2: an uncertainty is below zero"),
        (b"grams,counts,direction\n1,2,sideways\n", "row 2: direction 'sideways': give up or down"),
        (b"grams,counts\n" + b"a,b\n" * 9, "and 4 more"),
        (b"grams,counts\n" + b"1,2\n" * 500, "at most 400 points"),
        (b"grams,counts\n" + b"1," * 50 + b"\n", "51 columns"),
        (b"g" * (1 << 20) + b"gg", "more than 1048576 bytes"),
        (b"grams,counts\n" + b"1" * 9000 + b",2\n", "longer than any row"),
    ],
)
def test_hostile_and_careless_files_are_refused_with_the_row(text: bytes, words: str) -> None:
    with pytest.raises(BadPoints, match=r"^points: ") as refused:
        parse_points(text)

    assert words in str(refused.value)


@given(st.binary(max_size=300) | st.text("grams,counts0123456789.-+e;\t\n#\"'", max_size=300).map(str.encode))
def test_whatever_comes_is_points_or_a_sentence(data: bytes) -> None:
    try:
        columns = parse_points(data)
    except BadPoints as error:
        assert str(error).startswith("points: ")
    else:
        assert all(abs(point.load_g) <= 1e7 for column in columns for point in column.points)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_points(tmp_path / "none.csv")
