"""A meter's storage on littlefs over a flash whose power can be cut, for MicroPython tests."""

import vfs
from parts import COUNTS_PER_KWH, METER_ID, NOON, UNIT_PLACES, new_switch, tariff

from joulegate.core.events import EventLog
from joulegate.storage.state import State
from joulegate.vending.gate import Gate
from world.flash import PAGE, Flash

ROOT = "/cut"
SECTORS = 32


class Counts:
    """Energy of a reading."""

    def __init__(self, imported, exported=0):
        self.import_counts = imported
        self.export_counts = exported
        self.reactive_import_counts = 0
        self.reactive_export_counts = 0


class Stored:
    """State, journal and gate as a start of the meter finds them on a flash."""

    def __init__(self, flash, now=NOON):
        self.flash = flash
        vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)
        try:
            self.state = State(ROOT, COUNTS_PER_KWH, EventLog())
            self.state.load(new_switch(), now)
            self.open_gate(now)
        except Exception:
            vfs.umount(ROOT)
            raise

    def open_gate(self, now=NOON):
        self.gate = None
        state = self.state
        if state.provisioned:
            self.gate = Gate(
                state.account, state.replay, state.ledger, state.journal, state.log)
            self.gate.recover(now)

    def provision(self):
        self.state.provision(
            METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON, maximum_balance=10**9,
            zone="UTC0")
        self.open_gate()

    def use(self, counts, exported=0):
        """Measure and charge energy, without a commit."""
        state = self.state
        state.registers.add(Counts(counts, exported))
        state.billing.consume(counts)
        state.billing.produce(exported)

    def leave(self):
        """Take the file system away, as the end of power does."""
        try:
            vfs.umount(ROOT)
        except OSError:
            return  # the flash is dead already

    def facts(self):
        """Return all that must be old or new together."""
        state = self.state
        if not state.provisioned:
            return None
        account, billing = state.account, state.billing
        # What differs from its default, and the one whose default goes by the memory.
        settings = dict(state.settings.values.changed)
        settings["commit_Wh"] = state.settings.values["commit_Wh"]
        return (
            account.balance, account.credits, account.charges, account.remainder,
            tuple(sorted(state.replay.marks)), tuple(state.registers.counts(q) for q in (0, 1)),
            billing.day, billing.month, tuple(billing.cells), billing.settled_units,
            billing.next_digest, billing.next_start,
            tuple(sorted(settings.items(), key=lambda item: item[0])))


def formatted():
    flash = Flash(SECTORS)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
    return flash


def provisioned_flash():
    """Return a flash with a meter that has credit and has used energy."""
    flash = formatted()
    stored = Stored(flash)
    stored.provision()
    stored.use(100, 10)
    stored.gate.credit(1, 1000000, NOON)
    stored.leave()
    return flash
