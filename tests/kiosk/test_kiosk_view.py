"""View-models: what each screen says for a State, without Kivy."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiosk_core import BETWEEN, CHEATS, HONEST, PROMPTS, SCALE, UNABLE, load, result, state

from firmware_app.service import messages
from kiosk.finger import BOUNCE_S, OneFinger
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.layout import Box
from kiosk.link import Condition
from kiosk.theme import MIN_CONTRAST, PAIRS, Metrics, contrast
from kiosk.view import bar as bars
from kiosk.view import choose, loads, mass, trouble, verdict
from kiosk.view.corridor import corridor
from kiosk.view.home import home, notice
from kiosk.view.idle import Idle, Phase, Times
from kiosk.view.pad import MAX_CODE, MAX_DIGITS, Pad, Unit
from kiosk.view.route import Screen, route
from kiosk.view.say import Say

p = messages.prompts
WORDS = Language.shipped(strict=True)
SAYS = {lang: Say(WORDS, lang) for lang in LANGUAGES}
EN = SAYS["en"]
PAN = messages.PanState


# ------------------------------------------------------------------------------------------- routes


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_has_its_screen(name: str) -> None:
    prompt = PROMPTS[name]
    shown = route(state(prompt), Condition.ANSWERING).screen
    assert name.startswith(shown.value)


@pytest.mark.parametrize("condition", [Condition.SILENT, Condition.STARTING])
def test_a_core_that_does_not_answer_hides_every_question(condition: Condition) -> None:
    way = route(state(PROMPTS["put_weights"]), condition)
    assert way.screen is Screen.NO_CORE
    assert not way.back and not way.cancel and way.held


def test_a_verdict_can_neither_be_taken_back_nor_stopped() -> None:
    for name in ("judged_conforms", "not_saved", "saving"):
        way = route(state(PROMPTS[name]), Condition.ANSWERING)
        assert not way.back and not way.cancel


def test_all_prompts_of_the_program_have_a_screen() -> None:
    from kiosk.view.route import OF_PROMPT

    assert set(OF_PROMPT) == set(messages.Prompt.__args__)


# ------------------------------------------------------------------------------------------ live bar


@pytest.mark.parametrize(
    ("pan", "figure", "tone"),
    [
        (PAN(mass_g="1505", stable=True, why_not=None, fault=None), "1.505", bars.Tone.GOOD),
        (PAN(mass_g="1505.5", stable=False, why_not="moving", fault=None), "1.5055", bars.Tone.WAIT),
        (PAN(mass_g="-3", stable=True, why_not=None, fault=None), "−0.003", bars.Tone.GOOD),
        (PAN(mass_g="-0.0", stable=True, why_not=None, fault=None), "0.0000", bars.Tone.GOOD),
        (PAN(mass_g=None, stable=False, why_not=None, fault=None), "", bars.Tone.WAIT),
        (PAN(mass_g=None, stable=False, why_not=None, fault=None, hidden=True), "", bars.Tone.MUTE),
        # A fault is never a number, even if a figure were still sent beside it.
        (
            PAN(mass_g="0", stable=True, why_not=None, fault=messages.Fault.DISCONNECTED),
            "",
            bars.Tone.BAD,
        ),
    ],
)
def test_the_pan_in_the_bar(pan: messages.PanState, figure: str, tone: bars.Tone) -> None:
    view = bars.pan(state(pan=pan), EN)
    assert (view.figure, view.tone) == (figure, tone)
    assert view.note


def test_a_silent_core_leaves_nothing_old_in_the_bar() -> None:
    view = bars.bar(
        state(pan=PAN(mass_g="1505", stable=True, why_not=None, fault=None)), Condition.SILENT, EN
    )
    assert (view.pan.figure, view.time, view.network, view.unsent) == ("", "", "", "")
    assert view.pan.tone is bars.Tone.BAD
    assert view.simulated


@pytest.mark.parametrize(
    ("county", "words", "tone"),
    [
        (
            messages.CountyState(reachable=None, unsent=0, last_entry=0, received=0),
            "network?",
            bars.Tone.MUTE,
        ),
        (messages.CountyState(reachable=True, unsent=0, last_entry=3, received=3), "network", bars.Tone.GOOD),
        (
            messages.CountyState(reachable=False, unsent=2, last_entry=3, received=1),
            "no network",
            bars.Tone.WAIT,
        ),
    ],
)
def test_the_network_in_the_bar(county: messages.CountyState, words: str, tone: bars.Tone) -> None:
    view = bars.bar(state(county=county), Condition.ANSWERING, EN)
    assert (view.network, view.network_tone) == (words, tone)
    assert str(county.unsent) in view.unsent or not county.unsent


def test_a_dead_uploader_is_named() -> None:
    parts = (messages.PartState("uploader", "silent"), messages.PartState("kiosk", "silent"))
    view = bars.bar(state(parts=parts), Condition.ANSWERING, EN)
    assert (view.network, view.network_tone) == ("not sending", bars.Tone.BAD)
    assert notice(state(parts=parts), EN).startswith("Delivery: ")


def test_real_parts_carry_no_simulation_mark() -> None:
    assert bars.bar(state(simulated=False), Condition.ANSWERING, EN).simulated == ""


# --------------------------------------------------------------------------------------------- home


@pytest.mark.parametrize("lang", LANGUAGES)
def test_doors_that_are_not_built_say_so(lang: str) -> None:
    say = SAYS[lang]
    view = home(state(), say)
    built = [door.name for door in (*view.doors, view.keeper) if door.opens]
    assert built == ["self_check"]
    assert {door.text for door in (view.doors[1], view.keeper)} == {say("home.not_built")}
    assert view.doors[2].text == say("home.no_inspector")


# -------------------------------------------------------------------------------------------- choose


def test_a_scanner_is_named_only_where_one_is_fitted() -> None:
    with_scanner = state(parts=(messages.PartState("scanner"),))
    broken = state(parts=(messages.PartState("scanner", "silent"),))
    assert choose.scanner_fitted(with_scanner)
    assert not choose.scanner_fitted(broken) and not choose.scanner_fitted(state())
    assert (
        choose.stall(p.AskStall(), scanner=True, say=EN).hint
        != choose.stall(p.AskStall(), scanner=False, say=EN).hint
    )


def test_a_card_names_every_field_and_says_what_is_not_known() -> None:
    card = choose.card(msgspec.structs.replace(SCALE, seal=""), EN)
    values = dict(card.rows)
    assert card.heading == "大红鹰 ACS-15A"
    assert values["Max"] == "15\u00a0kg" and values["e"] == "5\u00a0g"
    assert values[EN("scale_card.seal")] == "not known"
    assert len(card.rows) == 9


@pytest.mark.parametrize(
    ("count", "page", "first", "shown", "pages"),
    [(0, 0, 0, 0, 1), (1, 0, 0, 1, 1), (2, 0, 0, 2, 1), (3, 1, 1, 1, 3), (5, 9, 4, 1, 5), (5, -1, 0, 1, 5)],
)
def test_pages_of_scales(count: int, page: int, first: int, shown: int, pages: int) -> None:
    prompt = p.ChooseScale(p.StallCard("12", ""), (SCALE,) * count)
    view = choose.scales(prompt, page, EN)
    assert (view.first, len(view.cards), view.pages) == (first, shown, pages)
    assert bool(view.none) is (count == 0)


def test_a_way_that_is_not_possible_says_why() -> None:
    view = choose.ways(PROMPTS["choose_way_one"], EN)
    weights, goods = view.ways
    assert not weights.possible and weights.text == EN("way_why_not.weights_expired")
    assert goods.possible


# --------------------------------------------------------------------------------------------- loads


@pytest.mark.parametrize(
    ("lead", "figure", "ready"),
    [
        (messages.LeadState(state="streaming", text="1.005", unit="kg", stable=True), "1.005", True),
        (messages.LeadState(state="streaming", text="1.005", unit="kg", stable=None), "1.005", True),
        (messages.LeadState(state="streaming", text="1.005", unit="kg", stable=False), "1.005", False),
        (messages.LeadState(state="streaming", text="9", unit="kg", overload=True), "", False),
        (messages.LeadState(state="streaming", text="9", unit="kg", underload=True), "", False),
        (messages.LeadState(state="streaming", text="", unit="kg"), "", False),
        (messages.LeadState(state="streaming", text="1e9\x00<b>", unit="kg"), "", False),
        (messages.LeadState(state="silent"), "", False),
        (messages.LeadState(state="lost"), "", False),
    ],
)
def test_the_lead_never_shows_a_number_that_is_none(
    lead: messages.LeadState, figure: str, ready: bool
) -> None:
    view = loads.lead(lead, EN)
    assert (view.figure, view.ready) == (figure, ready)
    assert view.note


def test_put_weights_draws_the_pieces() -> None:
    view = loads.put(PROMPTS["put_weights"], messages.LeadState(state="absent"), EN)
    assert view.pieces == (("1\u00a0kg", 1000.0), ("500\u00a0g", 500.0))
    assert view.lead is None and "1.5\u00a0kg" in view.title
    assert view.load == "Load 2 of 4"


def test_with_goods_no_figure_of_our_own_pan_is_in_the_view() -> None:
    hidden = PAN(mass_g=None, stable=True, why_not=None, fault=None, hidden=True)
    now = state(PROMPTS["put_goods"], pan=hidden)
    assert bars.pan(now, EN).figure == ""
    view = loads.put(PROMPTS["put_goods"], now.lead, EN)
    assert not any(char.isdigit() for char in view.title) and "400" in view.text


@pytest.mark.parametrize(
    ("mass_g", "stable", "stage"),
    [("0", True, 0), ("19.9", False, 0), ("20", False, 1), ("1234", True, 2), (None, False, 0)],
)
def test_the_stages_of_weighing_goods(mass_g: str | None, stable: bool, stage: int) -> None:
    pan = PAN(mass_g=mass_g, stable=stable, why_not=None, fault=None)
    assert loads.weigh_goods(PROMPTS["weigh_goods"], state(pan=pan), EN).stage == stage


# ------------------------------------------------------------------------------------------- trouble


@pytest.mark.parametrize("fault", list(messages.Fault))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_is_words_with_a_remedy(fault: messages.Fault, lang: str) -> None:
    pan = PAN(mass_g=None, stable=False, why_not=None, fault=fault)
    view = trouble.interrupted(p.Interrupted(fault, 1, 3), pan, SAYS[lang])
    assert view.what == SAYS[lang](f"fault.{fault.value}") and view.remedy
    assert view.banner == SAYS[lang]("interrupted.title")


def test_a_starting_appliance_is_not_called_silent() -> None:
    assert trouble.no_core(Condition.STARTING, EN).tone is bars.Tone.WAIT
    silent = trouble.no_core(Condition.SILENT, EN)
    assert silent.tone is bars.Tone.BAD and "nothing is judged" in silent.banner


# ------------------------------------------------------------------------------------------- verdict


@pytest.mark.parametrize("outcome", [HONEST, CHEATS, BETWEEN, UNABLE])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_verdict_shows_the_law_both_limits_and_its_doubt(outcome: p.VisitResult, lang: str) -> None:
    view = verdict.judged(p.Judged(outcome, 41, "SLIP"), 0, SAYS[lang])
    assert view.word == SAYS[lang](f"verdict_short.{outcome.verdict.value}")
    assert outcome.law.clause_in(lang) in view.law and "jjg539-2016" in view.law
    assert view.caution == SAYS[lang]("confidence.unconfirmed")
    assert view.entry.endswith("41")
    assert len(view.rows) == len(outcome.loads) == len(view.corridor.columns)
    assert all("/" in row.limits and row.doubt.startswith("±") for row in view.rows)


def test_a_confirmed_clause_needs_no_caution() -> None:
    law = msgspec.structs.replace(HONEST.law, confidence="confirmed")
    view = verdict.judged(p.Judged(msgspec.structs.replace(HONEST, law=law), 1, "S"), 0, EN)
    assert view.caution == ""


def test_the_reason_that_decided_is_said() -> None:
    view = verdict.judged(p.Judged(UNABLE, 1, "S"), 0, EN)
    assert view.hint == EN("reason.reference_not_capable")


def test_many_loads_are_paged_in_order() -> None:
    many = result(
        messages.Verdict.CONFORMS, tuple(load(n, "1000", "1000", "0", "5") for n in range(8, 0, -1))
    )
    first = verdict.judged(p.Judged(many, 1, "S"), 0, EN)
    last = verdict.judged(p.Judged(many, 1, "S"), 99, EN)
    assert (len(first.rows), len(last.rows), last.page, last.pages) == (6, 2, 1, 2)


# ------------------------------------------------------------------------------------------ corridor


def test_the_corridor_keeps_points_inside_and_outside_apart() -> None:
    for outcome in (HONEST, CHEATS, BETWEEN, UNABLE):
        view = corridor(outcome.loads)
        ordered = sorted(outcome.loads, key=lambda one: Decimal(one.load_g))
        for column, one in zip(view.columns, ordered, strict=True):
            inside = abs(Decimal(one.error_g)) <= Decimal(one.limit_g)
            assert (abs(column.y) <= column.service + 1e-9) is inside
            assert column.initial == pytest.approx(column.service / 2)


def test_a_point_beyond_the_picture_is_clipped_and_still_written() -> None:
    view = corridor(CHEATS.loads)
    assert [column.clipped for column in view.columns] == [0, 1, 1, 1, 1]
    assert view.columns[-1].error == "+500\u00a0g"


grams = st.decimals(min_value=-100000, max_value=100000, places=2).map(str)
limits = st.decimals(min_value="0.5", max_value=100, places=1).map(str)


@given(st.lists(st.tuples(grams, limits), min_size=1, max_size=12))
def test_heights_stay_in_the_picture(pairs: list[tuple[str, str]]) -> None:
    view = corridor(tuple(load(i, "1000", "1000", e, lim) for i, (e, lim) in enumerate(pairs)))
    for column in view.columns:
        assert -1 <= column.low <= column.y <= column.high <= 1
        assert 0 < column.initial < column.service < 1


def test_no_loads_no_corridor() -> None:
    assert corridor(()).columns == ()


# ------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (mass.signed("0.04"), "0\u00a0g"),
        (mass.signed("-0.04"), "0\u00a0g"),
        (mass.signed("7"), "+7\u00a0g"),
        (mass.signed("-100.25"), "−100.2\u00a0g"),
        (mass.doubt("2.91"), "±3\u00a0g"),
        (mass.doubt("2.9"), "±2.9\u00a0g"),
        (mass.limit("2.50"), "±2.5\u00a0g"),
        (mass.like_scale("1000", "5"), "1.000\u00a0kg"),
        (mass.like_scale("1005.5", "5"), "1.0055\u00a0kg"),
        (mass.like_scale("15000", "10"), "15.00\u00a0kg"),
        (mass.load("1234.56"), "1.2346\u00a0kg"),
        (mass.load("500"), "500\u00a0g"),
    ],
)
def test_figures(made: str, text: str) -> None:
    assert made == text


# ----------------------------------------------------------------------------------------------- pad


def typed(keys: str, unit: Unit | None = Unit.KG) -> Pad:
    pad = Pad(unit=unit)
    for key in keys:
        pad = pad.press({".": "point", "<": "delete"}.get(key, key))
    return pad


@pytest.mark.parametrize(
    ("keys", "text", "complete"),
    [
        ("1.005", "1.005", True),
        ("1.", "1.", False),
        (".5", "0.5", True),
        ("05", "5", True),
        ("0.0", "0.0", True),
        ("1..5", "1.5", True),
        ("12<", "1", True),
        ("<", "", False),
        ("123456789", "123456789"[:MAX_DIGITS], True),
    ],
)
def test_a_figure_is_typed_as_the_scale_shows_it(keys: str, text: str, complete: bool) -> None:
    pad = typed(keys)
    assert (pad.text, pad.complete) == (text, complete)


def test_the_unit_is_changed_without_losing_the_figure() -> None:
    assert typed("1005").press("g") == Pad("1005", Unit.G)


@pytest.mark.parametrize(
    ("keys", "text", "complete"),
    [
        ("~", "-", False),
        ("~7.5", "-7.5", True),
        ("7.5~", "-7.5", True),
        ("7~~", "7", True),
        ("~.5", "-0.5", True),
        ("~05", "-5", True),
        ("~7<<", "", False),
        ("~123456789", f"-{'123456789'[:MAX_DIGITS]}", True),
    ],
)
def test_where_a_figure_may_be_below_zero_a_key_turns_its_sign(keys: str, text: str, complete: bool) -> None:
    pad, plain = Pad(unit=Unit.G, signed=True), Pad(unit=Unit.G)
    for key in keys:
        named = {".": "point", "<": "delete", "~": "minus"}.get(key, key)
        pad, plain = pad.press(named), plain.press(named)
    assert (pad.text, pad.complete) == (text, complete)
    assert "-" not in plain.text and pad.press("kg").text == text


def test_a_code_keeps_leading_zeros_and_knows_no_point() -> None:
    pad = typed("007.5", unit=None)
    assert pad.text == "0075" and pad.press("kg") == pad
    assert len(typed("1" * 40, unit=None).text) == MAX_CODE


@given(st.lists(st.sampled_from([*"0123456789", "point", "delete", "kg", "g", "", "x", "12"]), max_size=30))
def test_whatever_is_pressed_a_complete_figure_is_a_number(keys: list[str]) -> None:
    pad = Pad(unit=Unit.KG)
    for key in keys:
        pad = pad.press(key)
    if pad.complete:
        assert Decimal(pad.text) >= 0


@given(st.lists(st.sampled_from([*"0123456789", "point", "delete", "kg", "g", "minus"]), max_size=30))
def test_so_is_a_signed_one(keys: list[str]) -> None:
    pad = Pad(unit=Unit.KG, signed=True)
    for key in keys:
        pad = pad.press(key)
        assert pad.signed
    if pad.complete:
        assert abs(Decimal(pad.text)) < 10**MAX_DIGITS


# ---------------------------------------------------------------------------------------------- idle

TIMES = Times(until_warning=60, warning=15, until_dark=300)


def test_nobody_there_warns_then_leaves_once() -> None:
    idle = Idle(TIMES, 0.0)
    assert not idle.tick(59, visiting=True, held=False) and idle.phase is Phase.AWAKE
    assert not idle.tick(60, visiting=True, held=False) and idle.phase is Phase.WARNING
    assert idle.seconds_left(60) == 15 and idle.seconds_left(74.5) == 1
    assert idle.tick(75, visiting=True, held=False)
    assert not idle.tick(75.1, visiting=True, held=False)


def test_the_first_touch_on_the_warning_or_the_dark_presses_nothing() -> None:
    idle = Idle(TIMES, 0.0)
    idle.tick(60, visiting=True, held=False)
    assert not idle.touched(61) and idle.phase is Phase.AWAKE
    assert idle.touched(62)
    idle.tick(362, visiting=False, held=False)
    assert idle.phase is Phase.DARK
    assert not idle.touched(363) and idle.touched(364)


def test_a_fault_or_a_silent_core_sends_nobody_home() -> None:
    idle = Idle(TIMES, 0.0)
    assert not idle.tick(500, visiting=True, held=True)
    assert not idle.tick(501, visiting=True, held=False) and idle.phase is Phase.AWAKE


# ------------------------------------------------------------------------------------- finger, theme


def test_one_finger_presses_once() -> None:
    finger = OneFinger()
    assert finger.down("a", 0.0)
    assert not finger.down("b", 0.5), "a second finger while one is down"
    finger.up("a")
    assert not finger.down("c", BOUNCE_S / 2), "a ghost of the same tap"
    assert finger.down("d", 0.6)


@pytest.mark.parametrize(("name", "ink", "ground"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_contrast(name: str, ink: tuple[float, ...], ground: tuple[float, ...]) -> None:
    assert contrast(ink, ground) >= MIN_CONTRAST, name


@pytest.mark.parametrize("size", [(800, 480), (1024, 600), (1280, 720)])
def test_a_target_is_fifteen_millimetres(size: tuple[int, int]) -> None:
    m = Metrics(*size)
    assert m.target[0] / size[0] * m.panel_mm[0] >= 15
    assert m.target[1] / size[1] * m.panel_mm[1] >= 15
    # Five keys of the rail under the bar.
    assert 5 * m.target[1] + m.px(60) <= size[1]


def test_pieces_of_a_box_neither_overlap_nor_leave_it() -> None:
    box = Box(10, 20, 300, 200)
    left, right = box.cut_left(100, 10)
    assert (left.right, right.x, right.right) == (110, 120, 310)
    top, below = box.cut_top(50, 5)
    assert (top.y, below.top, below.y) == (170, 165, 20)
    assert [column.x for column in box.columns(3, 15)] == [10, 115, 220]
    assert [row.y for row in box.rows(2, 20)] == [130, 20]


def test_views_need_no_kivy() -> None:
    line = "import sys, kiosk.view.verdict, kiosk.view.loads, kiosk.client; sys.exit('kivy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], check=False, timeout=60).returncode == 0
