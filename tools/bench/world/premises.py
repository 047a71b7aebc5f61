"""The premises: a recorded household behind a relay, the mains before it, a metering IC between.

Load is applied to the IC model piece by piece up to the clock's present, whenever somebody
asks (`catch_up`). With the contacts open the load draws nothing, though the line still has
voltage; with the mains off there is neither.
"""

from world import bench_clock
from world.front_end_errors import FrontEndErrors

DISTURBANCES = (
    "voltage_cV", "current_mA", "active_mW", "reactive_mvar", "neutral_mA", "neutral_mW",
    "neutral_mvar", "frequency_cHz",
)
"""What may be other than the load file has it."""


class Premises:
    def __init__(
        self, ic: object, relay: object, load: object, comparator: object = None
    ) -> None:
        """ic: the metering IC's model; relay: its model, with `closed`; load: a LoadFile.
        comparator: what else is on the shunt, with `carry(current_mA)`."""
        self._ic = ic
        self._comparator = comparator
        self._relay = relay
        self._load = load
        self._pieces = load.pieces()
        self._piece = None
        self._following = self._take()
        self._left_ms = 0
        self._at_ms = bench_clock.civil_us() // 1000
        self._seen_us = -1
        """The clock's reading up to which the load has flowed."""
        self.mains = True
        self.bypassed = False
        """A wire round the relay: the load draws whatever the contacts do."""
        self.reversed = False
        """Line and load side of the meter are exchanged: what is used looks like export."""
        self._disturbed = {}
        self._source = None
        # A model of three phases has errors of its own on each.
        self.errors = getattr(ic, "errors", None) or (FrontEndErrors(),)
        """What the board between line and IC is wrong by, of each current input."""
        self._own_errors = not hasattr(ic, "errors")

    def connect(self, load: "tuple | None") -> None:
        """Put a laboratory's source in the place of the household, which comes back with None.

        load: voltage in cV, current in mA, active power in mW, reactive power in mvar, frequency
        in cHz. The current flows through the contacts as the household's does.
        """
        self.catch_up()
        self._source = load
        self.apply()

    @property
    def sourced(self) -> "tuple | None":
        """What the source gives now, as of `connect`; None without one."""
        if self._source is None:
            return None
        voltage, current, active, reactive, frequency = self._source
        if not self.mains:
            return 0, 0, 0, 0, frequency
        if not self.delivering:
            return voltage, 0, 0, 0, frequency
        return self._source

    def set_error(self, name: str, value: int, line: "int | None" = None) -> None:
        """Make the board wrong from now on, on one line counted from 0 or on all: see
        FrontEndErrors. ValueError."""
        if line is not None and not 0 <= line < len(self.errors):
            raise ValueError("line %r: must be 0 to %d" % (line, len(self.errors) - 1))
        self.catch_up()
        for number, errors in enumerate(self.errors):
            if line in (None, number):
                errors.set(name, value)
        self.apply()

    @property
    def over(self) -> bool:
        """Whether the load file has been metered to its end."""
        return self._following is None and (not self._left_ms or self._piece is None)

    @property
    def delivering(self) -> bool:
        return self.mains and (self.bypassed or self._relay.closed)

    def catch_up(self) -> None:
        """Let the load flow until now."""
        now_us = bench_clock.now_us()
        if now_us == self._seen_us:
            return  # as at most edges of a chip select
        self._seen_us = now_us
        now_ms = bench_clock.civil_us() // 1000
        while self._at_ms < now_ms:
            step = now_ms - self._at_ms
            before = self._load.start * 1000 - self._at_ms
            if before > 0 and self._piece is None:
                step = min(step, before, 60000)  # the load file has not begun
            else:
                if not self._left_ms:
                    self._next_piece()
                step = min(step, self._left_ms)
                self._left_ms -= step
            self._ic.advance(step)
            self._at_ms += step

    def skip_to(self, civil_second: int) -> None:
        """Pass the file's rows before a second without metering them: a restart's place."""
        at = self._load.start
        while at < civil_second and self._following is not None:
            self._next_piece()
            at += self._left_ms // 1000
        if at > civil_second:
            self._left_ms = (at - civil_second) * 1000
        else:
            self._left_ms = 0
        self._at_ms = civil_second * 1000

    def set_mains(self, on: bool) -> None:
        self.catch_up()
        self.mains = on
        self.apply()

    def disturb(self, name: str, value: int | None) -> None:
        """Have one of DISTURBANCES at a value from now on, as recorded again with None.

        The neutral's own values hold for what flows through the terminals; a bypassed or
        disconnected leg is one that differs. KeyError for another name.
        """
        if name not in DISTURBANCES:
            raise KeyError(name)
        self.catch_up()
        if value is None:
            self._disturbed.pop(name, None)
        else:
            self._disturbed[name] = value
        self.apply()

    def apply(self) -> None:
        """Put the present piece of load on the IC, as contacts and mains allow."""
        sourced = self.sourced
        if sourced is not None:
            if self._comparator is not None:
                self._comparator.carry(sourced[1])
            self._put(*sourced[:4], frequency_cHz=sourced[4])
            return
        piece = self._piece
        changed = self._disturbed
        voltage = changed.get("voltage_cV", 22000 if piece is None else piece.voltage_cV)
        frequency = changed.get("frequency_cHz", 5000)
        if self._comparator is not None:
            flows = piece is not None and self.delivering
            self._comparator.carry(
                changed.get("current_mA", piece.current_mA) if flows else 0)
        if not self.mains:
            self._ic.apply(0, 0, 0, 0)
        elif piece is None or not self.delivering:
            self._put(voltage, 0, 0, 0, frequency_cHz=frequency)
        elif not changed and not self.reversed:
            self._put(voltage, piece.current_mA, piece.active_mW, piece.reactive_mvar)
        else:
            sign = -1 if self.reversed else 1
            self._put(
                voltage, changed.get("current_mA", piece.current_mA),
                sign * changed.get("active_mW", piece.active_mW),
                sign * changed.get("reactive_mvar", piece.reactive_mvar),
                changed.get("neutral_mA"), changed.get("neutral_mW"),
                changed.get("neutral_mvar"), frequency)

    def _put(
        self, voltage: int, current: int, active: int, reactive: int,
        neutral_mA: "int | None" = None, neutral_mW: "int | None" = None,
        neutral_mvar: "int | None" = None, frequency_cHz: int = 5000,
    ) -> None:
        """Put a load on the IC as the board shows it; the neutral's sensor is right."""
        if self._own_errors and self.errors[0].wrong:
            if neutral_mA is None:
                neutral_mA = current
            if neutral_mW is None:
                neutral_mW = active
            if neutral_mvar is None:
                neutral_mvar = reactive
            voltage, current, active, reactive = self.errors[0].seen(
                voltage, current, active, reactive)
        self._ic.apply(voltage, current, active, reactive, neutral_mA, neutral_mW,
                       neutral_mvar, frequency_cHz)

    def contact_changed(self) -> None:
        """The relay has moved: what flowed until now is metered first."""
        self.catch_up()
        self.apply()

    def _next_piece(self) -> None:
        self._piece = self._following
        if self._piece is None:
            self._left_ms = 60000  # nothing more is recorded: no load
        else:
            self._left_ms = self._piece.seconds * 1000
            self._following = self._take()
        self.apply()

    def _take(self) -> object:
        try:
            return next(self._pieces)
        except StopIteration:
            return None
