"""The bus task: the RS485 port as the settings have it, served for as long as the meter runs.

Settings that change hold once the answer to whoever changed them has left, and the result and
receipt of a message that did have been read, or nobody reads them for RESULT_MS. What was
submitted to the mailbox is worked off between requests.
"""

import asyncio
import time

from micropython import const

from joulegate.bus.modbus.mailbox import Mailbox
from joulegate.bus.modbus.server import RtuServer
from joulegate.core import events as event
from joulegate.drivers.rs485_port import Rs485Port

RESULT_MS = const(10000)
REST_MS = const(1000)
"""Between two looks while the bus is off, and after a mistake of ours."""

_HOUR_S = const(3600)

FRAMES = ((0, 1), (1, 1), (None, 2), (None, 1))
"""Parity, as machine.UART has it, and stop bits by the setting bus_parity."""


class Bus:
    def __init__(self, app: object, registers: object) -> None:
        """app: the meter's parts; its board answers rs485(baudrate, parity, stop). registers:
        as Functions has them."""
        self._app = app
        self.mailbox = Mailbox(app)
        self.server = RtuServer(registers, self.mailbox, time)
        self.port: Rs485Port | None = None
        """None while the bus is off, or the board has no port."""
        self.failures = 0
        """Mistakes of ours that ended a step."""
        self.longest_step_us = 0
        """Longest that a step has kept everybody else waiting."""
        self._told_s = -_HOUR_S
        self._in_force: tuple = ()
        self._changed = True
        self._changed_ms = time.ticks_ms()

    def configure(self) -> None:
        """Have the settings hold as they are now, once nobody waits for an answer."""
        self._changed = self._wanted() != self._in_force
        self._changed_ms = time.ticks_ms()

    def _wanted(self) -> tuple:
        values = self._app.state.settings.values
        return values["bus_baud"], values["bus_parity"], values["bus_address"]

    @property
    def sending(self) -> bool:
        """Whether the port has its driver on, or will not be sure that it is over."""
        return self.port is not None and self.port.sending

    async def run(self) -> None:
        """Serve for ever; allocates nothing between requests."""
        while True:
            began = time.ticks_us()
            wait = self.step()
            spent = time.ticks_diff(time.ticks_us(), began)
            if spent > self.longest_step_us:
                self.longest_step_us = spent
            await asyncio.sleep_ms(wait)

    def step(self) -> int:
        """Do what is due; return the milliseconds until the next step. Never raises."""
        try:
            if self._changed and self._settled():
                self._open()
            if self.port is None:
                return self._work(REST_MS)
            wait = self.server.step()
            return self._work(wait) if self.server.idle else wait
        except Exception:
            # A mistake of ours must not leave the meter without a bus until somebody comes.
            self._begin_anew()
            return REST_MS

    def _begin_anew(self) -> None:
        """Let go of the line, and have it opened again; tell of it once an hour."""
        app = self._app
        try:
            if self.port is not None:
                self.port.close()
        except Exception:
            pass  # it is made anew, whatever it was
        self.port = None
        self._changed = True
        self.failures += 1
        up = app.clock.uptime()
        if up - self._told_s >= _HOUR_S:
            self._told_s = up
            app.log.add(event.SOFTWARE_FAILED, app.clock.now())

    def _work(self, wait: int) -> int:
        """Bring what was submitted on, if anything was."""
        if not self.mailbox.busy:
            return wait
        self.mailbox.step()
        return 0

    def _settled(self) -> bool:
        """Whether nobody waits for anything at the settings there were."""
        if self.port is None:
            return True
        if not self.server.idle or self.mailbox.busy:
            return False
        return not self.mailbox.unread or (
            time.ticks_diff(time.ticks_ms(), self._changed_ms) > RESULT_MS)

    def _open(self) -> None:
        """Make the port anew."""
        self._changed = False
        self._in_force = self._wanted()
        baudrate, frame, unit = self._in_force
        if self.port is not None:
            self.port.close()
            self.port = None
        if not baudrate:
            return
        parity, stop = FRAMES[frame]
        board = self._app.board
        lines = board.rs485(baudrate, parity, stop)
        if lines is not None:
            self.port = Rs485Port(
                lines[0], lines[1], baudrate, 9 + (parity is not None) + stop, time,
                getattr(board, "RS485_ECHO", False))
            self.server.serve(self.port, unit)
