# heapsize: 16M
"""The console on the bench: typed lines, the raw REPL and requests, while the meter meters."""

import asyncio
import json
import unittest

import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from world import bench_clock, pulse_meter, wiring

LOAD = "data/load/household-1min.csv"
RAW = b"raw REPL; CTRL-B to exit\r\n>"
WIDTH = 80


class Line:
    """The far end of the serial line: what was said, and what came back."""

    def __init__(self):
        self.input = bytearray()
        self.output = bytearray()

    def any(self):
        return len(self.input)

    def read(self, nbytes):
        data = bytes(self.input[:nbytes])
        self.input = self.input[nbytes:]
        return data

    def write(self, data):
        self.output.extend(data)


class Case(unittest.TestCase):

    profile = "development"

    def setUp(self):
        bench_clock.set_mode(bench_clock.VIRTUAL)
        self.line = Line()
        wiring.wire_uart(pins.CONSOLE_UART, self.line)
        self.bed = Bed(LOAD)
        self.app = self.bed.power_up()
        self.app.profile = self.profile

    def tearDown(self):
        vfs.umount(board.FOLDER)

    def cut_mains(self):
        self.bed.mains(False)
        self.bed.power_down()
        self.bed.mains(True)
        self.app = self.bed.power_up()

    def provision(self):
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.gate.credit(1, 1000000, self.app.clock.now())

    def say(self, *inputs, ms=1500):
        """Let the meter run, say one input after the other; return what came back in all."""
        async def talk():
            running = asyncio.create_task(self.app.run())
            await asyncio.sleep_ms(100)
            for data in inputs:
                self.line.input.extend(data)
                await asyncio.sleep_ms(ms)
            running.cancel()

        self.line.output = bytearray()
        asyncio.run(talk())
        asyncio.new_event_loop()
        return bytes(self.line.output)

    def answer(self, request):
        """Return the answer to a request as a host tool sends it."""
        code = b"meter.call(r'" + json.dumps(request).encode() + b"')"
        said = self.say(b"\x01", code + b"\x04", b"\x02")
        start = said.index(b"OK") + 2
        return json.loads(said[start:said.index(b"\x04", start)])

    def ok(self, request):
        answer = self.answer(request)
        self.assertTrue("ok" in answer, answer)
        return answer["ok"]

    def refusal(self, request):
        answer = self.answer(request)
        self.assertTrue("error" in answer, answer)
        return answer["error"]

    def upload(self, document):
        for at in range(0, len(document), 512):
            self.ok({"do": "upload", "at": at, "hex": document[at:at + 512].hex()})


class Typed(Case):

    def test_every_page_fits_the_screen(self):
        self.provision()
        words = (b"help", b"status", b"registers", b"balance", b"tariff", b"relay", b"events",
                 b"test", b"settings", b"identity", b"days", b"months", b"purchases", b"link",
                 b"demand", b"green", b"energies")
        self.ok({"do": "set", "values": {"demand_minutes": 15}})
        for word in words:
            for form in (word, word + b"()"):
                said = self.say(form + b"\r").decode()
                page = said.split("\r\n")[3:-1]
                self.assertTrue(page, form)
                self.assertFalse("error" in said, said)
                for line in page:
                    self.assertTrue(len(line) <= WIDTH, line)

    def test_demand_is_reset_and_a_day_is_shown(self):
        self.provision()
        self.assertTrue(b"error: demand: is off" in self.say(b"demand\r"))
        self.assertTrue(b"error: demand: is off" in self.say(b"demand reset\r"))
        self.assertTrue(b"must be one of 0, 15, 30, 60" in self.say(b"set demand_minutes 20\r"))
        self.say(b"set demand_minutes 30\r")
        self.say(b"set demand_subperiods 3\r")
        self.assertTrue(b"over 30 minutes, 3 sub-periods" in self.say(b"demand reset\r"))
        self.assertTrue(b"demand_reset" in self.say(b"events\r"))
        self.assertTrue(b"takes other words" in self.say(b"demand now\r"))
        self.assertTrue(b"2007-04-30, 0 intervals" in self.say(b"green 2007-04-30\r"))
        self.assertTrue(b"must be YYYY-MM-DD" in self.say(b"green yesterday\r"))

    def test_water_is_counted_and_shown(self):
        self.provision()
        for text, wanted in (("5 gas 1/m3 1", "input '5': must be 1 to 4"),
                             ("1 gas 1/m3 9999", "must be at most 16777216"),
                             ("1 gas 1/m3 1 daily 9999", "must be at most 16777216")):
            said = self.say(b"set energies " + json.dumps([text]).encode() + b"\r").decode()
            self.assertTrue("error: setting energies: " in said and wanted in said, said)
        self.assertEqual(self.app.state.energies, None)
        self.assertTrue(b"none" in self.say(b"energies\r"))
        self.say(b'set energies ["1 water 100/m3 2.35"]\r')
        pulse_meter.give(pins.PULSE_1, 7)
        before = self.app.state.account.other_charges
        self.say(b"status\r")
        self.assertEqual(self.app.state.account.other_charges - before, 16450)
        said = self.say(b"energies\r").decode()
        self.assertTrue("0.070" in said and "0.16450" in said and "open" in said, said)
        row = self.ok({"do": "energies"})["rows"][-1]
        self.assertEqual((row[2], row[4], row[6], row[9]), ("water", "m3", "0.070", "open"))
        self.cut_mains()
        pulse_meter.give(pins.PULSE_1, 1)
        self.say(b"status\r")
        # Seven were committed or not, but never without their money.
        kept = self.app.state.energies.state
        self.assertEqual(kept.counts[0] * 2350, self.app.state.account.other_charges)
        self.assertEqual(self.app.state.billing.audit(), "")

    def test_records_are_shown(self):
        self.provision()
        self.say(b"credit 1 5\r", ms=30000)  # over midnight, and refused
        self.assertTrue(b"2007-04-30" in self.say(b"days\r"))
        self.assertTrue(b"used" in self.say(b"purchases\r"))
        said = self.say(b"log credit\r")
        self.assertTrue(b"credited" in said, said)
        self.assertTrue(b"2007-04" in self.say(b"months\r"))
        self.assertTrue(b"class 'x': must be one of power" in self.say(b"log x\r"))
        self.ok({"do": "clear_log", "name": "credit"})
        said = self.say(b"log credit\r")
        self.assertTrue(b"events_cleared" in said and b"credited" not in said)
        self.assertTrue(b"events_cleared" in self.say(b"log security\r"))

    def test_pages_before_provisioning(self):
        for word in (b"help", b"status", b"registers", b"relay", b"events", b"test", b"settings",
                     b"identity"):
            self.assertFalse(b"error" in self.say(word + b"\r"), word)
        for word in (b"balance", b"tariff"):
            self.assertTrue(b"error: meter: is not provisioned\r\n" in self.say(word + b"\r"))

    def test_a_wrong_line_is_told_in_a_line(self):
        self.provision()
        for line, text in (
                (b"foo", b"error: 'foo': there is no such command"),
                (b"status now", b"error: status: takes other words than 'now'"),
                (b"1/0", b"error: '1/0': there is no such command"),
                (b"events x", b"error: FROM 'x': must be a whole number"),
                (b"set tick_ms 5", b"error: setting tick_ms: 5: must be 100 to 60000 ms"),
                (b"set nothing 5", b"error: setting nothing: 5: there is no such setting"),
                (b"set", b"error: 'set': there is no such command, or words are missing"),
                (b"credit 1 x", b"error: amount 'x': must be a decimal text"),
                (b"credit 1 5", b"refused: tid 1: was used, balance 9.99"),
                (b"credit", b"error: 'credit': there is no such command, or words are missing")):
            said = self.say(line + b"\r")
            self.assertTrue(text in said, said)
            self.assertFalse(b"Traceback" in said, said)

    def test_metering_goes_on_underneath_and_ctrl_c_stops_nothing(self):
        self.provision()
        before = self.app.metering.ticks
        said = self.say(b"sta\x03\x03\x03", b"\x03balance\r")
        self.assertTrue(self.app.metering.ticks >= before + 3)
        self.assertTrue(b"balance              9.9" in said or b"10.00000" in said, said)

    def test_set_takes_effect_at_once(self):
        self.provision()
        self.assertTrue(b"warnings is [900000, 500]" in self.say(b"set warnings [900000, 500]\r"))
        self.assertEqual(self.app.state.supply.levels.levels, (900000, 500))
        self.say(b"set maximum_balance 1000001\r")
        self.assertTrue(b"refused" in self.say(b"credit 7 5\r"))

    def test_what_is_set_of_the_link_cannot_be_recalled(self):
        self.provision()
        said = self.say(b"balance\r", b"link user hunter2\r", b"\x1b[A\r", b"\x1b[A\x1b[A\r")
        self.assertTrue(b'user is "hunter2"' in said, said)
        self.assertEqual(said.count(b"hunter2"), 2)  # its echo, and that it was set

    def test_credit_counts_once(self):
        self.provision()
        self.assertTrue(b"accepted, balance 1" in self.say(b"credit 77 5.5\r"))
        self.assertTrue(b"refused: tid 77: was used" in self.say(b"credit 77 5.5\r"))

    def test_the_customers_button(self):
        self.assertTrue(b"error: press: the meter is not provisioned" in self.say(b"press\r"))
        self.provision()
        self.assertTrue(b"press: nothing" in self.say(b"press\r"))
        self.say(b"set emergency_threshold 100000000\r")
        self.say(b"set emergency_credit 100000\r", ms=5000)
        self.assertTrue(b"press: emergency_credit" in self.say(b"press\r"))
        self.say(b"set control_mode 1\r")
        self.assertTrue(b"press: disconnected" in self.say(b"press long\r", ms=5000))
        self.assertTrue(b"ready_for_reconnection, lifted by emergency" in self.say(b"status\r"))
        self.assertTrue(b"error: press: takes other words" in self.say(b"press twice\r"))
        self.app.profile = "production"
        with self.assertRaises(RuntimeError):
            self.app.requests.answer("press", {})

    def test_reset_commits_first(self):
        self.provision()
        before = self.app.state.ledger.sequence
        with self.assertRaises(wiring.Reset):
            self.say(b"reset\r")
        asyncio.new_event_loop()
        self.assertEqual(self.app.state.ledger.sequence > before, True)
        self.assertTrue(b"the meter starts again" in self.line.output)


class Raw(Case):

    def test_executes_and_prints(self):
        said = self.say(b"\x01", b"a = 6\nprint(a * 7)\x04", b"print(a)\x04")
        self.assertTrue(said.endswith(RAW + b"OK42\r\n\x04\x04>OK6\r\n\x04\x04>"), said)

    def test_an_error_is_the_second_part(self):
        said = self.say(b"\x01", b"1/0\x04")
        self.assertTrue(b"OK\x04Traceback" in said and b"ZeroDivisionError" in said)
        self.assertTrue(said.endswith(b"\r\n\x04>"))

    def test_leaving_by_an_exit_does_not_stop_the_meter(self):
        said = self.say(b"\x01", b"import sys\nsys.exit(3)\x04", b"print(1)\x04")
        self.assertTrue(said.endswith(b"OK1\r\n\x04\x04>"), said)

    def test_paste_with_flow_control(self):
        code = b"x = '" + b"y" * 1000 + b"'\nprint(len(x))"
        said = self.say(b"\x01", b"\x05A\x01", code + b"\x04")
        at = said.index(b"R\x01")
        window = said[at + 2] | said[at + 3] << 8
        self.assertEqual(said[at + 4:].count(b"\x01"), 1 + len(code) // window)
        self.assertTrue(said.endswith(b"\x041000\r\n\x04\x04>"), said)

    def test_paste_given_up(self):
        said = self.say(b"\x01", b"\x05A\x01", b"print(1)\x03", b"print(2)\x04")
        self.assertTrue(said.endswith(b"\x04>OK2\r\n\x04\x04>"), said)

    def test_unknown_extension(self):
        self.assertTrue(self.say(b"\x01", b"\x05B").endswith(b">R\x00"))

    def test_soft_reset_forgets_names_and_nothing_else(self):
        ticks = self.app.metering.ticks
        said = self.say(b"\x01", b"a = 1\x04", b"\x04", b"print(a)\x04")
        self.assertTrue(b"OK\r\nMPY: soft reboot\r\n" + RAW in said, said)
        self.assertTrue(b"NameError" in said)
        self.assertTrue(self.app.metering.ticks > ticks + 3)

    def test_code_too_long(self):
        said = self.say(b"\x01", b"#" * 9000 + b"\x04", b"print(1)\x04")
        self.assertTrue(b"code: longer than 8192 bytes" in said, said[-300:])
        self.assertTrue(said.endswith(b"OK1\r\n\x04\x04>"))

    def test_bytes_that_are_no_text(self):
        said = self.say(b"\x01", b"\xff\xfe\x04", b"print(1)\x04")
        self.assertTrue(b"UnicodeError" in said, said)
        self.assertTrue(said.endswith(b"OK1\r\n\x04\x04>"))

    def test_back_to_the_console(self):
        said = self.say(b"\x01", b"\x02status\r")
        self.assertTrue(b"Type help" in said and b"heap" in said)

    def test_metering_goes_on_in_a_session(self):
        self.provision()
        energy = self.app.state.registers.wh[0]
        self.say(b"\x01", ms=120000)
        self.assertTrue(self.app.state.registers.wh[0] > energy)


class Asked(Case):

    def test_provisioning_from_blank(self):
        identity = self.ok({"do": "identity"})
        self.assertEqual((identity["provisioned"], identity["meter_id"]), (False, ""))
        self.upload(TARIFF)
        self.assertEqual(self.ok({"do": "tariff_check", "unit_places": 5})["id"], "flat")
        self.upload(TARIFF)
        identity = self.ok({
            "do": "provision", "meter_id": METER_ID, "unit_places": 5,
            "time": "2007-05-02T00:00:00", "settings": {"zone": "CET-1", "commit_Wh": 110},
            "calibration": {"u_gain": 24001}})
        self.assertEqual((identity["provisioned"], identity["meter_id"]), (True, METER_ID))
        self.assertEqual(self.app.ic.calibration.measurement[0], 24001)
        status = self.ok({"do": "status"})
        self.assertEqual(status["time"][:16], "2007-05-02T00:00")
        self.assertEqual(status["reasons"], "credit")
        self.assertTrue(self.ok({"do": "credit", "tid": 9, "amount": "12.5"})["accepted"])
        self.say(b"", ms=3000)
        self.assertEqual(self.ok({"do": "status"})["supply"], "on")
        # All of it is there after a power cut.
        self.cut_mains()
        self.assertEqual(self.app.state.meter_id, METER_ID)
        self.assertEqual(self.app.ic.calibration.measurement[0], 24001)
        self.assertEqual(self.app.state.settings.values["commit_Wh"], 110)
        test = self.ok({"do": "self_test"})
        self.assertTrue(test["passed"], test)

    def test_refused_provisioning_changes_nothing(self):
        good = {"do": "provision", "meter_id": METER_ID, "unit_places": 5}
        self.assertEqual(self.refusal(good), "upload: there is no document")
        for change, text in (
                ({"meter_id": "12 3"}, "meter_id '12 3': must be 1 to 13 digits or letters"),
                ({"unit_places": 9}, "unit_places"), ({"time": "soon"}, "time 'soon'"),
                ({"time": "2060-01-01"}, "must be from 2007-01-01T00:00:00 until 2053-01-01"),
                ({"settings": {"zone": "X"}}, "setting zone: 'X'"),
                ({"settings": {"no": 1}}, "there is no such setting"),
                ({"calibration": {"u_gain": 0}}, "calibration: u_gain 0: must be 1 to 32767"),
                ({"calibration": {"none": 1}}, "calibration: "),
                ({"other": 1}, "request provision: ")):
            self.upload(TARIFF)
            request = dict(good)
            request.update(change)
            answer = self.answer(request)
            self.assertTrue(text in answer.get("error", ""), (change, answer))
            self.assertFalse(self.app.state.ledger.exists())
            self.assertEqual(self.app.calibration_store.load(), {})
        self.upload(b"{}")
        self.assertTrue("id" in self.refusal(good))
        self.upload(b"no json")
        self.assertEqual(self.refusal(good), "tariff: is no JSON")

    def test_provisioned_once(self):
        self.provision()
        self.upload(TARIFF)
        self.assertEqual(
            self.refusal({"do": "provision", "meter_id": METER_ID, "unit_places": 5}),
            "meter: is provisioned already")

    def test_next_tariff(self):
        self.provision()
        self.ok({"do": "clock", "set": "2007-05-01T23:59:00"})
        other = TARIFF.replace(b'"0.3"', b'"0.4"')
        self.upload(other)
        loaded = self.ok({"do": "tariff_load", "start": "2007-05-02T00:00:00"})
        self.assertEqual(self.ok({"do": "tariff"})["next"],
                         {"digest": loaded["digest"], "start": "2007-05-02T00:00:00"})
        self.say(b"", ms=60000)  # over midnight
        tariff = self.ok({"do": "tariff"})
        self.assertEqual((tariff["digest"], tariff["price"], tariff["next"]),
                         (loaded["digest"], "0.40000", None))
        self.upload(other)
        self.assertTrue("time" in self.refusal({"do": "tariff_load", "start": "never"}))

    def test_reports(self):
        self.provision()
        self.assertEqual(self.ok({"do": "balance"})["audit"], "")
        self.assertEqual(self.ok({"do": "events", "since": 1})["events"][0][0], 1)
        names = [row["name"] for row in self.ok({"do": "settings"})["settings"]]
        self.assertTrue("zone" in names and "commit_Wh" in names)
        self.assertEqual(self.ok({"do": "relay"})["load_voltage"], True)
        self.assertEqual(self.ok({"do": "registers"})["export_kWh"], "0.000")

    def test_bad_requests(self):
        for request, text in (
                ({"do": "dance"}, "request 'dance': there is none of this name"),
                ({"do": 5}, "request: must be an object with a text `do`"),
                ([1], "request: must be an object with a text `do`"),
                ({"do": "status", "more": 1}, "request status: "),
                ({"do": "events", "since": -1}, "since -1: must be the number of an event"),
                ({"do": "set", "values": 7}, "values 7: must be an object of settings"),
                ({"do": "clock", "set": "x"}, "time 'x'"),
                ({"do": "upload", "at": 5, "hex": "00"}, "upload at 5: must be 0"),
                ({"do": "upload", "at": 0, "hex": "0"}, "upload hex: must be pairs"),
                ({"do": "upload", "at": 0, "hex": "00" * 513}, "upload of 513 bytes"),
                ({"do": "tariff_load", "start": "2007-06-01"}, "upload: there is no document"),
                ({"do": "credit", "tid": 1, "amount": "5"}, "the meter is not provisioned")):
            refusal = self.refusal(request)
            self.assertTrue(text in refusal, refusal)

    def test_clock(self):
        self.provision()
        before = self.app.clock.uptime()
        self.ok({"do": "clock", "set": "2007-05-01T00:10:00"})
        self.assertTrue(0 <= self.app.clock.uptime() - before < 10)


class Locked(Case):
    """A production meter with an account: the console only looks."""

    profile = "production"

    def test_a_blank_one_can_be_provisioned(self):
        self.upload(TARIFF)
        self.assertTrue(self.ok({
            "do": "provision", "meter_id": METER_ID, "unit_places": 5})["locked"])

    def test_nothing_is_executed(self):
        self.provision()
        for code in (b"print(1)", b"meter.call(r'{}');print(1)", b"import machine",
                     b"meter.call(r'{\"do\":\"status\"}')\nprint(1)#')"):
            said = self.say(b"\x01", code + b"\x04")
            self.assertFalse(b"1\r\n\x04" in said, said)
            self.assertTrue(b"locked" in said or b'{"error"' in said, said)

    def test_reports_are_given_and_changes_refused(self):
        self.provision()
        self.assertEqual(self.ok({"do": "status"})["provisioned"], True)
        for request in (
                {"do": "set", "values": {"commit_Wh": 110}}, {"do": "clock", "set": "2007-06-01"},
                {"do": "credit", "tid": 3, "amount": "5"}, {"do": "reset"},
                {"do": "upload", "at": 0, "hex": "00"}):
            self.assertEqual(
                self.refusal(request),
                "request %s: the meter is locked, it only reports" % request["do"])
        self.assertTrue(b"locked" in self.say(b"set commit_Wh 110\r"))
        self.assertEqual(self.app.state.settings.values["commit_Wh"], 100)
        self.assertTrue(b"locked" in self.say(b"reset\r"))
        self.assertTrue(b"locked" in self.say(b"credit 3 5\r"))

    def test_storage_that_cannot_be_read_stays_locked(self):
        self.provision()
        with open(board.FOLDER + "/ledger.bin", "r+b") as f:
            f.write(b"\xff\xff")
        self.cut_mains()
        self.app.profile = self.profile
        self.assertFalse(self.app.state.provisioned)
        self.assertTrue(self.app.locked)


if __name__ == "__main__":
    unittest.main()
