"""All records of a meter beside its ledger: events, freezes, load profile, purchases."""

from joulegate.core.civil import TIME_MIN
from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.storage.event_store import EventStore
from joulegate.storage.freeze_store import FreezeStore
from joulegate.storage.load_profile import LoadProfile, channel_mask
from joulegate.storage.purchase_log import PurchaseLog


class Records:
    def __init__(self, folder: str, log: EventLog, clock: object) -> None:
        """folder: of the meter's storage; clock: answers now(). Touches no file."""
        self.events = EventStore(folder, log)
        self.freezes = FreezeStore(folder, log, clock)
        self.profile = LoadProfile(folder, log)
        self.purchases = PurchaseLog(folder, log)
        self.voltage: object = None
        """A VoltageStore, once a setting asks for one."""
        self._folder = folder
        self._log = log
        self._registers: Registers | None = None

    def load(self, registers: Registers, zone: object, values: object) -> None:
        """Find where each record ends. Never raises. values: the settings."""
        self._registers = registers
        self.events.load()
        self.freezes.load(registers)
        self.profile.load(zone)
        self.purchases.load()
        self.configure(values)

    def configure(self, values: object) -> None:
        """Take the settings of load profile and voltage."""
        self.profile.configure(
            values["profile_minutes"], channel_mask(values["profile_channels"]))
        if self.voltage is None and (values["band_above_percent"]
                                     or values["band_below_percent"]):
            # Only here: not every meter keeps it, and a module takes memory.
            from joulegate.storage.voltage_store import VoltageStore
            self.voltage = VoltageStore(self._folder, self._log)
            self.voltage.load()

    def forget_account(self) -> None:
        """Remove what belongs to an account, before another is opened; OSError."""
        self.freezes.forget()
        self.purchases.forget()

    def step(self, now: int, reading: Reading, valid: bool, supplied: bool) -> None:
        """Capture and write what is due; after every tick. Never raises.

        valid: something was read; supplied: the relay is closed. Allocates nothing when nothing
        is due.
        """
        if now < TIME_MIN:
            self.freezes.time_was_unknown = True
        self.profile.tick(now, reading, self._registers, valid, supplied)
        self.events.drain(self._registers)
