"""Which modems are known, and what every family must say of itself."""

import unittest

from fake_modem_uart import FakeModem, FakeTiming, error_of, run

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.byte_queue import ByteQueue
from joulegate.link.modem.family import Family
from joulegate.link.modem.family_finder import FAMILIES, family, family_of
from joulegate.link.modem.modem_transport import SEND_SIZE, ModemTransport
from joulegate.link.modem.registration import Registration

MODELS = (
    ("A7670E-FASE", "simcom"), ("A7672S", "simcom"), ("SIMCOM_SIM7600E-H", "simcom"),
    ("SIM7600G", "simcom"), ("SIM7080G", "sim7080"), ("SIMCOM_SIM7070G", "sim7080"),
    ("SIM7020E", "sim7020"), ("BC95-G", "bc95"), ("Quectel BC95HB-02-STD_900", "bc95"),
)


class TestFinder(unittest.TestCase):

    def test_models(self):
        for model, name in MODELS:
            self.assertEqual(family_of(model).name, name, model)

    def test_models_of_nobody(self):
        for model in ("SIM800L", "SIM7000G", "BC28", "A7608", "SIMCOM", "QUECTEL", ""):
            with self.assertRaises(LinkError):
                family_of(model)


class TestTables(unittest.TestCase):

    def test_what_every_family_says_of_itself(self):
        for name in FAMILIES:
            one = family(name)
            self.assertTrue(one.boots and one.notices and one.registrations, name)
            self.assertTrue(0 < one.send_max <= SEND_SIZE, name)
            self.assertTrue(one.line_max >= 320 or one.line_max >= 2 * one.read_max, name)
            for text in one.setup + (one.off, one.restart, one.clock[0], one.apn[0], one.apn[1]):
                self.assertTrue(text.startswith("AT"), text)
            for boot in one.boots:
                for notice in one.notices:
                    self.assertFalse(notice.startswith(boot) or boot.startswith(notice), name)

    def test_families_of_other_parts_do_not_take_each_others_notices(self):
        for name in FAMILIES:
            one = family(name)
            for line in ("", ":", "+X:", "+CIPRXGET", "+CADATAIND:", "+CSONMI: 9,2,00", "+NSONMI:",
                         "+IPCLOSE:", "+CASTATE: x", "+CSOERR:", "+NSOCLI: -1,,", "+CCHEVENT:"):
                self.assertEqual(one.notice(line), 0, line)

    def test_a_family_that_says_nothing_has_nothing(self):
        engine = AtEngine(FakeModem(FakeTiming()), FakeTiming())
        for step in (Family().context_up(engine, {}), Family().open(engine, "h", 1, None),
                     Family().send(engine, b""), Family().receive(engine, None)):
            error_of(LinkError, step)


class TestRegistration(unittest.TestCase):

    def test_cereg_0_11_allows_nothing(self):
        timing = FakeTiming()
        for prefix, name in (("+CEREG", "simcom"), ("+CEREG", "bc95")):
            modem = FakeModem(timing, {"AT+CEREG?": prefix + ": 0,11|OK",
                                       "AT+CGREG?": "+CGREG: 0,0|OK"})
            registration = Registration(timing, None)
            self.assertFalse(run(registration.check(AtEngine(modem, timing), family(name))))
            self.assertEqual(registration.text, "emergency only")


class PartialFamily(Family):
    """A modem that takes three bytes at a time, and now and then none."""

    def __init__(self):
        self.data = b""
        self.turn = 0

    async def open(self, engine, host, port, tls):
        pass

    async def send(self, engine, data):
        self.turn += 1
        if self.turn % 3 == 0:
            return 0
        self.data += bytes(data[:3])
        return min(3, len(data))


class TestPartialSends(unittest.TestCase):

    def test_the_rest_goes_later_and_nothing_twice(self):
        timing = FakeTiming()
        transport = ModemTransport(timing)
        transport.attached = True
        one = PartialFamily()
        transport._asked = ("broker", 1883, None)
        run(transport.step(None, one))
        self.assertEqual(transport.send(b"0123456789"), 10)
        for _ in range(8):
            run(timing.sleep_ms(600))
            if transport.due:
                run(transport.step(None, one))
        self.assertEqual(one.data, b"0123456789")
        self.assertEqual(transport.sent, 10)
        self.assertEqual(transport.send(bytes(2000)), SEND_SIZE)


class TestQueue(unittest.TestCase):

    def test_a_queue_as_the_sim7020_needs_it(self):
        queue = ByteQueue(8)
        self.assertEqual(queue.put(b"abcdef"), 6)
        into = bytearray(4)
        self.assertEqual((queue.take(into), bytes(into)), (4, b"abcd"))
        self.assertEqual(queue.put(b"ghijklm"), 6)
        self.assertEqual(len(queue), 8)


if __name__ == "__main__":
    unittest.main()
