"""A meter loads its own family of modems and no other, and none of TLS before it is asked for."""

import gc
import sys
import unittest

from fake_modem_uart import FakeModem, FakeTiming, run

from joulegate.link.modem import family, modem, modem_transport, payload, sms  # noqa: F401
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.family_finder import family as family_named

FILES = {"quectel-ec": "quectel_qi", "simcom": "simcom_cip", "sim7080": "sim7080_ca",
         "sim7020": "sim7020_cso", "bc95": "bc95_nso"}
TLS = ("quectel_tls", "simcom_cch", "sim7080_tls", "certificates")
WORDS_MAX = 1300
"""Heap words of a family's code, as it is without being frozen, and of its buffers."""


def loaded(name):
    return "joulegate.link.modem." + name in sys.modules


class TestLoading(unittest.TestCase):

    def test_only_its_own(self):
        others = set(FILES.values())
        for name in sorted(FILES):
            gc.collect()
            before = gc.mem_alloc()
            one = family_named(name)
            gc.collect()
            size = gc.mem_alloc() - before
            others.discard(FILES[name])
            self.assertTrue(loaded(FILES[name]), name)
            for other in others:
                self.assertFalse(loaded(other), other)
            self.assertTrue(size <= WORDS_MAX * (8 if sys.maxsize > 2 ** 31 else 4), (name, size))
            self.assertEqual(one.name, name)
        for name in TLS:
            self.assertFalse(loaded(name), name)


class TestPushedHexadecimal(unittest.TestCase):

    def test_what_comes_as_hexadecimal_leaves_nothing_behind(self):
        timing = FakeTiming()
        fake = FakeModem(timing, {"AT+CSOC=1,1,1": "+CSOC: 0|OK"})
        engine = AtEngine(fake, timing)
        one = family_named("sim7020")
        engine.reader.use_line_max(one.line_max)
        engine.notices = one.notices
        engine.on_notice = one.notice
        run(one.open(engine, "10.0.0.1", 1883, None))
        into = memoryview(bytearray(512))
        line = b"\r\n+CSONMI: 0,1024," + b"41" * 512 + b"\r\n"

        def come_and_go():
            fake.out = line
            while engine.reader.waiting:
                engine.pump()
            return run(one.receive(engine, into))

        come_and_go()
        gc.collect()
        before = gc.mem_alloc()
        for _ in range(20):
            self.assertEqual(come_and_go(), 512)
        fake.out = b""
        gc.collect()
        self.assertTrue(gc.mem_alloc() - before < 256)


if __name__ == "__main__":
    unittest.main()
