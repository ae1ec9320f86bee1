"""The slip printer: its bytes decoded back to dots by a small reader of ESC/POS, its troubles, its lines."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from firmware_app.ledger.slip.image import slip_png
from hardware import printer_lines
from hardware.printer import EscposPrinter, FolderPrinter, slip_image
from hardware.printer_contract import (
    WORDS,
    BadOption,
    BadSlip,
    PrinterNotReady,
    PrinterState,
    PrinterUnavailable,
    Trouble,
)
from hardware.printer_drivers import check, open_printer
from hardware.printer_lines import FileLine, head
from hardware.printer_status import state_of, troubles_in

READY = {
    b"\x10\x04\x01": b"\x12",
    b"\x10\x04\x02": b"\x12",
    b"\x10\x04\x03": b"\x12",
    b"\x10\x04\x04": b"\x12",
}
"""A printer with nothing to complain of: the fixed bits only."""


class Answering(Dummy):
    """python-escpos' Dummy with a mouth: answers by request, later answers after the first slip."""

    def __init__(
        self, dots: int, answers: Mapping[bytes, bytes], after: Mapping[bytes, bytes] | None = None
    ) -> None:
        super().__init__(profile=head(dots))
        self.answers = answers
        self.after = after

    def query_status(self, mode: bytes) -> bytes:
        printed = b"\x1dv0" in self.output
        source = self.after if printed and self.after is not None else self.answers
        return source.get(mode, b"")


def dots_of(data: bytes) -> tuple[int, list[list[int]]]:
    """A printer's eye: width and rows of dots, 1 black, out of raster commands; anything unknown fails."""
    rows: list[list[int]] = []
    width, at = 0, 0
    while at < len(data):
        rest = data[at:]
        if rest[:2] == b"\x1b@":
            at += 2
        elif rest[:2] == b"\x1bd":
            at += 3
        elif rest[:3] == b"\x1dVB":
            at += 4
        elif rest[:4] == b"\x1dv0\x00":
            bytes_a_row, height = int.from_bytes(rest[4:6], "little"), int.from_bytes(rest[6:8], "little")
            assert width in (0, 8 * bytes_a_row)
            width = 8 * bytes_a_row
            body = rest[8 : 8 + bytes_a_row * height]
            assert len(body) == bytes_a_row * height
            for row in range(height):
                line = body[row * bytes_a_row : (row + 1) * bytes_a_row]
                rows.append([byte >> 7 - bit & 1 for byte in line for bit in range(8)])
            at += 8 + len(body)
        else:
            raise AssertionError(f"no command of a slip: {rest[:8].hex(' ')}")
    return width, rows


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def pattern(width: int, height: int, seed: int = 7) -> Image.Image:
    """Dots without any regularity that a mistake of order could hide in."""
    image = Image.new("1", (width, height), 1)
    for y in range(height):
        for x in range(width):
            if (x * 2654435761 + y * 40503 + seed) >> 7 & 3 == 0:
                image.putpixel((x, y), 0)
    return image


def black(image: Image.Image) -> list[list[int]]:
    return [[int(image.getpixel((x, y)) == 0) for x in range(image.width)] for y in range(image.height)]


@pytest.mark.parametrize("dots", [384, 576])
@pytest.mark.parametrize("height", [1, 127, 128, 129, 300])
def test_every_dot_comes_out_where_it_was_drawn(dots: int, height: int) -> None:
    image = pattern(dots, height)
    device = Answering(dots, READY)
    EscposPrinter(device, dots).print_slip(png(image))
    assert dots_of(device.output) == (dots, black(image))


def test_a_narrow_slip_stands_in_the_middle_of_wide_paper() -> None:
    """Given a slip for 384 dots, when a head of 576 prints it, then its dots are the same, 96 further."""
    image = pattern(384, 40)
    device = Answering(576, READY)
    EscposPrinter(device, 576).print_slip(png(image))
    width, rows = dots_of(device.output)
    assert width == 576
    assert [row[96:480] for row in rows] == black(image)
    assert not any(any(row[:96]) or any(row[480:]) for row in rows)


@given(st.integers(1, 64), st.integers(1, 20), st.integers(0, 9))
def test_slips_of_any_size_keep_their_dots(width: int, height: int, seed: int) -> None:
    image = pattern(width, height, seed)
    device = Answering(384, READY)
    EscposPrinter(device, 384).print_slip(png(image))
    _, rows = dots_of(device.output)
    left = (384 - width) // 2
    assert [row[left : left + width] for row in rows] == black(image)


def test_nothing_is_said_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    EscposPrinter(Answering(384, READY), 384).print_slip(png(pattern(384, 8)))
    assert capsys.readouterr().out == ""


def test_a_knife_is_used_where_there_is_one() -> None:
    device = Answering(384, READY)
    EscposPrinter(device, 384, cuts=True).print_slip(png(pattern(384, 8)))
    assert device.output.endswith(b"\x1dVB\x00")


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (png(Image.new("1", (385, 10), 1)), "385 by 10"),
        (png(Image.new("1", (384, 8001), 1)), "8001"),
        (png(Image.new("L", (384, 10), 128)), "shades of grey"),
        (png(Image.new("RGB", (384, 10))), "mode RGB"),
        (b"\x89PNG\r\n\x1a\n", "no readable PNG"),
        (png(pattern(64, 64))[:-40], "no readable PNG"),
        (b"", "no readable PNG"),
        (b"x" * 2_000_001, "at most"),
    ],
)
def test_what_is_no_slip_is_refused_before_a_byte_is_sent(image: bytes, complaint: str) -> None:
    device = Answering(384, READY)
    with pytest.raises(BadSlip, match=complaint):
        EscposPrinter(device, 384).print_slip(image)
    assert device.output == b""


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_the_printer_stumble(data: bytes) -> None:
    for image in (data, b"\x89PNG\r\n\x1a\n" + data):
        with pytest.raises(BadSlip):
            slip_image(image, 384)


# What the printer says of itself.

TROUBLES = [
    ({1: 0x1A}, [Trouble.OFFLINE]),
    ({1: 0x1A, 2: 0x16}, [Trouble.COVER_OPEN]),
    ({1: 0x1A, 2: 0x32}, [Trouble.PAPER_OUT]),
    ({2: 0x36}, [Trouble.COVER_OPEN, Trouble.PAPER_OUT]),
    ({2: 0x1A}, [Trouble.FEEDING]),
    ({4: 0x1E}, [Trouble.PAPER_LOW]),
    ({4: 0x72}, [Trouble.PAPER_OUT]),
    ({4: 0x7E}, [Trouble.PAPER_OUT]),
    ({3: 0x1A}, [Trouble.KNIFE]),
    ({3: 0x52}, [Trouble.HOT]),
    ({1: 0x1A, 3: 0x32}, [Trouble.BROKEN]),
    ({1: 0x16}, []),
]


@pytest.mark.parametrize(("bytes_", "troubles"), TROUBLES)
def test_a_status_byte_is_said_in_words(bytes_: dict[int, int], troubles: list[Trouble]) -> None:
    answers = READY | {b"\x10\x04" + bytes([n]): bytes([byte]) for n, byte in bytes_.items()}
    state = EscposPrinter(Answering(384, answers), 384).state()
    assert list(state.troubles) == troubles
    assert state.words == ("; ".join(WORDS[trouble] for trouble in troubles) or "the printer is ready")


@given(st.sampled_from([1, 2, 3, 4]), st.binary(max_size=4))
def test_a_byte_without_the_fixed_bits_is_no_answer(question: int, answer: bytes) -> None:
    told = troubles_in(question, answer)
    valid = bool(answer) and answer[-1] & 0x93 == 0x12
    assert (Trouble.SILENT in told) is not valid


def test_a_printer_that_cannot_speak_is_tried() -> None:
    """Given no answer at all, then the state says so, and the slip goes out all the same."""
    device = Answering(384, {})
    printer = EscposPrinter(device, 384)
    assert printer.state() == PrinterState((Trouble.SILENT,))
    assert printer.state().ready
    printer.print_slip(png(pattern(384, 8)))
    assert len(dots_of(device.output)[1]) == 8


def test_a_printer_that_has_no_way_back_is_silent() -> None:
    assert EscposPrinter(Dummy(profile=head(384)), 384).state().troubles == (Trouble.SILENT,)


def test_without_paper_nothing_is_sent() -> None:
    device = Answering(384, READY | {b"\x10\x04\x04": b"\x72"})
    with pytest.raises(PrinterNotReady, match="paper is used up") as refusal:
        EscposPrinter(device, 384).print_slip(png(pattern(384, 8)))
    assert refusal.value.state.troubles == (Trouble.PAPER_OUT,)
    assert device.output == b""


def test_paper_that_ends_within_the_slip_is_said() -> None:
    device = Answering(384, READY, after=READY | {b"\x10\x04\x02": b"\x32"})
    with pytest.raises(PrinterNotReady, match="put in a new roll"):
        EscposPrinter(device, 384).print_slip(png(pattern(384, 8)))


def test_a_printer_that_falls_silent_within_the_slip_has_not_printed_it() -> None:
    device = Answering(384, READY, after={})
    with pytest.raises(PrinterUnavailable, match="fell silent"):
        EscposPrinter(device, 384).print_slip(png(pattern(384, 8)))


def test_low_paper_is_said_and_prints() -> None:
    device = Answering(384, READY | {b"\x10\x04\x04": b"\x1e"})
    printer = EscposPrinter(device, 384)
    printer.print_slip(png(pattern(384, 8)))
    assert printer.state().ready
    assert "nearly" in printer.state().words


def test_one_question_without_an_answer_ends_the_asking() -> None:
    asked: list[bytes] = []

    def ask(request: bytes) -> bytes:
        asked.append(request)
        return b""

    assert state_of(ask).troubles == (Trouble.SILENT,)
    assert asked == [b"\x10\x04\x01"]


def test_every_trouble_has_words_that_say_what_to_do() -> None:
    assert set(WORDS) == set(Trouble)


# The line: a printer at the other end of a socket.


class Paper:
    """A printer of flesh and blood: reads bytes, answers DLE EOT and GS r in order."""

    def __init__(self, speaks: bool = True, reads: bool = True) -> None:
        near, self.far = socket.socketpair()
        near.setblocking(False)
        self.line = FileLine(near.detach(), 384)
        self.heard = bytearray()
        self.speaks = speaks
        self.thread = threading.Thread(target=self._live, daemon=True)
        if reads:
            self.thread.start()

    def _live(self) -> None:
        while data := self.far.recv(65536):
            self.heard += data
            if self.speaks and data.endswith((*READY, b"\x1dr\x01")):
                self.far.send(b"\x12")

    def printed(self) -> bytes:
        """What was heard without the questions."""
        heard = bytes(self.heard)
        for question in (*READY, b"\x1dr\x01"):
            heard = heard.replace(question, b"")
        return heard

    def close(self) -> None:
        self.line.close()
        if self.thread.is_alive():
            self.thread.join(5)
        self.far.close()


@pytest.fixture
def paper() -> Iterator[Paper]:
    made = Paper()
    yield made
    made.close()


def test_a_slip_through_a_real_line(paper: Paper) -> None:
    image = pattern(384, 200)
    EscposPrinter(paper.line, 384).print_slip(png(image))
    assert dots_of(paper.printed()) == (384, black(image))


def test_an_old_answer_is_not_taken_for_a_new_one(paper: Paper) -> None:
    """Given a byte that says "no paper" left over in the line, when the state is asked, then it is fresh."""
    paper.far.send(b"\x72" * 10)
    assert EscposPrinter(paper.line, 384).state() == PrinterState()


def test_a_line_that_takes_nothing_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer_lines, "WRITE_S", 0.2)
    monkeypatch.setattr(printer_lines, "ANSWER_S", 0.05)
    stuck = Paper(reads=False)
    long_slip = Image.effect_noise((384, 7000), 100).point(lambda grey: 255 * (grey > 128))
    with pytest.raises(PrinterUnavailable, match="took nothing"):
        EscposPrinter(stuck.line, 384).print_slip(png(long_slip.convert("1")))
    stuck.close()


def test_a_line_that_broke_is_said(paper: Paper) -> None:
    paper.far.shutdown(socket.SHUT_RDWR)
    with pytest.raises(PrinterUnavailable, match="went away"):
        EscposPrinter(paper.line, 384).state()


# Choosing one.


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("usb", {"at": "/dev/usb/lp-nowhere"}, "no printer at /dev/usb/lp-nowhere"),
        ("serial", {"at": "/dev/tty-nowhere"}, "is it plugged in"),
        ("file", {"at": "/proc/nowhere"}, "no folder for slips"),
    ],
)
def test_an_absent_printer_is_said(kind: str, options: dict[str, object], complaint: str) -> None:
    """Absent is no reason not to start: the printer may be plugged in later."""
    printer = open_printer(kind, options)
    with pytest.raises(PrinterUnavailable, match=complaint):
        printer.state()


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("serial", {}, "missing required field `at`"),
        ("usb", {"at": ""}, "matching regex"),
        ("usb", {"dots": 400}, "400"),
        ("usb", {"colour": "red"}, "unknown key 'colour'"),
        ("usb", {"baud": 9600}, "unknown key 'baud'"),
        ("serial", {"at": "/dev/ttyS0", "baud": 1}, ">= 1200"),
        ("network", {"at": "host name"}, "matching regex"),
        ("network", {"at": "10.0.0.7", "port": 0}, ">= 1"),
        ("file", {"at": "slips"}, "matching regex"),
    ],
)
def test_a_wrong_option_is_refused_without_opening(
    kind: str, options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(BadOption, match="printer") as refusal:
        check(kind, options)
    assert complaint in str(refusal.value)


def test_a_folder_takes_slips_where_no_printer_is(tmp_path: Path) -> None:
    first, second = (png(pattern(384, 8, seed)) for seed in (1, 2))
    with open_printer("file", {"at": str(tmp_path / "slips")}) as printer:
        printer.print_slip(first)
        printer.print_slip(second)
        assert printer.state().ready
        with pytest.raises(BadSlip):
            printer.print_slip(b"no slip")
    assert {file.name: file.read_bytes() for file in (tmp_path / "slips").iterdir()} == {
        "slip-0001.png": first,
        "slip-0002.png": second,
    }
    FolderPrinter(tmp_path / "slips").print_slip(first)
    assert (tmp_path / "slips/slip-0003.png").exists()


# The slip of the record itself.

CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@pytest.mark.parametrize("dots", [384, 576])
def test_the_slip_of_the_record_comes_out_dot_for_dot(dots: int) -> None:
    if not CJK.is_file():
        pytest.skip(f"no font at {CJK}")
    slip = slip_png(["临夏市第一市场 12 号", "核查结果:不符合(建议送检)"], "steelyard:7", CJK, 2)
    device = Answering(dots, READY)
    EscposPrinter(device, dots).print_slip(slip)
    width, rows = dots_of(device.output)
    with Image.open(io.BytesIO(slip)) as drawn:
        left = (width - drawn.width) // 2
        assert [row[left : left + drawn.width] for row in rows] == black(drawn)
        assert 1000 < sum(map(sum, rows)) < drawn.width * drawn.height / 2
