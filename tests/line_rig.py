"""An RS485 line in virtual time, for tests on both interpreters: characters take their time.

`Line` is the UART, the driver's pin and the clock in one; `Registers` a register map of a few
lines. CRCs are computed bit by bit here, as the standard tells it, not by the firmware's tables.
"""

from joulegate.bus.modbus.server import RtuServer
from joulegate.drivers.rs485_port import Rs485Port

UNIT = 17
HOLE, VALUE = 2, 3


def crc(data):
    """Return the two bytes of CRC behind `data`."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            odd = register & 1
            register >>= 1
            if odd:
                register ^= 0xA001
    return bytes((register & 0xFF, register >> 8))


def words(*values):
    return b"".join([bytes((value >> 8 & 0xFF, value & 0xFF)) for value in values])


def frame(*parts, unit=UNIT):
    """Return a frame of bytes and numbers: address, body, CRC."""
    body = bytes((unit,)) + b"".join(
        [part if isinstance(part, bytes) else bytes((part,)) for part in parts])
    return body + crc(body)


def read(address, count, unit=UNIT, function=3):
    return frame(function, words(address, count), unit=unit)


def write(address, *values, unit=UNIT):
    return frame(
        16, words(address, len(values)), 2 * len(values), words(*values), unit=unit)


class Line:
    """UART, pin and time: what is said by others arrives character by character."""

    def __init__(self, baudrate=9600, frame_bits=11):
        self.now = 0
        self.character_us = -(-frame_bits * 1000000 // baudrate)
        self._coming = []
        """(instant of the last stop bit, byte), in order."""
        self._busy_until = 0
        self.sent = []
        """(first start bit, end of the last stop bit, bytes) of what the meter sent."""
        self.drives = []
        """(instant, level) of the driver's pin."""
        self.echo = None
        """Function of what the meter sends, giving what it hears of it; None: nothing."""
        self.finishes = True
        self.takes = 10000
        self.closed = False

    # --- as time ----------------------------------------------------------------------------

    def ticks_us(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def sleep_us(self, us):
        self.now += us

    # --- as a UART --------------------------------------------------------------------------

    def any(self):
        return len([byte for due, byte in self._coming if due <= self.now])

    def readinto(self, buffer, size):
        size = min(size, self.any())
        for i in range(size):
            buffer[i] = self._coming[i][1]
        self._coming = self._coming[size:]
        return size or None

    def write(self, data, size):
        size = min(size, self.takes)
        data = bytes(data[:size])
        end = self.now + size * self.character_us
        self.sent.append((self.now, end, data))
        if self.echo is not None:
            self._arrive(self.now, self.echo(data))
        return size

    def txdone(self):
        return self.finishes and (not self.sent or self.now >= self.sent[-1][1])

    def deinit(self):
        self.closed = True

    def pin(self, level):
        self.drives.append((self.now, level))

    # --- the others -------------------------------------------------------------------------

    def _arrive(self, at, data):
        for byte in data:
            at += self.character_us
            self._coming.append((at, byte))
        self._coming.sort(key=lambda item: item[0])
        return at

    def say(self, data, after_us=0):
        """Have another speak, so long after he or another did, or now; return when it ends."""
        self._busy_until = self._arrive(max(self.now, self._busy_until) + after_us, data)
        return self._busy_until


class Registers:
    """Holding and input registers 0 to 199, the first ten writable; 9 takes at most 100."""

    def __init__(self):
        self.holding = bytearray(400)
        self.input = bytearray([i & 0xFF for i in range(400)])
        self.writes = 0
        self.error = None

    def read(self, holding, address, count, out, at):
        if self.error is not None:
            raise self.error
        if address + count > 200:
            return HOLE
        source = self.holding if holding else self.input
        for i in range(2 * count):
            out[at + i] = source[2 * address + i]
        return 0

    def write(self, address, count, data, at):
        if address + count > 10:
            return HOLE
        if address + count == 10 and (data[at + 2 * count - 2] or data[at + 2 * count - 1] > 100):
            return VALUE
        for i in range(2 * count):
            self.holding[2 * address + i] = data[at + i]
        self.writes += 1
        return 0

    def identification(self, object_id):
        return {0: b"Maker", 1: b"M-1", 2: b"1.0"}.get(object_id)


class Box:
    """A mailbox of one register value, always there."""

    busy = unread = False

    def __init__(self):
        self.asked = []

    def read(self, address, count, out, at):
        self.asked.append(("read", address, count))
        for i in range(2 * count):
            out[at + i] = 0x42
        return 0

    def write(self, address, count, data, at):
        self.asked.append(("write", address, count))
        return 6 if address == 0x1001 else 0


class Served:
    """A server on a line."""

    def __init__(self, baudrate=9600, frame_bits=11, echo=False, de=True, unit=UNIT):
        self.line = Line(baudrate, frame_bits)
        self.registers = Registers()
        self.box = Box()
        self.server = RtuServer(self.registers, self.box, self.line)
        self.port = Rs485Port(
            self.line, self.line.pin if de else None, baudrate, frame_bits, self.line, echo)
        self.server.serve(self.port, unit)
        self.holds = []
        """(instant, us): times at which others hold the processor for so long."""

    def run(self, us):
        """Let time pass."""
        line = self.line
        end = line.now + us
        while line.now < end:
            wait = self.server.step()
            line.now += max(50, wait * 1000)
            while self.holds and self.holds[0][0] <= line.now:
                line.now += self.holds.pop(0)[1]

    def ask(self, data, us=400000):
        """Say a frame, let time pass, and return what the meter answered, "" for nothing."""
        before = len(self.line.sent)
        self.line.say(data)
        self.run(us)
        return b"".join([sent for _, _, sent in self.line.sent[before:]])

    def counts(self):
        return [self.server.counters[i] for i in range(8)]
