"""The meter as Modbus sees it: reading and writing of registers, and its identification.

An answer is all or nothing. It lies within one block and holds whole values: one that would
begin or end inside a value, or reach into a hole, is refused with exception 02, so no master
ever puts a number together from two moments. Only selectors of windows can be written, and they
change nothing but what the windows show: no register moves money or supply.

Source: Modbus Application Protocol Specification V1.1b3, sections 6.3, 6.4, 6.6, 6.12, 6.21, 7.
"""

from binascii import hexlify

from micropython import const

from joulegate.bus.modbus.exceptions import ILLEGAL_ADDRESS, ILLEGAL_VALUE
from joulegate.bus.modbus.live_values import LiveValues
from joulegate.bus.modbus.money_values import MoneyValues
from joulegate.bus.modbus.period_begin import PeriodBegin
from joulegate.bus.modbus.register_index import HOLDING, INPUT, RegisterIndex
from joulegate.bus.modbus.register_table import BLOCK_MAX

OK = const(0)

# Blocks, in the order of the table.
_IDENTITY = const(0)
_LIVE = const(1)
_ENERGY = const(2)
_MONEY = const(3)
_SUPPLY = const(4)
_DEMAND = const(5)
_COUNTERS = const(6)
_WINDOW = const(7)
_SELECT = const(12)

VENDOR = b"Joulegate"
PRODUCT = b"Prepayment electricity meter"
OBJECTS = bytes((0, 1, 2, 4, 5, 6, 0x80, 0x81, 0x82))
"""The objects of the identification: vendor, product code, revision, product name, model and
application name; of the private ones the meter's number, the processor's and the tariff's id."""


class RegisterMap:
    def __init__(self, app: object) -> None:
        """app: the meter's parts, looked at anew at each request."""
        self._app = app
        self._index = index = RegisterIndex()
        begin = PeriodBegin(app)
        self._live = LiveValues(app, index, begin)
        self._money = MoneyValues(app, index, begin)
        self._windows: object = None
        """The Windows, once something is selected in one."""

    def read(self, holding: bool, address: int, count: int, out: bytearray, at: int) -> int:
        """Write registers into `out` from `at` on, two bytes each, and return 0.

        2 for registers that are not there or parts of values, 3 for a count that is not 1 to
        125; then `out` is as it was. Allocates nothing in the steady case.
        """
        if not 0 < count <= BLOCK_MAX:
            return ILLEGAL_VALUE
        index = self._index
        block = index.find(HOLDING if holding else INPUT, address, count)
        if block < 0:
            return ILLEGAL_ADDRESS
        index.begin(block, address, count, out, at)
        self._put(block, index.rows(block))
        return OK

    def _put(self, block: int, rows: int) -> None:
        if block >= _WINDOW:
            self._put_window(block, rows)
        elif block == _LIVE:
            self._live.live(rows)
        elif block == _MONEY:
            self._money.put(rows)
        elif block == _ENERGY:
            self._live.energy(rows)
        elif block == _SUPPLY:
            self._live.supply()
        elif block == _IDENTITY:
            self._live.identity()
        elif block == _DEMAND:
            self._live.demand(rows)
        else:
            self._live.counters(rows)

    def _put_window(self, block: int, rows: int) -> None:
        windows = self._windows
        if windows is None:
            # Nothing has been selected: the number selected, and whether it is valid.
            zeros = rows if block == _SELECT else 2
            for _ in range(zeros):
                self._index.put(0)
            self._index.put_unknown_rows(rows - zeros)
        elif block == _SELECT:
            windows.put_selectors()
        else:
            windows.put(block - _WINDOW)

    def write(self, address: int, count: int, data: bytearray, at: int) -> int:
        """Set selectors to the words in `data` from `at` on and read what they select.

        Returns 0; 2 for any other register, 3 for a count that is not 1 to 123 or a value out
        of range, and then nothing has changed. Reads flash for the windows of those selectors
        alone: one or two records each, of days a few more where some are missing.
        """
        if not 0 < count <= BLOCK_MAX - 2:
            return ILLEGAL_VALUE
        index = self._index
        first = address - index.address(_SELECT)
        if first < 0 or first + count > index.registers(_SELECT):
            return ILLEGAL_ADDRESS
        windows = self._windows
        if windows is None:
            # Only here: many masters never look at a record, and a module takes memory.
            from joulegate.bus.modbus.windows import Windows
            windows = self._windows = Windows(self._app, index, _WINDOW)
        before = windows.wanted()
        for i in range(count):
            # Taken one by one, as the range of one depends on the list before it.
            value = data[at + 2 * i] << 8 | data[at + 2 * i + 1]
            if not windows.accepts(first + i, value):
                windows.take_back(before)
                return ILLEGAL_VALUE
            windows.take(first + i, value)
        for window in range(_SELECT - _WINDOW):
            if windows.is_of(window, first, count):
                windows.look(window)
        return OK

    def identification(self, object_id: int) -> "bytes | None":
        """Return an object of the device identification (function 43/14), None for one that
        there is not; see OBJECTS."""
        app = self._app
        if object_id == 0x00:
            return VENDOR
        if object_id == 0x01:
            return b"Joulegate " + app.board.NAME.encode()
        if object_id == 0x02:
            found: bytes = app.version.encode()
            return found
        if object_id == 0x04:
            return PRODUCT
        if object_id == 0x05:
            model: bytes = app.board.NAME.encode()
            return model
        if object_id == 0x06:
            return b"joulegate, " + app.profile.encode()
        return self._private(object_id)

    def _private(self, object_id: int) -> "bytes | None":
        state = self._app.state
        if object_id == 0x80:
            meter_id: bytes = state.meter_id.encode()
            return meter_id
        if object_id == 0x81:
            return hexlify(self._app.board.unique_id())
        if object_id == 0x82:
            billing = state.billing
            tariff: bytes = b"" if billing is None else billing.tariff.document.id.encode()
            return tariff
        return None
