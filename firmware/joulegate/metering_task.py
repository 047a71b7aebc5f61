"""The task that meters for ever: one step after the other, and the watchdog fed by it alone.

It is fed while metering goes on and the link task does; of the network that says nothing.
"""

import asyncio
import gc
import time

from micropython import const

from joulegate.core import events as event

_FEED_MS = const(2000)
"""Longest sleep between two ticks, so that a slow tick and a watchdog go together."""
CONFIRM_MS = const(3)
CONFIRMATIONS = const(3)
"""Looks after an interrupt of the comparator, all of which must find it: no spike trips."""
REST_MS = const(100)
"""The comparator interrupts no more often than that, whatever is on its line."""
_BEFORE_MS = const(25)
"""Longer than a page of the display takes to be filled."""
_AFTER_MS = const(15)
_OVERDUE_MS = const(1000)
"""A tick that is later than that is not waited for."""
_CALM_MS = const(500)
"""Garbage is collected halfway between ticks that are so far apart."""
_COLLECT_SHARE = const(20)
"""Collections take no more than one part in so many of the time: each 25 ms on an RP2040, and
more with a larger heap."""
_SMALL_HOLES = const(48)


class MeteringTask:
    def __init__(self, app: object) -> None:
        self._app = app
        self.last_tick_us = 0
        self.longest_tick_us = 0
        self.longest_look_us = 0
        self.overcurrents = 0
        """Interrupts of the comparator that were looked into."""
        self.spikes = 0
        """Those of them that were over before they were confirmed."""
        self.reset_wanted = False
        """Set to have the meter commit and reset after its next tick."""
        self._began_ms = time.ticks_ms()
        self._wait_ms = 0
        self._collect_ms = getattr(app.board, "COLLECT_MS", 0)
        self._collected_ms = self._began_ms
        self._collect_rest_ms = 0

    async def run(self, watchdog: object) -> None:
        """watchdog: started already; from now on it bites unless metering goes on."""
        while True:
            began = self._began_ms = time.ticks_ms()
            wait = self._wait_ms = self.step()
            if self._reset_due():
                self._reset()
            self._feed(watchdog)
            # From the beginning of the step, so that ticks do not drift by what it takes.
            left = wait - time.ticks_diff(time.ticks_ms(), began)
            if left <= 0:
                self.look()
                await asyncio.sleep_ms(0)
            looked = False
            while left > 0:
                # The look comes halfway, so that neither waits for the other.
                await asyncio.sleep_ms(min(_FEED_MS, left if looked else (left + 1) // 2))
                if not looked:
                    looked = True
                    if self.look():
                        break
                    if wait >= _CALM_MS:
                        self._collect()
                left = wait - time.ticks_diff(time.ticks_ms(), began)
                if left > 0:
                    self._feed(watchdog)

    def rest_ms(self) -> int:
        """Return for how many milliseconds what can wait should, so that no tick waits for it."""
        since = time.ticks_diff(time.ticks_ms(), self._began_ms)
        if 0 <= since < _AFTER_MS:
            return _AFTER_MS - since
        left = self._wait_ms - since
        return max(0, left) + _AFTER_MS if -_OVERDUE_MS <= left < _BEFORE_MS else 0

    def _feed(self, watchdog: object) -> None:
        if self._app.network.alive():
            watchdog.feed()

    async def watch_power(self) -> None:
        """Tick at once when mains fails: a hold-up store lasts some hundred milliseconds."""
        app = self._app
        failing = asyncio.ThreadSafeFlag()
        app.board.on_power_fail(lambda pin: failing.set())
        while True:
            await failing.wait()
            if app.power_fail.begins():
                self.step()

    async def watch_current(self) -> None:
        """Open at once when the comparator reports more current than the contacts bear.

        Its interrupt is armed once at a time, so that a storm of them cannot stop metering.
        """
        board = self._app.board
        reported = self._app.watch.sight.sensors.get("overcurrent")
        if reported is None:
            return
        flag = asyncio.ThreadSafeFlag()

        def interrupt(pin: object) -> None:
            board.on_overcurrent(None)
            flag.set()

        while True:
            board.on_overcurrent(interrupt)
            if not reported():  # if it does, its edge came before the interrupt was armed
                await flag.wait()
            self.overcurrents += 1
            for _ in range(CONFIRMATIONS):
                await asyncio.sleep_ms(CONFIRM_MS)
                if not reported():
                    self.spikes += 1
                    break
            else:
                self._open_for_overload()
            board.on_overcurrent(None)
            flag.clear()
            await asyncio.sleep_ms(REST_MS)

    def _open_for_overload(self) -> None:
        app = self._app
        if app.watch.overcurrent():
            self.step()
            app.log.add(
                event.OVERLOAD_TRIPPED, app.clock.now(), app.metering.reading.current_mA)

    def step(self) -> int:
        """Do one tick, also out of turn; return the milliseconds after which one is due."""
        began = time.ticks_us()
        wait = self._app.metering.step()
        spent = time.ticks_diff(time.ticks_us(), began)
        self.last_tick_us = spent
        if spent > self.longest_tick_us:
            self.longest_tick_us = spent
        return wait

    def look(self) -> bool:
        """Do what goes with each tick and need not be in it; return whether one is due at once."""
        app = self._app
        began = time.ticks_us()
        due = app.watch.step()
        if app.mark is not None:
            app.mark.keep(app.state.ledger)
        app.entrance.pass_time()
        if app.restarts.level:
            app.restarts.pass_time(app.clock.uptime())
        spent = time.ticks_diff(time.ticks_us(), began)
        if spent > self.longest_look_us:
            self.longest_look_us = spent
        return due

    def _collect(self) -> None:
        """Collect garbage, so that no tick is ever held up by it, and what stays finds its place
        at the beginning of the heap, not all over it.

        Not while the bus drives its line: it has to let go of it in time.
        """
        bus = self._app.bus
        began = time.ticks_ms()
        if (bus is not None and bus.sending) or (
                time.ticks_diff(began, self._collected_ms) < self._collect_rest_ms):
            return
        _collect_garbage()
        # A search for room begins where the last single block was found, and a collection has it
        # begin at the heap's beginning again: these go past the small holes there, which each
        # call would have to.
        past: tuple = ()
        for _ in range(_SMALL_HOLES):
            past = (past,)
        self._collected_ms = time.ticks_ms()
        took = time.ticks_diff(self._collected_ms, began)
        self._collect_rest_ms = max(self._collect_ms, _COLLECT_SHARE * took)

    def turn(self) -> int:
        """Do one tick and look, for who meters without `run`; return as `step` does."""
        wait = self.step()
        return 0 if self.look() else wait

    def _reset_due(self) -> bool:
        power_fail = self._app.power_fail
        if power_fail.reset_needed:
            return not power_fail.failing
        return self.reset_wanted and not self._app.switch.busy

    def _reset(self) -> None:
        app = self._app
        if app.state.provisioned:
            app.metering.commit()
        app.restarts.expect()
        app.board.reset()


def _nothing() -> None:
    """Stand in for a collection where it takes long and nothing depends on it."""


_collect_garbage = gc.collect if hasattr(gc, "threshold") else _nothing
