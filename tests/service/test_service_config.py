"""The configuration: every key checked, every error a sentence that names file, key and remedy."""

import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

from firmware_app import parts
from firmware_app.errors import SteelyardError
from firmware_app.service import config
from firmware_app.service.check import check
from firmware_app.settings_file import BadSettings
from hardware.loadcell.contract import LoadCellError
from hardware.printer_contract import PrinterError
from hardware.scale.contract import ScaleError
from hardware.scanner_contract import ScannerError

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
DAY = date(2026, 11, 23)

GOOD = """\
registry = "registry.toml"
weights = "weights.toml"
[device]
id = "TZ-0001"
[pan]
driver = "spi"
calibration = "pan.toml"
rate_hz = 80
[pan.options]
bus = 0
[county]
url = "https://county.example/"
"""


def load(tmp_path, text):
    file = tmp_path / "steelyard.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)


def test_a_good_file_is_read_and_paths_are_relative_to_it(tmp_path):
    loaded = load(tmp_path, GOOD)

    assert loaded.config.pan.options == {"bus": 0}
    assert loaded.resolve(loaded.config.registry) == tmp_path / "registry.toml"
    assert len(loaded.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[county]", "[contry]", "unknown key 'contry'; did you mean 'county'? known: device, pan"),
        ("rate_hz = 80", "rate_hs = 80", "pan: unknown key 'rate_hs'; did you mean 'rate_hz'?"),
        ("rate_hz = 80", "rate_hz = 8000", "pan.rate_hz = 8000: give a whole number, 1 … 400 (nominal conv"),
        ("rate_hz = 80", 'rate_hz = "80"', 'pan.rate_hz = "80": give a whole number, 1 … 400'),
        (
            'id = "TZ-0001"',
            'id = "../../etc"',
            'device.id = "../../etc": give 1 to 32 letters',
        ),
        (
            'url = "https://county.example/"',
            'url = "ftp://x"',
            'county.url = "ftp://x": give http(s) address',
        ),
        ("[device]\nid", "[device]\nserial", "device: unknown key 'serial'"),
        ('driver = "spi"\n', "", "pan.driver is missing: give text in quotes (1 to"),
        ("[pan]", "[pan", "not a TOML file"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path, old, new, words):
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, GOOD.replace(old, new, 1))

    assert words in str(refusal.value)
    assert "steelyard.toml" in str(refusal.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "steelyard.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadSettings, match="not UTF-8 text"):
        config.load(tmp_path / "steelyard.toml")


@pytest.fixture
def complete(tmp_path):
    """A configuration with every file that it names."""
    for name in ("registry.toml", "weights.toml", "pan.toml"):
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def test_a_configuration_whose_files_are_all_there_passes_the_check(complete):
    check(load(complete, GOOD), DAY)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('driver = "spi"', 'driver = "spl"', "did you mean 'spi'?"),
        ('registry = "registry.toml"', 'registry = "none.toml"', "none.toml"),
        ('calibration = "pan.toml"', 'calibration = "weights.toml"', "weights.toml"),
        ('weights = "weights.toml"', 'weights = "registry.toml"', "registry.toml"),
        ("[county]", '[lead]\ntransport = "seral"\n[county]', "did you mean 'serial'?"),
        (
            "[county]",
            '[lead]\ntransport = "serial"\nprofile = "yaohua"\noptions = { port = "/dev/ttyS0" }\n[county]',
            "no protocol 'yaohua'",
        ),
        ("bus = 0", "bus = 99", "pan.options: spi: option bus: Expected `int` <= 31 (given: 99)"),
        ("bus = 0", "buss = 0", "did you mean 'bus'?"),
        ("[county]", '[lead]\ntransport = "serial"\n[county]', "lead.options: scale transport 'serial'"),
        ("[county]", '[scanner]\ndriver = "evdve"\n[county]', "did you mean 'evdev'?"),
        (
            "[county]",
            '[scanner]\ndriver = "evdev"\n[scanner.options]\ndevice = "/etc/passwd"\n[county]',
            "scanner.options: scanner 'evdev': Expected `str` matching regex",
        ),
        ("[county]", '[printer]\ndriver = "usb"\n[printer.options]\ndots = 400\n[county]', "printer.options"),
        ("[county]", '[printer]\ndriver = "laser"\n[county]', "no part 'laser'"),
        ("[county]", '[printer]\ndriver = "usb"\nfont = "/nowhere.ttc"\n[county]', "install fonts-noto-cjk"),
    ],
)
def test_the_check_looks_at_everything_that_the_file_names(complete, old, new, words):
    with pytest.raises((SteelyardError, OSError)) as refusal:
        check(load(complete, GOOD.replace(old, new, 1)), DAY)

    assert words in str(refusal.value)


ENTRY_POINTS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["entry-points"]


@pytest.mark.parametrize("group", ["loadcell", "scale_transport", "scanner", "printer"])
def test_every_driver_has_its_options_checked_without_being_opened(group):
    drivers, checks = (ENTRY_POINTS[f"steelyard.{group}{behind}"] for behind in ("", "_options"))
    assert set(drivers) == set(checks)
    for name in drivers:
        with pytest.raises((LoadCellError, ScaleError, ScannerError, PrinterError)):
            parts.check_options(f"steelyard.{group}", name, {"no_such_option": 1})
