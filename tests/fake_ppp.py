"""A stand-in for network.PPP: frames out of RFC 1661 on the stream, and no network behind them.

It is up when its own first frame comes back, which a modem model does that was told to echo, and
down when its request to terminate is acknowledged.
"""

REQUEST = b"\x7e\xff\x7d\x23\xc0\x21\x7d\x21\x7d\x21\x7d\x20\x7d\x24\xd1\xb5\x7e"
TERMINATE = b"\x7e\xff\x03\xc0\x21\x05\x09\x00\x04\xff\x01\x7e"
TERMINATED = b"\xc0\x21\x7d\x26\x7d\x29"
INACTIVE, CONNECTING, CONNECTED, LOST = 0, 3, 4, -6


class FakePpp:
    SEC_PAP = 1
    polite = True
    """Whether it asks the other side to end."""

    def __init__(self, stream):
        self._stream = stream
        self._buffer = bytearray(64)
        self._state = INACTIVE
        self._ending = False
        self.heard = b""

    def connect(self, **settings):
        self.heard = b""
        self._ending = False
        self._state = CONNECTING
        self._stream.write(REQUEST)

    def disconnect(self):
        if self._state <= INACTIVE:
            return
        if FakePpp.polite:
            self._ending = True
            self._stream.write(TERMINATE)
        else:
            self._state = INACTIVE

    def isconnected(self):
        return self.status() == CONNECTED

    def status(self):
        """Reads the stream first, as nobody calls it from an interrupt."""
        while self._state > INACTIVE and self._stream.any():
            count = self._stream.readinto(self._buffer) or 0
            self.heard += bytes(self._buffer[:count])
            if self._state == CONNECTING and REQUEST in self.heard:
                self._state = CONNECTED
            if self._ending and TERMINATED in self.heard:
                self._state = INACTIVE
            elif b"NO CARRIER" in self.heard:
                self._state = LOST
        return self._state

    def ifconfig(self):
        return ("192.0.2.9", "255.255.255.255", "192.0.2.1", "192.0.2.53")

    def __del__(self):
        self._state = INACTIVE
