"""The text slip: legal units, no digit that nobody knows, no wording of a verification."""

from types import SimpleNamespace

import pytest

from firmware_app.procedures.self_check.slip import slip_lines


def entry(**changes):
    load = {
        "number": 1,
        "load_g": "3192.840",
        "indication_g": "3510.000",
        "error_g": "317.160",
        "limit_g": "10",
        "verdict": "does_not_conform",
    }
    body = {
        "verdict": "does_not_conform",
        "way": "goods",
        "stall": {"code": "12", "name": "蔬菜"},
        "scale": {"maker": "厂", "model": "M", "serial": "S1", "d_g": "5"},
        "law": {"pack": "jjg539-2016", "version": "1", "confidence": "secondary"},
        "loads": [{**load, **changes}],
    }
    payload = SimpleNamespace(
        device="D-1", at="2026-11-23T14:26:41.879+08:00", clock="unsynchronised", body=body
    )
    return SimpleNamespace(seq=6, payload=payload)


def test_a_load_is_told_with_the_digits_that_are_known():
    lines = [line.strip() for line in slip_lines(entry())]

    assert "1. 示值 3.510\u00a0kg" in lines
    assert "载荷 3.1928\u00a0kg" in lines
    assert "误差 +317.2\u00a0g" in lines
    assert "允差 ±10\u00a0g（使用中）" in lines


@pytest.mark.parametrize("code, words", [("control_failed", "秤台核查未通过"), ("reference_not_capable", "")])
def test_a_pan_that_was_locked_is_told(code, words):
    told = [line.strip() for line in slip_lines(entry(limit_g="", verdict="cannot_judge", reason=code))]

    assert [line for line in told if line.startswith("原因")] == ([f"原因 {words}"] if words else [])


def test_the_verdict_the_source_and_the_clock_are_told():
    lines = slip_lines(entry())

    assert "结论 不符合（建议送检）" in lines
    assert "依据 jjg539-2016 第1版（据二手资料）" in lines
    assert "时间 2026-11-23 14:26（时间未校对）" in lines


@pytest.mark.parametrize("indication, told", [("995.000", "995\u00a0g"), ("-5.000", "-5\u00a0g")])
def test_less_than_a_kilogram_is_told_in_grams(indication, told):
    assert f"1. 示值 {told}" in slip_lines(entry(indication_g=indication))


def test_a_load_that_cannot_be_judged_shows_only_what_is_known():
    lines = slip_lines(entry(load_g="", error_g="", limit_g="", verdict="cannot_judge"))

    assert lines[9:11] == ["1. 示值 3.510\u00a0kg", ""]


def test_no_wording_of_a_verification():
    text = "".join(slip_lines(entry()))

    assert not any(word in text for word in ("检定合格", "检定证书", "校准证书", "斤"))
