"""One line typed at a bare serial terminal: echo, backspace, recall of the last lines."""

from micropython import const

LINE_MAX = const(120)
_RECALLED = const(8)


class LineEditor:
    def __init__(self, echo: object, prompt: str) -> None:
        """echo: a function that sends bytes."""
        self._echo = echo
        self._prompt = prompt.encode()
        self._line = ""
        self._escape = ""
        self._after_cr = False
        self._history: list = []
        self._at = 0

    def show_prompt(self) -> None:
        self._line = ""
        self._escape = ""
        self._at = len(self._history)
        self._echo(self._prompt)

    def feed(self, byte: int) -> "str | None":
        """Take in a byte; return the line when it is complete."""
        after_cr = self._after_cr
        self._after_cr = byte == 0x0D
        if self._escape:
            self._feed_escape(byte)
        elif byte == 0x1B:
            self._escape = "\x1b"
        elif byte == 0x0D or (byte == 0x0A and not after_cr):
            return self._finish()
        elif byte in (0x08, 0x7F):
            if self._line:
                self._line = self._line[:-1]
                self._echo(b"\x08 \x08")
        elif byte == 0x15:
            self._replace("")
        elif byte == 0x03:
            self._echo(b"^C\r\n")
            self.show_prompt()
        elif 0x20 <= byte < 0x7F and len(self._line) < LINE_MAX:
            self._line += chr(byte)
            self._echo(bytes((byte,)))
        return None

    def _finish(self) -> str:
        line = self._line.strip()
        self._echo(b"\r\n")
        if line and (not self._history or self._history[-1] != line):
            self._history.append(line)
            if len(self._history) > _RECALLED:
                self._history.pop(0)
        return line

    def forget(self) -> None:
        """Drop the line that was completed last from those that can be recalled."""
        if self._history:
            self._history.pop()
            self._at = len(self._history)

    def _feed_escape(self, byte: int) -> None:
        """Take in the rest of an escape sequence: arrows up and down recall, others do nothing."""
        self._escape += chr(byte)
        if self._escape == "\x1b[" or (len(self._escape) < 8 and 0x30 <= byte < 0x40):
            return
        if self._escape in ("\x1b[A", "\x1b[B"):
            self._recall(-1 if byte == 0x41 else 1)
        self._escape = ""

    def _recall(self, step: int) -> None:
        at = self._at + step
        if 0 <= at <= len(self._history):
            self._at = at
            self._replace(self._history[at] if at < len(self._history) else "")

    def _replace(self, line: str) -> None:
        self._echo(b"\x08 \x08" * len(self._line) + line.encode())
        self._line = line
