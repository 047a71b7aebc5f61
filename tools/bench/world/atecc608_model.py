"""ATECC608A on an I2C bus: sleep, wake token, packets, zones with their locks, AES, counters.

Source: Microchip ATECC508A data sheet (DS20005927) and ATECC608A summary (DS40001977). Known
are the commands Info, Read, Write, Lock, Random, Counter and AES, encrypting only; of Read and
Write those to the configuration zone and to slots of the data zone; of slot permissions
those that such a key needs. Times, in microseconds, are below the longest of the sheets and of
their order; nobody has measured them here.

Who listens at the pins: `sda(level)` is the line itself, for the wake token; `write` and
`readinto` are transfers at its address.

Power can be cut before or after the N-th command is carried out: see `cut_power_at`.
"""

from cryptolib import aes

NACK = 19
"""ENODEV: nobody pulled SDA low."""
WAKE_LOW_US = 60
WAKE_HIGH_US = 1500
WATCHDOG_US = 1_300_000
COUNT_END = 2097151

TIME_US = {0x30: 500, 0x02: 800, 0x12: 7000, 0x17: 15000, 0x1B: 15000, 0x24: 20000, 0x51: 7000}
ZONE_CONFIG = 0
ZONE_OTP = 1
ZONE_DATA = 2

OK = 0x00
PARSE = 0x03
EXECUTION = 0x0F
WOKEN = 0x11
CRC_OR_COMMUNICATION = 0xFF


def check_sum(data: bytes) -> bytes:
    """Return the two bytes that end a packet, by long division of its bit string."""
    remainder = 0
    for index in range(8 * len(data)):
        bit = data[index >> 3] >> (index & 7) & 1
        top = remainder >> 15 & 1
        remainder = (remainder << 1) % 65536
        if top != bit:
            remainder ^= 0b1000000000000101
    return bytes([remainder % 256, remainder // 256])


def framed(content: bytes) -> bytes:
    body = bytes([len(content) + 3]) + content
    return body + check_sum(body)


class Atecc608Model:
    """As delivered: both zones open."""

    def __init__(self, now_us: object, serial: int = 1, random: object = None) -> None:
        """now_us: the time. serial: told apart by. random: a function of a length; None for a
        count that never repeats."""
        self._now = now_us
        self._random = random or self._counted
        self._drawn = 256 * serial
        self.config = bytearray(128)
        number = b"\x01\x23" + serial.to_bytes(6, "big") + b"\xee"
        self.config[0:4] = number[:4]
        self.config[4:8] = b"\x00\x00\x60\x02"
        self.config[8:13] = number[4:]
        self.config[13] = 0x61
        self.config[14] = 0x01
        self.config[16] = 0xC0
        for slot in range(16):
            self.config[20 + 2 * slot:22 + 2 * slot] = b"\x83\x20"
            self.config[96 + 2 * slot:98 + 2 * slot] = b"\x3c\x00"
        self.config[86] = self.config[87] = 0x55
        self.counters = [0, 0]
        self.slots = [bytearray(36 if i < 8 else 416 if i == 8 else 72) for i in range(16)]
        self.present = True
        self.commands = 0
        self.bytes_moved = 0
        self.carried_out = []
        """Codes of the commands carried out."""
        self.deaf_to = ()
        """Codes whose execution fails, as of a chip that is worn out."""
        self.supplied = None
        """A function that says whether the supply it shares with others is there; None: it is."""
        self.on_power_cut = None
        self._flip_answers = 0
        self._whole_answers = 0
        self._flip_commands = 0
        self._refuse = 0
        self._cut_in = 0
        self._cut_after = False
        self._low_since = None
        self._fall_asleep()

    # --- the world ------------------------------------------------------------------------

    def refuse_next(self, transfers: int) -> None:
        """Do not acknowledge so many transfers."""
        self._refuse = transfers

    def flip_answers(self, count: int, whole: int = 0) -> None:
        """Let the bus disturb so many answers, after `whole` that it leaves alone."""
        self._flip_answers = count
        self._whole_answers = whole

    def flip_commands(self, count: int) -> None:
        """Let the bus disturb so many commands."""
        self._flip_commands = count

    def cut_power_at(self, command: int, after: bool) -> None:
        """Let power fail before the N-th command from now is carried out, or right after."""
        self._cut_in = command
        self._cut_after = after

    def restore_power(self) -> None:
        """Bring power back; a cut that has not come is disarmed."""
        self.present = True
        self._cut_in = 0
        self._fall_asleep()

    def snapshot(self) -> "Atecc608Model":
        """Return a powered element of the same content, as no real one can be copied."""
        twin = Atecc608Model(self._now)
        twin.config[:] = self.config
        twin.counters[:] = self.counters
        twin.slots = [bytearray(slot) for slot in self.slots]
        twin._drawn = self._drawn
        return twin

    # --- the wires ------------------------------------------------------------------------

    def sda(self, level: int) -> None:
        """See the line itself, while nobody clocks."""
        now = self._now()
        if not level:
            self._low_since = now
            return
        low, self._low_since = self._low_since, None
        if low is not None and now - low >= WAKE_LOW_US and not self._awake(now):
            self._woken = now
            self._ready = now + WAKE_HIGH_US
            self._answer = framed(bytes([WOKEN]))
            self._at = 0

    def write(self, data: bytes) -> int:
        """Take a transfer: the word address and what follows."""
        now = self._here()
        self.bytes_moved += 1 + len(data)
        data = bytes(data)
        if not data:
            return 0
        if data[0] == 0x01 or data[0] == 0x02:
            self._fall_asleep()
        elif data[0] == 0x00:
            self._at = 0
        elif data[0] == 0x03:
            self._command(data[1:], now)
        return len(data)

    def readinto(self, buf: bytearray) -> None:
        """Give what is left of the answer, then ones."""
        self._here()
        if not self._answer:
            raise OSError(NACK)
        self.bytes_moved += 1 + len(buf)
        for i in range(len(buf)):
            buf[i] = self._answer[self._at] if self._at < len(self._answer) else 0xFF
            self._at += 1
        if self._whole_answers:
            self._whole_answers -= 1
        elif self._flip_answers:
            self._flip_answers -= 1
            buf[1] ^= 0x04

    # --- the inside -----------------------------------------------------------------------

    def _fall_asleep(self) -> None:
        self._woken = None
        self._ready = 0
        self._answer = b""
        self._at = 0

    def _awake(self, now: int) -> bool:
        if self._woken is not None and now - self._woken >= WATCHDOG_US:
            self._fall_asleep()
        return self._woken is not None

    def _here(self) -> int:
        """Return the time if the element acknowledges its address."""
        now = self._now()
        if self._refuse:
            self._refuse -= 1
            raise OSError(NACK)
        if self.supplied is not None and not self.supplied():
            self._fall_asleep()
        if not self.present or not self._awake(now) or now < self._ready:
            raise OSError(NACK)
        return now

    def _command(self, packet: bytes, now: int) -> None:
        self._at = 0
        if self._flip_commands:
            self._flip_commands -= 1
            packet = packet[:3] + bytes([packet[3] ^ 0x80]) + packet[4:]
        if len(packet) < 7 or packet[0] != len(packet) or packet[-2:] != check_sum(packet[:-2]):
            self._answer = framed(bytes([CRC_OR_COMMUNICATION]))
            return
        self.commands += 1
        if self._cut(False):
            return
        code, first = packet[1], packet[2]
        second = packet[3] + 256 * packet[4]
        done = _COMMANDS.get(code)
        if done is None:
            content = bytes([PARSE])
        elif code in self.deaf_to:
            content = bytes([EXECUTION])
        else:
            content = done(self, first, second, packet[5:-2])
            self.carried_out.append(code)
        self._answer = framed(content)
        self._ready = now + TIME_US.get(code, 300)
        self._cut(True)

    def _cut(self, after: bool) -> bool:
        if self._cut_in and self._cut_after == after:
            self._cut_in -= 1
            if not self._cut_in:
                self.present = False
                if self.on_power_cut is not None:
                    self.on_power_cut()
        return not self.present

    @property
    def _config_open(self) -> bool:
        return self.config[87] == 0x55

    @property
    def _data_open(self) -> bool:
        return self.config[86] == 0x55

    def _info(self, mode: int, parameter: int, data: bytes) -> bytes:
        return bytes(self.config[4:8]) if mode == 0 else bytes([PARSE])

    def _read(self, zone: int, address: int, data: bytes) -> bytes:
        size = 32 if zone & 0x80 else 4
        if zone & 0x7F == ZONE_CONFIG:
            start = (address >> 3 & 3) * 32 + (0 if size == 32 else (address & 7) * 4)
            return bytes(self.config[start:start + size])
        if zone & 0x7F != ZONE_DATA:
            return bytes([PARSE])
        slot = address >> 3 & 15
        if self._data_open or self.config[20 + 2 * slot] & 0x80:
            return bytes([EXECUTION])
        start = 32 * (address >> 8) + (0 if size == 32 else (address & 7) * 4)
        return bytes(self.slots[slot][start:start + size])

    def _write(self, zone: int, address: int, data: bytes) -> bytes:
        size = 32 if zone & 0x80 else 4
        if len(data) != size:
            return bytes([PARSE])
        if zone & 0x7F == ZONE_CONFIG:
            start = (address >> 3 & 3) * 32 + (0 if size == 32 else (address & 7) * 4)
            # Serial number and factory bytes, and the locks, are not written so.
            if not self._config_open or start < 16 or start <= 84 < start + size:
                return bytes([EXECUTION])
            self.config[start:start + size] = data
            return bytes([OK])
        slot = address >> 3 & 15
        if self._config_open or zone & 0x7F != ZONE_DATA:
            return bytes([EXECUTION])
        if self._data_open and size == 4:
            return bytes([EXECUTION])
        if not self._data_open and self.config[21 + 2 * slot] & 0xF0:
            return bytes([EXECUTION])
        start = 32 * (address >> 8) + (0 if size == 32 else (address & 7) * 4)
        end = min(start + size, len(self.slots[slot]))
        self.slots[slot][start:end] = data[:end - start]
        return bytes([OK])

    def _lock(self, mode: int, summary: int, data: bytes) -> bytes:
        if mode & 0x03 == 0:
            if not self._config_open:
                return bytes([EXECUTION])
            if not mode & 0x80 and summary.to_bytes(2, "little") != check_sum(self.config):
                return bytes([EXECUTION])
            self.config[87] = 0
            return bytes([OK])
        if mode & 0x03 != 1 or not mode & 0x80:
            return bytes([PARSE])
        if self._config_open or not self._data_open:
            return bytes([EXECUTION])
        self.config[86] = 0
        return bytes([OK])

    def _draw(self, mode: int, parameter: int, data: bytes) -> bytes:
        if self._config_open:
            return b"\xff\xff\x00\x00" * 8
        return self._random(32)

    def _counted(self, size: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(4, "big") * (size // 4)

    def _count(self, mode: int, which: int, data: bytes) -> bytes:
        if which not in (0, 1) or mode not in (0, 1):
            return bytes([PARSE])
        if self._config_open:
            return bytes([EXECUTION])
        if mode == 1:
            if self.counters[which] >= COUNT_END:
                return bytes([EXECUTION])
            self.counters[which] += 1
        return self.counters[which].to_bytes(4, "little")

    def _aes(self, mode: int, slot: int, data: bytes) -> bytes:
        if mode & 0x3F or slot > 15 or len(data) != 16:
            return bytes([PARSE])
        kind = self.config[96 + 2 * slot] >> 2 & 7
        if self._data_open or not self.config[13] & 1 or kind != 6:
            return bytes([EXECUTION])
        start = 16 * (mode >> 6)
        return aes(bytes(self.slots[slot][start:start + 16]), 1).encrypt(data)


_COMMANDS = {
    0x30: Atecc608Model._info, 0x02: Atecc608Model._read, 0x12: Atecc608Model._write,
    0x17: Atecc608Model._lock, 0x1B: Atecc608Model._draw, 0x24: Atecc608Model._count,
    0x51: Atecc608Model._aes}
