"""The line layer of a modem: V.250 command lines, echo, A/, result codes, prompts, payloads.

While a command runs, what the client sends waits; that it was sent so early is noted, because
some modems would have lost it.
"""

import asyncio
from collections.abc import Callable

ESC, CTRL_Z, BACKSPACE = 0x1B, 0x1A, 0x08
CR, LF = 0x0D, 0x0A
LONGEST = 8192
"""Bytes of a command line, and bytes that wait while a command runs."""
NUMERIC = {"OK": 0, "CONNECT": 1, "RING": 2, "NO CARRIER": 3, "ERROR": 4}


class Line:
    """Bytes in by feed(), bytes out by `write`; whole command lines go to `on_command`."""

    def __init__(
        self, write: Callable[[bytes], None], on_command: Callable[[str], None],
        note: Callable[[str, str], None],
    ) -> None:
        self._write = write
        self._on_command = on_command
        self._note = note
        self.echo = True
        self.verbose = True
        self.quiet = False
        self.compact = False
        """Whether the space after the colon of +X: is left out."""
        self.registers = {0: 0, 3: CR, 4: LF, 5: BACKSPACE, 7: 60, 12: 50}
        self._last = ""
        self._guard: asyncio.TimerHandle | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what is half received; settings stay."""
        self._held = bytearray()
        self._command = bytearray()
        self._mode = "command"
        self._wanted = 0
        self._payload = bytearray()
        self._payload_echo = False
        self._done: asyncio.Future[bytes | None] | None = None
        self._on_data: Callable[[bytes], None] | None = None
        self._on_escape: Callable[[], None] | None = None
        self._pluses = 0
        self._quiet_since = 0.0

    # What the modem says

    def info(self, text: str) -> None:
        """Say an information response or an unsolicited one."""
        if self.compact and text.startswith("+"):
            text = text.replace(": ", ":", 1)
        self._note("out", text)
        self._write((f"\r\n{text}\r\n" if self.verbose else f"{text}\r\n").encode("latin-1"))

    def counted(self, header: str, data: bytes, tail: bytes = b"\r\n") -> None:
        """Say a header line, then raw bytes whose number is in the header."""
        self._note("out", f"{header} [{len(data)} bytes]")
        self._write(f"\r\n{header}\r\n".encode("latin-1") + data + tail)

    def inline(self, header: str, data: bytes) -> None:
        """Say a header and raw bytes in the same line."""
        self._note("out", f"{header} [{len(data)} bytes]")
        self._write(b"\r\n" + header.encode("latin-1") + data + b"\r\n")

    def raw(self, data: bytes) -> None:
        """Say bytes as they are."""
        self._write(data)

    def result(self, text: str) -> None:
        """Say a final result code; nothing in quiet mode (ATQ1)."""
        self._note("result", text)
        if self.quiet:
            return
        if self.verbose or text not in NUMERIC:
            self._write(f"\r\n{text}\r\n".encode("latin-1"))
        else:
            self._write(f"{NUMERIC[text]}\r".encode())

    @property
    def busy(self) -> bool:
        """Whether a command has not had its result yet."""
        return self._mode in ("busy", "count", "text")

    @property
    def takes_payload(self) -> bool:
        """Whether bytes are awaited that are no command."""
        return self._mode in ("count", "text", "data")

    @property
    def online_now(self) -> bool:
        """Whether bytes go through transparently."""
        return self._mode == "data"

    # What the client says

    def feed(self, data: bytes) -> None:
        """Take what came over the line."""
        if self._mode == "busy" and data.strip(b"\r\n"):
            self._note("early", "sent before the result of the last command")
        room = LONGEST - len(self._held)
        if len(data) > room:
            self._note("lost", f"{len(data) - room} bytes sent while a command ran")
        self._held += data[:room]
        self._advance()

    def ready(self) -> None:
        """The last command is done: go on with what waits."""
        if self._mode == "busy":
            self._mode = "command"
            self._advance()

    def _advance(self) -> None:
        while self._held and self._mode != "busy":
            if self._mode == "command":
                self._take_command_byte(self._held.pop(0))
            elif self._mode == "count":
                self._take_counted()
            elif self._mode == "text":
                self._take_text_byte(self._held.pop(0))
            else:
                data = bytes(self._held)
                self._held.clear()
                self._take_data(data)

    def _take_command_byte(self, byte: int) -> None:
        if self.echo:
            self._write(bytes([byte]))
        if byte == self.registers[3]:
            text = self._command.decode("latin-1")
            self._command.clear()
            self._run(text)
        elif byte == self.registers[5]:
            del self._command[-1:]
        elif byte == ESC:
            self._command.clear()
        elif byte != self.registers[4] and len(self._command) < LONGEST:
            self._command.append(byte)
            if self._command[-2:].upper() == b"A/":
                self._command.clear()
                self._start(self._last)

    def _run(self, text: str) -> None:
        start = text.upper().find("AT")
        if start >= 0:
            self._last = text[start + 2:]
            self._start(self._last)
        elif text.strip():
            self._note("ignored", text)

    def _start(self, body: str) -> None:
        self._mode = "busy"
        self._on_command(body)

    # Payloads

    async def take(self, count: int, echo: bool = False) -> bytes:
        """Wait for `count` raw bytes."""
        return await self._collect("count", count, echo) or b""

    async def take_text(self, echo: bool) -> bytes | None:
        """Wait for bytes up to Ctrl-Z; None when the client sent ESC."""
        return await self._collect("text", 0, echo)

    async def _collect(self, mode: str, count: int, echo: bool) -> bytes | None:
        if self._held:
            self._note("early", "payload sent before the prompt")
        self._mode, self._wanted, self._payload_echo = mode, count, echo
        self._payload = bytearray()
        self._done = asyncio.get_running_loop().create_future()
        self._advance()
        try:
            return await self._done
        finally:
            self._done = None

    def _finish(self, value: bytes | None) -> None:
        self._mode = "busy"
        if self._done is not None and not self._done.done():
            self._done.set_result(value)

    def _take_counted(self) -> None:
        taken = self._held[: self._wanted - len(self._payload)]
        del self._held[: len(taken)]
        self._payload += taken
        if self._payload_echo:
            self._write(bytes(taken))
        if len(self._payload) == self._wanted:
            self._finish(bytes(self._payload))

    def _take_text_byte(self, byte: int) -> None:
        if byte == ESC:
            self._finish(None)
        elif byte == CTRL_Z:
            self._finish(bytes(self._payload))
        else:
            self._payload.append(byte)
            if self._payload_echo:
                self._write(bytes([byte]) if byte != CR else b"\r\n> ")

    # Transparent data

    def online(
        self, on_data: Callable[[bytes], None] | None, on_escape: Callable[[], None] | None = None
    ) -> None:
        """Pass all bytes to `on_data` until +++ with silence around; None: back to commands."""
        self._on_data, self._on_escape = on_data, on_escape
        self._mode = "data" if on_data is not None else "command"
        self._quiet_since = asyncio.get_running_loop().time()
        self._advance()

    def _take_data(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        guard = self.registers[12] / 50
        silent = loop.time() - self._quiet_since >= guard
        self._quiet_since = loop.time()
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None
        if data == b"+++" and silent:
            self._guard = loop.call_later(guard, self._escape)
        elif self._on_data is not None:
            self._on_data(data)

    def _escape(self) -> None:
        self._mode = "command"
        self.result("OK")
        if self._on_escape is not None:
            self._on_escape()
