"""What umqtt.simple takes for the socket module and for a socket: whole packets only.

What umqtt writes, in many small pieces, is put together here and sent in one piece by the
session. What it reads comes out of one packet that has arrived whole. Where it would wait for
the network it is stopped with `Waiting`: the session hands it the answer when that is there.
So umqtt never waits, and never sees half a packet, a time-out or a closed connection.
"""

from joulegate.link.mqtt.packet_reader import PacketError


class Waiting(Exception):
    """umqtt has written its packet and wants to wait for the answer."""


class PacketSocket:
    def __init__(self, size: int) -> None:
        """size: of the longest packet that is sent, in bytes."""
        self.out = bytearray(size)
        self.out_size = 0
        self._packet: memoryview | None = None
        self._at = 0
        self._end = 0

    # --- what the session calls -----------------------------------------------------------

    def give(self, packet: memoryview, begin: int, end: int) -> None:
        """Let umqtt read packet[begin:end]."""
        self._packet = packet
        self._at = begin
        self._end = end

    @property
    def left(self) -> int:
        """How many bytes of the packet umqtt has not read."""
        return self._end - self._at

    def begin(self) -> None:
        """Start an outgoing packet; there is nothing to read while it is written."""
        self.out_size = 0
        self._at = self._end = 0

    # --- what umqtt calls -----------------------------------------------------------------

    def read(self, size: int) -> bytes:
        if self._at == self._end and size:
            raise Waiting
        if not 0 <= size <= self.left:
            raise PacketError("mqtt: a packet of wrong length inside")
        begin = self._at
        self._at += size
        return bytes(self._packet[begin:self._at])

    def write(self, data: bytes, size: int = -1) -> int:
        """Add to the packet; ValueError when it gets longer than the buffer."""
        if size < 0:
            size = len(data)
        begin = self.out_size
        end = begin + size
        if end > len(self.out):
            raise ValueError("mqtt: packet of %d bytes or more: at most %d" % (
                end, len(self.out)))
        self.out[begin:end] = data if size == len(data) else data[:size]
        self.out_size = end
        return size

    def setblocking(self, flag: bool) -> None:
        pass

    def settimeout(self, seconds: "float | None") -> None:
        pass

    def connect(self, address: tuple) -> None:
        pass

    def close(self) -> None:
        pass

    # --- as the socket module -------------------------------------------------------------

    def socket(self) -> object:
        return self

    def getaddrinfo(self, host: str, port: int) -> list:
        return [(0, 0, 0, "", (host, port))]
