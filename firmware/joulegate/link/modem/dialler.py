"""PPP over a modem: the line is lent when a call stands, and taken back when PPP is down.

Whoever wants the line leaves a wish and waits; the modem's task, which alone speaks to the modem,
dials, keeps away from the line as long as it carries PPP, and then brings the modem up anew, for
nobody has seen what became of it meanwhile. While the line is lent there are no messages, no
signal and no time from the network.
Source: the modem sheet, section 8; ITU-T V.250, sections 6.3.1 (D), 6.3.6 (H) and 6.2.9 (S12,
the silence around +++).
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError, AtTimeout
from joulegate.link.modem.family import attempt
from joulegate.link.modem.timing import Deadline

ATTACH_MS = const(420000)
CONNECT_MS = const(75000)
"""From dialling to CONNECT, or the reason why not."""
GUARD_MS = const(1100)
"""Silence before and after +++, a bit over the second it must be."""

_DIAL_MS = const(400000)
_BACK_MS = const(60000)
_ESCAPED_MS = const(3000)
_ENDED_MS = const(10000)
_LINE_END_MS = const(50)
_LOOK_MS = const(100)
_TRIES = const(3)
_ENDED = ("NO CARRIER",)
_ESCAPED = ("OK", "NO CARRIER")
_REFUSALS = ("BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE")


class Dialler:
    def __init__(self, uart: object, timing: object) -> None:
        """uart: the modem's, which PPP is handed. timing: a Timing."""
        self._uart = uart
        self._timing = timing
        self.rssi: int | None = None
        self.problem = ""
        """Why the modem's task has failed, "" while it tries."""
        self.ready = False
        """Whether the modem is registered and takes commands."""
        self.calls = 0
        """How often there was a CONNECT."""
        self._number = ""  # that is to be dialled
        self._refusal = ""
        self._lent = False
        self._ended = False
        self._failure = ""

    # --- for PPP --------------------------------------------------------------------------

    async def attach(self) -> None:
        """Wait until the modem can dial; LinkError as soon as its task has failed."""
        deadline = Deadline(self._timing, ATTACH_MS)
        while not self.ready:
            if self.problem:
                raise LinkError("modem: not registered: " + self.problem)
            if deadline.over:
                raise LinkError("modem: not registered in %d s" % (ATTACH_MS // 1000))
            await self._timing.sleep_ms(_LOOK_MS)

    async def dial(self, number: str) -> object:
        """Dial a number such as *99#; return the stream that carries PPP from now on.

        LinkError, and the line is not lent.
        """
        if self._lent or not self.ready:
            raise LinkError("modem: its line carries PPP already" if self._lent else
                            "modem: not registered: " + self.problem)
        self._refusal = ""
        self._ended = False
        self._number = number
        deadline = Deadline(self._timing, _DIAL_MS)
        try:
            while not self._lent:
                if self._refusal:
                    raise LinkError("modem: " + self._refusal)
                if deadline.over:
                    raise LinkError("modem: %s was not dialled in time" % number)
                await self._timing.sleep_ms(_LOOK_MS)
        except BaseException:
            self._ended = True  # if the call stands after all, nobody wants it
            raise
        finally:
            self._number = ""
        return self._uart

    async def hang_up(self, failure: str = "") -> None:
        """Give the line back, once PPP is down; return when the modem has it, or after a minute.

        failure: why the call was of no use, "" for one that was; the modem's task does what it
        does about failures.
        """
        if not self._lent:
            return
        self._failure = failure
        self._ended = True
        deadline = Deadline(self._timing, _BACK_MS)
        while self._lent and not deadline.over:
            await self._timing.sleep_ms(_LOOK_MS)

    def signal(self) -> "int | None":
        """Return the strength in dBm as it was before dialling."""
        return self.rssi

    # --- for the modem's task -------------------------------------------------------------

    def begin(self) -> None:
        """The modem's task tries anew."""
        self.problem = ""

    def fail(self, problem: str) -> None:
        """The modem's task has failed, and nothing is dialled before it has begun anew."""
        self.problem = problem
        self.ready = False
        self.rssi = None
        self.refuse(problem)

    def refuse(self, why: str) -> None:
        """Tell whoever waits for a call that there will be none."""
        self._refusal = why
        self._number = ""

    @property
    def due(self) -> bool:
        """Whether there is a number to dial. Allocates nothing."""
        return self._number != ""

    async def serve(self, engine: object) -> None:
        """Dial, wait until PPP is down, take the line back.

        LinkError: no call came about, it was of no use, or the modem does not answer after it.
        Restarted. Whatever the end, the modem is to be brought up anew.
        """
        self.ready = False
        self._failure = ""
        if not self._number:
            return  # nobody wants the call any more
        try:
            await self._call(engine, "ATD" + self._number)
            self._lent = True
            self.calls += 1
            while not self._ended:
                await self._timing.sleep_ms(_LOOK_MS)
            await self._take_back(engine)
        finally:
            self._lent = False
        if self._failure:
            raise LinkError(self._failure)

    async def _call(self, engine: object, text: str) -> None:
        """Dial; AtError names why there is no call."""
        # Behind CONNECT comes PPP, of which nothing must be read here.
        engine.reader.bytewise = True
        try:
            await engine.send_line(text)
            deadline = Deadline(self._timing, CONNECT_MS)
            while True:
                line = await engine.next_line(text, deadline)
                if line == "CONNECT" or line.startswith("CONNECT "):
                    break
                if line in _REFUSALS or engine.is_final(text, line):
                    raise AtError(text, text=line)
            deadline.start(_LINE_END_MS)
            while not (engine.reader.end_line() or deadline.over):
                await self._timing.sleep_ms(1)
        except AtTimeout:
            # It may be connected, its CONNECT lost.
            await self._take_back(engine)
            raise
        finally:
            engine.reader.bytewise = False
        engine.end_session()

    async def _take_back(self, engine: object) -> None:
        """Have the modem take commands again, and no call; AtTimeout."""
        engine.end_session()
        # What PPP has not read is of no interest, but for the word that the call has ended.
        ended = await self._hears(engine, _ENDED, GUARD_MS)
        for _ in range(_TRIES):
            if not ended:
                self._uart.write(b"+++")
                await self._hears(engine, _ESCAPED, _ESCAPED_MS, True)
            if await engine.answers(3):
                if not ended:
                    await attempt(engine, "ATH", _ENDED_MS)
                    # A late NO CARRIER must not look like the result of the next command.
                    await self._hears(engine, _ENDED, GUARD_MS)
                return
            ended = False  # it may have been in what somebody sent
            await self._hears(engine, _ENDED, GUARD_MS)
        raise AtTimeout("modem: it does not answer after PPP")

    async def _hears(
        self, engine: object, words: tuple, limit_ms: int, at_once: bool = False,
    ) -> bool:
        """Drop what comes in this time; return whether it had one of these lines.

        at_once: do not wait for more then.
        """
        reader = engine.reader
        deadline = Deadline(self._timing, limit_ms)
        heard = False
        while not (deadline.over or (heard and at_once)):
            heard = reader.line() in words or heard
            await self._timing.sleep_ms(0 if reader.waiting else _LOOK_MS // 10)
        return heard
