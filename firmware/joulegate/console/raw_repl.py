"""The raw REPL that mpremote speaks, served by the firmware while it goes on metering.

Source: MicroPython documentation, "The MicroPython Interactive Interpreter Mode (aka REPL)",
raw mode and raw-paste mode. A soft reset is answered but only forgets the session's names: the
meter goes on. A locked meter executes nothing; it answers `meter.call(r'JSON')` and no more.
"""

import io
import sys

from micropython import const

CODE_MAX = const(8192)
"""Longest piece of code, in bytes."""

_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_WINDOW = const(128)
_CALL = "meter.call(r'"

# What the next byte is part of.
_CODE = const(0)
_COMMAND = const(1)  # after Ctrl-E at the beginning
_PASTE_START = const(2)  # after Ctrl-E A
_PASTE = const(3)


class Meter:
    """What a session knows as `meter`."""

    def __init__(self, requests: object, show: object) -> None:
        self._requests = requests
        self._show = show

    def call(self, text: str) -> None:
        """Print the answer to a request, both JSON; see console.requests."""
        self._show(self._requests.call(text))


class RawRepl:
    def __init__(self, app: object, terminal: object) -> None:
        self._app = app
        self._terminal = terminal
        self._meter = Meter(app.requests, terminal.print)
        self._names = {}
        self._code = bytearray()
        self._state = _CODE
        self._room = 0
        self._too_long = False
        self.ended = True
        """Whether the session was left by Ctrl-B."""

    def enter(self) -> None:
        """Begin a session, as Ctrl-A does."""
        self.ended = False
        self._forget()
        self._begin()
        self._terminal.write(_BANNER)

    def feed(self, data: bytes) -> int:
        """Take in bytes; return how many, fewer than given when the session ended."""
        for i in range(len(data)):
            if not self._feed(data[i]):
                self.ended = True
                self._names = {}
                return i + 1
        return len(data)

    def _feed(self, byte: int) -> bool:
        """Take in one byte; False when it ends the session."""
        if self._state == _PASTE:
            self._paste(byte)
        elif self._state != _CODE:
            self._command(byte)
        elif byte == 0x05 and not self._code:
            self._state = _COMMAND
        elif byte == 0x01:
            self._begin()
            self._terminal.write(_BANNER)
        elif byte == 0x02:
            return False
        elif byte == 0x03:
            self._begin()
        elif byte == 0x04:
            self._end_of_code()
        else:
            self._keep(byte)
        return True

    def _begin(self) -> None:
        self._code = bytearray()
        self._state = _CODE
        self._too_long = False

    def _forget(self) -> None:
        self._names = {"__name__": "__main__", "meter": self._meter,
                       "print": self._terminal.print}

    def _keep(self, byte: int) -> None:
        if len(self._code) < CODE_MAX:
            try:
                self._code.append(byte)
            except MemoryError:
                self._too_long = True
        else:
            self._too_long = True

    def _command(self, byte: int) -> None:
        if self._state == _COMMAND and byte == 0x41:
            self._state = _PASTE_START
        elif self._state == _PASTE_START and byte == 0x01:
            self._state = _PASTE
            self._room = _WINDOW
            self._terminal.write(b"R\x01" + bytes((_WINDOW & 0xFF, _WINDOW >> 8)))
            self._terminal.write(b"\x01")  # the host may send a second window ahead
        else:
            self._state = _CODE
            self._terminal.write(b"R\x00")

    def _paste(self, byte: int) -> None:
        if byte == 0x03:
            self._begin()
            self._terminal.write(b"\x04>")
        elif byte == 0x04:
            self._terminal.write(b"\x04")
            self._run()
        else:
            self._keep(byte)
            self._room -= 1
            if not self._room:
                self._room = _WINDOW
                self._terminal.write(b"\x01")

    def _end_of_code(self) -> None:
        if self._code:
            self._terminal.write(b"OK")
            self._run()
        else:
            # A host that asks for a soft reset wants a clean start for its own names.
            self._forget()
            self._terminal.write(b"OK\r\nMPY: soft reboot\r\n" + _BANNER)

    def _run(self) -> None:
        """Execute what was sent and end it as the protocol wants: output, 4, error, 4, >"""
        error = ""
        try:
            if self._too_long:
                raise MemoryError(
                    "code: longer than %d bytes, or than the heap has room for" % CODE_MAX)
            code = self._code.decode()
            self._begin()
            if self._app.locked:
                self._answer(code)
            else:
                exec(code, self._names)
        except (Exception, SystemExit) as e:
            text = io.StringIO()
            sys.print_exception(e, text)
            error = text.getvalue().replace("\n", "\r\n")
        self._begin()
        self._terminal.write(b"\x04" + error.encode() + b"\x04>")

    def _answer(self, code: str) -> None:
        """Answer a request without executing anything."""
        code = code.strip()
        if not (code.startswith(_CALL) and code.endswith("')")):
            raise RuntimeError("the meter is locked: it executes nothing but meter.call(r'...')")
        self._meter.call(code[len(_CALL):-2])
