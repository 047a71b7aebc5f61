"""One stream of a modem as a Transport: what link/transport.py says, over a family's socket.

Whoever uses the stream only puts bytes into a queue, takes them from another, or leaves a wish;
the modem's task, which alone speaks to the modem, calls `step` and does one piece of work at a
time. What is sent and not confirmed is never sent again on the same stream: it ends, and the
session above begins anew.
Source: the modem sheet, sections 5.1 and 10 (failures 7, 8, 10).
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError, Restarted
from joulegate.link.modem.byte_queue import ByteQueue
from joulegate.link.modem.family import CLOSED, CONTEXT_LOST, RECEIVED
from joulegate.link.modem.timing import Deadline

SEND_SIZE = const(1460)
RECEIVE_SIZE = const(1024)
POLL_MS = const(30000)
"""How often the modem's buffer is read though it has not said that there is anything."""

_ATTACH_MS = const(420000)
_OPEN_MS = const(400000)
_FULL_MS = const(500)
_FULL_MAX = const(60)
_LOOK_MS = const(100)


class ModemTransport:
    name = "modem"

    def __init__(self, timing: object) -> None:
        self._timing = timing
        self.sent = 0
        """Bytes the modem has taken."""
        self.received = 0
        """Bytes the modem has given."""
        self.rssi: int | None = None
        self.release: object | None = None
        """Called and awaited before attaching: has PPP give the modem's line back."""
        self.attached = False
        self.wanted = False
        """Whether a data context is asked for."""
        self.failures = 0
        """How often the modem's task has failed; it says so here, and why in `problem`."""
        self.problem = ""
        self._out = ByteQueue(SEND_SIZE)
        self._in = ByteQueue(RECEIVE_SIZE)
        self._open = False
        self._over = ""  # why the stream is over
        self._used = False  # the modem has a socket that it must be told to close
        self._asked: tuple | None = None  # host, port, TLS
        self._error = ""
        self._peer_closed = False
        self._ready = False
        self._polled = False
        self._sent_last = False
        self._full = 0
        self._poll = Deadline(timing, POLL_MS)
        self._again = Deadline(timing, 0)

    # --- for the session ------------------------------------------------------------------

    async def attach(self) -> None:
        """Wait until the modem has a data context; LinkError as soon as it has failed to."""
        if self.release is not None:
            await self.release()
        self.wanted = True
        failures = self.failures
        if not self.attached and self.problem:
            raise LinkError("modem: not attached: " + self.problem)
        deadline = Deadline(self._timing, _ATTACH_MS)
        while not self.attached:
            if self.failures != failures:
                raise LinkError("modem: not attached: " + self.problem)
            if deadline.over:
                raise LinkError("modem: not attached in %d s" % (_ATTACH_MS // 1000))
            await self._timing.sleep_ms(_LOOK_MS)

    async def open(self, host: str, port: int, tls: "object | None") -> None:
        """Open the stream to a host; the one before is closed first. LinkError."""
        if not self.attached:
            raise LinkError("modem: not attached: " + (self.problem or "nobody has asked for it"))
        self.close()
        self._over = self._error = ""
        self._asked = (host, port, tls)
        deadline = Deadline(self._timing, _OPEN_MS)
        try:
            while self._asked is not None:
                if deadline.over:
                    raise LinkError("modem: %s:%d was not opened in time" % (host, port))
                await self._timing.sleep_ms(_LOOK_MS)
        finally:
            self._asked = None
        if self._error:
            raise LinkError("modem: " + self._error)

    def send(self, data: object) -> int:
        self._check()
        return self._out.put(data)

    def receive_into(self, buffer: object) -> int:
        count = self._in.take(buffer)
        if not count:
            self._check()
        return count

    def close(self) -> None:
        self._over = "closed"
        self._open = False
        self._out.clear()
        self._in.clear()

    def signal(self) -> "int | None":
        return self.rssi

    def _check(self) -> None:
        if not self._open and not self._over:
            raise LinkError("modem: no stream is open")
        if self._over:
            raise LinkError("modem: the stream is over: " + self._over)

    # --- for the modem's task -------------------------------------------------------------

    def heard(self, notice: int) -> None:
        """Take what a notice told, a number of family.py."""
        if notice == RECEIVED:
            self._ready = True
        elif notice == CLOSED:
            self._peer_closed = self._ready = True
        elif notice == CONTEXT_LOST:
            self.attached = False
            self._end("the data context was lost")

    def fail(self, problem: str, forgotten: bool) -> None:
        """End everything, as the modem's task has failed. forgotten: the modem began anew, so
        that it has no socket either."""
        self.failures += 1
        self.problem = problem
        self.attached = False
        if forgotten:
            self._used = False
        self._end(problem)
        if self._asked is not None:
            self._error = problem
            self._asked = None

    def begin(self) -> None:
        """The modem's task tries anew."""
        self.problem = ""

    def look(self) -> None:
        """Read the modem's buffer soon: a notice may have been missed."""
        self._ready = True

    @property
    def opening(self) -> bool:
        """Whether a stream is waiting to be opened, and the one before is closed."""
        return self._asked is not None and not self._used

    @property
    def due(self) -> bool:
        """Whether there is anything to do. Allocates nothing."""
        if self._open:
            return bool(self._coming or self._going or self._poll.over)
        return self._used or self._asked is not None

    @property
    def _coming(self) -> bool:
        return self._ready and self._in.room > 0

    @property
    def _going(self) -> bool:
        return len(self._out) > 0 and self._again.over and not self._peer_closed

    async def step(self, engine: object, family: object) -> None:
        """Do one piece of what is due.

        LinkError: the modem could not open a stream, or says nothing. Restarted.
        """
        if not self._open:
            if self._used:
                self._used = False
                await family.close(engine)
            elif self._asked is not None:
                await self._open_stream(engine, family)
            return
        try:
            # In turn, so that neither way holds the other up.
            if self._going and not (self._coming and self._sent_last):
                self._sent_last = True
                await self._send(engine, family)
            elif self._coming:
                self._sent_last = False
                await self._receive(engine, family)
            else:
                self._ready = self._polled = True
                self._poll.again()
        except Restarted:
            raise
        except LinkError as e:
            # Whatever it was, what has become of the bytes is not known any more.
            self._end(str(e))

    async def _open_stream(self, engine: object, family: object) -> None:
        host, port, tls = self._asked
        self._used = True
        self._peer_closed = self._ready = False
        self._full = 0
        self._out.clear()
        self._in.clear()
        try:
            await family.open(engine, host, port, tls)
        except ValueError as e:
            self._error = str(e)
            self._asked = None
            return
        if self._asked is None:
            return  # nobody waits for it any more
        self._asked = None
        self._open = True
        self._poll.again()

    async def _receive(self, engine: object, family: object) -> None:
        free = self._in.free()
        most = min(len(free), family.read_max)
        self._ready = False
        try:
            count = await family.receive(engine, free[:most])
        except AtError:
            if not self._peer_closed:
                raise
            count = 0
        if not self._open:
            return  # closed meanwhile, and what came is nobody's
        self._poll.again()
        if count:
            self._in.added(count)
            self.received += count
            self._ready = True  # until it is drained there is no further notice
        elif self._peer_closed:
            self._end("the other side has closed it")
        elif self._polled:
            # A notice of the end may have been lost.
            self._polled = False
            if not await family.connected(engine):
                self._end("the modem has closed it")

    async def _send(self, engine: object, family: object) -> None:
        data = self._out.first(family.send_max)
        count = await family.send(engine, data)
        if count:
            self._full = 0
            self.sent += count
            if self._open:
                self._out.drop(count)
            return
        self._full += 1
        if self._full > _FULL_MAX:
            raise LinkError("the modem has had no room for %d s" % (_FULL_MS * _FULL_MAX // 1000))
        self._again.start(_FULL_MS)

    def _end(self, why: str) -> None:
        if self._open:
            self._open = False
            self._over = why
            self._out.clear()
