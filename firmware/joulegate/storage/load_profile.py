"""The load profile: registers and extremes every 15, 30 or 60 minutes of the local clock.

Energy is kept as the register itself, modulo 65536 Wh. So nothing is lost where an entry is
damaged or power was off: what lies between two entries is the difference of their registers.
The lower status flags are those of the profile status word of DLMS/COSEM AMR profiles.
"""

from array import array

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.core.events import EventLog
from joulegate.core.reading import QUANTITIES, Reading
from joulegate.core.registers import Registers
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import Ring

FILES = const(40)
MINUTES = (15, 30, 60)
CHANNELS = (
    "import_Wh", "export_Wh", "reactive_import_varh", "reactive_export_varh",
    "voltage_min_cV", "voltage_max_cV", "power_max_W", "current_max_cA",
)
"""In the order of the bits that stand for them."""
CHANNELS_DEFAULT = const(0x3F)
WIDTH = const(6)
"""Most channels in an entry."""

# Status flags of an interval.
CLOCK_INVALID = const(0x02)
DATA_INVALID = const(0x04)
DAYLIGHT = const(0x08)
CLOCK_ADJUSTED = const(0x20)
POWER_DOWN = const(0x80)
SUPPLY_OFF = const(0x100)

_NEVER = const(0x3FFFFFFF)
_U16 = const(0xFFFF)

FIELDS = """
    time i: UTC second at which the interval ended
    minutes B 1..60: length of a whole interval
    channels B: what `values` are, a bit each, in the order below
    flags H: 2 clock, 4 data invalid, 8 daylight, 32 clock adjusted, 128 power, 256 supply off
    values 6H: energy: the register modulo 65536; else extremes, 65535 for more
"""


class ProfileError(ValueError):
    """An interval or a choice of channels that cannot be captured."""


def channel_mask(names: list) -> int:
    """Return the bits of channels by name; ProfileError for a bad or a long list."""
    mask = 0
    for name in names:
        if name not in CHANNELS:
            raise ProfileError("channel %r: must be one of %s" % (name, ", ".join(CHANNELS)))
        mask |= 1 << CHANNELS.index(name)
    if not 1 <= len(names) <= WIDTH or bin(mask).count("1") != len(names):
        raise ProfileError("channels %r: must be 1 to %d different ones" % (names, WIDTH))
    return mask


class LoadProfile:
    def __init__(self, folder: str, log: EventLog) -> None:
        """folder: of the meter's storage; log: for failing storage."""
        self._log = log
        self.ring = Ring(folder + "/profile/p", FILES, Layout(b"JGLP", 1, FIELDS))
        self._zone: object = None
        self._seconds = 900
        self._channels = CHANNELS_DEFAULT
        # The interval running: its beginning, its end, and what it has seen so far.
        self._began = 0
        self._edge = -_NEVER
        self._last = 0
        self._flags = 0
        self._shift = 0
        self._extremes = array("i", [0] * (len(CHANNELS) - QUANTITIES))

    def load(self, zone: object) -> None:
        """Find where the profile ends; zone: local time, to align by. Never raises."""
        self._zone = zone
        self.ring.load()
        self._edge = -_NEVER

    def configure(self, minutes: int, channels: int = CHANNELS_DEFAULT) -> None:
        """Capture every so many minutes these channels, a bit each; ProfileError."""
        if minutes not in MINUTES:
            raise ProfileError("profile minutes %r: must be 15, 30 or 60" % (minutes,))
        if not 0 < channels < 1 << len(CHANNELS) or bin(channels).count("1") > WIDTH:
            raise ProfileError("profile channels %r: must be 1 to %d bits of %d" % (
                channels, WIDTH, len(CHANNELS)))
        self._seconds = minutes * 60
        self._channels = channels
        if self._edge != -_NEVER:
            self._end(self._last)

    def tick(
        self, now: int, reading: Reading, registers: Registers, valid: bool, supplied: bool
    ) -> None:
        """Take a reading at a UTC second; allocates nothing but at an interval's end.

        registers: with the reading's energy in them. valid: something was read. supplied: the
        relay is closed.
        """
        if now >= self._edge or now < self._began:
            self._turn(now, registers)
        self._last = now
        if now < TIME_MIN:
            self._flags |= CLOCK_INVALID
        if not supplied:
            self._flags |= SUPPLY_OFF
        if not valid:
            self._flags |= DATA_INVALID
            return
        extremes = self._extremes
        if reading.voltage_cV < extremes[0]:
            extremes[0] = reading.voltage_cV
        if reading.voltage_cV > extremes[1]:
            extremes[1] = reading.voltage_cV
        if reading.active_W > extremes[2]:
            extremes[2] = reading.active_W
        if reading.current_mA > extremes[3]:
            extremes[3] = reading.current_mA

    def _turn(self, now: int, registers: Registers) -> None:
        """Capture the interval that is over, if one was running, and begin another."""
        flags = POWER_DOWN
        if self._edge != -_NEVER:
            flags = 0
            time = self._edge
            if now < self._began:
                time = self._last
                flags = CLOCK_ADJUSTED
            elif now >= self._edge + self._seconds:
                time = now - (now + self._shift) % self._seconds
                flags = CLOCK_ADJUSTED
            self._capture(time, self._flags | flags, registers)
        self._flags = flags
        self._extremes[0] = _NEVER
        for i in range(1, len(self._extremes)):
            self._extremes[i] = 0
        self._began = now
        self._end(now)

    def _end(self, now: int) -> None:
        """Work out when the interval running ends: the next whole one on the local clock."""
        zone = self._zone
        self._shift = zone.offset(now)
        if self._shift != zone.standard:
            self._flags |= DAYLIGHT
        edge = now + self._seconds - (now + self._shift) % self._seconds
        self._edge = min(edge, zone.next_change(now))

    def _capture(self, time: int, flags: int, registers: Registers) -> None:
        if self._extremes[0] == _NEVER:
            self._extremes[0] = 0
            flags |= DATA_INVALID
        values = [0] * WIDTH
        at = 0
        for channel in range(len(CHANNELS)):
            if self._channels & 1 << channel:
                if channel < QUANTITIES:
                    values[at] = registers.wh[channel] & _U16
                else:
                    value = self._extremes[channel - QUANTITIES]
                    if CHANNELS[channel] == "current_max_cA":
                        value //= 10
                    values[at] = min(value, _U16)
                at += 1
        self.ring.keep(
            (time, self._seconds // 60, self._channels, flags, values), self._log, time)

    def intervals(self, first: int = -_NEVER, last: int = _NEVER, start: int = 0) -> object:
        """Yield the intervals that ended within two UTC seconds, in order, as dicts.

        Keys: sequence, time, minutes, flags, and a key a channel. Energy is what was counted
        after `since`, the end of the entry before: that is longer than the interval after an
        outage or a lost entry. It is None where the entry before had no such channel. start:
        a sequence number, to read only what is new.
        """
        before: dict = {}
        since = None
        for entry in self.ring.entries(max(0, start - 1)):
            values = {}
            at = 0
            for channel, name in enumerate(CHANNELS):
                if entry["channels"] & 1 << channel and at < WIDTH:
                    values[name] = entry["values"][at]
                    at += 1
            if entry["sequence"] >= start and first <= entry["time"] <= last:
                found = {key: entry[key] for key in ("sequence", "time", "minutes", "flags")}
                found["since"] = since
                for channel, name in enumerate(CHANNELS):
                    if name not in values:
                        continue
                    if channel >= QUANTITIES:
                        found[name] = values[name]
                    elif name in before:
                        found[name] = values[name] - before[name] & _U16
                    else:
                        found[name] = None
                yield found
            before = values
            since = entry["time"]
