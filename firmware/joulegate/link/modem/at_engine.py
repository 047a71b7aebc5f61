"""One AT command at a time, and what the modem says in between.

Whoever holds the engine is one task: a command begins when the one before it has ended, and
reading is done by the command or by `pump`. A line is looked at in this order: echo, boot
string, unasked notice by its prefix, final result, reply. So a notice may come anywhere, and a
result that comes as a notice may come before or after the OK.

A session begins with `begin_session`: from then on an echo or a boot string says that the modem
has begun anew, and raises Restarted out of whatever waits.
Source: the modem sheet, sections 1, 3 and 10 (failures 1, 3, 5, 6, 7, 12, 14).
"""

from micropython import const

from joulegate.link.modem.at_errors import (
    AtError,
    AtTimeout,
    NoPrompt,
    PoweredDown,
    Restarted,
    refusal,
)
from joulegate.link.modem.at_line import AtReader
from joulegate.link.modem.timing import Deadline

ANSWER_MS = const(2000)
"""How long a command that asks nothing of the network may take."""

PROMPT_MS = const(5000)
_GAP_MS = const(20)
_QUIET_MS = const(300)
_POLL_MS = const(10)
_WRITE_MS = const(10000)
_WRITE_BYTES = const(128)
_LINES = const(16)
_ESCAPE = b"\x1b"
_OFF = ("POWERED DOWN", "NORMAL POWER DOWN", "UNDER-VOLTAGE", "OVER-VOLTAGE")


class AtEngine:
    def __init__(self, uart: object, timing: object) -> None:
        """uart: any(), readinto(buffer), write(buffer), none of which waits; timing: a Timing."""
        self._uart = uart
        self.timing = timing
        self.reader = AtReader(uart)
        self.notices = ()
        """Prefixes of lines that come unasked."""
        self.on_notice = _nobody
        """Called with each such line."""
        self.boots = ()
        """How lines begin that a modem says when it starts."""
        self.strays = 0
        """Lines that belonged to nothing."""
        self._session = False
        self._echo_off = False
        self._verbose = False
        self._echo = ""
        self._settle = False
        self._turn = 0
        self._quiet = Deadline(timing, 0)

    # --- sessions -------------------------------------------------------------------------

    def end_session(self) -> None:
        """Expect anything: the modem starts, or is being looked for."""
        self._session = self._echo_off = self._verbose = self._settle = False
        self.reader.clear()

    async def answers(self, tries: int = 1, every_ms: int = 400) -> bool:
        """Return whether the modem answers AT, asked as often as it takes to find its rate."""
        for _ in range(tries):
            try:
                self._settle = False
                await self.command("AT", timeout_ms=every_ms)
                return True
            except AtError:
                return True
            except AtTimeout:
                continue
        return False

    async def begin_session(self) -> None:
        """Echo off, results in words, errors by number; LinkError."""
        self.pump()
        self._session = True
        await self.command("ATE0", tries=3)
        self._echo_off = True
        await self.command("ATV1", tries=3)
        self._verbose = True
        await self.command("AT+CMEE=1", tries=3)

    # --- commands -------------------------------------------------------------------------

    async def command(
        self, text: str, prefix: "str | None" = None, timeout_ms: int = ANSWER_MS,
        tries: int = 1, both: bool = False, each: object = None, unasked: object = None,
    ) -> "str | None":
        """Send a command; return what followed `prefix` in its reply, None when nothing did.

        prefix: how its reply begins, "" for any line. both: the command has ended when reply and
        OK have come, in any order. each: called with every reply. unasked: says of a line with
        that prefix whether it is a notice after all. tries: how often it is sent when no answer
        comes, so only for what may be done twice. AtError, AtTimeout, Restarted.
        """
        while True:
            tries -= 1
            try:
                await self.send_line(text)
                return await self._result(text, prefix, timeout_ms, both, each, unasked)
            except AtTimeout:
                if not tries:
                    raise

    async def put(
        self, text: str, pieces: object, size: int, prefix: "str | None" = None,
        timeout_ms: int = ANSWER_MS, good: str = "OK", bad: str = "", ready: str = ">",
        both: bool = False,
    ) -> "str | None":
        """Send a command and, once it is prompted for, `size` bytes of data in pieces.

        Returns what followed `prefix`, or `bad` if that line came in place of `good`. NoPrompt:
        the data was not sent. AtTimeout: nobody knows whether it was taken.
        """
        await self.send_line(text)
        await self._prompt(text, size, ready)
        for piece in pieces:
            await self._write(piece)
        return await self._result(text, prefix, timeout_ms, both, None, None, good, bad)

    async def get(
        self, text: str, prefix: str, count_of: object, into: object,
        timeout_ms: int = ANSWER_MS,
    ) -> int:
        """Send a command whose reply is followed by payload; return how many bytes came.

        count_of: what followed `prefix` -> how many bytes follow it, or below 0 for a line that
        announces none. into: a memoryview they are put in. AtTimeout also when more came than
        there is room for.
        """
        await self.send_line(text)
        deadline = Deadline(self.timing, timeout_ms)
        while True:
            line = await self.next_line(text, deadline, prefix, None)
            if self.is_final(text, line):
                return 0
            if line.startswith(prefix):
                count = count_of(line[len(prefix):].strip())
                if count >= 0:
                    break
            self.strays += 1
        got = 0
        taken = 0
        while taken < count:
            if got == len(into):
                got = 0  # more than was asked for: it is all of no use, and read to its end
            part = self.reader.payload(into[got:min(got + count - taken, len(into))])
            got += part
            taken += part
            if deadline.over:
                raise self.late(text)
            if taken < count:
                await self.pause()
        await self._result(text, None, ANSWER_MS, False, None, None)
        if count > len(into):
            raise AtTimeout("%s: %d bytes came, at most %d were asked for" % (
                _name(text), count, len(into)))
        return count

    def pump(self) -> None:
        """Hear what has come unasked; Restarted. Does not wait."""
        for _ in range(_LINES):
            line = self.reader.line()
            if line is not None:
                if not self._heard(line, None, None):
                    self.strays += 1
            elif not self.reader.waiting:
                return

    # --- the parts of a command, for families whose grammar is their own --------------------

    async def send_line(self, text: str) -> None:
        """Send a command, once the one before and all that came after it are done with."""
        if self._settle:
            await self._recover(0)
        self.pump()
        await self.timing.sleep_ms(_GAP_MS)
        self.pump()
        self._echo = text
        await self._write((text + "\r").encode())

    async def next_line(
        self, text: str, deadline: Deadline, prefix: "str | None" = None,
        unasked: object = None, prompt: bool = False,
    ) -> str:
        """Return the next line that is no notice, whose prefix a reply may have; AtTimeout."""
        while True:
            line = self.reader.line(prompt)
            if line is not None and not self._heard(line, prefix, unasked):
                self._turn += 1
                if self._turn % _LINES:
                    return line
                # Lines that mean nothing must hold nobody up either.
                await self.timing.sleep_ms(0)
                return line
            if deadline.over:
                raise self.late(text)
            await self.pause()

    async def _result(
        self, text: str, prefix: "str | None", timeout_ms: int, both: bool, each: object,
        unasked: object, good: str = "OK", bad: str = "",
    ) -> "str | None":
        deadline = Deadline(self.timing, timeout_ms)
        value = None
        ended = False
        while not ended or (both and value is None):
            line = await self.next_line(text, deadline, prefix, unasked)
            if bad and line == bad:
                return bad
            if line == good:
                ended = True
            elif self.is_final(text, line):
                # Where another line is to end it, an OK is only on the way there.
                ended = ended or good == "OK"
            elif prefix is not None and line.startswith(prefix):
                value = line[len(prefix):].strip()
                if each is not None:
                    each(value)
            else:
                self.strays += 1
        return value

    async def _prompt(self, text: str, size: int, ready: str) -> None:
        deadline = Deadline(self.timing, PROMPT_MS)
        try:
            while True:
                line = await self.next_line(text, deadline, None, None, ready == ">")
                if line.startswith(ready):
                    return
                if self.is_final(text, line):
                    self._settle = True
                    raise NoPrompt("%s: ended before its data" % _name(text))
        except NoPrompt:
            raise
        except AtTimeout:
            await self._recover(size)
            raise NoPrompt("%s: no prompt in %d ms" % (_name(text), PROMPT_MS))

    def is_final(self, text: str, line: str) -> bool:
        """Return whether a line ends a command well; AtError when it ends it badly."""
        if line == "OK" or (line == "0" and not self._verbose):
            return True
        error = refusal(text, line)
        if error is None and line == "4" and not self._verbose:
            error = AtError(_name(text))
        if error is not None:
            raise error
        return False

    def _heard(self, line: str, prefix: "str | None", unasked: object) -> bool:
        """Deal with a line that is no answer; return whether it was one."""
        if line == self._echo:
            if self._echo_off:
                raise self._anew("the echo is on")
            return True
        for boot in self.boots:
            if line.startswith(boot):
                if self._session:
                    raise self._anew("it said " + line)
                return True
        if line in _OFF:
            self._session = False
            raise PoweredDown("modem: it said " + line)
        for notice in self.notices:
            if line.startswith(notice):
                if prefix and line.startswith(prefix) and not (unasked and unasked(line)):
                    return False
                self.on_notice(line)
                return True
        return False

    def _anew(self, why: str) -> Restarted:
        self.end_session()
        return Restarted("modem restarted: " + why)

    def late(self, text: str) -> AtTimeout:
        """Return the error of a command without an answer; the next one makes sure of it."""
        self._settle = True
        return AtTimeout("%s: no answer in time" % _name(text))

    async def _recover(self, size: int) -> None:
        """Bring a modem that does not answer back to where it takes commands; AtTimeout.

        What it may still want of the data it was promised is made up with line ends, which mean
        nothing where it wants none.
        """
        self._settle = False
        self._echo = ""
        await self._write(_ESCAPE)
        await self._drain()
        if await self.answers(2):
            return
        for _ in range(0, size, 64):
            await self._write(b"\r" * 64)
        await self._drain()
        if not await self.answers(3):
            raise AtTimeout("modem: it does not answer")

    async def _drain(self) -> None:
        """Let late answers come and go."""
        deadline = Deadline(self.timing, 10 * _QUIET_MS)
        self._quiet.start(_QUIET_MS)
        while not (self._quiet.over or deadline.over):
            if self.reader.waiting:
                self._quiet.again()
            self.pump()
            await self.pause()

    async def pause(self) -> None:
        """Let others run, for long when there is nothing to be read."""
        await self.timing.sleep_ms(0 if self.reader.waiting else _POLL_MS)

    async def _write(self, data: object) -> None:
        """Write in pieces that a UART takes without waiting; AtTimeout when it takes none."""
        view = memoryview(data)
        deadline = Deadline(self.timing, _WRITE_MS)
        done = 0
        while done < len(view):
            count = self._uart.write(view[done:done + _WRITE_BYTES])
            if count:
                done += count
                deadline.again()
            elif deadline.over:
                self._settle = True
                raise AtTimeout("modem: its line takes no data")
            if not count or done < len(view):
                await self.timing.sleep_ms(_POLL_MS)


def _name(text: str) -> str:
    """Return a command without its values, which may be secret."""
    return text.split("=")[0]


def _nobody(line: str) -> None:
    pass
