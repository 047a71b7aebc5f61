"""The RS485 port: half duplex on a UART, with or without a pin that switches its driver on.

To send: driver on, a guard, the bytes, wait until the last stop bit has left the shift register,
driver off. Where the receiver hears its own driver (RE tied low), what comes back is compared
with what was sent and thrown away. Nothing here allocates, and nothing waits longer than _TAIL_US.

Source: the parts sheet, section 1; MODBUS over serial line V1.02, section 2.5.1.1 (silences).
"""

from micropython import const

_GUARD_US = const(50)
"""From the driver's being on to the first start bit."""
_TAIL_US = const(3000)
"""So long before its end a sending is waited for without letting others run: a driver that is
on for longer than the silence between frames keeps the next request from being heard."""
_LATE_US = const(20000)
"""So long after it should be over a sending is given up: a UART whose clock stands still."""
_POLL_US = const(100)
_PIECE = const(64)
_ECHO_CHARACTERS = const(12)
"""How late an echo may be: the UART of an ESP32 tells of bytes after ten characters of silence."""
_MILLISECOND_US = const(1000)
_SECOND_US = const(1000000)
_FAST = const(19200)
_FAST_SILENCE_US = const(1750)
_SILENCE_BITS = const(77)
"""Twice 3.5 characters of 11 bits."""


def silence_us(baudrate: int) -> int:
    """Return the least silence between two frames: 3.5 characters, 1.75 ms above 19200 baud."""
    if baudrate > _FAST:
        return _FAST_SILENCE_US
    return -(-_SILENCE_BITS * (_SECOND_US // 2) // baudrate)


class Rs485Port:
    def __init__(
        self, uart: object, de: object, baudrate: int, frame_bits: int, time: object,
        echo: bool = False,
    ) -> None:
        """uart: any(), readinto(buffer, n), write(buffer, n), txdone() and deinit() as
        machine.UART has them, with room for 256 bytes each way and no time-out. de: the pin that
        has the driver on while it is high; None where the transceiver finds the direction by
        itself. frame_bits: of a character, start and stop bits with it. time: ticks_us,
        ticks_diff, sleep_us. echo: whether the receiver hears the driver.
        """
        self._uart = uart
        self._de = de
        self._time = time
        self._bit_us = -(-_SECOND_US // baudrate)
        self._character_us = -(-frame_bits * _SECOND_US // baudrate)
        self._echo = echo
        self._piece = bytearray(_PIECE)
        self._sent: bytes | bytearray | None = None
        self._size = 0
        self._began = 0
        self._driving = False
        self._heard = 0
        self._differs = False
        self.silence_us = silence_us(baudrate)
        self.collisions = 0
        """Sendings whose echo differed or stayed away."""
        self.stuck = 0
        """Sendings that the UART did not take or never finished."""
        self.longest_late_us = 0
        """Longest that the driver was on after the last stop bit should have left."""
        if de is not None:
            de(0)

    @property
    def sending(self) -> bool:
        return self._sent is not None

    @property
    def waiting(self) -> bool:
        """Whether something has come that nobody took."""
        return self._uart.any() > 0

    def receive(self, buffer: bytearray, at: int) -> int:
        """Move what has come into a buffer from a place on, as far as it fits; return how
        many bytes."""
        uart = self._uart
        piece = self._piece
        began = at
        while at < len(buffer):
            size = min(uart.any(), len(buffer) - at, _PIECE)
            if not size:
                break
            size = uart.readinto(piece, size) or 0
            for i in range(size):
                buffer[at + i] = piece[i]
            at += size
        return at - began

    def send(self, data: "bytes | bytearray", size: int) -> None:
        """Begin to send the first `size` bytes, which must stay as they are until `step` says
        that all is over."""
        time = self._time
        self._drive(1)
        time.sleep_us(_GUARD_US)
        written = self._uart.write(data, size) or 0
        self._began = time.ticks_us()
        if written < size:
            self.stuck += 1
        self._sent = data
        self._size = written
        self._driving = True
        self._heard = 0
        self._differs = False

    def step(self) -> int:
        """Bring a sending on; return the milliseconds until the next step, 0 once it is over."""
        if self._sent is None:
            return 0
        if self._echo:
            self._hear()
        if self._driving:
            left_us = self._left_us()
            if left_us > _TAIL_US:
                return max(1, (left_us - _TAIL_US) // _MILLISECOND_US)
            self._end()
        if self._echo:
            self._hear()
            if (self._heard < self._size
                    and self._left_us() > -_ECHO_CHARACTERS * self._character_us):
                return 1
            if self._differs or self._heard < self._size:
                self.collisions += 1
        self._sent = None
        return 0

    def close(self) -> None:
        """Leave the bus alone; the port is of no use any more."""
        self._drive(0)
        self._uart.deinit()

    def _left_us(self) -> int:
        """Return how long the sending should still take, negative once it should be over."""
        time = self._time
        return (self._size * self._character_us
                - time.ticks_diff(time.ticks_us(), self._began))

    def _end(self) -> None:
        """Wait for the last stop bit, and switch the driver off."""
        time = self._time
        uart = self._uart
        while not uart.txdone():
            if self._left_us() < -_LATE_US:
                self.stuck += 1
                break
            time.sleep_us(_POLL_US)
        late_us = -self._left_us()
        time.sleep_us(self._bit_us)
        self._drive(0)
        self._driving = False
        if late_us > self.longest_late_us:
            self.longest_late_us = late_us

    def _drive(self, level: int) -> None:
        if self._de is not None:
            self._de(level)

    def _hear(self) -> None:
        """Take the echo and compare it; what comes behind it stays."""
        uart = self._uart
        piece = self._piece
        while self._heard < self._size:
            size = min(uart.any(), self._size - self._heard, _PIECE)
            if not size:
                break
            size = uart.readinto(piece, size) or 0
            for i in range(size):
                if piece[i] != self._sent[self._heard + i]:
                    self._differs = True
            self._heard += size
