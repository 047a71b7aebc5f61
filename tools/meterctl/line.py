"""The line to a board: mpremote's transport, with an end to every wait.

mpremote waits for the next character for as long as characters come, and reads some of them
without a limit in time; a device that is no meter could hold it for ever. So its port stands
behind one that counts time and bytes.
"""

import contextlib
import io
import struct
import time
from collections.abc import Iterator
from typing import Any

from mpremote.transport import (  # type: ignore[import-untyped]
    TransportError,
    TransportExecError,
)
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

from tools.meterctl.errors import LineError, MeterctlError, clean

ANSWER_MAX = 65536
"""Bytes of one answer; the longest that a meter gives is below a quarter of it."""

_ENTER_S = 3
_TRIES = 2
"""A board that resets as its port is opened misses the first."""


class ExecutionError(MeterctlError):
    """The board raised an exception; `text` is what it printed of it."""

    def __init__(self, port: str, text: str) -> None:
        lines = [clean(line) for line in text.splitlines() if line.strip()]
        super().__init__(f"{port}: {lines[-1] if lines else 'an exception without a text'}")
        self.text = text


class BoundedPort:
    """The part of a serial port that mpremote uses, until a deadline and so many bytes."""

    def __init__(self, port: Any, name: str) -> None:
        self.port = port
        self._name = name
        self.allow(0)

    def allow(self, seconds: float, size: int = ANSWER_MAX) -> None:
        """Begin an exchange that may take so long and bring so many bytes."""
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._size = self._left = size

    def _check(self) -> None:
        if time.monotonic() > self._end:
            raise LineError(f"{self._name}: no whole answer within {self._seconds:g} s")
        if self._left < 0:
            raise LineError(f"{self._name}: an answer longer than {self._size} bytes")

    def inWaiting(self) -> int:
        self._check()
        return int(self.port.inWaiting())

    def read(self, size: int = 1) -> bytes:
        self._check()
        # pyserial waits no longer than the port's own timeout, which the line has set.
        data: bytes = self.port.read(size)
        if len(data) < size:
            raise LineError(f"{self._name}: the answer stops in the middle")
        self._left -= len(data)
        return data

    def write(self, data: bytes) -> None:
        self._check()
        self.port.write(data)


class Line:
    """An open port with a board in its raw REPL."""

    def __init__(self, port: str, timeout_s: float) -> None:
        """Open a port and enter the raw REPL; LineError if the board does not let us in."""
        self.port = port
        self.timeout_s = timeout_s
        try:
            self.transport = SerialTransport(port, timeout=timeout_s)
        except (TransportError, OSError, ValueError) as e:
            raise LineError(
                f"port {port}: cannot be opened; is the cable in, may this user open it, and "
                "is no other program using it?") from e
        self._bounded = BoundedPort(self.transport.serial, port)
        self._bounded.port.write_timeout = timeout_s
        self.transport.serial = self._bounded
        try:
            self._enter()
        except BaseException:
            self.close()
            raise

    def _enter(self) -> None:
        for left in reversed(range(_TRIES)):
            try:
                # mpremote prints what it could not understand.
                with self.exchange(_ENTER_S), contextlib.redirect_stdout(io.StringIO()):
                    self.transport.enter_raw_repl(
                        soft_reset=False, timeout_overall=_ENTER_S)
                return
            except LineError:
                if not left:
                    raise LineError(
                        f"port {self.port}: opened, but nothing answers as a meter or "
                        "MicroPython board does; is it powered, and is it the right port?",
                    ) from None

    @contextlib.contextmanager
    def exchange(self, seconds: float | None = None) -> Iterator[SerialTransport]:
        """Allow one exchange over the transport; what goes wrong in it is a LineError.

        A Python exception on the board is an ExecutionError.
        """
        self._bounded.allow(seconds or self.timeout_s)
        try:
            yield self.transport
        except TransportExecError as e:
            raise ExecutionError(self.port, e.error_output) from e
        except (TransportError, struct.error) as e:
            raise LineError(f"{self.port}: {clean(str(e))}") from e
        except OSError as e:
            raise LineError(f"{self.port}: the line is lost ({clean(str(e))})") from e

    def execute(self, code: str, seconds: float | None = None) -> bytes:
        """Run a piece of Python on the board and return what it printed."""
        with self.exchange(seconds) as transport:
            output, error = transport.exec_raw(code, timeout=seconds or self.timeout_s)
            if error:
                raise TransportExecError(output, error.decode("utf-8", "replace"))
            return bytes(output)

    def close(self) -> None:
        """Leave the raw REPL if we were in it, and close the port."""
        with contextlib.suppress(OSError, MeterctlError):
            if self.transport.in_raw_repl:
                self._bounded.allow(self.timeout_s)
                self.transport.exit_raw_repl()
        self.transport.serial = self._bounded.port
        with contextlib.suppress(OSError):
            self.transport.close()
        # A pty knows no modem lines, and mpremote then leaves the port open.
        with contextlib.suppress(OSError):
            self._bounded.port.close()
