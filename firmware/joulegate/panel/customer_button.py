"""The customer's button, from the contact to the supply. Loaded only where a board has one."""

import asyncio

from joulegate.core import events as event
from joulegate.core.supply_press import NOTHING, press
from joulegate.drivers.push_button import LONG, NO_PRESS, POLL_MS, PushButton


class CustomerButton:
    def __init__(self, app: object, pressed: object) -> None:
        """app: clock, log, metering, state and task of a meter. pressed: a function that tells."""
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
        """Carry out a press; return what it has done, a number of core.supply_press."""
        app = self._app
        if not app.state.provisioned:
            return NOTHING
        done = press(app.state.supply, long)
        app.log.add(event.BUTTON_PRESSED, app.clock.now(), done)
        if done != NOTHING:
            # What was accepted must outlast a power cut; a relay that closes commits again.
            app.metering.commit()
            app.task.step()
        return done
