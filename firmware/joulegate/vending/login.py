"""A technician's login at a locked console: a challenge, answered with his key.

The meter gives CHALLENGE_SIZE random bytes, once, for CHALLENGE_S seconds. The answer is
HMAC-SHA-256 of them, first PROOF_SIZE bytes, under a key derived as for messages with a direction
of its own, so that it is good for this meter, this key and this challenge alone. A session ends
IDLE_S seconds after its last request, LONGEST_S after its first, and with the power.

What a role may ask is in MAY; credit, provisioning and keys for messages are in neither.
"""

from micropython import const

from joulegate.vending.crypto.constant_time import equal
from joulegate.vending.crypto.hmac_sha256 import hmac_sha256
from joulegate.vending.crypto.random_source import RandomError, RandomSource
from joulegate.vending.envelope import context
from joulegate.vending.keys import ADMINISTRATOR, TECHNICIAN

CHALLENGE_SIZE = const(16)
PROOF_SIZE = const(16)
CHALLENGE_S = const(120)
IDLE_S = const(600)
LONGEST_S = const(3600)

_LOGIN = const(2)
"""Direction of the context, beside 0 and 1 of messages."""
_KEY_SIZE = const(32)
_WHO = const(0xFFFFFF)

NUMBERS = ("set", "clock", "reset", "settle_days", "upload", "tariff_check", "tariff_load",
           "clear_log", "token_key", "link_set", "link_file", "demand_reset", "output",
           "calibrate")
"""The number of a request in the event log is its place here: a new one goes to the end."""
_FOR_TECHNICIAN = ("set", "clock", "reset", "settle_days", "upload", "link_set", "link_file",
                   "demand_reset", "output")
MAY = {TECHNICIAN: _FOR_TECHNICIAN, ADMINISTRATOR: NUMBERS}


class Login:
    def __init__(self, ring: object, meter_id: str, uptime: object, random: object = None) -> None:
        """ring: a KeyRing. uptime: a function of no arguments, powered seconds. random: a
        RandomSource, None for that of the interpreter."""
        self._ring = ring
        self._meter_id = meter_id
        self._uptime = uptime
        self._random = RandomSource() if random is None else random
        self._challenge = b""
        self._asked_s = 0
        self._entry: object = None
        self._began_s = 0
        self._used_s = 0

    def challenge(self) -> bytes:
        """Return a new challenge in place of any before; RuntimeError without random bytes."""
        self._challenge = b""
        try:
            self._challenge = self._random.take(CHALLENGE_SIZE)
        except RandomError as e:
            raise RuntimeError(str(e)) from None
        self._asked_s = self._uptime()
        return self._challenge

    def begin(self, kid: bytes, proof: bytes) -> None:
        """Begin a session; RuntimeError for a wrong answer, and the challenge is used up."""
        challenge = self._challenge
        self._challenge = b""
        if not challenge or self._uptime() - self._asked_s > CHALLENGE_S:
            raise RuntimeError("login: there is no challenge, ask for one")
        if self._ring.factory:
            raise RuntimeError("login: the factory's keys must be changed first")
        entry = self._ring.find(kid)
        if entry is None or entry.retired or entry.role not in MAY:
            raise RuntimeError("login: no key of this id may log in")
        key = self._ring.derive(entry, context(self._meter_id, _LOGIN, entry.kid), _KEY_SIZE)
        if not equal(hmac_sha256(key, challenge)[:PROOF_SIZE], proof):
            raise RuntimeError("login: the answer is wrong")
        self._entry = entry
        self._began_s = self._used_s = self._uptime()

    def use(self, ring: object) -> None:
        """Go on with the keys as they were read anew; a session goes on if its key is there."""
        before = self._entry
        self._ring = ring
        if before is not None:
            found = ring.find(before.kid)
            good = found is not None and not found.retired and equal(found.key, before.key)
            self._entry = found if good else None

    @property
    def who(self) -> int:
        """Who is logged in: the first 3 bytes of the key's id as a number; 0 for nobody."""
        if self._entry is None:
            return 0
        return int.from_bytes((self._entry.kid + bytes(2))[:3], "big") & _WHO

    def allows(self, request: str) -> bool:
        """Return whether there is a session in which this may be asked, and go on with it."""
        entry = self._entry
        if entry is None:
            return False
        now = self._uptime()
        # A key that was taken away or changed meanwhile ends its session.
        if (now - self._used_s > IDLE_S or now - self._began_s > LONGEST_S
                or self._ring.find(entry.kid) is not entry or entry.retired):
            self.end()
            return False
        if request not in MAY[entry.role]:
            return False
        self._used_s = now
        return True

    def end(self) -> None:
        """End the session, if there is one."""
        self._entry = None
