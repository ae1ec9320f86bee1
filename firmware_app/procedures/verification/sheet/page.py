"""The sheet itself: one page of A4, drawn so that the same entry gives the same bytes each time.

Rules this file obeys:

* One page: where a full examination needs more room, everything becomes a little smaller, down to a bound.
* Fonts are embedded, as subsets; nothing of the machine or the hour gets into the file but through the entry.
* What does not fit a cell is cut with an ellipsis, never printed over its neighbour; the data has it whole.
"""

from __future__ import annotations

from datetime import datetime

from fpdf import FPDF

from firmware_app.errors import SteelyardError
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.slip.image import SLIP_FACE, SLIP_FONT
from firmware_app.procedures.verification.record import KIND
from firmware_app.procedures.verification.sheet import layout, words

BOLD_FONT = SLIP_FONT.with_name("NotoSansCJK-Bold.ttc")
LARGEST, SMALLEST = 1.15, 0.7
"""Of seven points: 8 where there is room; 4.9 is the least that a printer of 600 dpi prints clearly."""
STEP = 0.02


class BadSheet(SteelyardError):
    """No sheet can be made of this entry; the message says why."""


def record_sheet(entry: Entry, slip: str = "") -> bytes:
    """The sheet of an entry of kind ``verification`` as PDF, one page of A4, the same bytes each time.

    ``slip``: text of the QR code, none where it is empty. Takes a second or two. Raises BadSheet, and OSError
    where the fonts are not there.
    """
    if entry.payload.kind != KIND:
        raise BadSheet(f"entry {entry.seq} is of kind {entry.payload.kind}: only {KIND} has a record sheet")
    for font in (SLIP_FONT, BOLD_FONT):
        if not font.is_file():
            raise BadSheet(f"font {font} is missing: install the package fonts-noto-cjk")
    scale = LARGEST
    while scale >= SMALLEST:
        pdf = _blank(entry)
        end = layout.draw(pdf, entry, slip, scale)
        if end <= layout.BOTTOM:
            return bytes(pdf.output())
        # Nearly everything grows with the type, so the next try fits, or the one after it.
        fitting = scale * layout.BOTTOM / end
        scale = min(scale - STEP, fitting - fitting % STEP)
    raise BadSheet(f"entry {entry.seq} does not fit a sheet of A4")


def _blank(entry: Entry) -> FPDF:
    """An empty page with its fonts, dated by the entry."""
    pdf = FPDF(orientation="P", unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margins(0, 0)
    pdf.c_margin = 0.6
    pdf.set_title(f"{words.TITLE} {entry.payload.device} {entry.seq}")
    pdf.set_lang("zh-CN")
    pdf.set_creation_date(datetime.fromisoformat(entry.payload.at))
    pdf.add_font("han", "", str(SLIP_FONT), collection_font_number=SLIP_FACE)
    pdf.add_font("han", "B", str(BOLD_FONT), collection_font_number=SLIP_FACE)
    pdf.add_page()
    return pdf
