"""How long the link holds everybody else up, by what; and messages taken in steps.

A step that only computes should take no more than LONG_MS. One that writes flash takes what the
flash takes, an erase of a sector some 50 ms, and is counted apart under the name of what it wrote.
"""

from micropython import const

from joulegate.vending.steps import DEED, NUMBER, SUPPLY

LONG_MS = const(20)
RECEIPT = "receipt"
"""A receipt put into the outbox."""
OUTBOX = "outbox"
"""Readings, events and freezes noted down."""
_NAMES = (DEED, SUPPLY, NUMBER, RECEIPT, OUTBOX)


class Holds:
    def __init__(self, clock: object) -> None:
        """clock: answers ticks_ms and ticks_diff."""
        self._clock = clock
        self.longest_ms = 0
        """Of the steps that compute."""
        self.long = 0
        """Of them those above LONG_MS."""
        # Steps above LONG_MS and the longest, by name; made here, for what is made later would
        # stand in the middle of the heap for good.
        self._flash = [0] * (2 * len(_NAMES))

    def note(self, began: object, name: str = "") -> object:
        """Note a step that has just ended; return the instant. name: of its flash, "" for none."""
        now = self._clock.ticks_ms()
        ms = self._clock.ticks_diff(now, began)
        if name:
            at = 2 * _NAMES.index(name)
            self._flash[at] += ms > LONG_MS
            self._flash[at + 1] = max(self._flash[at + 1], ms)
        else:
            self.long += ms > LONG_MS
            self.longest_ms = max(self.longest_ms, ms)
        return now

    def rows(self) -> list:
        """Return [name, steps above LONG_MS, the longest in ms] of each flash there was."""
        return [[_NAMES[at // 2]] + self._flash[at:at + 2]
                for at in range(0, len(self._flash), 2) if self._flash[at + 1]]


async def take(
    work: object, uplink: object, holds: Holds, clock: object, sleep_ms: object
) -> None:
    """Take a message to its end, receipt and all, and let others run after each step.

    work: a steps.Work that comes to an Answer. clock: as Holds has it. sleep_ms: asyncio's. Raises
    what the work raises, OSError if the receipt cannot be stored.
    """
    try:
        while True:
            began = clock.ticks_ms()
            name = work.step()
            holds.note(began, name)
            if work.done:
                break
            await sleep_ms(0)
        await sleep_ms(0)
        began = clock.ticks_ms()
        uplink.receipt(work.answer.receipt)
        holds.note(began, RECEIPT)
    except BaseException:
        # Given up on the way as well: the number that its receipt may have goes back.
        work.drop()
        uplink.receipt(None)
        raise
