"""A modem task with nothing to do allocates nothing; what it does leaves nothing behind."""

import gc
import unittest

from fake_modem_uart import FakeModem, FakeTiming
from modem_fuzz import Fuzz

from joulegate.link.modem import quectel_tls  # noqa: F401 - loaded before memory is counted
from joulegate.link.modem.dialler import Dialler
from joulegate.link.modem.modem import Modem
from joulegate.link.modem.modem_transport import ModemTransport
from joulegate.link.modem.power_lines import PowerLines
from joulegate.link.modem.sms import Sms
from joulegate.link.modem.timing import Timing


class Clock:
    def uptime(self):
        return 0


class SilentUart:
    def any(self):
        return 0


class TestHeap(unittest.TestCase):

    def test_waiting_allocates_nothing(self):
        timing = FakeTiming()
        uart = FakeModem(timing)
        modem = Modem(uart, timing, {"apn": "x"}, PowerLines(timing), ModemTransport(timing),
                      Sms(timing, None), Clock(), None, Dialler(uart, timing))
        modem._check.start(10000)
        modem._clock_due.start(10000)
        modem.engine.reader._uart = SilentUart()
        self.assertTrue(modem.idle)
        real = Timing()
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(200):
            modem.engine.pump()
            modem.idle  # noqa: B018 - the property is on trial
            real.sleep_ms(20)
        after = gc.mem_alloc()
        gc.enable()
        self.assertEqual(after - before, 0)

    def test_whatever_a_modem_says_leaves_nothing_behind(self):
        fuzz = Fuzz(7)
        fuzz.run(500)
        gc.collect()
        before = gc.mem_alloc()
        fuzz.run(1500)
        gc.collect()
        self.assertTrue(gc.mem_alloc() - before < 1024)


if __name__ == "__main__":
    unittest.main()
