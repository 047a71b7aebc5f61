"""What a production test holds of the meter: inputs, relay, display, lamps, buzzer, its lines.

Every effect has an end of its own, also if the tool that asked goes away: a task looks at the
inputs as long as somebody asks, and lets go of everything REST_MS later.
"""

import asyncio

from micropython import const

PULSES_MAX = const(24)
"""Pulses of the relay from one start to the next."""
INTERVAL_MS = const(1000)
"""From one pulse of the relay to the next."""
RAIL_MIN_cV = const(16100)
"""Voltage below which the coil's rail cannot be trusted: 70 % of 230 V."""
REST_MS = const(30000)
"""After the last request everything is let go of."""
_LOOK_MS = const(20)
_STEPS = const(4)
"""Of the display in one look; each is below about 1 ms."""

class Session:
    """What one production test holds of the meter, and the task that looks at the inputs."""

    def __init__(self, app: object) -> None:
        self.app = app
        board = app.board
        inputs = _inputs(app)
        self.names = [name for name, _ in inputs]
        self._look_at = [look for _, look in inputs]
        self._low = self._high = self._now = 0
        self._keypad = board.keypad()
        self._keys = self._pressed = 0
        self._view: object = None
        self._panel: object = None
        self._lamps: dict = {}
        self._buzzer: object = None
        self._lit: tuple = ()
        self._sounds = False
        self._pulsed = False
        self._pulsed_at = 0
        self.pulses = 0
        self.lines: dict = {}
        """UARTs that the test has taken over, by name."""
        self._key: object = None
        self._key_ms = 0
        self._key_at = 0
        self._asked_at = app.clock.ticks_ms()
        self._task: object = None

    # --- the task that looks --------------------------------------------------------------

    def ask(self) -> None:
        """Begin to look at the inputs, or go on doing so."""
        self._asked_at = self.app.clock.ticks_ms()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        clock = self.app.clock
        try:
            while (clock.ticks_diff(clock.ticks_ms(), self._asked_at) < REST_MS
                   and not self._over()):
                self.look()
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self._task = None
            self.end()

    def _over(self) -> bool:
        """Whether the meter has been provisioned while something of the test still holds."""
        return self.app.state.provisioned and bool(
            self.lines or self._view or self._panel or self._lit or self._sounds or self._key)

    def look(self) -> None:
        """Look once at all inputs and keys, and end a press of PWRKEY that is over."""
        now = 0
        for i in range(len(self._look_at)):
            if self._look_at[i]():
                now |= 1 << i
        self._now = now
        self._high |= now
        self._low |= ~now
        if self._keypad is not None:
            keys = self._keypad.scan()
            # A contact that bounces or a spike is not the same in two looks.
            self._pressed |= keys & self._keys
            self._keys = keys
        if self._view is not None:
            _step(self._view)
        if self._key is not None:
            clock = self.app.clock
            if clock.ticks_diff(clock.ticks_ms(), self._key_at) >= self._key_ms:
                self._let_go()

    def press(self, line: object, ms: int) -> None:
        """Hold the modem's PWRKEY for so many milliseconds; the task lets it go."""
        self._let_go()
        line.value(1)
        self._key = line
        self._key_ms = ms
        self._key_at = self.app.clock.ticks_ms()

    def _let_go(self) -> None:
        if self._key is not None:
            self._key.value(0)
            self._key = None

    def end(self) -> None:
        """Let go of everything."""
        self._let_go()
        self._give_back()
        for line in self.lines.values():
            line.close()
        self.lines = {}

    # --- inputs ---------------------------------------------------------------------------

    def inputs(self) -> dict:
        """Return the inputs: as they are, and which were low and high since last asked."""
        self.look()
        low, high = self._low, self._high
        self._low = self._high = 0
        sensors = self.app.watch.sight.sensors
        latch = sensors.get("tamper_latch")
        thermometer = sensors.get("temperature_dC")
        return {
            "inputs": {name: [bool(self._now >> i & 1), bool(low >> i & 1), bool(high >> i & 1)]
                       for i, name in enumerate(self.names)},
            "tamper_latch": None if latch is None else latch(),
            "temperature_dC": None if thermometer is None else thermometer(),
        }

    def keypad(self) -> dict:
        """Return the keys that close now and those that did since last asked, bits as scan()."""
        if self._keypad is None:
            return {"fitted": False}
        self.look()
        pressed = self._pressed
        self._pressed = 0
        return {"fitted": True, "keys": self._keys, "pressed": pressed}

    # --- what moves and lights ------------------------------------------------------------

    def relay(self, close: "bool | None" = None) -> dict:
        """Pulse the relay, or only tell how it stands."""
        app = self.app
        if close is not None:
            self._pulse(_flag("close", close))
        else:
            # What it was found to be is what provisioning begins with.
            app.switch.find_position()
        return {
            "pulses": self.pulses, "pulses_left": PULSES_MAX - self.pulses,
            "load_voltage": app.relay.load_voltage(),
            "current_mA": app.metering.reading.current_mA,
            "voltage_cV": app.metering.reading.voltage_cV,
        }

    def _pulse(self, close: bool) -> None:
        app = self.app
        voltage = app.metering.reading.voltage_cV
        if not app.board.mains_good() or voltage < RAIL_MIN_cV:
            raise RuntimeError("relay: %d.%02d V: must be %d V or more, and the supply good" % (
                voltage // 100, voltage % 100, RAIL_MIN_cV // 100))
        if self.pulses >= PULSES_MAX:
            raise RuntimeError("relay: %d pulses since the start: must be at most %d" % (
                self.pulses, PULSES_MAX))
        clock = app.clock
        now = clock.ticks_ms()
        if self._pulsed and clock.ticks_diff(now, self._pulsed_at) < INTERVAL_MS:
            raise RuntimeError("relay: must rest for %d ms between pulses" % INTERVAL_MS)
        app.relay.pulse(close)
        self.pulses += 1
        self._pulsed = True
        self._pulsed_at = now

    def display(self, on: "bool | None" = None) -> dict:
        """Light every segment, or none; without a word leave the display to its pages."""
        if on is None:
            self._give_back()
            return {"fitted": True}
        _flag("on", on)
        self._hold()
        if self._view is None:
            self._view = self.app.board.display()
        if self._view is None:
            return {"fitted": False}
        if on:
            self._view.everything()
        else:
            self._view.blank()
        return {"fitted": True}

    def _hold(self) -> None:
        """Have the panel leave display, lamps and buzzer alone."""
        panel = getattr(self.app, "panel", None)
        if panel is not None:
            panel.hold(True)
            self._panel = panel

    def _give_back(self) -> None:
        """Leave display, lamps and buzzer to the panel, or off where there is none."""
        for pin in self._lit:
            pin(0)
        self._lit = ()
        if self._sounds:
            self._sounds = False
            self._buzzer(False)
        view = self._view
        panel = self._panel
        self._view = self._panel = None
        if panel is not None:
            panel.hold(False)
        elif view is not None:
            view.blank()
            _step(view)

    def lamps(self, on: "list | None" = None) -> dict:
        """Light the lamps of these names, and no others."""
        self._hold()
        self._lamps = self._lamps or self.app.board.lamps()
        wanted = on or []
        for name in wanted:
            if name not in self._lamps:
                raise ValueError("lamp %r: must be one of %s" % (
                    name, ", ".join(sorted(self._lamps)) or "none: there are none"))
        for name, pin in self._lamps.items():
            pin(1 if name in wanted else 0)
        self._lit = tuple([self._lamps[name] for name in wanted])
        return {"lamps": sorted(self._lamps)}

    def buzzer(self, on: bool) -> dict:
        """Sound the buzzer, or stop it."""
        _flag("on", on)
        self._hold()
        if self._buzzer is None:
            self._buzzer = self.app.board.buzzer()
        if self._buzzer is None:
            return {"fitted": False}
        self._sounds = on
        self._buzzer(on)
        return {"fitted": True}

    # --- clock ----------------------------------------------------------------------------

    def clock(self) -> dict:
        """Return what the real-time clock itself shows, and the processor's ticks beside it."""
        app = self.app
        shown = ""
        problem = ""
        try:
            civil = app.rtc.datetime()
            if civil is None:
                problem = "has stopped, its time is not to be trusted"
            else:
                year, month, day, _, hour, minute, second, _ = civil
                shown = "%04d-%02d-%02dT%02d:%02d:%02d" % (
                    year, month, day, hour, minute, second)
        except (OSError, ValueError) as e:
            problem = str(e) or "does not answer"
        return {"chip": type(app.rtc).__name__, "time": shown, "problem": problem,
                "ticks_ms": app.clock.ticks_ms()}


def _step(view: object) -> None:
    for _ in range(_STEPS):
        if not view.step():
            break


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("%s %r: must be true or false" % (name, value))
    return value


def _inputs(app: object) -> list:
    """Return (name, function) of every input that the board has."""
    board = app.board
    found = [("supply_good", board.mains_good)]
    sensors = app.watch.sight.sensors
    for name in ("cover", "terminal_cover", "magnet", "overcurrent"):
        if name in sensors:
            found.append((name, sensors[name]))
    for name, look in (("button", board.button()), ("calibration_switch",
                                                    board.calibration_switch())):
        if look is not None:
            found.append((name, look))
    for i, pin in enumerate(board.pulse_inputs()):
        found.append(("pulse_%d" % (i + 1), pin))
    return found
