"""The composition root: builds the meter of a board and runs it. Only this module knows all."""

import asyncio
import time

from joulegate.clock import Clock
from joulegate.core import events as event
from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.core.supply import Supply
from joulegate.drivers.atm90e26 import Atm90e26
from joulegate.drivers.latching_relay import LatchingRelay
from joulegate.metering import Metering
from joulegate.storage.state import State
from joulegate.supply_switch import SupplySwitch
from joulegate.vending.gate import Gate


class App:
    """The parts of a running meter."""

    def __init__(self, board: object) -> None:
        """board: the module of boards/NAME/board.py; it makes pins and buses."""
        self.board = board
        self.log = EventLog()
        self.clock = Clock(board.rtc(), time.ticks_ms, time.ticks_diff)
        self.ic = self._build_ic(board)
        self.switch = self._build_switch(board)
        self.state = State(board.FOLDER, self.ic.calibration.counts_per_kWh, self.log)
        self.state.load(self.switch, self.clock.now())
        self.gate: Gate | None = None
        self.metering: Metering | None = None
        self._build_metering()

    def _build_ic(self, board: object) -> Atm90e26:
        spi, cs = board.meter_bus()
        return Atm90e26(spi, cs, board.calibration(), time.sleep_ms)

    def _build_switch(self, board: object) -> SupplySwitch:
        close_coil, open_coil, load_side = board.relay()
        relay = LatchingRelay(close_coil, open_coil, load_side)
        return SupplySwitch(relay, self.clock, self.log)

    def _build_metering(self) -> None:
        state = self.state
        values = state.settings.values
        supply = Supply(values["cut_off"], tuple(values["warnings"]))
        if state.provisioned:
            self.gate = Gate(
                state.account, state.replay, state.ledger, state.journal, self.log)
        self.metering = Metering(
            self.ic, Meter(state.registers, supply, state.billing), self.switch, state,
            self.clock, self.log, self.board.mains_good, self.board.cover())

    def provision(self, document: bytes, unit_places: int, **settings: object) -> None:
        """Make this a meter of a tariff and open its account; see State.provision."""
        self.switch.find_position()
        self.state.provision(
            document, unit_places, self.switch, self.clock.now(), **settings)
        self._build_metering()

    def start(self) -> None:
        """Bring the hardware up; what does not come up is reported, and metering tries on."""
        now = self.clock.now()
        self.log.add(event.STARTED, now)
        try:
            self.ic.start()
        except (RuntimeError, OSError):
            self.log.add(event.METER_ERROR, now)
        if self.gate is not None:
            self.gate.recover(now)

    async def run(self) -> None:
        """Meter for ever."""
        while True:
            began = time.ticks_ms()
            wait = self.metering.step()
            spent = time.ticks_diff(time.ticks_ms(), began)
            await asyncio.sleep_ms(max(0, wait - spent))


def run(board: object) -> None:
    """Run the meter of a board; does not return."""
    app = App(board)
    app.start()
    asyncio.run(app.run())
