# heapsize: 32M
"""The Modbus registers of a whole meter: the same as it tells on its console, at every stage."""

import gc
import unittest

import vfs
from bus_rig import BLOCKS, UNIX_2020, Reader
from parts import tariff

import board
from joulegate.bus.modbus.register_map import RegisterMap
from joulegate.console import record_reports, reports
from joulegate.core.civil import parse_time
from joulegate.core.event_classes import NAMES
from joulegate.core.supply_reasons import REASONS
from joulegate.health.restarts import LEVEL_MAX
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"


def decimal(value, places):
    """Return a number at so many decimals as the reports write it."""
    digits = ("%0" + str(places + 1) + "d") % abs(value)
    text = digits[:len(digits) - places] + "." + digits[len(digits) - places:]
    return ("-" if value < 0 else "") + text


def unix(text):
    return parse_time(text) + UNIX_2020


class Case(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        self.bed = Bed(LOAD)
        self.app = self.bed.power_up()
        self.reader = Reader(RegisterMap(self.app))

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)

    def restart(self, cause=wiring.WDT_RESET):
        self.bed.reset(cause)
        self.app = self.bed.power_up()
        self.reader = Reader(RegisterMap(self.app))

    def provision(self):
        self.app.provision(METER_ID, tariff(), 5)
        self.app.credit(1, 900000000)

    def run_s(self, seconds, step=1):
        for _ in range(0, seconds, step):
            bench_clock.advance_us(step * 1000000)
            self.app.metering.step()
            self.app.watch.step()


class AllStages(Case):

    def test_not_provisioned(self):
        self.run_s(3)
        values = self.reader.all()
        self.assertEqual((values["meter_id"], values["status"] & 1), ("", 0))
        self.assertTrue(values["voltage"] > 20000 and values["balance"] is None)
        self.provision()
        self.run_s(3)
        values = self.reader.all()
        self.assertEqual((values["meter_id"], values["status"] & 1), (METER_ID, 1))
        self.assertTrue(values["balance"] > 0)

    def test_before_the_first_tick(self):
        self.provision()
        self.restart()
        values = self.reader.all()
        self.assertEqual((values["voltage"], values["ticks"]), (None, 0))
        self.assertEqual(values["meter_id"], METER_ID)

    def test_safe_mode(self):
        self.provision()
        for _ in range(LEVEL_MAX + 1):
            self.restart()
        self.assertTrue(self.app.restarts.safe_mode)
        self.run_s(2)
        values = self.reader.all()
        self.assertEqual(values["status"] & (16 + 64), 16)
        self.assertEqual(values["alarms"] & 16, 16)
        self.assertTrue(values["balance"] > 0 and values["day_freezes"] is None)

    def test_lost_clock(self):
        self.provision()
        self.run_s(2)
        self.app.clock.require(0x3FFFFFFE)
        self.run_s(2)
        values = self.reader.all()
        self.assertEqual((values["time"], values["clock_source"]), (None, 0))
        self.assertEqual((values["status"] & 2, values["alarms"] & 4), (0, 4))

    def test_silent_ic(self):
        self.provision()
        self.run_s(2)
        self.bed.ic.power_off()
        self.run_s(2)
        values = self.reader.all()
        self.assertEqual((values["voltage"], values["power_factor"]), (None, None))
        self.assertEqual((values["status"] & 4, values["alarms"] & 32), (0, 32))
        self.assertTrue(values["import_energy"] is not None)


class Lived:
    """A meter that has lived some days; made once, as that takes its time."""

    case = None

    @classmethod
    def meter(cls):
        if cls.case is None:
            cls.case = case = Case()
            Case.setUp(case)
            case.provision()
            case.app.state.settings.set(demand_minutes=15)
            case.app.state.configure_demand(case.app.state.billing, case.app.clock.now())
            case.run_s(3 * 86400, 900)
            case.app.credit(2, 1234567)
            case.run_s(60)
        return cls.case


class SameAsTheConsole(unittest.TestCase):

    def setUp(self):
        lived = Lived.meter()
        self.app, self.reader, self.run_s = lived.app, lived.reader, lived.run_s

    def test_status(self):
        values = self.reader.all()
        told = reports.status(self.app)
        for name, register, places in (
                ("V", "voltage", 2), ("A", "current", 3), ("pf", "power_factor", 3),
                ("Hz", "frequency", 2), ("balance", "balance", 5)):
            self.assertEqual(told[name], decimal(values[register], places))
        for name, register in (
                ("uptime_s", "uptime"), ("starts", "starts"), ("ticks", "ticks"),
                ("commits", "commits"), ("bus_errors", "bus_errors"), ("tier", "tier"),
                ("tiers", "tiers"), ("period", "period_name"), ("season", "season_name")):
            self.assertEqual((name, values[register]), (name, told[name]))
        self.assertEqual(told["W"], str(values["active_power"]))
        self.assertEqual(unix(told["time"]), values["time"])
        self.assertEqual(told["supply"], ("off", "on")[values["output_state"]])
        self.assertEqual(told["state"], "connected")
        self.assertEqual(values["control_state"], 1)
        # The console rounds to the credit unit; the register has three decimals more.
        self.assertTrue(abs(float(told["price"]) - values["price"] / 1e8) < 6e-6)
        self.assertEqual(values["currency"], told["currency"])

    def test_off_for_a_reason(self):
        self.app.state.supply.forbid(2 + 16)
        self.run_s(3)
        told = reports.status(self.app)
        values = self.reader.all()
        names = [name for i, name in enumerate(REASONS) if values["forbidding"] >> i & 1]
        self.assertEqual(told["reasons"], " ".join(names))
        self.assertEqual(values["output_state"], 0)
        self.assertEqual(values["load_voltage"], 0)
        self.assertEqual(told["state"], ("disconnected", "connected")[values["control_state"]])
        self.app.state.supply.lift(2 + 16)
        self.run_s(3)
        self.assertEqual(self.reader.get("output_state"), 1)

    def test_identity(self):
        values = self.reader.all()
        told = reports.identity(self.app)
        for name, register in (
                ("firmware", "firmware"), ("board", "board"), ("meter_id", "meter_id"),
                ("counts_per_kWh", "counts_per_kWh"), ("unit_places", "money_places")):
            self.assertEqual((name, values[register]), (name, told[name]))
        self.assertEqual(reports.tariff(self.app)["digest"], values["tariff_digest"].hex())

    def test_registers(self):
        values = self.reader.all()
        told = reports.registers(self.app)
        for name, register in (
                ("import_kWh", "import_energy"), ("export_kWh", "export_energy"),
                ("reactive_import_kvarh", "reactive_import"),
                ("reactive_export_kvarh", "reactive_export"),
                ("quadrant_1_kvarh", "quadrant_1"), ("quadrant_2_kvarh", "quadrant_2"),
                ("quadrant_3_kvarh", "quadrant_3"), ("quadrant_4_kvarh", "quadrant_4"),
                ("apparent_import_kVAh", "apparent_import"),
                ("apparent_export_kVAh", "apparent_export")):
            self.assertEqual((name, decimal(values[register], 3)), (name, told[name]))
        self.assertTrue(values["import_energy"] > 10000)

    def test_balance(self):
        values = self.reader.all()
        told = reports.balance(self.app)
        for name in ("balance", "credits", "charges"):
            self.assertEqual((name, decimal(values[name], 5)), (name, told[name]))
        self.assertTrue(abs(float(told["month_kWh"]) - values["month_import"] / 1000) < 0.0011)
        self.assertEqual(values["last_credit"], 1234567)
        # From the whole month to its days: what was used is what was used.
        self.assertTrue(0 < values["day_import"] < values["month_import"])
        last = [entry for entry in self.app.records.freezes.days()][-1]
        self.assertEqual(values["day_charges"], values["charges"] - last["charges"])
        self.assertEqual(values["day_import"], values["import_energy"] - last["wh"][0])
        self.assertTrue(0 < values["day_charges"] < values["month_charges"])

    def test_demand(self):
        values = self.reader.all()
        rows = reports.demand(self.app)["rows"]
        for row, prefix in ((rows[1], "last_demand_"), (rows[2], "max_demand_"),
                            (rows[3], "before_demand_"), (rows[4], "sum_demand_")):
            self.assertEqual((row[1], row[3]), (
                values[prefix + "import"], values[prefix + "export"]))
        self.assertEqual(unix(rows[2][2]), values["max_demand_import_time"])
        self.assertTrue(values["max_demand_import"] > 0)

    def test_days(self):
        rows = record_reports.days(self.app)["rows"]
        self.assertTrue(len(rows) >= 3)
        for back in range(1, len(rows) + 1):
            self.assertEqual(self.reader.put("day_select", back), 0)
            values = self.reader.all()
            day, imported, exported, charges, credits, balance, _ = rows[-back]
            self.assertEqual(day.replace("-", ""), str(values["day_date"]))
            self.assertEqual(imported, decimal(values["day_import_energy"], 3))
            self.assertEqual(exported, decimal(values["day_export_energy"], 3))
            self.assertEqual(charges, decimal(values["day_charged"], 5))
            self.assertEqual(credits, decimal(values["day_credited"], 5))
            self.assertEqual(balance, decimal(values["day_balance"], 5))

    def test_purchases_and_events(self):
        rows = record_reports.purchases(self.app)["rows"]
        self.assertEqual(self.reader.put("purchase_select", 1), 0)
        values = self.reader.all()
        time, tid, amount, _, _, before, after = rows[-1]
        self.assertEqual((unix(time), tid, amount, before, after), (
            values["purchase_time"], values["purchase_tid"],
            decimal(values["purchase_amount"], 5), decimal(values["purchase_before"], 5),
            decimal(values["purchase_after"], 5)))
        for number, name in enumerate(NAMES):
            rows = record_reports.log(self.app, name)["rows"]
            self.assertEqual(self.reader.put("event_class", number, 1), 0)
            values = self.reader.all()
            self.assertEqual(values["event_valid"], 1 if rows else 0)
            if rows:
                self.assertEqual(unix(rows[-1][0]), values["event_time"])
                self.assertEqual(rows[-1][3], values["event_value"])
                self.assertEqual(rows[-1][4], decimal(values["event_import_energy"], 3))


class NothingAllocated(Case):

    def test_reading_live_values(self):
        self.provision()
        self.run_s(86400, 600)
        read = self.reader.map.read
        out = bytearray(260)
        blocks = [(holding, address, sum([row.width for row in rows]))
                  for (holding, address), rows in BLOCKS.items()]
        for holding, address, size in blocks * 20:
            read(holding, address, size, out, 5)
        gc.collect()
        gc.disable()
        try:
            for holding, address, size in blocks:
                self.app.metering.step()
                before = gc.mem_alloc()
                for _ in range(10):
                    code = read(holding, address, size, out, 5)
                self.assertEqual((address, gc.mem_alloc() - before, code), (address, 0, 0))
            before = gc.mem_alloc()
            for address, count in ((0x50, 1), (0x0101, 1), (0x0200, 126), (0xFFFF, 9)):
                read(False, address, count, out, 5)
            self.assertEqual(gc.mem_alloc(), before)
        finally:
            gc.enable()


if __name__ == "__main__":
    unittest.main()
