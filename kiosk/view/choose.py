"""The questions before the first load: which stall, which scale, which way."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import mass
from kiosk.view.say import Say

p = messages.prompts

CARDS_A_PAGE = 2
"""Where the stall has more, one at a time: two small cards between two keys could not be read."""


class StallView(msgspec.Struct, frozen=True):
    title: str
    hint: str
    problem: str
    typed: str


class CardView(msgspec.Struct, frozen=True):
    """A scale. ``rows``: label and value; an unknown value is said, not left out."""

    id: str
    heading: str
    rows: tuple[tuple[str, str], ...]


class ScalesView(msgspec.Struct, frozen=True):
    title: str
    none: str
    """Empty unless the stall has no scale."""
    stall: str
    cards: tuple[CardView, ...]
    first: int
    """Number of the first card of this page, counted from 0 over all pages."""
    page: int
    pages: int
    page_words: str


class WayView(msgspec.Struct, frozen=True):
    way: messages.prompts.Way
    title: str
    text: str
    possible: bool


class WaysView(msgspec.Struct, frozen=True):
    title: str
    ways: tuple[WayView, ...]


def stall(prompt: messages.prompts.AskStall, scanner: bool, say: Say) -> StallView:
    """``scanner``: one is fitted and well, so it may be named."""
    problem = "" if prompt.problem is None else say.code("problem", prompt.problem.value)
    return StallView(
        title=say("ask_stall.title"),
        hint=say("ask_stall.hint") if scanner else say("ask_stall.hint_typed"),
        problem=problem,
        typed=prompt.typed,
    )


def scanner_fitted(state: messages.State) -> bool:
    return any(part.name == "scanner" and not part.problem for part in state.parts)


def card(scale: messages.prompts.ScaleCard, say: Say) -> CardView:
    """All that the registry holds of a scale, in the order of an inspector's form."""
    unknown = say("scale_card.not_known")
    rows = (
        (say("scale_card.serial"), scale.serial or unknown),
        (say("scale_card.max"), mass(scale.max_g)),
        (say("scale_card.e"), mass(scale.e_g)),
        (say("scale_card.accuracy_class"), scale.accuracy_class or unknown),
        (say("scale_card.production_code"), scale.production_code or unknown),
        (say("scale_card.repair_code"), scale.repair_code or unknown),
        (say("scale_card.verification_code"), scale.verification_code or unknown),
        (say("scale_card.seal"), scale.seal or unknown),
        (say("scale_card.verification_due"), scale.verification_due or unknown),
    )
    return CardView(scale.id, f"{scale.maker} {scale.model}".strip() or unknown, rows)


def scales(prompt: messages.prompts.ChooseScale, page: int, say: Say) -> ScalesView:
    """The cards of one page; a page beyond the last is the last."""
    a_page = CARDS_A_PAGE if len(prompt.scales) <= CARDS_A_PAGE else 1
    pages = max(1, -(-len(prompt.scales) // a_page))
    page = min(max(page, 0), pages - 1)
    first = page * a_page
    return ScalesView(
        title=say("choose_scale.title"),
        none="" if prompt.scales else say("choose_scale.none"),
        stall=say("choose_scale.stall", code=prompt.stall.code, name=prompt.stall.name),
        cards=tuple(card(scale, say) for scale in prompt.scales[first : first + a_page]),
        first=first,
        page=page,
        pages=pages,
        page_words=f"{page + 1} / {pages}" if pages > 1 else "",
    )


def ways(prompt: messages.prompts.ChooseWay, say: Say) -> WaysView:
    def offered(offer: messages.prompts.WayOffered) -> WayView:
        if offer.possible:
            text = say.code("way_hint", offer.way.value)
        else:
            text = say.code("way_why_not", offer.why_not or "other")
        return WayView(offer.way, say.code("way", offer.way.value), text, offer.possible)

    return WaysView(say("choose_way.title"), tuple(offered(offer) for offer in prompt.ways))
