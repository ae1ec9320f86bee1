"""The text slip of a self-check: what a person reads beside the QR code. Chinese, legal units, no person.

Words: 核查, 自检, 比对, 建议送检; a slip is no document of verification and says so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from firmware_app.ledger.entry import Entry
from firmware_app.procedures.prompts import Way
from firmware_app.quantity import show_mass
from firmware_app.uncertainty.decision import Verdict

TENTH = Decimal("0.1")
"""Grams to which a slip gives a load and an error."""

VERDICT_WORDS = {
    Verdict.CONFORMS: "符合",
    Verdict.DOES_NOT_CONFORM: "不符合（建议送检）",
    Verdict.UNDECIDED: "需复核",
    Verdict.CANNOT_JUDGE: "无法判定",
}
WAY_WORDS = {Way.WEIGHTS: "标准砝码", Way.GOODS: "商品与本机秤台比对"}
LOCK_WORDS = {
    "control_due": "秤台当日未核查",
    "control_failed": "秤台核查未通过",
    "control_weight_expired": "核查砝码已过有效期",
    "control_unreadable": "秤台核查记录无法读取",
    "pan_unfit": "秤台读数不够可靠",
    "not_warm": "秤台预热时间不够",
    "not_level": "秤台没有放平",
    "outside_temperature": "超出秤台的温度范围",
}
"""Why the own pan judged nothing."""
CLOCK_WORDS = {"synchronised": "", "battery": "", "unsynchronised": "（时间未校对）"}
CONFIDENCE_WORDS = {"confirmed": "", "secondary": "（据二手资料）", "unconfirmed": "（条文未确认）"}


def slip_lines(entry: Entry) -> list[str]:
    """The lines of the slip of an entry of kind ``self_check``, an empty one for a gap."""
    payload, body = entry.payload, entry.payload.body
    scale, law = body["scale"], body["law"]
    when = f"{payload.at[:10]} {payload.at[11:16]}{CLOCK_WORDS[payload.clock]}"
    return [
        "秤自检单",
        "",
        f"设备 {payload.device}  记录 {entry.seq}",
        f"时间 {when}",
        f"摊位 {body['stall']['code']} {body['stall']['name']}",
        f"秤 {scale['maker']} {scale['model']}",
        f"出厂编号 {scale['serial']}",
        f"方式 {WAY_WORDS[Way(body['way'])]}",
        "",
        *[line for load in body["loads"] for line in _load_lines(load, Decimal(scale["d_g"]))],
        "",
        f"结论 {VERDICT_WORDS[Verdict(body['verdict'])]}",
        *_basis(law),
        "自检参考，不代替检定。",
        "",
    ]


def _basis(law: dict[str, Any]) -> list[str]:
    """The pack that was judged by; nothing where nothing was judged."""
    if not law["pack"]:
        return []
    return [f"依据 {law['pack']} 第{law['version']}版{CONFIDENCE_WORDS[law['confidence']]}"]


def _load_lines(load: dict[str, Any], d_g: Decimal) -> list[str]:
    several = load.get("readings", 1)
    step = d_g if several == 1 else TENTH
    times = "" if several == 1 else f"（{several} 次平均）"
    lines = [f"{load['number']}. 示值 {_mass(load['indication_g'], step)}{times}"]
    if load["load_g"]:
        lines.append(f"   载荷 {_mass(load['load_g'], TENTH)}")
    if load["limit_g"]:
        lines.append(f"   误差 {_signed(load['error_g'])}")
        lines.append(f"   允差 ±{show_mass(Decimal(load['limit_g']))}（使用中）")
    if load.get("reason") in LOCK_WORDS:
        lines.append(f"   原因 {LOCK_WORDS[load['reason']]}")
    return lines


def _mass(text: str, step_g: Decimal) -> str:
    """The mass to the decimals of its step: digits that nobody knows are not printed."""
    value = Decimal(text)
    unit, per = ("kg", Decimal(1000)) if abs(value) >= 1000 else ("g", Decimal(1))
    decimals = max(0, -int((step_g / per).normalize().as_tuple().exponent))
    return f"{value / per:.{decimals}f}\u00a0{unit}"


def _signed(text: str) -> str:
    value = Decimal(text).quantize(TENTH)
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{show_mass(abs(value))}"
