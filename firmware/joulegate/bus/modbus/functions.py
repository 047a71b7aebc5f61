"""The functions of a Modbus server: what a request asks, done, and its answer or exception.

03, 04, 06, 16 and 23 go to the registers, 08 to the counters, 17 and 43/14 to who the meter is.
An answer is put together in a buffer made once; nothing is allocated but by what is asked.

Source: MODBUS Application Protocol V1.1b3, sections 6 and 7.
"""

from micropython import const

from joulegate.bus.modbus import counters as count
from joulegate.bus.modbus import mailbox
from joulegate.bus.modbus.exceptions import (
    DEVICE_BUSY,
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
)
from joulegate.bus.modbus.identification import PRODUCT_CODE, identify

READ_HOLDING = const(3)
READ_INPUT = const(4)
WRITE_SINGLE = const(6)
DIAGNOSTICS = const(8)
WRITE_MULTIPLE = const(16)
REPORT_ID = const(17)
READ_WRITE = const(23)
ENCAPSULATED = const(43)

READ_MAX = const(125)
WRITE_MAX = const(123)
READ_WRITE_MAX = const(121)
"""Registers in one request."""
ANSWER_MAX = const(254)
"""Bytes of an answer, address included, CRC not."""

_ADDRESSES = const(0x10000)
_EXCEPTION = const(0x80)
_RUNNING = const(0xFF)

# Sub-functions of 08.
_ECHO = const(0)
_REGISTER = const(2)
_CLEAR = const(10)
_FIRST_COUNT = const(11)
_CLEAR_OVERRUN = const(20)


def _word(data: bytearray, at: int) -> int:
    return data[at] << 8 | data[at + 1]


class Functions:
    def __init__(self, registers: object, box: object, counters: object) -> None:
        """registers: read(holding, address, count, out, at) and write(address, count, data, at),
        all or nothing, which return 0 or an exception's code, and identification(object_id),
        bytes or None. box: a Mailbox, with its own part of the holding registers. counters: a
        Counters."""
        self._registers = registers
        self._box = box
        self._counters = counters
        self.failures = 0
        """Requests on which the registers fell over."""

    def answer(self, data: bytearray, at: int, size: int, out: bytearray) -> int:
        """Do what a request asks and put the answer in `out`; return its size, 0 for none.

        data: from a place on, address first, `size` bytes without the CRC. out: at least
        ANSWER_MAX bytes. A request to all that only asks is nobody's.
        """
        function = data[at + 1]
        if data[at] == 0:
            if function in (WRITE_SINGLE, WRITE_MULTIPLE):
                self._try(function, data, at, size, out)
            return 0
        out[0] = data[at]
        out[1] = function
        done = self._try(function, data, at, size, out)
        if done > 0:
            return done
        self._counters.add(count.EXCEPTIONS)
        if done == -DEVICE_BUSY:
            self._counters.add(count.BUSY)
        out[1] = function | _EXCEPTION
        out[2] = -done
        return 3

    def _try(self, function: int, data: bytearray, at: int, size: int, out: bytearray) -> int:
        try:
            return self._do(function, data, at, size, out)
        except Exception:
            # A mistake of ours, or no memory: the master is told, and the next one is served.
            self.failures += 1
            return -DEVICE_FAILURE

    def _do(self, function: int, data: bytearray, at: int, size: int, out: bytearray) -> int:
        """Return the size of the answer, or an exception's code, negative."""
        if function in (READ_HOLDING, READ_INPUT):
            return self._read(function == READ_HOLDING, data, at, size, out)
        if function == WRITE_SINGLE:
            return self._write_single(data, at, size, out)
        if function == WRITE_MULTIPLE:
            return self._write_multiple(data, at, size, out)
        if function == READ_WRITE:
            return self._read_write(data, at, size, out)
        if function == DIAGNOSTICS:
            return self._diagnose(data, at, size, out)
        if function == ENCAPSULATED:
            return identify(self._registers.identification, data, at, size, out)
        if function == REPORT_ID:
            return self._report_id(size, out)
        return -ILLEGAL_FUNCTION

    # --- registers ------------------------------------------------------------------------

    def _read(
        self, holding: bool, data: bytearray, at: int, size: int, out: bytearray
    ) -> int:
        number = _word(data, at + 4) if size == 6 else 0
        if not 1 <= number <= READ_MAX:
            return -ILLEGAL_VALUE
        out[2] = 2 * number
        return self._fetch(holding, _word(data, at + 2), number, out) or 3 + 2 * number

    def _fetch(self, holding: bool, address: int, number: int, out: bytearray) -> int:
        """Put registers into the answer; return 0 or an exception's code, negative."""
        if address + number > _ADDRESSES:
            return -ILLEGAL_ADDRESS
        if holding and address >= mailbox.FIRST and address + number - 1 <= mailbox.LAST:
            return -self._box.read(address, number, out, 3)
        return -self._registers.read(holding, address, number, out, 3)

    def _write_single(self, data: bytearray, at: int, size: int, out: bytearray) -> int:
        if size != 6:
            return -ILLEGAL_VALUE
        code = self._store(data[at], _word(data, at + 2), 1, data, at + 4)
        if code:
            return code
        for i in range(2, 6):
            out[i] = data[at + i]
        return 6

    def _write_multiple(self, data: bytearray, at: int, size: int, out: bytearray) -> int:
        number = _word(data, at + 4) if size > 7 else 0
        if not 1 <= number <= WRITE_MAX or data[at + 6] != 2 * number or size != 7 + 2 * number:
            return -ILLEGAL_VALUE
        code = self._store(data[at], _word(data, at + 2), number, data, at + 7)
        if code:
            return code
        for i in range(2, 6):
            out[i] = data[at + i]
        return 6

    def _store(self, unit: int, address: int, number: int, data: bytearray, at: int) -> int:
        """Write registers; return 0 or an exception's code, negative."""
        if address + number > _ADDRESSES:
            return -ILLEGAL_ADDRESS
        if address >= mailbox.FIRST and address + number - 1 <= mailbox.LAST:
            if unit == 0:
                # A token or a message is one meter's: others would count it as a wrong try.
                return -ILLEGAL_ADDRESS
            return -self._box.write(address, number, data, at)
        return -self._registers.write(address, number, data, at)

    def _read_write(self, data: bytearray, at: int, size: int, out: bytearray) -> int:
        """Write, then read, both or neither."""
        if size < 13:
            return -ILLEGAL_VALUE
        number = _word(data, at + 4)
        written = _word(data, at + 8)
        if (not 1 <= number <= READ_MAX or not 1 <= written <= READ_WRITE_MAX
                or data[at + 10] != 2 * written or size != 11 + 2 * written):
            return -ILLEGAL_VALUE
        address = _word(data, at + 2)
        code = (self._fetch(True, address, number, out)
                or self._store(data[at], _word(data, at + 6), written, data, at + 11))
        if code:
            return code
        out[2] = 2 * number
        return self._fetch(True, address, number, out) or 3 + 2 * number

    # --- diagnostics and identification -------------------------------------------------------

    def _diagnose(self, data: bytearray, at: int, size: int, out: bytearray) -> int:
        if size < 4:
            return -ILLEGAL_VALUE
        sub = _word(data, at + 2)
        if sub == _ECHO:
            for i in range(2, size):
                out[i] = data[at + i]
            return size
        counter = sub - _FIRST_COUNT
        counts = 0 <= counter < count.COUNTERS
        if not counts and sub != _REGISTER and sub != _CLEAR and sub != _CLEAR_OVERRUN:
            return -ILLEGAL_FUNCTION
        if size != 6 or _word(data, at + 4):
            return -ILLEGAL_VALUE
        value = 0
        if counts:
            value = self._counters[counter]
        elif sub != _REGISTER:
            self._counters.clear(sub == _CLEAR_OVERRUN)
        out[2] = sub >> 8
        out[3] = sub & 0xFF
        out[4] = value >> 8
        out[5] = value & 0xFF
        return 6

    def _report_id(self, size: int, out: bytearray) -> int:
        if size != 2:
            return -ILLEGAL_VALUE
        name = self._registers.identification(PRODUCT_CODE) or b""
        length = min(len(name), ANSWER_MAX - 4)
        out[2] = length + 1
        for i in range(length):
            out[3 + i] = name[i]
        out[3 + length] = _RUNNING
        return 4 + length
