"""A network that carries one byte stream at a time, late, in pieces, and not always.

Times are microseconds of world/bench_clock.py. A stream has two ends: the meter's, which asks,
and the server's, which is called. Bytes are under way for a time, arrive in pieces of any size,
and a stream can be cut after any byte, seen by both ends, by one, or by none.
"""

HEARD_BY_NONE = 0
HEARD_BY_METER = 1
HEARD_BY_SERVER = 2
HEARD_BY_BOTH = 3


class NetworkError(Exception):
    """What the meter's end is told."""


class Stream:
    """One stream, as the server writes to it and the meter reads it."""

    def __init__(self, network: "ByteNetwork") -> None:
        self._network = network
        self._down = []  # [due, bytes]
        self._up = []
        self.connection = None
        self.open = True
        """Whether the meter's end still believes in it."""
        self.silent = False
        """Whether everything that is sent vanishes, either way."""
        self.closing = False
        """Whether the server's side has ended: what is under way still arrives."""

    # --- the server's end -----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self._network.carry(self, self._down, data)

    def hang_up(self) -> None:
        self.closing = True

    # --- the meter's end ------------------------------------------------------------------

    def send(self, data: bytes) -> int:
        network = self._network
        if not self.open:
            raise NetworkError("stream: closed by the other end")
        if network.now_us() < network.blocked_until:
            return 0
        size = min(len(data), network.piece())
        network.carry(self, self._up, bytes(data[:size]))
        return size

    def receive_into(self, buffer: bytearray) -> int:
        network = self._network
        if self._down and self._down[0][0] <= network.now_us():
            due, data = self._down[0]
            size = min(len(data), len(buffer), network.piece())
            buffer[:size] = data[:size]
            network.moved_at = network.now_us()
            if size == len(data):
                self._down.pop(0)
            else:
                self._down[0] = (due, data[size:])
            return size
        if not self.open or self.closing and not self._down:
            self.open = False
            raise NetworkError("stream: closed by the other end")
        return 0

    # --- the network ----------------------------------------------------------------------

    def due(self) -> "int | None":
        """When the next bytes arrive at the server; the meter's end asks for itself."""
        return self._up[0][0] if self._up else None

    def arrivals(self) -> object:
        """Yield what has arrived at the server."""
        now = self._network.now_us()
        while self._up and self._up[0][0] <= now:
            yield self._up.pop(0)[1]


class ByteNetwork:
    def __init__(self, random: object, now_us: object, server: object) -> None:
        """server: answers connected(stream), received(connection, data), lost(connection), and
        `up`."""
        self._random = random
        self.now_us = now_us
        self._server = server
        self.stream = None
        self.down_until = 0
        """There is no network at all until then."""
        self.refused_until = 0
        self.blocked_until = 0
        """The meter's end takes nothing until then."""
        self.delay_us = 100000
        self.piece_max = 1500
        self.cut_after = 0
        """Bytes until the stream ends, 0 for never."""
        self.cut_heard_by = HEARD_BY_BOTH
        self.cuts = 0
        self.bytes = 0
        self.moved_at = 0
        """When bytes were last sent or taken."""
        self._ends = []  # streams whose server end is still to be told: [due, stream]

    def piece(self) -> int:
        return 1 + self._random.randrange(self.piece_max)

    def carry(self, stream: Stream, way: list, data: bytes) -> None:
        """Put bytes on their way, up to where the stream is cut."""
        self.moved_at = self.now_us()
        if stream.silent or not data:
            return
        if 0 < self.cut_after <= len(data):
            data = data[:self.cut_after]
            self.cut_after = 0
            self._put(way, data)
            self.cut(self.cut_heard_by)
            return
        if self.cut_after:
            self.cut_after -= len(data)
        self._put(way, data)

    def _put(self, way: list, data: bytes) -> None:
        self.bytes += len(data)
        due = self.now_us() + self.delay_us // 2 + self._random.randrange(self.delay_us)
        if way:
            due = max(due, way[-1][0])
        way.append((due, data))

    def cut(self, heard_by: int) -> None:
        """End the stream. Whoever does not hear of it goes on believing in it."""
        stream = self.stream
        if stream is None:
            return
        self.cuts += 1
        stream.silent = True
        if heard_by & HEARD_BY_METER:
            stream.closing = True
        if heard_by & HEARD_BY_SERVER and stream.connection is not None:
            self._ends.append((self.now_us() + self.delay_us, stream))

    def open(self) -> Stream:
        """Return a stream to the server; NetworkError."""
        now = self.now_us()
        if now < self.down_until:
            raise NetworkError("network: none")
        if now < self.refused_until or not self._server.up:
            raise NetworkError("network: connection refused")
        stream = Stream(self)
        stream.connection = self._server.connected(stream)
        self.stream = stream
        return stream

    def close(self, stream: Stream) -> None:
        """The meter's end is closed; the server hears of it if anything still goes through."""
        stream.open = False
        if not stream.silent and stream.connection is not None:
            stream.silent = True
            self._ends.append((self.now_us() + self.delay_us, stream))

    def due(self) -> "int | None":
        """When something next arrives."""
        due = self.stream.due() if self.stream is not None else None
        for at, _ in self._ends:
            if due is None or at < due:
                due = at
        return due

    def step(self) -> None:
        """Let arrive at the server what is due."""
        stream = self.stream
        if stream is not None:
            for data in stream.arrivals():
                self.moved_at = self.now_us()
                self._server.received(stream.connection, data)
        now = self.now_us()
        for end in list(self._ends):
            if end[0] <= now:
                self._ends.remove(end)
                for data in end[1].arrivals():
                    self._server.received(end[1].connection, data)
                self._server.lost(end[1].connection)
