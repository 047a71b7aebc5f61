"""What the watch sees at one moment: the reading, the relay and the sensors of the board.

Made once and filled again each time. A detector is a pure function of what it has seen here.
"""

from joulegate.core.civil import NO_TIME
from joulegate.core.reading import Reading


class Sight:
    def __init__(self, sensors: dict) -> None:
        """sensors: what the board carries beyond the metering IC, by name, each a function:

        cover           whether the cover is closed
        terminal_cover  whether the cover over the terminals is closed
        magnet          whether a magnet is held to the meter
        temperature_dC  of the terminals, tenths of a degree Celsius; None if it cannot tell
        overcurrent     whether the comparator reports more current than the contacts bear
        tamper_latch    which covers were opened while the meter was off, bits 1 cover and
                        2 terminal cover; with the argument True it forgets them
        """
        self.sensors = sensors
        self.now = NO_TIME
        """UTC second, below civil.TIME_MIN while nobody knows it."""
        self.up = 0
        """Seconds since the start."""
        self.reading: Reading | None = None
        self.supply: object = None
        """The Supply: what stands in the ledger, for those whose state outlasts a power cut."""
        self.measured = False
        """Whether the metering IC has answered; what the reading says otherwise is 0."""
        self.closed = False
        """The last proven position of the relay."""
        self.settled = False
        """Whether no pulse of the relay is on its way or waits to be proven."""
        self.load_voltage: bool | None = None
        """Whether the load side has voltage; None where nothing can tell."""
        self.sagged = False
        """Whether the IC has seen a sag; whoever takes note of it clears it."""
        self.mains_good = True
        """Whether the supply does not announce its end."""
        self.counts_per_kWh = 1000
        self.estimated_counts = 0
        """What a detector wants charged that no metering IC could count; the watch takes it."""
        self.alarms = 0
        """Attacks that go on, bits of tamper.trips: each detector sets its own in every step."""
