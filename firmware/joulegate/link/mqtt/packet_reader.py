"""One whole MQTT packet at a time out of a byte stream, into one buffer that stays.

Source: MQTT 3.1.1, section 2.2 (fixed header). Never reads past the end of a packet, so the
stream itself is the queue, and a peer that sends faster than packets are done is held back by
it. A packet that is longer than the buffer is read to its end and only counted: what the
buffer holds of it is its beginning.
"""

from micropython import const

from joulegate.link.errors import LinkError

_HEADER_MAX = const(5)
_SCRATCH = const(64)
"""Of the buffer, what the rest of an over-long packet is read into and lost."""
_CALLS = const(8)
"""Most times that one call asks the stream, so that it stays short."""


class PacketError(LinkError):
    """The peer does not keep to MQTT: the connection has to be closed (section 4.8)."""


class PacketReader:
    def __init__(self, size: int) -> None:
        """size: the longest packet that is kept whole, in bytes; at least 128."""
        self.buffer = bytearray(size)
        self._view = memoryview(self.buffer)
        self._first = self._view[:2]  # asked for all the time, so made once
        self.skipped = 0
        """Over-long packets since the start."""
        self.restart()

    def restart(self) -> None:
        """Begin with a new stream, or with the next packet."""
        self.got = 0
        """Bytes of the packet that have come."""
        self.total = 0
        """Bytes of the packet, 0 until its header is there."""
        self.body = 0
        """Where in the buffer its header ends."""

    @property
    def whole(self) -> bool:
        """Whether a packet is complete; it stays so until `restart`."""
        return self.total != 0 and self.got == self.total

    @property
    def too_long(self) -> bool:
        """Whether the buffer holds only the beginning of the packet."""
        return self.total > len(self.buffer)

    def read(self, stream: object) -> int:
        """Take from the stream what has come of the packet; return how many bytes that was.

        stream: answers receive_into(buffer), see transport.py. LinkError when it is over,
        PacketError for a length that cannot be.
        """
        before = self.got
        for _ in range(_CALLS):
            room = self._room()
            if not len(room):
                break
            count = stream.receive_into(room)
            if not count:
                break
            self.got += count
            if not self.total:
                self._look_at_header()
        return self.got - before

    def _room(self) -> memoryview:
        """Return where the next bytes go, empty when the packet is whole."""
        got = self.got
        if not got:
            return self._first
        if not self.total:
            return self._view[got:max(2, got + 1)]
        size = len(self.buffer)
        if not self.too_long:
            return self._view[got:self.total]
        head = size - _SCRATCH
        if got < head:
            return self._view[got:head]
        return self._view[head:head + min(_SCRATCH, self.total - got)]

    def _look_at_header(self) -> None:
        got = self.got
        if got < 2 or self.buffer[got - 1] & 0x80:
            if got == _HEADER_MAX:
                raise PacketError("mqtt: a packet length of more than four bytes")
            return
        length = 0
        for i in range(got - 1, 0, -1):
            length = length << 7 | self.buffer[i] & 0x7F
        self.body = got
        self.total = got + length
        if self.too_long:
            self.skipped += 1
