"""ATECC608A and B: a secure element on I2C, for what the meter asks of it while it runs.

It keeps an AES key that cannot be read, and two counters that only go up. `atecc608_setup.py`
brings a blank one into that state, once and for ever.

Source: Microchip ATECC508A data sheet, DS20005927 (I2C interface, wake-up, CRC-16, commands Info,
Read, Counter, Random), and ATECC608A summary data sheet, DS40001977 (AES, revision); execution
times are the longest that the maker's CryptoAuthLib waits with the clock divider as delivered.

A command is a packet of its length, code and parameters with a check sum; its answer has one
too. The element sleeps in between and forgets nothing that the meter needs. It wakes by SDA held
low for 60 us or more, which the board does; its watchdog puts it to sleep again after 0.7 to
1.7 s, so every command wakes it anew.
"""

from micropython import const

ADDRESS = const(0x60)
COUNTER_MAX = const(2097151)
SLOT = const(2)
"""The slot of the AES key."""

INFO = const(0x30)
READ = const(0x02)
COUNTER = const(0x24)
AES = const(0x51)
RANDOM = const(0x1B)
CONFIG_BLOCKS = const(4)
BLOCK = const(32)
_CONFIG_ZONE_BLOCK = const(0x80)

_TRIES = const(3)
_POLL_MS = const(2)
_WAKE_MS = const(2)  # tWHI, at least 1.5 ms
_FRAME = const(3)  # length and check sum around an answer
_SLEEP = b"\x01"
_REWIND = b"\x00"
_AWAKE = b"\x04\x11\x33\x43"
_BAD_CRC = const(0xFF)
_WATCHDOG = const(0xEE)
_STATUS = {
    0x01: "a comparison failed", 0x03: "cannot parse the command", 0x05: "ECC fault",
    0x07: "self test failed", 0x08: "health test failed",
    0x0F: "cannot execute the command in its state", 0x11: "woke up in mid-command",
    _WATCHDOG: "its watchdog is about to expire", _BAD_CRC: "check sum of the command was wrong"}

# milliseconds
_TIMES = {INFO: 5, READ: 5, COUNTER: 25, AES: 27, RANDOM: 23}


class Atecc608Error(RuntimeError):
    """The element answers wrongly, refuses, or is not what the meter needs; says what."""


class Atecc608:
    counter_max = COUNTER_MAX

    def __init__(
        self, i2c: object, wake: object, sleep_ms: object, address: int = ADDRESS
    ) -> None:
        """i2c: a bus of at most 1 MHz. wake: a function that holds SDA low for 60 to 200 us.
        sleep_ms: waits. address: 0x08 to 0x77, ValueError for others."""
        if not 0x08 <= address <= 0x77:
            raise ValueError("ATECC608 address 0x%02x: must be 0x08 to 0x77" % address)
        self._i2c = i2c
        self._wake = wake
        self._sleep_ms = sleep_ms
        self._address = address
        self.serial = b""
        """Nine bytes, after `start`."""
        self.retries = 0
        """Commands that were repeated since the start."""

    def start(self) -> None:
        """Prove that an ATECC608 is there, set up for the meter, and read its serial number.

        Atecc608Error if not; OSError when it does not answer.
        """
        config = self.identify()
        for name, at, wanted in (("configuration zone", 87, 0), ("data zone", 86, 0)):
            if config[at] != wanted:
                raise Atecc608Error("ATECC608: %s is not locked, it must be set up first" % name)
        wrong = wrong_configuration(config)
        if wrong:
            raise Atecc608Error("ATECC608: is set up for something else: " + wrong)

    def identify(self) -> bytes:
        """Return the configuration zone of what must be an ATECC608; Atecc608Error, OSError."""
        revision = self.command(INFO, 0, 0, b"", 4)
        if revision[2] != 0x60:
            raise Atecc608Error("ATECC608: revision %02x%02x%02x%02x: the third byte must be 60"
                                % tuple(revision))
        config = b"".join([
            self.command(READ, _CONFIG_ZONE_BLOCK, block << 3, b"", BLOCK)
            for block in range(CONFIG_BLOCKS)])
        self.serial = config[:4] + config[8:13]
        return config

    def counter(self, which: int) -> int:
        """Return counter 0 or 1; Atecc608Error, OSError."""
        return int.from_bytes(self.command(COUNTER, 0, which, b"", 4), "little")

    def increment(self, which: int, before: int) -> None:
        """Bring a counter from `before` to one more, and not further whatever happens on the bus.

        Atecc608Error or OSError, and then `counter` tells whether it has moved.
        """
        for tried in range(_TRIES):
            try:
                found = int.from_bytes(self.command(COUNTER, 1, which, b"", 4, 1), "little")
            except (Atecc608Error, OSError):
                found = self.counter(which)
                # It may have been done all the same: then only its answer got lost.
                if found == before:
                    if tried == _TRIES - 1:
                        raise
                    self.retries += 1
                    continue
            break
        if found != before + 1:
            raise Atecc608Error("ATECC608: counter %d is %d after an increment, must be %d" % (
                which, found, before + 1))

    def encrypt(self, block: bytes) -> bytes:
        """Return 16 bytes enciphered by AES-128 under the key of SLOT; Atecc608Error, OSError."""
        if len(block) != 16:
            raise ValueError("AES block: %d bytes, must be 16" % len(block))
        return self.command(AES, 0, SLOT, block, 16)

    def random(self) -> bytes:
        """Return 32 random bytes; Atecc608Error, OSError."""
        return self.command(RANDOM, 0, 0, b"", 32)

    def command(
        self, code: int, parameter1: int, parameter2: int, data: bytes, size: int,
        tries: int = _TRIES, ms: int = 0,
    ) -> bytes:
        """Carry out a command and return `size` bytes of answer.

        size 1: the status, which must be 0. tries: how often it may be carried out. ms: its
        longest time, for one that the meter does not use while it runs. Atecc608Error, OSError.
        """
        packet = bytearray((3, 7 + len(data), code, parameter1, parameter2 & 0xFF,
                            parameter2 >> 8))
        packet.extend(data)
        sum16 = crc16(memoryview(packet)[1:])
        packet.extend(bytes((sum16 & 0xFF, sum16 >> 8)))
        tried = 0
        while True:
            tried += 1
            try:
                return self._once(packet, size, ms or _TIMES[code])
            except (Atecc608Error, OSError):
                if tried >= tries:
                    raise
                self.retries += 1

    def _once(self, packet: bytearray, size: int, ms: int) -> bytes:
        i2c = self._i2c
        address = self._address
        try:
            self._wake()
            self._sleep_ms(_WAKE_MS)
            answer = i2c.readfrom(address, 4)
            if answer != _AWAKE:
                raise Atecc608Error("ATECC608: woke up with %r, must be %r" % (answer, _AWAKE))
            i2c.writeto(address, packet)
            return self._answer(size, ms)
        finally:
            try:
                i2c.writeto(address, _SLEEP)
            except OSError:
                pass  # it is asleep already, or not there

    def _answer(self, size: int, ms: int) -> bytes:
        """Wait for an answer, twice its longest time at the most, and return what it says."""
        polls = 2 * ms // _POLL_MS + 1
        while True:
            self._sleep_ms(_POLL_MS)
            polls -= 1
            try:
                answer = self._i2c.readfrom(self._address, size + _FRAME)
                break
            except OSError:
                if not polls:
                    raise
        for tried in range(_TRIES):
            length = answer[0]
            if 4 <= length <= size + _FRAME:
                sum16 = crc16(memoryview(answer)[:length - 2])
                if answer[length - 2] | answer[length - 1] << 8 == sum16:
                    break
            if tried == _TRIES - 1:
                raise Atecc608Error("ATECC608: check sum of an answer is wrong")
            # The answer stands there to be read again; the command need not be repeated.
            self.retries += 1
            self._i2c.writeto(self._address, _REWIND)
            answer = self._i2c.readfrom(self._address, size + _FRAME)
        if length == 4 and (size != 1 or answer[1]):
            raise Atecc608Error("ATECC608: status 0x%02x, %s" % (
                answer[1], _STATUS.get(answer[1], "unknown")))
        if length != size + _FRAME:
            raise Atecc608Error("ATECC608: answer of %d bytes, must be %d" % (
                length - _FRAME, size))
        return answer[1:1 + size]


def crc16(data: bytes | memoryview) -> int:
    """Return the check sum of a packet: CRC-16, polynomial 0x8005, bits of a byte from low to
    high, register not reflected."""
    value = 0
    for byte in data:
        for _ in range(8):
            carry = (value >> 15) ^ (byte & 1)
            value = value << 1 & 0xFFFF
            if carry:
                value ^= 0x8005
            byte >>= 1
    return value


SLOT_CONFIG = b"\x90\x80"
"""SlotConfig of the key: secret, never read, not for MAC commands, never written once locked."""
KEY_CONFIG = b"\x18\x00"
"""KeyConfig of the key: an AES key, no authorisation, not lockable by itself."""
SLOT_CONFIG_AT = const(20 + 2 * SLOT)
KEY_CONFIG_AT = const(96 + 2 * SLOT)


def wrong_configuration(config: bytes) -> str:
    """Return what in a configuration zone does not suit the meter; empty when all does."""
    if not config[13] & 1:
        return "AES is not enabled"
    if config[18] & 1:
        return "counter 0 is bound to a slot"
    if config[SLOT_CONFIG_AT:SLOT_CONFIG_AT + 2] != SLOT_CONFIG:
        return "SlotConfig of slot %d" % SLOT
    if config[KEY_CONFIG_AT:KEY_CONFIG_AT + 2] != KEY_CONFIG:
        return "KeyConfig of slot %d" % SLOT
    return ""
