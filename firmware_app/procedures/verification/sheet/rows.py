"""What stands in the tables of the sheet, as rows of texts.

Rules this file obeys:

* Everything comes from the body of the entry; nothing is worked out anew but how many decimals are printed.
* A figure is printed to the tenth of an interval, an indication to the interval: no digit that nobody knows.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from firmware_app.procedures.verification.items import NOT_TRIED
from firmware_app.procedures.verification.record import NO_CAMERA
from firmware_app.procedures.verification.sheet import words
from firmware_app.quantity import show_mass, trimmed
from firmware_app.rules.clauses import in_chinese

Body = dict[str, Any]
Row = tuple[str, ...]
HEAD: Row = ("", "L", "I", "ΔL", "P", "E", "E0", "Ec", "允差 ±", "")
HASH_SHOWN = 12
"""Digits of a photo's hash on paper: enough to find its file; the entry, whose hash is on paper, has all."""
_CITED = re.compile(
    r"(?:JJG|JJF|OIML R) ?[0-9-]+(?::[0-9]{4})?"
    r"(?: (?:Table [0-9]+|clause [0-9.]+|[A-Z]\.[0-9.]*[0-9]|[0-9]+(?:\.[0-9]+)+))?(?:, [A-Z]\.[0-9.]*[0-9])*"
)
"""Text and clause at the beginning of what a row of the rules cites; what follows is in English."""


def decimals(step: Decimal) -> int:
    """Decimals of a figure that is a multiple of ``step``."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def figure(text: str, places: int, *, signed: bool = False) -> str:
    """The figure with so many decimals, a true minus, and no sign before zero; empty for none."""
    if not text:
        return ""
    value = Decimal(text)
    shown = f"{abs(value):.{places}f}"
    if value < 0:
        return f"−{shown}"
    return f"+{shown}" if signed and value > 0 else shown


def item(body: Body, name: str) -> Body | None:
    """The item of that name, None where the plan has none."""
    return next((each for each in body["items"] if each["item"] == name), None)


def point_rows(body: Body, name: str) -> list[Row]:
    """A row for every point of an item, also for those that could not be done."""
    found = item(body, name)
    whole = decimals(Decimal(body["ranges"][0]["e_g"]))
    fine = decimals(Decimal(body["ranges"][0]["e_g"]) / 10)
    return (
        []
        if found is None
        else [_point(step, name, whole, fine) for step in found["steps"] if "load_g" in step]
    )


def _point(step: Body, name: str, whole: int, fine: int) -> Row:
    label = step_label(step, name)
    if step["conclusion"] == "not_done":
        why = words.WHY_NOT.get(step["why_not"], str(step["why_not"]))
        return (label, figure(step["load_g"], whole), why, "", "", "", "", "", "", words.MARKS["not_done"])
    if step.get("answer") == "overload":
        return (
            label,
            figure(step["load_g"], whole),
            "无示值",
            "",
            "",
            "",
            "",
            "",
            "",
            words.MARKS[step["conclusion"]],
        )
    substitute = "corrected_g" not in step
    limit = "" if substitute else limits(step["limit_g"], step["limit_initial_g"])
    error = figure(step.get("error_g", ""), fine, signed=True)
    first = step["step"] == "zero" and name not in ("zero_setting", "tare_setting")
    return (
        label,
        figure(step["load_g"], whole if Decimal(step["load_g"]) % 1 == 0 else fine),
        figure(step["indication_g"], whole),
        figure(step.get("added_g", ""), fine) or "直读",
        figure(step.get("p_g", ""), fine),
        "" if substitute else error,
        "" if substitute else figure(step.get("zero_g", ""), fine, signed=True),
        "" if first or substitute else figure(step["corrected_g"], fine, signed=True),
        "" if first else limit,
        "" if first else words.MARKS[step["conclusion"]],
    )


def limits(stage: str, initial: str) -> str:
    """The limit of the stage, and behind a stroke that of initial verification where it is another."""
    own, first = Decimal(stage), Decimal(initial)
    return trimmed(own) if own == first else f"{trimmed(own)}/{trimmed(first)}"


def step_label(step: Body, name: str) -> str:
    """What a row of points is about."""
    key = str(step["step"])
    if key in ("zero", "return"):
        return "零点 E0" if key == "zero" else "↓ 回零"
    if name == "eccentricity":
        return words.PLACES.get(key, key.replace("support_", "支承 "))
    if key.startswith("goods"):
        return f"替代 {key[5:]}"
    if key.startswith("before"):
        return "替代前"
    arrow = {"up": "↑ ", "down": "↓ "}.get(step.get("direction", ""), "")
    over = f"（替代 {step['goods']} 次）" if step.get("goods") else ""
    return f"{arrow}{key.removeprefix('up').removeprefix('down')}{over}"


def discrimination_rows(body: Body) -> list[Row]:
    """Load, extra load, answer and mark of each point of the discrimination."""
    found = item(body, "discrimination")
    rows: list[Row] = []
    for step in found["steps"] if found is not None else ():
        load = show_mass(Decimal(step["load_g"])) + ("（货物）" if step.get("made_of") else "")
        if step["conclusion"] == "not_done":
            why = words.WHY_NOT.get(step["why_not"], step["why_not"])
            rows.append((load, why, "", words.MARKS["not_done"]))
        else:
            moved = "变化" if step["answer"] == "yes" else "不变"
            rows.append((load, show_mass(Decimal(step["extra_g"])), moved, words.MARKS[step["conclusion"]]))
    return rows


def price_rows(body: Body) -> list[Row]:
    """Unit price, indicated mass, amount shown, exact amount and mark of each try."""
    found = item(body, "price_computing")
    rows: list[Row] = []
    for step in found["steps"] if found is not None else ():
        if step["conclusion"] == "not_done":
            why = words.WHY_NOT.get(step["why_not"], step["why_not"])
            rows.append((why, "", "", "", words.MARKS["not_done"]))
        elif "amount_cny" not in step:
            rows.append(("", "无示值", "", "", words.MARKS[step["conclusion"]]))
        else:
            mass = show_mass(Decimal(step["indication_g"]))
            shown, exact = step["amount_cny"], step["exact_cny"]
            rows.append((step["price_cny"], mass, shown, exact, words.MARKS[step["conclusion"]]))
    return rows


def look_texts(body: Body) -> list[str]:
    """Each point of the appearance list with its answer."""
    found = item(body, "appearance")
    steps = found["steps"] if found is not None else ()
    return [
        f"{words.ANSWERS.get(step['answer'], step['answer'])} {words.LOOKS.get(step['step'], step['step'])}"
        for step in steps
    ]


def item_rows(body: Body) -> list[Row]:
    """Name, conclusion, what it rests on, and the line of the law of every item."""
    rows: list[Row] = []
    for number, found in enumerate(body["items"], 1):
        law = found["law"]
        cited = "不属于规程项目" if law is None else citations(law["clause"])
        known = "" if law is None else words.CONFIDENCE.get(law["confidence"], law["confidence"])
        name = words.ITEMS.get(found["item"], found["item"])
        conclusion = words.VERDICTS.get(found["conclusion"], found["conclusion"])
        if found["information"]:
            conclusion += "（仅供参考）"
        rows.append((str(number), name, conclusion, _result(body, found), cited, known))
    return rows


def citations(clause: str) -> str:
    """Texts and clauses in what the rules cite, each once, the more exact where there is one."""
    found = dict.fromkeys(_CITED.findall(clause))
    exact = [each for each in found if not any(other != each and other.startswith(each) for other in found)]
    return in_chinese("; ".join(exact))


def _result(body: Body, found: Body) -> str:
    """The figure that decides an item: the point nearest to its limit, or what was not done."""
    if found["why_not"]:
        return words.WHY_NOT.get(found["why_not"], str(found["why_not"]))
    fine = decimals(Decimal(body["ranges"][0]["e_g"]) / 10)
    if "spread_g" in found:
        return f"极差 {figure(found['spread_g'], fine)} g，允差 {trimmed(Decimal(found['limit_g']))} g"
    points = [step for step in found["steps"] if "corrected_g" in step]
    if found["item"] not in ("zero_setting", "tare_setting"):
        points = [step for step in points if step["step"] != "zero"]
    if points:
        worst = max(points, key=lambda step: abs(Decimal(step["corrected_g"])) / Decimal(step["limit_g"]))
        error = figure(worst["corrected_g"], fine, signed=True)
        sign = "E0" if worst["step"] == "zero" else "Ec"
        return f"{sign} = {error} g，允差 ±{trimmed(Decimal(worst['limit_g']))} g"
    if found["item"] == "challenge":
        challenge = body["challenge"] or {}
        seen = len(challenge.get("readings", ()))
        return f"判读示值 {seen} 个，" + ("有解释不了的规律" if challenge.get("pattern") else "未见异常规律")
    bad = [step for step in found["steps"] if step.get("answer") == "no"]
    if found["item"] == "appearance" and bad:
        return "、".join(words.LOOKS.get(step["step"], step["step"]) for step in bad)
    return ""


def initial_words(body: Body) -> str:
    """Whether every point also keeps the limits of initial verification."""
    judged = [
        step
        for found in body["items"]
        for step in found["steps"]
        if "holds_initial" in step and (step["step"] != "zero" or found["item"].endswith("_setting"))
    ]
    if not judged:
        return ""
    held = all(step["holds_initial"] for step in judged)
    return "按首次允差（1 倍）：" + ("所测各点也在允差之内" if held else "有测点超出")


def tracking_words(body: Body) -> str:
    """What came of finding out whether zero is tracked, empty where nobody was asked."""
    found = item(body, "zero_setting")
    step = next((each for each in found["steps"] if each["step"] == "tracking"), None) if found else None
    if step is None or not step["answer"]:
        return ""
    done = f"每 {step['every_s']} s 加 {step['each_g']} g，至多 {step['times']} 次"
    return f"零点跟踪：{words.TRACKING[step['answer']]}" + (
        "" if step["answer"] == NOT_TRIED else f"（{done}）"
    )


def photo_words(body: Body) -> str:
    """How many photos were taken, and how many did not come about."""
    if body["camera"] == NO_CAMERA:
        return "无（本机没有摄像头）"
    # A record from before photos could fail has no count of them.
    failed = len(body.get("photos_failed", ()))
    taken = f"{len(body['photos'])} 张" if body["photos"] else "未拍"
    return taken + (f"（另有 {failed} 次未拍成）" if failed else "")


def photo_texts(body: Body) -> list[str]:
    """The photos by the beginnings of their hashes, in one line; none where there are no photos."""
    cited = "、".join(each["sha256"][:HASH_SHOWN] for each in body["photos"])
    return [f"照片 SHA-256（前 {HASH_SHOWN} 位，全文见电子记录）：{cited}"] if cited else []


def weight_texts(body: Body) -> list[str]:
    """Each set of weights in a line: class, pieces, certificate and how long it is valid."""
    sets: dict[tuple[str, str, str, str], list[Decimal]] = {}
    for piece in body["weights"]:
        key = (piece["set"], piece["class"], piece["certificate"], piece["valid_to"])
        sets.setdefault(key, []).append(Decimal(piece["nominal_g"]))
    lines = []
    for (name, grade, certificate, valid_to), masses in sets.items():
        counted = {mass: masses.count(mass) for mass in sorted(set(masses), reverse=True)}
        pieces = "、".join(
            show_mass(mass) + (f"×{count}" if count > 1 else "") for mass, count in counted.items()
        )
        lines.append(f"{grade} 级砝码 {name}（证书 {certificate}，有效期至 {valid_to}）：{pieces}")
    return lines
