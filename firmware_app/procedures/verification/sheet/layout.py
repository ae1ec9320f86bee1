"""Where everything stands on the sheet. Millimetres from the upper left corner; type sizes in points.

Rules this file obeys:

* Every part says how far down it reaches; the next one begins there.
* Figures are set right in their column, in digits of one width, so that decimals stand above each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, WrapMode

from firmware_app import qr
from firmware_app.ledger.entry import Entry
from firmware_app.procedures.verification.sheet import rows, words
from firmware_app.procedures.verification.sheet.rows import Body, Row
from firmware_app.quantity import show_mass

LEFT, RIGHT, TOP, BOTTOM = 11.0, 199.0, 9.0, 288.0
WIDTH = RIGHT - LEFT
GAP = 3.0
TYPE = 7.0
ROW = 3.7
GREY = 225
QR_MM = 27.0
POINT_ITEMS = (
    "weighing",
    "zero_setting",
    "tare_setting",
    "eccentricity",
    "repeatability",
    "tare_weighing",
)
PADDING = 1.5
"""Beside a text in its cell, both sides together."""
POINT_ALIGN = "LRRRRRRRRC"


class Part:
    """Draws on one page at one scale."""

    def __init__(self, pdf: FPDF, scale: float) -> None:
        self.pdf, self.scale = pdf, scale
        self.row = ROW * scale
        pdf.set_draw_color(110)
        pdf.set_line_width(0.12)

    def text(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        *,
        size: float = TYPE,
        bold: bool = False,
        align: str = "L",
        frame: bool = False,
        grey: bool = False,
        height: float = 0.0,
    ) -> None:
        """One line in a cell of that width, cut where it is too long."""
        points = size * self.scale
        self.pdf.set_font("han", "B" if bold else "", points)
        self.pdf.set_xy(x, y)
        self.pdf.set_fill_color(GREY)
        height = height or self.row * max(size, TYPE) / TYPE
        self.pdf.cell(
            width, height, self.cut(text, width - PADDING), border=1 if frame else 0, align=align, fill=grey
        )

    def cut(self, text: str, width: float) -> str:
        """The text, or as much of it as the width holds with an ellipsis behind."""
        if self.pdf.get_string_width(text) <= width:
            return text
        while text and self.pdf.get_string_width(text + "…") > width:
            text = text[:-1]
        return text + "…"

    def lines(self, text: str, width: float) -> list[str]:
        """The text in lines of that width, broken between any two characters but not inside Latin words."""
        self.pdf.set_font("han", "", TYPE * self.scale)
        found = self.pdf.multi_cell(
            width, self.row, text, dry_run=True, output=MethodReturnValue.LINES, wrapmode=WrapMode.CHAR
        )
        assert isinstance(found, list)
        return found

    def columns(self, rows: Sequence[Row], width: float) -> tuple[tuple[float, ...], float]:
        """Widths of the columns that hold these rows uncut in that width, and the type size for it."""
        self.pdf.set_font("han", "B", TYPE * self.scale)
        every = zip(*rows, strict=True)
        natural = [max(self.pdf.get_string_width(text) for text in column) for column in every]
        room = width - PADDING * len(natural)
        shrink = min(1.0, room / sum(natural))
        spare = (room - shrink * sum(natural)) / len(natural)
        return tuple(shrink * each + PADDING + spare for each in natural), TYPE * shrink

    def paragraph(self, x: float, y: float, width: float, text: str) -> float:
        """Lines of text; gives where they end."""
        for line in self.lines(text, width):
            self.text(x, y, width, line)
            y += self.row
        return y

    def table(
        self,
        at: tuple[float, float],
        widths: Sequence[float],
        head: Row,
        body: Sequence[Row],
        *,
        align: str,
        title: str = "",
        size: float = TYPE,
    ) -> float:
        """A table with a head and perhaps a title above it; gives where it ends."""
        left, y = at
        if title:
            self.text(left, y, sum(widths), title, bold=True)
            y += self.row
        for number, row in enumerate((head, *body)):
            x = left
            for width, text, side in zip(widths, row, align, strict=True):
                first = number == 0
                self.text(
                    x,
                    y,
                    width,
                    text,
                    size=size,
                    align="C" if first else side,
                    frame=True,
                    grey=first,
                    bold=first,
                )
                x += width
            y += self.row
        return y


def draw(pdf: FPDF, entry: Entry, slip: str, scale: float) -> float:
    """Everything, at that scale; gives how far down it reaches."""
    part, body = Part(pdf, scale), entry.payload.body
    y = _head(part, entry, slip)
    y = _facts(part, entry, y)
    y = part.table(
        (LEFT, y + 1),
        (6, 25, 24, 48, 67, 18),
        ("", "项目", "结论", "主要结果", "依据", "依据可信度"),
        rows.item_rows(body),
        align="CLLLLC",
    )
    y = _tables(part, body, y + 1)
    y = _looks(part, body, y + 1)
    return _end(part, entry, y + 1)


def _head(part: Part, entry: Entry, slip: str) -> float:
    """Title, number of the entry and the QR code of its slip."""
    pdf, payload = part.pdf, entry.payload
    code = _code(pdf, slip) if slip else 0.0
    width = WIDTH - code - (GAP if code else 0)
    part.text(LEFT, TOP, width, words.TITLE, size=16, bold=True)
    y = TOP + part.row * 16 / 7 + 0.5
    part.text(LEFT, y, width, words.SUBTITLE, size=8.5)
    y += part.row * 8.5 / 7 + 0.3
    part.text(LEFT, y, width, f"记录编号 {payload.device} 第 {entry.seq} 条", bold=True, size=8.5)
    y += part.row * 8.5 / 7 + 0.3
    at = f"{payload.at[:10]} {payload.at[11:16]}{words.CLOCK[payload.clock]}"
    part.text(LEFT, y, width, f"记录时间 {at}　　{words.NO_CERTIFICATE}")
    return max(y + part.row + 1, TOP + code + 1)


def _code(pdf: FPDF, slip: str) -> float:
    """The QR code in the upper right corner; gives the side of its square."""
    modules = qr.modules(slip, "m")
    side = QR_MM / len(modules)
    pdf.set_fill_color(0)
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate((*line, 0)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                # One bar for a run of modules: bars that only touch show hair lines between them.
                pdf.rect(RIGHT - QR_MM + start * side, TOP + row * side, (column - start) * side, side, "F")
                start = None
    return QR_MM


def _facts(part: Part, entry: Entry, y: float) -> float:
    """Scale, stall, surroundings, weights."""
    body = entry.payload.body
    scale, stall, around = body["scale"], body["stall"], body["environment"]
    ranges = " · ".join(
        f"Max {show_mass(Decimal(each['max_g']))} e {show_mass(Decimal(each['e_g']))}"
        for each in body["ranges"]
    )
    facts = (
        ("摊位", f"{stall['code']} {stall['name']}"),
        ("制造厂", scale["maker"]),
        ("型号规格", scale["model"]),
        ("出厂编号", scale["serial"]),
        ("准确度等级", scale["class"]),
        ("测量范围", ranges),
        ("Min / d", f"{show_mass(Decimal(scale['min_g']))} / {show_mass(Decimal(scale['d_g']))}"),
        ("支承点 / 计价", f"{body['supports']} / {'是' if scale['price_computing'] else '否'}"),
        ("核查阶段", words.STAGES[body["stage"]]),
        ("封印", scale["seal"]),
        ("环境", _around(around)),
        ("照片", rows.photo_words(body)),
    )
    half = WIDTH / 2
    for number, (label, value) in enumerate(facts):
        x = LEFT + half * (number % 2)
        part.text(x, y, 21, label, frame=True, grey=True)
        part.text(x + 21, y, half - 21, value or "—", frame=True)
        y += part.row if number % 2 else 0
    for line in (*rows.weight_texts(body), *rows.photo_texts(body)):
        y = part.paragraph(LEFT, y + 0.3, WIDTH, line)
    return y


def _around(around: Body) -> str:
    if not around["source"]:
        return "未测"
    heat, damp = around["temperature_c"], around["humidity_rh"]
    return f"{heat or '—'} °C　{damp or '—'} %RH（人工输入）"


def _tables(part: Part, body: Body, y: float) -> float:
    """The points of every item in two columns: weighing at the left, the others at the right."""
    half = (WIDTH - GAP) / 2
    left, right = LEFT, LEFT + half + GAP
    ends = {left: y, right: y}
    # Only in service are there two limits, and only there does a stroke part them.
    split = "；允差 使用中/首次" if body["stage"] == "in_service" else ""
    points = {name: rows.point_rows(body, name) for name in POINT_ITEMS}
    every = [rows.HEAD, *(row for found in points.values() for row in found)]
    widths, size = part.columns(every, half)
    for name, found in points.items():
        if found:
            x = left if name in ("weighing", "tare_weighing") else right
            title = f"{words.ITEMS[name]}（单位 g{split}）"
            at = (x, ends[x])
            end = part.table(at, widths, rows.HEAD, found, align=POINT_ALIGN, title=title, size=size)
            ends[x] = end + 0.6
    x = min(ends, key=lambda each: ends[each])
    tried = rows.discrimination_rows(body)
    if tried:
        ends[x] = part.table(
            (x, ends[x]),
            (34, 24, 24, 10.5),
            ("载荷", "附加 1.4 d", "示值", ""),
            tried,
            align="RRCC",
            title=words.ITEMS["discrimination"],
        )
    x = min(ends, key=lambda each: ends[each])
    prices = rows.price_rows(body)
    if prices:
        ends[x] = part.table(
            (x, ends[x] + 0.6),
            (21, 20, 22, 21, 8.5),
            ("单价 元/kg", "示值", "显示金额 元", "应为 元", ""),
            prices,
            align="RRRRC",
            title=words.ITEMS["price_computing"],
        )
    return max(ends.values())


def _looks(part: Part, body: Body, y: float) -> float:
    """The appearance list, as many beside each other as fit."""
    texts = rows.look_texts(body)
    part.text(LEFT, y, WIDTH, f"{words.ITEMS['appearance']}（√ 是　× 否　— 未看）", bold=True)
    y += part.row
    columns = 7
    for number, text in enumerate(texts):
        part.text(LEFT + WIDTH / columns * (number % columns), y, WIDTH / columns, text)
        if number % columns == columns - 1 or number == len(texts) - 1:
            y += part.row
    return y


def _end(part: Part, entry: Entry, y: float) -> float:
    """Conclusion, persons, and what the sheet rests on."""
    body = entry.payload.body
    whole = words.WHOLE[body["verdict"]]
    reason = words.REASONS.get(body["reason"], body["reason"])
    part.text(LEFT, y, WIDTH, f"核查结论　{whole}" + (f"（{reason}）" if reason else ""), size=11, bold=True)
    y += part.row * 11 / TYPE + 0.6
    initial = rows.initial_words(body)
    tries = body["tries"]
    again = len(tries) if isinstance(tries, list) else tries["count"]
    notes = [initial] if initial else []
    notes.append(f"重做或退回的读数 {again} 个，未采用的输入 {body['refused']} 个，首次数据均在电子记录中")
    if tracking := rows.tracking_words(body):
        notes.append(tracking)
    if body["restarts"]:
        notes.append(f"核查期间断电重启 {body['restarts']} 次")
    y = part.paragraph(LEFT, y, WIDTH, "；".join(notes) + "。")
    law = body["law"]
    known = words.CONFIDENCE.get(law["confidence"], law["confidence"])
    basis = f"判定依据 {law['pack']} 第 {law['version']} 版（{known}），误差为化整前误差，等于允差为符合。"
    # A record from before texts could be handed over names none.
    if newer := body.get("superseded_by", ""):
        basis += f"本秤已适用 {newer}，其限值本机尚未收录，所用限值仅供参考。"
    y = part.paragraph(LEFT, y, WIDTH, basis + words.LEGEND)
    y += 1
    third = WIDTH / 3
    for number, (label, who) in enumerate((("核查人", body["by"]), ("核验人", body["checker"]))):
        name = "（无）" if who is None else f"{who['name']}（{who['number']}）"
        part.text(LEFT + third * number, y, third, f"{label}　{name}", size=8.5)
    part.text(LEFT + third * 2, y, third, "经营者（签字）　______________", size=8.5)
    y += part.row * 8.5 / TYPE + 1.2
    part.text(LEFT, y, WIDTH, f"电子记录 SHA-256 {entry.hash}", size=6)
    return y + part.row
