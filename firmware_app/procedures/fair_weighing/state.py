"""The whole state of a fair weighing: one frozen struct that can be written down and read back at any moment.

Rules this file obeys:

* Whatever a power cut must not lose stands here, and nothing stands anywhere else. No person stands here.
* Every figure given and every weighing is kept, also the one that was refused or taken back.
* What was paid for is given before the goods lie on the pan, with the pan hidden: nobody fits the one to the
  other. ``blind`` says of each figure whether that held.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.procedures.page import PageJudged
from firmware_app.procedures.prompts import Source
from firmware_app.procedures.settle import Window
from firmware_app.procedures.taken import PanMass
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale, Stall
from firmware_app.uncertainty.decision import Verdict
from hardware.loadcell.contract import Fault

FORMAT = 1
MAX_KEPT = 60
"""Figures and weighings of each kind kept in full; what comes after them is only counted."""


class FairPhase(enum.StrEnum):
    """Where the visit stands."""

    ASK_WHAT = "ask_what"
    SETTLED = "settled"
    """What was paid for, or the net content that the package names."""
    AMOUNT = "amount"
    """The amount of money, where no mass is known."""
    KIND = "kind"
    KIND_ELSE = "kind_else"
    PRICE = "price"
    PRICE_OF_500G = "price_of_500g"
    BAND = "band"
    """Kind and price lead to two bands of the table."""
    BAG = "bag"
    BAG_TYPED = "bag_typed"
    CLEAR_FOR_BAG = "clear_for_bag"
    PUT_BAG = "put_bag"
    CLEAR_PAN = "clear_pan"
    PUT_GOODS = "put_goods"
    BAG_SURE = "bag_sure"
    """Short only if the goods lie in their bag: do they?"""
    CLEAR_AGAIN = "clear_again"
    PUT_AGAIN = "put_again"
    """Nobody is accused by one weighing: the goods are put on once more."""
    INTERRUPTED = "interrupted"
    SAVING = "saving"
    JUDGED = "judged"
    NOT_SAVED = "not_saved"
    COMPLAINT_STALL = "complaint_stall"
    COMPLAINT_KIND = "complaint_kind"
    COMPLAINT_HOLD = "complaint_hold"
    SAVING_COMPLAINT = "saving_complaint"
    COMPLAINED = "complained"
    COMPLAINT_NOT_SAVED = "complaint_not_saved"
    LEFT = "left"


class What(enum.StrEnum):
    """What is weighed again."""

    GOODS = "goods"
    """Weighed and paid for by weight."""
    PACKAGE = "package"
    """Packed beforehand, with its net content printed on it."""


class Bag(enum.StrEnum):
    """How the bag, or the packing, is allowed for."""

    BARE = "bare"
    WEIGHED = "weighed"
    """An equal empty one was weighed on the pan."""
    TYPED = "typed"
    """Its mass was typed: nobody has measured it here, so nobody is accused by it."""
    UNKNOWN = "unknown"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it was given. ``problem``: why it was refused. ``dropped``: why it no longer counts.

    ``label``: digits of the label it was read from, empty where it was typed. ``blind``: the goods had not
    been asked for on the pan by then.
    """

    question: str
    source: Source
    text: str
    unit: str
    label: str = ""
    blind: bool = True
    problem: str = ""
    dropped: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for. ``value_g``: as a mass; ``low_g`` … ``high_g``: all it can have been.

    Where only an amount of money is known (``yuan``), the mass follows from the price and is None before;
    ``half_yuan``: by how much the amount may have been rounded.
    """

    source: Source
    value_g: Grams | None = None
    low_g: Grams | None = None
    high_g: Grams | None = None
    yuan: Decimal | None = None
    half_yuan: Decimal | None = None
    label: str = ""


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """One weighing: the pan before and with what was put on it. ``what``: bag, goods or again.

    ``calibration``: of the pan, by its id. ``dropped``: why it no longer counts.
    """

    what: str
    empty: PanMass
    loaded: PanMass
    calibration: str
    dropped: str = ""

    @property
    def net_g(self) -> Grams:
        """What was put on."""
        return self.loaded.mass_g - self.empty.mass_g


class Interruption(msgspec.Struct, frozen=True):
    """A fault that stopped the visit, and where."""

    phase: FairPhase
    fault: Fault


class FairState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; see the module's rules. ``kind``: band of the goods named, or one of ``KINDS_BESIDE``.

    ``counts_band``: which of two bands was chosen, empty for both. ``note``: a mass or price in legal units,
    in answer to a market unit. ``unrest_ns``: since when goods lie on the pan and do not come to rest.
    """

    format: int = FORMAT
    phase: FairPhase = FairPhase.ASK_WHAT
    problem: str = ""
    note: tuple[str, str] = ("", "")
    what: What | None = None
    settled: Settled | None = None
    kind: str = ""
    price: Decimal | None = None
    counts_band: str = ""
    bag: Bag | None = None
    bag_typed_g: Grams | None = None
    bag_half_g: Grams | None = None
    bag_confirmed: bool = False
    """It was said that the bag lies on the pan; the next rest is taken."""
    bag_looked: bool = False
    """The person looked whether the goods lie there in their bag."""
    given: tuple[Given, ...] = ()
    given_more: int = 0
    weighed: tuple[Weighed, ...] = ()
    weighed_more: int = 0
    limit_g: Grams | None = None
    """The smallest limit that may count, once everything was answered; None where the law gives none."""
    serves: str = ""
    """As what the pan is expected to serve, empty where nothing is known of it."""
    pan_window: Window | None = None
    pan_last: PanMass | None = None
    pan_empty: PanMass | None = None
    pan_fault: Fault | None = None
    pan_unfit: str = ""
    shown: bool = False
    """The goods were asked for on the pan: what is answered from here on is not blind."""
    unrest_ns: int | None = None
    gave_up: bool = False
    """The goods did not come to rest, and the person said so."""
    interruptions: tuple[Interruption, ...] = ()
    back_to: FairPhase | None = None
    verdict: Verdict | None = None
    page: PageJudged | None = None
    body: dict[str, Any] | None = None
    entry: int = 0
    slip: str = ""
    reason: str = ""
    complaining: bool = False
    """A complaint was begun: from then on the visit is kept as its second part."""
    stall: Stall | None = None
    scale_named: Scale | None = None
    complaint_kind: str = ""
    complaint: dict[str, Any] | None = None
    complaint_entry: int = 0
    complaint_slip: str = ""

    def standing(self, what: str) -> Weighed | None:
        """The last weighing of that that counts."""
        for each in reversed(self.weighed):
            if each.what == what and not each.dropped:
                return each
        return None


def changed(state: FairState, **fields: object) -> FairState:
    """The state with some fields replaced."""
    return msgspec.structs.replace(state, **fields)
