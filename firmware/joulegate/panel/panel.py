"""The panel: display, keypad, lamps and buzzer, whichever a board has. Loaded only where it does.

Keys: a digit begins a token or a short code, `*` deletes, `#` enters; with nothing typed they go
to the page before and to the next. The customer's button does what it means to the supply, else
it silences a warning, else it goes to the next page. After a while without a key the display
rolls through a few pages. Nothing here may stop metering: a part that fails is told of once,
and tried again every RETRY_MS. Rules: docs/display.md.
"""

import asyncio

from micropython import const

from joulegate.core import events as event
from joulegate.drivers.keypad import KEYS, LOOK_MS, NO_KEY, Keypad
from joulegate.panel.alarms import alarms
from joulegate.panel.browser import Browser
from joulegate.panel.figures import Figures
from joulegate.panel.page import Page
from joulegate.panel.signals import Signals
from joulegate.panel.signs import signs
from joulegate.panel.token_answer import NO_KEY as WITHOUT_KEY
from joulegate.panel.token_answer import TOO_SHORT, TokenAnswer
from joulegate.panel.token_typing import CODE_DIGITS, DIGITS, TokenTyping
from joulegate.vending.carriers import KEYPAD

# Parts that fail: bits of the event panel_failed.
DISPLAY_FAILED = const(1)
KEYPAD_FAILED = const(2)
KEY_STUCK = const(4)
SIGNALS_FAILED = const(8)

KEY_TIMEOUT_S = const(60)
"""After so long without a key, digits that were typed are forgotten."""
ANSWER_S = const(10)
"""What became of a token is shown for so long."""
RETRY_MS = const(10000)
RENEW_S = const(10)
"""All of the display is sent again so often: what a disturbance has changed is mended."""

_STEP_MS = const(40)
_BUSY_MS = const(5)
_TELL_S = const(3600)
"""One and the same failure is told of once in so long."""


class Panel:
    def __init__(self, app: object, view: object, keypad: object, signals: Signals) -> None:
        """app: the parts of a meter. view: the display, show(page), step(), refresh(), blank(),
        or None. keypad: scan(), see drivers.keypad, or None."""
        self._app = app
        self._ticks_ms = app.clock.ticks_ms
        self._ticks_diff = app.clock.ticks_diff
        self._view = view
        self._keypad = None if keypad is None else Keypad(
            keypad.scan, self._ticks_ms, self._ticks_diff)
        self.signals = signals
        self.figures = Figures(app)
        self.browser = Browser(self.figures)
        self.page = Page()
        """What is shown."""
        self._typing = TokenTyping()
        self._answer: TokenAnswer | None = None
        self._answered_s = 0
        self._key_s = 0
        self._filled_s = -1
        self._renewed_s = 0
        self._dirty = True
        self.dark = False
        """Whether the display shows nothing for want of a key."""
        self.failed = 0
        """The parts that do not work, bits as above."""
        self._told = 0
        self._told_s = 0
        self._held = False
        self._display_ms = self._keypad_ms = 0
        self.configure(app.state.settings.values)

    def configure(self, values: object) -> None:
        """Take the settings by name."""
        self.figures.words.use(values["language"])
        self._idle_s = values["display_idle_s"]
        self._dark_s = values["display_dark_s"]
        self.browser.configure(values)
        self.signals.configure(values)
        self._dirty = True

    def hold(self, held: bool) -> None:
        """Leave display, keys, lamps and buzzer to a test of them, or take them back."""
        self._held = held
        self._renewed_s = -RENEW_S
        self._dirty = True

    async def run(self) -> None:
        """Show, scan and signal for ever."""
        while True:
            await asyncio.sleep_ms(self._app.task.rest_ms() or self.step())

    def step(self) -> int:
        """Do a short piece of what there is to do; return the milliseconds after which to do
        another. Never raises what a part may raise."""
        wait = _STEP_MS
        if self._held:
            return wait
        if self._keypad is not None:
            wait = LOOK_MS
            self._look_at_keys()
        up = self._app.clock.uptime()
        if up != self._filled_s or self._dirty:
            self._second(up)
        self.signals.step()
        if self._view is not None and not self.dark and self._step_view():
            wait = _BUSY_MS
        return wait

    def _second(self, up: int) -> None:
        """Do what is done once a second, and at once after a key."""
        anew = self._dirty
        self._dirty = False
        self._filled_s = up
        found = alarms(self._app)
        self.signals.follow(self._app, found)
        self._tell(up)
        self._pass_time(up)
        if self._view is None or self.dark:
            return
        page = self.page
        if self._answer is not None:
            self._answer.fill(page)
        elif self._typing.count:
            self._fill_typing()
        else:
            self.browser.fill(page, up, anew)
        page.signs = signs(self._app, found, self.signals.muted)
        self._show(up)

    def _pass_time(self, up: int) -> None:
        """Let go of what was there for long enough."""
        idle = up - self._key_s
        if self._answer is not None and up - self._answered_s >= ANSWER_S:
            self._answer = None
        if self._typing.count and idle >= KEY_TIMEOUT_S:
            self._typing.clear()
        if idle >= self._idle_s and self._answer is None and not self._typing.count:
            self.browser.roll(up)
            if self._dark_s and idle >= self._dark_s and not self.dark:
                self.dark = True
                if self._view is not None:
                    self._view.blank()
                    self._empty_view()

    # --- keys and button ------------------------------------------------------------------

    def _look_at_keys(self) -> None:
        if self.failed & KEYPAD_FAILED and self._ticks_diff(
                self._ticks_ms(), self._keypad_ms) < RETRY_MS:
            return
        try:
            number = self._keypad.look()
        except OSError:
            self.failed |= KEYPAD_FAILED
            self._keypad_ms = self._ticks_ms()
            return
        self.failed &= ~(KEYPAD_FAILED | KEY_STUCK)
        if self._keypad.stuck:
            self.failed |= KEY_STUCK
        if number != NO_KEY:
            self.key(KEYS[number])

    def key(self, key: str) -> None:
        """Take a key, one of drivers.keypad.KEYS."""
        was_dark = self._wake()
        self.signals.click()
        answered = self._answer is not None
        self._answer = None
        typing = self._typing
        if key == "#":
            if typing.count:
                self._enter()
            elif not was_dark and not answered:
                self.browser.turn(self.page, 1)
        elif key == "*":
            if typing.count:
                typing.delete()
            elif not was_dark and not answered:
                self.browser.turn(self.page, -1)
        elif not typing.add(key):
            self.signals.answer(False)

    def button(self) -> bool:
        """Take a short press of the customer's button that meant nothing to the supply; return
        whether it meant something here."""
        was_dark = self._wake()
        if self.signals.mute(self._app.clock.uptime()):
            return True
        if self._view is None:
            return False
        answered = self._answer is not None
        self._answer = None
        if not was_dark and not answered and not self._typing.count:
            self.browser.turn(self.page, 1)
        return True

    def choose(self, code: int) -> None:
        """Show the page of a code until nobody has pressed anything for a while."""
        self._wake()
        self._answer = None
        self.browser.choose(code)

    def _wake(self) -> bool:
        """Take note that somebody is there; return whether the display was dark."""
        was_dark = self.dark
        self.dark = False
        self._dirty = True
        self._key_s = self._app.clock.uptime()
        if was_dark:
            self.browser.choose_first()
        else:
            self.browser.hold()
        return was_dark

    # --- tokens ---------------------------------------------------------------------------

    def _enter(self) -> None:
        typing = self._typing
        if typing.count == CODE_DIGITS:
            self.browser.choose(typing.code)
            typing.clear()
            return
        if typing.count < DIGITS:
            # The digits stay: the next key goes on with them.
            self._answer = TokenAnswer(self.figures, TOO_SHORT)
        else:
            digits = typing.text()
            typing.clear()
            try:
                entered = self._app.enter_token(digits, KEYPAD)
                self._answer = TokenAnswer(self.figures, entered.reason, entered)
            except RuntimeError:
                self._answer = TokenAnswer(self.figures, WITHOUT_KEY)
            self.browser.choose_first()
        self._answered_s = self._app.clock.uptime()
        self.signals.answer(self._answer.accepted)

    def _fill_typing(self) -> None:
        page = self.page
        page.clear()
        typing = self._typing
        words = self.figures.words
        page.title = words.text("title.token")
        typing.fill(page)
        if typing.count == CODE_DIGITS:
            title = self.browser.title(typing.code)
            if title:
                page.detail[1] = words.text("word.show_page") % title
        elif typing.count == DIGITS:
            page.title = words.text("word.enter_hint")

    # --- the display ----------------------------------------------------------------------

    def _show(self, up: int) -> None:
        self._view.show(self.page)
        if up - self._renewed_s >= RENEW_S:
            self._renewed_s = up
            self._view.refresh()

    def _step_view(self) -> bool:
        """Let the display do a piece; return whether it has more to do."""
        if self.failed & DISPLAY_FAILED:
            if self._ticks_diff(self._ticks_ms(), self._display_ms) < RETRY_MS:
                return False
            self._view.refresh()
        try:
            more: bool = self._view.step()
        except OSError:
            self.failed |= DISPLAY_FAILED
            self._display_ms = self._ticks_ms()
            return False
        self.failed &= ~DISPLAY_FAILED
        return more

    def _empty_view(self) -> None:
        """Bring to the glass that nothing is to be seen."""
        while self._step_view():
            pass

    def _tell(self, up: int) -> None:
        """Log parts that have begun to fail."""
        if self.signals.failed:
            self.failed |= SIGNALS_FAILED
        else:
            self.failed &= ~SIGNALS_FAILED
        if up - self._told_s >= _TELL_S:
            self._told_s = up
            self._told &= self.failed
        if self.failed & ~self._told:
            self._told |= self.failed
            self._app.log.add(event.PANEL_FAILED, self._app.clock.now(), self.failed)
