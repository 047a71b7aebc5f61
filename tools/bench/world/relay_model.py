"""Model of a latching relay of the HFE10 class, with the physics its driver must respect.

Source: Hongfa HFE10 data (pulse of 50 to 100 ms, contact 50 A) and HFE20 data (operate time at
most 15 ms, pulse at least 50 ms, set and reset at 80 % of the rated voltage).

Two coils, or the two directions of one: `set_coil` closes, `reset_coil` opens. The contact moves
at the end of the operate time and stays there if the coil is held for the whole minimum pulse;
let go earlier, it falls back. With both coils on nothing moves. A coil left on for a second has
overheated, for ten it is burnt out and never moves the contact again. The contact keeps its
position without power.

Time comes from the clock function given; nothing happens between calls, and every call first
works out what has happened since the last, at its own instant.
"""

CLOSED = "set"
OPEN = "reset"

WELDED = "welded"
STUCK_OPEN = "stuck open"
WEAK = "weak"

OPERATE_US = 15_000
PULSE_MIN_US = 50_000
WEAK_OPERATE_US = 40_000
WEAK_PULSE_MIN_US = 120_000
OVERHEAT_US = 1_000_000
BURN_US = 10_000_000
PICK_UP_PERCENT = 80


class RelayModel:
    """One relay, power off and open (or `closed`), on `clock()`, which gives microseconds.

    `mains_on`, `back_feed` and `rail_percent` (coil supply, of the rated voltage) belong to the
    world: it sets them as they change. Counts and faults are for tests to read.
    """

    def __init__(self, clock: object, closed: bool = False) -> None:
        self._clock = clock
        self._closed = closed
        self._came_from = None  # position before a move that may still fall back
        self._energised = None  # CLOSED or OPEN while exactly one coil pulls
        self._since_us = 0  # of the present energisation
        self._pulls = False  # the rail was good when it began
        self._coils = {CLOSED: 0, OPEN: 0}
        self._on_us = {CLOSED: 0, OPEN: 0}
        self._listeners = []
        self._fault = None
        self.mains_on = True
        self.back_feed = False
        self.rail_percent = 100
        self.operations = 0  # moves of the contact
        self.pulses = 0
        self.short_pulses = 0
        self.both_coils = 0
        self.overheated = set()  # coils by name
        self.burnt = set()

    def set_coil(self, level: int) -> None:
        """Switch the coil that closes the contact on or off."""
        self._switch(CLOSED, level)

    def reset_coil(self, level: int) -> None:
        """Switch the coil that opens the contact on or off."""
        self._switch(OPEN, level)

    def power_off(self) -> None:
        """Lose coil power: both coils off, the contact stays."""
        self._switch(CLOSED, 0)
        self._switch(OPEN, 0)

    def on_change(self, listener: object) -> None:
        """Call `listener(closed, at_us)` at every move of the contact."""
        self._listeners.append(listener)

    def inject(self, fault: str | None) -> None:
        """Break the relay (WELDED closes it, STUCK_OPEN opens it, WEAK) or mend it with None."""
        if fault not in (None, WELDED, STUCK_OPEN, WEAK):
            raise ValueError("relay fault is %r: must be %r, %r, %r or None"
                             % (fault, WELDED, STUCK_OPEN, WEAK))
        now = self.settle()
        self._fault = None
        if fault in (WELDED, STUCK_OPEN):
            self._came_from = None
            self._move(fault == WELDED, now)
        self._fault = fault

    @property
    def closed(self) -> bool:
        """Whether the contact is closed now."""
        self.settle()
        return self._closed

    @property
    def load_live(self) -> bool:
        """Whether there is voltage on the load side: mains through the contact, or back-feed."""
        return self.mains_on and self.closed or self.back_feed

    @property
    def next_change_us(self) -> int | None:
        """Instant of the next move if the coils stay as they are: when to `settle`."""
        if self._due():
            return self._since_us + self._operate_us()
        return None

    def settle(self) -> int:
        """Work out what has happened until now; returns now."""
        now = self._clock()
        if self._due() and now >= self._since_us + self._operate_us():
            self._came_from = self._closed
            self._move(not self._closed, self._since_us + self._operate_us())
        for name, level in self._coils.items():
            if level and now - self._on_us[name] > OVERHEAT_US:
                self.overheated.add(name)
                if now - self._on_us[name] > BURN_US:
                    self.burnt.add(name)
        return now

    def _switch(self, name: str, level: int) -> None:
        now = self.settle()
        level = 1 if level else 0
        if self._coils[name] == level:
            return
        self._coils[name] = level
        if level:
            self._on_us[name] = now
            self.pulses += 1
        self._release(now)
        if self._coils[CLOSED] and self._coils[OPEN]:
            self.both_coils += 1
        elif self._coils[CLOSED] or self._coils[OPEN]:
            self._energised = CLOSED if self._coils[CLOSED] else OPEN
            self._since_us = now
            self._pulls = (self.rail_percent >= PICK_UP_PERCENT
                           and self._energised not in self.burnt)

    def _release(self, now: int) -> None:
        """End the present energisation: too short a one leaves the contact where it was."""
        if self._energised and now - self._since_us < self._pulse_min_us():
            self.short_pulses += 1
            if self._came_from is not None:
                self._move(self._came_from, now)
        self._energised = self._came_from = None

    def _due(self) -> bool:
        return (self._energised is not None and self._pulls and self._came_from is None
                and self._fault not in (WELDED, STUCK_OPEN)
                and self._closed != (self._energised == CLOSED))

    def _move(self, closed: bool, at_us: int) -> None:
        if closed != self._closed and self._fault not in (WELDED, STUCK_OPEN):
            self._closed = closed
            self.operations += 1
            for listener in self._listeners:
                listener(closed, at_us)

    def _operate_us(self) -> int:
        return WEAK_OPERATE_US if self._fault == WEAK else OPERATE_US

    def _pulse_min_us(self) -> int:
        return WEAK_PULSE_MIN_US if self._fault == WEAK else PULSE_MIN_US
