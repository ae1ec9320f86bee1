"""Every page of every procedure, as walks meet it: whole, and in words, in all languages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from kiosk_core import FakeCore, Kiosk, state

from firmware_app.procedures.page import Page, PageJudged
from firmware_app.service import messages

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures"))

pytestmark = [pytest.mark.screen, pytest.mark.timeout(900)]

LANGUAGES = ("zh", "bo", "en")
WALKS, STEPS = 20, 400
KINDS = [kind for kind in messages.VisitKind if kind is not messages.VisitKind.CONTROL_CHECK]


def pages_of(kind: messages.VisitKind) -> list[Page | PageJudged]:
    """The fullest page of each kind that many walks meet."""
    from test_procedures_every_table import VARIANTS, begun
    from wanderer import Wanderer

    found: dict[tuple[object, ...], tuple[int, Page | PageJudged]] = {}

    def keep(prompt: Page | PageJudged, *what: object) -> None:
        """Of those alike the fullest."""
        size = len(prompt.facts) + len(prompt.beside)
        if found.get(what, (-1, prompt))[0] < size:
            found[what] = size, prompt

    for seed in range(WALKS):
        wanderer = Wanderer(begun(kind, **VARIANTS[seed % len(VARIANTS)]), seed, sense=0.97)
        for visit in wanderer.wander(STEPS):
            prompt = visit.prompt
            if isinstance(prompt, Page):
                keep(prompt, prompt.key, type(prompt.wants), bool(prompt.problem))
            elif isinstance(prompt, PageJudged):
                keep(prompt, prompt.key, prompt.verdict, prompt.next_step)
    return [prompt for _, prompt in found.values()]


class Steps:
    number = 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_of_a_procedure_is_whole_and_has_words(
    core: FakeCore, kiosk: Kiosk, kind: messages.VisitKind
) -> None:
    wrong = []
    for prompt in pages_of(kind):
        Steps.number += 1
        core.shown = state(prompt, Steps.number)
        kiosk.until_step(Steps.number)
        for language in LANGUAGES:
            kiosk.tap(f"language.{language}")
            seen = kiosk.screen()
            said = [text for text in (*seen["overflow"], *seen["outside"]) if text]
            wrong += [(prompt.key, language, "does not fit", text) for text in said]
            wrong += [
                (prompt.key, language, "has no words", text)
                for text in seen["texts"]
                if text.startswith("page.")
            ]
    assert not wrong, "\n".join(map(str, sorted(set(wrong))))
