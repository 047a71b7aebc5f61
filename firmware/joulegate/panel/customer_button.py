"""The customer's button, from the contact to the supply, and to the display for what means nothing
there. Loaded only where a board has one."""

import asyncio

from micropython import const

from joulegate.core import events as event
from joulegate.core.supply_press import ACCEPTED, NOTHING, press
from joulegate.drivers.push_button import LONG, NO_PRESS, POLL_MS, PushButton

EMERGENCY_PAGE = const(103)
SUPPLY_PAGE = const(500)
"""What is shown after a press that has done something: see panel/pages.py."""


class CustomerButton:
    def __init__(self, app: object, pressed: object) -> None:
        """app: clock, log, metering, panel, state and task of a meter. pressed: a function that
        tells."""
        self._app = app
        self._button = PushButton(pressed, app.clock.ticks_ms, app.clock.ticks_diff)

    async def run(self) -> None:
        """Watch the button for ever."""
        while True:
            self.look()
            await asyncio.sleep_ms(POLL_MS)

    def look(self) -> None:
        """Look at the contact once, and carry out a press that it completes."""
        found = self._button.look()
        if found != NO_PRESS:
            self.press(found == LONG)

    def press(self, long: bool) -> int:
        """Carry out a press; return what it has done, a number of core.supply_press.

        One that has turned a page is no event: it would push out those that are.
        """
        app = self._app
        panel = app.panel
        done = press(app.state.supply, long) if app.state.provisioned else NOTHING
        if done == NOTHING:
            if not long and panel is not None and panel.button() or not app.state.provisioned:
                return NOTHING
        elif panel is not None:
            panel.choose(EMERGENCY_PAGE if done == ACCEPTED else SUPPLY_PAGE)
        app.log.add(event.BUTTON_PRESSED, app.clock.now(), done)
        if done != NOTHING:
            # What was accepted must outlast a power cut; a relay that closes commits again.
            app.metering.commit()
            app.task.step()
        return done
