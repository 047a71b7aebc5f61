"""What a server on the line has seen, in 16-bit counts that begin anew after 65535.

Source: MODBUS Application Protocol V1.1b3, section 6.8, whose sub-functions 11 to 18 read the
first eight in this order.
"""

from array import array

from micropython import const

MESSAGES = const(0)
"""Good frames on the line, whomever they were for."""
ERRORS = const(1)
"""Frames with a bad CRC, too short or too long."""
EXCEPTIONS = const(2)
"""Exceptions that the meter answered."""
HANDLED = const(3)
"""Requests to the meter or to all."""
UNANSWERED = const(4)
"""Of them those without an answer: to all, or overtaken by what came behind them."""
NEGATIVE = const(5)
"""Negative acknowledgements: never."""
BUSY = const(6)
"""Exceptions that said busy."""
OVERRUNS = const(7)
"""Times that bytes were dropped for want of room."""
COUNTERS = const(8)

_MASK = const(0xFFFF)


class Counters:
    def __init__(self) -> None:
        self._counts = array("H", [0] * COUNTERS)

    def __getitem__(self, number: int) -> int:
        return self._counts[number]

    def add(self, number: int) -> None:
        self._counts[number] = self._counts[number] + 1 & _MASK

    def clear(self, overruns: bool = False) -> None:
        """Begin anew. overruns: that count alone."""
        for number in range(OVERRUNS if overruns else 0, COUNTERS):
            self._counts[number] = 0
