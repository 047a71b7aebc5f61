"""The other side of a meter's link: a vending station and a head-end, behind a broker.

Written from the messages' documents. The ciphers are the firmware's: that another implementation
makes the same bytes is shown in tests/system/test_messages.py. Both do what they must do to get
along with brokers that lose what they acknowledged: the station sends a credit until its receipt
came, the head-end acknowledges numbers, asks again for gaps, and asks a meter that is silent.
"""

from joulegate.vending.cbor import decode, encode
from joulegate.vending.crypto.aes_ccm import AesCcm
from joulegate.vending.crypto.hkdf import derive
from world import bench_clock

METER_ID = "01234567890"
STATION = (b"V1", bytes(range(0x10, 0x20)))
ADMINISTRATOR = (b"A1", bytes(range(0x20, 0x30)))
METER = (b"M1", bytes(range(0x30, 0x40)))
HEAD_END = (b"H1", bytes(range(0x40, 0x50)))
ROLES = (("vending", STATION), ("administrator", ADMINISTRATOR), ("meter", METER),
         ("head_end", HEAD_END))

DOWN = "joulegate/1/%s/down" % METER_ID
UP = "joulegate/1/%s/up/" % METER_ID

_US = 1000000
_DOWN = 0
_UP = 1

_CREDIT = 1
_ACKNOWLEDGE = 21
_RESEND = 22
_SEND_READING = 23

_RECEIPT = 1
_EVENT = 3
_FREEZE = 4

# Keys of a body.
_CODE, _SENDER, _SENT, _STATUS = 0, 2, 3, 4
_NUMBER, _OLDEST, _DISCARDED, _WHAT, _ROWS = 9, 10, 11, 12, 13
_FIRST, _NEXT = 15, 16

_OK = 3
ACKNOWLEDGE_S = 2
"""How long the head-end gathers numbers before it acknowledges them."""
ASK_S = 600
"""A meter that has been silent for so long, or has gaps, is asked."""


class Sealer:
    """One key in one direction."""

    def __init__(self, kid: bytes, key: bytes, direction: int) -> None:
        external = encode(["Joulegate", 1, direction, METER_ID, kid], 64)
        material = derive(key, b"", external, 29)
        self.kid = kid
        self._cipher = AesCcm(material[:16])
        self._iv = material[16:]
        self._structure = encode(["Encrypt0", b"\xa1\x01\x0a", external], 96)

    def _nonce(self, number: int) -> bytes:
        nonce = bytearray(self._iv)
        for i, byte in enumerate(number.to_bytes(13, "big")):
            nonce[i] ^= byte
        return bytes(nonce)

    def seal(self, number: int, body: dict) -> bytes:
        sealed = self._cipher.seal(self._nonce(number), self._structure, encode(body, 475))
        partial_iv = number.to_bytes(4, "big").lstrip(b"\x00")
        return b"\xd0" + encode(
            [b"\xa1\x01\x0a", {4: self.kid, 6: partial_iv}, sealed], 511)

    def open(self, message: bytes) -> tuple:
        """Return (number, body)."""
        _, headers, sealed = decode(memoryview(message)[1:])
        number = int.from_bytes(headers[6], "big")
        return number, decode(self._cipher.open(self._nonce(number), self._structure, sealed))


_SEALERS = [Sealer(kid, key, direction) for (kid, key), direction in (
    (STATION, _DOWN), (HEAD_END, _DOWN), (METER, _UP))]


class Purchase:
    """A credit on its way."""

    def __init__(self, at_us: int, tid: int, units: int, number: int) -> None:
        self.due = at_us
        self.tid = tid
        self.units = units
        self.number = number
        self.message = b""
        self.sent = 0
        self.receipt = False


class Station:
    def __init__(self, broker: object, repeat_s: int) -> None:
        self._broker = broker
        self._sealer = _SEALERS[0]
        self._repeat_us = repeat_s * _US
        self._number = 0
        self.purchases = []
        self.receipts = 0

    def sell(self, at_us: int, tid: int, units: int) -> None:
        self._number += 1
        self.purchases.append(Purchase(at_us, tid, units, self._number))

    def due(self) -> "int | None":
        waiting = [p.due for p in self.purchases if not p.receipt]
        return min(waiting) if waiting else None

    def step(self) -> None:
        """Send what is due, first or again."""
        now = bench_clock.now_us()
        for purchase in self.purchases:
            if purchase.receipt or purchase.due > now:
                continue
            if not purchase.message:
                purchase.message = self._sealer.seal(
                    purchase.number, {0: _CREDIT, 2: purchase.tid, 3: purchase.units})
            purchase.sent += self._broker.publish(DOWN, purchase.message)
            purchase.due = now + self._repeat_us

    def take(self, body: dict) -> None:
        """Take a receipt that the meter made."""
        self.receipts += 1
        if body[_SENDER] != self._sealer.kid or body[_STATUS] != _OK:
            return
        for purchase in self.purchases:
            if purchase.number == body[_SENT]:
                purchase.receipt = True


class HeadEnd:
    def __init__(self, broker: object, station: Station, random: object) -> None:
        """random(): from 0 to 1."""
        self._broker = broker
        self._station = station
        self._random = random
        self._sealer = _SEALERS[1]
        self._opener = _SEALERS[2]
        self._number = 0
        self._session = None
        self.up = True
        self.loses_receipts = 0.0
        """Part of the receipts that the station never gets to see."""
        self.held = {}
        """All that was numbered, by number, once each."""
        self.last = 0
        """Highest number up to which everything is here, or is said to be no more."""
        self.next = 1
        """One above the highest number that the meter is known to have given."""
        self.oldest = 1
        self.discarded = 0
        self.lost = []
        """Numbers that the meter has given up."""
        self.messages = 0
        self.repeats = 0
        self.readings = 0
        self.stale = 0
        """Repeats with another content than the first time."""
        self._seen = {}
        self.silence_at = bench_clock.now_us()
        self._acknowledge_at = 0
        self._gap_at = 0

    # --- life -----------------------------------------------------------------------------

    def connect(self) -> None:
        self.up = True
        self._session = self._broker.attach("head-end", [UP + "#"], self._take)

    def disconnect(self) -> None:
        self.up = False
        self._session.online = False

    def due(self) -> int:
        if not self.up:
            return bench_clock.now_us() + _US
        due = self.silence_at + ASK_S * _US
        for at in (self._acknowledge_at, self._gap_at):
            if at and at < due:
                due = at
        return due

    def step(self) -> None:
        """Acknowledge and ask what is due."""
        now = bench_clock.now_us()
        if not self.up:
            self.silence_at = now
            return
        if self._acknowledge_at and now >= self._acknowledge_at:
            self._acknowledge_at = 0
            self._acknowledge()
        if self._gap_at and now >= self._gap_at:
            self._gap_at = 0
            if self.last + 1 < self.next:
                self._say({0: _RESEND, 2: self.last + 1, 3: min(64, self.next - self.last - 1)})
                self._gap_at = now + ASK_S * _US
        if now >= self.silence_at + ASK_S * _US:
            self.silence_at = now
            self._say({0: _SEND_READING})

    def _say(self, body: dict) -> None:
        self._number += 1
        self._broker.publish(DOWN, self._sealer.seal(self._number, body))

    def _acknowledge(self) -> None:
        beyond = bytearray(5)
        for number in self.held:
            bit = number - self.last - 2
            if 0 <= bit < 40:
                beyond[bit >> 3] |= 1 << (bit & 7)
        body = {0: _ACKNOWLEDGE, 2: self.last}
        beyond = bytes(beyond).rstrip(b"\x00")
        if beyond:
            body[3] = beyond
        self._say(body)

    # --- messages -------------------------------------------------------------------------

    def _take(self, topic: str, message: bytes) -> None:
        self.messages += 1
        now = bench_clock.now_us()
        number, body = self._opener.open(message)
        # Each number of the envelope is sealed once: under another content it would be a
        # nonce used twice.
        digest = hash(message)
        if self._seen.setdefault(number, digest) != digest:
            raise AssertionError("envelope number %d has sealed two messages" % number)
        self.silence_at = now
        code = body[_CODE]
        if code == _RECEIPT and self._random() >= self.loses_receipts:
            self._station.take(body)
        if code not in (_RECEIPT, _EVENT, _FREEZE):
            self.readings += code == 2
            if _NEXT in body:
                self.next = max(self.next, body[_NEXT])
                self._look(body, now)
            return
        numbered = body.get(_NUMBER)
        if numbered is None:
            return
        if numbered in self.held:
            self.repeats += 1
            if code != _RECEIPT and self.held[numbered].get(_ROWS) != body.get(_ROWS):
                self.stale += 1
        else:
            self.held[numbered] = body
        self.next = max(self.next, numbered + 1)
        self._look(body, now)
        if not self._acknowledge_at:
            self._acknowledge_at = now + ACKNOWLEDGE_S * _US

    def _look(self, body: dict, now: int) -> None:
        """See what follows from what the meter says of its outbox."""
        oldest = body.get(_OLDEST, 0)
        self.oldest = max(self.oldest, oldest)
        self.discarded = max(self.discarded, body.get(_DISCARDED, 0))
        while self.last + 1 in self.held or self.last + 1 < self.oldest:
            self.last += 1
            if self.last not in self.held:
                self.lost.append(self.last)
        if self.last + 1 < self.next and not self._gap_at:
            self._gap_at = now + 30 * _US
        if oldest and oldest <= self.last and not self._acknowledge_at:
            self._acknowledge_at = now + ACKNOWLEDGE_S * _US
