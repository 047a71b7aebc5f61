"""What both battery clock chips of the world share: registers behind I2C, and seconds that run.

Time comes from the clock function given, in microseconds; `ppm` is how much the crystal is
fast. The chip keeps the seconds in its registers as binary-coded decimals, and reads them
frozen at the beginning of a transfer.
"""

from world.calendar import seconds_of, tuple_of


def to_bcd(number: int) -> int:
    return int("%02d" % number, 16)


def from_bcd(value: int) -> int:
    return 10 * (value >> 4 & 15) + (value & 15)


class RtcRegisters:
    """A chip with `size` registers, the first of the time at `first`, in the order `fields`.

    A subclass says in `fields` what stands where, and overrides what it does otherwise.
    """

    size = 0
    first = 0
    fields = ()

    def __init__(self, clock: object, unix_seconds: int = 0, ppm: int = 0) -> None:
        self._clock = clock
        self.ppm = ppm
        self.registers = bytearray(self.size)
        self.answering = True
        self.battery = True
        self._pointer = 0
        self._second = unix_seconds
        self._since = clock()
        self.latch()

    # --- the wires ------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Take a transfer: the register pointer, then bytes. Returns how many it acknowledged."""
        if not self.answering:
            raise OSError(19)
        if data:
            self._pointer = data[0] % self.size
        self.latch()
        timed = False
        for value in data[1:]:
            index = self._pointer - self.first
            self.store(self._pointer, value)
            if 0 <= index < len(self.fields):
                timed = True
                if self.fields[index] == "second":
                    self._since = self._clock()  # the divider chain begins anew
            self._pointer = (self._pointer + 1) % self.size
        if timed:
            self._take_time()
        return len(data)

    def readinto(self, buf: bytearray) -> None:
        if not self.answering:
            raise OSError(19)
        self.latch()
        for i in range(len(buf)):
            buf[i] = self.registers[self._pointer]
            self._pointer = (self._pointer + 1) % self.size

    # --- the world ------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return True

    def shift(self, seconds: int) -> None:
        """Disturb the time by so many seconds, as a hit on the registers would."""
        self.tick()
        self._second += seconds

    def supply_off(self) -> None:
        """Take the main supply away; without a battery the time is lost."""
        self.tick()
        if not self.battery:
            self.lose()

    def lose(self) -> None:
        """Stop the oscillator: the time starts anew from the chip's power-on value."""
        self._second = seconds_of(2000, 1, 1, 0, 0, 0)
        self._since = self._clock()

    # --- the inside -----------------------------------------------------------------------

    def tick(self) -> None:
        """Let the seconds that have passed pass."""
        now = self._clock()
        rate = 1_000_000 + self.ppm
        passed = (now - self._since) * rate // 1_000_000
        if not self.running:
            self._since = now
            return
        whole = passed // 1_000_000
        self._second += whole
        self._since += whole * 1_000_000 * 1_000_000 // rate

    def latch(self) -> None:
        """Bring the time to the registers."""
        self.tick()
        year, month, day, hour, minute, second, weekday, _ = tuple_of(self._second)
        values = {"second": second, "minute": minute, "hour": hour, "day": day, "month": month,
                  "year": year % 100}
        for i, name in enumerate(self.fields):
            at = self.first + i
            value = self.weekday_value(weekday) if name == "weekday" else to_bcd(values[name])
            self.registers[at] = self.decorate(name, value)

    def weekday_value(self, weekday: int) -> int:
        return weekday

    def decorate(self, name: str, value: int) -> int:
        return value

    def store(self, register: int, value: int) -> None:
        """Take a byte written to a register."""
        self.registers[register] = value

    def _take_time(self) -> None:
        found = {name: from_bcd(self.registers[self.first + i] & self.mask(name))
                 for i, name in enumerate(self.fields)}
        self._second = seconds_of(
            2000 + found["year"], max(1, found["month"]), max(1, found["day"]),
            found["hour"], found["minute"], found["second"])

    def mask(self, name: str) -> int:
        return {"second": 0x7F, "minute": 0x7F, "hour": 0x3F, "day": 0x3F, "weekday": 0x07,
                "month": 0x1F, "year": 0xFF}[name]
