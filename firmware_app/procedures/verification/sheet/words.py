"""The words of the sheet. Chinese, legal units; 核查 and 建议送检, never the words of a certificate."""

from __future__ import annotations

TITLE = "现场核查记录"
SUBTITLE = "电子秤现场核查 · 参照 JJG 539-2016 / OIML R 76-1 各项目"
NO_CERTIFICATE = "本记录只记载现场核查所见，不代替检定，不作检定结论使用。"

ITEMS = {
    "appearance": "外观与通用要求",
    "zero_setting": "置零准确度",
    "tare_setting": "除皮准确度",
    "weighing": "称量性能",
    "eccentricity": "偏载",
    "repeatability": "重复性",
    "discrimination": "鉴别力",
    "tare_weighing": "除皮称量",
    "price_computing": "计价",
    "challenge": "防作弊核查",
}
VERDICTS = {
    "conforms": "符合",
    "does_not_conform": "不符合",
    "undecided": "需复核",
    "cannot_judge": "无法判定",
    "not_done": "未做",
    "": "",
}
WHOLE = {
    "conforms": "符合：所做各项目均在允差之内",
    "does_not_conform": "不符合：有项目不符合，建议送检",
    "undecided": "需复核：尚不能作出结论",
    "cannot_judge": "无法判定：没有可判定的项目",
}
REASONS = {
    "": "",
    "item_failed": "",
    "nothing_done": "没有完成任何项目",
    "items_left_out": "有项目未做",
    "item_undecided": "有项目分辨不足",
}
MARKS = {
    "conforms": "√",
    "does_not_conform": "×",
    "undecided": "?",
    "cannot_judge": "?",
    "not_done": "—",
    "": "",
}
LEGEND = "√ 符合　× 不符合　? 需复核　— 未做"
STAGES = {
    "in_service": "使用中核查（允差为首次的 2 倍）",
    "subsequent": "后续（允差同首次）",
    "initial": "首次",
}
WHY_NOT = {
    "not_applicable": "不适用",
    "weights_missing": "砝码不足",
    "weights_unfit": "砝码准确度不够",
    "small_weights_missing": "没有小砝码",
    "not_repeatable": "重复性不允许替代砝码",
    "scale_unusable": "秤不能正常工作",
    "trader_needs_it": "经营者正在使用",
    "unsafe": "现场不安全",
    "no_time": "时间不够",
    "stopped": "前面项目不符合，中止",
    "not_begun": "没有开始",
    "no_pan": "本机没有秤盘",
    "pan_fault": "本机秤盘有故障",
    "pan_unfit": "本机秤盘不够可靠",
    "pan_too_small": "本机秤盘太小",
    "no_rules": "没有适用的规则",
    "scale_data": "登记数据不对",
    "": "",
}
CONFIDENCE = {"confirmed": "已核对原文", "secondary": "据二手资料", "unconfirmed": "条文未确认", "": ""}
LOOKS = {
    "nameplate": "铭牌齐全",
    "class_mark": "等级符号",
    "type_approval": "型式批准标志",
    "seal": "封印完好",
    "opened": "无拆动痕迹",
    "undeclared_functions": "无未声明功能",
    "level": "水平",
    "indication": "显示清晰",
    "legal_units": "法定单位",
    "last_verification": "上次检定标记",
    "production_code": "生产码",
    "repair_code": "维修码",
    "verification_code": "检定码",
    "software_identity": "软件标识",
    "self_lock": "开盖自锁",
    "price_computing": "计价",
    "extended_display": "扩展显示",
    "multiple_indications": "多显示一致",
    "legal_marks": "法定标志",
    "security": "安全性",
    "adjustment": "调整装置受保护",
    "auxiliary": "辅助装置",
}
ANSWERS = {"yes": "√", "together": "√", "no": "×", "not_applicable": "不适用", "": "—"}
TRACKING = {
    "left_zero": "示值离开零点，E0 在零点测",
    "stayed_at_zero": "示值保持零点，E0 在 10 e 测",
    "not_tried": "未试，E0 在 10 e 测",
}
PLACES = {
    "front_left": "左前",
    "front_right": "右前",
    "back_right": "右后",
    "back_left": "左后",
}
CLOCK = {"synchronised": "", "battery": "", "unsynchronised": "（时间未校对）"}
ROLES = {"inspector": "检查员", "keeper": "管理员"}
SOURCES = {"typed": "人工读数", "lead": "数据线读数", "label": "标签"}
