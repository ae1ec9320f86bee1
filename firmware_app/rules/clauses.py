"""A cited clause for readers of Chinese: the text and its number as they are, a title where it is known.

Rules this file obeys:

* Numbers, years and names of texts are never touched; an English gloss is left out, not translated.
* A title stands here only where the regulation's own Chinese name of the item was read; none is made up.
* Whatever is not understood stays as it is: a citation is evidence.
"""

from __future__ import annotations

import re

_PART = re.compile(r"; ")
_TEXT = re.compile(
    r"(?P<text>(?:JJG|JJF|GB) [0-9]+(?:\.[0-9]+)?-[0-9]{4}|OIML R [0-9]+(?:-[0-9]+)?:[0-9]{4}|GB [0-9]+)"
    r"(?=[ ,:;]|$)(?P<rest>.*)"
)
_ACT = re.compile(r"(?P<text>[\u4e00-\u9fff]+)(?: \([0-9]{4}\))?(?P<rest> art\. .*)")
_ORDER = re.compile(r"(?:SAMR )?Order (?P<number>[0-9]+) \((?P<year>[0-9]{4})\)(?P<rest>.*)")
_NUMBERS = re.compile(
    r"Table (?P<table>[0-9]+)|annex (?P<annex>[0-9]+)(?P<note>, note)?"
    r"|(?:clause|art\.) (?P<article>[0-9]+(?:\.[0-9]+)*)(?P<of> \([0-9]+\))?"
    r"|arts\. (?P<two>[0-9]+ and [0-9]+)"
    r"|\b(?P<plain>[A-Z]\.[0-9]+(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+)+)"
)
_NOT_READ = re.compile(r"\((?:clause number|clause|article|table number|clause of the seal) not read\)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
TITLES = {
    "general technical requirements": "通用技术要求",
    "accuracy of zero-setting and tare": "置零与除皮准确度",
    "accuracy of zero-setting": "置零准确度",
    "accuracy of tare": "除皮准确度",
    "weighing performance": "称量",
    "eccentric load": "偏载",
    "repeatability": "重复性",
    "discrimination": "鉴别力",
    "small weights of about 0.1 e": "闪变点",
    "subsequent verification": "后续检定",
}
"""Glosses of the packs, and the Chinese names that the regulations have for them; longer ones first."""
NOT_HERE = "its limits are not in this pack"


def in_chinese(clause: str) -> str:
    """The citation as it is shown to readers of Chinese; the same where nothing in it is known."""
    found = dict.fromkeys(filter(None, map(_part, _PART.split(clause))))
    return "；".join(found)


def _part(part: str) -> str:
    if part == NOT_HERE:
        return "其限值未收录"
    if cited := _TEXT.match(part):
        name, rest = cited["text"], cited["rest"]
    elif order := _ORDER.match(part):
        name, rest = f"第 {order['number']} 号令（{order['year']}）", order["rest"]
    elif act := _ACT.match(part):
        name, rest = act["text"], act["rest"]
    else:
        return part
    # What stands behind a colon explains, and may hold numbers that are no clauses.
    head, _, gloss = rest.partition(":")
    numbers = "、".join(_number(each) for each in _NUMBERS.finditer(_NOT_READ.sub("", head)))
    title = next((title for words, title in TITLES.items() if words in head or words in gloss), "")
    title = title or "".join(_CHINESE.findall(head))
    unread = "（条号未核对）" if _NOT_READ.search(rest) else ""
    return " ".join(filter(None, (name, numbers, title))) + unread


def _number(found: re.Match[str]) -> str:
    if found["table"]:
        return f"表 {found['table']}"
    if found["annex"]:
        return f"附件 {found['annex']}" + (" 注" if found["note"] else "")
    if found["two"]:
        return f"第 {found['two'].replace(' and ', '、')} 条"
    if found["article"]:
        of = found["of"]
        return f"第 {found['article']} 条" + (f"（{of[2:-1]}）" if of else "")
    return found["plain"]
