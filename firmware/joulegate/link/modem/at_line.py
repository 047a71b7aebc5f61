"""What a modem says, cut into lines; its payload by count.

Lines end with CR, LF or both, since numeric results come with CR alone. Bytes that no line has
(the NUL and 0xFF of a power-up) are dropped, and of a line longer than the buffer everything up
to its end is, too; both are counted. A payload is taken by count and never looked into.

The UART keeps what has not been read yet: give it a buffer of 4096 bytes, as a modem sends 350 ms
of its rate before a slow commit lets this task run again. Nothing is allocated but the lines.
Source: the modem sheet, sections 1 and 10 (failures 2, 4, 6, 13, 15).
"""

from micropython import const

LINE_MAX = const(320)
"""Longest line, in bytes: 70 characters of a message as hexadecimal, with room to spare."""

_CHUNK = const(128)
"""Looked at in one go: some 5 ms of an RP2040, by the time of the unix port."""
_LF = const(10)
_CR = const(13)
_ENDS = b"\r\n"
_PROMPT = const(62)


class AtReader:
    def __init__(self, uart: object, line_max: int = LINE_MAX) -> None:
        """uart: any() -> bytes waiting, readinto(buffer) -> how many came or None."""
        self._uart = uart
        self._chunk = bytearray(_CHUNK)
        self._view = memoryview(self._chunk)
        self._at = 0
        self._end = 0
        self._line = bytearray(line_max)
        self._length = 0
        self._too_long = False
        self._after_cr = False
        self.bytewise = False
        """Whether no byte is taken from the UART before the one before has been looked at: for
        when somebody else reads what follows a line."""
        self._prefix = b""
        self._stop = 0
        self.noise = 0
        """Bytes dropped that no line has."""
        self.overflows = 0
        """Lines dropped that were too long."""

    @property
    def waiting(self) -> bool:
        """Whether there are bytes that have not been looked at."""
        return self._at < self._end or self._uart.any() > 0

    def use_line_max(self, line_max: int) -> None:
        """Make room for lines of another length; the one under way is dropped."""
        if line_max != len(self._line):
            self._line = bytearray(line_max)
            self._length = 0

    def stop_at(self, prefix: bytes, stop: int) -> None:
        """End a line that begins with `prefix` at the byte `stop` as well; 0 for no longer.

        For families whose payload follows in the line that has its length.
        """
        self._prefix = prefix
        self._stop = stop

    def line(self, prompt: bool = False) -> "str | None":
        """Return the next whole line without its end, or None when it is not there yet.

        Looks at no more than one chunk, so that a flood holds nobody up. With `prompt` a ">" that
        begins a line is returned by itself, for nothing ends it.
        """
        if self._at >= self._end and not self._fill():
            return None
        chunk = self._chunk
        line = self._line
        room = len(line)
        at = self._at
        end = self._end
        while at < end:
            byte = chunk[at]
            at += 1
            if byte in _ENDS:
                self._after_cr = byte == _CR
                found = self._take()
                if found is not None:
                    self._at = at
                    return found
                continue
            self._after_cr = False
            if not 0x20 <= byte <= 0x7E:
                self.noise += 1
                continue
            if self._too_long:
                continue
            length = self._length
            if prompt and byte == _PROMPT and not length:
                self._at = at
                return ">"
            if length >= room:
                self._too_long = True
                self.overflows += 1
                continue
            line[length] = byte
            self._length = length + 1
            if byte == self._stop and self._stop and line[:len(self._prefix)] == self._prefix:
                self._at = at
                return self._take()
        self._at = at
        return None

    def payload(self, into: object) -> int:
        """Move bytes as they come into a memoryview; return how many, 0 when there are none.

        The LF of the line that announced them is not one of them.
        """
        if self._at >= self._end and not self._fill():
            return 0
        self._pass_lf()
        count = min(len(into), self._end - self._at)
        into[:count] = self._view[self._at:self._at + count]
        self._at += count
        return count

    def end_line(self) -> bool:
        """Take the LF of the line that was given, if it has come; return whether none is due."""
        if self._after_cr and (self._at < self._end or self._fill()):
            self._pass_lf()
        return not self._after_cr

    def skip(self) -> int:
        """Drop what is there of a payload; return how many bytes."""
        if self._at >= self._end and not self._fill():
            return 0
        self._pass_lf()
        count = self._end - self._at
        self._at = self._end
        return count

    def clear(self) -> None:
        """Forget the line that has begun, and what was read and not looked at."""
        self._at = self._end = self._length = 0
        self._too_long = self._after_cr = False

    def _fill(self) -> bool:
        if not self._uart.any():
            return False
        self._at = 0
        self._end = self._uart.readinto(self._view[:1] if self.bytewise else self._chunk) or 0
        return self._end > 0

    def _pass_lf(self) -> None:
        if self._after_cr:
            self._after_cr = False
            if self._chunk[self._at] == _LF:
                self._at += 1

    def _take(self) -> "str | None":
        length = self._length
        self._length = 0
        if self._too_long:
            self._too_long = False
            return None
        if not length:
            return None
        return bytes(self._line[:length]).decode().strip() or None
