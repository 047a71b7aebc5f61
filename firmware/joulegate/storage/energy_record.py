"""The record of energies counted by pulses, and the rows of their months.

Money and counts must not part, and the counts do not fit into the ledger. So this record holds
two states, that of the last commit and that of the next. It is written before the ledger, whose
`other_state` says which of the two is the ledger's own: a cut before the ledger leaves the one
state, a cut after it the other, and nothing has to be caught up.

Rows of months are written when a month ends, before the commit that ends it; the state says how
many there are, so those that a cut left over are taken back.
"""

import os
from errno import ENOENT

from micropython import const

from joulegate.core import events as event
from joulegate.core.energy_setting import INPUTS_MAX, NAME_LONGEST, UNIT_LONGEST, parse
from joulegate.core.events import EventLog
from joulegate.core.other_energies import KEPT, Book, EnergyState, OtherEnergies
from joulegate.storage.entry_layout import Layout
from joulegate.storage.record import Record, RecordError, restore
from joulegate.storage.ring import Ring

VERSION = const(1)
FOLDER = "/energies"
MONTH_FILES = const(2)
PART = const(8)
"""Flag of a row that is not its month's last, as in storage/freeze_store.py."""

_GENERATIONS = const(254)
"""They go from 1 to this and begin again at 1; it is even, so that slots go on in turn."""

_ROW = """
    time i: UTC second, the first instant of the month after, or when the part ended
    month H: year * 12 + month - 1
    flags B 0..8: 8 part before another meter or customer
    input B 1..4: pulse input
    name 12s: of the energy, ASCII, then zeros
    unit 4s: ASCII, then zeros
    pulses I 1..100000: pulses in so many units:
    size H 1..1000: units
    counts I: pulses of the meter since it was first counted
    month_counts I: pulses in the row's month
    charged Q: credit units charged in it, daily charges included
    unit_places B 0..5: decimals of the credit unit
"""


def month_ring(folder: str) -> Ring:
    """Return the ring of the months' rows. folder: of the meter's storage."""
    return Ring(folder + FOLDER + "/month", MONTH_FILES, Layout(b"JGEM", 1, _ROW))


def fields() -> tuple:
    """Return the fields of the record, those of both states."""
    found: list = []
    for slot in ("even", "odd"):
        found.append((slot, "generation", "B", 1, 0, _GENERATIONS, "tells which is the ledger's"))
        found.append((slot, "month", "H", 1, 0, 30000, "open month, year * 12 + month - 1"))
        found.append((slot, "rows", "I", 1, 0, 0x3FFFFFFF, "rows of months written"))
        for name, code, highest, meaning in KEPT:
            found.append((slot, name, code, INPUTS_MAX, 0, highest, meaning))
        for name, length in (("names", NAME_LONGEST), ("units", UNIT_LONGEST)):
            found.append((slot, name, "%ds" % (INPUTS_MAX * length), 1, None, None,
                          "of all inputs, ASCII, %d bytes each" % length))
    return tuple(found)


class EnergyRecord(Book):
    def __init__(self, folder: str, account: object, log: EventLog) -> None:
        """folder: of the meter's storage. log: for storage that fails."""
        self.ring = month_ring(folder)
        self._account = account
        self._log = log
        self._folder = folder + FOLDER
        self.record = Record(self._folder + "/state.bin", b"JGLE", VERSION, fields())
        self._slots = {"even": EnergyState(), "odd": EnergyState()}
        self._energies: object = None
        self._began = 0
        self._failed = False

    def load(self) -> EnergyState:
        """Return the state that belongs to the ledger, a new one if there never was one.

        OSError or RecordError when it cannot be had.
        """
        self.ring.load()
        state = EnergyState()
        generation = self._account.other_state
        if generation:
            restore(self.record.load(), self._slots)
            found = self._slot(generation)
            if found.generation != generation:
                raise RecordError("record %s: states %d and %d, the ledger is at %d" % (
                    self.record.path, self._slots["even"].generation,
                    self._slots["odd"].generation, generation))
            state.take(found)
            self.ring.take_back(state.rows)
        return state

    def begin_anew(self) -> EnergyState:
        """Return a new state in place of one that cannot be had; rows of months go on."""
        state = EnergyState()
        state.rows = self.ring.next
        return state

    def serve(self, energies: object) -> None:
        """Keep these energies from now on."""
        self._energies = energies
        energies.book = self

    # --- commits ------------------------------------------------------------------------------

    def commit(self, hot: object, owners: dict) -> None:
        """Commit the ledger's hot record, and before it what it points at; errors of `hot`."""
        self.prepare(owners["billing"].seen)
        try:
            hot.commit(owners)
        except Exception:
            self.cancel()
            raise
        if self._account.other_state != self._began:
            self._energies.dirty = False

    def prepare(self, now: int) -> None:
        """Write the state as it is, for the ledger to point at. now: UTC second. Never raises.

        When it fails the ledger goes on without, since money counts first; the next commit
        tries again.
        """
        self._began = self._account.other_state
        energies = self._energies
        if not energies.dirty:
            return
        generation = self._began % _GENERATIONS + 1
        try:
            energies.state.rows = self.ring.next
            slot = self._slot(generation)
            slot.take(energies.state)
            slot.generation = generation
            self._write()
        except (OSError, ValueError) as e:
            if not self._failed:
                self._failed = True
                number = e.errno if isinstance(e, OSError) else 0
                self._log.add(event.STORAGE_ERROR, now, number or 0)
            return
        self._failed = False
        self._account.other_state = generation

    def cancel(self) -> None:
        """Go back to the state before `prepare`: the ledger could not be written."""
        self._account.other_state = self._began

    def _write(self) -> None:
        try:
            self.record.replace(self._slots)
        except OSError as e:
            if e.errno != ENOENT:
                raise
            os.mkdir(self._folder)
            self.record.replace(self._slots)

    def _slot(self, generation: int) -> EnergyState:
        return self._slots["odd" if generation & 1 else "even"]

    # --- months -------------------------------------------------------------------------------

    def keep(self, energies: object, i: int, part: bool, instant: int) -> None:
        """Write the row of a month, or of a part of it. Never raises."""
        state = energies.state
        self.ring.keep((
            instant, state.month, PART if part else 0, i + 1, state.name(i), state.unit(i),
            state.pulses[i], state.sizes[i], state.counts[i], state.month_counts[i],
            state.month_charged[i], energies.unit_places), self._log, instant)


def configure(state: object, folder: str, account: object, billing: object, now: int) -> None:
    """Have the energies of a storage.state.State go by its settings, at a UTC second."""
    texts = state.settings.values["energies"]
    if state.energies is None:
        record = EnergyRecord(folder, account, state.log)
        try:
            found = record.load()
        except (OSError, ValueError):
            # Money stays as the ledger has it; the counts begin anew.
            state.log.add(event.STORAGE_ERROR, now)
            found = record.begin_anew()
        state.energies = OtherEnergies(account, billing.tariff.unit_places, found)
        record.serve(state.energies)
        account.energies = state.energies
        state.ledger.energies = record
    if texts != state.energies.texts:
        state.energies.configure(texts, parse(texts), billing.month, now)


def forget(folder: str) -> None:
    """Remove what another account has left; OSError."""
    for name in os.listdir(folder + FOLDER):
        os.remove(folder + FOLDER + "/" + name)
