"""machine.UART of the BENCH board: a tty of the host, or a wired model.

Reading never blocks. Sending takes its time by the baud rate, so that `txdone` and `flush` tell
when the last bit is out and an RS485 driver can be let go.
"""

import io
import select
import termios

import uselect

from world import bench_clock, wiring

_POLL_REQUEST = 3  # stream ioctls, py/stream.h
_FILENO_REQUEST = 10
_REFUSED = -1
_IDS = (0, 1, 2)


class _Tty:
    """A tty of the host, raw."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "r+b")
        termios.setraw(self._file.fileno())
        self._poller = uselect.poll()
        self._poller.register(self._file, select.POLLIN)

    def fileno(self) -> int:
        return self._file.fileno()

    def any(self) -> int:
        # A tty cannot tell how many bytes there are, only that a read would not wait.
        for _, event in self._poller.poll(0):
            if event & select.POLLIN:
                return 1
        return 0

    def read(self, nbytes: int) -> bytes:
        received = bytearray()
        while len(received) < nbytes and self.any():
            byte = self._file.read(1)
            if not byte:
                break
            received.extend(byte)
        return bytes(received)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        self._file.close()


class UART(io.IOBase):
    """UART(id, baudrate, bits, parity, stop, *, tx, rx, timeout, ...). Nothing need be wired."""

    INV_TX = 1
    INV_RX = 2
    CTS = 1
    RTS = 2

    def __init__(self, id: int, baudrate: int = 115200, bits: int = 8, parity: int | None = None,
                 stop: int = 1, **options: object) -> None:
        if id not in _IDS:
            raise ValueError("UART(%r) doesn't exist" % (id,))
        self._id = id
        end = wiring.uart_end(id)
        self._line = _Tty(end) if isinstance(end, str) else end
        self._sent_us = 0
        self.init(baudrate, bits, parity, stop, **options)

    def init(self, baudrate: int = 115200, bits: int = 8, parity: int | None = None,
             stop: int = 1, **options: object) -> None:
        """Set the frame and the rate. Pins, buffer sizes and flow control make no difference
        on a wire without noise; their names are checked."""
        if not 1 <= baudrate <= 7_812_500:
            raise ValueError("UART baudrate is %r: must be 1 to 7812500" % (baudrate,))
        if not 5 <= bits <= 8 or stop not in (1, 2) or parity not in (None, 0, 1):
            raise ValueError("UART frame is %r bits, parity %r, %r stop bits: must be 5 to 8, "
                             "None, 0 or 1, and 1 or 2" % (bits, parity, stop))
        for name in options:
            if name not in ("tx", "rx", "cts", "rts", "timeout", "timeout_char", "invert",
                            "flow", "txbuf", "rxbuf"):
                raise TypeError("unexpected keyword argument '%s'" % name)
        self._baudrate = baudrate
        self._frame = (bits, parity, stop)
        self._frame_bits = 1 + bits + (parity is not None) + stop

    def any(self) -> int:
        return self._line.any() if self._line else 0

    def read(self, nbytes: int = -1) -> bytes | None:
        """Return what has come, at most `nbytes`; None when nothing has."""
        received = self._line.read(nbytes if nbytes >= 0 else 65536) if self._line else b""
        return received or None

    def readinto(self, buf: bytearray, nbytes: int = -1) -> int | None:
        received = self.read(len(buf) if nbytes < 0 else min(nbytes, len(buf)))
        if received is None:
            return None
        buf[:len(received)] = received
        return len(received)

    def readline(self) -> bytes | None:
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = self.read(1)
            if byte is None:
                break
            line.extend(byte)
        return bytes(line) or None

    def write(self, buf: bytes, nbytes: int = -1) -> int:
        """Send all, or the first `nbytes`, as the streams of the boards take them, too."""
        if 0 <= nbytes < len(buf):
            buf = memoryview(buf)[:nbytes]
        if self._line:
            self._line.write(buf)
        bit_times = len(buf) * self._frame_bits * 1_000_000
        self._sent_us = (max(self._sent_us, bench_clock.now_us())
                         + (bit_times + self._baudrate - 1) // self._baudrate)
        return len(buf)

    def txdone(self) -> bool:
        """Return whether the last stop bit has left."""
        return bench_clock.now_us() >= self._sent_us

    def flush(self) -> None:
        """Wait until the last stop bit has left."""
        bench_clock.sleep_us(self._sent_us - bench_clock.now_us())

    def deinit(self) -> None:
        if isinstance(self._line, _Tty):
            self._line.close()
        self._line = None

    def ioctl(self, request: int, arg: int) -> int:
        """Make the UART fit for select.poll and asyncio streams."""
        if request == _FILENO_REQUEST and isinstance(self._line, _Tty):
            return self._line.fileno()
        if request != _POLL_REQUEST:
            return _REFUSED
        ready = select.POLLOUT
        if self.any():
            ready |= select.POLLIN
        return ready & arg

    def __repr__(self) -> str:
        bits, parity, stop = self._frame
        return "UART(%d, baudrate=%d, bits=%d, parity=%s, stop=%d)" % (
            self._id, self._baudrate, bits, parity, stop)
