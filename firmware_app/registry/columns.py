"""The columns of the table of scales: their headers, what may stand in a cell, and how a scale fills them.

Rules this file obeys:

* Headers are those of the national ledger of instruments (e-CQS), then ours; some other names are known.
* A cell is read by one function, whose complaint says what to give instead.
* What `show` writes `read` gives back: an export that is imported changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from firmware_app.quantity import BadAmount, Grams, grams, show_mass, trimmed
from firmware_app.registry.ranges import NOT_LEGAL, Range, read_range, show_range
from firmware_app.registry.registry import LEAD_UNITS, Scale, Stall

MAX_CELL = 120
EXACT = 10**15
"""A number beyond it has lost digits in the spreadsheet, which keeps fifteen."""

Cell = str | int | float | bool | datetime | date | None
"""What a spreadsheet may hold; a CSV has text only."""
Notes = list[str]
FORMULA_FOUND = "\x00formula"
"""Stands for a cell that holds a formula: no file can bring this text itself."""


class BadCell(ValueError):
    """A cell cannot be taken; the message is the remedy."""


class Column(NamedTuple):
    """One column. ``key``: field of the stall or scale; ``read``: value of a text that is not empty."""

    key: str
    header: str
    also: tuple[str, ...]
    read: Callable[[str, Notes], Any]
    show: Callable[[Stall, Scale], str]


def text_of(cell: Cell) -> str:
    """The text that a cell stands for; raises BadCell."""
    if cell is None:
        return ""
    if cell == FORMULA_FOUND:
        raise BadCell("a formula: put its value there (copy, then paste as values)")
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    if isinstance(cell, int | float):
        if not -EXACT < cell < EXACT:
            raise BadCell("the number has lost digits: format the cell as text and type it anew")
        text = trimmed(Decimal(repr(cell)))
    else:
        text = cell.strip()
    if len(text) > MAX_CELL:
        raise BadCell(f"{len(text)} characters: at most {MAX_CELL}")
    if any(unicodedata.category(char).startswith("C") for char in text):
        raise BadCell("there are line breaks or control characters in it: type it anew on one line")
    return text


def known_header(cell: Cell) -> str:
    """The key of the column that a header names, empty for one that is not known."""
    return _HEADERS.get(_bare(cell), "") if isinstance(cell, str) and len(cell) <= MAX_CELL else ""


def _text(text: str, _notes: Notes) -> str:
    return text


def _mass(text: str, notes: Notes) -> Grams:
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"^(?:e|d|min|max)\s*=\s*", "", plain, flags=re.IGNORECASE)
    try:
        value = grams(plain)
    except BadAmount as error:
        raise BadCell(str(error)) from error
    if value <= 0:
        raise BadCell("give a mass above zero, such as 5 g")
    if plain.endswith(NOT_LEGAL):
        notes.append(f"{text} is no legal unit: read as {show_mass(value)}")
    return value


def _range(text: str, notes: Notes) -> Range:
    try:
        found = read_range(text)
    except BadAmount as error:
        raise BadCell(str(error)) from error
    if found.note:
        notes.append(found.note)
    return found


_CLASSES = {
    "I": "I", "1": "I", "一": "I", "特种": "I", "特种准确度": "I",
    "II": "II", "2": "II", "二": "II", "高": "II", "高准确度": "II",
    "III": "III", "3": "III", "三": "III", "中": "III", "中准确度": "III",
    "IIII": "IIII", "IV": "IIII", "4": "IIII", "四": "IIII", "普通": "IIII", "普通准确度": "IIII",
}  # fmt: skip


def _class(text: str, _notes: Notes) -> str:
    bare = re.sub(
        r"[\s()（）]|级|class", "", unicodedata.normalize("NFKC", text), flags=re.IGNORECASE
    ).upper()
    if bare not in _CLASSES:
        raise BadCell("give the accuracy class: III (中), IIII (普通), II (高) or I (特种)")
    return _CLASSES[bare]


_YES, _NO = {"是", "有", "yes", "y", "true", "1", "√"}, {"否", "无", "no", "n", "false", "0", "×"}


def _yes(text: str, _notes: Notes) -> bool:
    bare = unicodedata.normalize("NFKC", text).casefold()
    if bare not in _YES | _NO:
        raise BadCell("give 是 or 否")
    return bare in _YES


_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0{1,2}:00(?::00)?)?")


def _date(text: str, _notes: Notes) -> date:
    plain = unicodedata.normalize("NFKC", text)
    match = _DATE.fullmatch(plain) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", plain)
    try:
        if match is None:
            raise ValueError
        return date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise BadCell("give a day such as 2027-10-31") from error


def _supports(text: str, _notes: Notes) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:4]) <= 64:
        raise BadCell("give the number of points of support, 1 … 64")
    return int(text)


def _one(text: str, _notes: Notes) -> int:
    if text.rstrip("台件个") != "1":
        raise BadCell("one row for each scale, with its own serial number: give 1")
    return 1


def _unit(text: str, _notes: Notes) -> str:
    unit = {"克": "g", "千克": "kg", "公斤": "kg"}.get(text, text.lower())
    if unit not in LEAD_UNITS:
        raise BadCell("give g or kg, or leave it empty")
    return unit


def _field(key: str) -> Callable[[Stall, Scale], str]:
    return lambda _stall, scale: str(getattr(scale, key))


def _mass_of(key: str) -> Callable[[Stall, Scale], str]:
    return lambda _stall, scale: show_mass(getattr(scale, key)).replace("\u00a0", " ")


def _plain(key: str, header: str, *also: str) -> Column:
    return Column(key, header, also, _text, _field(key))


COLUMNS: tuple[Column, ...] = (
    Column("stall", "摊位号", ("摊位", "摊位编号", "摊号"), _text, lambda stall, _: stall.code),
    Column("stall_name", "摊位名称", ("摊主字号",), _text, lambda stall, _: stall.name),
    Column("stall_qr", "摊位二维码", (), _text, lambda stall, _: stall.qr),
    _plain("id", "器具编号", "本机编号", "设备编号"),
    _plain("name", "器具名称", "计量器具名称", "名称"),
    _plain("item", "项别"),
    _plain("kind", "种别"),
    _plain("model", "型号规格", "型号/规格", "规格型号", "型号"),
    Column("range", "测量范围", ("量程", "称量范围"), _range, lambda _, it: show_range(it.min_g, it.max_g)),
    Column("accuracy_class", "准确度等级", ("等级", "准确度", "class"), _class, _field("accuracy_class")),
    _plain("serial", "出厂编号", "出厂号", "器号"),
    _plain("maker", "生产厂家", "制造厂", "制造厂家", "制造单位", "生产单位", "生产厂", "厂家"),
    _plain("origin", "产地"),
    _plain("district", "行政区划"),
    _plain("place", "安装/使用地点", "安装地点", "使用地点", "安装使用地点"),
    Column("quantity", "数量", ("台数",), _one, lambda _stall, _scale: "1"),
    _plain("purpose", "用途"),
    _plain("sending", "送检方式"),
    Column("e_g", "检定分度值e", ("检定分度值", "e"), _mass, _mass_of("e_g")),
    Column("d_g", "实际分度值d", ("实际分度值", "分度值", "d"), _mass, _mass_of("d_g")),
    Column("min_g", "最小秤量", ("最小称量", "min"), _mass, _mass_of("min_g")),
    Column("max_g", "最大秤量", ("最大称量", "max"), _mass, _mass_of("max_g")),
    Column("price_computing", "计价", ("计价秤", "是否计价"), _yes,
           lambda _, it: "是" if it.price_computing else "否"),
    Column("supports", "支承点数", ("支撑点数",), _supports, _field("supports")),
    _plain("production_code", "生产码"),
    _plain("repair_code", "维修码"),
    _plain("verification_code", "检定码"),
    _plain("seal", "铅封号", "铅封", "封印"),
    Column("verification_due", "检定有效期至", ("有效期至", "检定有效期", "下次检定日期"), _date,
           lambda _, it: it.verification_due.isoformat() if it.verification_due else ""),
    _plain("profile", "通信协议"),
    Column("lead_unit", "通信单位", (), _unit, _field("lead_unit")),
    Column("usual_g", "常售重量", (), _mass,
           lambda _, it: "" if it.usual_g is None else show_mass(it.usual_g).replace("\u00a0", " ")),
    _plain("qr", "器具二维码", "二维码"),
)  # fmt: skip
"""In the order of an export."""
BY_KEY = {column.key: column for column in COLUMNS}


def _bare(cell: str) -> str:
    """A header as it is compared: no spaces, stars, or remarks in brackets."""
    plain = unicodedata.normalize("NFKC", cell).casefold()
    return re.sub(r"\([^()]*\)|[\s*:_]", "", plain)


_HEADERS = {
    _bare(name): column.key for column in COLUMNS for name in (column.header, *column.also, column.key)
}
