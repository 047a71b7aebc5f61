"""How the meter came to start, and whether it does so too often.

A bucket that leaks: every start that nobody wanted (watchdog, failure) adds one, every ten
minutes of running take one away. Above six, which is more than six such starts an hour, the
meter starts in safe mode: it meters, deducts and switches, and leaves all else alone. No clock
is needed, which may itself be what fails.
"""

from micropython import const

from joulegate.core.reset_cause import POWER_ON
from joulegate.storage.record import Record, RecordError

LEVEL_MAX = const(6)
LEAK_S = const(600)

_BUCKET = const(12)

FIELDS = (
    ("restarts", "starts", "I", 1, 0, 0x3FFFFFFF, "starts since provisioning"),
    ("restarts", "level", "B", 1, 0, _BUCKET, "unwanted starts in the bucket"),
    ("restarts", "wanted", "B", 1, 0, 1, "the next start was asked for"),
)


class Restarts:
    def __init__(self, path: str) -> None:
        """path: the record's file. Storage that fails is taken as no record."""
        self._record = Record(path, b"JGRS", 1, FIELDS)
        self._owners = {"restarts": self}
        self.starts = 0
        self.level = 0
        self.wanted = 0
        self.cause = POWER_ON
        self._leaked_s = 0

    @property
    def safe_mode(self) -> bool:
        return self.level > LEVEL_MAX

    def begin(self, cause: int) -> bool:
        """Count a start; return whether it must be in safe mode."""
        self.cause = cause
        self._load()
        if cause != POWER_ON and not self.wanted:
            self.level = min(_BUCKET, self.level + 1)
        self.wanted = 0
        self.starts = min(0x3FFFFFFF, self.starts + 1)
        self._store()
        return self.safe_mode

    def expect(self) -> None:
        """Say that the reset about to come is wanted."""
        self.wanted = 1
        self._store()

    def pass_time(self, uptime_s: int) -> None:
        """Let the bucket leak; called now and then with the seconds since the start."""
        while self.level and uptime_s - self._leaked_s >= LEAK_S:
            self._leaked_s += LEAK_S
            self.level -= 1
            self._store()
        if not self.level:
            self._leaked_s = uptime_s

    def _load(self) -> None:
        try:
            values = self._record.load()
        except (OSError, RecordError):
            return
        self.starts = values["restarts", "starts"]
        self.level = values["restarts", "level"]
        self.wanted = values["restarts", "wanted"]

    def _store(self) -> None:
        try:
            self._record.replace(self._owners)
        except OSError:
            pass  # a meter without storage still meters
