"""Events on flash: by class, bounded, with what began when, and a clear that leaves a trace."""

import os
import unittest

from scratch import scratch_folder

from joulegate.core import events
from joulegate.core.civil import NO_TIME
from joulegate.core.event_classes import (
    CODES,
    CREDIT,
    NAMES,
    POWER,
    QUALITY,
    SECURITY,
    SUPPLY,
    TAMPER,
    class_of,
)
from joulegate.core.events import CAPACITY, EventLog
from joulegate.core.registers import Registers
from joulegate.storage.event_store import DAILY, EventStore

NOW = 200000000
DAY = 86400


class TestClasses(unittest.TestCase):
    def test_every_event_has_one_class(self):
        listed = sorted(code for codes in CODES for code in codes)
        self.assertEqual(listed, list(range(len(events.names()))))
        self.assertEqual(len(CODES), len(NAMES))

    def test_one_of_a_later_firmware_is_kept_with_security(self):
        self.assertEqual(class_of(200), SECURITY)
        self.assertEqual(events.name_of(200), "event_200")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("events")
        self.registers = Registers(32000)
        self.start()

    def start(self):
        self.log = EventLog()
        self.store = EventStore(self.folder, self.log)
        self.store.load()

    def add(self, code, now, value=0):
        self.log.add(code, now, value)
        self.drain()

    def drain(self):
        for _ in range(CAPACITY):
            self.store.drain(self.registers)

    def found(self, number):
        return list(self.store.entries(number))

    def names(self, number):
        return [e["name"] for e in self.found(number)]


class Keeps(Case):
    def test_an_event_with_the_registers(self):
        self.registers.wh[0] = 123456789
        self.registers.wh[1] = 77
        self.add(events.LOW_CREDIT, NOW, -5)
        self.start()
        self.assertEqual(self.found(CREDIT), [{
            "sequence": 0, "time": NOW, "began": NOW, "code": events.LOW_CREDIT, "spare": 0,
            "missed": 0, "value": -5, "import_Wh": 123456789, "export_Wh": 77,
            "name": "low_credit"}])

    def test_a_few_a_call(self):
        for i in range(5):
            self.log.add(events.SAG, NOW, i)
        counts = []
        for _ in range(4):
            self.store.drain(self.registers)
            counts.append(len(self.found(QUALITY)))
        self.assertEqual(counts, [2, 4, 5, 5])

    def test_an_end_knows_its_beginning_also_after_a_restart(self):
        self.add(events.COVER_OPENED, NOW)
        self.add(events.REVERSED, NOW + 3)
        self.start()
        self.add(events.COVER_CLOSED, NOW + 9)
        self.add(events.COVER_CLOSED, NOW + 12)  # nothing was open
        self.assertEqual(
            [(e["began"], e["time"]) for e in self.found(TAMPER)],
            [(NOW, NOW), (NOW + 3, NOW + 3), (NOW, NOW + 9), (NOW + 12, NOW + 12)])

    def test_a_start_ends_an_outage(self):
        self.add(events.MAINS_LOST, NOW)
        self.start()
        self.add(events.STARTED, NOW + 500)
        self.add(events.STARTED, NOW + 600)
        self.assertEqual([e["began"] for e in self.found(POWER)], [NOW, NOW, NOW + 600])

    def test_no_time_is_shown_as_none(self):
        self.add(events.SAG, NO_TIME + 4)
        entry, = self.found(QUALITY)
        self.assertEqual((entry["time"], entry["began"]), (None, None))

    def test_what_the_log_lost_is_counted(self):
        for i in range(CAPACITY + 7):
            self.log.add(events.SAG, NOW, i)
        self.drain()
        lost, = self.found(SECURITY)
        self.assertEqual((lost["name"], lost["value"]), ("events_lost", 7))
        self.assertEqual([e["value"] for e in self.found(QUALITY)], list(range(7, CAPACITY + 7)))

    def test_storage_that_fails_keeps_the_event_for_later(self):
        folder, self.folder = self.folder, self.folder + "/none/none"
        self.start()
        self.add(events.SAG, NOW)
        for ring in self.store.rings:
            ring.path = ring.path.replace("/none/none", "")
        self.folder = folder
        self.drain()
        self.assertEqual(self.names(QUALITY), ["sag"])
        self.assertEqual(self.names(SECURITY), ["storage_error"])


class Bounds(Case):
    def test_a_class_keeps_its_latest_and_leaves_others_alone(self):
        self.add(events.COVER_OPENED, NOW)
        for i in range(200):
            self.add(events.SAG, NOW + i * DAY, i)
        self.assertEqual([e["value"] for e in self.found(QUALITY)], list(range(73, 200)))
        self.assertTrue(len(self.found(QUALITY)) >= 100)
        self.assertEqual(self.names(TAMPER), ["cover_opened"])

    def test_a_flood_is_counted_also_over_restarts(self):
        for i in range(3 * DAILY):
            if i % 10 == 0:
                self.start()
            self.add(events.SAG, NOW + i)
        self.assertEqual(len(self.found(QUALITY)), DAILY)
        self.add(events.SUPPLY_DISCONNECTED, NOW)
        self.assertEqual(len(self.found(SUPPLY)), 1)
        self.add(events.SAG, NOW + 4 * DAILY)
        self.add(events.SAG, NOW + DAY + DAILY)
        last = self.found(QUALITY)[-1]
        self.assertEqual((last["time"], last["missed"]), (NOW + DAY + DAILY, 5))


class Clears(Case):
    def test_a_class(self):
        for i in range(3):
            self.add(events.SAG, NOW + i)
        self.add(events.COVER_OPENED, NOW)
        self.store.clear(QUALITY, NOW + 5, self.registers)
        self.start()
        entry, = self.found(QUALITY)
        self.assertEqual((entry["name"], entry["value"], entry["sequence"]),
                         ("events_cleared", 3, 3))
        trace, = self.found(SECURITY)
        self.assertEqual((trace["name"], trace["value"], trace["time"]),
                         ("events_cleared", QUALITY, NOW + 5))
        self.assertEqual(self.names(TAMPER), ["cover_opened"])

    def test_security_itself(self):
        self.store.clear(POWER, NOW, self.registers)
        self.store.clear(SECURITY, NOW, self.registers)
        self.start()
        self.assertEqual([(e["name"], e["value"]) for e in self.found(SECURITY)],
                         [("events_cleared", 1)])

    def test_nothing_without_a_trace(self):
        self.add(events.SAG, NOW)
        self.store.rings[SECURITY].path = self.folder + "/none/none/security"
        with self.assertRaises(OSError):
            self.store.clear(QUALITY, NOW, self.registers)
        self.assertEqual(self.names(QUALITY), ["sag"])


class Fuzz(Case):
    def test_junk_in_one_class_costs_that_class(self):
        self.add(events.SAG, NOW)
        self.add(events.COVER_OPENED, NOW)
        path = self.store.rings[QUALITY].file_name(0)
        size = os.stat(path)[6]
        seed = 3
        for length in (0, 1, 11, 12, 13, 44, 100, size - 1, size, size + 50):
            junk = bytearray()
            for _ in range(length):
                seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
                junk.append(seed >> 16 & 0xFF)
            with open(path, "wb") as f:
                f.write(junk)
            self.start()
            self.assertEqual(self.found(QUALITY), [])
            self.assertEqual(self.names(TAMPER), ["cover_opened"])
            self.add(events.SAG, NOW + length, length)
            self.assertEqual([e["value"] for e in self.found(QUALITY)], [length])


if __name__ == "__main__":
    unittest.main()
