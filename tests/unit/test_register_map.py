# heapsize: 1024wK
"""The Modbus registers: which there are, what is refused, and what they say."""

import unittest

from bus_rig import BLOCKS, NAMED, ROWS, UNIX_2020, BusRig, Reader
from parts import METER_ID, new_state
from scratch import scratch_folder

from joulegate.bus.modbus import register_table
from joulegate.bus.modbus.register_map import OBJECTS, RegisterMap
from joulegate.core.civil import NO_TIME
from joulegate.core.demand import Demand

ADDRESSES = 0x10000


def warm(reader):
    """Have the counters find out about all records."""
    for _ in range(20):
        reader.get("ticks")


class TableTest(unittest.TestCase):
    def test_blocks_fit_a_request_and_keep_apart(self):
        ends = {False: -1, True: -1}
        for holding, address in sorted(BLOCKS):
            rows = BLOCKS[holding, address]
            size = sum([row.width for row in rows])
            self.assertTrue(0 < size <= register_table.BLOCK_MAX, rows[0].name)
            # With a hole before each: what goes over the end of a block is refused.
            self.assertTrue(address > ends[holding], rows[0].name)
            ends[holding] = address + size

    def test_names_are_different(self):
        self.assertEqual(len(NAMED), len(ROWS))

    def test_rows_are_complete(self):
        for line in register_table.TABLE.split("\n"):
            if line and line[0] not in "@ ":
                kind, name, scale, unit, meaning = line.split(" ", 4)
                self.assertTrue(-8 <= int(scale) <= 0 and meaning and unit, line)
                self.assertTrue(kind.partition("*")[0] in register_table.TYPES, line)


class RefusalTest(unittest.TestCase):
    def setUp(self):
        self.rig = BusRig(scratch_folder("registers"))
        self.reader = self.rig.reader

    def test_every_address_alone(self):
        """Only those that are a value by themselves answer."""
        single = {(row.holding, row.address) for row in ROWS if row.width == 1}
        out = bytearray(2)
        read = self.rig.map.read
        for holding in (False, True):
            for address in range(ADDRESSES):
                code = read(holding, address, 1, out, 0)
                if code != (0 if (holding, address) in single else 2):
                    self.fail("%s 0x%04x: %d" % (holding, address, code))

    def test_every_begin_and_end_in_a_block(self):
        """What begins and ends with values answers the same bytes, anything else exception 2."""
        warm(self.reader)
        for (holding, first), rows in BLOCKS.items():
            size = sum([row.width for row in rows])
            code, whole = self.reader.ask(holding, first, size)
            self.assertEqual(code, 0)
            edges = {row.address - first for row in rows}
            edges.add(size)
            for begin in range(size + 1):
                for end in range(begin + 1, size + 2):
                    code, body = self.reader.ask(holding, first + begin, end - begin) \
                        if end - begin <= 125 else (2, None)
                    if begin in edges and end in edges:
                        self.assertEqual(body, whole[2 * begin:2 * end])
                    else:
                        self.assertEqual((code, body), (2, None))

    def test_counts(self):
        for holding in (False, True):
            for count in (0, 126, 127, 1000, 65535, -1):
                for address in (0, 0x0100, 0x0800, 0x1000, 0xFFFF):
                    self.assertEqual(self.reader.ask(holding, address, count), (3, None))
        self.assertEqual(self.reader.ask(False, 0xFFFF, 2), (2, None))

    def test_writes_are_refused_but_for_selectors(self):
        allowed = {row.address for row in ROWS if row.holding}
        before = self.rig.facts()
        data = bytearray(8)
        for address in range(ADDRESSES):
            code = self.rig.map.write(address, 1, data, 3)
            if code != (0 if address in allowed else 2):
                self.fail("0x%04x: %d" % (address, code))
        self.assertEqual(self.rig.facts(), before)

    def test_writes_over_the_edge(self):
        first = NAMED["day_select"].address
        data = bytearray(256)
        write = self.rig.map.write
        for address, count, code in (
                (first - 1, 2, 2), (first, 8, 2), (first + 6, 2, 2), (first, 7, 0),
                (first, 0, 3), (first, 124, 3), (first, 65535, 3), (0xFFFF, 2, 2)):
            self.assertEqual(write(address, count, data, 0), code)

    def test_bad_values_change_nothing(self):
        reader = self.reader
        self.assertEqual(reader.put("day_select", 3, 2, 1, 1, 4, 6, 5), 0)
        selectors = [row.name for row in ROWS if row.holding]
        before = [reader.get(name) for name in selectors]
        self.assertEqual(before, [3, 2, 1, 1, 4, 6, 5])
        records = self.rig.records
        for values in (
                (records.freezes.day_ring.capacity + 1,),
                (1, records.freezes.month_ring.capacity + 1),
                (1, 1, records.profile.ring.capacity + 1),
                (1, 1, 1, 2), (1, 1, 1, 0, 114), (1, 1, 1, 0, 1, 9), (1, 1, 1, 0, 1, 8, 128),
                (0xFFFF,)):
            self.assertEqual(reader.put("day_select", *values), 3)
            self.assertEqual([reader.get(name) for name in selectors], before)
        self.assertEqual(reader.put(
            "day_select", records.freezes.day_ring.capacity,
            records.freezes.month_ring.capacity, records.profile.ring.capacity, 1, 113, 8, 113),
            0)


class IdentificationTest(unittest.TestCase):
    def test_objects(self):
        rig = BusRig(scratch_folder("registers"))
        found = [rig.map.identification(number) for number in OBJECTS]
        self.assertEqual(found, [
            b"Joulegate", b"Joulegate BENCH", b"0.1", b"Prepayment electricity meter", b"BENCH",
            b"joulegate, development", METER_ID.encode(), b"01ab", b"flat"])
        for number in range(256):
            self.assertEqual(rig.map.identification(number) is not None, number in OBJECTS)

    def test_objects_of_a_meter_not_provisioned(self):
        rig = BusRig(scratch_folder("registers"))
        rig.state = new_state(scratch_folder("blank"))
        self.assertEqual(rig.map.identification(0x80), b"")
        self.assertEqual(rig.map.identification(0x82), b"")


class ValueTest(unittest.TestCase):
    def setUp(self):
        self.rig = BusRig(scratch_folder("registers"))
        self.reader = self.rig.reader

    def check(self, **values):
        for name, value in values.items():
            self.assertEqual((name, self.reader.get(name)), (name, value))

    def test_identity(self):
        rig = self.rig
        self.check(
            map_version=1, meter_id=METER_ID, firmware="0.1", board="BENCH", phases=1,
            counts_per_kWh=32000, status=1 + 2 + 4 + 8 + 64, money_places=5, currency="EUR",
            time=rig.clock.second + UNIX_2020, clock_source=1, starts=5, reset_cause=1,
            tariff_digest=rig.state.billing.tariff_digest, next_tariff_digest=bytes(8),
            next_tariff_start=None)
        rig.clock.pass_ms(123456789)
        self.check(uptime=123456)
        rig.restarts.safe_mode = True
        rig.power_fail.failing = True
        rig.metering.measured = False
        rig.profile = "production"
        self.check(status=1 + 2 + 16 + 32 + 64)

    def test_times(self):
        """In halves, over every border, and never before the year 2000."""
        for second in (0, 1, 0x1EFF, 0x1F00, 0xFFFF, 0x10000, 0x3FFFFFFF, -1, -631152000):
            self.rig.clock.second = second
            self.check(time=second + UNIX_2020)
        for second in (NO_TIME, NO_TIME + 100, -631152001):
            self.rig.clock.second = second
            self.check(time=None)

    def test_live(self):
        reading = self.rig.metering.reading
        reading.voltage_cV = 23017
        reading.current_mA = 100001
        reading.active_W = -12345
        reading.reactive_var = 678
        reading.power_factor_milli = -998
        reading.frequency_cHz = 4998
        reading.neutral_mA = 99
        live = dict(
            voltage=23017, current=100001, active_power=-12345, reactive_power=678,
            power_factor=-998, frequency=4998, neutral_current=99, distortion=None,
            voltage_L1=23017, voltage_L2=None, current_L1=100001, current_L3=None,
            active_power_L1=-12345, active_power_L2=None)
        self.check(**live)
        exact = (12345 ** 2 + 678 ** 2) ** 0.5
        self.assertTrue(abs(self.reader.get("apparent_power") - exact) <= exact * 0.0002 + 1)
        reading.distortion_bp = 321
        self.check(distortion=321)
        self.rig.metering.measured = False
        self.check(**{name: None for name in live})
        self.check(apparent_power=None)
        self.rig.metering.measured = True
        self.rig.metering.ticks = 0
        self.check(voltage=None)

    def test_three_phases(self):
        reading = self.rig.metering.reading
        reading.phases = 3
        reading.phase_voltage_cV = [23000, 23100, 23200]
        reading.phase_current_mA = [1, 200000, 3]
        reading.phase_active_W = [-1, 2, 70000]
        self.check(
            phases=3, voltage_L1=23000, voltage_L2=23100, voltage_L3=23200, current_L1=1,
            current_L2=200000, current_L3=3, active_power_L1=-1, active_power_L2=2,
            active_power_L3=70000)

    def test_short_values_stay_in_their_type(self):
        reading = self.rig.metering.reading
        for value, shown in ((-1, 0), (65535, 65534), (65534, 65534), (1000000, 65534)):
            reading.voltage_cV = value
            self.check(voltage=shown)
        for value, shown in ((-32768, -32767), (-32767, -32767), (32768, 32767)):
            reading.power_factor_milli = value
            self.check(power_factor=shown)

    def test_energy(self):
        registers = self.rig.state.registers
        for i in range(8):
            registers.wh[i] = 1000000007 * (i % 4) + 100 * i
        registers.wh[2] = 4294967295  # the widest that a register is
        registers.wh[4] = 5
        registers.remainder[4] = 2
        wh = registers.wh
        self.check(
            import_energy=wh[0], export_energy=wh[1], reactive_import=4294967295,
            reactive_export=wh[3], quadrant_1=4294967295 - 5 - 1, quadrant_2=5,
            quadrant_3=wh[5], quadrant_4=wh[3] - wh[5], apparent_import=wh[6],
            apparent_export=wh[7])

    def test_month_by_period(self):
        rig = self.rig
        billing = rig.state.billing
        billing.consume(32000 * 3 + 33)
        billing.produce(16001)
        self.check(
            month_import=3001, month_import_T1=3001, month_import_T2=None, month_export=500,
            month_export_T1=500, month_export_T6=None, tier=2, tiers=2, to_next_tier=None)

    def test_day_and_month_use(self):
        rig = self.rig
        billing = rig.state.billing
        account = rig.state.account
        wh = rig.state.registers.wh
        # The first day: what was charged is known, what the register began with is not.
        self.check(day_charges=account.charges, month_charges=account.charges, day_import=None)
        wh[0], wh[1] = 5000, 70
        rig.clock.second += 86400
        billing.advance(rig.clock.second)
        begun = account.charges - 1000  # the standing charge of today is of today
        wh[0], wh[1] = 6234, 170
        billing.consume(3200)
        self.check(
            day_import=1234, day_export=100, day_charges=account.charges - begun,
            month_charges=account.charges)
        before = account.charges
        rig.clock.second += 40 * 86400
        billing.advance(rig.clock.second)
        self.check(day_import=0, day_charges=1000)
        self.assertTrue(account.charges - before > self.reader.get("month_charges") > 0)
        month = [entry for entry in rig.records.freezes.months()][-1]
        self.check(month_charges=account.charges - month["charges"])

    def test_day_use_with_wide_totals(self):
        """Charges beyond the small ints of a board."""
        rig = self.rig
        account = rig.state.account
        account.charges_high, account.charges_low = 7, 0x1FFFFFFF - 5
        rig.clock.second += 86400
        rig.state.billing.advance(rig.clock.second)
        self.assertEqual(account.charges_high, 8)
        self.check(day_charges=1000, charges=account.charges)

    def test_money(self):
        rig = self.rig
        state = rig.state
        account = state.account
        rig.gate.credit(1, 5000000, rig.clock.now())
        self.check(
            balance=account.balance, available_credit=account.balance, price=12345678,
            export_price=5000000, season=1, period=1, tier=1, tiers=2, to_next_tier=1500,
            next_change=None, next_period=None, next_price=None, period_name="all",
            season_name="year", credits=5000000, charges=account.charges, last_credit=5000000,
            debt_1=0, debts_recovered=0, other_charges=0, commits=state.ledger.sequence)
        rig.supply.credit.cut_off = -1000
        self.check(available_credit=account.balance + 1000)
        account.balance = -5000
        self.check(balance=-5000, available_credit=0)
        state.billing.consume(32000)
        self.check(to_next_tier=500)
        state.account.debts.remaining[0] = 0x3FFFFFFF
        state.account.debts.remaining[2] = 7
        self.check(debt_1=0x3FFFFFFF, debt_2=0, debt_3=7)
        rig.supply.remote = object()
        rig.supply.left = -3
        self.check(available_credit=None, remote_left=-3)

    def test_wide_totals(self):
        """Limbs of every size, as the account keeps them."""
        account = self.rig.state.account
        for high in (0, 1, 7, 8, 0x1234567, 0x1FFFFFFF, -1, -9):
            for low in (0, 1, 0xFFFF, 0x10000, 0x1FFFFFFF):
                account.credits_high, account.credits_low = high, low
                self.check(credits=account.credits)

    def test_supply(self):
        rig = self.rig
        supply = rig.supply
        rig.switch.closed = 0
        supply.reasons = 1 + 2
        supply.lifts = 4
        supply.until = 86400
        supply.tries = 2
        supply.overloads = 3
        rig.switch.fault = True
        rig.gate.suspended = "a copy"
        self.check(
            control_state=0, output_state=0, reasons=3, forbidding=2, lifts=4,
            supply_until=86400 + UNIX_2020, load_voltage=0, relay_intent=0,
            alarms=2 + 8, control_mode=6, load_limit_trips=2, overload_trips=3,
            warnings_passed=0, remote_left=None, outputs=0)
        rig.relay.sensed = False
        supply.reasons = 16
        rig.clock.valid = False
        self.check(load_voltage=None, alarms=2 + 8 + 4 + 64, status=1 + 4 + 8 + 64)

    def test_demand(self):
        state = self.rig.state
        self.check(demand_minutes=None, max_demand_import_time=None, sum_demand_export=None)
        state.demand = Demand(state.registers, state.billing, 15, 3, self.rig.clock.now())
        state.registers.wh[0] += 1000
        state.demand.tick(self.rig.clock.now() + 900)
        names = [row.name for row in BLOCKS[False, 0x0500]]
        times = [row.kind == "time" for row in BLOCKS[False, 0x0500]]
        figures = state.demand.figures()
        self.assertEqual(len(names), len(figures))
        for name, is_time, figure in zip(names, times, figures):
            if is_time:
                figure = figure + UNIX_2020 if figure else None
            self.check(**{name: figure})
        self.assertTrue(self.reader.get("max_demand_import") > 0)

    def test_counters(self):
        rig = self.rig
        warm(self.reader)
        rig.happen(4)
        self.check(ticks=1, bus_errors=3, longest_tick=4700, events=rig.log.count,
                   events_quality=1, day_freezes=0, purchases=0)
        rig.day(0)
        rig.gate._purchases = rig.records.purchases
        rig.gate.credit(9, 100, rig.clock.now())
        self.check(day_freezes=1, purchases=1)

    def test_counters_are_looked_for_one_by_one(self):
        records = self.rig.records
        rings = records.events.rings
        for ring in rings:
            ring.load()
        found = []
        for _ in rings:
            self.reader.get("events_power")
            found.append(len([ring for ring in rings if ring.known() is not None]))
        self.assertEqual(found, list(range(1, len(rings) + 1)))


class LackTest(unittest.TestCase):
    """What a meter has not, nobody knows; but every register answers."""

    def names(self, reader):
        return {name for name, value in reader.all().items() if value is None or value == ""}

    def test_not_provisioned(self):
        rig = BusRig(scratch_folder("registers"))
        rig.state = new_state(scratch_folder("blank"))
        reader = Reader(RegisterMap(rig))
        unknown = self.names(reader)
        for row in BLOCKS[False, 0x0300]:
            if row.kind != "ascii":
                self.assertTrue(row.name in unknown, row.name)
        for name in ("meter_id", "money_places", "month_import", "currency"):
            self.assertTrue(name in unknown, name)
        self.assertEqual(reader.get("import_energy"), 0)
        self.assertEqual(reader.get("status") & 1, 0)

    def test_safe_mode(self):
        rig = BusRig(scratch_folder("registers"), safe=True)
        reader = rig.reader
        self.assertEqual(reader.put("day_select", 1, 1, 1, 1, 1, 8, 1), 0)
        values = reader.all()
        self.assertEqual(values["status"] & 64, 0)
        for name in ("day_import", "day_charges", "events_power", "profile_entries", "days_left"):
            self.assertEqual(values[name], None)
        for window in ("day", "month", "profile", "purchase", "event"):
            self.assertEqual(values[window + "_selected"], 1)
            self.assertEqual(values[window + "_valid"], 0)
            self.assertEqual(values[window + "_number"], None)

    def test_fresh(self):
        rig = BusRig(scratch_folder("registers"))
        values = rig.reader.all()
        for window in ("day", "month", "profile", "purchase", "event"):
            self.assertEqual(values[window + "_selected"], 0)
            self.assertEqual(values[window + "_valid"], 0)
            self.assertEqual(values[window + "_number"], None)


if __name__ == "__main__":
    unittest.main()
