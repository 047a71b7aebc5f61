"""Whether the registers hold what the metering chip gave out: the sum rules of docs/registers.md.

They are held after every run of the bench. What the chip gave out is the model's own count, kept
where it puts counts into its energy registers, before the driver has read them.
"""

from joulegate.core.quadrants import everything

_NAMES = ("+A", "-A", "+R", "-R")


class EnergySums:
    def __init__(self, registers: object, bed: object) -> None:
        """registers: as they are after a start; bed: knows what its metering IC gave out."""
        self._bed = bed
        each = bed.fitted.chip_counts
        self._before = [registers.counts(quantity) * each - given
                        for quantity, given in enumerate(bed.fitted.given_out())]

    def differences(self, registers: object, cut: bool = False) -> str:
        """Return what disagrees with the chip, "" if nothing does.

        Everything must have been read. cut: power went unannounced, so some energy may be lost,
        and none may be too much. Where the firmware divides, it holds less than a count that is
        not registered yet, and loses it at each start. Where a chip `nets`, energy that went in
        and out between two readings is in neither register.
        """
        fitted = self._bed.fitted
        each = fitted.chip_counts
        held = (each - 1) * self._bed.starts
        given_out = fitted.given_out()
        counts = [registers.counts(quantity) * each - self._before[quantity]
                  for quantity in range(len(given_out))]
        if getattr(fitted, "nets", False):
            netted = min(given_out[0] - counts[0], given_out[1] - counts[1])
            if netted > 0:
                counts[0] += netted
                counts[1] += netted
        for quantity, given in enumerate(given_out):
            counted = counts[quantity]
            missing = given - counted
            if missing < 0 or missing > held and not cut:
                return "%s: %d counts, the chip gave out %d" % (_NAMES[quantity], counted, given)
        return inner_differences(registers)


def inner_differences(registers: object) -> str:
    """Return how registers disagree with each other, "" if they do not."""
    registers.gather()
    found = everything(registers)
    for whole, parts, name in ((2, (4, 5), "+R"), (3, (6, 7), "-R")):
        left = found[whole] - found[parts[0]] - found[parts[1]]
        if min(found[4:8]) < 0 or not 0 <= left <= 1:  # each is rounded down
            return "%s %d varh: quadrants %r" % (name, found[whole], found[4:8])
    for active, apparent, parts in ((0, 8, (4, 7)), (1, 9, (5, 6))):
        reactive = found[parts[0]] + found[parts[1]]
        if not found[active] <= found[apparent] <= found[active] + reactive + 3:
            return "apparent %d VAh: active %d Wh, reactive %d varh" % (
                found[apparent], found[active], reactive)
    return ""
