"""A meter that takes messages, for tests: real state, gate, keys and actions, no hardware.

And a sender, built on the firmware's own ciphers; pycose is the other one, in tests/system.
"""

from parts import METER_ID, NOON, FakeClock, new_state, new_switch, provisioned

from joulegate.commissioning import Commissioning
from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.metering import Metering
from joulegate.storage.document_inbox import DocumentInbox
from joulegate.vending.carriers import NETWORK
from joulegate.vending.cbor import decode, encode
from joulegate.vending.crypto.aes_ccm import AesCcm
from joulegate.vending.crypto.hkdf import derive
from joulegate.vending.envelope import DOWN, UP, context
from joulegate.vending.gate import Gate
from joulegate.vending.instructions import EPOCH, TABLE
from joulegate.vending.keys import ADMINISTRATOR, METER, TECHNICIAN, VENDING, KeyEntry
from joulegate.vending.message_result import REASONS, REASONS_FROM
from joulegate.vending.message_service import MessageService
from joulegate.vending.steps import Work
from joulegate.vending.vault.choice import choose

KEYS = {
    VENDING: (b"V1", bytes(range(0x10, 0x20))), ADMINISTRATOR: (b"A1", bytes(range(0x20, 0x30))),
    TECHNICIAN: (b"T1", bytes(range(0x30, 0x40))), METER: (b"M1", bytes(range(0x40, 0x50))),
}
REASON = {name: REASONS_FROM + i for i, name in enumerate(REASONS.split())}
MAXIMUM = 10 ** 9


class Codes:
    """The codes of instructions by name: CREDIT, DEBIT and so on; what can be read out."""

    STATUS, REGISTERS, DAYS, DEMAND = range(4)
    DAYS_MAX = 7


ROWS = [line.split() for line in TABLE.split("\n") if line]
for _row in ROWS:
    setattr(Codes, _row[1].upper(), int(_row[0]))


class RigClock(FakeClock):
    """A clock that can be set, and can lose its time."""

    valid = True

    def set(self, second):
        if second < NOON:
            raise ValueError("time: must be later")
        self.second = second
        return True


class Ic:
    """A metering IC through which nothing flows."""

    def read(self, reading):
        reading.voltage_cV = 23000
        return 0


def yes():
    return True


class Task:
    """Counts the ticks out of turn."""

    def __init__(self):
        self.steps = 0

    def step(self):
        self.steps += 1


class Watch:
    outputs = None


class Rig:
    """The parts that app.py would hold; `service` is what is on trial."""

    records = None
    watch = Watch()

    def __init__(self, folder, factory=False, lockout=None, fresh=True, protected=None):
        """fresh: provision it; otherwise it is found in the folder as a start finds it.
        protected: the board's protected storage for keys."""
        self.folder = folder
        self.protected = protected
        self.lockout = lockout
        self.log = EventLog()
        self.clock = RigClock()
        self.task = Task()
        self.switch = new_switch(self.clock)
        if not fresh:
            self.restart()
            return
        self.state = provisioned(folder, maximum_balance=MAXIMUM)
        self.build()
        self.service.provision(self.new_keys(factory))

    def new_keys(self, factory):
        return [KeyEntry(role, kid, key, factory) for role, (kid, key) in KEYS.items()]

    def restart(self):
        """Build all anew from flash."""
        self.state = new_state(self.folder)
        self.state.load(self.switch, self.clock.now())
        self.build()

    def build(self):
        """Do what app.py does at a start."""
        state = self.state
        self.supply = state.supply
        self.button = None
        self.configure()
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, self.log)
        self.gate.recover(self.clock.now())
        self.metering = Metering(
            Ic(), Meter(state.registers, self.supply, state.billing), self.switch, state,
            self.clock, self.log, yes)
        self.commissioning = Commissioning(self)
        self.service = MessageService(
            self, choose(self.folder, self.protected, ""),
            DocumentInbox(self.folder + "/incoming.bin"), self.lockout)
        self.ring = self.service.ring
        self.service.start()

    def configure(self):
        state = self.state
        state.supply.configure(
            state.settings.values, self.button is not None, state.billing.zone,
            state.counts_per_kWh)
        state.configure_debts()

    def resynchronise(self):
        """Nothing to go on with: its storage was never restored."""

    def tick(self):
        """Decide once, without a reading."""
        self.metering.meter.tick(
            self.clock.now(), self.metering.reading, self.clock.uptime())

    def self_test(self):
        return [("first", True, ""), ("second", False, "broken")]

    def accept(self, message, carrier=NETWORK):
        return self.begin(message, carrier).finish()

    def begin(self, message, carrier=NETWORK):
        return Work(self.service.accepting(message, carrier))

    def facts(self):
        """Return all that a refused message must leave alone."""
        state = self.state
        account = state.account
        billing = state.billing
        return (
            account.balance, account.credits, account.charges, account.remainder,
            tuple(state.replay.marks), tuple(billing.positions), billing.next_digest,
            billing.settled_units, self.supply.reasons, self.supply.kept, self.supply.until,
            self.supply.left,
            sorted([(name, str(value))
                    for name, value in state.settings.values.whole().items()]),
            self.clock.second,
            [(e.role, e.kid, e.key, e.factory, e.retired) for e in self.ring.entries])

    def numbers(self):
        """Return what each key was used for last."""
        return [(e.number, e.status, e.reason, e.balance, e.mark) for e in self.ring.entries]


def seal_bytes(role, number, plaintext, meter_id=METER_ID, direction=DOWN, kid=None, key=None):
    """Return a message as a sender of this role makes it, of any plaintext."""
    kid = KEYS[role][0] if kid is None else kid
    external = context(meter_id, direction, kid)
    material = derive(KEYS[role][1] if key is None else key, b"", external, 29)
    nonce = bytearray(material[16:])
    for i, byte in enumerate(number.to_bytes(13, "big")):
        nonce[i] ^= byte
    partial_iv = number.to_bytes(4, "big").lstrip(b"\x00")
    protected = b"\xa1\x01\x0a"
    structure = encode(["Encrypt0", protected, external], 96)
    sealed = AesCcm(material[:16]).seal(bytes(nonce), structure, plaintext)
    return b"\xd0" + encode([protected, {4: kid, 6: partial_iv}, sealed], 1024)


def seal(role, number, body, **others):
    return seal_bytes(role, number, encode(body, 900), **others)


def unix(second):
    return second + EPOCH


def opened(rig, message):
    """Return the body of a message of the meter, by its own key."""
    own = rig.ring.own()
    parts = decode(message[1:])
    kid, partial_iv = parts[1][4], parts[1][6]
    assert kid == own.kid
    external = context(rig.state.meter_id, UP, kid)
    material = derive(own.key, b"", external, 29)
    nonce = bytearray(material[16:])
    number = int.from_bytes(partial_iv, "big")
    for i, byte in enumerate(number.to_bytes(13, "big")):
        nonce[i] ^= byte
    body = decode(AesCcm(material[:16]).open(
        bytes(nonce), encode(["Encrypt0", parts[0], external], 96), parts[2]))
    return number, body
