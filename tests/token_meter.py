"""A meter of the parts that tokens touch, on files in a folder, for tests on both interpreters."""

from parts import NOON, new_state, new_switch, provisioned
from token_maker import KEY

from joulegate.storage.record import Record
from joulegate.storage.records import Records
from joulegate.vending import lockout, sts_keys
from joulegate.vending.carriers import KEYPAD
from joulegate.vending.gate import Gate
from joulegate.vending.lockout import Lockout
from joulegate.vending.sts_keys import DecoderKey, KeyStore
from joulegate.vending.token_entry import TokenEntry
from joulegate.vending.token_reader import TokenReader

TID = 3155040 + 700
"""Of a token issued at 11:40 on 2020-01-01, where the time of these tests begins."""
NO_TIME = -0x30000000
"""A second at which nobody knows the time."""


class Deeds:
    """What tokens had the meter do."""

    def __init__(self):
        self.done = []
        self.error = None

    def change_settings(self, changes):
        self._do(changes)

    def clear_tamper(self):
        self._do("clear_tamper")

    def _do(self, what):
        if self.error is not None:
            raise self.error
        self.done.append(what)


class Meter:
    def __init__(self, folder, key=None, **settings):
        """A meter just provisioned in an empty folder, and started once."""
        self.folder = folder
        state = provisioned(folder, **settings)
        if key is not False:
            self._keys(folder).replace(key or DecoderKey(KEY))
        self.build(state)

    def _keys(self, folder):
        return KeyStore(Record(folder + "/decoder.bin", sts_keys.MAGIC, sts_keys.VERSION,
                               sts_keys.FIELDS))

    def build(self, state):
        self.state = state
        self.log = state.log
        self.records = Records(self.folder, state.log, None)
        self.records.purchases.load()
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, state.log,
                         self.records.purchases)
        self.deeds = Deeds()
        self.lockout = Lockout(Record(self.folder + "/lockout.bin", lockout.MAGIC,
                                      lockout.VERSION, lockout.FIELDS))
        self.reader = TokenReader(
            self._keys(self.folder), self.lockout, state.replay, manufacturer=42)
        self.entry = TokenEntry(
            self.reader, self.gate, state.billing, state.replay, state.ledger, self.deeds,
            state.log)
        self.entry.start(NOON)
        self.gate.recover(NOON)

    def restart(self):
        """Take the supply away and bring it back."""
        state = new_state(self.folder)
        state.load(new_switch(), NOON)
        self.build(state)

    def enter(self, digits, carrier, now=NOON):
        return self.entry.enter(digits, carrier, now)

    def taken(self, digits, carrier=KEYPAD, now=NOON):
        """Enter a token that must be taken, and return what became of it."""
        entered = self.enter(digits, carrier, now)
        assert entered.accepted and entered.reply, entered.text
        return entered

    def refused(self, reason, digits, carrier=KEYPAD, now=NOON):
        """Enter one that must be refused for this reason, and change nothing."""
        before = self.facts()
        entered = self.enter(digits, carrier, now)
        assert entered.reason == reason, (entered.reason, entered.text)
        assert not entered.accepted and not entered.units and entered.token is None
        assert self.facts() == before, (self.facts(), before)
        return entered

    def facts(self):
        """Return all that tokens may change, but for tries and refusals."""
        account = self.state.account
        key = self.reader.keys.key
        return (account.balance, account.credits, account.charges, list(self.state.replay.marks),
                self.state.replay.base, self.state.ledger.sequence, key and key.bits,
                list(self.deeds.done), self.reader.change.held,
                dict(self.state.settings.values.changed))
