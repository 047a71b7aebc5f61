"""Lock-out: how often a wrong token may be tried, apart for each carrier.

A try is on flash before the check, so cutting the power after it gains nothing. After
FREE_TRIES wrong ones each further one locks the carrier, first for WAIT_S, then for twice as
long each time up to WAIT_S << 7. Waits count powered seconds, not the clock's, and begin again
at a start. One good token clears the carrier. What was refused though its check sum was right
(used, old, not for this meter) is neither wrong nor good.

SMS comes from anybody: at most TRIES_A_DAY tries and REPLIES_A_DAY answers in 24 powered
hours, and nothing it does touches another carrier.

The record holds for each carrier the most tries that can have been wrong, and is written only
when that rises or is cleared: at most ten times between two good tokens of a carrier, and for
SMS once a try and four times a day besides.
"""

from errno import ENOENT

from micropython import const

from joulegate.vending.carriers import CARRIERS, NAMES, SMS
from joulegate.vending.sts_token import LOCKED, TokenError

FREE_TRIES = const(3)
WAIT_S = const(10)
WRONG_MAX = const(10)
"""The wait grows no further: 1280 s."""

TRIES_A_DAY = const(10)
REPLIES_A_DAY = const(5)
DAY_H = const(24)
_SAVE_H = const(6)
_HOUR_S = const(3600)

MAGIC = b"JGLO"
VERSION = const(1)
FIELDS = (
    ("lockout", "wrong", "B", CARRIERS, 0, WRONG_MAX, "tries maybe wrong, by carrier"),
    ("lockout", "tries", "B", 1, 0, TRIES_A_DAY, "tries by SMS in this day"),
    ("lockout", "replies", "B", 1, 0, REPLIES_A_DAY, "answers by SMS in this day"),
    ("lockout", "day_h", "B", 1, 0, DAY_H, "powered hours left of this day"),
)
"""Of the record, for storage's Record."""


class Lockout:
    def __init__(self, record: object) -> None:
        """record: storage's Record of MAGIC, VERSION and FIELDS, or what answers like it."""
        self._record = record
        self.wrong = bytearray(CARRIERS)  # as stored
        self.tries = 0
        self.replies = 0
        self.day_h = 0
        self._known = bytearray(CARRIERS)  # what was wrong indeed, as long as power lasts
        self._left_s = [0] * CARRIERS
        self._hour_s = 0

    def load(self) -> str:
        """Read the record at start, and wait as it says; return what was wrong with it, or "".

        One that cannot be believed counts as every try wrong: a good token clears that.
        """
        problem = ""
        try:
            values = self._record.load()
        except (OSError, ValueError) as e:
            if isinstance(e, OSError) and e.errno == ENOENT:
                return ""
            problem = str(e)
            values = {("lockout", "wrong"): [WRONG_MAX] * CARRIERS,
                      ("lockout", "tries"): TRIES_A_DAY, ("lockout", "replies"): REPLIES_A_DAY,
                      ("lockout", "day_h"): DAY_H}
        for carrier in range(CARRIERS):
            wrong = values["lockout", "wrong"][carrier]
            self.wrong[carrier] = wrong
            self._known[carrier] = wrong
            self._left_s[carrier] = _wait_s(wrong)
        self.tries = values["lockout", "tries"]
        self.replies = values["lockout", "replies"]
        self.day_h = values["lockout", "day_h"]
        return problem

    def left_s(self, carrier: int) -> int:
        """Return how long a carrier is locked, in powered seconds; 0 when it is not."""
        if carrier == SMS and self.tries >= TRIES_A_DAY:
            return max(self._left_s[SMS], self.day_h * _HOUR_S - self._hour_s)
        return self._left_s[carrier]

    def begin(self, carrier: int) -> None:
        """Write a try down, before its check.

        TokenError LOCKED says for how long; OSError, and then nothing may be checked.
        """
        left = self.left_s(carrier)
        if left:
            raise TokenError(LOCKED, "%s is locked for %d s" % (NAMES[carrier], left))
        wrong = self.wrong[carrier]
        self.wrong[carrier] = max(wrong, min(self._known[carrier] + 1, WRONG_MAX))
        if carrier == SMS:
            self._begin_day()
            self.tries += 1
        elif self.wrong[carrier] == wrong:
            return
        try:
            self._save()
        except OSError:
            self.wrong[carrier] = wrong
            if carrier == SMS:
                self.tries -= 1
            raise

    def was_wrong(self, carrier: int) -> bool:
        """Count the try that began last as wrong; return whether it is the first that locks."""
        known = min(self._known[carrier] + 1, WRONG_MAX)
        self._known[carrier] = known
        self._left_s[carrier] = _wait_s(known)
        return known == FREE_TRIES

    def was_good(self, carrier: int) -> None:
        """Clear a carrier: its token was good and has been carried out. OSError."""
        self._known[carrier] = 0
        self._left_s[carrier] = 0
        daily = carrier == SMS and self.tries
        if not self.wrong[carrier] and not daily:
            return
        self.wrong[carrier] = 0
        if daily:
            self.tries = 0
        self._save()

    def reset(self) -> None:
        """Clear every carrier, at the word of who may; OSError, and it holds until a start."""
        for carrier in range(CARRIERS):
            self.wrong[carrier] = 0
            self._known[carrier] = 0
            self._left_s[carrier] = 0
        self.tries = 0
        self.replies = 0
        self.day_h = 0
        self._save()

    def may_reply(self, carrier: int) -> bool:
        """Return whether what was not good may be answered, and count the answer."""
        if carrier != SMS:
            return True
        if self.replies >= REPLIES_A_DAY:
            return False
        self._begin_day()
        self.replies += 1
        return True

    def pass_s(self, seconds: int) -> None:
        """Let powered time pass; OSError when the day cannot be saved: the next save has it."""
        for carrier in range(CARRIERS):
            if self._left_s[carrier]:
                self._left_s[carrier] = max(0, self._left_s[carrier] - seconds)
        if not self.day_h:
            return
        self._hour_s += seconds
        save = False
        while self._hour_s >= _HOUR_S and self.day_h:
            self._hour_s -= _HOUR_S
            self.day_h -= 1
            save = save or self.day_h % _SAVE_H == 0
        if not self.day_h:
            self.tries = 0
            self.replies = 0
        if save:
            self._save()

    def _begin_day(self) -> None:
        if not self.day_h:
            self.day_h = DAY_H
            self._hour_s = 0

    def _save(self) -> None:
        self._record.replace({"lockout": self})


def _wait_s(wrong: int) -> int:
    return WAIT_S << wrong - FREE_TRIES if wrong >= FREE_TRIES else 0
