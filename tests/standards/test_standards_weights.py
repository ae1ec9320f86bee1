"""Reference weights: what the file may say, what a pile of them stands for, which loads they make."""

import contextlib
from datetime import date
from decimal import Decimal as D
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.mpe import Instrument, mpe, reference_limit
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Stage, WeightsPack
from firmware_app.standards.select import choose_loads
from firmware_app.standards.sets import BadWeights, NotUsable, load_weights, parse_weights, reference_mass

ON = date(2026, 11, 23)
CLASSES = pack_in_force(WeightsPack, ON)
LAW = pack_in_force(NawiPack, ON)
DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data" / "weights.toml"
MARKET = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), min_g=D(100), price_computing=True)


def drawer(*pieces, weight_class="M1", valid_to="2027-10-31", extra=""):
    body = ", ".join(pieces)
    return parse_weights(
        f'[[set]]\nid = "S"\nclass = "{weight_class}"\ncertificate = "C-1"\nvalid_to = {valid_to}\n'
        f"{extra}pieces = [{body}]\n".encode(),
        CLASSES,
    )


def pieces_of(sets):
    return tuple(piece for weight_set in sets for piece in weight_set.pieces)


def test_a9_uncertainties_of_weights_are_summed_arithmetically():
    # Source: acceptance case A9: M1 2 kg + 1 kg, tolerances 100 + 50 mg, u = 150 mg/√3 = 0.0866 g.
    mass = reference_mass(pieces_of(drawer('{nominal="2 kg"}', '{nominal="1 kg"}')), ON)
    assert mass.value == 3000
    assert mass.standard == pytest.approx(0.150 / sqrt(3))
    assert mass.standard == pytest.approx(0.0866, abs=5e-5)


def test_a_certificate_replaces_the_tolerance():
    sets = drawer('{nominal="1 kg", conventional_mass="1000.012g", expanded_uncertainty="16mg"}')
    mass = reference_mass(pieces_of(sets), ON)
    assert (mass.value, mass.standard) == (1000.012, 0.008)


@pytest.mark.parametrize(
    ("on", "why"), [(date(2027, 11, 1), "expired"), (date(2025, 12, 31), "not_yet_valid")]
)
def test_out_of_date_is_not_usable_and_says_why(on, why):
    pieces = pieces_of(load_weights(DEMO, CLASSES))
    with pytest.raises(NotUsable, match=why):
        reference_mass(pieces[:1], on)
    assert choose_loads(LAW, MARKET, D(5), pieces, on) == ()
    assert pieces[0].unusable(date(2027, 10, 31)) == ""


def test_nothing_on_the_pan_stands_for_nothing():
    with pytest.raises(NotUsable):
        reference_mass((), ON)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pieces": ['{nominal="1500 g"}']}, "not a nominal value"),
        ({"pieces": ['{nominal="1000"}']}, r"^weights: set 1 \(S\): pieces 1 \(1000\): nominal: .*unit"),
        ({"pieces": ["{nominal=1000}"]}, r"nominal = 1000: give text in quotes \(a mass with its unit"),
        ({"pieces": ['{nominal="-1 kg"}']}, "above zero"),
        ({"pieces": ['{nominal="1 kg", count=0}']}, "count = 0: give a whole number, 1 … 64"),
        ({"pieces": ['{nominal="1 kg", count=65}']}, "count = 65: give"),
        (
            {"pieces": ['{nominal="1 kg", count=60}', '{nominal="2 kg", count=5}']},
            "65 weights; .* at most 64",
        ),
        (
            {"pieces": ['{nominal="1 kg", weigth="x"}']},
            r"pieces 1 \(1 kg\): unknown key 'weigth'; known: nominal",
        ),
        ({"pieces": ['{nominal="1 kg", conventional_mass="1000.1", expanded_uncertainty="16mg"}']}, "unit"),
        (
            {"pieces": ['{nominal="1 kg", count=2, conventional_mass="1 kg", expanded_uncertainty="16mg"}']},
            "count must be 1",
        ),
        ({"pieces": ['{nominal="1 kg"}'], "weight_class": "M9"}, "M9"),
        ({"pieces": ['{nominal="0.2 g"}'], "weight_class": "M3"}, "not defined"),
        ({"pieces": ['{nominal="1 kg", conventional_mass="1000.1g"}']}, "come together"),
        (
            {"pieces": ['{nominal="1 kg", conventional_mass="1000.051g", expanded_uncertainty="16mg"}']},
            "must not be used as that class",
        ),
        ({"pieces": []}, "no pieces"),
        ({"pieces": ['{nominal="1 kg"}', '{nominal="1 kg"}']}, "twice"),
        ({"pieces": ['{nominal="1 kg"}'], "valid_to": '"soon"'}, 'valid_to = "soon": give a date'),
        (
            {"pieces": ['{nominal="1 kg"}'], "extra": "[[set]]\n"},
            r"set 1 \(S\): pieces is missing: give a list",
        ),
        ({"pieces": ['{nominal="1 kg"}'], "extra": "name = 7\n"}, "name = 7: give text"),
        ({"pieces": ['{nominal="1 kg"}'], "extra": "valid_from = 2030-01-01\n"}, "after"),
        ({"pieces": ['{nominal="1 kg"}'], "extra": "certifcate = 'x'\n"}, "did you mean 'certificate'"),
    ],
)
def test_a_bad_file_is_refused_in_words(arguments, words):
    pieces = arguments.pop("pieces")
    with pytest.raises(BadWeights, match=words):
        drawer(*pieces, **arguments)


def test_two_sets_of_one_name_and_files_without_measure_are_refused(tmp_path):
    text = '[[set]]\nid = "S"\nclass = "M1"\ncertificate = "C"\nvalid_to = 2027-10-31\n{}'
    with pytest.raises(BadWeights, match="set S is listed twice"):
        parse_weights(
            "".join(text.format(f'pieces = [{{nominal="{n} kg"}}]\n') for n in (1, 2)).encode(), CLASSES
        )
    with pytest.raises(BadWeights, match=r"certificate = .*1 … 80 characters"):
        parse_weights(text.format("pieces = []").replace('"C"', '"  "').encode(), CLASSES)
    (tmp_path / "weights.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(BadWeights, match=r"^weights\.toml: more than 1048576 bytes"):
        load_weights(tmp_path / "weights.toml", CLASSES)
    with pytest.raises(FileNotFoundError):
        load_weights(tmp_path / "none.toml", CLASSES)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data):
    with contextlib.suppress(BadWeights):
        assert parse_weights(data, CLASSES) is not None


def test_the_demonstration_drawer_serves_a_market_scale():
    pieces = pieces_of(load_weights(DEMO, CLASSES))
    loads = choose_loads(LAW, MARKET, D(5), pieces, ON)
    assert [load.nominal_g for load in loads] == [1000, 2500, 5000]
    assert [len(load.pieces) for load in loads] == [1, 2, 1]
    assert not any("CERT" in piece.certificate and "NOT" not in piece.certificate for piece in pieces)


def test_a_coarse_class_is_refused_where_it_takes_more_than_a_third():
    # Source: fact sheet 1.6: for 15 kg/5 g, M3 fails from 2.5 kg up, and passes at 1 kg (0.5 g of 0.83 g).
    pieces = pieces_of(drawer('{nominal="2 kg"}', '{nominal="1 kg"}', '{nominal="500 g"}', weight_class="M3"))
    loads = choose_loads(LAW, MARKET, D(5), pieces, ON)
    assert D(2500) not in [load.nominal_g for load in loads]
    assert D(1000) in [load.nominal_g for load in loads]


NOMINALS = st.sampled_from(
    ["10 g", "20 g", "50 g", "100 g", "200 g", "500 g", "1 kg", "2 kg", "5 kg", "10 kg"]
)
SIZES = st.sampled_from(
    [("15000", "5", "100"), ("30000", "10", "200"), ("6000", "2", "40"), ("3000", "1", "20")]
)


@settings(deadline=None)
@given(st.lists(NOMINALS, min_size=1, max_size=12, unique=True), SIZES)
def test_whatever_the_drawer_holds_the_loads_are_lawful(nominals, size):
    max_g, e_g, min_g = map(D, size)
    instrument = Instrument(accuracy_class="III", max_g=max_g, e_g=e_g, min_g=min_g)
    pieces = pieces_of(drawer(*[f'{{nominal="{nominal}"}}' for nominal in nominals]))
    loads = choose_loads(LAW, instrument, e_g, pieces, ON)
    assert len(loads) <= 3
    assert [load.nominal_g for load in loads] == sorted({load.nominal_g for load in loads})
    for load in loads:
        assert min_g <= load.nominal_g <= max_g and load.nominal_g % e_g == 0
        assert sum(piece.nominal_g for piece in load.pieces) == load.nominal_g
        assert len({piece.id for piece in load.pieces}) == len(load.pieces)
        answer = mpe(LAW, instrument, load.nominal_g, Stage.INITIAL, ON)
        assert sum(piece.tolerance_g for piece in load.pieces) <= reference_limit(LAW, answer)


PAGE = Path(__file__).parents[2] / "docs" / "stalls-and-weights.md"


def test_the_example_of_the_page_is_read_as_it_says():
    page = PAGE.read_text(encoding="utf-8")
    example = "\n".join(
        line[4:]
        for line in page[page.index("    [[set]]") : page.index("    steelyard weights list")].splitlines()
    )
    (found,) = parse_weights(example.encode(), pack_in_force(WeightsPack, date(2026, 11, 23)))
    five, one, two = found.pieces
    assert (five.certified, five.issued_by) == (False, "武威市计量检定测试所")
    assert (one.mass_g, one.standard_g, one.certificate) == (D("1000.012"), 0.008, "力字第2026-0815号")
    assert (two.certificate, two.issued_by) == ("2026-0900", "兰州市计量测试所")
    assert two.standard_g == pytest.approx(0.03 / 2.1) and two.valid_to == date(2027, 9, 1)


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ('certificate = "x"', "valid_to of its own"),
        ("valid_to = 2027-01-01", "give both or neither"),
        ('issued_by = "x"', "certificate of its own"),
        ('certificate = "x"\nvalid_from = 2028-01-01\nvalid_to = 2027-01-01', "is after"),
        ("coverage_factor = 2.0", "belongs to an expanded"),
        ('conventional_mass = "1kg"\nexpanded_uncertainty = "1mg"\ncoverage_factor = 0.5', "1 … 4"),
    ],
)
def test_a_certificate_of_a_single_weight_is_whole_or_refused(piece, words):
    file = (
        '[[set]]\nid = "s"\nclass = "M1"\ncertificate = "c"\nvalid_to = 2027-01-01\n'
        f'[[set.pieces]]\nnominal = "1 kg"\n{piece}\n'
    )
    with pytest.raises(BadWeights, match=words):
        parse_weights(file.encode(), pack_in_force(WeightsPack, date(2026, 11, 23)))
