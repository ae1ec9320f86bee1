"""The kiosk itself: asks the core's state twenty times a second, shows it, and carries answers back.

Rules this file obeys:

* What is shown is a function of the State and the language; the kiosk decides nothing.
* No call here waits: sockets are polled, and a core that is silent is said to be silent.
* Screens are built once for a window size; a frame in which nothing changed is not drawn.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.input.motionevent import MotionEvent

from firmware_app.service import messages
from kiosk import theme
from kiosk.client import Client
from kiosk.finger import OneFinger
from kiosk.language.catalogue import Language
from kiosk.layout import Box
from kiosk.link import Condition
from kiosk.screens.choose import PAD_WIDTH, AskStallScreen, ChooseScaleScreen, ChooseWayScreen
from kiosk.screens.control import ControlScreen
from kiosk.screens.county import CountyScreen
from kiosk.screens.home import HomeScreen, KeeperDoor
from kiosk.screens.judged import Face, FacedScreen, JudgedScreen
from kiosk.screens.loads import OwnPanScreen, PutScreen
from kiosk.screens.menu import MenuScreen
from kiosk.screens.outcome import OutcomeScreen
from kiosk.screens.overlays import Dark, IdleWarning, Refusal
from kiosk.screens.page import PageScreen
from kiosk.screens.pan_card import PanCardScreen
from kiosk.screens.scene import Scene, ScreenPiece
from kiosk.screens.sign_in import SignInScreen
from kiosk.screens.stick import StickScreen
from kiosk.screens.swap import SwapScreen
from kiosk.screens.trouble import (
    TroubleScreen,
    interrupted_view,
    no_core_view,
    not_saved_view,
    saving_view,
)
from kiosk.theme import Metrics
from kiosk.view.bar import Tone, bar
from kiosk.view.control import can_repeat
from kiosk.view.home import home
from kiosk.view.idle import Idle, Phase, Times, times
from kiosk.view.route import Aside, Route, Screen, route
from kiosk.view.say import Say
from kiosk.view.sign_in import Asked, witnesses
from kiosk.widgets import icons, live_bar, rail
from kiosk.widgets.base import Piece
from kiosk.widgets.buttons import Kind
from kiosk.widgets.live_bar import LiveBar
from kiosk.widgets.rail import Rail

TICK_S = 0.05
PAD_SCREENS = (Screen.ASK_STALL, Screen.PUT_WEIGHTS, Screen.PUT_GOODS, Screen.PAGE)
CARDS = (Screen.PAN_CARD, Screen.COUNTY, Screen.STICK)
"""Looked at beside a visit, and left by the key back."""
VERDICTS = (Screen.JUDGED, Screen.PAGE_JUDGED)
e = messages.events


class Desk(Piece):
    """The whole window: bar, rail, one screen, and what lies over them."""

    def __init__(self, m: Metrics, app: KioskApp) -> None:
        super().__init__(m)
        self.app = app
        self.bar = LiveBar(m)
        self.rail = Rail(m, app.choose_language)
        self.keeper = KeeperDoor(m, app)
        self.refusal = Refusal(m)
        self.scanned = Refusal(m)
        self.warning = IdleWarning(m)
        self.dark = Dark(m)
        put = PutScreen(m, app)
        pan = OwnPanScreen(m, app)
        self.judged = JudgedScreen(m, app)
        self.sign_in = SignInScreen(m, app)
        self.outcome = OutcomeScreen(m, app)
        self.screens: dict[Screen, ScreenPiece] = {
            Screen.HOME: HomeScreen(m, app),
            Screen.ASK_STALL: AskStallScreen(m, app),
            Screen.CHOOSE_SCALE: ChooseScaleScreen(m, app),
            Screen.CHOOSE_WAY: ChooseWayScreen(m, app),
            Screen.PUT_WEIGHTS: put,
            Screen.PUT_GOODS: put,
            Screen.CLEAR_PAN: pan,
            Screen.WEIGH_GOODS: pan,
            Screen.SWAP_ON_PAN: SwapScreen(m, app),
            Screen.PUT_CONTROL_WEIGHT: pan,
            Screen.INTERRUPTED: TroubleScreen(m, app, interrupted_view),
            Screen.NO_CORE: TroubleScreen(m, app, no_core_view),
            Screen.SAVING: TroubleScreen(m, app, saving_view),
            Screen.NOT_SAVED: TroubleScreen(m, app, not_saved_view),
            Screen.JUDGED: self.judged,
            Screen.CONTROL_JUDGED: ControlScreen(m, app),
            Screen.PAN_CARD: PanCardScreen(m, app),
            Screen.PAGE: PageScreen(m, app),
            Screen.PAGE_JUDGED: self.outcome,
            Screen.SIGN_IN: self.sign_in,
            Screen.MENU: MenuScreen(m, app),
            Screen.COUNTY: CountyScreen(m, app),
            Screen.STICK: StickScreen(m, app),
        }
        self.rail.upper.add("nav.back", icons.back, lambda: app.answer(e.GoBack()))
        self.rail.upper.add("judged.figures", icons.table, lambda: self.verdict.turn(Face.FIGURES))
        self.rail.upper.add("judged.verdict", icons.chart, lambda: self.verdict.turn(Face.VERDICT))
        self.rail.upper.add("pan_card.back", icons.back, app.close_pan_card)
        self.rail.upper.add("sign_in.back", icons.back, app.sign_in_back)
        self.rail.lower.add("menu.sign_out", icons.stop, app.sign_out)
        self.rail.upper.add("control.again", icons.load_pan, app.check_again)
        self.rail.lower.add("nav.cancel", icons.stop, app.cancel)
        self.rail.lower.add("judged.done", icons.check, app.close, Kind.GO)
        self.rail.lower.add("not_saved.done", icons.check, app.close, Kind.ACTION)
        self.content: ScreenPiece | None = None
        for piece in (
            self.bar,
            self.rail,
            self.keeper,
            self.scanned,
            self.refusal,
            self.warning,
            self.dark,
        ):
            self.add_widget(piece)

    @property
    def verdict(self) -> FacedScreen:
        """The screen whose faces the rail turns."""
        return self.outcome if self.content is self.outcome else self.judged

    def arrange(self, box: Box) -> None:
        px = self.m.px
        top, below = box.cut_top(px(live_bar.HEIGHT))
        side, content = below.cut_left(px(rail.WIDTH))
        self.bar.place(top)
        self.rail.place(side)
        self.keeper.place(Box(side.x, side.y, side.w, side.h * 2 / 5))
        self._content_box = content
        self.refusal.place(content.inset(px(10), px(8)).cut_top(px(88))[0])
        self._place_scanned(beside_pad=False)
        self.warning.place(box)
        self.dark.place(box)
        if self.content is not None:
            self.content.place(content)

    def _place_scanned(self, *, beside_pad: bool) -> None:
        """What is said of a scan covers headings, never the keys of a number pad."""
        px = self.m.px
        box = self._content_box.inset(px(10), px(8))
        if beside_pad:
            self.scanned.place(box.cut_right(px(PAD_WIDTH), px(8))[1].cut_top(px(176))[0])
        else:
            self.scanned.place(box.cut_top(px(88))[0])

    def say_scanned(self, words: str, language: str, tone: Tone, screen: Screen) -> None:
        """Says what came of the last scan, nothing for no words."""
        if words:
            self._place_scanned(beside_pad=screen in PAD_SCREENS)
        self.scanned.show(words, language, tone)

    def turn_to(self, piece: ScreenPiece) -> None:
        """Puts another screen in the place of the present one."""
        if piece is self.content:
            return
        if self.content is not None:
            self.remove_widget(self.content)
        self.content = piece
        # Under all others: what covers must stay above.
        self.add_widget(piece, index=len(self.children))
        piece.place(self._content_box)

    def offer_ways_out(self, way: Route, scene: Scene) -> None:
        """The two lower places of the rail."""
        say, language, open_ = scene.say, scene.language, scene.open_
        self.keeper.show_if(way.screen is Screen.HOME)
        if scene.state is not None:
            self.keeper.show(home(scene.state, say).keeper, language, open_=open_)
        if way.screen in VERDICTS:
            if self.verdict.face is Face.VERDICT:
                more = way.screen is Screen.JUDGED or bool(scene.prompt.lines or scene.prompt.facts)
                self.rail.upper.offer("judged.figures" if more else "", say("button.figures"), language)
            else:
                self.rail.upper.offer("judged.verdict", say("button.result"), language)
            self.rail.lower.offer("judged.done", say("button.done"), language, open_=open_)
        elif way.screen is Screen.CONTROL_JUDGED:
            again = "control.again" if can_repeat(scene.prompt) else ""
            self.rail.upper.offer(again, say("button.again"), language, open_=open_)
            self.rail.lower.offer("judged.done", say("button.done"), language, open_=open_)
        elif way.screen in CARDS:
            self.rail.upper.offer("pan_card.back", say("button.back"), language)
            self.rail.lower.offer("", "", language)
        elif way.screen is Screen.MENU:
            self.rail.upper.offer("", "", language)
            self.rail.lower.offer("menu.sign_out", say("menu.sign_out"), language, open_=open_)
        elif way.screen is Screen.SIGN_IN:
            back = way.cancel or not way.held or self.sign_in.asked is Asked.PIN
            self.rail.upper.offer("sign_in.back" if back else "", say("button.back"), language)
            self.rail.lower.offer(
                "nav.cancel" if way.cancel else "", say("button.cancel"), language, open_=open_
            )
        elif way.screen is Screen.NOT_SAVED:
            self.rail.upper.offer("", "", language)
            self.rail.lower.offer("not_saved.done", say("button.done"), language, open_=open_)
        else:
            self.rail.upper.offer("nav.back" if way.back else "", say("button.back"), language, open_=open_)
            lower = "nav.cancel" if way.cancel else ""
            self.rail.lower.offer(lower, say("button.cancel"), language, open_=open_)

    def draw(self) -> None:
        Color(*theme.PAPER)
        Rectangle(pos=self.pos, size=self.size)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        if getattr(touch, "is_mouse_scrolling", False) or not self.app.touched(touch):
            return True
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        self.app.released(touch)
        return bool(super().on_touch_up(touch))


class KioskApp(App):
    """Ties client, screens and idleness together. ``now`` is monotonic seconds."""

    def __init__(
        self,
        client: Client,
        language: str,
        times: Times,
        words: Language | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.client = client
        self.now = now
        self.words = words or Language.shipped()
        self.language = language
        self.home_language = language
        self.idle = Idle(times, now())
        self.finger = OneFinger()
        self.screen = Screen.NO_CORE
        self.desk: Desk | None = None
        self._step: tuple[Any, ...] = ()
        self._refused = ""
        self._aside = Aside.NOWHERE
        self._times = times
        self._next: messages.VisitKind | None = None
        self._scanned_ns = 0

    # ------------------------------------------------------------------------------------------ Kivy

    def build(self) -> Piece:
        self.title = "Steelyard"
        self.use_kivy_settings = False
        Window.clearcolor = theme.PAPER
        self._root_piece = Piece(Metrics(*(round(side) for side in Window.size)))
        self._build_desk()
        Window.bind(size=lambda *_: self._build_desk())
        # No key of a stray keyboard reaches Kivy's own habits (F1 settings, Escape leaves).
        Window.bind(on_keyboard=lambda *_: True)
        Clock.schedule_interval(self._tick, TICK_S)
        return self._root_piece

    def open_settings(self, *_: Any) -> bool:
        return False

    def on_stop(self) -> None:
        self.client.close()

    def _build_desk(self) -> None:
        width, height = (round(side) for side in Window.size)
        self.desk = Desk(Metrics(width, height), self)
        self.desk.place(Box(0, 0, width, height))
        self._root_piece.clear_widgets()
        self._root_piece.add_widget(self.desk)
        self._step = ()
        self.refresh()

    def _tick(self, _dt: float) -> None:
        now = self.now()
        self.client.poll(now)
        self._begin_next()
        way = self.route(now)
        state = self.client.link.state
        if self._visit() is not None or (state is not None and state.person and self._aside is Aside.SIGN_IN):
            self._aside = Aside.NOWHERE
        if state is not None and state.person is None and self._aside in (Aside.COUNTY, Aside.STICK):
            # The next keeper begins at the menu.
            self._aside = Aside.NOWHERE
        visiting = way.screen not in (Screen.HOME, Screen.NO_CORE) and not self._waits()
        self.idle.use(times(self._times, state))
        if state is not None and state.screen is not None and state.screen.language != self.home_language:
            # A keeper has chosen another one for everybody who comes.
            self.home_language = self.language = state.screen.language
        if self.idle.tick(now, visiting=visiting, held=way.held):
            self._leave()
        self.refresh()

    # --------------------------------------------------------------------------------------- showing

    @property
    def say(self) -> Say:
        return Say(self.words, self.language)

    def route(self, now: float) -> Route:
        return route(self.client.link.state, self.client.link.condition(now), self._aside)

    def refresh(self) -> None:
        """Shows what is so now."""
        desk, link, now = self.desk, self.client.link, self.now()
        if desk is None:
            return
        condition = link.condition(now)
        way, say = self.route(now), self.say
        scene = Scene(link.state, condition, say, condition is Condition.ANSWERING and not link.busy)
        self.screen = way.screen
        piece = desk.screens[way.screen]
        desk.turn_to(piece)
        visit = self._visit()
        step = (way.screen, visit.visit, visit.step) if visit else (way.screen,)
        if step != self._step:
            self._step = step
            self.idle.stirred(now)
            piece.begin()
        piece.show(scene)
        desk.bar.show(bar(link.state, condition, say), say.lang)
        desk.rail.languages.show(say.lang)
        desk.offer_ways_out(way, scene)
        if link.refusal is not None:
            # What becomes of a PIN is said on the screen that asks for it.
            said = way.screen is Screen.SIGN_IN
            self._refused, link.refusal = "" if said else link.refusal.code, None
        desk.refusal.show(say.code("refused", self._refused) if self._refused else "", say.lang)
        self._show_scan(desk, now)
        desk.warning.show(self.idle.seconds_left(now), say)
        desk.dark.show_if(self.idle.phase is Phase.DARK)

    def _show_scan(self, desk: Desk, now: float) -> None:
        """What is said of the last scan; a scan shows that somebody is there, as a touch does."""
        state = self.client.link.state
        scan = None if state is None else state.scan
        if scan is not None and scan.at_ns != self._scanned_ns:
            self._scanned_ns = scan.at_ns
            self.idle.stirred(now)
        words = "" if scan is None else self.say.code("scan", scan.code)
        tone = Tone.GOOD if scan is not None and scan.code == "figure" else Tone.WAIT
        desk.say_scanned(words, self.language, tone, self.screen)

    @property
    def shown_step(self) -> list[str | int]:
        """Visit and step on the screen; empty where none is."""
        visit = self._visit()
        return [] if visit is None else [visit.visit, visit.step]

    def _waits(self) -> bool:
        """Whether the open visit waits for the person who began it."""
        visit = self._visit()
        return visit is not None and visit.waits_for is not None

    def _visit(self) -> messages.VisitState | None:
        state = self.client.link.state
        return None if state is None else state.visit

    # --------------------------------------------------------------------------------------- touches

    def touched(self, touch: MotionEvent) -> bool:
        """Whether this touch may press something."""
        now = self.now()
        if not self.finger.down(touch.uid, now):
            return False
        self._refused = ""
        self.client.link.touched = True
        return self.idle.touched(now)

    def released(self, touch: MotionEvent) -> None:
        self.finger.up(touch.uid)

    def choose_language(self, language: str) -> None:
        self.language = language
        self.refresh()

    def start(self, kind: messages.VisitKind) -> None:
        self._ask(messages.StartVisit(secrets.token_hex(8), kind))

    def answer(self, answer: messages.Answer) -> None:
        visit = self._visit()
        if visit is not None:
            self._ask(messages.GiveAnswer(visit.visit, visit.step, answer))

    def cancel(self) -> None:
        """Leaves the visit; the next person finds the language of the market."""
        self.answer(e.Cancel())
        self.language = self.home_language

    def close(self) -> None:
        self._next = None
        visit = self._visit()
        if visit is not None:
            self._ask(messages.CloseVisit(visit.visit))
            self.language = self.home_language

    def print_slip(self, entry: int) -> None:
        self._ask(messages.PrintSlip(secrets.token_hex(8), entry))

    def cancel_slip(self, entry: int) -> None:
        self._ask(messages.CancelSlip(entry))

    def open_pan_card(self) -> None:
        """Shows what there is to know about this pan."""
        self._aside = Aside.PAN_CARD
        self.refresh()

    def close_pan_card(self) -> None:
        """Back to the doors."""
        self._aside = Aside.NOWHERE
        self.refresh()

    def open_county(self) -> None:
        """Shows what went to the county and what came from it."""
        self._aside = Aside.COUNTY
        self.refresh()

    def open_stick(self) -> None:
        """Shows what may be done with a USB stick."""
        self._aside = Aside.STICK
        self.refresh()

    def carry(self, task: messages.StickTask) -> str:
        """Has the record or what the county gave carried by the stick that is in. The id of the attempt."""
        attempt = secrets.token_hex(8)
        self._ask(messages.CarryByStick(attempt, task))
        return attempt

    def open_sign_in(self) -> None:
        """Asks who is there."""
        self._aside = Aside.SIGN_IN
        self.refresh()

    def sign_in_back(self) -> None:
        """From the PIN to the number, from there to the doors."""
        assert self.desk is not None
        if self.desk.sign_in.back():
            return
        if self._visit() is not None:
            self.answer(e.GoBack())
        self._aside = Aside.NOWHERE
        self.refresh()

    def give_pin(self, number: str, pin: str) -> str:
        """Has the PIN looked at: to sign in, or to vouch where that is asked for. The id of the attempt."""
        attempt, state = secrets.token_hex(8), self.client.link.state
        vouching = state is not None and witnesses(state) is not None
        self._ask((messages.Witness if vouching else messages.SignIn)(attempt, number, pin))
        return attempt

    def sign_out(self) -> None:
        """Ends the session; the next person finds the language of the market."""
        self._ask(messages.SignOut())
        self._aside = Aside.NOWHERE
        self.language = self.home_language

    def check_again(self) -> None:
        """Ends the check on the screen, which is on record, and begins another one."""
        if not self.client.link.busy:
            self.close()
            self._next = messages.VisitKind.CONTROL_CHECK

    def _begin_next(self) -> None:
        """Begins the visit that was asked for once the one before is gone and the core has answered."""
        if self._next is not None and self._visit() is None and not self.client.link.busy:
            kind, self._next = self._next, None
            self.start(kind)

    def _ask(self, command: messages.Command) -> None:
        now = self.now()
        if self.client.link.condition(now) is Condition.ANSWERING and not self.client.link.busy:
            self.client.link.ask(command, now)
            self.refresh()

    def _leave(self) -> None:
        """Nobody is there any more."""
        state = self.client.link.state
        if state is not None and state.person is not None:
            # A visit of theirs is kept until they are back.
            self.sign_out()
        elif self._aside is not Aside.NOWHERE:
            self._aside = Aside.NOWHERE
            self.language = self.home_language
        elif self.screen in (*VERDICTS, Screen.CONTROL_JUDGED, Screen.NOT_SAVED):
            self.close()
        else:
            self.cancel()
