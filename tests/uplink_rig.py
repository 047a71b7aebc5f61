"""A meter with records, keys and an uplink, and a head-end beside it, for tests.

The head-end is built on the firmware's own ciphers; tools/uplink is the other one, in
tests/system.
"""

from message_rig import METER, Rig, opened, seal

from joulegate.core.events import EventLog
from joulegate.link.uplink.held import Held
from joulegate.link.uplink.sources import Sources
from joulegate.link.uplink.uplink import Uplink
from joulegate.storage.outbox import Outbox
from joulegate.storage.records import Records
from joulegate.vending.carriers import NETWORK
from joulegate.vending.keys import HEAD_END, KeyEntry

HEAD_END_KEY = (b"H1", bytes(range(0x50, 0x60)))
DAY_S = 86400


class Restarts:
    cause = 1
    level = 0
    safe_mode = False


class Entrance:
    """Where the uplink finds who seals."""

    def __init__(self):
        self.messages = None


class Watch:
    outputs = None


class UplinkRig(Rig):
    version = "0.1"
    uplink = None

    def __init__(self, folder, fresh=True, safe=False):
        self.safe = safe
        self.restarts = Restarts()
        self.entrance = Entrance()
        self.watch = Watch()
        self.up = 0
        super().__init__(folder, fresh=fresh)

    def new_keys(self, factory):
        return super().new_keys(factory) + [KeyEntry(HEAD_END, *HEAD_END_KEY)]

    def restart(self):
        self.log = EventLog()
        super().restart()

    def build(self):
        self.clock.uptime = lambda: self.up
        self.records = None
        held = None
        if not self.safe:
            self.records = Records(self.folder, self.log, self.clock)
            self.records.load(
                self.state.registers, self.state.billing.zone, self.state.settings.values)
            outbox = Outbox(self.folder, self.log)
            held = Held(outbox, Sources(self.records, outbox), self.records)
        self.uplink = Uplink(self, held)
        super().build()
        self.entrance.messages = self.service
        self.uplink.start(self.clock.now())

    @property
    def outbox(self):
        return self.uplink.held.outbox

    def pass_s(self, seconds, step=1):
        """Let time go by, a step of the uplink every `step` seconds."""
        for _ in range(0, seconds, step):
            self.clock.second += step
            self.up += step
            if self.records is not None:
                self.records.events.drain(self.state.registers)
            self.uplink.step(self.clock.second)

    def happen(self, code, value=0):
        self.log.add(code, self.clock.second, value)
        if self.records is not None:
            self.records.events.drain(self.state.registers)

    def day(self, day):
        self.records.freezes.day_end(self.state.billing, day)

    def month(self):
        billing = self.state.billing
        self.records.freezes.month_end(billing, billing.statement(True))

    def take(self, most=100, handed=True):
        """Take what the uplink offers, as a broker does; return [(topic, body), ...]."""
        found = []
        while len(found) < most:
            offered = self.uplink.next()
            if offered is None:
                return found
            token, suffix, message = offered
            if handed:
                self.uplink.handed(token)
            found.append((suffix, opened(self, message)[1]))
        return found

    def say(self, role, number, body):
        """Have the meter take a message as the link task does; return the Answer."""
        answer = self.accept(sealed(role, number, body), NETWORK)
        self.uplink.receipt(answer.receipt)
        return answer


def sealed(role, number, body):
    if role == HEAD_END:
        return seal(METER, number, body, kid=HEAD_END_KEY[0], key=HEAD_END_KEY[1])
    return seal(role, number, body)


def numbers(found):
    """Return the outbox numbers of what was taken, in order."""
    return [body[9] for _, body in found if 9 in body]
