"""The meter's lasting state, made by provisioning and found again at every start."""

import os

from joulegate.core import events as event
from joulegate.core.account import Account
from joulegate.core.billing import NEVER, Billing
from joulegate.core.civil import NO_TIME, Zone
from joulegate.core.events import EventLog
from joulegate.core.message_state import MessageState
from joulegate.core.meter_id import pack_meter_id, unpack_meter_id
from joulegate.core.registers import Registers
from joulegate.core.replay import Replay
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.storage.commit_policy import least_Wh
from joulegate.storage.journal import Journal
from joulegate.storage.ledger import Identity, Ledger
from joulegate.storage.record import RecordError
from joulegate.storage.records import Records
from joulegate.storage.settings import Settings
from joulegate.storage.tariff_store import TariffStore


class State:
    """account, billing and ledger are None while the meter is not provisioned; `error` then
    says why a meter that has records cannot use them."""

    def __init__(
        self, folder: str, counts_per_kWh: int, log: EventLog, fram: object = None,
        records: "Records | None" = None,
    ) -> None:
        """folder: on the mounted file system. fram: a driver, the ledger's home; or None.
        records: are told the ends of days and months; None to keep none."""
        self.records = records
        self.counts_per_kWh = counts_per_kWh
        self.log = log
        self.settings = Settings(
            folder + "/settings.json", least_Wh(fram is not None, folder))
        self.tariffs = TariffStore(folder + "/tariffs")
        self.journal = Journal(folder + "/journal/purchases.bin")
        self.ledger = Ledger(folder, fram)
        self.registers = Registers(counts_per_kWh)
        self.replay = Replay()
        self.messages = MessageState()
        self.supply = Supply()
        self.demand: object = None
        """Of core.demand, None while it is off or the meter is not provisioned."""
        self.energies: object = None
        """A core.other_energies.OtherEnergies, None without any or without an account."""
        self.account: Account | None = None
        self.billing: Billing | None = None
        self.meter_id = ""
        self.seen_before = NO_TIME
        """The last second that the ledger had seen when it was loaded."""
        self.error = ""
        self._folder = folder

    @property
    def provisioned(self) -> bool:
        return self.billing is not None

    def provision(
        self, meter_id: str, document: bytes, unit_places: int, switch: object, now: int,
        **settings: object
    ) -> None:
        """Make all records for a new meter and open its account.

        meter_id: 1 to 13 digits or letters. document: the tariff as JSON. Raises, and leaves
        the meter not provisioned, for bad values (ValueError) and failing storage (OSError).
        RuntimeError if it is provisioned.
        """
        if self.ledger.exists():
            raise RuntimeError("meter: is provisioned already")
        number = pack_meter_id(meter_id)
        self.settings.set(**settings)
        for name in ("tariffs", "journal"):
            if name not in os.listdir(self._folder):
                os.mkdir(self._folder + "/" + name)
        tariff = self.tariffs.save(document, self.counts_per_kWh, unit_places)
        account = Account(self.settings.values["maximum_balance"])
        billing = Billing(account, Zone(self.settings.values["zone"]), tariff)
        if self.records is not None:
            self.records.forget_account()
            self.records.load(self.registers, billing.zone, self.settings.values)
            billing.listener = self.records.freezes
        billing.open(now)
        self.configure_demand(billing, now)
        self._forget_energies()
        self.journal.create()
        self.ledger.create(self._owners(number, account, billing, switch))
        self._configure_energies(account, billing, now)
        self.meter_id = meter_id
        self.account = account
        self.billing = billing

    def load(self, switch: object, now: int) -> None:
        """Find the state again; what cannot be believed is reported and left alone."""
        for _ in self.settings.load():
            self.log.add(event.SETTING_DEFAULTED, now)
        if self.records is not None:
            self.records.load(
                self.registers, Zone(self.settings.values["zone"]), self.settings.values)
        if not self.ledger.exists():
            return
        try:
            self._load(switch, now)
        except (OSError, ValueError) as e:
            self.account = None
            self.billing = None
            self.energies = None
            self.error = str(e)
            self.log.add(event.STORAGE_ERROR, now)

    def _load(self, switch: object, now: int) -> None:
        values = self.ledger.load()
        places = values["identity", "unit_places"]
        counts = values["identity", "counts_per_kWh"]
        if counts != self.counts_per_kWh:
            raise RecordError("ledger: counts %d to the kWh, this meter %d" % (
                counts, self.counts_per_kWh))
        tariff = self.tariffs.load(values["billing", "tariff_digest"], counts, places)
        account = Account(self.settings.values["maximum_balance"])
        billing = Billing(account, Zone(self.settings.values["zone"]), tariff)
        number = values["identity", "meter_id"]
        missing = self.ledger.bind(self._owners(number, account, billing, switch), values)
        if account.rem1 >= tariff.d1 or account.rem2 >= tariff.d2:
            raise RecordError("ledger: remainder is not of this tariff")
        if missing:
            self.log.add(event.REGISTERS_BEHIND, now, missing)
        self._configure_debts(account)
        self._load_next(billing, values, now)
        self.configure_demand(billing, now)
        self._configure_energies(account, billing, now)
        self.meter_id = unpack_meter_id(number)
        self.account = account
        self.billing = billing
        if billing.audit():
            self.log.add(event.AUDIT_FAILED, now)
        if self.records is not None:
            self.records.freezes.resume(billing.day)
            billing.listener = self.records.freezes
        self.seen_before = billing.seen
        billing.resume(now)

    def _load_next(self, billing: Billing, values: dict, now: int) -> None:
        """Take the tariff to follow; one that cannot be read is reported and dropped, since
        the account must go on under the tariff in force."""
        digest = values["billing", "next_digest"]
        if digest == bytes(8):
            return
        try:
            billing.load_next(
                self.tariffs.load(
                    digest, self.counts_per_kWh, values["identity", "unit_places"]),
                values["billing", "next_start"])
        except (OSError, ValueError):
            self.log.add(event.TARIFF_DROPPED, now, values["billing", "next_start"])

    def configure_demand(self, billing: Billing, now: int) -> None:
        """Have demand go by the settings as they are, at a UTC second."""
        minutes = self.settings.values["demand_minutes"]
        self.demand = None
        if minutes:
            # Only here: few meters measure it, and a module takes memory.
            from joulegate.core.demand import Demand
            self.demand = Demand(
                self.registers, billing, minutes, self.settings.values["demand_subperiods"], now)
        else:
            self.registers.demand[0] = 0
        if self.records is not None:
            self.records.freezes.demand = self.demand

    def reset_demand(self, now: int) -> None:
        """Begin the maxima of demand anew and tell so; RuntimeError when it is off."""
        if self.demand is None:
            raise RuntimeError("demand: is off, the setting demand_minutes is 0")
        self.log.add(event.DEMAND_RESET, now, self.demand.reset(now))

    def configure_debts(self) -> None:
        """Have debts go by the settings as they are."""
        if self.account is not None:
            self._configure_debts(self.account)

    def _configure_debts(self, account: Account) -> None:
        debts = account.debts
        if debts.recovery is None:
            if not debts.wanted:
                return
            # Only here: few meters have debts, and a module takes memory.
            from joulegate.core.debts import Recovery
            debts.recovery = Recovery(account, self.supply)
        debts.recovery.configure(self.settings.values)

    def configure_energies(self, now: int) -> None:
        """Have other energies go by the settings as they are, at a UTC second.

        Their inputs are to be given to them then.
        """
        if self.account is not None:
            self._configure_energies(self.account, self.billing, now)

    def _configure_energies(self, account: Account, billing: Billing, now: int) -> None:
        if self.energies is not None or self.settings.values["energies"]:
            # Only here and below: few meters count other energies, and modules take memory.
            from joulegate.storage.energy_record import configure
            configure(self, self._folder, account, billing, now)

    def _forget_energies(self) -> None:
        """Drop what another account has left of other energies; OSError."""
        self.energies = None
        self.ledger.energies = None
        if "energies" in os.listdir(self._folder):
            from joulegate.storage.energy_record import forget
            forget(self._folder)

    def set_debt(self, number: int, units: int) -> int:
        """Have debt 1 or 2, by time, or 3, of top-ups, be so many credit units from now on, and
        commit that; return what it was.

        DebtError (ValueError), OSError or RecordError, and it stays as it was.
        """
        # Only here, as below.
        from joulegate.core.debts import check
        check(number, units)
        remaining = self.account.debts.remaining
        before = remaining[number - 1]
        remaining[number - 1] = units
        try:
            self.ledger.commit()
        except (OSError, ValueError):
            remaining[number - 1] = before
            raise
        self.configure_debts()
        return before

    def load_tariff(self, document: bytes, start: int) -> Tariff:
        """Store a tariff that takes over at a UTC second and commit that it will.

        ValueError (TariffError, TariffStoreError) or OSError, and the tariff to follow stays
        as it was.
        """
        if not -NEVER < start < NEVER:
            raise ValueError("tariff start %d: must be within +-%d" % (start, NEVER - 1))
        billing = self.billing
        before = (billing.next_tariff, billing.next_start)
        tariff = self.tariffs.save(
            document, self.counts_per_kWh, billing.tariff.unit_places)
        billing.load_next(tariff, start)
        try:
            self.ledger.commit()
        except Exception:
            billing.next_tariff, billing.next_start = before
            raise
        try:
            self.tariffs.keep_only([billing.tariff_digest, billing.next_digest])
        except OSError:
            pass  # a document too many does no harm, and the next change of tariff removes it
        return tariff

    def _owners(
        self, meter_id: bytes, account: Account, billing: Billing, switch: object
    ) -> dict:
        return {
            "identity": Identity(
                meter_id, billing.tariff.unit_places, self.counts_per_kWh),
            "account": account,
            "debts": account.debts,
            "billing": billing,
            "replay": self.replay,
            "switch": switch,
            "messages": self.messages,
            "supply": self.supply,
            "registers": self.registers,
        }
