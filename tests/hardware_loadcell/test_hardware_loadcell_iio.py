"""The driver iio: what the kernel says is parsed and checked, set-up and its words, the files it uses."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.loadcell import iio, iio_buffer, iio_files, iio_format
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError
from hardware.loadcell.iio_format import BadFormat
from hardware.loadcell.kernel_fake import FakeKernel
from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip

PERIOD = 95_200_000
OVERLAY = Path(__file__).parents[2] / "hardware" / "docs" / "hx711-overlay.dts"
VALUE, STAMP = iio_format.element("0", "le:u24/32>>0"), iio_format.element("2", "le:s64/64>>0")


class Rig:
    """A chip behind a fake kernel, with the driver on it."""

    def __init__(self, *, options=None, value=lambda number: 1000 * number + 7, faults=(), **kernel) -> None:
        self.clock = VirtualClock()
        self.truth: list[float] = []
        self.ready_ns: list[int] = []
        self.chip = SimulatedChip(self._convert, lambda: PERIOD, faults=faults)
        self.kernel = FakeKernel(self.chip, self.clock, **kernel)
        self._value = value
        self.cell = iio.IioLoadCell(self.kernel, self.clock, iio.IioOptions(**(options or {})))

    def _convert(self, at_ns: int, _period: int, gain: int) -> float:
        self.ready_ns.append(at_ns)
        self.truth.append(self._value(len(self.truth)) * gain / 128)
        return self.truth[-1]

    def read(self, number: int) -> list:
        return [self.cell.read() for _ in range(number)]


# ----------------------------------------------------------------------------------------------- its format


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        ("0", "le:u24/32"),
        ("0", "le:u24/32>>9"),
        ("0", "me:u24/32>>0"),
        ("0", "le:u33/32>>0"),
        ("0", "le:u24/24>>0"),
        ("0", "le:u24/32X2>>0"),
        ("0", ""),
        ("-1", "le:u24/32>>0"),
        ("zero", "le:u24/32>>0"),
    ],
)
def test_scan_element_that_is_not_understood_is_refused(index, kind):
    with pytest.raises(BadFormat):
        iio_format.element(index, kind)


def test_layout_of_the_driver_and_of_others():
    assert iio_format.layout(VALUE, STAMP).size == 16
    assert iio_format.layout(VALUE, STAMP).stamp_at == 8
    # the order is that of the indexes, and nothing is assumed of it
    turned = iio_format.layout(
        iio_format.element("3", "be:u24/32>>0"), iio_format.element("1", "be:s64/64>>0")
    )
    assert (turned.value_at, turned.stamp_at, turned.size) == (8, 0, 16)


@pytest.mark.parametrize("kind", ["le:u16/16>>0", "le:s24/32>>0", "le:u24/64>>0"])
def test_value_of_another_converter_is_refused(kind):
    with pytest.raises(BadFormat, match="not an HX711"):
        iio_format.layout(iio_format.element("0", kind), STAMP)


@given(st.integers(-8_388_607, 8_388_606), st.integers(0, 1 << 62), st.sampled_from(["<", ">"]))
def test_every_count_comes_through_a_record(counts, stamp_ns, order):
    name = {"<": "le", ">": "be"}[order]
    form = iio_format.layout(
        iio_format.element("0", f"{name}:u24/32>>0"), iio_format.element("2", f"{name}:s64/64>>0")
    )

    record = iio_format.unpack(struct.pack(f"{order}iiq", (counts & 0xFFFFFF) ^ 0x800000, 0, stamp_ns), form)

    assert record.stamp_ns == stamp_ns
    assert iio_format.judge(record.word) == iio_format.Judged(counts)


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_no_word_outside_24_bits_is_a_number(word):
    judged = iio_format.judge(word)

    assert (judged.counts is None) == (not 0 < word < 0xFFFFFF)
    assert (judged.counts is None) == bool(judged.faults)


def test_error_number_in_the_buffer_would_look_like_a_full_pan_to_who_masks_it():
    """-EIO cut to 24 bits is 0xFFFFFB, eight million counts."""
    judged = iio_format.judge(-errno.EIO)

    assert (judged.counts, judged.error) == (None, errno.EIO)


@pytest.mark.parametrize(
    ("word", "faults"), [(0xFFFFFF, (Fault.OVERLOAD,)), (0x000000, (Fault.UNDERLOAD,)), (0x800000, ())]
)
def test_ends_of_the_range_are_faults_and_its_middle_is_zero(word, faults):
    assert iio_format.judge(word).faults == faults


@pytest.mark.parametrize(
    ("gain", "available", "scale"),
    [
        (128, "0.000002327 0.000004655 \n", "0.000002327"),
        (64, "0.000002327 0.000004655 \n", "0.000004655"),
        (64, "0.000003910 0.000001955\n", "0.000003910"),
        (32, "0.000009311 \n", "0.000009311"),
    ],
)
def test_scale_of_a_gain(gain, available, scale):
    assert iio_format.scale_of(gain, available) == scale


@pytest.mark.parametrize("available", ["", "0.000000000 0.000000000", "0.000002327", "1 2 3", "a b", "1 3"])
def test_scales_that_do_not_tell_the_gain_are_refused(available):
    with pytest.raises(BadFormat, match="avdd-supply"):
        iio_format.scale_of(128, available)


# ----------------------------------------------------------------------------------------------- its set-up


def test_buffer_is_set_up_as_the_kernel_wants_it():
    rig = Rig()

    assert rig.cell.mode == "buffer"
    assert rig.kernel.writes == [
        ("enable", "0"),
        ("in_voltage1_en", "0"),
        ("in_voltage0_en", "1"),
        ("in_timestamp_en", "1"),
        ("current_timestamp_clock", "monotonic"),
        ("current_trigger", "steelyard-iio-device0"),
        ("sampling_frequency", "100"),
        ("length", "64"),
        ("enable", "1"),
    ]
    rig.cell.close()
    rig.cell.close()
    assert rig.kernel.writes[-1] == ("enable", "0")
    with pytest.raises(LoadCellError, match="closed"):
        rig.cell.read()


def test_trigger_in_software_is_made_where_no_timer_is_there():
    rig = Rig(triggers=("sysfs",))

    assert rig.cell.mode == "buffer"
    assert ("current_trigger", "sysfstrig711") in rig.kernel.writes
    assert [sample.faults for sample in rig.read(10)[5:]] == [()] * 5


@pytest.mark.parametrize(
    ("kernel", "refused", "words"),
    [
        ({"triggers": ()}, {}, "modprobe iio-trig-hrtimer"),
        ({"files": {"scan_elements/in_voltage0_type": "le:u24/32X2>>0"}}, {}, "is not understood"),
        ({}, {"current_timestamp_clock": errno.EINVAL}, "current_timestamp_clock"),
        ({}, {"enable": errno.EBUSY}, "another program reads this device"),
        ({}, {"current_trigger": errno.EACCES}, "no permission"),
    ],
)
def test_without_a_buffer_the_file_is_read_and_the_reason_kept(kernel, refused, words, monkeypatch):
    monkeypatch.setattr(FakeKernel, "refused", refused, raising=False)

    class Refusing(FakeKernel):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.refused = dict(refused)

    monkeypatch.setitem(globals(), "FakeKernel", Refusing)

    if "enable" not in refused:
        rig = Rig(**kernel)
        assert rig.cell.mode == "files"
        assert words in rig.cell.why_no_buffer
        assert [sample.faults for sample in rig.read(10)[5:]] == [()] * 5
    with pytest.raises(LoadCellError, match=words):
        Rig(options={"mode": "buffer"}, **kernel)


def test_trigger_that_is_not_there_is_named():
    with pytest.raises(DriverUnavailable, match="no trigger mine in"):
        Rig(options={"mode": "buffer", "trigger": "mine"})


@pytest.mark.parametrize("name", ["ads1232", ""])
def test_no_such_device_says_what_to_do(name):
    with pytest.raises(DriverUnavailable, match=r"modinfo hx711.*hx711-overlay\.dts"):
        Rig(files={"name": name})


def test_wanted_gain_is_chosen_by_the_scale():
    rig = Rig(options={"gain": 64})

    samples = rig.read(12)

    assert ("in_voltage0_scale", "0.000004655") in rig.kernel.writes
    assert [sample.faults for sample in samples[-4:]] == [()] * 4
    assert {sample.counts * 2 % 1000 for sample in samples[-4:]} <= {6, 7, 8}


# --------------------------------------------------------------------------------------------- while it runs


def test_device_that_is_taken_away_is_a_fault_and_never_a_number():
    for mode in ("buffer", "files"):
        rig = Rig(options={"mode": mode})
        rig.read(10)
        rig.kernel.unbind()

        with pytest.raises(DriverUnavailable, match="gone"):
            rig.read(3)
        rig.cell.close()


@pytest.mark.parametrize("size", [1, 8, 15, 17, 40])
def test_half_a_record_is_no_record(size):
    rig = Rig()
    rig.read(10)
    rig.kernel.push(bytes(size))

    with pytest.raises(LoadCellError, match="no whole records of 16"):
        rig.read(2)


@pytest.mark.parametrize("stamp_ns", [0, -1, 1_700_000_000_000_000_000])
def test_record_of_an_impossible_time_is_no_record(stamp_ns):
    rig = Rig()
    rig.read(10)
    rig.kernel.push(struct.pack("<iiq", 0x800000 + 5, 0, stamp_ns))

    with pytest.raises(LoadCellError, match="the stream is broken"):
        rig.read(2)


@pytest.mark.parametrize("word", [-errno.EIO, -errno.ETIMEDOUT, -1, -5000, 1 << 24, -(1 << 31)])
def test_error_in_the_buffer_is_a_fault_and_the_conversions_after_it_settle(word):
    rig = Rig()
    rig.read(10)
    now_ns = rig.clock.now_ns()
    rig.kernel.push(struct.pack("<iiq", word, 0, now_ns - 20_000_000))

    samples = rig.read(12)

    assert Fault.BAD_TRANSFER in samples[0].faults
    assert all(sample.counts in rig.truth for sample in samples if not sample.faults)
    assert any(Fault.SETTLING in sample.faults for sample in samples)
    assert not samples[-1].faults


def test_silent_chip_gives_an_error_of_the_kernel_after_seconds_and_ours_within_one():
    rig = Rig(faults=[ScheduledFault(2 * SECOND, ChipFault.UNPLUG)])
    rig.read(15)
    begun_ns = rig.clock.now_ns()

    samples = rig.read(5)

    assert {sample.faults for sample in samples[1:]} == {(Fault.DISCONNECTED,)}
    assert all(sample.counts is None for sample in samples[1:])
    assert samples[1].at_ns - begun_ns < SECOND + 2 * PERIOD


def test_buffer_that_somebody_switches_off_is_opened_anew_by_the_sampler():
    rig = Rig()
    rig.read(10)
    rig.kernel.write(Path("/sys/bus/iio/devices/iio:device0/buffer/enable"), "0", 1 << 62)
    begun_ns = rig.clock.now_ns()

    with pytest.raises(DriverUnavailable, match="buffer or trigger was switched off"):
        for sample in rig.read(1) + [rig.cell.read() for _ in range(20)]:
            assert sample.counts is None or rig.clock.now_ns() - begun_ns < SECOND
    assert rig.clock.now_ns() - begun_ns < 8 * SECOND


@pytest.mark.parametrize("mode", ["buffer", "files"])
def test_chip_that_stays_away_is_waited_for(mode):
    rig = Rig(
        options={"mode": mode},
        faults=[ScheduledFault(2 * SECOND, ChipFault.UNPLUG), ScheduledFault(60 * SECOND, ChipFault.PLUG)],
        sleep_ns=lambda: 20_000_000,
    )

    while rig.clock.now_ns() < 63 * SECOND:
        sample = rig.cell.read()

    assert sample.counts in rig.truth


def test_gain_that_the_kernel_forgets_while_the_cable_is_out_is_set_again():
    """After a second of silence hx711.c resets the chip and goes back to gain 128 without a word."""
    faults = [ScheduledFault(3 * SECOND, ChipFault.UNPLUG), ScheduledFault(7 * SECOND, ChipFault.PLUG)]
    for mode in ("buffer", "files"):
        rig = Rig(options={"gain": 64, "mode": mode}, value=lambda _: 100_000, faults=faults)

        samples = [rig.cell.read() for _ in range(90)]

        assert {sample.counts for sample in samples if not sample.faults} == {50_000}
        assert not samples[-1].faults
        assert rig.kernel.writes.count(("in_voltage0_scale", "0.000004655")) >= 2


def test_gain_that_somebody_else_changes_is_noticed_before_a_value_goes_out_and_set_back():
    rig = Rig(value=lambda _: 100_000)
    rig.read(15)
    # the kernel takes it, but has no conversion ready to send it with
    with pytest.raises(OSError, match="Input/output error"):
        rig.kernel.write(Path("/sys/bus/iio/devices/iio:device0/in_voltage0_scale"), "0.000004655", 1 << 62)

    samples = rig.read(40)

    assert {sample.counts for sample in samples if not sample.faults} == {100_000}
    assert sum(Fault.SETTLING in sample.faults for sample in samples) >= 5
    assert not samples[-1].faults


class LateKernel(FakeKernel):
    """A machine on which the reader now and then sleeps through several conversions."""

    def wait(self, descriptor, until_ns):
        woken = super().wait(descriptor, until_ns)
        if woken and self.late_ns:
            late_until = self._clock.now_ns() + self.late_ns
            self.late_ns = 0
            while super().wait(descriptor, late_until):
                continue
        return woken

    late_ns = 0


@pytest.mark.parametrize("late_ms", [5, 30, 70, 150, 500, 3000])
def test_reader_that_is_pushed_aside_gives_no_conversion_a_wrong_value_or_time(monkeypatch, late_ms):
    monkeypatch.setitem(globals(), "FakeKernel", LateKernel)
    rig = Rig()
    rig.read(12)
    rig.kernel.late_ns = late_ms * 1_000_000

    samples = rig.read(60)

    for sample in samples:
        if sample.counts is not None and not sample.faults:
            number = rig.truth.index(sample.counts)
            assert abs(sample.at_ns - rig.ready_ns[number]) < 40_000_000
    assert not samples[-1].faults


# ------------------------------------------------------------------------------------------------ its files


@pytest.fixture
def tree():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def soon(seconds: float) -> int:
    return time.monotonic_ns() + int(seconds * SECOND)


def test_real_files_are_read_and_written_in_place(tree):
    files = iio_files.KernelFiles()
    (tree / "name").write_text("hx711\n")

    answer = files.read(tree / "name", soon(5))
    assert answer.text == "hx711\n"
    assert answer.begun_ns <= answer.ended_ns <= time.monotonic_ns()
    assert files.write(tree / "name", "other", soon(5))
    assert (tree / "name").read_text() == "other\n"  # as in /sys nothing is cut off
    assert files.names(tree) == ["name"]
    assert files.names(tree / "none") == []
    with pytest.raises(FileNotFoundError):
        files.write(tree / "none", "1", soon(5))
    assert not (tree / "none").exists()
    files.close()


def test_call_that_waits_in_the_kernel_holds_nobody_up(tree):
    files = iio_files.KernelFiles()
    os.mkfifo(tree / "raw")
    (tree / "scale").write_text("1")

    begun = time.monotonic()
    assert files.read(tree / "raw", soon(0.05)) is None
    assert files.read(tree / "scale", soon(0.05)) is None  # the first call is still in the kernel
    assert time.monotonic() - begun < 2

    threading.Timer(0.05, lambda: (tree / "raw").write_text("8388608")).start()
    scale = files.read(tree / "scale", soon(10))
    raw = files.read(tree / "raw", soon(10))
    assert (scale.text, raw.text) == ("1", "8388608")
    files.close()


def test_whole_driver_on_real_files_a_real_pipe_and_real_time(tree, monkeypatch):
    # given a tree of files as /sys has it, and a pipe where /dev has the character device
    device = tree / "devices" / "iio:device0"
    files = {
        "name": "hx711",
        "current_timestamp_clock": "realtime",
        "in_voltage0_scale": "0.000001954",
        "in_voltage0_scale_available": "0.000001954 0.000003909 ",
        "scan_elements/in_voltage0_en": "0",
        "scan_elements/in_voltage0_index": "0",
        "scan_elements/in_voltage0_type": "le:u24/32>>0",
        "scan_elements/in_voltage1_en": "1",
        "scan_elements/in_timestamp_en": "0",
        "scan_elements/in_timestamp_index": "2",
        "scan_elements/in_timestamp_type": "le:s64/64>>0",
        "buffer/enable": "0",
        "buffer/length": "02",
        "trigger/current_trigger": "",
        "../trigger4/name": "steelyard-iio-device0",
        "../trigger4/sampling_frequency": "010",
    }
    for name, text in files.items():
        (device / name).parent.mkdir(parents=True, exist_ok=True)
        (device / name).write_text(text + "\n")
    os.mkfifo(tree / "iio:device0")
    monkeypatch.setattr(iio_buffer, "DEVICES", tree / "devices")
    monkeypatch.setattr(iio_buffer, "NODES", tree)
    pipe = os.open(tree / "iio:device0", os.O_RDWR)

    def convert() -> None:
        """What the kernel does: asked just after the last conversion, done 95 ms later."""
        for number in range(24):
            asked_ns = time.monotonic_ns()
            time.sleep(0.095)
            os.write(pipe, struct.pack("<Iiq", (5000 + number) ^ 0x800000, 0, asked_ns))
        os.close(pipe)

    # when the driver is opened as the sampler opens it, and read
    with iio.open_driver({}) as cell:
        kernel = threading.Thread(target=convert)
        kernel.start()
        samples = []
        with pytest.raises(DriverUnavailable, match="the device is gone"):
            while True:
                samples.append(cell.read())
        kernel.join()

    # then the conversions came through in order, timed, and what the kernel was told is in its files
    sound = [sample.counts for sample in samples if not sample.faults]
    assert sound == sorted(set(sound))
    assert sound
    assert set(sound) <= set(range(5000, 5024))
    assert {Fault.SETTLING, Fault.BAD_TRANSFER}.issuperset(f for sample in samples for f in sample.faults)
    assert (device / "trigger/current_trigger").read_text().startswith("steelyard-iio-device0")
    assert (device / "current_timestamp_clock").read_text().startswith("monotonic")
    assert (device / "scan_elements/in_voltage1_en").read_text() == "0\n"
    assert (device / "buffer/enable").read_text() == "0\n"


def test_machine_without_the_kernel_driver_is_told_what_to_do():
    if Path("/sys/bus/iio/devices").is_dir():
        pytest.skip("this machine has IIO devices")
    with pytest.raises(DriverUnavailable, match="modinfo hx711"):
        iio.open_driver({})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate_hz": 80}, "would mix two of them"),
        ({"device": "spi0"}, "device"),
        ({"device": "iio:device0/../x"}, "device"),
        ({"trigger": "a/b"}, "trigger"),
        ({"mode": "fast"}, "mode: is none of auto, buffer, files"),
        ({"gain": 100}, "gain"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(options, words):
    with pytest.raises(BadOption, match=words):
        iio.check_options(options)


def test_driver_says_why_no_verdict_may_rest_on_it():
    assert "wrong value" in iio.IioLoadCell.unfit


# ---------------------------------------------------------------------------------------------- its overlay

BASE = """
/dts-v1/;
/ {
    compatible = "brcm,bcm2835";
    gpio: gpio { gpio-controller; #gpio-cells = <2>; };
};
"""


def test_overlay_compiles_without_a_warning_and_applies(tree):
    if shutil.which("dtc") is None or shutil.which("fdtoverlay") is None:
        pytest.skip("dtc is not here: apt install device-tree-compiler")
    (tree / "base.dts").write_text(BASE)
    for source, target in ((OVERLAY, "hx711.dtbo"), (tree / "base.dts", "base.dtb")):
        made = subprocess.run(
            ["dtc", "-@", "-I", "dts", "-O", "dtb", "-o", tree / target, source],
            capture_output=True,
            text=True,
        )
        assert (made.returncode, made.stderr) == (0, "")

    subprocess.run(
        ["fdtoverlay", "-i", tree / "base.dtb", "-o", tree / "both.dtb", tree / "hx711.dtbo"], check=True
    )

    both = subprocess.run(
        ["dtc", "-I", "dtb", "-O", "dts", tree / "both.dtb"], capture_output=True, text=True
    )
    for needed in ('compatible = "avia,hx711"', "dout-gpios", "sck-gpios", "avdd-supply"):
        assert needed in both.stdout
