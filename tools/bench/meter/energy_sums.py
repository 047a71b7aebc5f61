"""Whether the registers hold what the metering chip gave out: the sum rules of docs/registers.md.

They are held after every run of the bench. What the chip gave out is the model's own count, kept
where it puts counts into its energy registers, before the driver has read them.
"""

from joulegate.core.quadrants import everything

_ADDRESSES = (0x40, 0x41, 0x43, 0x44)
_NAMES = ("+A", "-A", "+R", "-R")


class EnergySums:
    def __init__(self, registers: object, emitted: list) -> None:
        """registers: as they are after a start; emitted: the chip's counts, by address."""
        self._emitted = emitted
        self._before = [
            registers.counts(q) - emitted[address] for q, address in enumerate(_ADDRESSES)]

    def differences(self, registers: object, cut: bool = False) -> str:
        """Return what disagrees with the chip, "" if nothing does.

        Everything must have been read. cut: power went unannounced, so some energy may be lost,
        and none may be too much.
        """
        for quantity, address in enumerate(_ADDRESSES):
            counted = registers.counts(quantity) - self._before[quantity]
            missing = self._emitted[address] - counted
            if missing < 0 or missing and not cut:
                return "%s: %d counts, the chip gave out %d" % (
                    _NAMES[quantity], counted, self._emitted[address])
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
