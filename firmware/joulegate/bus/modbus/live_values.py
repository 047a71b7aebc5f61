"""What the registers say of the moment, but for money: each method puts the rows of one block.

In the order of the table. The steady case allocates nothing: what takes memory to work out is
kept until it is another one. A value that nobody knows is None.
"""

from micropython import const

from joulegate.bus.modbus.kept_bytes import TextBytes
from joulegate.bus.modbus.period_begin import PeriodBegin
from joulegate.bus.modbus.period_energy import put_periods, put_sums
from joulegate.bus.modbus.register_index import RegisterIndex
from joulegate.bus.modbus.register_table import VERSION
from joulegate.core.reading import (
    EXPORT,
    IMPORT,
    QUANTITIES,
    REACTIVE_EXPORT,
    REACTIVE_IMPORT,
)
from joulegate.core.registers import (
    APPARENT_EXPORT,
    APPARENT_IMPORT,
    QUADRANT_2,
    QUADRANT_3,
    apparent,
)
from joulegate.core.supply_reasons import EMERGENCY, MODES, TAMPER

_PHASES = const(3)


class LiveValues:
    def __init__(self, app: object, index: RegisterIndex, begin: PeriodBegin) -> None:
        """app: the meter's parts, looked at anew at each call; index: takes the values."""
        self._app = app
        self._index = index
        self._begin = begin
        self._firmware = app.version.encode()
        self._board = app.board.NAME.encode()
        self._meter_id = TextBytes()
        self._currency = TextBytes()
        self._looked = False

    # --- identity -------------------------------------------------------------------------

    def identity(self) -> None:
        """Put who this is, and how it is."""
        app = self._app
        index = self._index
        state = app.state
        index.put(VERSION)
        index.put_bytes(self._meter_id.of(state.meter_id))
        index.put_bytes(self._firmware)
        index.put_bytes(self._board)
        index.put(app.metering.reading.phases)
        index.put(state.counts_per_kWh)
        index.put(self._status())
        billing = state.billing
        if billing is None:
            index.put_unknown_rows(2)
        else:
            index.put(billing.tariff.unit_places)
            index.put_bytes(self._currency.of(billing.tariff.document.currency))
        index.put(app.clock.now())
        index.put(app.clock.source)
        index.put(app.clock.up)
        index.put(app.restarts.starts)
        index.put(app.restarts.cause)
        if billing is None:
            index.put_unknown_rows(3)
            return
        index.put_bytes(billing.tariff.digest)
        following = billing.next_tariff
        if following is None:
            index.put_unknown_rows(2)
        else:
            index.put_bytes(following.digest)
            index.put(billing.next_start)

    def _status(self) -> int:
        app = self._app
        return (
            (1 if app.state.provisioned else 0) | (2 if app.clock.valid else 0)
            | (4 if app.metering.measured else 0) | (0 if app.power_fail.failing else 8)
            | (16 if app.restarts.safe_mode else 0)
            | (32 if app.profile == "production" else 0)
            | (64 if app.records is not None else 0))

    # --- live -----------------------------------------------------------------------------

    def live(self, rows: int) -> None:
        """Put what flows now; rows: of the block, as below."""
        metering = self._app.metering
        if not metering.measured or not metering.ticks:
            self._index.put_unknown_rows(rows)
            return
        index = self._index
        reading = metering.reading
        index.put(reading.voltage_cV)
        index.put(reading.current_mA)
        index.put(reading.active_W)
        index.put(reading.reactive_var)
        index.put(apparent(abs(reading.active_W), reading.reactive_var))
        index.put(reading.power_factor_milli)
        index.put(reading.frequency_cHz)
        index.put(reading.neutral_mA)
        index.put(reading.distortion_bp)
        self._put_phases(reading.phase_voltage_cV, reading.voltage_cV)
        self._put_phases(reading.phase_current_mA, reading.current_mA)
        self._put_phases(reading.phase_active_W, reading.active_W)

    def _put_phases(self, values: "list | None", single: int) -> None:
        index = self._index
        if values is not None:
            for phase in range(_PHASES):
                index.put(values[phase])
            return
        index.put(single)
        index.put_unknown_rows(_PHASES - 1)

    # --- energy ---------------------------------------------------------------------------

    def energy(self, rows: int) -> None:
        """Put what was counted."""
        app = self._app
        index = self._index
        registers = app.state.registers
        wh = registers.wh
        last = index.row + rows
        for quantity in range(QUANTITIES):
            index.put(wh[quantity])
        index.put(_rest(registers, REACTIVE_IMPORT, QUADRANT_2))
        index.put(wh[QUADRANT_2])
        index.put(wh[QUADRANT_3])
        index.put(_rest(registers, REACTIVE_EXPORT, QUADRANT_3))
        index.put(wh[APPARENT_IMPORT])
        index.put(wh[APPARENT_EXPORT])
        billing = app.state.billing
        if billing is None:
            index.put_unknown_rows(last - index.row)
            return
        begin = self._begin
        begin.look()
        if begin.day_known:
            index.put(wh[IMPORT] - begin.import_Wh)
            index.put(wh[EXPORT] - begin.export_Wh)
        else:
            index.put_unknown_rows(2)
        tariff = billing.tariff
        put_sums(index, billing.cells, billing.exports, tariff)
        put_periods(index, billing.cells, tariff, tariff.tiers)
        put_periods(index, billing.exports, tariff, 1)

    # --- supply ---------------------------------------------------------------------------

    def supply(self) -> None:
        """Put whether it delivers, and why not."""
        app = self._app
        index = self._index
        supply = app.state.supply
        switch = app.switch
        index.put(supply.state)
        index.put(switch.closed)
        index.put(supply.reasons)
        index.put(supply.forbidding)
        index.put(supply.lifts)
        index.put(supply.until)
        load = app.relay.load_voltage()
        index.put(None if load is None else 1 if load else 0)
        index.put(switch.intent)
        index.put(self._alarms())
        index.put(_control_mode(supply.mode))
        index.put(supply.tries)
        index.put(supply.overloads)
        index.put(supply.levels.warned)
        index.put(supply.left if supply.remote is not None else None)
        outputs = app.watch.outputs
        index.put(0 if outputs is None else outputs.control.on)

    def _alarms(self) -> int:
        app = self._app
        supply = app.state.supply
        gate = app.gate
        emergency = supply.emergency
        offered = emergency is not None and emergency.offered and not supply.kept & EMERGENCY
        return (
            (1 if supply.levels.warned else 0) | (2 if app.switch.fault else 0)
            | (0 if app.clock.valid else 4)
            | (8 if gate is not None and gate.suspended else 0)
            | (16 if app.restarts.safe_mode else 0) | (0 if app.metering.measured else 32)
            | (64 if supply.reasons & TAMPER else 0)
            | (128 if app.power_fail.failing else 0) | (256 if offered else 0))

    # --- demand and counters --------------------------------------------------------------

    def demand(self, rows: int) -> None:
        """Put the mean powers, which are not known while demand is off."""
        index = self._index
        demand = self._app.state.demand
        if demand is None:
            index.put_unknown_rows(rows)
            return
        for number in range(rows):
            value = demand.figure(number)
            # A maximum that never was has no time either.
            index.put(value if value or not index.is_time() else None)

    def counters(self, rows: int) -> None:
        """Put how many there have been."""
        app = self._app
        index = self._index
        last = index.row + rows
        index.put(app.metering.ticks)
        index.put(app.ic.bus_errors)
        index.put(app.task.longest_tick_us)
        index.put(app.log.count)
        records = app.records
        if records is None:
            index.put_unknown_rows(last - index.row)
            return
        self._looked = False
        for ring in records.events.rings:
            self._put_number(ring)
        self._put_number(records.purchases.credits)
        self._put_number(records.purchases.refusals)
        self._put_number(records.freezes.day_ring)
        self._put_number(records.freezes.month_ring)
        self._put_number(records.profile.ring)

    def _put_number(self, ring: object) -> None:
        """Put how many entries a ring has ever had.

        Where it ends is looked for once, on flash; an answer waits for one such search at most.
        """
        number = ring.known()
        if number is None and not self._looked:
            self._looked = True
            number = ring.next
        self._index.put(number)


def _control_mode(allows: int) -> int:
    """Return the number of the control mode by what it allows; the settings would make garbage."""
    number = 0
    while MODES[number] != allows:
        number += 1
    return number


def _rest(registers: object, whole: int, part: int) -> int:
    """Return what is left of a register without a part of it, rounded down."""
    borrowed = 1 if registers.remainder[whole] < registers.remainder[part] else 0
    rest: int = registers.wh[whole] - registers.wh[part] - borrowed
    return rest
