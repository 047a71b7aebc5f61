"""The watch: what looks after each tick for danger, theft and a mains of bad quality.

Each danger is a detector in core, a pure function of what is seen, made when a setting asks for
it. It returns the reasons for which supply must be off, and tells what begins and ends. What
must be faster than a tick has an interrupt. Rules: docs/protection.md, docs/anti-theft.md.
"""

from micropython import const

from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import (
    FAULT,
    LOAD_LIMIT,
    OVERLOAD,
    PROTECTION,
    TAMPER,
    VOLTAGE,
)

_SELF_LIFTING = OVERLOAD | VOLTAGE | LOAD_LIMIT | FAULT
"""Reasons that are over as soon as their detector says so. Others want somebody's word."""


def _overload() -> object:
    from joulegate.core.protection.overload import Overload
    return Overload()


def _mains() -> object:
    from joulegate.core.protection.mains import Mains
    return Mains()


def _temperature() -> object:
    from joulegate.core.protection.temperature import Temperature
    return Temperature()


def _switches() -> object:
    from joulegate.core.tamper.switches import Switches
    return Switches()


def _open_relay() -> object:
    from joulegate.core.tamper.open_relay import OpenRelay
    return OpenRelay()


def _current_mismatch() -> object:
    from joulegate.core.tamper.current_mismatch import CurrentMismatch
    return CurrentMismatch()


def _reverse_connection() -> object:
    from joulegate.core.tamper.reverse_connection import ReverseConnection
    return ReverseConnection()


def _missing_neutral() -> object:
    from joulegate.core.tamper.missing_neutral import MissingNeutral
    return MissingNeutral()


def _neutral_disturbance() -> object:
    from joulegate.core.tamper.neutral_disturbance import NeutralDisturbance
    return NeutralDisturbance()


def _voltage_events() -> object:
    # Each only here: few meters have all, and a module takes memory.
    from joulegate.core.quality.voltage_events import VoltageEvents
    return VoltageEvents()


def _distortion() -> object:
    from joulegate.core.quality.distortion import Distortion
    return Distortion()


def _outputs(app: object) -> object:
    return app.load_control()


def _voltage_profile(app: object) -> object:
    if app.records is None:
        return None
    from joulegate.core.quality.voltage_profile import VoltageProfile

    def offset(second: int) -> int:
        billing = app.state.billing
        return 0 if billing is None else billing.zone.offset(second)

    return VoltageProfile(app.records.voltage.keep, offset)


_DETECTORS: tuple = (
    (("overcurrent_mA", "overcurrent_peak_mA", "phase_unbalance_W"), _overload),
    (("overvoltage_V", "undervoltage_V", "frequency_low_cHz", "frequency_high_cHz",
      "phase_loss_V"), _mains),
    (("temperature_dC",), _temperature),
    (("cover_s",), _switches),
    (("back_feed_s", "tamper_trips"), _open_relay),
    (("mismatch_s",), _current_mismatch),
    (("export_mode",), _reverse_connection),
    (("neutral_missing_s",), _missing_neutral),
    (("disturbance_s",), _neutral_disturbance),
    (("sag_percent", "swell_percent"), _voltage_events),
    (("distortion_percent",), _distortion),
)
"""(names of the settings any of which asks for it, function that makes it); the first is that of
overload, which the comparator asks for, too."""

OUTPUTS = const(0)
VOLTAGE_PROFILE = const(1)
_SERVICES = (
    (("outputs",), _outputs),
    (("band_above_percent", "band_below_percent"), _voltage_profile),
)
"""The same for what holds no reasons and needs more of the meter than a detector sees; what
makes it is handed that, and may return None."""


def _asked(names: tuple, values: object) -> bool:
    """Return whether one of the settings of these names asks for something."""
    for name in names:
        if values[name]:
            return True
    return False


class Watch:
    def __init__(self, app: object) -> None:
        self._app = app
        sensors = dict(app.board.sensors())
        sensors["cover"] = app.board.cover()
        self.sight = Sight(sensors)
        if "overcurrent" in sensors:
            _overload()  # loaded now: at the trip there is no time for it
        self.held = 0
        """The reasons that detectors hold."""
        self._made: list = [None] * len(_DETECTORS)
        self.services: list = [None] * len(_SERVICES)
        """By OUTPUTS and VOLTAGE_PROFILE; None for what is not made."""
        self._running: tuple = ()
        # Made once, as a bound method is a piece of heap each time.
        self._tell_log = self.tell

    def configure(self, values: object) -> None:
        """Take the settings by name: have the detectors that they ask for, and no others.

        One that stays goes on with what it has seen.
        """
        self.sight.counts_per_kWh = self._app.state.counts_per_kWh
        made = self._made
        supply = self._app.state.supply
        sight = self.sight
        sight.supply = supply
        # What stands in the ledger is taken over, or is over if nobody holds it any more.
        self.held = self.held & ~PROTECTION | supply.reasons & PROTECTION
        tripped = bool(
            "overcurrent" in sight.sensors and (supply.reasons & OVERLOAD or supply.overloads))
        for i, (names, make) in enumerate(_DETECTORS):
            if not (tripped and not i or _asked(names, values)):
                made[i] = None
            elif made[i] is None:
                made[i] = make()
            if made[i] is not None:
                made[i].configure(values, sight)
        self._serve(values)
        self._run()

    def _serve(self, values: object) -> None:
        services = self.services
        for i, (names, make) in enumerate(_SERVICES):
            if not _asked(names, values):
                if i == OUTPUTS and services[i] is not None:
                    services[i].stop()
                services[i] = None
            elif services[i] is None:
                services[i] = make(self._app)
            if services[i] is not None:
                services[i].configure(values, self.sight)

    @property
    def outputs(self) -> object:
        """The auxiliary outputs, or None while no rules are set or the board has none."""
        return self.services[OUTPUTS]

    @property
    def voltage_profile(self) -> object:
        """What counts the voltage's hour, or None while it is not asked for."""
        return self.services[VOLTAGE_PROFILE]

    def _run(self) -> None:
        self._running = tuple([
            detector for detector in self._made + self.services if detector is not None])

    def overcurrent(self) -> bool:
        """Take the comparator's word that supply must be off; return whether that is new.

        Whoever calls steps the meter at once, and tells how much it was.
        """
        app = self._app
        supply = app.state.supply
        if supply.reasons & OVERLOAD or not (app.switch.closed or app.switch.busy):
            return False
        overload = self._made[0]
        if overload is None:
            overload = self._made[0] = _DETECTORS[0][1]()
            overload.configure(app.state.settings.values, self.sight)
            self._run()
        self._look()
        overload.count(self.sight)
        # Not by _hold: it may be held still though a technician has just lifted it.
        self.held |= OVERLOAD
        supply.forbid(OVERLOAD)
        return True

    def tell(self, code: int, value: int = 0) -> None:
        """Log an event of what is seen now."""
        self._app.log.add(code, self.sight.now, value)

    def trip(self, trip: int) -> None:
        """Cut supply off for what was found at the start, if tamper_trips names it."""
        state = self._app.state
        if state.settings.values["tamper_trips"] & trip:
            state.supply.forbid(TAMPER)
            self._app.metering.commit()

    def step(self) -> bool:
        """Look once, after a tick; return whether the reasons against supply have changed."""
        self.sight.alarms = 0
        if not self._running:
            return self._hold(0)
        self._look()
        held = 0
        for detector in self._running:
            held |= detector.step(self.sight, self._tell_log)
        if self.sight.estimated_counts:
            self._app.metering.charge(self.sight.estimated_counts)
            self.sight.estimated_counts = 0
        return self._hold(held)

    def _look(self) -> None:
        app = self._app
        sight = self.sight
        metering = app.metering
        sight.now = app.clock.now()
        sight.up = app.clock.up
        sight.reading = metering.reading
        sight.measured = metering.measured
        sight.closed = bool(app.switch.closed)
        sight.settled = not app.switch.busy
        sight.load_voltage = app.relay.load_voltage()
        sight.mains_good = not app.power_fail.failing
        if metering.sagged:
            metering.sagged = False
            sight.sagged = True

    def _hold(self, held: int) -> bool:
        """Set the reasons that detectors have come to hold, and lift those they hold no more."""
        before = self.held
        if held == before:
            return False
        self.held = held
        supply = self._app.state.supply
        began = held & ~before
        supply.forbid(began)
        if began & TAMPER and self._app.state.provisioned:
            self._app.metering.commit()  # no power cut lifts it
        supply.lift(before & ~held & _SELF_LIFTING)
        return True
