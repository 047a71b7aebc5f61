"""The composition root: builds the meter of a board and runs it. Only this module knows all."""

import asyncio
import os
import time

from micropython import const

from joulegate import YEAR, __version__
from joulegate.clock import Clock
from joulegate.commissioning import Commissioning
from joulegate.console.console import Console
from joulegate.core import events as event
from joulegate.core.civil import TIME_MIN, seconds_of
from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.core.reset_cause import POWER_ON
from joulegate.drivers.latching_relay import LatchingRelay
from joulegate.health.failure import Failure
from joulegate.health.restarts import Restarts
from joulegate.health.self_test import self_test
from joulegate.link.network import Network
from joulegate.loading import Loading
from joulegate.metering import Metering
from joulegate.metering_task import MeteringTask
from joulegate.power_fail import PowerFail
from joulegate.storage.calibration_store import CalibrationStore
from joulegate.storage.record import Record
from joulegate.storage.records import Records
from joulegate.storage.state import State
from joulegate.supply_switch import SupplySwitch
from joulegate.vending.entrance import Entrance
from joulegate.vending.gate import Gate
from joulegate.watch import Watch

FAILURE_FILE = "/failure.txt"
_OTHERS_AFTER_MS = const(100)


class App:
    """The parts of a running meter."""

    version = __version__
    loading = Loading
    """Context for loading modules after the start."""

    def __init__(self, board: object, profile: str = "development") -> None:
        """board: the module of boards/NAME/board.py; it makes pins and buses. profile: that of
        the image, "production" or "development"."""
        self.board = board
        self.profile = profile
        self.outputs: list = board.outputs()
        """Pins of auxiliary outputs, off until load control has rules for them."""
        self.restarts = Restarts(board.FOLDER + "/starts.bin")
        self.restarts.begin(board.reset_cause())
        self.failure = Failure(board.FOLDER + FAILURE_FILE)
        self.log = EventLog()
        self.rtc = board.rtc()
        self.clock = Clock(self.rtc, time.ticks_ms, time.ticks_diff, self.log,
                           seconds_of(getattr(board, "FIRST_YEAR", YEAR), 1, 1))
        self.records = None if self.restarts.safe_mode else Records(
            board.FOLDER, self.log, self.clock)
        self.task = MeteringTask(self)
        self.calibration_store = CalibrationStore(board.FOLDER + "/calibration.json")
        self.commissioning = Commissioning(self)
        self._requests: object = None
        self.switch = self._build_switch(board)
        self.power_fail = PowerFail(board.mains_good, self.relay.off)
        self.fram = self._find_fram()
        self.button = self._find_button()
        self.bus: object = None
        """What serves the RS485 bus, None until the settings first have it on."""
        self._bus_task: object = None
        self._running = False
        self.watch = Watch(self)
        self.gate: Gate | None = None
        self.metering: Metering | None = None
        self.mark: object = None
        """The RollbackMark, or None where there is no place for it."""
        self.entrance = Entrance(self, board.FOLDER, Record, self._inbox)
        self.network = Network(self, board.FOLDER)
        self.loaded = _nothing
        self.panel: object = None
        """The panel.panel.Panel of a board with display, keypad, lamps or buzzer, once found."""
        self.build()
        if self.state.provisioned:
            self.clock.require(self.state.billing.time_floor)

    def build(self) -> None:
        """Make the metering IC's driver and the state anew from what is stored."""
        self.ic = self.board.metering_ic(self._calibration())
        self.state = State(self.board.FOLDER, self.ic.calibration.counts_per_kWh, self.log,
                           self.fram, self.records)
        self.state.load(self.switch, self.clock.now())
        self.build_metering()

    def _calibration(self) -> object:
        try:
            return self.board.calibration(**self.calibration_store.load())
        except (OSError, TypeError, ValueError):
            self.log.add(event.CALIBRATION_DEFAULTED, self.clock.now())
            return self.board.calibration()

    def _find_fram(self) -> object:
        """Return the driver of the FRAM, or None; one that does not work is reported."""
        try:
            return self.board.fram()
        except (OSError, RuntimeError):
            self.log.add(event.STORAGE_ERROR, self.clock.now())
            return None

    def _find_button(self) -> object:
        """Return the customer's button, or None on a board without one."""
        pressed = self.board.button()
        if pressed is None:
            return None
        from joulegate.panel.customer_button import CustomerButton
        return CustomerButton(self, pressed)

    def find_panel(self) -> None:
        """Make the panel, if the board has any part of it; a part that does not work is
        reported."""
        board = self.board
        parts = []
        for make in (board.display, board.keypad, board.lamps, board.buzzer):
            try:
                parts.append(make())
            except (OSError, RuntimeError):
                self.log.add(event.PANEL_FAILED, self.clock.now())
                parts.append(None)
        if any(parts):
            from joulegate.panel.build import build
            self.panel = build(self, *parts)

    async def _run_others(self, beside: list) -> None:
        """Load and run what the first tick does not wait for: the panel, then the link.

        beside: gets the panel's task.
        """
        await asyncio.sleep_ms(_OTHERS_AFTER_MS)
        try:
            with self.loading():
                self.find_panel()
        except Exception:
            # A mistake of ours there must not take the link away.
            self.log.add(event.SOFTWARE_FAILED, self.clock.now())
        if self.panel is not None:
            beside.append(asyncio.create_task(self.panel.run()))
        if self.uplink is None:
            self.loaded()
        await self.network.run()

    def load_control(self) -> object:
        """Return what drives the auxiliary outputs, or None on a board without any."""
        if not self.outputs:
            return None
        # Only here: a meter without rules for them has no use for it.
        from joulegate.outputs import Outputs
        return Outputs(self, self.outputs)

    def _inbox(self) -> object:
        """Return where a tariff that comes in messages is gathered."""
        # Only here: a meter without keys for messages has no use for it.
        from joulegate.storage.document_inbox import DocumentInbox
        return DocumentInbox(self.board.FOLDER + "/incoming.bin")

    def _build_switch(self, board: object) -> SupplySwitch:
        close_coil, open_coil, load_side = board.relay()
        self.relay = LatchingRelay(close_coil, open_coil, load_side)
        return SupplySwitch(self.relay, self.clock, self.log)

    def build_metering(self) -> None:
        """Make gate and metering on the state as it is now."""
        state = self.state
        self.configure()
        if state.provisioned:
            self.gate = Gate(
                state.account, state.replay, state.ledger, state.journal, self.log,
                self.records.purchases if self.records else None)
        self.metering = Metering(
            self.ic, Meter(state.registers, state.supply, state.billing), self.switch, state,
            self.clock, self.log, self.power_fail, self.records)

    def configure(self) -> None:
        """Have supply, switch and watch go by the settings as they are."""
        state = self.state
        state.supply.configure(
            state.settings.values, self.button is not None,
            state.billing.zone if state.provisioned else None, state.counts_per_kWh)
        self.switch.configure(state.settings.values)
        self.watch.configure(state.settings.values)
        if self.panel is not None:
            self.panel.configure(state.settings.values)
        self._configure_bus()
        state.configure_debts()
        state.configure_energies(self.clock.now())
        if state.energies is not None and not state.energies.inputs:
            self._attach_pulse_inputs(state.energies)

    def _configure_bus(self) -> None:
        """Have the RS485 bus go by the settings, if the board has one."""
        if self.bus is not None:
            self.bus.configure()
        elif self.state.settings.values["bus_baud"] and self.board.CAPABILITIES.get("rs485"):
            # Only here: on most meters it is off, and it takes memory.
            from joulegate.bus.modbus.bus_task import Bus
            from joulegate.bus.modbus.register_map import RegisterMap
            self.bus = Bus(self, RegisterMap(self))
            if self._running:
                self._bus_task = asyncio.create_task(self.bus.run())

    def _attach_pulse_inputs(self, energies: object) -> None:
        """Have other energies count the pulses of their inputs."""
        # Only here: few meters count any, and a module takes memory.
        from joulegate.drivers.pulse_input import PulseInput
        pins = self.board.pulse_inputs()
        energies.attach([
            (energy, PulseInput(
                pins[energy.input - 1], energy.least_ms, time.ticks_ms, time.ticks_diff))
            for energy in energies.energies if energy.input <= len(pins)])

    def provision(
        self, meter_id: str, document: bytes, unit_places: int, **settings: object
    ) -> None:
        """Make this a meter of a tariff and open its account; see State.provision."""
        self.switch.find_position()
        self.state.provision(
            meter_id, document, unit_places, self.switch, self.clock.now(), **settings)
        self.build_metering()
        self._find_mark()
        now = self.clock.now()
        self.entrance.start(now)
        self.entrance.start_messages(now)

    @property
    def requests(self) -> object:
        """What takes the requests of host tools and of whoever types."""
        if self._requests is None:
            # Only here: at most meters nobody ever types, and the reports are many.
            from joulegate.console.requests import Requests
            self._requests = Requests(self)
        return self._requests

    @property
    def uplink(self) -> object:
        """What the meter says to the head-end, or None without a link."""
        return self.network.uplink

    @property
    def locked(self) -> bool:
        """Whether the console takes only what proves itself: in production, with an account."""
        return self.profile == "production" and self.state.ledger.exists()

    def start(self) -> None:
        """Bring the hardware up; what does not come up is reported, and metering tries on."""
        now = self.clock.now()
        self.log.add(event.STARTED, now, self.restarts.cause)
        if self.failure.load():
            self.log.add(event.SOFTWARE_FAILED, now)
        if self.restarts.safe_mode:
            self.log.add(event.SAFE_MODE, now, self.restarts.level)
        self.start_ic()
        if not self.state.provisioned:
            self.switch.find_position()
        # The decoder key first: it says which base date the purchases count from.
        self.entrance.start(now)
        if self.gate is not None:
            self.gate.recover(now)
            self._look_back(now)
        # Before the messages, whose receipts it numbers.
        self.network.start(now)
        self.entrance.start_messages(now)
        failed = 0
        for number, (_, passed, _) in enumerate(self.self_test()):
            failed |= 0 if passed else 1 << number
        if failed:
            self.log.add(event.SELF_TEST_FAILED, now, failed)
        self._rest_after_outage()
        if self.restarts.cause == POWER_ON and self.state.provisioned:
            self._tell_outage(now)

    def _tell_outage(self, now: int) -> None:
        """Log for how long power was off, by the last second that the ledger has seen; -1 while
        nobody knows."""
        seen = self.state.seen_before
        known = TIME_MIN <= seen <= now
        self.log.add(event.OUTAGE_ENDED, now, now - seen if known else -1)

    def _find_mark(self) -> None:
        """Have a mark of how far the ledger is, if settings say so and the clock has room."""
        self.mark = None
        if self.state.settings.values["storage_mark"] and hasattr(self.rtc, "spare"):
            from joulegate.storage.rollback_mark import RollbackMark
            self.mark = RollbackMark(self.rtc)

    def _look_back(self, now: int) -> None:
        """Tell of a clock and of a storage that are behind what the meter has been at."""
        self._find_mark()
        behind = self.mark.behind(self.state.ledger.sequence) if self.mark is not None else 0
        if not behind and not self.clock.rolled_back:
            return
        from joulegate.core.tamper.trips import CLOCK, STORAGE
        if self.clock.rolled_back:
            self.watch.trip(CLOCK)
        if behind:
            self.log.add(event.STORAGE_RESTORED, now, behind)
            self.mark.held = True
            self.gate.lock("storage: is a copy, %d commits behind" % behind)
            self.watch.trip(STORAGE)

    def resynchronise(self) -> None:
        """Go on with a storage that was restored from a copy, on an administrator's word."""
        if self.mark is not None and self.mark.held:
            self.mark.held = False
            self.gate.unlock()

    def _rest_after_outage(self) -> None:
        """Have the relay wait a random time before it closes, if the mains was away."""
        longest = self.state.settings.values["close_delay_s"]
        if longest and self.restarts.cause == POWER_ON:
            number = int.from_bytes(os.urandom(3), "big")
            self.state.supply.rest(number % (longest + 1))

    def start_ic(self) -> None:
        try:
            self.ic.start()
        except (RuntimeError, OSError):
            self.log.add(event.METER_ERROR, self.clock.now())

    def credit(self, tid: int, units: int) -> object:
        """Take a purchase by the gate and bring supply back at once; return the receipt."""
        receipt = self.gate.credit(tid, units, self.clock.now())
        if receipt.accepted:
            self.task.step()
        return receipt

    def enter_token(self, digits: str, carrier: int) -> object:
        """Take 20 digits from a carrier and return what became of them, a token_entry.Entered.

        RuntimeError while the meter has no decoder key.
        """
        return self.entrance.enter_token(digits, carrier)

    def accept_message(self, message: bytes, carrier: int) -> object:
        """Take a message from a carrier and return its Answer; RuntimeError without keys."""
        return self.begin_message(message, carrier).finish()

    def begin_message(self, message: bytes, carrier: int) -> object:
        """Begin to take a message; return the steps.Work that comes to its Answer.

        RuntimeError without keys.
        """
        return self.entrance.begin_message(message, carrier)

    def self_test(self) -> list:
        """Test every part; see health.self_test."""
        return self_test(self)

    async def run(self) -> None:
        """Meter for ever, with the console beside it."""
        console = asyncio.create_task(Console(self, *self.board.console()).run())
        power = asyncio.create_task(self.task.watch_power())
        current = asyncio.create_task(self.task.watch_current())
        beside: list = []
        beside.append(asyncio.create_task(self._run_others(beside)))
        if self.button is not None:
            beside.append(asyncio.create_task(self.button.run()))
        self._running = True
        if self.bus is not None:
            self._bus_task = asyncio.create_task(self.bus.run())
        watchdog = self.board.watchdog()
        if self.records is not None:
            # Up to 62 freezes are written in one tick when time comes back.
            self.records.freezes.pause = watchdog.feed
        try:
            await self.task.run(watchdog)
        finally:
            console.cancel()
            power.cancel()
            current.cancel()
            for task in beside:
                task.cancel()
            self._running = False
            if self._bus_task is not None:
                self._bus_task.cancel()
            for pin in self.outputs:
                pin(0)


def _nothing() -> None:
    """Stand in for what `run` is handed."""


def run(board: object, profile: str, loaded: object = _nothing) -> None:
    """Run the meter of a board. Does not return; a production meter that fails starts again.

    loaded: called when all modules are there that it always has in use.
    """
    try:
        app = App(board, profile)
        app.start()
        app.loaded = loaded
        asyncio.run(app.run())
    except Exception as e:
        Failure(board.FOLDER + FAILURE_FILE).keep(e)
        raise
    finally:
        if profile == "production":
            board.reset()
