"""A modem of a few lines at the other end of a UART, and a time of its own for what speaks to it.

The replies are written out in the tests; nothing in here knows what a command means.
"""

import asyncio


class FakeTiming:
    """Time passes only where somebody waits."""

    def __init__(self):
        self.now = 0
        self._later = []

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def later(self, ms, action):
        self._later.append((self.now + ms, action))

    async def sleep_ms(self, ms):
        self.now += max(1, ms)
        due = [item for item in self._later if item[0] <= self.now]
        self._later = [item for item in self._later if item[0] > self.now]
        for _, action in due:
            action()
        await asyncio.sleep(0)


class FakeModem:
    """Answers `replies[command]`, or "OK"; a list is answered one by one, the last for ever.

    A reply is lines with "|" in between; ">" asks for data, as many bytes as the command ends
    with or up to 0x1A, and then gives what follows. Bytes are given as they are, None is silence.
    """

    def __init__(self, timing, replies=None):
        self.timing = timing
        self.replies = replies or {}
        self.commands = []
        self.data = b""
        self.echo = False
        self.dead = False
        self.chop = 4096
        self.out = b""
        self._line = b""
        self._wanted = None
        self._after = ""

    # --- as a UART --------------------------------------------------------------------------

    def any(self):
        return len(self.out)

    def readinto(self, buffer):
        count = min(len(buffer), len(self.out), self.chop)
        buffer[:count] = self.out[:count]
        self.out = self.out[count:]
        return count or None

    def write(self, data):
        if self.dead:
            return len(data)
        for byte in bytes(data):
            self._take(byte)
        return len(data)

    # --- as a modem -------------------------------------------------------------------------

    def say(self, reply):
        if isinstance(reply, bytes):
            self.out += reply
            return
        for place, part in enumerate(reply.split("|")):
            if part == ">":
                self._after = "|".join(reply.split("|")[place + 1:])
                self.out += b"\r\n> "
                return
            self.out += b"\r\n" + part.encode() + b"\r\n"

    def _take(self, byte):
        if byte == 27:
            self._wanted = None
            self._line = b""
        elif self._wanted is not None:
            self.data += bytes([byte])
            self._wanted -= 1
            if not self._wanted or byte == 26:
                self._wanted = None
                if self._after:
                    self.say(self._after)
        elif byte == 13:
            line = self._line.decode()
            self._line = b""
            if line:
                self._command(line)
        else:
            self._line += bytes([byte])

    def _command(self, line):
        self.commands.append(line)
        if self.echo:
            self.out += line.encode() + b"\r"
        if line == "ATE0":
            self.echo = False
        reply = self.replies.get(line, "OK")
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if callable(reply):
            reply = reply()
        if reply is None:
            return
        if isinstance(reply, str) and ">" in reply.split("|"):
            size = line.split(",")[-1].split("=")[-1]
            self._wanted = int(size) if size.isdigit() else 1000
        self.say(reply)


def run(coroutine):
    """Run a coroutine to its end under either interpreter; return what it returns."""
    return asyncio.run(coroutine)


def error_of(kind, coroutine):
    """Run a coroutine that must end with an error of a kind; return the error."""
    try:
        asyncio.run(coroutine)
    except kind as error:
        return error
    raise AssertionError("no " + kind.__name__)
