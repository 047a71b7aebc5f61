"""A metering IC's driver wired to the register model of its chip, for tests of either interpreter.

Each test class is a Case of its IC and a unittest.TestCase.
"""

from joulegate.core.reading import Reading

LOAD = (23000, 13749, 3000000, 1000000)
"""3 kW and 1 kvar, the first quadrant."""


class Bus:
    """The wires to the model; `before` is called with what begins every frame, as `head` says."""

    def __init__(self, chip):
        self.chip = chip
        self.before = None

    def head(self, tx):
        """Return what tells the frames of this chip from each other."""
        return tx[0] << 8 | tx[1]

    def cs(self, level):
        self.chip.cs(level)

    def write_readinto(self, tx, rx):
        if self.before is not None:
            self.before(self.head(tx))
        self.chip.exchange(tx, rx)


class Case:
    """`new_driver` makes the driver on self.bus and self.chip; `error` is what it raises."""

    error = None
    quantities = 4
    """Of import, export, and the two of reactive energy, how many the chip has."""

    def wire(self, bus, phases=1):
        self.bus = bus
        self.chip = bus.chip
        self.ic = self.new_driver()
        self.reading = Reading(phases)
        self.total = [0] * self.quantities

    def running(self, load=LOAD):
        self.ic.start()
        self.chip.apply(*load)
        self.read_seconds(3)

    def read(self):
        """Read and add to the total; return the events, None if the reading failed."""
        r = self.reading
        try:
            events = self.ic.read(r)
        except self.error:
            return None
        counts = (r.import_counts, r.export_counts, r.reactive_import_counts,
                  r.reactive_export_counts)
        for i in range(self.quantities):
            self.total[i] += counts[i]
        return events

    def read_seconds(self, n):
        events = 0
        for _ in range(n):
            self.chip.advance(1000)
            events |= self.read() or 0
        return events

    def at_frame(self, head, act, times=1, skip=0):
        """Do something as the frame that begins with `head` is about to go out."""
        left = [skip, times]

        def before(found):
            if found == head:
                if left[0]:
                    left[0] -= 1
                elif left[1]:
                    left[1] -= 1
                    act()

        self.bus.before = before
