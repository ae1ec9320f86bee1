"""The text slips of a fair weighing and of a complaint: Chinese, legal units, no person.

Words: 复秤, 参考; a slip is no document of verification, finds no fraud and says so.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any

from firmware_app.ledger.entry import Entry
from firmware_app.procedures.fair_weighing.state import Bag, What
from firmware_app.quantity import show_mass
from firmware_app.uncertainty.decision import Verdict

TENTH, THOUSANDTH, KILO = Decimal("0.1"), Decimal("0.001"), Decimal(1000)
VERDICT_WORDS = {
    Verdict.CONFORMS: "符合",
    Verdict.DOES_NOT_CONFORM: "不符合（短少）",
    Verdict.UNDECIDED: "需复核",
    Verdict.CANNOT_JUDGE: "无法判定",
}
REASON_WORDS = {
    "bag_unknown": "包装重量未知",
    "bag_typed": "包装重量未经称量",
    "goods_not_at_rest": "商品未能静止",
    "goods_changed": "两次称量不一致",
    "money_rounded": "金额取整，不足以判定",
    "bands_disagree": "品类与单价所属档不同",
    "outside_table": "超出规定的称重范围",
    "no_rules": "没有适用的规定",
    "excluded": "该类商品不适用",
    "not_covered": "规定只适用于食品和金银饰品",
    "not_fine_enough": "本机精度不足以判定",
    "near_limit": "差值接近限值",
    "doubled_limit": "按等准确度核称法（限值加倍）",
    "pan_unfit": "秤台读数不够可靠",
    "control_due": "秤台当日未核查",
    "control_failed": "秤台核查未通过",
    "control_weight_expired": "核查砝码已过有效期",
    "control_weight_withdrawn": "核查砝码已被召回",
    "calibration_weight_withdrawn": "校准秤台的砝码已被召回",
    "control_unreadable": "秤台核查记录无法读取",
    "not_warm": "秤台预热未完成",
    "not_level": "秤台未调平",
    "outside_temperature": "温度超出使用范围",
}
BAG_WORDS = {
    Bag.BARE: "商品裸称",
    Bag.WEIGHED: "已扣除所称包装",
    Bag.TYPED: "已扣除所报包装重量",
    Bag.UNKNOWN: "包装重量未知，未扣除",
}
MATTER_WORDS = {
    "short_weight": "短秤",
    "refused_recheck": "拒绝重新称量",
    "refused_redress": "拒绝补足或退款",
    "other_matter": "其他",
}
CLOCK_WORDS = {"synchronised": "", "battery": "", "unsynchronised": "（时间未校对）"}
CONFIDENCE_WORDS = {"confirmed": "", "secondary": "（据二手资料）", "unconfirmed": "（条文未确认）"}


def fair_weighing_lines(entry: Entry) -> list[str]:
    """The lines of the slip of an entry of kind ``fair_weighing``, an empty one for a gap."""
    body = entry.payload.body
    result, package = body["result"], What(body["what"]) is What.PACKAGE
    reason = REASON_WORDS.get(body["reason"], "")
    return [
        "公平复秤单",
        "",
        *_head(entry),
        "",
        f"{'标注净含量' if package else '结算重量'} {_mass(body['settled']['settled_g'])}",
        *_known("本机复秤", result["net_g"]),
        *_doubt(result["expanded_g"]),
        *_difference(result["error_g"]),
        *_limit("允许短缺量" if package else "允许负偏差", result["limit_g"]),
        f"包装 {BAG_WORDS[Bag(body['bag']['how'])]}",
        "",
        f"结论 {_verdict(body['verdict'], package=package)}",
        *([f"说明 {reason}"] if reason else []),
        *_information(body["information"]),
        *_basis(body["law"]),
        "复秤参考，不代替检定。",
        "",
    ]


def complaint_lines(entry: Entry) -> list[str]:
    """The lines of the slip of an entry of kind ``complaint``, an empty one for a gap."""
    body = entry.payload.body
    contacts, stall = body["contacts"], body["stall"]
    return [
        "投诉登记单",
        "",
        *_head(entry),
        f"复秤记录 {body['weighing']['entry']}",
        f"复秤结论 {VERDICT_WORDS[Verdict(body['weighing']['verdict'])]}",
        f"摊位 {stall['code']} {stall['name']}" if stall else "摊位 未填",
        f"事由 {MATTER_WORDS.get(body['matter'], body['matter'])}",
        "",
        f"消费者投诉 {contacts['hotline']}",
        *([f"市场办公室 {contacts['market']}"] if contacts["market"] else []),
        "请凭此单说明情况。本单只登记，不作认定。",
        "",
    ]


def _verdict(code: str, *, package: bool) -> str:
    """The verdict and the figure of the law that it speaks of."""
    verdict, limit = Verdict(code), "允许短缺量" if package else "允许负偏差"
    within = {Verdict.CONFORMS: f"，未超出{limit}", Verdict.DOES_NOT_CONFORM: f"，超出{limit}"}
    return VERDICT_WORDS[verdict] + within.get(verdict, "")


def _head(entry: Entry) -> list[str]:
    payload = entry.payload
    when = f"{payload.at[:10]} {payload.at[11:16]}{CLOCK_WORDS[payload.clock]}"
    return [f"设备 {payload.device}  记录 {entry.seq}", f"时间 {when}"]


def _basis(law: dict[str, Any]) -> list[str]:
    if not law["pack"]:
        return []
    return [f"依据 {law['pack']} 第{law['version']}版{CONFIDENCE_WORDS[law['confidence']]}"]


def _information(information: dict[str, str]) -> list[str]:
    """The price of what was missing, and what a court may award: information, and said to be so."""
    if not information:
        return []
    return [
        f"短缺部分价款 {information['refund_yuan']} 元",
        f"若经认定为欺诈，可赔 {information['damages_yuan']} 元",
        "（是否欺诈由主管部门或法院认定）",
    ]


def _known(label: str, text: str) -> list[str]:
    return [f"{label} {_mass(text)}"] if text else []


def _difference(text: str) -> list[str]:
    if not text:
        return []
    error = Decimal(text).quantize(TENTH)
    if not error:
        return ["相差 0\u00a0g"]
    return [f"{'少' if error > 0 else '多'} {show_mass(abs(error))}"]


def _doubt(text: str) -> list[str]:
    """U, rounded up."""
    return [f"测量不确定度 U {show_mass(Decimal(text).quantize(TENTH, ROUND_CEILING))}"] if text else []


def _limit(label: str, text: str) -> list[str]:
    """A limit with all the digits that the law gives it."""
    return [f"{label} {show_mass(Decimal(text))}"] if text else []


def _mass(text: str) -> str:
    """A load as a scale shows it: grams to a tenth, from a kilogram on kilograms to a gram."""
    value = Decimal(text)
    if value < KILO:
        return f"{value.quantize(TENTH)}\u00a0g"
    return f"{(value / KILO).quantize(THOUSANDTH)}\u00a0kg"
