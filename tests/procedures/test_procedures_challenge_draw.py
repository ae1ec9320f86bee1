"""The draw of a challenge: even, repeatable by anybody, dependent on nothing but head and scale."""

import collections
import importlib.util
import itertools
import json
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.procedures.challenge.draw import Draw, Ticket
from firmware_app.procedures.challenge.plan import GOODS_LOADS, Again, deck_for, drawn, why_not
from firmware_app.procedures.context import Controlled, Head, Pan, Surroundings
from firmware_app.procedures.prompts import Way
from tests.procedures.challenger import HEAD, Bench, Inspector
from tests.procedures.person import REGISTRY, context

SCALE = REGISTRY.find("12").scales[0]
TOOL = Path(__file__).parents[2] / "tools" / "check_challenge.py"


def checker():
    # As where the program is run: what it shares with the other checkers lies beside it.
    sys.path.insert(0, str(TOOL.parent))
    spec = importlib.util.spec_from_file_location("check_challenge", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECKER = checker()


def trials_of(from_head: Head, scale=SCALE, **changes):
    return drawn(deck_for(context(**changes), scale), Ticket(from_head.seq, from_head.hash, scale.id))


heads = st.builds(
    lambda seq, data: Head(seq, data.hex()), st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32)
)


def test_a_known_head_gives_known_words():
    # Written down once: another program, or this one in ten years, must draw the same.
    draw = Draw(Ticket(17, "5" * 64, "TZ-DEMO-0012"))
    assert [draw.below(1000) for _ in range(6)] == WORDS


WORDS = [700, 484, 47, 463, 135, 796]


@settings(deadline=None)
@given(heads)
def test_the_order_is_the_same_whatever_else_is_different(head):
    plain = trials_of(head)
    assert plain == trials_of(head, seed=1, pan=Pan(max_g=D(19000), calibration="other"))
    assert plain == trials_of(head, head=Head(99, "a" * 64))
    assert trials_of(head, REGISTRY.find("7").scales[0]) != plain


@settings(deadline=None)
@given(heads)
def test_every_challenge_holds_all_that_a_challenge_needs(head):
    trials = trials_of(head)
    fresh = [trial for trial in trials if trial.again is Again.NO]
    goods = [trial for trial in fresh if trial.way is Way.GOODS]
    assert len(goods) == GOODS_LOADS and len(fresh) == GOODS_LOADS + 2
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))
    assert [trial.again for trial in trials].count(Again.POWER) == 1
    assert [trial.again for trial in trials].count(Again.REPEAT) == 1
    assert [trial.hold for trial in trials].count(True) == 1
    (held,) = [trial for trial in trials if trial.hold]
    (pressed,) = [trial for trial in trials if trial.keys]
    assert sorted(pressed.keys) == sorted(deck_for(context(), SCALE).keys)
    assert min(pressed.low_g, held.low_g) >= goods_rising(goods)[GOODS_LOADS // 2].low_g
    assert held is not pressed
    # A power cycle would lock what only keys can show.
    assert next(trial.number for trial in trials if trial.again is Again.POWER) > pressed.number
    for before, after in itertools.pairwise(trials):
        if after.again is not Again.NO:
            assert (before.low_g, before.high_g, before.again) == (after.low_g, after.high_g, Again.NO)


def goods_rising(goods):
    return sorted(goods, key=lambda trial: trial.low_g)


def test_every_place_is_as_likely_as_another():
    # 4000 heads: the lightest goods come at each of the 7 places, expected 571 each (s = 22).
    places, deck = collections.Counter(), deck_for(context(), SCALE)
    for number in range(4000):
        trials = drawn(deck, Ticket(number, f"{number:064x}", SCALE.id))
        fresh = [trial for trial in trials if trial.again is Again.NO]
        places[min(range(7), key=lambda place: fresh[place].low_g or 10**9)] += 1
    assert set(places) == set(range(7))
    assert all(abs(count - 4000 / 7) < 5 * 22 for count in places.values())


@pytest.mark.parametrize("head", ["5" * 62, "5" * 66, "x" * 64, ""])
def test_only_a_hash_is_drawn_from(head):
    with pytest.raises(ValueError):
        Draw(Ticket(1, head, "S"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"pan": None}, "no_pan"),
        ({"pan": Pan(max_g=D(300), calibration="c")}, "pan_too_small"),
        ({"packs": ()}, "no_rules"),
        ({"controlled": Controlled(state="due", lock="control_due")}, "control_due"),
        ({"surroundings": Surroundings(on_s=60.0, warm_up_s=1800.0)}, "not_warm"),
    ],
)
def test_why_a_scale_cannot_be_challenged(changes, why):
    assert why_not(context(**changes), SCALE) == why
    assert why_not(context(**changes), SCALE, None, "test_rig") == (
        "no_pan" if why == "no_pan" else "pan_unfit"
    )


@settings(deadline=None)
@given(heads)
def test_the_checker_draws_the_same_without_our_program(head):
    assert "firmware_app" not in TOOL.read_text("utf-8")
    deck = deck_for(context(), SCALE)
    asked = CHECKER.order(
        {
            "seq": head.seq,
            "head": head.hash,
            "scale": SCALE.id,
            "goods_g": [[format(low, "f"), format(high, "f")] for low, high in deck.goods],
            "weights_g": [format(sum(piece.nominal_g for piece in pieces), "f") for pieces in deck.weights],
            "keys": list(deck.keys),
        }
    )
    ours = trials_of(head)
    assert [(each["way"], each["again"], each["hold"], tuple(each["keys"])) for each in asked] == [
        (trial.way.value, trial.again.value, trial.hold, trial.keys) for trial in ours
    ]


def ledger(tmp_path, head_of=lambda entry: Head(entry.seq, entry.hash), change=lambda body: body):
    """An export with a challenge in it, led to its end by an inspector."""
    signer = SoftwareKey.generate()
    at, clock = "2026-11-23T09:00:00+08:00", ClockQuality.SYNCHRONISED
    stamp = Stamp(at=at, clock=clock, boot="b", uptime_ns=1)

    def entry(seq, prev, kind, body):
        return make_entry(
            signer, device="D-1", seq=seq, prev=prev, stamp=stamp, software="s", kind=kind, body=body
        )

    first = entry(1, "0" * 64, "genesis", {"jwk": {}})
    inspector = Inspector(Bench("honest"), head=head_of(first))
    inspector.run()
    body = change(json.loads(json.dumps(inspector.visit.outcome.body)))
    second = entry(2, first.hash, "challenge", body)
    path = tmp_path / "ledger.ndjson"
    path.write_text(f"{first.jws}\n{second.jws}\n", "ascii")
    return path


def swapped(body):
    body["trials"][0], body["trials"][-1] = body["trials"][-1], body["trials"][0]
    return body


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({}, 0, "drawn from entry 1, 0 entries between"),
        ({"head_of": lambda entry: HEAD}, 1, "not the head"),
        ({"change": swapped}, 1, "not the one that follows"),
    ],
)
def test_anybody_sees_in_an_export_that_nobody_chose(tmp_path, changes, code, said):
    path = ledger(tmp_path, **changes)
    ran = subprocess.run([sys.executable, str(TOOL), str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode, said in ran.stdout) == (code, True), ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        # a line of another kind of statement is none of this program's business
        ("e30.e30.x\n", 0),
        ("x\n", 1),
        ("a.b.c\n", 1),
        ("eyJ0eXAiOiJzdGVlbHlhcmQtZW50cnkrandzIn0.W10.x\n", 1),
    ],
)
def test_the_checker_says_so_of_what_is_no_ledger(tmp_path, text, code):
    path = tmp_path / "ledger.ndjson"
    path.write_text(text, "ascii")
    ran = subprocess.run([sys.executable, str(TOOL), str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert ("REFUSED  line 1" in ran.stdout) is bool(code)
