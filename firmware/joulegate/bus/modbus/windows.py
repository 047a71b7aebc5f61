"""Windows on the records on flash: a selector chooses one, its window shows it until the next.

A record is read once, when it is selected, and kept as the registers show it. What comes in
meanwhile moves nothing in the window: its number says which record it is. All counting is
backwards, 1 for the newest.
"""

from micropython import const

from joulegate.bus.modbus.period_energy import put_periods, wh_of
from joulegate.bus.modbus.register_index import RegisterIndex
from joulegate.core.civil import date_of
from joulegate.core.event_classes import NAMES
from joulegate.storage.load_profile import CHANNELS

# Windows, in the order of their blocks.
DAY = const(0)
MONTH = const(1)
PROFILE = const(2)
PURCHASE = const(3)
EVENT = const(4)
WINDOWS = const(5)

# Selectors, in the order of their registers: of day, month and profile, then the list and the
# number of a purchase, then the class and the number of an event.
_PURCHASE_LIST = const(3)
_EVENT_CLASS = const(5)
SELECTORS = const(7)

_WINDOW_OF = bytes((DAY, MONTH, PROFILE, PURCHASE, PURCHASE, EVENT, EVENT))
_SELECT_OF = bytes((0, 1, 2, _PURCHASE_LIST + 1, _EVENT_CLASS + 1))
_DAY_READS_MAX = const(10)


class Windows:
    def __init__(self, app: object, index: RegisterIndex, first: int) -> None:
        """app: the meter's parts; index: takes the values; first: number of the first window's
        block."""
        self._app = app
        self._index = index
        self._first = first
        self._wanted = [0] * SELECTORS
        self._shown: list = [None] * WINDOWS
        """The registers of each window, made when something is first selected."""

    # --- selectors ------------------------------------------------------------------------

    def put_selectors(self) -> None:
        """Put what the selectors are."""
        for value in self._wanted:
            self._index.put(value)

    def accepts(self, selector: int, value: int) -> bool:
        """Return whether a selector may have a value."""
        if selector == _PURCHASE_LIST:
            return value <= 1
        records = self._app.records
        if selector == _EVENT_CLASS:
            return value < len(NAMES)
        if records is None:
            return True
        return value <= self._ring(_WINDOW_OF[selector]).capacity

    def wanted(self) -> list:
        """Return what the selectors are, for `take_back`."""
        return list(self._wanted)

    def take(self, selector: int, value: int) -> None:
        """Have a selector at a value that it accepts; its window is looked at apart."""
        self._wanted[selector] = value

    def take_back(self, wanted: list) -> None:
        """Have all selectors as they were."""
        self._wanted = wanted

    def is_of(self, window: int, first: int, count: int) -> bool:
        """Return whether one of so many selectors is of a window."""
        for selector in range(first, first + count):
            if _WINDOW_OF[selector] == window:
                return True
        return False

    def _ring(self, window: int) -> object:
        """Return the ring in which the records of a window are, by its list."""
        records = self._app.records
        if window == DAY:
            return records.freezes.day_ring
        if window == MONTH:
            return records.freezes.month_ring
        if window == PROFILE:
            return records.profile.ring
        if window == PURCHASE:
            purchases = records.purchases
            return purchases.refusals if self._wanted[_PURCHASE_LIST] else purchases.credits
        return records.events.rings[self._wanted[_EVENT_CLASS]]

    # --- windows --------------------------------------------------------------------------

    def put(self, window: int) -> None:
        """Put the rows of a window as they were when it was read."""
        shown = self._shown[window]
        if shown is None:
            self._put_nothing(window, 0)
        else:
            self._index.put_words(shown)

    def look(self, window: int) -> None:
        """Read the record that is selected, and show it. Never raises."""
        index = self._index
        block = self._first + window
        size = index.registers(block)
        shown = self._shown[window]
        if shown is None:
            shown = bytearray(2 * size)
        index.begin(block, index.address(block), size, shown, 0)
        back = self._back(window)
        entry = None
        if back and self._app.records is not None:
            entry = self._read(window, back)
        if entry is None:
            self._put_nothing(window, back)
        else:
            index.put(back)
            index.put(1)
            index.put(entry["sequence"])
            (self._put_day, self._put_month, self._put_profile, self._put_purchase,
             self._put_event)[window](entry)
        self._shown[window] = shown

    def _back(self, window: int) -> int:
        back: int = self._wanted[_SELECT_OF[window]]
        return back

    def _put_nothing(self, window: int, back: int) -> None:
        index = self._index
        index.put(back)
        index.put(0)
        index.put_unknown_rows(index.rows(self._first + window) - 2)

    def _read(self, window: int, back: int) -> "dict | None":
        ring = self._ring(window)
        if window == DAY:
            return _day_back(ring, back)
        sequence = ring.next - back
        if window != PROFILE:
            found: dict | None = ring.read(sequence)
            return found
        if sequence < 0:
            return None
        entry = next(self._app.records.profile.intervals(start=sequence), None)
        return entry if entry is not None and entry["sequence"] == sequence else None

    # --- a record as rows -----------------------------------------------------------------

    def _put_day(self, entry: dict) -> None:
        index = self._index
        index.put(entry["time"])
        year, month, mday = date_of(entry["day"])
        index.put(year * 10000 + month * 100 + mday)
        index.put(entry["flags"])
        for wh in entry["wh"]:
            index.put(wh)
        index.put(entry["unit_places"])
        for name in ("balance", "day_charges", "day_credits", "charges", "credits"):
            index.put(entry[name])
        tariff = self._tariff_of(entry)
        put_periods(index, entry["cells"], tariff, tariff.tiers if tariff else 1)
        put_periods(index, entry["exports"], tariff, 1)
        index.put_bytes(entry["tariff_digest"])

    def _put_month(self, entry: dict) -> None:
        index = self._index
        index.put(entry["time"])
        index.put(entry["month"] // 12 * 100 + entry["month"] % 12 + 1)
        index.put(entry["flags"])
        for wh in entry["wh"] + entry["more"]:
            index.put(wh)
        minutes = entry["demand_minutes"]
        index.put(minutes)
        for figure in entry["demand"]:
            index.put(figure if minutes and (figure or not index.is_time()) else None)
        for name in ("import_counts", "export_counts"):
            index.put(wh_of(entry[name], entry["counts_per_kWh"]))
        for name in ("energy", "adders", "fixed", "export_credit", "tax", "total"):
            index.put(entry[name])
        index.put(entry["unit_places"])
        index.put(entry["balance"])
        tariff = self._tariff_of(entry)
        put_periods(index, entry["cells"], tariff, tariff.tiers if tariff else 1)
        index.put_bytes(entry["tariff_digest"])

    def _put_profile(self, entry: dict) -> None:
        index = self._index
        for name in ("time", "since", "minutes", "flags") + CHANNELS:
            index.put(entry.get(name))

    def _put_purchase(self, entry: dict) -> None:
        index = self._index
        refused = self._wanted[_PURCHASE_LIST]
        index.put(refused)
        for name in ("time", "commit", "carrier", "code", "reason", "tid", "units"):
            index.put(entry[name])
        # What of a credit did not reach the balance.
        index.put(0 if refused else entry["before"] + entry["units"] - entry["after"])
        index.put(entry["before"])
        index.put(entry["after"])

    def _put_event(self, entry: dict) -> None:
        index = self._index
        index.put(self._wanted[_EVENT_CLASS])
        for name in ("time", "began", "code", "missed", "value", "import_Wh", "export_Wh"):
            index.put(entry[name])

    def _tariff_of(self, entry: dict) -> object:
        """Return the tariff of a freeze if it is still in force, else None."""
        billing = self._app.state.billing
        if billing is None or billing.tariff.digest != entry["tariff_digest"]:
            return None
        return billing.tariff


def _day_back(ring: object, back: int) -> "dict | None":
    """Return the freeze of so many days back, None if there is none.

    Days mostly follow each other, so it is tried where it must be then. Days that are missing
    bring it nearer; days that were made twice, after a mark was lowered, move it away, and then
    the later one stands.
    """
    low = max(0, ring.next - ring.capacity) - 1
    high = ring.next
    sequence = high - 1
    wanted = None
    bounded = False
    for _ in range(_DAY_READS_MAX):
        entry = ring.read(sequence)
        if entry is None:
            return None
        if wanted is None:
            wanted = entry["day"] + 1 - back
        ahead: int = entry["day"] - wanted
        if not ahead:
            return entry
        if ahead > 0:
            high = sequence
            sequence = max(sequence - ahead, low + 1)
        else:
            low = sequence
            bounded = True
        if bounded:
            sequence = (low + high) // 2
        if not low < sequence < high:
            return None
    return None
