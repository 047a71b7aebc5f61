"""The Modbus RTU server: from the bytes of a line to answers on it, a short step at a time.

    gather until the line is quiet -> take frames apart -> do -> answer -> send -> gather ...

`step` does one of these and says how long others may run; it never waits for the line. Only
what nothing came behind is answered: whoever asked has given up on the rest, and two would speak.
Nothing is allocated but by what a request asks for.

Source: MODBUS over serial line V1.02, sections 2.4 and 2.5.
"""

from micropython import const

from joulegate.bus.modbus import counters as count
from joulegate.bus.modbus.counters import Counters
from joulegate.bus.modbus.crc import crc16
from joulegate.bus.modbus.frame_reader import BROADCAST, SIZE, FrameReader
from joulegate.bus.modbus.functions import Functions

IDLE_MS = const(10)
"""How often a quiet line is looked at; what comes meanwhile waits in the UART."""
BUSY_MS = const(2)
ALERT_US = const(100000)
"""So long after the last byte it is looked at as often as a busy one: a master asks again soon."""
SILENCE_US = const(5000)
"""The shortest silence that ends a frame which its length does not end. The standard asks for
less, but neither an interpreter nor the USB of a master's computer is so quick."""

_CRC_SIZE = const(2)
_GATHER, _TAKE, _SEND = const(0), const(1), const(2)


class RtuServer:
    def __init__(self, registers: object, box: object, time: object) -> None:
        """registers, box: as Functions has them. time: ticks_us and ticks_diff."""
        self.counters = Counters()
        self.functions = Functions(registers, box, self.counters)
        self._time = time
        self._reader = FrameReader(self.counters)
        self._out = bytearray(256)
        self._port: object = None
        self._phase = _GATHER
        self._heard_us = 0
        self._silence_us = SILENCE_US
        self._alert = False
        self._quiet = False
        self._found = False

    @property
    def idle(self) -> bool:
        """Whether nothing has come that is not answered."""
        return self._phase == _GATHER and not self._reader.filled

    def serve(self, port: object, unit: int) -> None:
        """Serve this port under this address, 1 to 247, from now on. port: an Rs485Port."""
        self._port = port
        self._reader.unit = unit
        self._reader.clear()
        self._phase = _GATHER
        self._found = False
        self._silence_us = max(SILENCE_US, port.silence_us)

    def step(self) -> int:
        """Do what is due; return the milliseconds until the next step."""
        if self._phase == _GATHER:
            return self._gather()
        if self._phase == _TAKE:
            return self._take()
        wait = self._port.step()
        if not self._port.sending:
            self._phase = _GATHER
        return wait

    def _gather(self) -> int:
        reader = self._reader
        now = self._time.ticks_us()
        size = self._port.receive(reader.data, reader.filled)
        if size:
            reader.filled += size
            self._heard_us = now
            self._alert = True
            if reader.filled < SIZE:
                return BUSY_MS
        elif not reader.filled:
            if not self._alert:
                return IDLE_MS
            self._alert = self._time.ticks_diff(now, self._heard_us) < ALERT_US
            return BUSY_MS
        elif self._time.ticks_diff(now, self._heard_us) < (
                self._port.silence_us if reader.whole else self._silence_us):
            return BUSY_MS
        self._quiet = not size
        self._phase = _TAKE
        return 0

    def _take(self) -> int:
        """Find a frame, or do what the one that was found asks."""
        reader = self._reader
        if not self._found:
            self._found = reader.next(self._quiet)
            if not self._found:
                self._phase = _GATHER
            return 0
        self._found = False
        unit = reader.data[reader.first]
        if unit != BROADCAST and unit != reader.unit:
            return 0
        counters = self.counters
        counters.add(count.HANDLED)
        size = self.functions.answer(
            reader.data, reader.first, reader.size - _CRC_SIZE, self._out)
        if not size or not self._may_answer():
            counters.add(count.UNANSWERED)
            return 0
        out = self._out
        crc = crc16(out, 0, size)
        out[size] = crc & 0xFF
        out[size + 1] = crc >> 8
        self._port.send(out, size + _CRC_SIZE)
        self._phase = _SEND
        reader.clear()
        return self._port.step()

    def _may_answer(self) -> bool:
        """Whether the line has been quiet since the request."""
        reader = self._reader
        if not self._quiet or not reader.last:
            return False
        # What has come while the request was carried out is taken in turn.
        return not self._port.waiting
